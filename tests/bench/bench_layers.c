/* bench_layers.c - where the time of a network goes, node by node.
 *
 *     bench_layers MODEL [THREADS [LAYER]]
 *
 * For each node that runs in a forward pass: milliseconds (the median of some passes), GFLOP/s by
 * the definition and their share of what multiplying in registers reaches, MB read and written
 * (each number once) with GB/s and their share of what reading memory reaches, and the way in which
 * it is computed. What is above 100 % had fewer multiplications than the definition (Winograd's),
 * or its numbers in a cache. With LAYER, the strongest unit of its channel 0 is projected too, and
 * each node's milliseconds on the way back stand beside, with GFLOP/s counted over the signal's
 * box. */
#include "deconvviz/load.h"
#include "deconvviz/pool.h"
#include "deconvviz/project.h"
#include "graph/plan.h"
#include "machine.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PASSES = 15, WARM = 3, TOP = 12 };
enum { FORWARD, BACK, WAYS };

/* An operator that a node has to itself, and that is timed. */
typedef struct timed {
    dv_op op; /* first: the node knows it by this */
    const dv_op *real;
    double ms[WAYS][PASSES];
    double median[WAYS], flops, bytes, share; /* share: of the outputs, that sent something back */
} timed;

static int pass;

static timed *timed_of(const dv_op *op)
{
    return (timed *)(uintptr_t)op; /* made below, not const */
}

static void note(const dv_call *c, int way, double start)
{
    if (pass >= 0)
        timed_of(c->op)->ms[way][pass] += bench_now_ms() - start;
}

static void timed_forward(const dv_call *c)
{
    const double start = bench_now_ms();
    timed_of(c->op)->real->forward(c);
    note(c, FORWARD, start);
}

static void timed_project(const dv_call *c, const dv_signal *out, const dv_signal *in)
{
    const double start = bench_now_ms();
    timed_of(c->op)->real->project(c, out, in);
    note(c, BACK, start);
    timed_of(c->op)->share =
        (double)dv_box_count(&out[0].box) / (double)dv_shape_count(&c->out[0].shape);
}

static timed *time_operators(dv_model *m)
{
    timed *t = calloc((size_t)m->n_nodes, sizeof *t);
    bench_need(t != NULL, NULL);
    for (int i = 0; i < m->n_nodes; i++) {
        t[i].real = m->nodes[i].op;
        t[i].op = *t[i].real;
        t[i].op.forward = timed_forward;
        t[i].op.project = timed_project;
        m->nodes[i].op = m->calls[i].op = &t[i].op;
    }
    return t;
}

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

/* Passes forward, and back from `layer` unless it is -1. */
static void measure(dv_trace *t, dv_projector *p, int layer, const float *input, timed *ops)
{
    dv_error err;
    for (pass = -WARM; pass < PASSES; pass++) {
        bench_need(dv_trace_forward(t, input, &err), &err);
        if (!p)
            continue;
        dv_unit u = { .tensor = layer };
        dv_signal s;
        (void)dv_strongest(t, &u);
        bench_need(dv_project(p, &u, DV_RULE_DECONVNET, DV_SEED_ONE, &s, &err), &err);
    }
    const dv_model *m = t->plan->model;
    for (int i = 0; i < m->n_nodes; i++) {
        for (int way = 0; way < WAYS; way++)
            ops[i].median[way] = median(ops[i].ms[way]);
        ops[i].flops = flops_of(&m->calls[i]);
        ops[i].bytes = bytes_of(&m->calls[i]);
    }
}

static const char *way_of(const dv_call *c)
{
    return c->op->way && c->state ? c->op->way(c) : "";
}

typedef struct total {
    char what[64];
    int nodes;
    double ms, flops, back;
} total;

static int by_ms(const void *a, const void *b)
{
    const total *x = a, *y = b;
    return (x->ms < y->ms) - (x->ms > y->ms);
}

