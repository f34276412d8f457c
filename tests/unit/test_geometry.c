/* test_geometry.c - strides, dilations, pads and output shapes up to their limits: refused in one
 * line, or forward and back as they are defined. */
#include "net.h"

#include "deconvviz/project.h"
#include "kernel/conv.h"
#include "rounds.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    TRIALS = 400,
    MANY = 1 << 14,       /* elements of an output that is computed */
    MANY_BYTES = 1 << 22, /* of a trace */
};

static uint32_t seed = 7;

static int random_int(int lo, int hi) /* both included */
{
    seed = seed * 1664525u + 1013904223u;
    return lo + (int)((seed >> 8) % (uint32_t)(hi - lo + 1));
}

/* Small, or beside a power of two, or more than there may be. */
static int64_t hostile(void)
{
    if (random_int(0, 2) > 0)
        return random_int(1, 4);
    const int64_t power = (int64_t)1 << random_int(2, random_int(0, 20) ? 24 : 40);
    return power + random_int(-1, 1);
}

/* A Conv or ConvTranspose of one group. The map of the convolution is the input of the one and the
 * output of the other. */
typedef struct layer {
    bool up; /* ConvTranspose */
    int channels[2];
    int64_t in[2], kernel[2], stride[2], dilation[2], lo[2], hi[2];
    bool has_shape;
    int64_t shape[2];
} layer;

static layer random_layer(void)
{
    layer l = { .up = random_int(0, 1), .has_shape = random_int(0, 2) > 0 };
    l.channels[0] = random_int(1, random_int(0, 3) ? 3 : 20);
    l.channels[1] = random_int(1, random_int(0, 3) ? 3 : 20);
    const bool wide = random_int(0, 5) == 0;
    if (wide)
        l.channels[0] = l.channels[1] = 1;
    for (int a = 0; a < 2; a++) {
        l.in[a] = random_int(1, !wide ? 9 : a ? 5000 : 1);
        l.kernel[a] = random_int(1, 3);
        l.stride[a] = hostile();
        l.dilation[a] = hostile();
        l.lo[a] = random_int(0, 1) ? hostile() : 0;
        l.hi[a] = random_int(0, 1) ? hostile() : 0;
        l.shape[a] = random_int(0, 3) ? random_int(1, 9) : hostile();
        const int64_t extent = (l.kernel[a] - 1) * l.dilation[a] + 1;
        if (!l.up && random_int(0, 3)) { /* so that the kernel fits */
            l.lo[a] = extent * random_int(0, 4) / 4;
            l.hi[a] = extent - l.lo[a] + random_int(0, 3);
        }
    }
    return l;
}

static dv_model *model_of(const layer *l, dv_error *err)
{
    const net_ints attrs[] = {
        { "strides", 2, { l->stride[0], l->stride[1] } },
        { "dilations", 2, { l->dilation[0], l->dilation[1] } },
        { "pads", 4, { l->lo[0], l->lo[1], l->hi[0], l->hi[1] } },
        { l->up && l->has_shape ? "output_shape" : NULL, 2, { l->shape[0], l->shape[1] } },
        { 0 }
    };
    dv_model *m = net_new(l->channels[0], (int)l->in[0], (int)l->in[1]);
    net_constant(m, "w", l->channels[!l->up], l->channels[l->up], (int)l->kernel[0],
                 (int)l->kernel[1], net_random, seed);
    if (!net_try(m, l->up ? "ConvTranspose" : "Conv", "x w", "y", attrs, err)) {
        dv_model_free(m);
        return NULL;
    }
    net_finish(m, "y");
    return m;
}

/* The pads in front, by ONNX's formula where the output's shape is given. */
static int64_t pad_of(const layer *l, int axis)
{
    if (!l->up || !l->has_shape)
        return l->lo[axis];
    const int64_t total = (l->in[axis] - 1) * l->stride[axis] +
                          (l->kernel[axis] - 1) * l->dilation[axis] + 1 - l->shape[axis];
    return total > 0 ? total - total / 2 : 0;
}

/* Adds to `to` what the layer (or, `back`, its transpose) makes of `from`, by the definition. */
static void run(const layer *l, const float *w, const dv_shape *x, const dv_shape *y, bool back,
                const float *from, double *to)
{
    const dv_shape *map = l->up ? y : x, *windows = l->up ? x : y;
    const int n = map->dim[1], m = windows->dim[1];
    int64_t i[2], at[2], t[2];
    for (int c = 0; c < n * m; c++)
        for (i[0] = 0; i[0] < windows->dim[2]; i[0]++)
            for (i[1] = 0; i[1] < windows->dim[3]; i[1]++)
                for (t[0] = 0; t[0] < l->kernel[0]; t[0]++)
                    for (t[1] = 0; t[1] < l->kernel[1]; t[1]++) {
                        for (int a = 0; a < 2; a++)
                            at[a] = i[a] * l->stride[a] + t[a] * l->dilation[a] - pad_of(l, a);
                        if (at[0] < 0 || at[0] >= map->dim[2] || at[1] < 0 || at[1] >= map->dim[3])
                            continue;
                        const int64_t p =
                            (c % n * (int64_t)map->dim[2] + at[0]) * map->dim[3] + at[1];
                        const int64_t q =
                            (c / n * (int64_t)windows->dim[2] + i[0]) * windows->dim[3] + i[1];
                        const float f = w[(c * l->kernel[0] + t[0]) * l->kernel[1] + t[1]];
                        if (l->up == back)
                            to[q] += (double)f * (double)from[p];
                        else
                            to[p] += (double)f * (double)from[q];
                    }
}

