/* test_inner_batch.c - networks that make several images out of one: each is computed, and
 * projected, as a network that takes the images one after the other. */
#include "net.h"

#include "deconvviz/project.h"
#include "nn/walk.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { C = 6, H = 13, W = 11, N_PIXELS = C * H * W, HALF = C / 2 };

static float positive(uint32_t *state)
{
    return 1 + net_random(state) / 2;
}

/* -- one image becomes "both" (2,3,H,W), or "first" and "second" (1,3,H,W) --------------------- */

static void by_reshape(dv_model *m, bool apart)
{
    if (apart)
        net_add(m, "Split", "x", "first second", (net_ints[]){ { "axis", 0, { 1 } }, { 0 } });
    else
        net_add(m, "Reshape", "x", "both",
                (net_ints[]){ { "shape", 4, { 2, HALF, H, W } }, { 0 } });
}

static void by_transpose(dv_model *m, bool apart)
{
    net_add(m, "Reshape", "x", "pairs", (net_ints[]){ { "shape", 4, { HALF, 2, H, W } }, { 0 } });
    if (!apart) {
        net_add(m, "Transpose", "pairs", "both",
                (net_ints[]){ { "perm", 4, { 1, 0, 2, 3 } }, { 0 } });
        return;
    }
    net_add(m, "Split", "pairs", "a b", (net_ints[]){ { "axis", 0, { 1 } }, { 0 } });
    net_add(m, "Reshape", "a", "first", (net_ints[]){ { "shape", 4, { 1, HALF, H, W } }, { 0 } });
    net_add(m, "Reshape", "b", "second", (net_ints[]){ { "shape", 4, { 1, HALF, H, W } }, { 0 } });
}

static void by_concat(dv_model *m, bool apart)
{
    net_constant(m, "stem.w", HALF, C, 1, 1, net_random, 3);
    net_add(m, "Conv", "x stem.w", "first", NULL);
    net_add(m, "Sigmoid", "first", "second", NULL);
    if (!apart)
        net_add(m, "Concat", "first second", "both", (net_ints[]){ { "axis", 0, { 0 } }, { 0 } });
}

static void (*const ways[])(dv_model *m, bool apart) = { by_reshape, by_transpose, by_concat };

/* -- what is computed of each image ------------------------------------------------------------ */

static void add_weights(dv_model *m)
{
    static const struct {
        const char *name;
        int dim[4];
    } weights[] = {
        { "conv.w", { 6, 3, 3, 3 } },
        { "conv.b", { 6 } },
        { "group.w", { 6, 2, 3, 3 } },
        { "up.w", { 6, 2, 2, 2 } },
        { "slope", { 4, 1, 1 } },
        { "scale", { 4 } },
        { "bias", { 4 } },
        { "fc.w", { 5, 6 * 6 * 4 } },
        { "fc.b", { 5 } },
    };
    for (size_t i = 0; i < sizeof weights / sizeof weights[0]; i++) {
        const int *d = weights[i].dim;
        net_constant(m, weights[i].name, d[0], d[1], d[2], d[3], net_random, (uint32_t)i + 50);
    }
    static const char *const statistics[] = { "bn.g", "bn.b", "bn.m", "bn.v" };
    for (uint32_t i = 0; i < 4; i++)
        net_constant(m, statistics[i], 6, 0, 0, 0, positive, i + 70);
}

/* "IMAGE.conv" … of the tensor `image`. */
static const struct {
    const char *op, *in, *weights, *out;
    net_ints attrs[4];
} layers[] = {
    { "Conv", "", "conv.w conv.b", ".conv", { { "pads", 4, { 1, 1, 1, 1 } } } },
    { "BatchNormalization", ".conv", "bn.g bn.b bn.m bn.v", ".bn", { { 0 } } },
    { "Relu", ".bn", "", ".relu", { { 0 } } },
    { "Conv",
      ".relu",
      "group.w",
      ".group",
      { { "group", 0, { 3 } }, { "pads", 4, { 1, 0, 1, 0 } } } },
    { "LRN", ".group", "", ".lrn", { { "size", 0, { 3 } } } },
    { "MaxPool",
      ".lrn",
      "",
      ".max",
      { { "kernel_shape", 2, { 3, 3 } },
        { "strides", 2, { 2, 2 } },
        { "pads", 4, { 1, 0, 0, 1 } } } },
    { "ConvTranspose",
      ".max",
      "up.w",
      ".up",
      { { "group", 0, { 2 } }, { "strides", 2, { 2, 2 } } } },
    { "PRelu", ".up", "slope", ".prelu", { { 0 } } },
    { "InstanceNormalization", ".prelu", "scale bias", ".norm", { { 0 } } },
    { "Flatten", ".max", "", ".flat", { { 0 } } },
    { "Gemm", ".flat", "fc.w fc.b", ".fc", { { "transB", 0, { 1 } } } },
};

