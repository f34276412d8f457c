/* bench_layers.c - where the time of a network goes, node by node.
 *
 *     bench_layers MODEL [THREADS]
 *
 * For each node that runs in a forward pass: milliseconds (the median of some passes), GFLOP/s by
 * the definition and their share of what multiplying in registers reaches, MB read and written
 * (each number once) with GB/s and their share of what reading memory reaches, and the way in which
 * it is computed. What is above 100 % had fewer multiplications than the definition (Winograd's),
 * or its numbers in a cache. */
#include "deconvviz/load.h"
#include "deconvviz/pool.h"
#include "graph/plan.h"
#include "machine.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PASSES = 15, WARM = 3, TOP = 12 };

typedef struct row {
    double ms[PASSES];
    double median, flops, bytes;
} row;

static int by_value(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double *v)
{
    qsort(v, PASSES, sizeof *v, by_value);
    return v[PASSES / 2];
}

/* Multiplications and additions by the definition, of operators that have weights; 0: of others. */
static double flops_of(const dv_call *c)
{
    const double out = (double)dv_shape_count(&c->out[0].shape);
    if (c->n_in < 2 || strstr(c->op->name, "Pool"))
        return 0;
    const dv_shape *x = &c->in[0].shape, *w = &c->in[1].shape;
    if (strcmp(c->op->name, "Conv") == 0)
        return 2 * out * (double)dv_shape_count(w) / w->dim[0];
    if (strcmp(c->op->name, "ConvTranspose") == 0)
        return 2 * (double)dv_shape_count(x) * (double)dv_shape_count(w) / w->dim[0];
    if (strcmp(c->op->name, "Gemm") == 0)
        return 2 * (double)dv_shape_count(x) * out / c->out[0].shape.dim[0];
    if (strcmp(c->op->name, "MatMul") == 0)
        return 2 * out * x->dim[x->rank - 1];
    return 0;
}

static double bytes_of(const dv_call *c)
{
    size_t n = 0;
    for (int i = 0; i < c->n_in; i++)
        n += c->in[i].shape.rank < 0 ? 0 : dv_shape_count(&c->in[i].shape);
    for (int i = 0; i < c->n_out; i++)
        n += dv_shape_count(&c->out[i].shape);
    return (double)n * sizeof(float);
}

static void measure(dv_trace *t, row *rows)
{
    const dv_plan *p = t->plan;
    for (int pass = -WARM; pass < PASSES; pass++)
        for (int i = 0; i < p->n_steps; i++) {
            const double start = bench_now_ms();
            if (!p->steps[i].view)
                dv_trace_run_step(t, i, NULL);
            if (pass >= 0)
                rows[i].ms[pass] = bench_now_ms() - start;
        }
    for (int i = 0; i < p->n_steps; i++) {
        rows[i].median = median(rows[i].ms);
        rows[i].flops = flops_of(&t->forward[i]);
        rows[i].bytes = bytes_of(&t->forward[i]);
    }
}

static const char *way_of(const dv_call *c)
{
    return c->op->way ? c->op->way(c) : "";
}

typedef struct total {
    char what[64];
    int nodes;
    double ms, flops;
} total;

static int by_ms(const void *a, const void *b)
{
    const total *x = a, *y = b;
    return (x->ms < y->ms) - (x->ms > y->ms);
}