static void assert_near(const float *got, const double *want, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!(fabs((double)got[i] - want[i]) <= 1e-4 * (1 + fabs(want[i]))))
            fail_msg("element %zu is %.9g, not %.9g", i, (double)got[i], want[i]);
}

/* Forward, then the whole map of channel 0 back. */
static void check_results(const layer *l, const dv_model *m, const dv_plan *plan)
{
    const int out = dv_model_output(m);
    const dv_shape *x = dv_tensor_shape(m, dv_model_input(m)), *y = dv_tensor_shape(m, out);
    const float *w = m->values[dv_model_value(m, "w")].constant->data;
    const size_t n = dv_shape_count(x), n_out = dv_shape_count(y);
    float *input = malloc(n * sizeof *input);
    double *want = calloc(n_out, sizeof *want), *back = calloc(n, sizeof *back);
    assert_true(input && want && back);
    for (size_t i = 0; i < n; i++)
        input[i] = net_random(&seed);
    dv_error err = { 0 };
    dv_trace *t = dv_trace_new(plan, NULL, &err);
    if (!t || !dv_trace_forward(t, input, &err))
        fail_msg("%s", err.message);
    run(l, w, x, y, false, input, want);
    assert_near(dv_trace_tensor(t, out), want, n_out);

    float *map = calloc(n_out, sizeof *map);
    assert_non_null(map);
    memcpy(map, dv_trace_tensor(t, out), n_out / (size_t)y->dim[1] * sizeof *map);
    run(l, w, x, y, true, map, back);
    const dv_unit all = { out, 0, DV_ALL, DV_ALL };
    dv_signal r = { 0 };
    dv_projector *p = dv_projector_new(t, NULL, &err);
    if (!p || !dv_project(p, &all, DV_RULE_GRADIENT, DV_SEED_VALUE, &r, &err))
        assert_int_equal(err.code, DV_NO_MEMORY);
    else if (dv_box_count(&r.box) == n)
        assert_near(r.data, back, n);
    dv_projector_free(p);
    dv_trace_free(t);
    free(input), free(want), free(back), free(map);
}

static void check_layer(const layer *l, int *computed)
{
    dv_error err = { 0 };
    dv_model *m = model_of(l, &err);
    dv_plan *plan = NULL;
    if (m) {
        const int y = dv_model_output(m);
        const dv_request r = { .n_keep = 1, .keep = &y, .rules = 1u << DV_RULE_GRADIENT };
        plan = dv_plan_new(m, &r, NULL, &err);
        if (plan && dv_shape_count(dv_tensor_shape(m, y)) <= MANY &&
            dv_plan_trace_bytes(plan, NULL) <= MANY_BYTES) {
            check_results(l, m, plan);
            *computed += 1;
        }
    }
    if (!plan)
        assert_true(err.message[0] && !strchr(err.message, '\n'));
    dv_plan_free(plan);
    if (m)
        dv_model_free(m);
}

static void any_geometry_is_refused_or_computed_as_defined(void **state)
{
    (void)state;
    static const char *const kernels[] = { NULL, "gemm", "direct", "sparse" };
    for (int k = 0; k < 4; k++) {
        int computed = 0;
        assert_true(dv_conv_only(kernels[k]));
        for (int i = 0; i < rounds(TRIALS); i++) {
            const layer l = random_layer();
            check_layer(&l, &computed);
        }
        assert_true(computed > TRIALS / 4);
    }
    assert_true(dv_conv_only(NULL));
}

/* -- pools ------------------------------------------------------------------------------------ */

typedef struct pool {
    bool mean;
    int64_t in[2], kernel[2], stride[2], dilation[2], lo[2], hi[2], ceil_mode;
} pool;

static pool random_pool(void)
{
    pool p = { .mean = random_int(0, 1), .ceil_mode = random_int(0, 1) };
    for (int a = 0; a < 2; a++) {
        p.in[a] = random_int(1, 9);
        p.kernel[a] = random_int(0, 3) ? random_int(1, 3) : hostile();
        p.stride[a] = hostile();
        p.dilation[a] = random_int(0, 1) ? 1 : hostile();
        const int64_t extent = (p.kernel[a] - 1) * p.dilation[a] + 1;
        p.lo[a] = random_int(0, 1) ? 0 : random_int(0, 3) ? extent / 2 : hostile();
        p.hi[a] = random_int(0, 3) ? extent - 1 - p.lo[a] + random_int(0, 1) : hostile();
        p.hi[a] = p.hi[a] < 0 ? 0 : p.hi[a];
    }
    return p;
}

