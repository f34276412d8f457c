/* Parts of images covered: what is told of them against everything done one by one, and files of
 * parts that are not what they should be. */
#include "album.h"
#include "deconvviz/correspond.h"
#include "deconvviz/load.h"
#include "image/cover.h"
#include "net.h"
#include "studies/correspond.h"
#include "studies/correspond_study.h"

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

enum { PARTS = 2, REPEATS = 3, BOXES = PARTS * (1 + REPEATS), LAYERS = 2 };

static const char *const layers[LAYERS] = { "r1", "r2" };
static dv_model *model;

/* -- beforehand ------------------------------------------------------------------------------- */

static void write_text(const char *path, const char *text)
{
    FILE *f = fopen(path, "w");
    assert_true(f && fputs(text, f) >= 0 && fclose(f) == 0);
}

/* A picture of one grey. */
static void write_grey(const char *path, uint8_t grey)
{
    uint8_t pixels[ALBUM_SIDE * ALBUM_SIDE * 3];
    dv_error err;
    memset(pixels, grey, sizeof pixels);
    const dv_image im = { ALBUM_SIDE, ALBUM_SIDE, pixels };
    assert_true(dv_image_write(&im, path, &err));
}

static int set_up(void **state)
{
    (void)state;
    album_begin();
    model = album_model();
    write_grey("white.png", 255);
    write_grey("black.png", 0);
    write_text("parts.json",
               "{\"format\": \"deconvviz-parts\", \"version\": 1, \"note\": \"five\", \"images\": ["
               "{\"image\": \"img/0.png\", \"parts\": {\"a\": [1,2,6,7], \"b\": [9,8,13,15]}},"
               "{\"image\": \"img/1.png\", \"parts\": {\"a\": [2,2,7,9], \"b\": [8,8,12,13]}},"
               "{\"image\": \"img/2.png\", \"parts\": {\"a\": [1,1,5,6], \"b\": [9,9,16,16]}},"
               "{\"image\": \"img/3.png\", \"parts\": {\"b\": [9,7,14,14], \"a\": [0,0,6,7]}},"
               "{\"image\": \"img/4.png\", \"parts\": {\"a\": [3,2,8,8], \"b\": [7,9,13,16]}}]}");
    write_text("same.json", "[{\"image\": \"img/1.png\", \"parts\": {\"a\": [1,2,6,7]}},"
                            "{\"image\": \"img/1.png\", \"parts\": {\"a\": [1,2,6,7]}},"
                            "{\"image\": \"img/1.png\", \"parts\": {\"a\": [1,2,6,7]}}]");
    write_text("opposite.json", "[{\"image\": \"white.png\", \"parts\": {\"all\": [0,0,16,16]}},"
                                "{\"image\": \"black.png\", \"parts\": {\"all\": [0,0,16,16]}}]");
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    dv_model_free(model);
    album_end();
    return 0;
}

static dv_parts read_parts(const char *path)
{
    dv_parts p;
    dv_error err = { 0 };
    if (!dv_parts_read(&p, path, NULL, &err))
        fail_msg("%s", err.message);
    return p;
}

static dv_correspond_options options_of(const dv_parts *parts)
{
    return (dv_correspond_options){ .parts = parts,
                                    .n_layers = LAYERS,
                                    .layers = layers,
                                    .repeats = REPEATS,
                                    .resamples = 50,
                                    .seed = 7,
                                    .preprocess = album_preprocess,
                                    .shown = 2 };
}

static void correspond(const dv_model *m, const dv_correspond_options *o, dv_correspondence *r)
{
    dv_error err = { 0 };
    if (!dv_correspond(m, o, r, &err))
        fail_msg("%s", err.message);
}

/* -- against one by one ----------------------------------------------------------------------- */

enum { MOST = ALBUM_CHANNELS * ALBUM_SIDE * ALBUM_SIDE };

