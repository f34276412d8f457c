/* ablate_probe.c - a linear classifier in the place of what stands behind a layer. */
#include "base/random.h"
#include "deconvviz/probe.h"
#include "run/linear.h"
#include "run/scores.h"
#include "studies/ablate_parts.h"

#include <stdlib.h>
#include <string.h>

enum { FIVE = 5 };

typedef struct probing {
    dv_ablating *a;
    const dv_surveyed *from;    /* what is trained on */
    dv_linear_rows train, rows; /* their values, and those of the images */
    signed char *fold;          /* (from->n) */
    int32_t *picked;            /* (images, or from->n) scratch */
    int32_t *class_of;          /* (from->n) of those that are picked to train on */
    signed char *held;          /* (from->n) likewise: 1 is held out to choose C */
    double *w, *start, *u;      /* (n_classes, n_values + 1) */
    double *scores;             /* (images or from->n, n_classes) */
} probing;

/* Each class by itself, shuffled, one fold after the other. */
static bool draw_folds(probing *p, dv_error *err)
{
    const dv_surveyed *s = p->from;
    const int folds = p->a->o->folds;
    int32_t *order = malloc(((size_t)s->n + 1) * sizeof *order);
    int *next = calloc((size_t)p->a->n_classes, sizeof *next);
    dv_random random = { .seed = dv_random_at(p->a->o->seed, UINT64_MAX) };
    const bool ok = order && next;
    for (int32_t i = 0; ok && i < s->n; i++)
        order[i] = i;
    if (ok)
        dv_random_shuffle(&random, order, s->n);
    for (int32_t i = 0; ok && i < s->n; i++) {
        const int c = s->target[order[i]];
        p->fold[order[i]] = (signed char)((next[c]++ + c) % folds);
    }
    free(order);
    free(next);
    return ok || dv_fail(err, DV_NO_MEMORY, "no memory for %d folds", folds);
}

/* The share of n rows, of which classes class_of says, that is right. */
static double accuracy(const probing *p, const int32_t *rows, int32_t n)
{
    const int classes = p->a->n_classes;
    int32_t right = 0;
    dv_linear_apply(&p->train, classes, p->u, rows, n, p->a->o->pool, p->scores, NULL);
    for (int32_t i = 0; i < n; i++) {
        const double *score = p->scores + (size_t)i * (size_t)classes;
        int best = 0;
        for (int c = 1; c < classes; c++)
            best = score[c] > score[best] ? c : best;
        right += best == p->from->target[rows[i]];
    }
    return n > 0 ? (double)right / n : 0;
}

/* Larger ones are tried until one is worse, on the rows of p->held, a part of the n. */
static bool choose_c(const probing *p, const dv_linear *linear, const dv_targets *targets,
                     const dv_training *training, int32_t n, double *c, dv_error *err)
{
    const size_t size = (size_t)p->a->n_classes * (p->a->n_values + 1);
    dv_training how = *training;
    int32_t *rows = malloc(((size_t)n + 1) * sizeof *rows), n_held = 0;
    double before = -1, most = -1;
    bool ok = rows || dv_fail(err, DV_NO_MEMORY, "no memory for a fold");
    for (int32_t i = 0; ok && i < n; i++)
        if (p->held[i])
            rows[n_held++] = p->picked[i];
    memset(p->w, 0, size * sizeof *p->w);
    memset(p->start, 0, size * sizeof *p->start);
    how.tolerance = 0.1; /* enough to compare */
    *c = 1;
    for (int k = 0; ok && n_held > 0 && k < DV_PROBE_N_C; k++) {
        how.c = dv_probe_c[k];
        ok = dv_linear_train(linear, targets, &how, p->w, err);
        if (!ok)
            break;
        dv_linear_unscale(linear, p->a->n_classes, p->w, p->u);
        const double right = accuracy(p, rows, n_held);
        if (right < before)
            break;
        if (right > most) {
            most = right;
            *c = how.c;
            memcpy(p->start, p->w, size * sizeof *p->w);
        }
        before = right;
    }
    free(rows);
    return ok;
}

