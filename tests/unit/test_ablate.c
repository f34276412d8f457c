/* Parts taken away, against networks that are put together without them. */
#include "album.h"
#include "base/statistics.h"
#include "deconvviz/ablate.h"
#include "graph/plan.h"
#include "graph/rerun.h"
#include "net.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { C = 6, HALF = ALBUM_SIDE / 2, MAP = C * HALF * HALF, CLASSES = 5 };

/* What upper() leaves out. */
enum { ALL = 0, NO_3 = 1, NO_4 = 2, NO_BLOCK = 4 };

/* A residual block of layers 3 and 4, and the classes, on r2. */
static void upper(dv_model *m, const char *r2, unsigned without)
{
    const net_ints gemm[] = { { "transB", 0, { 1 } }, { 0 } };
    char sum[64], in4[64];
    net_conv(m, r2, "c3", C, C, 3, 1, 1, net_random, 21);
    net_add(m, "Relu", "c3", "r3", NULL);
    strcpy(in4, without & NO_3 ? r2 : "r3");
    net_conv(m, in4, "c4", C, C, 3, 1, 1, net_random, 32);
    strcpy(sum, without & NO_4 ? "r3" : "c4");
    strcat(strcat(sum, " "), r2);
    net_add(m, "Add", sum, "sum", NULL);
    net_add(m, "Relu", "sum", "r4", NULL);
    net_add(m, "GlobalAveragePool", without & NO_BLOCK ? r2 : "r4", "gap", NULL);
    net_add(m, "Flatten", "gap", "flat", NULL);
    net_constant(m, "fc.w", CLASSES, C, 0, 0, net_random, 23);
    net_add(m, "Gemm", "flat fc.w", "y", gemm);
    net_finish(m, "y");
    memset(m->sha256, 'a', 64); /* there is no file */
}

static dv_model *whole_net(void)
{
    const net_ints pool[] = { { "kernel_shape", 2, { 2, 2 } }, { "strides", 2, { 2, 2 } }, { 0 } };
    dv_model *m = net_new(3, ALBUM_SIDE, ALBUM_SIDE);
    net_conv(m, "x", "c1", 3, C, 3, 1, 1, net_random, 7);
    net_add(m, "Relu", "c1", "r1", NULL);
    net_add(m, "MaxPool", "r1", "p1", pool);
    net_conv(m, "p1", "c2", C, C, 3, 1, 1, net_random, 9);
    net_add(m, "Relu", "c2", "r2", NULL);
    upper(m, "r2", ALL);
    return m;
}

static dv_model *model;
static dv_list images;

static int set_up(void **state)
{
    (void)state;
    dv_error err;
    album_begin();
    model = whole_net();
    return dv_list_add(&images, "img", &err) ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    dv_list_free(&images);
    dv_model_free(model);
    album_end();
    return 0;
}

static int tensor_of(const dv_model *m, const char *name)
{
    int tensor;
    dv_error err;
    assert_true(dv_model_find(m, name, &tensor, &err));
    return tensor;
}

/* A whole pass of a model; the values of tensors to out[i], NULL behind the last name. */
static void pass(const dv_model *m, const float *input, const char *const *names, float **out)
{
    int keep[4], n = 0;
    dv_error err;
    for (; names[n]; n++)
        keep[n] = tensor_of(m, names[n]);
    dv_plan *p = dv_plan_new(m, &(dv_request){ .n_keep = n, .keep = keep }, NULL, &err);
    dv_trace *t = dv_trace_new(p, NULL, &err);
    assert_true(dv_trace_forward(t, input, &err));
    for (int i = 0; i < n; i++)
        memcpy(out[i], dv_trace_tensor(t, keep[i]),
               dv_shape_count(dv_tensor_shape(m, keep[i])) * sizeof(float));
    dv_trace_free(t);
    dv_plan_free(p);
}

typedef struct known {
    float x[3 * ALBUM_SIDE * ALBUM_SIDE], p1[MAP], r2[MAP], y[CLASSES];
} known;

static void know(int image, known *k)
{
    static const char *const names[] = { "p1", "r2", "y", NULL };
    float *out[] = { k->p1, k->r2, k->y };
    dv_error err;
    dv_image im;
    assert_true(dv_image_load(&im, dv_list_path(&images, image), &err) &&
                dv_prepare(&im, &album_preprocess, k->x, NULL, &err));
    dv_image_free(&im);
    pass(model, k->x, names, out);
}

