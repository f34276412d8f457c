/* A square over an image: what is told of it against images covered one by one. */
#include "album.h"
#include "deconvviz/occlude.h"
#include "net.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { SIDE = ALBUM_SIDE, PLANE = SIDE * SIDE, VALUES = 3 * PLANE, CLASSES = 5, MOST = PLANE };

static int set_up(void **state)
{
    (void)state;
    album_begin();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    album_end();
    return 0;
}

/* -- networks --------------------------------------------------------------------------------- */

static dv_model *classes_model(void)
{
    static const net_ints transposed[] = { { "transB", 0, { 1 } }, { 0 } };
    dv_model *m = net_new(3, SIDE, SIDE);
    net_conv(m, "x", "c1", 3, 4, 3, 1, 1, net_random, 7);
    net_add(m, "Relu", "c1", "r1", NULL);
    net_add(m, "MaxPool", "r1", "p1",
            (net_ints[]){ { "kernel_shape", 2, { 2, 2 } }, { "strides", 2, { 2, 2 } }, { 0 } });
    net_conv(m, "p1", "c2", 4, 6, 3, 1, 1, net_random, 9);
    net_add(m, "Relu", "c2", "r2", NULL);
    net_add(m, "Flatten", "r2", "flat", NULL);
    net_constant(m, "w", CLASSES, 6 * PLANE / 4, 0, 0, net_random, 11);
    net_add(m, "Gemm", "flat w", "y", transposed);
    net_finish(m, "y");
    memset(m->sha256, 'a', 64); /* there is no file */
    return m;
}

/* The pixel that the networks below look at. */
enum { PIXEL_Y = 5, PIXEL_X = 9, PIXEL = PIXEL_Y * SIDE + PIXEL_X };

static float pixel_weight = 1;

/* Weights of convolutions (n,3,SIDE,SIDE): that of the pixel in the first channel, else 0. */
static float only_the_pixel(uint32_t *state)
{
    return (*state)++ == PIXEL ? pixel_weight : 0;
}

/* Maps (n,1,1), of which the first is the pixel times `weight`, and the others are 0. */
static dv_model *pixel_model(int maps, float weight)
{
    dv_model *m = net_new(3, SIDE, SIDE);
    pixel_weight = weight;
    net_constant(m, "w", maps, 3, SIDE, SIDE, only_the_pixel, 0);
    net_add(m, "Conv", "x w", "y", NULL);
    net_finish(m, "y");
    memset(m->sha256, 'a', 64);
    return m;
}

/* -- runs ------------------------------------------------------------------------------------- */

/* What is told of one image, copied. */
typedef struct told {
    int n, n_failed;
    dv_occluded last;
    dv_occluded_at at[MOST];
    float saliency[PLANE];
    char shown[DV_OCCLUDE_SHOWN][32], layer[16];
    char failure[sizeof(((dv_error *)NULL)->message)];
} told;

static bool keep(void *ctx, const dv_occluded *f, dv_error *err)
{
    told *t = ctx;
    (void)err;
    t->n++;
    if (f->failed) {
        t->n_failed++;
        snprintf(t->failure, sizeof t->failure, "%s", f->failed->message);
        return true;
    }
    assert_in_range(f->rows * f->columns, 1, MOST);
    t->last = *f;
    snprintf(t->layer, sizeof t->layer, "%s", f->layer);
    memcpy(t->at, f->at, (size_t)(f->rows * f->columns) * sizeof *t->at);
    if (f->saliency)
        memcpy(t->saliency, f->saliency, sizeof t->saliency);
    for (int i = 0; i < f->n_shown; i++)
        snprintf(t->shown[i], sizeof t->shown[i], "%s", f->shown[i]);
    return true;
}

static dv_occlude_options usual(void)
{
    return (dv_occlude_options){
        .channel = -1, .of_class = -1, .preprocess = album_preprocess, .square = 5, .step = 2
    };
}