/* A whole pass of an image with a box covered; its activations of a layer. Returns how many. */
static size_t activations(const char *path, dv_cover fill, dv_rect b, int tensor, float *to)
{
    float input[3 * ALBUM_SIDE * ALBUM_SIDE];
    dv_error err;
    dv_image im, cover;
    const dv_request r = { .n_keep = 1, .keep = &tensor };
    assert_true(dv_image_load(&im, path, &err) && dv_cover_all(&cover, &im, fill, &err));
    for (int y = b.y0; y < b.y1; y++)
        for (int x = 3 * b.x0; x < 3 * b.x1; x++)
            im.rgb[y * 3 * im.width + x] = cover.rgb[y * 3 * im.width + x];
    assert_true(dv_prepare(&im, &album_preprocess, input, NULL, &err));
    dv_image_free(&im);
    dv_image_free(&cover);
    dv_plan *plan = dv_plan_new(model, &r, NULL, &err);
    dv_trace *trace = dv_trace_new(plan, NULL, &err);
    assert_true(dv_trace_forward(trace, input, &err));
    const size_t n = dv_shape_count(dv_tensor_shape(model, tensor));
    memcpy(to, dv_trace_tensor(trace, tensor), n * sizeof *to);
    dv_trace_free(trace);
    dv_plan_free(plan);
    return n;
}

static int sign_of(float v, float least)
{
    return v > least ? 1 : v < -least ? -1 : 0;
}

/* Of all pairs under one box: the number of scores, and their sums. */
typedef struct tally {
    double n, change, change_squares, agreement, opposite, changed;
} tally;

static void compare_pairs(int8_t signs[ALBUM_IMAGES][MOST], size_t n, tally *t)
{
    for (int i = 0; i < ALBUM_IMAGES; i++)
        for (int j = 0; j < i; j++) {
            double differ = 0, opposite = 0, by_chance = 1;
            for (size_t k = 0; k < n; k++) {
                differ += signs[i][k] != signs[j][k];
                opposite += signs[i][k] * signs[j][k] < 0;
            }
            for (int sign = -1; sign <= 1; sign++) {
                double a = 0, b = 0;
                for (size_t k = 0; k < n; k++) {
                    a += signs[i][k] == sign;
                    b += signs[j][k] == sign;
                }
                by_chance -= a / (double)n * (b / (double)n);
            }
            differ /= (double)n;
            t->n++;
            t->change += differ;
            t->change_squares += differ * differ;
            t->agreement += 1 - differ / by_chance;
            t->opposite += opposite / (double)n;
        }
}

static void near(double a, double b)
{
    if (!(fabs(a - b) <= 1e-9))
        fail_msg("%.12g is not %.12g", a, b);
}

static void check_score(const dv_correspondence *r, bool against, const tally *t, int boxes)
{
    const dv_sign_scores *change = &r->measures[DV_SIGN_CHANGE];
    const dv_sign_scores *agreement = &r->measures[DV_SIGN_AGREEMENT];
    const dv_sign_score *s = against ? &change->against : &change->part;
    const dv_sign_shares *shares = against ? &r->against : &r->covered;
    const double mean = t->change / t->n;
    near(s->mean, mean);
    near(s->deviation, sqrt((t->change_squares - t->n * mean * mean) / (t->n - 1)));
    near((against ? agreement->against : agreement->part).mean, t->agreement / t->n);
    near(shares->opposite, t->opposite / t->n);
    near(shares->changed, t->changed / (ALBUM_IMAGES * boxes));
}

/* One part in one layer, or the boxes it is held against. */
static void check_boxes(const dv_covering *c, const dv_correspondence *r, dv_cover fill, int tensor,
                        int first, int boxes)
{
    static float whole[MOST], covered[MOST];
    static int8_t signs[ALBUM_IMAGES][MOST];
    tally t = { 0 };
    for (int b = 0; b < boxes; b++) {
        size_t n = 0;
        for (int i = 0; i < ALBUM_IMAGES; i++) {
            const char *path = dv_list_path(&c->o->parts->images, i);
            const dv_rect nothing = { 0 }, box = dv_covering_box(c, i, first + b * PARTS);
            activations(path, fill, nothing, tensor, whole);
            n = activations(path, fill, box, tensor, covered);
            float least = 0;
            for (size_t k = 0; k < n; k++)
                least = fmaxf(least, 1e-5F * fabsf(whole[k]));
            for (size_t k = 0; k < n; k++) {
                signs[i][k] = (int8_t)sign_of(whole[k] - covered[k], least);
                t.changed += (signs[i][k] != 0) / (double)n;
            }
        }
        compare_pairs(signs, n, &t);
    }
    check_score(r, first >= PARTS, &t, boxes);
}