static void add_layers(dv_model *m, const char *image)
{
    for (size_t i = 0; i < sizeof layers / sizeof layers[0]; i++) {
        char in[96], out[48];
        snprintf(in, sizeof in, "%s%s %s", image, layers[i].in, layers[i].weights);
        snprintf(out, sizeof out, "%s%s", image, layers[i].out);
        net_add(m, layers[i].op, in, out, layers[i].attrs);
    }
}

/* Where the images meet again: "sum.NAME" and "all.NAME", of everything. */
static const char *const joined[] = { "group", "max", "norm", "fc" };

static void join(dv_model *m, const char *name, bool apart)
{
    const net_ints over_images[] = { { "axes", 1, { 0 } }, { 0 } },
                   over_all[] = { { "keepdims", 0, { 0 } }, { 0 } };
    char in[96], out[48];
    snprintf(out, sizeof out, "sum.%s", name);
    snprintf(in, sizeof in, apart ? "first.%s second.%s" : "both.%s", name, name);
    net_add(m, apart ? "Add" : "ReduceSum", in, out, apart ? NULL : over_images);
    if (apart)
        snprintf(in, sizeof in, "sum.%s", name);
    snprintf(out, sizeof out, "all.%s", name);
    net_add(m, "ReduceSum", in, out, over_all);
}

static dv_model *network(int way, bool apart)
{
    dv_model *m = net_new(C, H, W);
    ways[way](m, apart);
    add_weights(m);
    add_layers(m, apart ? "first" : "both");
    if (apart)
        add_layers(m, "second");
    for (size_t i = 0; i < sizeof joined / sizeof joined[0]; i++)
        join(m, joined[i], apart);
    net_finish(m, "all.fc");
    return m;
}

/* -- comparing --------------------------------------------------------------------------------- */

typedef struct run {
    dv_model *model;
    dv_plan *plan;
    dv_trace *trace;
    dv_projector *projector;
} run;

/* `every`: all tensors are kept; else those where images meet, and others are fused away. */
static run start(int way, bool apart, bool every, const float *x)
{
    run r = { .model = network(way, apart) };
    int keep[256], n = 0;
    for (int v = 0; v < r.model->n_values; v++) {
        const char *name = r.model->values[v].name;
        bool meets = strncmp(name, "sum.", 4) == 0 || strncmp(name, "all.", 4) == 0;
        if (!r.model->values[v].constant && (every || meets))
            keep[n++] = v;
    }
    dv_error err = { 0 };
    dv_request request = { .n_keep = n, .keep = keep, .rules = (1U << DV_N_RULES) - 1 };
    r.plan = dv_plan_new(r.model, &request, NULL, &err);
    if (!r.plan)
        fail_msg("%s", err.message);
    r.trace = dv_trace_new(r.plan, NULL, &err);
    assert_non_null(r.trace);
    if (!dv_trace_forward(r.trace, x, &err))
        fail_msg("%s", err.message);
    r.projector = dv_projector_new(r.trace, NULL, &err);
    assert_non_null(r.projector);
    return r;
}

static void end(run r)
{
    dv_projector_free(r.projector);
    dv_trace_free(r.trace);
    dv_plan_free(r.plan);
    dv_model_free(r.model);
}

static int id(run r, const char *image, const char *name)
{
    char text[64];
    int tensor = -1;
    snprintf(text, sizeof text, "%s.%s", image, name);
    assert_true(dv_model_find(r.model, text, &tensor, NULL));
    return tensor;
}

static void project(run r, dv_unit u, dv_rule rule, float *all)
{
    dv_error err = { 0 };
    dv_signal s;
    if (!dv_project(r.projector, &u, rule, DV_SEED_ONE, &s, &err))
        fail_msg("%s", err.message);
    dv_signal_unpack(dv_tensor_shape(r.model, dv_model_input(r.model)), &s, all);
}

/* The unit u of one network must be the unit v of the other, forward and back. One row and several
 * are multiplied in another order: of 144 terms of the size of 1 to 10, whatever their sum is. */