/* Whether output o reads place i of the map. */
static bool reads(const pool *p, int axis, int64_t o, int64_t i)
{
    const int64_t at = i + p->lo[axis] - o * p->stride[axis];
    return at >= 0 && at % p->dilation[axis] == 0 && at / p->dilation[axis] < p->kernel[axis];
}

static double pooled(const pool *p, const float *x, int64_t oy, int64_t ox)
{
    double most = (double)-INFINITY, sum = 0;
    int n = 0;
    for (int64_t y = 0; y < p->in[0]; y++)
        for (int64_t i = 0; i < p->in[1]; i++)
            if (reads(p, 0, oy, y) && reads(p, 1, ox, i)) {
                const double v = (double)x[y * p->in[1] + i];
                most = v > most ? v : most;
                sum += v;
                n++;
            }
    return p->mean ? sum / n : most;
}

static dv_model *pool_model(const pool *p, dv_error *err)
{
    const net_ints attrs[] = { { "kernel_shape", 2, { p->kernel[0], p->kernel[1] } },
                               { "strides", 2, { p->stride[0], p->stride[1] } },
                               { "dilations", 2, { p->dilation[0], p->dilation[1] } },
                               { "pads", 4, { p->lo[0], p->lo[1], p->hi[0], p->hi[1] } },
                               { "ceil_mode", 0, { p->ceil_mode } },
                               { 0 } };
    dv_model *m = net_new(1, (int)p->in[0], (int)p->in[1]);
    if (!net_try(m, p->mean ? "AveragePool" : "MaxPool", "x", "y", attrs, err)) {
        dv_model_free(m);
        return NULL;
    }
    net_finish(m, "y");
    return m;
}

static void check_pool(const pool *p, int *computed)
{
    dv_error err = { 0 };
    float x[81];
    dv_model *m = pool_model(p, &err);
    if (!m) {
        assert_true(err.message[0] && !strchr(err.message, '\n'));
        return;
    }
    for (int i = 0; i < 81; i++)
        x[i] = net_random(&seed);
    const int y = dv_model_output(m);
    const dv_shape *s = dv_tensor_shape(m, y);
    const dv_request r = { .n_keep = 1, .keep = &y, .rules = 1u << DV_RULE_GRADIENT };
    dv_plan *plan = dv_plan_new(m, &r, NULL, &err);
    dv_trace *t = plan && dv_shape_count(s) <= MANY ? dv_trace_new(plan, NULL, &err) : NULL;
    if (t) {
        const dv_unit all = { y, 0, DV_ALL, DV_ALL };
        dv_signal back;
        dv_projector *projector = dv_projector_new(t, NULL, &err);
        if (!projector || !dv_trace_forward(t, x, &err) ||
            !dv_project(projector, &all, DV_RULE_GRADIENT, DV_SEED_VALUE, &back, &err))
            fail_msg("%s", err.message);
        const float *got = dv_trace_tensor(t, y);
        for (int64_t oy = 0; oy < s->dim[2]; oy++)
            for (int64_t ox = 0; ox < s->dim[3]; ox++, got++)
                assert_near(got, (const double[]){ pooled(p, x, oy, ox) }, 1);
        dv_projector_free(projector);
        *computed += 1;
    }
    dv_trace_free(t);
    dv_plan_free(plan);
    dv_model_free(m);
}

static void any_pool_is_refused_or_computed_as_defined(void **state)
{
    (void)state;
    int computed = 0;
    for (int i = 0; i < rounds(4 * TRIALS); i++) {
        const pool p = random_pool();
        check_pool(&p, &computed);
    }
    assert_true(computed > TRIALS);
}

/* 100000 rows apart by 131072, of which 8 are kept: no way to count them with 32 bits. */
static void an_output_cut_from_too_many_places_is_refused(void **state)
{
    (void)state;
    dv_error err = { 0 };
    dv_model *m = net_new(1, 100000, 1);
    net_constant(m, "w", 1, 1, 1, 1, net_random, 1);
    assert_false(net_try(
        m, "ConvTranspose", "x w", "y",
        (net_ints[]){ { "strides", 2, { 131072, 1 } }, { "output_shape", 2, { 8, 1 } }, { 0 } },
        &err));
    assert_string_equal(err.message, "node 'y' (ConvTranspose): windows reach over 13107068929 "
                                     "places of an axis: 1073741824 at most are supported");
    dv_model_free(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_geometry_is_refused_or_computed_as_defined),
        cmocka_unit_test(any_pool_is_refused_or_computed_as_defined),
        cmocka_unit_test(an_output_cut_from_too_many_places_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
