/* test_tail.c - what is done behind an operator has the bytes of operators of their own. */
#include "deconvviz/pool.h"
#include "graph/plan.h"
#include "net.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <math.h>

/* -- a tail by itself -------------------------------------------------------------------------- */

enum { N = 2, C = 5, H = 7, W = 11, ALL = N * C * H * W };

/* y = (y * s + t) + y, where s is one number a channel and t one a column; by the definition. */
static void by_hand(const float *s, const float *t, float *y)
{
    for (int i = 0; i < ALL; i++) {
        const float product = y[i] * s[i / (H * W) % C];
        const float sum = product + t[i % W];
        y[i] = sum + y[i];
    }
}

static dv_tail tail_of(const float *s, const float *t, const float *y)
{
    const dv_tail_place y_place = { DV_TAIL_OUTPUT, 0 }, array = { DV_TAIL_ARRAY, 0 };
    const dv_element mul = { .binary = true, .combine = DV_COMBINE_MUL };
    const dv_element add = { .binary = true, .combine = DV_COMBINE_ADD };
    return (dv_tail){
        .isa = dv_isa_best(),
        .n_steps = 3,
        .steps = { { mul, { y_place, { DV_TAIL_INPUT, 0 } }, array },
                   { add, { array, { DV_TAIL_INPUT, 1 } }, array },
                   { add, { array, y_place }, y_place } },
        .n_inputs = 2,
        .inputs = { { s, 3, { N, C, (size_t)H * W }, { 0, 1, 0 } },
                    { t, 2, { (size_t)N * C * H, W }, { 0, 1 } } },
        .outputs = y,
    };
}

static void runs_of_any_length_are_the_same(void **unused)
{
    (void)unused;
    uint32_t seed = 9;
    float s[C], t[W], first[ALL], want[ALL], y[ALL];
    for (int i = 0; i < C; i++)
        s[i] = net_random(&seed);
    for (int i = 0; i < W; i++)
        t[i] = net_random(&seed);
    for (int i = 0; i < ALL; i++)
        want[i] = first[i] = net_random(&seed);
    by_hand(s, t, want);
    static const char *const isas[] = { "baseline", "avx2", "avx512", NULL };
    for (int k = 0; k < 4; k++) {
        assert_true(dv_isa_limit(isas[k]));
        for (size_t run = 1; run <= ALL; run = run * 2 + 1) {
            memcpy(y, first, sizeof y);
            const dv_tail tail = tail_of(s, t, y);
            for (size_t at = 0; at < ALL; at += run)
                dv_tail_run(&tail, y + at, ALL - at < run ? ALL - at : run);
            assert_memory_equal(y, want, sizeof y);
        }
        memcpy(y, first, sizeof y); /* columns 2 to 8 of each row, then the rest */
        const dv_tail tail = tail_of(s, t, y);
        dv_tail_run_rows(&tail, y + 2, W, N * C * H, 7);
        dv_tail_run_rows(&tail, y, W, N * C * H, 2);
        dv_tail_run_rows(&tail, y + 9, W, N * C * H, 2);
        assert_memory_equal(y, want, sizeof y);
    }
}

/* -- in networks ------------------------------------------------------------------------------- */

enum { CHANNELS = 16 };

static float positive(uint32_t *state)
{
    return 1.5f + net_random(state);
}

/* x * sigmoid(x) */
static int silu(dv_model *m, int h, int w)
{
    (void)h, (void)w;
    net_add(m, "Sigmoid", "base", "s", NULL);
    net_add(m, "Mul", "base s", "out", NULL);
    return 2;
}

/* The sigmoid is read again, and x too. */
static int silu_and_more(dv_model *m, int h, int w)
{
    (void)h, (void)w;
    net_add(m, "Sigmoid", "base", "s", NULL);
    net_add(m, "Mul", "s base", "u", NULL);
    net_add(m, "Sub", "u s", "v", NULL);
    net_add(m, "Sigmoid", "v", "t", NULL);
    net_add(m, "Mul", "t v", "z", NULL);
    net_add(m, "Add", "z before", "out", NULL);
    return 6;
}

/* As PyTorch exports x / 2 * (1 + erf(x / sqrt 2)). */
static int gelu(dv_model *m, int h, int w)
{
    (void)h, (void)w;
    net_constant(m, "root", 1, 0, 0, 0, positive, 4);
    net_constant(m, "one", 1, 0, 0, 0, positive, 5);
    net_constant(m, "half", 1, 0, 0, 0, positive, 6);
    net_add(m, "Div", "base root", "g1", NULL);
    net_add(m, "Erf", "g1", "g2", NULL);
    net_add(m, "Add", "g2 one", "g3", NULL);
    net_add(m, "Mul", "base g3", "g4", NULL);
    net_add(m, "Mul", "g4 half", "out", NULL);
    return 5;
}