/* The scores that come of values of r2, by a network that begins there. */
static void scores_from(const float *r2, unsigned without, float *y)
{
    static const char *const names[] = { "y", NULL };
    dv_model *m = net_new(C, HALF, HALF);
    upper(m, "x", without);
    pass(m, r2, names, &y);
    dv_model_free(m);
}

static int best(const float *y)
{
    int b = 0;
    for (int i = 1; i < CLASSES; i++)
        b = y[i] > y[b] ? i : b;
    return b;
}

/* -- a pass, continued ------------------------------------------------------------------------ */

static void what_follows_is_computed_again_to_the_bytes_of_a_whole_pass(void **state)
{
    (void)state;
    known k;
    float y[CLASSES], before[CLASSES];
    dv_error err;
    const int keep[] = { tensor_of(model, "r2"), tensor_of(model, "y") };
    const dv_request r = { .n_keep = 2, .keep = keep, .boxes = true };
    dv_plan *p = dv_plan_new(model, &r, NULL, &err);
    dv_trace *t = dv_trace_new(p, NULL, &err);
    dv_rerun behind;
    know(0, &k);
    assert_true(dv_rerun_behind(&behind, p, keep[0], &err));
    assert_true(dv_trace_forward(t, k.x, &err));
    memcpy(before, dv_trace_tensor(t, keep[1]), sizeof before);
    float *v = dv_trace_values(t, keep[0]);
    assert_null(dv_trace_values(t, tensor_of(model, "r3")));
    memset(v + 2 * HALF * HALF, 0, HALF * HALF * sizeof *v);
    dv_traces_rerun(&behind, &t, 1);
    memset(k.r2 + 2 * HALF * HALF, 0, HALF * HALF * sizeof *k.r2);
    scores_from(k.r2, ALL, y);
    assert_memory_equal(dv_trace_tensor(t, keep[1]), y, sizeof y);
    assert_memory_not_equal(before, y, sizeof y);
    know(0, &k);
    memcpy(v, k.r2, sizeof k.r2);
    dv_traces_rerun(&behind, &t, 1);
    assert_memory_equal(dv_trace_tensor(t, keep[1]), before, sizeof before);
    dv_rerun_free(&behind);
    dv_trace_free(t);
    dv_plan_free(p);
}

static void a_pass_without_a_part_is_shorter_and_has_its_values_from_before(void **state)
{
    (void)state;
    known k;
    float y[CLASSES];
    dv_error err;
    const int keep[] = { tensor_of(model, "r2"), tensor_of(model, "r4"), tensor_of(model, "y") };
    const dv_request r = { .n_keep = 3, .keep = keep, .boxes = true };
    const dv_detour block = { keep[0], keep[1] };
    dv_plan *p = dv_plan_new(model, &r, NULL, &err);
    dv_trace *t = dv_trace_new(p, NULL, &err);
    dv_rerun all, without;
    know(1, &k);
    assert_true(dv_rerun_without(&all, p, keep[2], 0, NULL, &err) &&
                dv_rerun_without(&without, p, keep[2], 1, &block, &err));
    assert_int_equal(all.n, p->n_steps);
    assert_true(without.n < all.n);
    assert_true(dv_trace_forward(t, k.x, &err));
    memcpy(dv_trace_values(t, keep[1]), k.r2, sizeof k.r2);
    dv_traces_rerun(&without, &t, 1);
    scores_from(k.r2, NO_BLOCK, y);
    assert_memory_equal(dv_trace_tensor(t, keep[2]), y, sizeof y);
    dv_rerun_free(&all);
    dv_rerun_free(&without);
    dv_trace_free(t);
    dv_plan_free(p);
}

/* -- units ------------------------------------------------------------------------------------ */

static const double shares[] = { 0.2, 0.5, 0.99 };
static const char *const second[] = { "2" };

