/* probe_splits.c - some images of each class to train on, the others to test on, again and again.
 */
#include "base/random.h"
#include "base/statistics.h"
#include "studies/probe_parts.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct splitting {
    dv_probing *p;
    int32_t *sorted, *from; /* (rows) by class; (n_classes + 1) where each begins */
    int32_t *order;         /* (rows) each class shuffled */
    int32_t *train, *test;  /* (rows) of this split, train for the count at hand */
    int32_t n_train, n_test;
    int32_t *class_of;     /* (rows) of training rows */
    signed char *fold;     /* (rows) likewise */
    int32_t *best;         /* (rows) */
    int32_t *right, *seen; /* (n_classes) */
    double *w, *u;         /* (n_classes, values + 1) */
} splitting;

/* -- which images ----------------------------------------------------------------------------- */

static bool list_classes(splitting *s, dv_error *err)
{
    const dv_probe_rows *d = s->p->d;
    if (d->n_classes < 2)
        return dv_fail(err, DV_BAD_USAGE,
                       d->n_classes == 0
                           ? "%s: the .txt beside it says no classes (features --labels-from)"
                           : "%s: there is one class only, two are needed",
                       d->path);
    for (int32_t i = 0; i < d->n; i++)
        if (d->class_of[i] >= 0)
            s->from[d->class_of[i] + 1]++;
    for (int c = 0; c < d->n_classes; c++)
        s->from[c + 1] += s->from[c];
    for (int32_t i = 0; i < d->n; i++) /* from[c] goes to the end of c, and then back */
        if (d->class_of[i] >= 0)
            s->sorted[s->from[d->class_of[i]]++] = i;
    for (int c = d->n_classes; c > 0; c--)
        s->from[c] = s->from[c - 1];
    s->from[0] = 0;
    return true;
}

/* The class with the fewest images, and how many. */
static int smallest_class(const splitting *s, int32_t *images)
{
    int least = 0;
    for (int c = 1; c < s->p->d->n_classes; c++)
        if (s->from[c + 1] - s->from[c] < s->from[least + 1] - s->from[least])
            least = c;
    *images = s->from[least + 1] - s->from[least];
    return least;
}

static bool choose_counts(splitting *s, dv_error *err)
{
    static const int usual[] = { 2, 5, 10, 15, 30, 45, 60, 100, 200, 500, 1000, 2000, 5000 };
    const dv_probe_options *o = s->p->o;
    dv_probe *r = s->p->r;
    int32_t images;
    const int least = smallest_class(s, &images);
    r->n_counts = o->n_counts;
    for (int i = 0; i < o->n_counts; i++)
        r->counts[i] = o->counts[i];
    if (o->n_counts == 0) {
        int n = 0;
        while (n < (int)(sizeof usual / sizeof usual[0]) && usual[n] <= images * 3 / 4)
            n++;
        for (int i = n > 3 ? n - 3 : 0; i < n; i++)
            r->counts[r->n_counts++] = usual[i];
        if (n == 0)
            r->counts[r->n_counts++] = images > 1 ? images / 2 : 1;
    }
    const int most = r->counts[r->n_counts - 1];
    if (images <= most)
        return dv_fail(err, DV_BAD_USAGE,
                       "class '%s' has %d image%s: more than %d are needed to train on %d and test",
                       s->p->d->classes[least], (int)images, images == 1 ? "" : "s", most, most);
    if (o->c <= 0 && r->counts[0] < 2)
        return dv_fail(err, DV_BAD_USAGE,
                       "1 training image of a class cannot be divided to choose C: give C (--c)");
    return true;
}

/* Each class in an order of its own: the first images train, those behind the largest count test.
 */
static void draw_split(splitting *s, int split)
{
    const dv_probe_rows *d = s->p->d;
    const dv_probe_options *o = s->p->o;
    const int most = s->p->r->counts[s->p->r->n_counts - 1];
    s->n_test = 0;
    for (int c = 0; c < d->n_classes; c++) {
        dv_random random = { .seed = dv_random_at(
                                 o->seed, (uint64_t)split * (uint64_t)d->n_classes + (uint64_t)c) };
        const int32_t n = s->from[c + 1] - s->from[c];
        memcpy(s->order + s->from[c], s->sorted + s->from[c], (size_t)n * sizeof *s->order);
        dv_random_shuffle(&random, s->order + s->from[c], n);
        for (int32_t i = most; i < n && (o->test == 0 || i - most < o->test); i++)
            s->test[s->n_test++] = s->order[s->from[c] + i];
    }
}

