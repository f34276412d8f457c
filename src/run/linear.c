/* linear.c - training and applying classifiers. */
#include "run/linear.h"

#include "deconvviz/pool.h"
#include "run/linear_library.h"
#include "run/watch.h"

#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

struct dv_linear {
    const dv_linear_library *library;
    int32_t n;
    size_t count;               /* values, without the bias */
    struct feature_node *nodes; /* (n, count + 2) */
    double *mean, *factor;      /* (count) x = (v - mean) factor */
};

/* -- rows as liblinear takes them ------------------------------------------------------------- */

static const float *row_of(const dv_linear_rows *d, int32_t i)
{
    return d->values + (size_t)i * d->stride;
}

static void find_scale(dv_linear *p, const dv_linear_rows *d, const int32_t *rows)
{
    for (size_t k = 0; k < p->count; k++)
        p->mean[k] = p->factor[k] = 0;
    for (int32_t i = 0; i < p->n; i++) {
        const float *v = row_of(d, rows[i]);
        for (size_t k = 0; k < p->count; k++)
            p->mean[k] += (double)v[k] / p->n;
    }
    for (int32_t i = 0; i < p->n; i++) {
        const float *v = row_of(d, rows[i]);
        for (size_t k = 0; k < p->count; k++)
            p->factor[k] += ((double)v[k] - p->mean[k]) * ((double)v[k] - p->mean[k]) / p->n;
    }
    /* What does not vary but for rounding tells nothing. */
    for (size_t k = 0; k < p->count; k++) {
        const double deviation = sqrt(p->factor[k]);
        p->factor[k] =
            deviation > 1e-9 * fabs(p->mean[k]) ? 1 / (deviation * sqrt((double)p->count)) : 0;
    }
}

static void fill_nodes(dv_linear *p, const dv_linear_rows *d, const int32_t *rows)
{
    struct feature_node *to = p->nodes;
    for (int32_t i = 0; i < p->n; i++) {
        const float *v = row_of(d, rows[i]);
        for (size_t k = 0; k < p->count; k++)
            *to++ = (struct feature_node){ (int)k + 1, ((double)v[k] - p->mean[k]) * p->factor[k] };
        *to++ = (struct feature_node){ (int)p->count + 1, 1 };
        *to++ = (struct feature_node){ -1, 0 };
    }
}

dv_linear *dv_linear_new(const dv_linear_rows *d, bool scaled, const int32_t *rows, int32_t n,
                         dv_error *err)
{
    const dv_linear_library *library = dv_linear_library_open(err);
    const size_t row = (d->count + 2) * sizeof(struct feature_node);
    if (!library)
        return NULL;
    if ((size_t)n > DV_LINEAR_MAX_BYTES / row) {
        dv_fail(
            err, DV_UNSUPPORTED,
            "layer %s: %d training images of %zu values take %.1f GB in liblinear, at most %.1f "
            "are taken: fewer images, or pooled features",
            d->name, (int)n, d->count, (double)row * n / 1e9, (double)DV_LINEAR_MAX_BYTES / 1e9);
        return NULL;
    }
    dv_linear *p = malloc(sizeof *p);
    if (p)
        *p = (dv_linear){ .library = library,
                          .n = n,
                          .count = d->count,
                          .nodes = malloc(row * (size_t)n + 1),
                          .mean = calloc(d->count, sizeof(double)),
                          .factor = calloc(d->count, sizeof(double)) };
    if (!p || !p->nodes || !p->mean || !p->factor) {
        dv_fail(err, DV_NO_MEMORY, "layer %s: no memory for %d training images of %zu values",
                d->name, (int)n, d->count);
        dv_linear_free(p);
        return NULL;
    }
    if (scaled)
        find_scale(p, d, rows);
    else
        for (size_t k = 0; k < d->count; k++)
            p->factor[k] = 1;
    fill_nodes(p, d, rows);
    return p;
}

void dv_linear_free(dv_linear *p)
{
    if (!p)
        return;
    free(p->nodes);
    free(p->mean);
    free(p->factor);
    free(p);
}

/* -- training --------------------------------------------------------------------------------- */

signed char dv_target_sign(const dv_targets *t, int32_t n, int k, int32_t i)
{
    if (t->signs)
        return t->signs[(size_t)k * (size_t)n + (size_t)i];
    return t->class_of[i] == k ? 1 : -1;
}

typedef struct trainer {
    const dv_linear *p;
    const dv_targets *t;
    const dv_training *how;
    double *w;
    atomic_bool no_memory, stopped;
} trainer;