static dv_ablate_options options_for(const int *r2)
{
    return (dv_ablate_options){ .n_layers = 1,
                                .tensors = r2,
                                .names = second,
                                .n_shares = 3,
                                .shares = shares,
                                .orders = { true, true, true },
                                .draws = 2,
                                .seed = 5,
                                .probe = DV_ABLATE_NO_PROBE,
                                .folds = 2,
                                .pooling = { .by = DV_POOLING_MEAN },
                                .preprocess = album_preprocess };
}

/* How many images have the class of before when the first n of the channels are 0. */
static int agreeing(const int *channels, int n)
{
    int right = 0;
    for (int i = 0; i < ALBUM_IMAGES; i++) {
        known k;
        float y[CLASSES];
        know(i, &k);
        for (int c = 0; c < n; c++)
            memset(k.r2 + channels[c] * HALF * HALF, 0, HALF * HALF * sizeof(float));
        scores_from(k.r2, ALL, y);
        right += best(y) == best(k.y);
    }
    return right;
}

static void weakest_first(int *channels)
{
    double mean[C] = { 0 };
    for (int i = 0; i < ALBUM_IMAGES; i++) {
        known k;
        know(i, &k);
        for (int v = 0; v < MAP; v++)
            mean[v / (HALF * HALF)] += (double)k.r2[v];
    }
    for (int c = 0; c < C; c++) {
        int at = c;
        for (; at > 0 && mean[channels[at - 1]] > mean[c]; at--)
            channels[at] = channels[at - 1];
        channels[at] = c;
    }
}

static void close_to(double a, double b)
{
    assert_true(fabs(a - b) < 1e-12);
}

static void silenced_units_cost_what_a_network_without_them_says(void **state)
{
    (void)state;
    const int r2 = tensor_of(model, "r2"), counts[] = { 1, 3, 6 };
    const dv_ablate_options o = options_for(&r2);
    int weakest[C], strongest[C];
    dv_ablation r;
    dv_error err;
    weakest_first(weakest);
    for (int c = 0; c < C; c++)
        strongest[c] = weakest[C - 1 - c];
    assert_true(dv_ablate(model, &images, &o, &r, &err));
    assert_int_equal(r.n, 1 + 3 * 3);
    assert_false(r.labelled);
    close_to(r.parts[0].top1.share, 1);
    for (int i = 0; i < 3; i++) {
        const dv_ablated *random = &r.parts[1 + i], *weak = &r.parts[4 + i];
        const dv_ablated *strong = &r.parts[7 + i];
        double interval[2];
        const int a = agreeing(weakest, counts[i]), b = agreeing(strongest, counts[i]);
        assert_int_equal(weak->units, counts[i]);
        assert_int_equal(weak->order, DV_ABLATE_WEAKEST);
        assert_int_equal(strong->order, DV_ABLATE_STRONGEST);
        close_to(weak->top1.share, a / (double)ALBUM_IMAGES);
        close_to(strong->top1.share, b / (double)ALBUM_IMAGES);
        close_to(weak->change.share, a / (double)ALBUM_IMAGES - 1);
        dv_change_interval(0, ALBUM_IMAGES - a, ALBUM_IMAGES, interval);
        close_to(weak->change.low, interval[0]);
        assert_true(random->top1.low <= random->top1.share &&
                    random->top1.share <= random->top1.high);
    }
    /* all that are left of all orders */
    close_to(r.parts[3].top1.share, r.parts[6].top1.share);
    close_to(r.parts[3].top1.share, r.parts[9].top1.share);
    dv_ablation_free(&r);
}

static void each_unit_is_silenced_by_itself(void **state)
{
    (void)state;
    const int r2 = tensor_of(model, "r2");
    dv_ablate_options o = options_for(&r2);
    dv_ablation r;
    dv_error err;
    memset(o.orders, 0, sizeof o.orders);
    o.units = true;
    assert_true(dv_ablate(model, &images, &o, &r, &err));
    assert_int_equal(r.n_units, C);
    for (int i = 0; i < C; i++) {
        const dv_ablated_unit *u = &r.units[i];
        const int channel = u->channel;
        int sum = 0;
        assert_int_equal(u->lost, ALBUM_IMAGES - agreeing(&channel, 1));
        assert_int_equal(u->won, 0);
        for (int c = 0; c < u->n_classes; c++)
            sum += u->of_class[c];
        assert_true(u->n_classes == DV_ABLATED_CLASSES || sum == u->lost);
        assert_true(i == 0 || u->lost <= r.units[i - 1].lost);
    }
    dv_ablation_free(&r);
}

