/* probe.c - the study: C, and what is common to splits and VOC. */
#include "deconvviz/probe.h"

#include "run/linear_library.h"
#include "run/watch.h"
#include "studies/probe_parts.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

const double dv_probe_c[DV_PROBE_N_C] = { 0.01, 0.1, 1, 10, 100 };

bool dv_probing_step(dv_probing *p, dv_error *err)
{
    dv_watch_progress(&p->o->watch, ++p->done, p->total);
    return dv_watch_goes_on(&p->o->watch, p->done, p->total, "trainings", err);
}

/* The mean over the folds, of classifiers that start from those of the C before: w is (folds,
 * n_classes, values + 1). */
static bool try_c(dv_probing *p, dv_choosing *c, double value, double *w, double *quality,
                  dv_error *err)
{
    const size_t size = (size_t)c->targets.n_classes * (c->layer->count + 1);
    const dv_training how = { .logistic = p->o->classifier == DV_PROBE_LOGISTIC,
                              .c = value,
                              .tolerance = 0.1, /* enough to compare */
                              .pool = p->o->pool,
                              .watch = &p->o->watch };
    *quality = 0;
    for (int f = 0; f < c->folds; f++) {
        double one;
        c->targets.held_out = (signed char)f;
        if (!dv_linear_train(c->linear, &c->targets, &how, w + (size_t)f * size, err))
            return false;
        dv_linear_unscale(c->linear, c->targets.n_classes, w + (size_t)f * size, c->u);
        if (!c->quality(c->ctx, c, &one, err))
            return false;
        *quality += one / c->folds;
    }
    return true;
}

bool dv_probe_choose(dv_probing *p, dv_choosing *c, double *best, dv_error *err)
{
    const size_t size = (size_t)c->targets.n_classes * (c->layer->count + 1);
    double before = -1, most = -1;
    double *w = calloc(size * (size_t)c->folds, sizeof *w);
    bool ok =
        w || dv_fail(err, DV_NO_MEMORY, "no memory for the classifiers of %d folds", c->folds);
    for (int i = 0; ok && i < DV_PROBE_N_C; i++) {
        double quality;
        ok = try_c(p, c, dv_probe_c[i], w, &quality, err);
        if (!ok || quality < before)
            break;
        if (quality > most) {
            most = quality;
            *best = dv_probe_c[i];
            memcpy(c->start, w, size * sizeof *w);
        }
        before = quality;
    }
    free(w);
    return ok;
}

bool dv_probe_most_values(const dv_probe_rows *d, int n_classes, int folds, size_t *values,
                          dv_error *err)
{
    *values = 0;
    for (int i = 0; i < d->n_layers; i++)
        *values = d->layers[i].count > *values ? d->layers[i].count : *values;
    const double bytes = (folds + 2.0) * n_classes * ((double)*values + 1) * sizeof(double);
    return bytes <= (double)DV_LINEAR_MAX_BYTES ||
           dv_fail(
               err, DV_UNSUPPORTED,
               "%d classes of %zu values take %.1f GB in %d folds, at most %.1f are taken: fewer "
               "folds, or pooled features",
               n_classes, *values, bytes / 1e9, folds, (double)DV_LINEAR_MAX_BYTES / 1e9);
}

bool dv_probe_name(char ***to, int n, const char *const *names, dv_error *err)
{
    *to = calloc((size_t)n + 1, sizeof **to);
    for (int i = 0; *to && i < n; i++)
        if (!((*to)[i] = strdup(names[i])))
            return dv_fail(err, DV_NO_MEMORY, "no memory for %d names", n);
    return *to || dv_fail(err, DV_NO_MEMORY, "no memory for %d names", n);
}

static bool check_options(const dv_probe_options *o, dv_error *err)
{
    if (o->splits < 1 || o->splits > DV_PROBE_SPLITS_MAX)
        return dv_fail(err, DV_BAD_USAGE, "%d splits: 1 to %d are possible", o->splits,
                       DV_PROBE_SPLITS_MAX);
    if (o->folds < 2 || o->folds > DV_PROBE_FOLDS_MAX)
        return dv_fail(err, DV_BAD_USAGE, "%d folds: 2 to %d are possible", o->folds,
                       DV_PROBE_FOLDS_MAX);
    if (!(o->c >= 0) || !isfinite(o->c))
        return dv_fail(err, DV_BAD_USAGE, "C is %g: it must be positive", o->c);
    if (o->n_counts < 0 || o->n_counts > DV_PROBE_COUNTS_MAX)
        return dv_fail(err, DV_BAD_USAGE, "%d numbers of training images: at most %d are possible",
                       o->n_counts, DV_PROBE_COUNTS_MAX);
    for (int i = 0; i < o->n_counts; i++)
        if (o->counts[i] < 1 || (i > 0 && o->counts[i] <= o->counts[i - 1]))
            return dv_fail(err, DV_BAD_USAGE,
                           "training images must rise from 1 on: %d stands at place %d",
                           o->counts[i], i + 1);
    if (o->voc && (!o->voc_train || !o->voc_test))
        return dv_fail(err, DV_BAD_USAGE, "%s: its sets to train and to test on are not said",
                       o->voc);
    return !o->figure.path || dv_figure_check(&o->figure, err);
}

static bool probe(dv_probing *p, dv_error *err)
{
    const dv_probe_rows *d = p->d;
    const char **names = calloc((size_t)d->n_layers, sizeof *names);
    if (!names)
        return dv_fail(err, DV_NO_MEMORY, "no memory for %d layers", d->n_layers);
    for (int i = 0; i < d->n_layers; i++)
        names[i] = d->layers[i].name;
    p->r->n_layers = d->n_layers;
    const bool ok = dv_probe_name(&p->r->layers, d->n_layers, names, err);
    free(names);
    if (!ok || !(p->o->voc ? dv_probe_voc : dv_probe_splits)(p, err))
        return false;
    if (!p->o->figure.path)
        return true;
    if (!dv_probe_draw(p, err))
        return false;
    dv_watch_wrote(&p->o->watch, p->o->figure.path);
    return true;
}

bool dv_probe_run(const char *features, const dv_probe_options *o, dv_probe *r, dv_error *err)
{
    dv_probe_rows d = { 0 };
    *r = (dv_probe){ .voc = o->voc };
    dv_probing p = { .d = &d, .o = o, .r = r };
    const bool ok = check_options(o, err) && dv_linear_library_open(err) &&
                    dv_probe_rows_read(&d, features, o, err) && probe(&p, err);
    dv_probe_rows_free(&d);
    return ok;
}

void dv_probe_free(dv_probe *r)
{
    for (int i = 0; r->layers && i < r->n_layers; i++)
        free(r->layers[i]);
    for (int i = 0; r->classes && i < r->n_classes; i++)
        free(r->classes[i]);
    for (int i = 0; r->accuracies && i < r->n_accuracies; i++)
        free(r->accuracies[i].c);
    free(r->layers);
    free(r->classes);
    free(r->accuracies);
    free(r->precisions);
    *r = (dv_probe){ 0 };
}
