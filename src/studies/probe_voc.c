/* probe_voc.c - average precision of each class, an image being of several. */
#include "studies/probe_voc.h"

#include "base/random.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct voc_run {
    dv_probing *p;
    dv_voc voc;
    signed char *fold;         /* (train.n) */
    int32_t *rows;             /* (train.n) scratch */
    signed char *signs;        /* (train.n) scratch */
    double *scores, *of_class; /* (rows, n_classes), (rows) scratch */
    double *w, *u;             /* (n_classes, values + 1) */
} voc_run;

/* Of n images whose scores are there. */
static bool precision_of(voc_run *v, int class_of, const signed char *signs, int32_t n,
                         double *area, double *eleven, dv_error *err)
{
    for (int32_t i = 0; i < n; i++)
        v->of_class[i] = v->scores[(size_t)i * (size_t)v->voc.n_classes + (size_t)class_of];
    return dv_average_precision(v->of_class, signs, n, area, eleven, err);
}

/* The mean over classes that have a positive image among those held out. */
static bool fold_quality(void *ctx, const dv_choosing *c, double *quality, dv_error *err)
{
    voc_run *v = ctx;
    const dv_voc_set *train = &v->voc.train;
    const dv_linear_rows values = dv_probe_linear_rows(v->p->d, c->layer);
    int32_t n = 0;
    int classes = 0;
    for (int32_t i = 0; i < train->n; i++)
        if (v->fold[i] == c->targets.held_out)
            v->rows[n++] = train->rows[i];
    dv_linear_apply(&values, v->voc.n_classes, c->u, v->rows, n, v->p->o->pool, v->scores, NULL);
    *quality = 0;
    for (int k = 0; k < v->voc.n_classes; k++) {
        double area, eleven;
        n = 0;
        for (int32_t i = 0; i < train->n; i++)
            if (v->fold[i] == c->targets.held_out)
                v->signs[n++] = train->signs[(size_t)k * (size_t)train->n + (size_t)i];
        if (!precision_of(v, k, v->signs, n, &area, &eleven, err))
            return false;
        if (isfinite(area)) {
            *quality += area;
            classes++;
        }
    }
    *quality /= classes > 0 ? classes : 1;
    return true;
}

static int32_t positives(const dv_voc_set *s, int class_of)
{
    int32_t n = 0;
    for (int32_t i = 0; i < s->n; i++)
        n += s->signs[(size_t)class_of * (size_t)s->n + (size_t)i] > 0;
    return n;
}

static bool measure(voc_run *v, int layer, double c, dv_error *err)
{
    dv_probing *p = v->p;
    const dv_voc_set *test = &v->voc.test;
    const int n = v->voc.n_classes;
    dv_probe_precision *to = p->r->precisions + (size_t)layer * ((size_t)n + 1);
    dv_probe_precision mean = { .layer = layer, .class_of = -1, .c = (float)c };
    const dv_linear_rows values = dv_probe_linear_rows(p->d, &p->d->layers[layer]);
    dv_linear_apply(&values, n, v->u, test->rows, test->n, p->o->pool, v->scores, NULL);
    for (int k = 0; k < n; k++) {
        to[k] = (dv_probe_precision){ .layer = layer,
                                      .class_of = k,
                                      .train = positives(&v->voc.train, k),
                                      .test = positives(test, k),
                                      .c = (float)c };
        if (!precision_of(v, k, test->signs + (size_t)k * (size_t)test->n, test->n, &to[k].area,
                          &to[k].eleven, err))
            return false;
        mean.area += to[k].area / n;
        mean.eleven += to[k].eleven / n;
    }
    mean.train = v->voc.train.n;
    mean.test = test->n;
    to[n] = mean;
    return true;
}