/* The same by operator and way, largest first. */
static void print_totals(const dv_trace *t, const timed *ops, total all, double peak)
{
    const dv_plan *p = t->plan;
    int n = 0;
    total *totals = calloc((size_t)p->n_steps + 1, sizeof *totals);
    bench_need(totals != NULL, NULL);
    for (int i = 0; i < p->n_steps; i++) {
        const timed *op = &ops[p->steps[i].node];
        char what[sizeof totals->what];
        int k = 0;
        if (p->steps[i].view)
            continue;
        snprintf(what, sizeof what, "%s %s", op->op.name, way_of(&t->forward[i]));
        while (k < n && strcmp(totals[k].what, what) != 0)
            k++;
        n += k == n;
        memcpy(totals[k].what, what, sizeof what);
        totals[k].nodes++;
        totals[k].ms += op->median[FORWARD];
        totals[k].back += op->median[BACK];
        totals[k].flops += op->flops;
    }
    qsort(totals, (size_t)n, sizeof *totals, by_ms);
    printf("\n%-34s%6s%10s%9s%10s%9s%10s\n", "operator", "nodes", "ms", "of all", "GFLOP/s",
           "of peak", "back ms");
    for (int i = 0; i < n && i < TOP; i++) {
        const double rate = totals[i].flops / totals[i].ms / 1e6;
        printf("%-34s%6d%10.3f%8.1f%%%10.0f%8.0f%%%10.3f\n", totals[i].what, totals[i].nodes,
               totals[i].ms, 100 * totals[i].ms / all.ms, rate, 100 * rate / peak, totals[i].back);
    }
    printf("%-34s%6d%10.3f%38.3f\n", "all", p->n_steps, all.ms, all.back);
    free(totals);
}

static void print_node(const dv_trace *t, int step, const timed *op, double peak, double read)
{
    const dv_call *c = &t->forward[step];
    const dv_model *m = t->plan->model;
    char shape[DV_SHAPE_TEXT_MAX], back[48] = "";
    const double rate = op->flops / op->median[FORWARD] / 1e6;
    const double bytes = op->bytes / op->median[FORWARD] / 1e6;
    if (op->share > 0)
        snprintf(back, sizeof back, "%9.3f%9.0f", op->median[BACK],
                 op->flops * op->share / op->median[BACK] / 1e6);
    printf("%-30.29s%-14.13s%-20.19s%9.3f%9.0f%7.0f%%%8.2f%8.1f%7.0f%%  %-10s%s\n",
           dv_node_title(m, &m->nodes[t->plan->steps[step].node]), c->op->name,
           dv_shape_text(&c->out[0].shape, shape), op->median[FORWARD], rate, 100 * rate / peak,
           op->bytes / 1e6, bytes, 100 * bytes / read, way_of(c), back);
}

static void print_all(const dv_trace *t, const timed *ops, int threads)
{
    const double peak = bench_peak_gflops(threads), read = bench_read_gbytes(threads);
    total all = { .ms = 0 };
    printf("%d thread%s: %.0f GFLOP/s in registers, %.1f GB/s from memory\n\n", threads,
           threads > 1 ? "s" : "", peak, read);
    printf("%-30s%-14s%-20s%9s%9s%8s%8s%8s%8s  %-10s%9s%9s\n", "node", "operator", "output", "ms",
           "GFLOP/s", "of peak", "MB", "GB/s", "of read", "by", "back ms", "GFLOP/s");
    for (int i = 0; i < t->plan->n_steps; i++) {
        const timed *op = &ops[t->plan->steps[i].node];
        if (!t->plan->steps[i].view)
            print_node(t, i, op, peak, read);
        all.ms += op->median[FORWARD];
    }
    for (int i = 0; i < t->plan->model->n_nodes; i++) /* those that were fused, too */
        all.back += ops[i].median[BACK];
    print_totals(t, ops, all, peak);
}

int main(int argc, char **argv)
{
    dv_error err;
    if (argc < 2 || argc > 4) {
        fputs("usage: bench_layers MODEL [THREADS [LAYER]]\n", stderr);
        return 2;
    }
    const int threads = argc > 2 ? atoi(argv[2]) : 1;
    dv_model *m = dv_model_open(argv[1], NULL, &err);
    bench_need(m != NULL, &err);
    timed *ops = time_operators(m);
    dv_pool *pool = dv_pool_new(threads, &err);
    bench_need(pool != NULL, &err);
    int keep = dv_model_output(m), layer = -1;
    if (argc > 3) {
        bench_need(dv_model_find(m, argv[3], &layer, &err), &err);
        keep = layer;
    }
    const dv_request r = { .n_keep = 1,
                           .keep = &keep,
                           .rules = layer >= 0 ? 1U << DV_RULE_DECONVNET : 0,
                           .images = 1000 };
    dv_plan *plan = dv_plan_new(m, &r, pool, &err);
    bench_need(plan != NULL, &err);
    dv_trace *t = dv_trace_new(plan, pool, &err);
    bench_need(t != NULL, &err);
    dv_projector *p = layer >= 0 ? dv_projector_new(t, pool, &err) : NULL;
    bench_need(p || layer < 0, &err);
    float *input = bench_numbers(dv_shape_count(dv_tensor_shape(m, dv_model_input(m))));
    measure(t, p, layer, input, ops);
    print_all(t, ops, threads);
    free(input);
    dv_projector_free(p);
    dv_trace_free(t);
    dv_plan_free(plan);
    dv_pool_free(pool);
    free(ops);
    dv_model_free(m);
    return 0;
}