static bool run(const dv_model *m, const char *images, dv_occlude_options o, told *t, dv_error *err)
{
    dv_list list = { 0 };
    *t = (told){ .n = 0 };
    o.ctx = t;
    o.occluded = keep;
    const bool ok = dv_list_add(&list, images, err) && dv_occlude_images(m, &list, &o, err);
    dv_list_free(&list);
    return ok;
}

static told *must_run(const dv_model *m, const char *images, const dv_occlude_options *o)
{
    told *t = malloc(sizeof *t);
    dv_error err = { 0 };
    assert_non_null(t);
    if (!run(m, images, *o, t, &err))
        fail_msg("%s", err.message);
    return t;
}

static void read_input(const char *path, float input[VALUES])
{
    dv_error err;
    dv_image im;
    assert_true(dv_image_load(&im, path, &err) &&
                dv_prepare(&im, &album_preprocess, input, NULL, &err));
    dv_image_free(&im);
}

static float grey(void)
{
    return (128 * album_preprocess.scale - album_preprocess.mean[0]) / album_preprocess.std[0];
}

/* -- what is told ----------------------------------------------------------------------------- */

/* The input with a square of five pixels of grey, cut off at the edges. */
static void cover(const float *input, int at_y, int at_x, float covered[VALUES])
{
    memcpy(covered, input, sizeof(float[VALUES]));
    for (int c = 0; c < 3; c++)
        for (int y = at_y - 2; y <= at_y + 2; y++)
            for (int x = at_x - 2; x <= at_x + 2; x++)
                if (y >= 0 && x >= 0 && y < SIDE && x < SIDE)
                    covered[c * PLANE + y * SIDE + x] = grey();
}

/* A map's sum, the probability of a class and the best one by their definitions, of a whole pass.
 */
static void judge(const dv_model *m, dv_trace *t, const float *input, const dv_occluded *f,
                  double *sum, double *probability, int *best)
{
    double total = 0;
    assert_true(dv_trace_forward(t, input, NULL));
    const float *map = dv_trace_tensor(t, f->unit.tensor) + (size_t)f->unit.channel * (PLANE / 4);
    const float *score = dv_trace_tensor(t, dv_model_output(m));
    *sum = 0;
    *best = 0;
    for (int i = 0; i < PLANE / 4; i++)
        *sum += (double)map[i];
    for (int i = 0; i < CLASSES; i++) {
        total += exp((double)score[i]);
        *best = score[i] > score[*best] ? i : *best;
    }
    *probability = exp((double)score[f->of_class]) / total;
}

static void each_position_is_as_by_an_image_covered_by_hand(void **state)
{
    (void)state;
    dv_model *m = classes_model();
    const dv_occlude_options o = usual();
    told *t = must_run(m, "img/1.png", &o);
    const int keep_both[] = { t->last.unit.tensor, dv_model_output(m) };
    const dv_request r = { .n_keep = 2, .keep = keep_both };
    dv_plan *plan = dv_plan_new(m, &r, NULL, NULL);
    dv_trace *trace = dv_trace_new(plan, NULL, NULL);
    float input[VALUES], covered[VALUES];
    double sum, probability;
    int best, lost = 0;
    read_input("img/1.png", input);
    judge(m, trace, input, &t->last, &sum, &probability, &best);
    assert_true(fabs(sum - t->last.none.activation) <= 1e-9 * sum);
    assert_true(fabs(probability - (double)t->last.none.probability) <= 1e-6);
    assert_int_equal(best, t->last.none.best);
    assert_int_equal(best, t->last.of_class);
    for (int i = 0; i < 64; i++) {
        const dv_occluded_at *at = &t->at[i];
        cover(input, at->y, at->x, covered);
        judge(m, trace, covered, &t->last, &sum, &probability, &best);
        assert_true(fabs(sum - at->activation) <= 1e-9 * fabs(sum));
        assert_true(fabs(probability - (double)at->probability) <= 1e-6);
        assert_int_equal(best, at->best);
        assert_true(at->activation >= t->at[t->last.least_activation].activation);
        assert_true(at->probability >= t->at[t->last.least_probability].probability);
        lost += best != t->last.of_class;
    }
    assert_true(fabs(t->last.lost - lost / 64.0) < 1e-12);
    dv_trace_free(trace);
    dv_plan_free(plan);
    dv_model_free(m);
    free(t);
}