static void take_training(splitting *s, int count, int folds)
{
    s->n_train = 0;
    for (int c = 0; c < s->p->d->n_classes; c++)
        for (int i = 0; i < count; i++) {
            s->train[s->n_train] = s->order[s->from[c] + i];
            s->class_of[s->n_train] = c;
            s->fold[s->n_train++] = (signed char)(i % folds);
        }
}

/* -- how good --------------------------------------------------------------------------------- */

typedef struct accuracy {
    double by_class, overall;
} accuracy;

static accuracy measure(splitting *s, const dv_probe_layer *l, const double *u, const int32_t *rows,
                        int32_t n)
{
    const dv_probe_rows *d = s->p->d;
    accuracy a = { 0 };
    int32_t right = 0; /* of all */
    int classes = 0;
    const dv_linear_rows values = dv_probe_linear_rows(d, l);
    dv_linear_apply(&values, d->n_classes, u, rows, n, s->p->o->pool, NULL, s->best);
    memset(s->right, 0, (size_t)d->n_classes * sizeof *s->right);
    memset(s->seen, 0, (size_t)d->n_classes * sizeof *s->seen);
    for (int32_t i = 0; i < n; i++) {
        const int c = d->class_of[rows[i]];
        s->seen[c]++;
        s->right[c] += s->best[i] == c;
        right += s->best[i] == c;
    }
    for (int c = 0; c < d->n_classes; c++)
        if (s->seen[c] > 0) {
            a.by_class += (double)s->right[c] / s->seen[c];
            classes++;
        }
    a.by_class /= classes > 0 ? classes : 1;
    a.overall = n > 0 ? (double)right / n : 0;
    return a;
}

static bool fold_quality(void *ctx, const dv_choosing *c, double *quality, dv_error *err)
{
    splitting *s = ctx;
    int32_t *rows = malloc(((size_t)s->n_train + 1) * sizeof *rows), n = 0;
    if (!rows)
        return dv_fail(err, DV_NO_MEMORY, "no memory for a fold");
    for (int32_t i = 0; i < s->n_train; i++)
        if (s->fold[i] == c->targets.held_out)
            rows[n++] = s->train[i];
    *quality = measure(s, c->layer, c->u, rows, n).by_class;
    free(rows);
    return true;
}

static bool probe_layer(splitting *s, const dv_probe_layer *l, int folds, accuracy *a, double *c,
                        dv_error *err)
{
    dv_probing *p = s->p;
    const dv_targets targets = { .n_classes = p->d->n_classes, .class_of = s->class_of };
    const dv_linear_rows values = dv_probe_linear_rows(p->d, l);
    dv_linear *linear =
        dv_linear_new(&values, p->o->scaling == DV_PROBE_DEVIATION, s->train, s->n_train, err);
    dv_choosing choosing = { .linear = linear,
                             .layer = l,
                             .targets = targets,
                             .folds = folds,
                             .u = s->u,
                             .start = s->w,
                             .ctx = s,
                             .quality = fold_quality };
    choosing.targets.fold = s->fold;
    *c = p->o->c;
    memset(s->w, 0, (size_t)p->d->n_classes * (l->count + 1) * sizeof *s->w);
    bool ok = linear && (*c > 0 || dv_probe_choose(p, &choosing, c, err));
    if (ok) {
        const dv_training how = { .logistic = p->o->classifier == DV_PROBE_LOGISTIC,
                                  .c = *c,
                                  .tolerance = DV_LINEAR_TOLERANCE,
                                  .pool = p->o->pool,
                                  .watch = &p->o->watch };
        ok = dv_linear_train(linear, &targets, &how, s->w, err);
    }
    if (ok) {
        dv_linear_unscale(linear, p->d->n_classes, s->w, s->u);
        *a = measure(s, l, s->u, s->test, s->n_test);
    }
    dv_linear_free(linear);
    return ok && dv_probing_step(p, err);
}

/* -- all of it -------------------------------------------------------------------------------- */

static dv_probe_mean mean_of(const dv_sample *s)
{
    const double half = dv_sample_error(s);
    return (dv_probe_mean){ s->mean, dv_sample_deviation(s), s->mean - half, s->mean + half };
}