static void scores_are_those_of_whole_passes_one_by_one(void **state)
{
    (void)state;
    dv_parts parts = read_parts("parts.json");
    for (int fill = 0; fill < 3; fill++) {
        dv_correspondence r[LAYERS * (PARTS + 1)];
        dv_correspond_options o = options_of(&parts);
        dv_covering c;
        dv_error err;
        o.fill = (dv_part_fill)fill;
        o.against = fill == 1 ? DV_AGAINST_PLACES : DV_AGAINST_RANDOM;
        correspond(model, &o, r);
        assert_true(dv_covering_begin(&c, model, &o, &err));
        for (int l = 0; l < LAYERS; l++)
            for (int p = 0; p < PARTS; p++) {
                const dv_correspondence *one = &r[l * (PARTS + 1) + p];
                assert_int_equal(one->layer, l);
                assert_int_equal(one->part, p);
                check_boxes(&c, one, (dv_cover)fill, c.layers[l].tensor, p, 1);
                check_boxes(&c, one, (dv_cover)fill, c.layers[l].tensor, p + PARTS, REPEATS);
            }
        dv_covering_end(&c);
    }
    dv_parts_free(&parts);
}

static void all_parts_are_the_mean_of_each(void **state)
{
    (void)state;
    dv_parts parts = read_parts("parts.json");
    const dv_correspond_options o = options_of(&parts);
    dv_correspondence r[LAYERS * (PARTS + 1)];
    correspond(model, &o, r);
    for (int l = 0; l < LAYERS; l++)
        for (int k = 0; k < DV_N_SIGN_MEASURES; k++) {
            const dv_correspondence *a = &r[l * (PARTS + 1)];
            const dv_sign_scores *all = &a[PARTS].measures[k];
            near(all->part.mean, (a[0].measures[k].part.mean + a[1].measures[k].part.mean) / 2);
            near(all->against.mean,
                 (a[0].measures[k].against.mean + a[1].measures[k].against.mean) / 2);
            near(all->difference, all->part.mean - all->against.mean);
            assert_true(all->interval[0] <= all->difference && all->difference <= all->interval[1]);
        }
    dv_parts_free(&parts);
}

/* -- both ends of the scale ------------------------------------------------------------------- */

static void one_image_covered_alike_never_differs(void **state)
{
    (void)state;
    dv_parts parts = read_parts("same.json");
    const dv_correspond_options o = options_of(&parts);
    dv_correspondence r[LAYERS * 2];
    correspond(model, &o, r);
    for (int l = 0; l < LAYERS; l++) {
        const dv_sign_score *change = &r[2 * l].measures[DV_SIGN_CHANGE].part;
        const dv_sign_score *agreement = &r[2 * l].measures[DV_SIGN_AGREEMENT].part;
        assert_true(r[2 * l].covered.changed > 0);
        assert_true(change->mean == 0 && change->deviation == 0);
        assert_true(change->interval[0] == 0 && change->interval[1] == 0);
        near(agreement->mean, 1);
        assert_true(r[2 * l].measures[DV_SIGN_CHANGE].against.mean > 0);
    }
    dv_parts_free(&parts);
}

static float half(uint32_t *state)
{
    (void)state;
    return 0.5F;
}

static void opposite_changes_differ_in_every_feature(void **state)
{
    (void)state;
    dv_model *linear = net_new(3, ALBUM_SIDE, ALBUM_SIDE);
    net_conv(linear, "x", "y", 3, 2, 1, 1, 0, half, 1);
    net_finish(linear, "y");
    const char *const layer = "y";
    dv_parts parts = read_parts("opposite.json");
    dv_correspond_options o = options_of(&parts);
    o.n_layers = 1;
    o.layers = &layer;
    dv_correspondence r[2];
    correspond(linear, &o, r);
    assert_true(r->measures[DV_SIGN_CHANGE].part.mean == 1);
    assert_true(r->covered.opposite == 1 && r->covered.changed == 1);
    assert_true(isnan(r->measures[DV_SIGN_CHANGE].interval[0])); /* of two images */
    assert_null(dv_correspond_verdict(&r->measures[DV_SIGN_CHANGE]));
    dv_parts_free(&parts);
    dv_model_free(linear);
}

/* -- chance ----------------------------------------------------------------------------------- */