/* The strongest map of the last convolution, the second of the weight layers. */
static void the_strongest_map_of_the_last_convolution_is_looked_at(void **state)
{
    (void)state;
    dv_model *m = classes_model();
    dv_occlude_options o = usual();
    told *t = must_run(m, "img/1.png", &o);
    assert_string_equal(t->layer, "2");
    for (o.channel = 0; o.channel < 6; o.channel++) {
        told *other = must_run(m, "img/1.png", &o);
        assert_int_equal(other->last.unit.channel, o.channel);
        assert_true(other->last.none.activation <= t->last.none.activation);
        free(other);
    }
    free(t);
    dv_model_free(m);
}

static void boxes_and_threads_give_the_bytes_of_whole_passes(void **state)
{
    (void)state;
    dv_model *m = classes_model();
    for (int exact = 0; exact < 2; exact++)
        for (int fill = 0; fill < 3; fill++) {
            dv_occlude_options o = usual();
            o.exact = exact;
            o.fill = (dv_occlude_fill)fill;
            o.step = 1;
            o.plain = true;
            told *plain = must_run(m, "img/2.png", &o);
            o.plain = false;
            for (int threads = 1; threads <= 3; threads++) {
                dv_pool *pool = dv_pool_new(threads, NULL);
                o.pool = pool;
                told *t = must_run(m, "img/2.png", &o);
                assert_memory_equal(t->at, plain->at, sizeof t->at);
                free(t);
                dv_pool_free(pool);
            }
            free(plain);
        }
    dv_model_free(m);
}

/* -- where the square lies -------------------------------------------------------------------- */

static void positions_are_even_and_squares_cut_off_at_the_edges(void **state)
{
    (void)state;
    assert_int_equal(dv_occlude_positions(224, 16), 14);
    assert_int_equal(dv_occlude_positions(227, 16), 15);
    assert_int_equal(dv_occlude_positions(16, 100), 1);
    dv_model *m = classes_model();
    dv_occlude_options o = usual();
    o.step = 5; /* four of 4 pixels */
    told *t = must_run(m, "img/1.png", &o);
    assert_int_equal(t->last.rows, 4);
    assert_int_equal(t->last.columns, 4);
    for (int i = 0; i < 16; i++) {
        const dv_occluded_at *at = &t->at[i];
        const int y = 2 + 4 * (i / 4), x = 2 + 4 * (i % 4);
        const dv_rect r = { x - 2, y - 2, x + 3 < SIDE ? x + 3 : SIDE,
                            y + 3 < SIDE ? y + 3 : SIDE };
        assert_int_equal(at->y, y);
        assert_int_equal(at->x, x);
        assert_memory_equal(&at->square, &r, sizeof r);
    }
    free(t);
    o.square = 8;
    o.step = 8; /* an even one begins half its side before the middle */
    t = must_run(m, "img/1.png", &o);
    assert_memory_equal(&t->at[0].square, &((dv_rect){ 0, 0, 8, 8 }), sizeof(dv_rect));
    assert_memory_equal(&t->at[3].square, &((dv_rect){ 8, 8, 16, 16 }), sizeof(dv_rect));
    free(t);
    dv_model_free(m);
}

