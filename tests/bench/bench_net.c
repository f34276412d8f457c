/* bench_net.c - one network at work, for tests/bench/compare.py: does what it is told on standard
 * input, once a line, and prints the milliseconds it took.
 *
 *     bench_net MODEL THREADS LAYER
 *     forward     to the network's output
 *     both        forward to LAYER, and its strongest unit of channel 0 back
 *     project     only the way back of that
 *     all         only the way back of every channel of LAYER
 *     memory      (no time:) the largest memory that was resident so far, in KiB */
#include "deconvviz/load.h"
#include "deconvviz/pool.h"
#include "deconvviz/project.h"
#include "machine.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

typedef struct bench {
    dv_model *model;
    dv_pool *pool;
    int output, layer;
    float *input;
    dv_plan *plan[2]; /* to the output, to the layer; made when first asked for */
    dv_trace *trace[2];
    dv_projector **projectors; /* one a worker, each alone; the first shares its work */
    dv_projector *shared;
} bench;

static dv_error err;

static void need(bool ok)
{
    bench_need(ok, &err);
}

static void plan(bench *b, bool project)
{
    if (b->trace[project])
        return;
    int keep = project ? b->layer : b->output;
    dv_request r = {
        .n_keep = 1, .keep = &keep, .rules = project ? 1U << DV_RULE_DECONVNET : 0, .images = 1000
    };
    need((b->plan[project] = dv_plan_new(b->model, &r, b->pool, &err)) != NULL);
    need((b->trace[project] = dv_trace_new(b->plan[project], b->pool, &err)) != NULL);
    need(dv_trace_forward(b->trace[project], b->input, &err));
    if (!project)
        return;
    need((b->shared = dv_projector_new(b->trace[1], b->pool, &err)) != NULL);
    b->projectors = calloc((size_t)dv_pool_size(b->pool), sizeof *b->projectors);
    for (int i = 0; i < dv_pool_size(b->pool); i++)
        need((b->projectors[i] = dv_projector_new(b->trace[1], NULL, &err)) != NULL);
}

static void project(dv_projector *p, bench *b, int channel)
{
    dv_unit u = { .tensor = b->layer, .channel = channel };
    dv_signal s;
    (void)dv_strongest(b->trace[1], &u);
    need(dv_project(p, &u, DV_RULE_DECONVNET, DV_SEED_ONE, &s, &err));
}

static void project_channel(void *ctx, int i, int worker)
{
    bench *b = ctx;
    project(b->projectors[worker], b, i);
}

static void obey(bench *b, const char *word)
{
    if (strcmp(word, "memory") == 0) {
        struct rusage u;
        getrusage(RUSAGE_SELF, &u);
        printf("%ld\n", u.ru_maxrss);
        return;
    }
    bool forward = strcmp(word, "forward") == 0, both = strcmp(word, "both") == 0;
    plan(b, !forward);
    double start = bench_now_ms();
    if (forward || both)
        need(dv_trace_forward(b->trace[!forward], b->input, &err));
    if (strcmp(word, "all") == 0)
        dv_pool_run(b->pool, dv_box_whole(dv_tensor_shape(b->model, b->layer)).hi[DV_C],
                    project_channel, b);
    else if (!forward)
        project(b->shared, b, 0);
    printf("%.4f\n", bench_now_ms() - start);
}

int main(int argc, char **argv)
{
    bench b = { 0 };
    if (argc != 4) {
        fputs("usage: bench_net MODEL THREADS LAYER\n", stderr);
        return 2;
    }
    need((b.model = dv_model_open(argv[1], NULL, &err)) != NULL);
    need((b.pool = dv_pool_new(atoi(argv[2]), &err)) != NULL);
    need(dv_model_find(b.model, argv[3], &b.layer, &err));
    b.output = dv_model_output(b.model);
    b.input = bench_numbers(dv_shape_count(dv_tensor_shape(b.model, dv_model_input(b.model))));
    char word[32];
    while (scanf("%31s", word) == 1) {
        obey(&b, word);
        fflush(stdout);
    }
    return 0;
}