/* What a residual block ends with. */
static int residual(dv_model *m, int h, int w)
{
    (void)h, (void)w;
    net_add(m, "Add", "before base", "sum", NULL);
    net_add(m, "Relu", "sum", "out", NULL);
    return 2;
}

/* The same without a clamp, and of outputs that are their own residual. */
static int plain_sum(dv_model *m, int h, int w)
{
    (void)h, (void)w;
    net_add(m, "Add", "base before", "out", NULL);
    return 1;
}

static int twice(dv_model *m, int h, int w)
{
    (void)h, (void)w;
    net_add(m, "Add", "base base", "sum", NULL);
    net_add(m, "Relu", "sum", "out", NULL);
    return 2;
}

/* One number a channel, one a column, one a place of the map. */
static int broadcast(dv_model *m, int h, int w)
{
    net_constant(m, "by.channel", CHANNELS, 1, 1, 0, net_random, 7);
    net_constant(m, "by.column", w, 0, 0, 0, net_random, 8);
    net_constant(m, "by.place", h, w, 0, 0, net_random, 9);
    net_add(m, "Mul", "base by.channel", "b1", NULL);
    net_add(m, "Sub", "by.column b1", "b2", NULL);
    net_add(m, "Div", "b2 before", "b3", NULL);
    net_add(m, "Add", "b3 by.place", "out", NULL);
    return 4;
}

/* The first two can be done; the third value is wanted in two places, one of which is no function
 * of elements. */
static int open_end(dv_model *m, int h, int w)
{
    (void)h, (void)w;
    net_add(m, "Tanh", "base", "t", NULL);
    net_add(m, "Mul", "t base", "u", NULL);
    net_add(m, "MaxPool", "u", "pool",
            (net_ints[]){ { "kernel_shape", 2, { 3, 3 } }, { "pads", 4, { 1, 1, 1, 1 } }, { 0 } });
    net_add(m, "Neg", "u", "minus", NULL);
    net_add(m, "Add", "pool minus", "out", NULL);
    return 2;
}

static int (*const chains[])(dv_model *m, int h, int w) = { silu,      silu_and_more, gelu,
                                                            residual,  plain_sum,     twice,
                                                            broadcast, open_end };
enum { N_CHAINS = sizeof chains / sizeof chains[0] };

/* What the chain is behind, of kernel k and in groups. */
static const struct {
    const char *op;
    int k, group;
} bases[] = { { "Conv", 1, 1 }, { "Conv", 3, 1 }, { "Conv", 5, 1 },  { "Conv", 3, CHANNELS },
              { "Conv", 3, 4 }, { "Add", 0, 1 },  { "MatMul", 0, 1 } };
enum { N_BASES = sizeof bases / sizeof bases[0] };

static dv_model *network(int base, int chain, int h, int w, int *steps)
{
    dv_model *m = net_new(3, h, w);
    const int k = bases[base].k, group = bases[base].group;
    net_conv(m, "x", "before", 3, CHANNELS, 3, 1, 1, net_random, 1);
    if (strcmp(bases[base].op, "Conv") == 0) {
        net_constant(m, "w", CHANNELS, CHANNELS / group, k, k, net_random, 2);
        net_add(m, "Conv", "before w", "base",
                (net_ints[]){ { "pads", 4, { k / 2, k / 2, k / 2, k / 2 } },
                              { "group", 0, { group } },
                              { 0 } });
    } else if (strcmp(bases[base].op, "MatMul") == 0) {
        net_constant(m, "w", w, w, 0, 0, net_random, 2);
        net_add(m, "MatMul", "before w", "base", NULL);
    } else {
        net_constant(m, "w", CHANNELS, 1, 1, 0, net_random, 2);
        net_add(m, "Add", "before w", "base", NULL);
    }
    *steps = chains[chain](m, h, w);
    net_finish(m, "out");
    return m;
}

typedef struct run {
    dv_pool *pool;
    dv_plan *plan;
    dv_trace *trace;
} run;

static run start(const dv_model *m, dv_request r, int threads)
{
    dv_error err = { 0 };
    run n = { .pool = dv_pool_new(threads, &err) };
    assert_non_null(n.pool);
    n.plan = dv_plan_new(m, &r, n.pool, &err);
    if (!n.plan)
        fail_msg("%s", err.message);
    n.trace = dv_trace_new(n.plan, n.pool, &err);
    assert_non_null(n.trace);
    return n;
}