/* One class against the rest, of the rows in x, with signs y. */
static void train_on(trainer *g, int n, struct feature_node **x, double *y, double *w)
{
    const dv_training *how = g->how;
    const size_t size = g->p->count + 1;
    const struct problem problem = { .l = n, .n = (int)size, .y = y, .x = x, .bias = 1 };
    const struct parameter parameter = {
        .solver_type = how->logistic ? L2R_LR : L2R_L2LOSS_SVC,
        .eps = how->tolerance,
        .C = how->c,
        .init_sol = w,
#if LIBLINEAR_VERSION > 230
        .regularize_bias = 1,
#endif
    };
    struct model *m = g->p->library->train(&problem, &parameter);
    if (m)
        memcpy(w, m->w, size * sizeof *w);
    else
        atomic_store(&g->no_memory, true);
    g->p->library->free_and_destroy_model(&m);
}

static void train_class(void *ctx, int k, int worker)
{
    trainer *g = ctx;
    const dv_linear *p = g->p;
    const dv_watch *watch = g->how->watch;
    double *w = g->w + (size_t)k * (p->count + 1);
    struct feature_node **x = malloc(((size_t)p->n + 1) * sizeof *x);
    double *y = malloc(((size_t)p->n + 1) * sizeof *y);
    int n = 0, positives = 0;
    (void)worker;
    if (watch->cancelled && watch->cancelled(watch->ctx))
        atomic_store(&g->stopped, true);
    if (!x || !y)
        atomic_store(&g->no_memory, true);
    if (x && y && !atomic_load(&g->stopped)) {
        for (int32_t i = 0; i < p->n; i++) {
            const signed char sign = dv_target_sign(g->t, p->n, k, i);
            if (sign == 0 || (g->t->fold && g->t->fold[i] == g->t->held_out))
                continue;
            x[n] = p->nodes + (size_t)i * (p->count + 2);
            y[n++] = sign;
            positives += sign > 0;
        }
        if (positives > 0 && positives < n) {
            train_on(g, n, x, y, w);
        } else { /* nothing to tell apart */
            memset(w, 0, p->count * sizeof *w);
            w[p->count] = positives > 0 ? 1 : -1;
        }
    }
    free(x);
    free(y);
}

bool dv_linear_train(const dv_linear *p, const dv_targets *t, const dv_training *how, double *w,
                     dv_error *err)
{
    trainer g = { .p = p, .t = t, .how = how, .w = w };
    dv_pool_run(how->pool, t->n_classes, train_class, &g);
    if (atomic_load(&g.no_memory))
        return dv_fail(err, DV_NO_MEMORY, "no memory to train classifiers");
    return !atomic_load(&g.stopped) || dv_fail(err, DV_CANCELLED, "cancelled while training");
}

/* -- applying --------------------------------------------------------------------------------- */

void dv_linear_unscale(const dv_linear *p, int n_classes, const double *w, double *u)
{
    for (int c = 0; c < n_classes; c++, w += p->count + 1, u += p->count + 1) {
        double bias = w[p->count];
        for (size_t k = 0; k < p->count; k++) {
            u[k] = w[k] * p->factor[k];
            bias -= u[k] * p->mean[k];
        }
        u[p->count] = bias;
    }
}

enum { ROWS_A_TASK = 32 };

typedef struct applier {
    const dv_linear_rows *d;
    int n_classes;
    const double *u;
    const int32_t *rows;
    int32_t n;
    double *scores;
    int32_t *best;
} applier;

static double score(const double *u, const float *v, size_t count)
{
    double sum[4] = { 0 }; /* that the additions need not wait for each other */
    size_t k = 0;
    for (; k + 4 <= count; k += 4)
        for (int i = 0; i < 4; i++)
            sum[i] += u[k + (size_t)i] * (double)v[k + (size_t)i];
    for (; k < count; k++)
        sum[0] += u[k] * (double)v[k];
    return u[count] + ((sum[0] + sum[1]) + (sum[2] + sum[3]));
}

static void apply_some(void *ctx, int task, int worker)
{
    const applier *a = ctx;
    const int32_t end = (task + 1) * ROWS_A_TASK < a->n ? (task + 1) * ROWS_A_TASK : a->n;
    (void)worker;
    for (int32_t i = task * ROWS_A_TASK; i < end; i++) {
        const float *v = row_of(a->d, a->rows[i]);
        double most = 0;
        for (int c = 0; c < a->n_classes; c++) {
            const double s = score(a->u + (size_t)c * (a->d->count + 1), v, a->d->count);
            if (a->scores)
                a->scores[(size_t)i * (size_t)a->n_classes + (size_t)c] = s;
            if (a->best && (c == 0 || s > most)) {
                a->best[i] = c;
                most = s;
            }
        }
    }
}

void dv_linear_apply(const dv_linear_rows *d, int n_classes, const double *u, const int32_t *rows,
                     int32_t n, struct dv_pool *pool, double *scores, int32_t *best)
{
    applier a = { d, n_classes, u, rows, n, scores, best };
    dv_pool_run(pool, (n + ROWS_A_TASK - 1) / ROWS_A_TASK, apply_some, &a);
}