static void expect_same(run a, dv_unit u, run b, dv_unit v)
{
    static float got[N_PIXELS], want[N_PIXELS];
    const float value = dv_unit_value(a.trace, &u), wanted = dv_unit_value(b.trace, &v);
    if (!(fabsf(value - wanted) <= 4e-5F * (1 + fabsf(wanted))))
        fail_msg("%s, channel %d is %g, not %g", dv_tensor_name(a.model, u.tensor), (int)u.channel,
                 (double)value, (double)wanted);
    for (int rule = 0; rule < DV_N_RULES; rule++) {
        float most = 0;
        project(a, u, (dv_rule)rule, got);
        project(b, v, (dv_rule)rule, want);
        for (int i = 0; i < N_PIXELS; i++)
            most = fmaxf(most, fabsf(want[i]));
        for (int i = 0; i < N_PIXELS; i++)
            if (!(fabsf(got[i] - want[i]) <= 1e-5F * most + 1e-20F))
                fail_msg("%s, channel %d, %s: pixel %d is %g, not %g",
                         dv_tensor_name(a.model, u.tensor), (int)u.channel,
                         dv_rule_name((dv_rule)rule), i, (double)got[i], (double)want[i]);
    }
}

static void fill(float *x)
{
    uint32_t seed = 17;
    for (int i = 0; i < N_PIXELS; i++)
        x[i] = net_random(&seed);
}

/* A few units of a tensor, and a whole map. */
static void each_unit_of(run a, int mine, int32_t first, run b, int theirs)
{
    dv_box whole = dv_box_whole(dv_tensor_shape(b.model, theirs));
    uint32_t seed = 5;
    for (int32_t c = 0; c < whole.hi[DV_C]; c++) {
        const int32_t y = (int32_t)((net_random(&seed) + 1) / 2 * (float)whole.hi[DV_Y]),
                      x = (int32_t)((net_random(&seed) + 1) / 2 * (float)whole.hi[DV_X]);
        expect_same(a, (dv_unit){ mine, first + c, y, x }, b, (dv_unit){ theirs, c, y, x });
    }
    expect_same(a, (dv_unit){ mine, first, DV_ALL, DV_ALL }, b,
                (dv_unit){ theirs, 0, DV_ALL, DV_ALL });
}

static void a_unit_of_one_image_is_that_of_the_image_alone(void **state)
{
    (void)state;
    static float x[N_PIXELS];
    static const char *const images[] = { "first", "second" };
    fill(x);
    for (int way = 0; way < 3; way++) {
        run together = start(way, false, true, x), apart = start(way, true, true, x);
        for (size_t i = 0; i < sizeof layers / sizeof layers[0]; i++) {
            if (strcmp(layers[i].op, "Flatten") == 0)
                continue; /* a channel for each number */
            for (int n = 0; n < 2; n++) {
                int theirs = id(apart, images[n], layers[i].out + 1);
                dv_box one = dv_box_whole(dv_tensor_shape(apart.model, theirs));
                each_unit_of(together, id(together, "both", layers[i].out + 1), n * one.hi[DV_C],
                             apart, theirs);
            }
        }
        end(together);
        end(apart);
    }
}

static void sums_over_images_reach_back_into_each(void **state)
{
    (void)state;
    static float x[N_PIXELS];
    fill(x);
    for (int way = 0; way < 3; way++) {
        run together = start(way, false, false, x), apart = start(way, true, true, x);
        for (size_t i = 0; i < sizeof joined / sizeof joined[0]; i++) {
            each_unit_of(together, id(together, "sum", joined[i]), 0, apart,
                         id(apart, "sum", joined[i]));
            each_unit_of(together, id(together, "all", joined[i]), 0, apart,
                         id(apart, "all", joined[i]));
        }
        end(together);
        end(apart);
    }
}

static void the_receptive_field_of_a_unit_is_that_of_its_own_image(void **state)
{
    (void)state;
    static float x[N_PIXELS];
    dv_error err = { 0 };
    dv_box in;
    fill(x);
    run r = start(0, false, true, x);
    dv_unit u = { id(r, "both", "conv"), 6 + 2, 4, 5 };
    assert_true(dv_model_field(r.model, u.tensor, dv_unit_box(r.model, &u), &in, &err));
    assert_true(dv_box_equal(in, (dv_box){ { 3, 3, 4 }, { 6, 6, 7 } }));
    u.tensor = id(r, "both", "group"); /* two channels of six, each of three pixels */
    assert_true(dv_model_field(r.model, u.tensor, dv_unit_box(r.model, &u), &in, &err));
    assert_true(dv_box_equal(in, (dv_box){ { 3, 2, 4 }, { 6, 7, 9 } }));
    end(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_unit_of_one_image_is_that_of_the_image_alone),
        cmocka_unit_test(sums_over_images_reach_back_into_each),
        cmocka_unit_test(the_receptive_field_of_a_unit_is_that_of_its_own_image),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