/* On all but the fold; -1: on all. To p->u. */
static bool train(probing *p, int fold, dv_error *err)
{
    const dv_ablating *a = p->a;
    const int next = fold < 0 ? 0 : (fold + 1) % a->o->folds;
    int32_t n = 0;
    for (int32_t i = 0; i < p->from->n; i++)
        if (p->fold[i] != fold) {
            p->picked[n] = i;
            p->class_of[n] = p->from->target[i];
            p->held[n++] = p->fold[i] == next;
        }
    if (n == 0)
        return dv_fail(err, DV_BAD_USAGE, "no images are left to train a probe on");
    dv_linear *linear = dv_linear_new(&p->train, true, p->picked, n, err);
    dv_targets targets = {
        .n_classes = a->n_classes, .class_of = p->class_of, .fold = p->held, .held_out = 1
    };
    dv_training how = { .tolerance = DV_LINEAR_TOLERANCE,
                        .pool = a->o->pool,
                        .watch = &a->o->watch };
    bool ok = linear && choose_c(p, linear, &targets, &how, n, &how.c, err);
    targets.fold = NULL;
    ok = ok && dv_linear_train(linear, &targets, &how, p->start, err);
    if (ok)
        dv_linear_unscale(linear, a->n_classes, p->start, p->u);
    dv_linear_free(linear);
    return ok;
}

/* The images of a fold; -1: all. */
static void test(probing *p, int fold, dv_probed *to)
{
    const dv_ablating *a = p->a;
    const dv_surveyed *s = &a->of;
    const int classes = a->n_classes;
    int32_t n = 0;
    for (int32_t i = 0; i < s->n; i++)
        if (fold < 0 || p->fold[i] == fold)
            p->picked[n++] = i;
    dv_linear_apply(&p->rows, classes, p->u, p->picked, n, a->o->pool, p->scores, NULL);
    for (int32_t i = 0; i < n; i++) {
        const double *score = p->scores + (size_t)i * (size_t)classes;
        const int truth = s->target[p->picked[i]];
        const bool before = s->rank[p->picked[i]] == 1;
        int rank = 1;
        for (int c = 0; c < classes; c++) {
            const double lead = score[c] - score[truth];
            rank += lead > 0 || (lead == 0 && c < truth);
        }
        to->right1 += rank == 1;
        to->right5 += rank <= FIVE;
        to->lost += before && rank > 1;
        to->won += !before && rank == 1;
    }
}

static bool make_room(probing *p, dv_arena *arena, dv_error *err)
{
    const dv_ablating *a = p->a;
    const int32_t most = a->of.n > p->from->n ? a->of.n : p->from->n;
    const size_t rows = (size_t)most, train = (size_t)p->from->n;
    const size_t classes = (size_t)a->n_classes, weights = classes * (a->n_values + 1);
    return (p->fold = dv_arena_array(arena, train, sizeof *p->fold, err)) &&
           (p->picked = dv_arena_array(arena, rows, sizeof *p->picked, err)) &&
           (p->class_of = dv_arena_array(arena, train, sizeof *p->class_of, err)) &&
           (p->held = dv_arena_array(arena, train, sizeof *p->held, err)) &&
           (p->w = dv_arena_array(arena, weights, sizeof *p->w, err)) &&
           (p->start = dv_arena_array(arena, weights, sizeof *p->start, err)) &&
           (p->u = dv_arena_array(arena, weights, sizeof *p->u, err)) &&
           (p->scores = dv_arena_array(arena, rows, classes * sizeof *p->scores, err));
}

static dv_linear_rows rows_of(const dv_ablating *a, const dv_surveyed *s)
{
    return (dv_linear_rows){ dv_tensor_name(a->model, a->probe), s->features, a->n_values,
                             a->n_values };
}

bool dv_ablate_probe(dv_ablating *a, dv_probed *result, dv_error *err)
{
    const bool other = a->o->probe_images != NULL;
    probing p = { .a = a, .from = other ? &a->training : &a->of };
    dv_arena arena = { 0 };
    p.train = rows_of(a, p.from);
    p.rows = rows_of(a, &a->of);
    *result = (dv_probed){ 0 };
    bool ok = make_room(&p, &arena, err) && draw_folds(&p, err);
    for (int fold = other ? -1 : 0; ok && fold < (other ? 0 : a->o->folds); fold++) {
        ok = train(&p, fold, err);
        if (ok)
            test(&p, fold, result);
    }
    dv_arena_release(&arena);
    return ok;
}