/* The same by operator and way, largest first. */
static void print_totals(const dv_trace *t, const row *rows, double all, double peak)
{
    const dv_plan *p = t->plan;
    int n = 0;
    total *totals = calloc((size_t)p->n_steps + 1, sizeof *totals);
    bench_need(totals != NULL, NULL);
    for (int i = 0; i < p->n_steps; i++) {
        char what[sizeof totals->what];
        int k = 0;
        snprintf(what, sizeof what, "%s %s", t->forward[i].op->name, way_of(&t->forward[i]));
        while (k < n && strcmp(totals[k].what, what) != 0)
            k++;
        n += k == n;
        memcpy(totals[k].what, what, sizeof what);
        totals[k].nodes++;
        totals[k].ms += rows[i].median;
        totals[k].flops += rows[i].flops;
    }
    qsort(totals, (size_t)n, sizeof *totals, by_ms);
    printf("\n%-34s%6s%10s%9s%10s%9s\n", "operator", "nodes", "ms", "of all", "GFLOP/s", "of peak");
    for (int i = 0; i < n && i < TOP; i++) {
        const double rate = totals[i].flops / totals[i].ms / 1e6;
        printf("%-34s%6d%10.3f%8.1f%%%10.0f%8.0f%%\n", totals[i].what, totals[i].nodes,
               totals[i].ms, 100 * totals[i].ms / all, rate, 100 * rate / peak);
    }
    free(totals);
}

static void print_rows(const dv_trace *t, const row *rows, int threads)
{
    const double peak = bench_peak_gflops(threads), read = bench_read_gbytes(threads);
    double all = 0;
    for (int i = 0; i < t->plan->n_steps; i++)
        all += rows[i].median;
    printf("%d thread%s: %.0f GFLOP/s in registers, %.1f GB/s from memory\n\n", threads,
           threads > 1 ? "s" : "", peak, read);
    printf("%-30s%-14s%-20s%9s%9s%8s%8s%8s%8s  %s\n", "node", "operator", "output", "ms", "GFLOP/s",
           "of peak", "MB", "GB/s", "of read", "by");
    for (int i = 0; i < t->plan->n_steps; i++) {
        const dv_call *c = &t->forward[i];
        const dv_model *m = t->plan->model;
        char shape[DV_SHAPE_TEXT_MAX];
        if (t->plan->steps[i].view)
            continue;
        const double rate = rows[i].flops / rows[i].median / 1e6;
        const double bytes = rows[i].bytes / rows[i].median / 1e6;
        printf("%-30.29s%-14.13s%-20.19s%9.3f%9.0f%7.0f%%%8.2f%8.1f%7.0f%%  %s\n",
               dv_node_title(m, &m->nodes[t->plan->steps[i].node]), c->op->name,
               dv_shape_text(&c->out[0].shape, shape), rows[i].median, rate, 100 * rate / peak,
               rows[i].bytes / 1e6, bytes, 100 * bytes / read, way_of(c));
    }
    print_totals(t, rows, all, peak);
    printf("%-34s%6d%10.3f\n", "all", t->plan->n_steps, all);
}

int main(int argc, char **argv)
{
    dv_error err;
    if (argc < 2 || argc > 3) {
        fputs("usage: bench_layers MODEL [THREADS]\n", stderr);
        return 2;
    }
    const int threads = argc > 2 ? atoi(argv[2]) : 1;
    dv_model *m = dv_model_open(argv[1], NULL, &err);
    bench_need(m != NULL, &err);
    dv_pool *pool = dv_pool_new(threads, &err);
    bench_need(pool != NULL, &err);
    const int output = dv_model_output(m);
    const dv_request r = { .n_keep = 1, .keep = &output, .images = 1000 };
    dv_plan *plan = dv_plan_new(m, &r, pool, &err);
    bench_need(plan != NULL, &err);
    dv_trace *t = dv_trace_new(plan, pool, &err);
    bench_need(t != NULL, &err);
    float *input = bench_numbers(dv_shape_count(dv_tensor_shape(m, dv_model_input(m))));
    bench_need(dv_trace_forward(t, input, &err), &err);
    row *rows = calloc((size_t)plan->n_steps + 1, sizeof *rows);
    bench_need(rows != NULL, NULL);
    measure(t, rows);
    print_rows(t, rows, threads);
    free(rows);
    free(input);
    dv_trace_free(t);
    dv_plan_free(plan);
    dv_pool_free(pool);
    dv_model_free(m);
    return 0;
}