static void pass(run n, const float *x)
{
    dv_error err = { 0 };
    if (!dv_trace_forward(n.trace, x, &err))
        fail_msg("%s", err.message);
}

static void end(run n)
{
    dv_trace_free(n.trace);
    dv_plan_free(n.plan);
    dv_pool_free(n.pool);
}

static const float *output(run n)
{
    return dv_trace_tensor(n.trace, dv_model_output(dv_plan_model(n.plan)));
}

static int steps_in_tails(run n)
{
    int all = 0;
    for (int i = 0; i < n.plan->n_steps; i++)
        all += n.plan->steps[i].tail ? n.plan->steps[i].tail->n_nodes : 0;
    return all;
}

/* A pass inside a box, of an input that has changed there. */
static void change(run inside, run apart, float *x, int h, int w, uint32_t *seed)
{
    const dv_box box = { { 0, h / 3, w / 2 }, { 2, h / 3 + 2, w / 2 + 3 } };
    const size_t bytes = CHANNELS * (size_t)(h * w) * sizeof(float);
    dv_error err = { 0 };
    for (int c = 0; c < 2; c++)
        for (int y = box.lo[DV_Y]; y < box.hi[DV_Y]; y++)
            for (int i = box.lo[DV_X]; i < box.hi[DV_X]; i++)
                x[(c * h + y) * w + i] = net_random(seed);
    if (!dv_trace_forward_box(inside.trace, x, box, &err))
        fail_msg("%s", err.message);
    pass(apart, x);
    assert_memory_equal(output(inside), output(apart), bytes);
}

static void expect_same_bytes(int base, int chain, int h, int w)
{
    int steps, every[64], n = 0;
    dv_model *m = network(base, chain, h, w, &steps);
    for (int v = 0; v < m->n_values; v++)
        if (!m->values[v].constant && m->values[v].producer >= 0)
            every[n++] = v;
    const int last = dv_model_output(m);
    const run apart = start(m, (dv_request){ .n_keep = n, .keep = every }, 1);
    const run fused = start(m, (dv_request){ .n_keep = 1, .keep = &last }, 1);
    const run threads = start(m, (dv_request){ .n_keep = 1, .keep = &last }, 3);
    const run inside = start(m, (dv_request){ .n_keep = 1, .keep = &last, .boxes = true }, 2);
    assert_int_equal(steps_in_tails(apart), 0);
    assert_in_range(steps_in_tails(fused), steps, steps + 1); /* "base" itself, behind "before" */

    uint32_t seed = 3;
    float *x = malloc(3 * (size_t)(h * w) * sizeof *x);
    assert_non_null(x);
    for (int i = 0; i < 3 * h * w; i++)
        x[i] = net_random(&seed);
    const size_t bytes = CHANNELS * (size_t)(h * w) * sizeof(float);
    pass(apart, x);
    pass(fused, x);
    assert_memory_equal(output(fused), output(apart), bytes);
    pass(threads, x);
    assert_memory_equal(output(threads), output(apart), bytes);
    pass(inside, x);
    for (int i = 0; i < 3; i++)
        change(inside, apart, x, h, w, &seed);
    free(x);
    end(apart), end(fused), end(threads), end(inside);
    dv_model_free(m);
}

static void fused_or_not_the_bytes_are_the_same(void **unused)
{
    (void)unused;
    static const int sizes[][2] = { { 13, 13 }, { 7, 7 }, { 9, 34 } };
    for (int size = 0; size < 3; size++)
        for (int base = 0; base < N_BASES; base++)
            for (int chain = 0; chain < N_CHAINS; chain++)
                expect_same_bytes(base, chain, sizes[size][0], sizes[size][1]);
}

/* A value between that somebody asks for is there, and what comes behind it is still fused. */
static void what_is_asked_for_is_not_fused_away(void **unused)
{
    (void)unused;
    int steps, between;
    dv_model *m = network(0, 2, 13, 13, &steps);
    assert_true(dv_model_find(m, "g2", &between, NULL));
    const int keep[] = { between, dv_model_output(m) };
    const run n = start(m, (dv_request){ .n_keep = 2, .keep = keep }, 1);
    float x[3 * 13 * 13] = { 0 };
    pass(n, x);
    assert_non_null(dv_trace_tensor(n.trace, between));
    assert_in_range(steps_in_tails(n), 1, steps - 1);
    end(n);
    dv_model_free(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(runs_of_any_length_are_the_same),
        cmocka_unit_test(fused_or_not_the_bytes_are_the_same),
        cmocka_unit_test(what_is_asked_for_is_not_fused_away),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