static bool probe_layer(voc_run *v, int layer, dv_error *err)
{
    dv_probing *p = v->p;
    const dv_probe_layer *l = &p->d->layers[layer];
    const dv_voc_set *train = &v->voc.train;
    const dv_targets targets = { .n_classes = v->voc.n_classes, .signs = train->signs };
    const dv_linear_rows values = dv_probe_linear_rows(p->d, l);
    dv_linear *linear =
        dv_linear_new(&values, p->o->scaling == DV_PROBE_DEVIATION, train->rows, train->n, err);
    dv_choosing choosing = { .linear = linear,
                             .layer = l,
                             .targets = targets,
                             .folds = p->o->folds < train->n ? p->o->folds : train->n,
                             .u = v->u,
                             .start = v->w,
                             .ctx = v,
                             .quality = fold_quality };
    double c = p->o->c;
    choosing.targets.fold = v->fold;
    memset(v->w, 0, (size_t)v->voc.n_classes * (l->count + 1) * sizeof *v->w);
    bool ok = linear && (c > 0 || dv_probe_choose(p, &choosing, &c, err));
    if (ok) {
        const dv_training how = { .logistic = p->o->classifier == DV_PROBE_LOGISTIC,
                                  .c = c,
                                  .tolerance = DV_LINEAR_TOLERANCE,
                                  .pool = p->o->pool,
                                  .watch = &p->o->watch };
        ok = dv_linear_train(linear, &targets, &how, v->w, err);
    }
    if (ok) {
        dv_linear_unscale(linear, v->voc.n_classes, v->w, v->u);
        ok = measure(v, layer, c, err);
    }
    dv_linear_free(linear);
    return ok && dv_probing_step(p, err);
}

static bool make_room(voc_run *v, dv_error *err)
{
    const dv_probe_rows *d = v->p->d;
    const dv_voc *voc = &v->voc;
    dv_arena *a = &v->voc.arena;
    const size_t n = (size_t)voc->train.n, classes = (size_t)voc->n_classes;
    const size_t most = n > (size_t)voc->test.n ? n : (size_t)voc->test.n;
    size_t values;
    return dv_probe_most_values(d, voc->n_classes, v->p->o->folds, &values, err) &&
           (v->fold = dv_arena_array(a, n, sizeof *v->fold, err)) &&
           (v->rows = dv_arena_array(a, n, sizeof *v->rows, err)) &&
           (v->signs = dv_arena_array(a, n, sizeof *v->signs, err)) &&
           (v->scores = dv_arena_array(a, most * classes, sizeof *v->scores, err)) &&
           (v->of_class = dv_arena_array(a, most, sizeof *v->of_class, err)) &&
           (v->w = dv_arena_array(a, classes * (values + 1), sizeof *v->w, err)) &&
           (v->u = dv_arena_array(a, classes * (values + 1), sizeof *v->u, err));
}

/* Folds of equal size, by chance. */
static void draw_folds(voc_run *v)
{
    const int32_t n = v->voc.train.n;
    const int folds = v->p->o->folds < n ? v->p->o->folds : n;
    dv_random random = { .seed = v->p->o->seed };
    for (int32_t i = 0; i < n; i++)
        v->rows[i] = i;
    dv_random_shuffle(&random, v->rows, n);
    for (int32_t i = 0; i < n; i++)
        v->fold[v->rows[i]] = (signed char)(i % folds);
}

static bool make_result(voc_run *v, dv_error *err)
{
    dv_probe *r = v->p->r;
    const dv_voc *voc = &v->voc;
    r->n_classes = voc->n_classes;
    r->splits = 1;
    r->test_images = voc->test.n;
    for (int k = 0; k < voc->n_classes; k++)
        r->chance += (double)positives(&voc->test, k) / voc->test.n / voc->n_classes;
    r->n_precisions = r->n_layers * (voc->n_classes + 1);
    r->precisions = calloc((size_t)r->n_precisions + 1, sizeof *r->precisions);
    return (r->precisions || dv_fail(err, DV_NO_MEMORY, "no memory for the precisions")) &&
           dv_probe_name(&r->classes, voc->n_classes, voc->classes, err);
}

bool dv_probe_voc(dv_probing *p, dv_error *err)
{
    voc_run v = { .p = p };
    bool ok = dv_voc_read(&v.voc, p->d, p->o, err) && make_room(&v, err) && make_result(&v, err);
    p->total = p->d->n_layers;
    if (ok)
        draw_folds(&v);
    for (int i = 0; ok && i < p->d->n_layers; i++)
        ok = probe_layer(&v, i, err);
    dv_voc_free(&v.voc);
    return ok;
}