/* -- layers ----------------------------------------------------------------------------------- */

/* How many images have the class of before, and, by labels, their own: img/3.png is class 3. */
static void without(unsigned what, bool second_too, int *agree, int *right)
{
    *agree = *right = 0;
    for (int i = 0; i < ALBUM_IMAGES; i++) {
        known k;
        float y[CLASSES];
        know(i, &k);
        scores_from(second_too ? k.p1 : k.r2, what, y);
        *agree += best(y) == best(k.y);
        *right += best(y) == i;
    }
}

static void layers_are_left_out_as_in_a_network_without_them(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        unsigned without;
        bool second_too;
        int64_t less, less_work; /* parameters, and multiply-adds */
    } expected[] = {
        { "2", ALL, true, C * C * 9, (int64_t)MAP * C * 9 },
        { "3", NO_3, false, C * C * 9, (int64_t)MAP * C * 9 },
        { "3+4", NO_BLOCK, false, 2 * C * C * 9, (int64_t)2 * MAP * C * 9 },
        { "4", NO_4, false, C * C * 9, (int64_t)MAP * C * 9 },
        { "2+3", NO_3, true, 2 * C * C * 9, (int64_t)2 * MAP * C * 9 },
        { "2-4", NO_BLOCK, true, 3 * C * C * 9, (int64_t)3 * MAP * C * 9 },
        { "2+4", NO_4, true, 2 * C * C * 9, (int64_t)2 * MAP * C * 9 },
    };
    const int n = (int)(sizeof expected / sizeof expected[0]);
    char text[][2] = { "0", "1", "2", "3", "4" };
    char *names[] = { text[0], text[1], text[2], text[3], text[4] };
    const dv_labels labels = { 5, names };
    const dv_truth truth = { .labels = &labels, .from = DV_TRUTH_NAMES };
    const int r2 = tensor_of(model, "r2");
    dv_ablate_options o = options_for(&r2);
    o.fit_skips = true;
    for (int labelled = 0; labelled < 2; labelled++) {
        dv_ablation r;
        dv_error err;
        const int first = labelled ? 1 + 3 * 3 : 1; /* once behind units that were silenced */
        o.n_layers = labelled;
        o.truth = labelled ? &truth : NULL;
        o.labels = &labels;
        assert_true(dv_ablate(model, &images, &o, &r, &err));
        assert_int_equal(r.n, first + n);
        close_to(r.chance, labelled ? 0.2 : r.chance);
        assert_int_equal(r.parts[0].multiply_adds, (int64_t)C * ALBUM_SIDE * ALBUM_SIDE * 27 +
                                                       (int64_t)3 * MAP * C * 9 +
                                                       (int64_t)CLASSES * C);
        for (int i = 0; i < n; i++) {
            const dv_ablated *p = &r.parts[first + i];
            int agree, right;
            without(expected[i].without, expected[i].second_too, &agree, &right);
            assert_string_equal(p->layers, expected[i].name);
            close_to(p->top1.share, (labelled ? right : agree) / (double)ALBUM_IMAGES);
            assert_int_equal(r.parts[0].parameters - p->parameters, expected[i].less);
            assert_int_equal(r.parts[0].multiply_adds - p->multiply_adds, expected[i].less_work);
        }
        dv_ablation_free(&r);
    }
}

static void what_was_silenced_is_there_again_for_the_next(void **state)
{
    (void)state;
    static const dv_ablate_group groups[] = { { 1, { 4 } }, { 1, { 3 } } };
    const int r2 = tensor_of(model, "r2");
    dv_ablate_options o = options_for(&r2);
    dv_error err;
    o.skips = groups;
    for (o.n_skips = 1; o.n_skips <= 2; o.n_skips++) {
        dv_ablation r;
        int agree, right;
        assert_true(dv_ablate(model, &images, &o, &r, &err));
        without(o.n_skips == 1 ? NO_4 : NO_3, false, &agree, &right);
        close_to(r.parts[r.n - 1].top1.share, agree / (double)ALBUM_IMAGES);
        dv_ablation_free(&r);
    }
}