static void boxes_are_of_their_parts_sizes_inside_the_image(void **state)
{
    (void)state;
    dv_parts parts = read_parts("parts.json");
    dv_correspond_options o = options_of(&parts);
    o.repeats = 40;
    for (int against = 0; against < 2; against++) {
        dv_covering c;
        dv_error err;
        bool edge[4] = { false };
        o.against = (dv_part_against)against;
        assert_true(dv_covering_begin(&c, model, &o, &err));
        for (int i = 0; i < c.n_images; i++)
            for (int b = PARTS; b < c.n_boxes; b++) {
                const dv_rect part = dv_covering_box(&c, i, b % PARTS);
                const dv_rect box = dv_covering_box(&c, i, b);
                assert_int_equal(box.x1 - box.x0, part.x1 - part.x0);
                assert_int_equal(box.y1 - box.y0, part.y1 - part.y0);
                assert_true(box.x0 >= 0 && box.y0 >= 0);
                assert_true(box.x1 <= ALBUM_SIDE && box.y1 <= ALBUM_SIDE);
                edge[0] |= box.x0 == 0;
                edge[1] |= box.y0 == 0;
                edge[2] |= box.x1 == ALBUM_SIDE;
                edge[3] |= box.y1 == ALBUM_SIDE;
            }
        assert_true(against || (edge[0] && edge[1] && edge[2] && edge[3])); /* anywhere */
        dv_covering_end(&c);
    }
    dv_parts_free(&parts);
}

static void more_repeats_begin_with_the_same_boxes(void **state)
{
    (void)state;
    dv_parts parts = read_parts("parts.json");
    dv_correspond_options few = options_of(&parts), many = few, other = few;
    dv_covering a, b, c;
    dv_error err;
    int moved = 0;
    many.repeats = 9;
    other.seed = 8;
    assert_true(dv_covering_begin(&a, model, &few, &err) &&
                dv_covering_begin(&b, model, &many, &err) &&
                dv_covering_begin(&c, model, &other, &err));
    for (int i = 0; i < a.n_images; i++)
        for (int box = 0; box < a.n_boxes; box++) {
            const dv_rect x = dv_covering_box(&a, i, box), y = dv_covering_box(&b, i, box);
            const dv_rect z = dv_covering_box(&c, i, box);
            assert_memory_equal(&x, &y, sizeof x);
            moved += memcmp(&x, &z, sizeof x) != 0;
        }
    assert_true(moved > a.n_images * PARTS);
    dv_covering_end(&a);
    dv_covering_end(&b);
    dv_covering_end(&c);
    dv_parts_free(&parts);
}

static void any_number_of_threads_gives_the_same_bytes(void **state)
{
    (void)state;
    dv_parts parts = read_parts("parts.json");
    dv_correspond_options o = options_of(&parts);
    dv_correspondence one[LAYERS * (PARTS + 1)], many[LAYERS * (PARTS + 1)];
    dv_error err;
    correspond(model, &o, one);
    for (int threads = 2; threads < 8; threads += 4) { /* fewer than images, and more */
        o.pool = dv_pool_new(threads, &err);
        memset(many, 0, sizeof many);
        correspond(model, &o, many);
        for (int i = 0; i < LAYERS * (PARTS + 1); i++)
            assert_memory_equal(many[i].measures, one[i].measures, sizeof one[i].measures);
        dv_pool_free(o.pool);
    }
    dv_parts_free(&parts);
}

/* -- layers ----------------------------------------------------------------------------------- */

static void the_usual_layers_are_the_last_before_the_classes(void **state)
{
    (void)state;
    char words[2][DV_CORRESPOND_WORD];
    dv_error err;
    dv_model *zfnet = dv_model_open("zfnet64", NULL, &err);
    assert_int_equal(dv_correspond_layers(zfnet, words), 2);
    assert_string_equal(words[0], "5");
    assert_string_equal(words[1], "7");
    dv_model_free(zfnet);
    assert_int_equal(dv_correspond_layers(model, words), 2); /* convolutions alone: the output */
    assert_string_equal(words[0], "1");
    assert_string_equal(words[1], "r2");
}

/* -- files ------------------------------------------------------------------------------------ */

