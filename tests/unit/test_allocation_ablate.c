/* Parts of a network taken away, while each allocation fails in turn. */
#include "album.h"
#include "net.h"
#include "scarce.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

enum { C = 3, CLASSES = 5 };

static bool open_network(scarce_scene *s, dv_error *err)
{
    const net_ints stride[] = { { "kernel_shape", 2, { 4, 4 } },
                                { "strides", 2, { 4, 4 } },
                                { 0 } };
    const net_ints gemm[] = { { "transB", 0, { 1 } }, { 0 } };
    dv_model *m = s->model = net_new(3, ALBUM_SIDE, ALBUM_SIDE);
    net_conv(m, "x", "c1", 3, C, 3, 1, 1, net_random, 7);
    net_add(m, "Relu", "c1", "r1", NULL);
    net_add(m, "MaxPool", "r1", "p1", stride);
    net_conv(m, "p1", "c2", C, C, 3, 1, 1, net_random, 8);
    net_add(m, "Relu", "c2", "r2", NULL);
    net_add(m, "GlobalAveragePool", "r2", "gap", NULL);
    net_add(m, "Flatten", "gap", "flat", NULL);
    net_constant(m, "fc.w", CLASSES, C, 0, 0, net_random, 9);
    net_add(m, "Gemm", "flat fc.w", "y", gemm);
    net_finish(m, "y");
    return dv_list_add(&s->list, "img", err);
}

static bool open_with_threads(scarce_scene *s, dv_error *err)
{
    s->pool = dv_pool_new(2, err);
    return s->pool && open_network(s, err);
}

static bool ablate(scarce_scene *s, dv_error *err)
{
    static const double shares[] = { 0.4, 0.7 };
    const char *const name = "1";
    char text[CLASSES][2] = { "0", "1", "2", "3", "4" };
    char *names[] = { text[0], text[1], text[2], text[3], text[4] };
    const dv_labels labels = { CLASSES, names };
    const dv_truth truth = { .labels = &labels, .from = DV_TRUTH_NAMES };
    const int tensors[] = { dv_model_layer(s->model, 0)->tensor,
                            dv_model_layer(s->model, 1)->tensor };
    const dv_ablate_options o = { .n_layers = 1,
                                  .tensors = tensors,
                                  .names = &name,
                                  .n_shares = 2,
                                  .shares = shares,
                                  .orders = { true, true, true },
                                  .strength = DV_ABLATE_BY_WEIGHTS,
                                  .draws = 2,
                                  .units = true,
                                  .fit_skips = true,
                                  .probe = tensors[1],
                                  .probe_images = s->pool ? &s->list : NULL,
                                  .folds = 2,
                                  .pooling = { .by = DV_POOLING_MEAN },
                                  .images = 4,
                                  .labels = &labels,
                                  .truth = &truth,
                                  .preprocess = album_preprocess,
                                  .pool = s->pool };
    dv_ablation r;
    const bool ok = dv_ablate(s->model, &s->list, &o, &r, err);
    for (int i = 0; ok && i < r.n; i++)
        scarce_mix(s, &r.parts[i].top1, sizeof r.parts[i].top1);
    if (ok)
        scarce_mix(s, r.units, (size_t)r.n_units * sizeof *r.units);
    dv_ablation_free(&r);
    return ok;
}

static void parts_are_taken_away_or_memory_is_told_to_have_run_out(void **state)
{
    (void)state;
    static const scarce_call calls[] = {
        { "parts", open_network, ablate },
        { "parts by threads", open_with_threads, ablate },
    };
    for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++)
        assert_true(scarce_try(&calls[i]) > 40);
}

static int begin(void **state)
{
    (void)state;
    album_begin();
    return 0;
}

static int end(void **state)
{
    (void)state;
    album_end();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parts_are_taken_away_or_memory_is_told_to_have_run_out),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