static bool run_splits(splitting *s, dv_sample *samples, dv_error *err)
{
    dv_probing *p = s->p;
    dv_probe *r = p->r;
    p->total = (int64_t)p->o->splits * r->n_counts * r->n_layers;
    for (int split = 0; split < p->o->splits; split++) {
        draw_split(s, split);
        for (int k = 0; k < r->n_counts; k++) {
            const int folds = p->o->folds < r->counts[k] ? p->o->folds : r->counts[k];
            take_training(s, r->counts[k], folds);
            for (int l = 0; l < r->n_layers; l++) {
                const int i = l * r->n_counts + k;
                accuracy a;
                double c;
                if (!probe_layer(s, &p->d->layers[l], folds, &a, &c, err))
                    return false;
                dv_sample_add(&samples[2 * i], a.by_class);
                dv_sample_add(&samples[2 * i + 1], a.overall);
                r->accuracies[i].c[split] = (float)c;
            }
        }
    }
    r->test_images = s->n_test;
    for (int i = 0; i < r->n_accuracies; i++) {
        r->accuracies[i].by_class = mean_of(&samples[2 * i]);
        r->accuracies[i].overall = mean_of(&samples[2 * i + 1]);
    }
    return true;
}

static bool make_result(dv_probing *p, dv_error *err)
{
    dv_probe *r = p->r;
    r->splits = p->o->splits;
    r->n_accuracies = r->n_layers * r->n_counts;
    r->accuracies = calloc((size_t)r->n_accuracies + 1, sizeof *r->accuracies);
    for (int i = 0; r->accuracies && i < r->n_accuracies; i++) {
        dv_probe_accuracy *a = &r->accuracies[i];
        a->layer = i / r->n_counts;
        a->count = r->counts[i % r->n_counts];
        a->c = calloc((size_t)r->splits, sizeof *a->c);
        if (!a->c)
            return dv_fail(err, DV_NO_MEMORY, "no memory for %d splits", r->splits);
    }
    return r->accuracies || dv_fail(err, DV_NO_MEMORY, "no memory for the accuracies");
}

static bool make_room(splitting *s, dv_arena *a, dv_error *err)
{
    const dv_probe_rows *d = s->p->d;
    const size_t n = (size_t)d->n, classes = (size_t)d->n_classes;
    size_t values;
    return dv_probe_most_values(d, d->n_classes, s->p->o->folds, &values, err) &&
           (s->sorted = dv_arena_array(a, n, sizeof *s->sorted, err)) &&
           (s->order = dv_arena_array(a, n, sizeof *s->order, err)) &&
           (s->from = dv_arena_array(a, classes + 1, sizeof *s->from, err)) &&
           (s->train = dv_arena_array(a, n, sizeof *s->train, err)) &&
           (s->test = dv_arena_array(a, n, sizeof *s->test, err)) &&
           (s->class_of = dv_arena_array(a, n, sizeof *s->class_of, err)) &&
           (s->fold = dv_arena_array(a, n, sizeof *s->fold, err)) &&
           (s->best = dv_arena_array(a, n, sizeof *s->best, err)) &&
           (s->right = dv_arena_array(a, classes, sizeof *s->right, err)) &&
           (s->seen = dv_arena_array(a, classes, sizeof *s->seen, err)) &&
           (s->w = dv_arena_array(a, classes * (values + 1), sizeof *s->w, err)) &&
           (s->u = dv_arena_array(a, classes * (values + 1), sizeof *s->u, err));
}

bool dv_probe_splits(dv_probing *p, dv_error *err)
{
    splitting s = { .p = p };
    dv_arena arena = { 0 };
    dv_sample *samples = NULL;
    bool ok =
        make_room(&s, &arena, err) && list_classes(&s, err) && choose_counts(&s, err) &&
        make_result(p, err) &&
        (samples = dv_arena_array(&arena, 2 * (size_t)p->r->n_accuracies, sizeof *samples, err));
    if (ok) {
        p->r->n_classes = p->d->n_classes;
        p->r->chance = 1.0 / p->d->n_classes;
        ok = dv_probe_name(&p->r->classes, p->d->n_classes, p->d->classes, err) &&
             run_splits(&s, samples, err);
    }
    dv_arena_release(&arena);
    return ok;
}