static const struct {
    const char *text, *message;
} refused[] = {
    { "", "line 1, column 1: this is not JSON (truncated?)" },
    { "7", "not a list of images, nor a deconvviz-parts document" },
    { "{\"images\": []}", "not a list of images, nor a deconvviz-parts document" },
    { "{\"format\": \"deconvviz-parts\", \"version\": 2, \"images\": []}",
      "\"version\" is 2: this program reads version 1" },
    { "{\"format\": \"deconvviz-parts\", \"version\": 1}",
      "\"images\" is missing: a list is needed" },
    { "{\"format\": \"deconvviz-parts\", \"version\": 1, \"images\": [], \"colour\": 1}",
      "it: unknown key \"colour\"" },
    { "{\"format\": \"deconvviz-parts\", \"version\": 1, \"images\": [], \"note\": 1}",
      "\"note\" is 1: a text is needed" },
    { "[]", "0 images: 2 to 500 are possible" },
    { "[1, 2]", "image 1 of 2: \"parts\" is missing: an object is needed" },
    { "[{\"image\": \"a\", \"parts\": {}}, 2]",
      "image 1 of 2: \"parts\" has 0: 1 to 16 are possible" },
    { "[{\"image\": \"a\", \"parts\": {\"\": [0,0,1,1]}}, 2]",
      "image 1 of 2: a part has an empty name" },
    { "[{\"image\": \"a\", \"parts\": {\"p\\n\": [0,0,1,1]}}, 2]",
      "image 1 of 2: the name of a part holds the control character 0x0a" },
    { "[{\"image\": \"a\", \"parts\": {\"p\": [0,0,1,1], \"p\": [0,0,1,1]}}, 2]",
      "image 1 of 2: \"parts\": \"p\" is there twice" },
    { "[{\"image\": \"a\", \"parts\": {\"p\": [0,0,1]}}, 2]",
      "image 1 of 2: \"p\" has 3 numbers: a box is [x0,y0,x1,y1]" },
    { "[{\"image\": \"a\", \"parts\": {\"p\": [0,0,1,1,1]}}, 2]",
      "image 1 of 2: \"p\" has 5 elements: 4 at most" },
    { "[{\"image\": \"a\", \"parts\": {\"p\": [-1,0,1,1]}}, 2]",
      "image 1 of 2: \"p\" is -1: a whole number from 0 to 32767 is needed" },
    { "[{\"image\": \"a\", \"parts\": {\"p\": [0.5,0,1,1]}}, 2]",
      "image 1 of 2: \"p\" is 0.5: a whole number from 0 to 32767 is needed" },
    { "[{\"image\": \"a\", \"parts\": {\"p\": [0,0,1e9,1]}}, 2]",
      "image 1 of 2: \"p\" is 1000000000: a whole number from 0 to 32767 is needed" },
    { "[{\"image\": \"a\", \"parts\": {\"p\": [3,0,3,1]}}, 2]",
      "image 1 of 2: \"p\" is [3,0,3,1]: x0 < x1 and y0 < y1 are needed" },
    { "[{\"image\": \"a\", \"parts\": {\"p\": \"here\"}}, 2]",
      "image 1 of 2: \"p\" is \"here\": a list of numbers is needed" },
    { "[{\"image\": \"\", \"parts\": {\"p\": [0,0,1,1]}}, 2]",
      "image 1 of 2: \"image\" is empty: a path is needed" },
    { "[{\"image\": 5, \"parts\": {\"p\": [0,0,1,1]}}, 2]",
      "image 1 of 2: \"image\" is 5: a text is needed" },
    { "[{\"image\": \"img\", \"parts\": {\"p\": [0,0,1,1]}}, 2]",
      "image 1 of 2: img is a folder: an image is needed" },
    { "[{\"image\": \"a\", \"parts\": {\"p\": [0,0,1,1]}, \"size\": 3}, 2]",
      "image 1 of 2: it: unknown key \"size\"" },
    { "[{\"image\": \"a\", \"parts\": {\"p\": [0,0,1,1]}}, {\"image\": \"a\", \"parts\": {}}]",
      "image 2 of 2: part \"p\" is missing, which the first image has" },
    { "[{\"image\": \"a\", \"parts\": {\"p\": [0,0,1,1]}},"
      " {\"image\": \"a\", \"parts\": {\"p\": [0,0,1,1], \"q\": [0,0,1,1]}}]",
      "image 2 of 2: \"parts\": unknown key \"q\"" },
    { "[{\"image\": \"a\", \"parts\": {\"p\": [0,0,1,1]}}, 2]",
      "image 2 of 2: it is not an object: {…} is needed" },
};

static void files_that_are_no_parts_are_refused_in_a_line(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        dv_parts p;
        dv_error err = { 0 };
        char wanted[300];
        write_text("bad.json", refused[i].text);
        assert_false(dv_parts_read(&p, "bad.json", NULL, &err));
        snprintf(wanted, sizeof wanted, "bad.json: %s", refused[i].message);
        assert_string_equal(err.message, wanted);
        dv_parts_free(&p);
    }
}

static void files_may_end_anywhere(void **state)
{
    (void)state;
    char text[2000];
    FILE *f = fopen("parts.json", "r");
    const size_t n = fread(text, 1, sizeof text, f);
    fclose(f);
    assert_true(n > 100 && n < sizeof text);
    for (size_t end = 0; end < n; end++) {
        dv_parts p;
        dv_error err = { 0 };
        f = fopen("cut.json", "w");
        assert_true(fwrite(text, 1, end, f) == end && fclose(f) == 0);
        assert_false(dv_parts_read(&p, "cut.json", NULL, &err));
        assert_true(err.message[0] && !strchr(err.message, '\n'));
        dv_parts_free(&p);
    }
}

