/* What networks say of images: one or several, of one view or ten; and what that comes to over a
 * labelled set. */
#include "album.h"
#include "deconvviz/classify.h"
#include "run/scores.h"
#include "studies/tally.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { CLASSES = ALBUM_CHANNELS * ALBUM_SIDE * ALBUM_SIDE / 4, PIXELS = ALBUM_SIDE * ALBUM_SIDE };

static dv_model *model;
static dv_list images;

static int set_up(void **state)
{
    (void)state;
    dv_error err;
    album_begin();
    model = album_model();
    return dv_list_add(&images, "img", &err) ? 0 : 1;
}

static int tear_down(void **state)
{
    (void)state;
    dv_list_free(&images);
    dv_model_free(model);
    album_end();
    return 0;
}

/* Wider than the network's input, so that views differ. */
static dv_preprocess wide(void)
{
    dv_preprocess p = album_preprocess;
    p.resize = ALBUM_SIDE + 5;
    return p;
}

static dv_image load(int i)
{
    dv_image im;
    dv_error err;
    assert_true(dv_image_load(&im, dv_list_path(&images, i), &err));
    return im;
}

/* -- views ------------------------------------------------------------------------------------ */

static void ten_views_are_corners_centre_and_mirrors(void **state)
{
    (void)state;
    const int side = ALBUM_SIDE + 5, far = 5, middle = 2; /* 2.5: to the even one */
    const int x0[5] = { 0, far, 0, far, middle }, y0[5] = { 0, 0, far, far, middle };
    dv_preprocess p = wide(), whole = wide();
    static float view[3 * PIXELS], all[3 * (ALBUM_SIDE + 5) * (ALBUM_SIDE + 5)], centre[3 * PIXELS];
    dv_error err;
    dv_image im = load(0);
    whole.size[0] = whole.size[1] = side;
    assert_true(dv_prepare(&im, &whole, all, NULL, &err));
    assert_true(dv_prepare(&im, &p, centre, NULL, &err));
    for (int crop = 0; crop < DV_CROPS; crop++) {
        assert_true(dv_prepare_crop(&im, &p, crop, view, &err));
        for (int c = 0; c < 3; c++)
            for (int y = 0; y < ALBUM_SIDE; y++)
                for (int x = 0; x < ALBUM_SIDE; x++) {
                    const int at = x0[crop % 5] + x, from = crop < 5 ? at : side - 1 - at;
                    const float want = all[(c * side + y0[crop % 5] + y) * side + from];
                    assert_true(view[(c * ALBUM_SIDE + y) * ALBUM_SIDE + x] == want);
                }
        if (crop == DV_CROP_CENTRE)
            assert_memory_equal(view, centre, sizeof view);
    }
    dv_image_free(&im);
}

/* -- averages --------------------------------------------------------------------------------- */

/* Adds the probabilities of one view. */
static void add_view(dv_trace *t, const dv_image *im, const dv_preprocess *p, int crop, double *sum)
{
    float input[3 * PIXELS];
    dv_error err;
    assert_true(dv_prepare_crop(im, p, crop, input, &err) && dv_trace_forward(t, input, &err));
    const float *score = dv_trace_tensor(t, dv_model_output(model));
    double most = -1e30, total = 0;
    for (int i = 0; i < CLASSES; i++)
        most = fmax(most, (double)score[i]);
    for (int i = 0; i < CLASSES; i++)
        total += exp((double)score[i] - most);
    for (int i = 0; i < CLASSES; i++)
        sum[i] += exp((double)score[i] - most) / total;
}

typedef struct expectation {
    double p[ALBUM_IMAGES][CLASSES];
    int seen;
} expectation;

static bool compare(void *ctx, const dv_classified *c, dv_error *err)
{
    expectation *e = ctx;
    const double *p = e->p[e->seen++];
    (void)err;
    assert_null(c->failed);
    for (int k = 0; k < c->n; k++)
        assert_true(fabs((double)c->probability[k] - p[c->best[k]]) < 1e-6);
    for (int i = 0; i < CLASSES; i++)
        assert_true(p[i] <= p[c->best[0]] + 1e-6);
    return true;
}

static void check_average(const dv_classifier *networks, int n, int crops, dv_pool *pool)
{
    expectation *e = calloc(1, sizeof *e);
    const int output = dv_model_output(model);
    const dv_request r = { .n_keep = 1, .keep = &output };
    dv_classify_result result;
    dv_error err;
    dv_plan *plan = dv_plan_new(model, &r, NULL, &err);
    dv_trace *t = dv_trace_new(plan, NULL, &err);
    for (int i = 0; i < ALBUM_IMAGES; i++) {
        dv_image im = load(i);
        for (int k = 0; k < n; k++) {
            double sum[CLASSES] = { 0 };
            for (int v = 0; v < crops; v++)
                add_view(t, &im, &networks[k].preprocess, crops > 1 ? v : DV_CROP_CENTRE, sum);
            for (int j = 0; j < CLASSES; j++)
                e->p[i][networks[k].classes ? networks[k].classes[j] : j] += sum[j] / n / crops;
        }
        dv_image_free(&im);
    }
    const dv_classify_options o = { .n_models = n,
                                    .models = networks,
                                    .crops = crops,
                                    .pool = pool,
                                    .ctx = e,
                                    .classified = compare };
    assert_true(dv_classify_images(&images, &o, &result, &err));
    assert_int_equal(e->seen, ALBUM_IMAGES);
    dv_trace_free(t);
    dv_plan_free(plan);
    free(e);
}