static void a_map_of_one_pixel_reacts_there_alone(void **state)
{
    (void)state;
    float input[VALUES];
    read_input("img/3.png", input);
    const float sign = input[PIXEL] < 0 ? -1 : 1;
    dv_model *m = pixel_model(1, sign);
    dv_occlude_options o = usual();
    o.step = 1;
    told *t = must_run(m, "img/3.png", &o);
    assert_int_equal(t->last.of_class, -1); /* one value is no list of classes */
    int covered = 0;
    for (int i = 0; i < PLANE; i++) {
        const dv_occluded_at *at = &t->at[i];
        const bool hit = abs(at->y - PIXEL_Y) <= 2 && abs(at->x - PIXEL_X) <= 2;
        assert_true(at->activation == (double)(sign * (hit ? grey() : input[PIXEL])));
        assert_true(at->energy == (hit ? 1 : 0));
        assert_int_equal(at->best, -1);
        assert_true(isnan(at->probability));
        covered += hit;
    }
    const double loss = 1 - (double)grey() / (double)input[PIXEL];
    assert_int_equal(covered, 25);
    assert_true(fabs(t->last.agreement - 1) < 1e-9);
    assert_true(t->last.agreement_turned < 0); /* where the pixel is not */
    assert_true(fabs(t->last.loss_there - loss) < 1e-6);
    assert_true(fabs(t->last.loss_mean - loss * 25 / PLANE) < 1e-6);
    free(t);
    dv_model_free(m);
}

/* -- masks ------------------------------------------------------------------------------------ */

static void masks_find_the_pixel_that_decides(void **state)
{
    (void)state;
    float input[VALUES];
    read_input("img/3.png", input);
    dv_model *m = pixel_model(2, 8 / input[PIXEL]);
    dv_occlude_options o = usual();
    o.masks = 300;
    o.seed = 5;
    told *one = must_run(m, "img/3.png", &o);
    int most = 0;
    for (int i = 0; i < PLANE; i++)
        most = one->saliency[i] > one->saliency[most] ? i : most;
    assert_true(abs(most / SIDE - PIXEL_Y) <= 2 && abs(most % SIDE - PIXEL_X) <= 2);
    assert_true(one->last.halves > 0.5 && one->last.halves < 1);
    for (int threads = 2; threads <= 3; threads++) {
        dv_pool *pool = dv_pool_new(threads, NULL);
        o.pool = pool;
        told *t = must_run(m, "img/3.png", &o);
        assert_memory_equal(t->saliency, one->saliency, sizeof t->saliency);
        free(t);
        dv_pool_free(pool);
    }
    o.pool = NULL;
    o.seed = 6;
    told *t = must_run(m, "img/3.png", &o);
    assert_memory_not_equal(t->saliency, one->saliency, sizeof t->saliency);
    free(t);
    free(one);
    dv_model_free(m);
}

/* A weighted mean lies within what it is of; half of a mask is seen, on average. */
static void a_saliency_is_a_mean_of_probabilities(void **state)
{
    (void)state;
    dv_model *m = pixel_model(2, 0); /* both classes are as probable, whatever is seen */
    dv_occlude_options o = usual();
    o.masks = 3;
    told *t = must_run(m, "img/1.png", &o);
    for (int i = 0; i < PLANE; i++)
        assert_true(fabsf(t->saliency[i] - 0.5F) < 1e-6F || isnan(t->saliency[i]));
    free(t);
    dv_model_free(m);
}

/* -- other images ----------------------------------------------------------------------------- */

static int by_value(const void *a, const void *b)
{
    const float *p = a, *q = b;
    return (p[0] < q[0]) - (p[0] > q[0]);
}