static void images_that_do_not_suit_their_boxes_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *text, *message;
    } bad[] = {
        { "[{\"image\": \"img/0.png\", \"parts\": {\"p\": [0,0,1,1]}},"
          " {\"image\": \"img/1.png\", \"parts\": {\"p\": [8,8,17,16]}}]",
          "img/1.png: \"p\" is [8,8,17,16]: the image has 16x16 pixels" },
        { "[{\"image\": \"img/0.png\", \"parts\": {\"p\": [0,0,1,1]}},"
          " {\"image\": \"img/9.png\", \"parts\": {\"p\": [8,8,16,16]}}]",
          "img/9.png: No such file or directory" },
        { "[{\"image\": \"img/0.png\", \"parts\": {\"p\": [0,5,1,6]}},"
          " {\"image\": \"img/1.png\", \"parts\": {\"p\": [8,8,16,16]}}]",
          "img/0.png: \"p\" is [0,5,1,6]: of the image only [4,4,12,12] becomes the network's "
          "input" },
    };
    for (int i = 0; i < 3; i++) {
        write_text("bad.json", bad[i].text);
        dv_parts parts = read_parts("bad.json");
        dv_correspond_options o = options_of(&parts);
        dv_correspondence r[LAYERS * 2];
        dv_error err = { 0 };
        if (i == 2)
            o.preprocess.resize = 2 * ALBUM_SIDE; /* of which the centre half is cut */
        assert_false(dv_correspond(model, &o, r, &err));
        assert_string_equal(err.message, bad[i].message);
        dv_parts_free(&parts);
    }
}

static void paths_are_below_the_root(void **state)
{
    (void)state;
    dv_parts p;
    dv_error err;
    write_text("img/p.json", "[{\"image\": \"0.png\", \"parts\": {\"p\": [0,0,1,1]}},"
                             " {\"image\": \"/1.png\", \"parts\": {\"p\": [0,0,1,1]}}]");
    assert_true(dv_parts_read(&p, "img/p.json", NULL, &err));
    assert_string_equal(dv_list_path(&p.images, 0), "img/0.png");
    assert_string_equal(dv_list_path(&p.images, 1), "/1.png");
    dv_parts_free(&p);
    assert_true(dv_parts_read(&p, "img/p.json", "far/away/", &err));
    assert_string_equal(dv_list_path(&p.images, 0), "far/away/0.png");
    dv_parts_free(&p);
    assert_int_equal(unlink("img/p.json"), 0);
}

/* -- the end ---------------------------------------------------------------------------------- */

static bool at_once(void *ctx)
{
    (void)ctx;
    return true;
}

static void a_stopped_study_leaves_no_figure(void **state)
{
    (void)state;
    dv_parts parts = read_parts("parts.json");
    dv_correspond_options o = options_of(&parts);
    dv_correspondence r[LAYERS * (PARTS + 1)];
    dv_error err = { 0 };
    o.watch.cancelled = at_once;
    o.figure.path = "stopped.svg";
    assert_false(dv_correspond(model, &o, r, &err));
    assert_int_equal(err.code, DV_CANCELLED);
    assert_int_not_equal(access("stopped.svg", F_OK), 0);
    dv_parts_free(&parts);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scores_are_those_of_whole_passes_one_by_one),
        cmocka_unit_test(all_parts_are_the_mean_of_each),
        cmocka_unit_test(one_image_covered_alike_never_differs),
        cmocka_unit_test(opposite_changes_differ_in_every_feature),
        cmocka_unit_test(boxes_are_of_their_parts_sizes_inside_the_image),
        cmocka_unit_test(more_repeats_begin_with_the_same_boxes),
        cmocka_unit_test(any_number_of_threads_gives_the_same_bytes),
        cmocka_unit_test(the_usual_layers_are_the_last_before_the_classes),
        cmocka_unit_test(files_that_are_no_parts_are_refused_in_a_line),
        cmocka_unit_test(files_may_end_anywhere),
        cmocka_unit_test(images_that_do_not_suit_their_boxes_are_refused),
        cmocka_unit_test(paths_are_below_the_root),
        cmocka_unit_test(a_stopped_study_leaves_no_figure),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