static void cut_units_are_cut_out_of_those_that_read_them(void **state)
{
    (void)state;
    const int r1 = tensor_of(model, "r1");
    dv_ablate_options o = options_for(&r1);
    dv_ablation r;
    dv_error err;
    assert_true(dv_ablate(model, &images, &o, &r, &err));
    /* half of the first layer: its own, and what the second reads of it past the pooling */
    assert_int_equal(r.parts[2].units, C / 2);
    assert_int_equal(r.parts[0].parameters - r.parts[2].parameters, C / 2 * 27 + C * C / 2 * 9);
    assert_int_equal(r.parts[0].multiply_adds - r.parts[2].multiply_adds,
                     C / 2 * ALBUM_SIDE * ALBUM_SIDE * 27 + MAP * C / 2 * 9);
    dv_ablation_free(&r);
}

/* -- the run ---------------------------------------------------------------------------------- */

static void threads_change_nothing(void **state)
{
    (void)state;
    const int r2 = tensor_of(model, "r2");
    dv_ablate_options o = options_for(&r2);
    dv_ablation r[3];
    dv_error err;
    o.fit_skips = true;
    for (int i = 0; i < 3; i++) {
        static const int threads[] = { 1, 3, 8 };
        o.pool = dv_pool_new(threads[i], &err);
        assert_true(dv_ablate(model, &images, &o, &r[i], &err));
        dv_pool_free(o.pool);
        assert_int_equal(r[i].n, r[0].n);
        for (int k = 0; k < r[0].n; k++) {
            const dv_ablated *a = &r[0].parts[k], *b = &r[i].parts[k];
            assert_true(a->top1.share == b->top1.share && a->change.low == b->change.low &&
                        a->top5.share == b->top5.share && a->top1.high == b->top1.high);
        }
    }
    for (int i = 0; i < 3; i++)
        dv_ablation_free(&r[i]);
}

static bool at_once(void *ctx)
{
    (void)ctx;
    return true;
}

static void refused(const dv_ablate_options *o, dv_code code, const char *message)
{
    dv_ablation r;
    dv_error err;
    assert_false(dv_ablate(model, &images, o, &r, &err));
    dv_ablation_free(&r);
    assert_int_equal(err.code, code);
    if (!strstr(err.message, message))
        fail_msg("%s", err.message);
}

static void what_makes_no_sense_is_refused(void **state)
{
    (void)state;
    static const double much[] = { 0.5, 1.5, 2 }, fall[] = { 0.5, 0.3, 0.6 };
    static const dv_ablate_group first = { 1, { 1 } }, last = { 1, { 5 } };
    const int r2 = tensor_of(model, "r2"), y = tensor_of(model, "y");
    dv_ablate_options o = options_for(&r2);
    o.shares = much;
    refused(&o, DV_BAD_USAGE, "a share of 1.5");
    o.shares = fall;
    refused(&o, DV_BAD_USAGE, "0.3 stands behind 0.5");
    o = options_for(&y);
    refused(&o, DV_BAD_USAGE, "layer 2 gives the classes");
    o = options_for(&r2);
    o.n_skips = 1;
    o.skips = &first;
    refused(&o, DV_BAD_USAGE, "layer 1 (c1) makes (1,6,16,16) of (1,3,16,16)");
    o.skips = &last;
    refused(&o, DV_BAD_USAGE, "layer 5 (y) gives the output");
    o = options_for(&r2);
    o.probe = r2;
    refused(&o, DV_BAD_USAGE, "a probe is trained on classes");
    o = options_for(&r2);
    o.watch.cancelled = at_once;
    refused(&o, DV_CANCELLED, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_follows_is_computed_again_to_the_bytes_of_a_whole_pass),
        cmocka_unit_test(a_pass_without_a_part_is_shorter_and_has_its_values_from_before),
        cmocka_unit_test(silenced_units_cost_what_a_network_without_them_says),
        cmocka_unit_test(each_unit_is_silenced_by_itself),
        cmocka_unit_test(layers_are_left_out_as_in_a_network_without_them),
        cmocka_unit_test(what_was_silenced_is_there_again_for_the_next),
        cmocka_unit_test(cut_units_are_cut_out_of_those_that_read_them),
        cmocka_unit_test(threads_change_nothing),
        cmocka_unit_test(what_makes_no_sense_is_refused),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