static void views_and_networks_are_averaged(void **state)
{
    (void)state;
    static int turned[CLASSES];
    for (int i = 0; i < CLASSES; i++)
        turned[i] = (i + 7) % CLASSES;
    const dv_classifier networks[] = {
        { .model = model, .preprocess = wide() },
        { .model = model, .preprocess = album_preprocess, .classes = turned }
    };
    dv_error err;
    dv_pool *pool = dv_pool_new(2, &err);
    check_average(networks, 1, 1, NULL);
    check_average(&networks[1], 1, 1, pool);
    check_average(networks, 1, DV_CROPS, pool);
    check_average(networks, 2, 1, NULL);
    check_average(networks, 2, DV_CROPS, pool);
    dv_pool_free(pool);
}

static void what_cannot_be_asked_is_refused(void **state)
{
    (void)state;
    dv_classifier network = { .model = model, .preprocess = album_preprocess };
    dv_classify_options o = { .n_models = 0, .models = &network };
    dv_classify_result r;
    dv_error err;
    assert_false(dv_classify_images(&images, &o, &r, &err));
    assert_int_equal(err.code, DV_BAD_USAGE);
    o.n_models = 1;
    o.crops = 5;
    assert_false(dv_classify_images(&images, &o, &r, &err));
    assert_string_equal(err.message, "5 crops: 1 and 10 are possible");
}

/* -- labels ----------------------------------------------------------------------------------- */

static void labels_of_another_order_are_found_by_name(void **state)
{
    (void)state;
    char tench[] = "n1 tench", hen[] = "n2 hen", cock[] = "n3 cock", n3[] = "n3", n1[] = "n1";
    char a_hen[] = "n2 a hen", n9[] = "n9";
    char *first[] = { tench, hen, cock }, *second[] = { n3, n1, a_hen };
    char *twice[] = { n3, cock, n1 }, *other[] = { n3, n9, n1 };
    const dv_labels of = { 3, first };
    dv_labels l = { 3, second };
    dv_error err;
    int classes[3];
    assert_true(dv_labels_match(&l, &of, classes, &err));
    assert_true(classes[0] == 2 && classes[1] == 0 && classes[2] == 1);
    l.text = twice;
    assert_false(dv_labels_match(&l, &of, classes, &err));
    assert_non_null(strstr(err.message, "a second time"));
    l.text = other;
    assert_false(dv_labels_match(&l, &of, classes, &err));
    assert_non_null(strstr(err.message, "'n9', is none"));
    l.n = 2;
    assert_false(dv_labels_match(&l, &of, classes, &err));
}

/* -- a labelled set --------------------------------------------------------------------------- */

static void add(dv_tally *t, int truth, int best, float probability, int rank)
{
    dv_classified c = { .n = 1, .truth = truth, .rank = rank };
    c.best[0] = best;
    c.probability[0] = probability;
    dv_tally_add(t, &c);
}

static void a_tally_counts_classes_confusions_and_confidence(void **state)
{
    (void)state;
    char a[] = "a", b[] = "b", c[] = "c", *names[] = { a, b, c };
    const dv_labels labels = { 3, names };
    dv_tally t = { .labels = &labels };
    dv_error err;
    assert_true(dv_tally_begin(&t, 3, &err));
    add(&t, 0, 0, 0.99F, 1);
    add(&t, 0, 1, 0.99F, 2);
    add(&t, 0, 2, 0.4F, 6);
    add(&t, 0, 2, 0.4F, 7);
    add(&t, 1, 1, 1, 1);
    add(&t, -1, 1, 1, 1); /* its class is not known */
    assert_true(dv_tally_close(&t, &err));
    assert_int_equal(t.images, 5);
    assert_int_equal(t.n_wrong, 2);
    assert_true(t.wrong[0].truth == 0 && t.wrong[0].best == 2 && t.wrong[0].images == 2);
    assert_true(t.wrong[1].truth == 0 && t.wrong[1].best == 1 && t.wrong[1].images == 1);
    assert_true(t.classes[0].images == 4 && t.classes[0].right1 == 1 && t.classes[0].right5 == 2);
    assert_true(t.classes[0].taken_for == 2 && t.classes[0].taken_images == 2);
    assert_int_equal(t.classes[1].taken_for, -1);
    /* two at 0.4, none right; three near 1, two of them right */
    assert_true(fabs(dv_tally_calibration_error(&t) - (0.8 + fabs(2.98 - 2)) / 5) < 1e-6);
    dv_text csv = { 0 };
    dv_table classes = dv_tally_classes_table(&t);
    dv_table_print_csv(&classes, &csv);
    assert_non_null(strstr(csv.data, "\n0,a,4,0.25,0.0455873,0.699358,0.5,2,c,2"));
    assert_null(strstr(csv.data, ",c,0,")); /* a class without images has no row */
    dv_table_free(&classes);
    free(csv.data);
    dv_tally_free(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ten_views_are_corners_centre_and_mirrors),
        cmocka_unit_test(views_and_networks_are_averaged),
        cmocka_unit_test(what_cannot_be_asked_is_refused),
        cmocka_unit_test(labels_of_another_order_are_found_by_name),
        cmocka_unit_test(a_tally_counts_classes_confusions_and_confidence),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