static void others_are_those_on_which_the_map_is_strongest(void **state)
{
    (void)state;
    float input[VALUES], strong[ALBUM_IMAGES][2];
    char path[32];
    int n = 0;
    dv_model *m = pixel_model(1, 1);
    dv_list all = { 0 };
    dv_occlude_options o = usual();
    assert_true(dv_list_add(&all, "img", NULL));
    o.ending = ".png";
    o.place.file = "figure.png";
    o.figure = (dv_figure_file){ .width = 60, .dpi = 60 };
    for (int i = 0; i < ALBUM_IMAGES; i++) {
        snprintf(path, sizeof path, "img/%d.png", i);
        read_input(path, input);
        strong[n][0] = input[PIXEL];
        strong[n][1] = (float)i;
        n += input[PIXEL] > 0 && i != 0;
    }
    qsort(strong, (size_t)n, sizeof *strong, by_value);
    o.others = &all;
    told *t = must_run(m, "img/0.png", &o);
    assert_int_equal(t->last.n_shown, n < DV_OCCLUDE_SHOWN ? n : DV_OCCLUDE_SHOWN);
    assert_true(n > 0);
    for (int i = 0; i < t->last.n_shown; i++) {
        snprintf(path, sizeof path, "img/%d.png", (int)strong[i][1]);
        assert_string_equal(t->shown[i], path);
    }
    assert_int_equal(access("figure.png", F_OK), 0);
    free(t);
    dv_list_free(&all);
    dv_model_free(m);
}

static void a_figure_needs_no_labels_and_stands_beside_others(void **state)
{
    (void)state;
    dv_model *m = classes_model();
    dv_occlude_options o = usual();
    o.ending = ".svg";
    o.place.folder = "";
    o.masks = 2;
    o.figure = (dv_figure_file){ .width = 85, .dpi = 50 };
    told *t = must_run(m, "img", &o);
    assert_int_equal(t->n, ALBUM_IMAGES);
    assert_int_equal(t->n_failed, 0);
    assert_int_equal(t->last.n_shown, DV_OCCLUDE_SHOWN);
    for (int i = 0; i < ALBUM_IMAGES; i++) {
        char path[32];
        snprintf(path, sizeof path, "%d-occlude.svg", i);
        assert_int_equal(access(path, F_OK), 0);
    }
    free(t);
    dv_model_free(m);
}

/* -- how it fails ----------------------------------------------------------------------------- */

static void an_image_that_fails_is_left_out_unless_it_is_the_only_one(void **state)
{
    (void)state;
    dv_model *m = classes_model();
    dv_occlude_options o = usual();
    dv_error err;
    told *t = malloc(sizeof *t);
    assert_int_equal(system("echo no > img/bad.png"), 0);
    assert_true(run(m, "img", o, t, &err));
    assert_int_equal(t->n, ALBUM_IMAGES + 1);
    assert_int_equal(t->n_failed, 1);
    assert_non_null(strstr(t->failure, "img/bad.png"));
    assert_false(run(m, "img/bad.png", o, t, &err));
    assert_int_equal(unlink("img/bad.png"), 0);
    free(t);
    dv_model_free(m);
}

static void what_makes_no_sense_is_refused(void **state)
{
    (void)state;
    dv_model *m = classes_model(), *pixel = pixel_model(1, 1);
    told *t = malloc(sizeof *t);
    dv_occlude_options wrong[] = { usual(), usual(), usual(), usual(), usual() };
    dv_error err;
    wrong[0].channel = 6;
    wrong[1].square = SIDE + 1;
    wrong[2].of_class = CLASSES;
    wrong[3].layer = "nosuch";
    wrong[4].masks = 2;
    wrong[4].no_classes = true;
    for (int i = 0; i < 5; i++) {
        assert_false(run(m, "img/1.png", wrong[i], t, &err));
        assert_int_equal(err.code, DV_BAD_USAGE);
    }
    wrong[0] = usual();
    wrong[0].masks = 2;
    assert_false(run(pixel, "img/1.png", wrong[0], t, &err));
    assert_int_equal(err.code, DV_BAD_USAGE);
    dv_model_free(m);
    dv_model_free(pixel);
    free(t);
}

typedef struct question {
    int asked, limit;
    int64_t done, total;
} question;

static bool at_last(void *ctx)
{
    question *q = ctx;
    return q->asked++ >= q->limit;
}

static void count(void *ctx, int64_t done, int64_t total)
{
    question *q = ctx;
    assert_true(done > q->done && done <= total && (q->total == 0 || q->total == total));
    q->done = done;
    q->total = total;
}

static void it_stops_when_it_is_asked_to_and_leaves_no_figure(void **state)
{
    (void)state;
    dv_model *m = classes_model();
    dv_occlude_options o = usual();
    told *t = malloc(sizeof *t);
    dv_error err;
    question q;
    o.masks = 4;
    for (int limit = 0;; limit += 3) {
        q = (question){ .limit = limit };
        o.watch = (dv_watch){ .ctx = &q, .cancelled = at_last, .progress = count };
        if (run(m, "img", o, t, &err))
            break;
        assert_int_equal(err.code, DV_CANCELLED);
        assert_int_equal(strncmp(err.message, "cancelled after ", 16), 0);
        assert_true(limit < 1000);
    }
    assert_int_equal(q.done, (64 + 4) * ALBUM_IMAGES);
    assert_int_equal(q.total, q.done);
    free(t);
    dv_model_free(m);
}

/* -- names of classes ------------------------------------------------------------------------- */

static void a_class_has_a_short_name_and_is_found_by_many(void **state)
{
    (void)state;
    char tench[] = "n01440764 tench, Tinca tinca", goldfish[] = "goldfish", none[] = "",
         short_id[] = "n0144076 short",
         rather_long[] = "a name that is longer than what there is room for, whatever";
    char *text[] = { tench, goldfish, none, short_id, rather_long };
    const dv_labels l = { 5, text };
    char name[DV_LABEL_SHORT_MAX];
    int found;
    dv_error err;
    assert_string_equal(dv_label_short(&l, 0, name), "tench");
    assert_string_equal(dv_label_short(&l, 1, name), "goldfish");
    assert_string_equal(dv_label_short(&l, 2, name), "class 2");
    assert_string_equal(dv_label_short(&l, 3, name), "n0144076 short");
    assert_string_equal(dv_label_short(&l, 4, name),
                        "a name that is longer than what there is room f");
    assert_string_equal(dv_label_short(&l, 7, name), "class 7");
    assert_true(dv_label_find(&l, "n01440764", 5, &found, &err) && found == 0);
    assert_true(dv_label_find(&l, "tench", 5, &found, &err) && found == 0);
    assert_true(dv_label_find(&l, "goldfish", 5, &found, &err) && found == 1);
    assert_true(dv_label_find(&l, "4", 5, &found, &err) && found == 4);
    assert_false(dv_label_find(&l, "5", 5, &found, &err));
    assert_false(dv_label_find(&l, "carp", 5, &found, &err));
    assert_int_equal(err.code, DV_BAD_USAGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_position_is_as_by_an_image_covered_by_hand),
        cmocka_unit_test(the_strongest_map_of_the_last_convolution_is_looked_at),
        cmocka_unit_test(boxes_and_threads_give_the_bytes_of_whole_passes),
        cmocka_unit_test(positions_are_even_and_squares_cut_off_at_the_edges),
        cmocka_unit_test(a_map_of_one_pixel_reacts_there_alone),
        cmocka_unit_test(masks_find_the_pixel_that_decides),
        cmocka_unit_test(a_saliency_is_a_mean_of_probabilities),
        cmocka_unit_test(others_are_those_on_which_the_map_is_strongest),
        cmocka_unit_test(a_figure_needs_no_labels_and_stands_beside_others),
        cmocka_unit_test(an_image_that_fails_is_left_out_unless_it_is_the_only_one),
        cmocka_unit_test(what_makes_no_sense_is_refused),
        cmocka_unit_test(it_stops_when_it_is_asked_to_and_leaves_no_figure),
        cmocka_unit_test(a_class_has_a_short_name_and_is_found_by_many),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
