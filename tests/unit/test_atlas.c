/* An atlas of the album: its numbers beside computations of their own, and how it ends. */
#include "album.h"
#include "atlas/atlas_against.h"
#include "atlas/atlas_links.h"
#include "atlas/atlas_numbers.h"
#include "deconvviz/atlas.h"
#include "deconvviz/trace.h"
#include "image/photo.h"
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

#include <cjson/cJSON.h>
#include <cmocka.h>

static dv_model *model;

static int begin(void **state)
{
    (void)state;
    dv_error err = { 0 };
    album_begin();
    model = album_model();
    if (!album_mine(model, NULL, &(dv_watch){ .ctx = NULL }, &err))
        fail_msg("%s", err.message);
    return 0;
}

static int end(void **state)
{
    (void)state;
    dv_model_free(model);
    album_end();
    return 0;
}

static void make_by(album_call *call, int threads, const dv_watch *w)
{
    dv_error err = { 0 };
    dv_pool *pool = threads > 1 ? dv_pool_new(threads, &err) : NULL;
    if (!call(model, pool, w, &err))
        fail_msg("%s", err.message);
    dv_pool_free(pool);
}

static void make(int threads, const dv_watch *w)
{
    make_by(album_atlas, threads, w);
}

static void run(const char *command)
{
    if (system(command) != 0)
        fail_msg("%s", command);
}

/* -- how it ends ------------------------------------------------------------------------------ */

static void any_number_of_threads_gives_the_same_bytes(void **state)
{
    (void)state;
    const dv_watch none = { .ctx = NULL };
    make(1, &none);
    run("mv atlas first");
    for (int threads = 2; threads <= 4; threads++) {
        make(threads, &none);
        run("diff -r first atlas && ! test -e atlas.unfinished");
    }
}

static bool at(void *ctx)
{
    return --*(int *)ctx < 0;
}

/* Stopped wherever it asks whether it may go on, and taken up again. Returns how often that was. */
static int stop_anywhere(album_call *call, const char *same)
{
    int stops = 0;
    for (bool done = false; !done; stops++) {
        dv_error err = { 0 };
        int left = stops;
        const dv_watch w = { .ctx = &left, .cancelled = at };
        run("rm -rf atlas");
        done = call(model, NULL, &w, &err);
        if (done)
            break;
        assert_int_equal(err.code, DV_CANCELLED);
        run("test -e atlas.unfinished/cells && ! test -e atlas");
        make_by(call, 1 + stops % 3, &(dv_watch){ .ctx = NULL });
        run(same);
        run("! test -e atlas.unfinished");
    }
    return stops;
}

static void a_run_that_is_stopped_anywhere_ends_the_same(void **state)
{
    (void)state;
    assert_true(stop_anywhere(album_atlas, "diff -r first atlas") >= ALBUM_IMAGES);
}

/* What is behind the last whole image is made again. */
static void a_torn_file_of_cells_loses_its_end_alone(void **state)
{
    (void)state;
    int left = 4;
    dv_error err = { 0 };
    const dv_watch w = { .ctx = &left, .cancelled = at };
    run("rm -rf atlas");
    assert_false(album_atlas(model, NULL, &w, &err));
    for (int cut = 1; cut < 2000; cut += 333) {
        char command[200];
        snprintf(command, sizeof command,
                 "rm -rf kept; cp -r atlas.unfinished kept; truncate -s -%d atlas.unfinished/cells",
                 cut);
        run(command);
        make(1, &(dv_watch){ .ctx = NULL });
        run("diff -r first atlas && mv kept atlas.unfinished");
    }
    run("printf x | dd of=atlas.unfinished/cells bs=1 seek=3000 conv=notrunc 2>/dev/null");
    make(1, &(dv_watch){ .ctx = NULL });
    run("diff -r first atlas");
}

/* Killed, a run leaves the file it was writing; or in the place of its own folder a part of the
 * atlas it replaced. */
static void what_a_killed_run_left_is_not_published(void **state)
{
    (void)state;
    int left = 4;
    dv_error err = { 0 };
    const dv_watch w = { .ctx = &left, .cancelled = at };
    assert_false(album_atlas(model, NULL, &w, &err));
    run("mkdir -p atlas.unfinished/data && "
        "touch atlas.unfinished/.deconvviz-1-0 atlas.unfinished/data/.deconvviz-1-1");
    make(1, &(dv_watch){ .ctx = NULL });
    run("diff -r first atlas");
    run("mkdir -p atlas.unfinished/pictures/layer-99 && touch "
        "atlas.unfinished/pictures/layer-99/x");
    make(1, &(dv_watch){ .ctx = NULL });
    run("diff -r first atlas && ! test -e atlas.unfinished");
}

static void an_unfinished_run_of_another_kind_is_refused(void **state)
{
    (void)state;
    int left = 3;
    dv_error err = { 0 };
    const dv_watch w = { .ctx = &left, .cancelled = at };
    assert_false(album_atlas(model, NULL, &w, &err));
    run("sed -i 's/\"quality\":50/\"quality\":51/' atlas.unfinished/cells");
    assert_false(album_atlas(model, NULL, &(dv_watch){ .ctx = NULL }, &err));
    assert_int_equal(err.code, DV_BAD_USAGE);
    assert_non_null(strstr(err.message, "atlas.unfinished/cells is of an unfinished run with"));
    run("rm -r atlas.unfinished; diff -r first atlas"); /* the one that was there */
}

static void nothing_but_an_atlas_is_replaced(void **state)
{
    (void)state;
    dv_error err = { 0 };
    run("mv atlas aside; mkdir atlas; touch atlas/thing");
    assert_false(album_atlas(model, NULL, &(dv_watch){ .ctx = NULL }, &err));
    assert_string_equal(err.message, "atlas: is there, and is no atlas");
    run("rm atlas/thing; ! test -e atlas.unfinished");
    make(1, &(dv_watch){ .ctx = NULL });
    run("diff -r first atlas");
}

static void count_skipped(void *ctx, const char *path, const char *reason)
{
    assert_string_equal(path, "img/2.png");
    assert_string_equal(reason, "has changed since it was mined");
    ++*(int *)ctx;
}

static void an_image_that_has_changed_is_left_out_and_told(void **state)
{
    (void)state;
    int skipped = 0;
    const dv_watch w = { .ctx = &skipped, .skipped = count_skipped };
    run("cp img/2.png aside.png; cp img/1.png img/2.png");
    make(2, &w);
    assert_int_equal(skipped, 1);
    run("! test -e atlas/photos/0/2.jpg && grep -q '\"photo\":false' atlas/data/images-0.js");
    run("cp aside.png img/2.png; rm -rf atlas");
}

/* -- verifying -------------------------------------------------------------------------------- */

static dv_atlas_verified verify(int threads, bool all)
{
    dv_atlas_verified v;
    dv_index x;
    dv_error err = { 0 };
    dv_pool *pool = threads > 1 ? dv_pool_new(threads, &err) : NULL;
    const dv_atlas_verify_options o = {
        .folder = "first", .scratch = ".", .all = all, .pool = pool
    };
    assert_true(dv_index_read(&x, "first/index.json", &err));
    if (!dv_atlas_verify(model, &x, &o, &v, &err))
        fail_msg("%s", err.message);
    dv_pool_free(pool);
    dv_index_free(&x);
    run("! ls -a | grep deconvviz"); /* nothing temporary is left */
    return v;
}

static void an_atlas_is_what_is_made_again(void **state)
{
    (void)state;
    for (int threads = 1; threads <= 3; threads++) {
        dv_atlas_verified v = verify(threads, threads == 2);
        assert_int_equal(v.n, 0);
        assert_int_equal(v.n_units, 2 * ALBUM_CHANNELS - 1);
        assert_int_equal(v.count[DV_PICTURE_SAME], v.n_units + 2 * 2 + ALBUM_IMAGES);
        dv_atlas_verified_free(&v);
    }
}

static void what_has_changed_is_found_and_measured(void **state)
{
    (void)state;
    run("cp -r first whole; cp first/pictures/layer-1/units-0.jpg "
        "first/pictures/layer-1/units-1.jpg;"
        "printf x >> first/pictures/layer-1/units-2.jpg; rm first/photos/0/4.jpg");
    dv_atlas_verified v = verify(1, false);
    assert_int_equal(v.n, 3);
    assert_int_equal(v.count[DV_PICTURE_CHANGED], 1);
    assert_int_equal(v.count[DV_PICTURE_NEAR], 1);
    assert_int_equal(v.count[DV_PICTURE_MISSING], 1);
    assert_string_equal(v.pictures[0].path, "pictures/layer-1/units-1.jpg");
    assert_true(v.pictures[0].mean > 2 && v.pictures[0].most >= v.pictures[0].mean);
    assert_string_equal(v.pictures[1].path, "pictures/layer-1/units-2.jpg");
    assert_true(v.pictures[1].mean == 0 && v.pictures[1].most == 0);
    assert_string_equal(v.pictures[2].path, "photos/0/4.jpg");
    assert_true(isnan(v.pictures[2].mean));
    dv_atlas_verified_free(&v);
    run("rm -r first; mv whole first");
}

/* -- what is in it ---------------------------------------------------------------------------- */

/* The argument of a data file's call, which the caller frees. */
static cJSON *data(const char *name)
{
    char path[80];
    snprintf(path, sizeof path, "first/data/%s", name);
    FILE *f = fopen(path, "rb");
    assert_non_null(f);
    char *text = calloc(1, 1 << 20);
    assert_non_null(text);
    const size_t n = fread(text, 1, (1 << 20) - 1, f);
    fclose(f);
    assert_memory_equal(text, "atlas(", 6);
    assert_memory_equal(text + n - 3, ");\n", 3);
    text[n - 3] = '\0';
    cJSON *doc = cJSON_Parse(text + 6);
    assert_non_null(doc);
    free(text);
    return doc;
}

static double number(const cJSON *list, int i)
{
    return cJSON_GetArrayItem(list, i)->valuedouble;
}

static void the_front_lists_the_layers_in_their_order(void **state)
{
    (void)state;
    cJSON *front = data("front.js");
    const cJSON *layers = cJSON_GetObjectItem(front, "layers");
    assert_int_equal(cJSON_GetArraySize(layers), 2);
    const cJSON *a = cJSON_GetArrayItem(layers, 0), *b = cJSON_GetArrayItem(layers, 1);
    assert_string_equal(cJSON_GetObjectItem(a, "id")->valuestring, "1");
    assert_string_equal(cJSON_GetObjectItem(b, "id")->valuestring, "2");
    assert_string_equal(cJSON_GetObjectItem(b, "op")->valuestring, "Conv");
    assert_string_equal(cJSON_GetObjectItem(b, "detail")->valuestring, "3 x 3");
    assert_int_equal((int)number(cJSON_GetObjectItem(a, "from"), 0), -1);
    assert_int_equal((int)number(cJSON_GetObjectItem(b, "from"), 0), 0);
    assert_int_equal((int)number(cJSON_GetObjectItem(a, "field"), 0), 3);
    assert_int_equal((int)number(cJSON_GetObjectItem(b, "field"), 1), 8);
    assert_int_equal((int)number(cJSON_GetObjectItem(b, "stride"), 0), 2);
    assert_int_equal(cJSON_GetObjectItem(a, "units")->valueint, ALBUM_CHANNELS - 1);
    cJSON_Delete(front);
}

/* Hits of layer 1, unit 1, against the index, and their places in the photographs, which are as
 * large as the input. */
static void hits_are_those_of_the_index(void **state)
{
    (void)state;
    dv_index x;
    dv_error err;
    assert_true(dv_index_read(&x, "index", &err));
    cJSON *units = data("layer-0-units-0.js");
    const cJSON *unit = cJSON_GetArrayItem(units, 1), *hits = cJSON_GetObjectItem(unit, "hits");
    const dv_index_unit *mined = &x.layers[0].units[1];
    assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItem(hits, "value")), mined->n_hits);
    for (int i = 0; i < mined->n_hits; i++) {
        const dv_hit *h = &mined->hits[i];
        const cJSON *box = cJSON_GetArrayItem(cJSON_GetObjectItem(hits, "box"), i);
        assert_true((float)number(cJSON_GetObjectItem(hits, "value"), i) == h->value);
        assert_int_equal((int)number(cJSON_GetObjectItem(hits, "y"), i), h->y);
        assert_int_equal((int)number(cJSON_GetObjectItem(hits, "image"), i), h->image);
        assert_int_equal((int)number(box, 0), h->x - 1);
        assert_int_equal((int)number(box, 1), h->y - 1);
        assert_int_equal((int)number(box, 2), h->x + 2);
        assert_int_equal((int)number(box, 3), h->y + 2);
    }
    assert_int_equal(
        cJSON_GetArraySize(cJSON_GetObjectItem(cJSON_GetObjectItem(unit, "samples"), "value")),
        mined->n_sample);
    cJSON_Delete(units);
    dv_index_free(&x);
}

/* 1 - sum of the responses to grey images / sum of the values, by the model and nothing of ours. */
static void colour_selectivity_is_that_of_grey_images(void **state)
{
    (void)state;
    dv_index x;
    dv_error err;
    int tensor;
    assert_true(dv_index_read(&x, "index", &err) && dv_model_find(model, "2", &tensor, &err));
    const dv_request r = { .n_keep = 1, .keep = &tensor };
    dv_plan *plan = dv_plan_new(model, &r, NULL, &err);
    dv_trace *trace = dv_trace_new(plan, NULL, &err);
    cJSON *units = data("layer-1-units-0.js");
    for (int c = 0; c < ALBUM_CHANNELS; c++) {
        const dv_index_unit *u = &x.layers[1].units[c];
        double grey = 0, value = 0;
        for (int i = 0; i < u->n_hits; i++) {
            dv_image im;
            float input[3 * ALBUM_SIDE * ALBUM_SIDE];
            char path[32];
            snprintf(path, sizeof path, "img/%d.png", (int)u->hits[i].image);
            assert_true(dv_image_load(&im, path, &err));
            for (int p = 0; p < ALBUM_SIDE * ALBUM_SIDE; p++) {
                const double luma =
                    0.299 * im.rgb[3 * p] + 0.587 * im.rgb[3 * p + 1] + 0.114 * im.rgb[3 * p + 2];
                for (int k = 0; k < 3; k++)
                    input[k * ALBUM_SIDE * ALBUM_SIDE + p] = (float)((luma / 255 - 0.5) / 0.25);
            }
            dv_image_free(&im);
            assert_true(dv_trace_forward(trace, input, &err));
            const float v = dv_trace_tensor(
                trace, tensor)[(c * ALBUM_SIDE / 2 + u->hits[i].y) * ALBUM_SIDE / 2 + u->hits[i].x];
            grey += v > 0 ? (double)v : 0;
            value += (double)u->hits[i].value;
        }
        const cJSON *stats = cJSON_GetObjectItem(cJSON_GetArrayItem(units, c), "stats");
        if (u->n_hits > 0)
            assert_true(fabs(cJSON_GetObjectItem(stats, "colour")->valuedouble -
                             (1 - grey / value)) < 1e-4);
    }
    cJSON_Delete(units);
    dv_trace_free(trace);
    dv_plan_free(plan);
    dv_index_free(&x);
}

/* Bars of a known direction and frequency. */
static void bars_tell_their_direction_and_frequency(void **state)
{
    (void)state;
    enum { SIDE = 64 };
    static float v[3 * SIDE * SIDE];
    const double pi = acos(-1.0);
    static const double angles[] = { 0, 30, 45, 90, 120, 179 };
    for (size_t i = 0; i < sizeof angles / sizeof angles[0]; i++) {
        /* Bars that stand at `angle`, anticlockwise from lying ones: they follow each other at
         * right angles to that. */
        const double across = (angles[i] + 90) * pi / 180, frequency = 0.1;
        for (int y = 0; y < SIDE; y++)
            for (int x = 0; x < SIDE; x++)
                for (int c = 0; c < 3; c++)
                    v[(c * SIDE + y) * SIDE + x] =
                        (float)sin(2 * pi * frequency * (x * cos(across) - y * sin(across)));
        const dv_signal s = { { { 0, 0, 0 }, { 3, SIDE, SIDE } }, v };
        dv_told t = { 0 };
        dv_error err;
        double got[DV_N_NUMBERS] = { 0 };
        assert_true(dv_tell_projection(&t, &s, &err));
        dv_number_form(&t, got);
        const double off = fabs(got[DV_NUMBER_ORIENTATION] - angles[i]);
        assert_true(fmin(off, 180 - off) < 1.5);
        assert_true(got[DV_NUMBER_ORIENTATION_SELECTIVITY] > 0.95);
        assert_true(fabs(got[DV_NUMBER_FREQUENCY] - frequency) < 0.006);
    }
}

static double kernel_norm(const char *weights, int out, int in, int channels, int taps)
{
    const dv_array *w = model->values[dv_model_value(model, weights)].constant;
    double squares = 0;
    for (int k = 0; k < taps; k++) {
        const double v = dv_array_number(w, (size_t)((out * channels + in) * taps + k));
        squares += v * v;
    }
    return sqrt(squares);
}

/* Unit 2 of layer 1 is not in this atlas, so it is nobody's input. */
static void inputs_are_by_the_norm_of_their_weights(void **state)
{
    (void)state;
    cJSON *units = data("layer-1-units-0.js");
    for (int c = 0; c < ALBUM_CHANNELS; c++) {
        const cJSON *inputs = cJSON_GetObjectItem(cJSON_GetArrayItem(units, c), "inputs");
        assert_int_equal(cJSON_GetArraySize(inputs), ALBUM_CHANNELS - 1);
        double before = (double)INFINITY;
        for (int i = 0; i < ALBUM_CHANNELS - 1; i++) {
            const cJSON *link = cJSON_GetArrayItem(inputs, i);
            const double norm = kernel_norm("c2.w", c, (int)number(link, 1), ALBUM_CHANNELS, 9);
            assert_int_equal((int)number(link, 0), 0);
            assert_true(fabs(number(link, 2) - norm) < 1e-3 * norm);
            assert_true(number(link, 2) <= before);
            before = number(link, 2);
        }
    }
    cJSON_Delete(units);
    units = data("layer-0-units-0.js");
    const cJSON *first = cJSON_GetArrayItem(units, 0);
    assert_int_equal((int)number(cJSON_GetArrayItem(cJSON_GetObjectItem(first, "inputs"), 0), 0),
                     -1);
    assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItem(first, "outputs")), ALBUM_CHANNELS);
    cJSON_Delete(units);
}

static void twins_are_by_the_angle_of_their_weights(void **state)
{
    (void)state;
    const dv_array *w = model->values[dv_model_value(model, "c2.w")].constant;
    cJSON *units = data("layer-1-units-0.js");
    for (int c = 0; c < ALBUM_CHANNELS; c++) {
        const cJSON *twins = cJSON_GetObjectItem(cJSON_GetArrayItem(units, c), "twins");
        assert_int_equal(cJSON_GetArraySize(twins), ALBUM_CHANNELS - 1);
        for (int i = 0; i < ALBUM_CHANNELS - 1; i++) {
            const int other = (int)number(cJSON_GetArrayItem(twins, i), 0);
            double dot = 0, a = 0, b = 0;
            for (int k = 0; k < ALBUM_CHANNELS * 9; k++) {
                const double p = dv_array_number(w, (size_t)(c * ALBUM_CHANNELS * 9 + k));
                const double q = dv_array_number(w, (size_t)(other * ALBUM_CHANNELS * 9 + k));
                dot += p * q;
                a += p * p;
                b += q * q;
            }
            assert_true(fabs(number(cJSON_GetArrayItem(twins, i), 1) - dot / sqrt(a * b)) < 1e-3);
        }
    }
    cJSON_Delete(units);
}

/* -- two networks ----------------------------------------------------------------------------- */

/* The one atlas is as without the other, which is as the one: the network is the same. */
static void two_networks_are_two_atlases_and_what_is_between_them(void **state)
{
    (void)state;
    const dv_watch none = { .ctx = NULL };
    run("rm -rf atlas");
    make_by(album_against, 1, &none);
    run("cp -r atlas pair && ! test -e atlas.unfinished && ! test -e pair/against/index.html");
    run("sed -i 's/,\"against\":true//' pair/data/front.js && mv pair/against other");
    run("mv pair/data/against.js . && diff -r first pair");
    run("sed -i 's/,\"atlas\":\"deconvviz atlas\"//' pair/data/front.js && diff -r other/data "
        "pair/data &&"
        "diff -r other/pictures pair/pictures && diff -r other/photos pair/photos");
    for (int threads = 2; threads <= 4; threads++) {
        run("mv atlas before");
        make_by(album_against, threads, &none);
        run("diff -r before atlas && rm -r before");
    }
    run("mv atlas both; rm -r pair other");
}

static void the_same_network_has_not_changed(void **state)
{
    (void)state;
    run("mkdir -p first/data; mv against.js first/data/against.js");
    cJSON *against = data("against.js");
    run("rm first/data/against.js");
    const cJSON *layers = cJSON_GetObjectItem(against, "layers"), *l;
    assert_int_equal(cJSON_GetArraySize(layers), ALBUM_LAYERS);
    cJSON_ArrayForEach(l, layers)
    {
        const cJSON *change = cJSON_GetObjectItem(l, "change");
        assert_int_equal(cJSON_GetObjectItem(l, "layer")->valueint,
                         cJSON_GetObjectItem(l, "other")->valueint);
        assert_true(fabs(cJSON_GetObjectItem(change, "hi")->valuedouble) < 1e-6);
    }
    cJSON_Delete(against);
}

static void two_networks_that_are_stopped_anywhere_end_the_same(void **state)
{
    (void)state;
    /* pictures and responses, of each */
    assert_true(stop_anywhere(album_against, "diff -r both atlas") >= 4 * ALBUM_IMAGES);
    run("rm -rf atlas both");
}

/* Two networks of two layers, by their responses alone. */
enum { RESPONDING = 60, WIDTH = 6 };

typedef struct responding {
    dv_index_layer mined[2];
    dv_index index;
    int32_t channels[WIDTH], places[WIDTH];
    dv_atlas_layer layers[2];
    dv_atlas_work work;
    float values[2 * WIDTH][RESPONDING];
    dv_responses responses;
} responding;

static void begin_responding(responding *r, const char *one, const char *two, int width)
{
    *r = (responding){ .mined = { { .layer = one }, { .layer = two } } };
    for (int i = 0; i < WIDTH; i++)
        r->channels[i] = r->places[i] = i;
    for (int k = 0; k < 2; k++) {
        r->mined[k].size[DV_C] = width;
        r->layers[k] = (dv_atlas_layer){ .mined = &r->mined[k],
                                         .n = width,
                                         .channels = r->channels,
                                         .place = r->places,
                                         .first = k * width };
    }
    r->index = (dv_index){ .n_layers = 2, .layers = r->mined };
    r->work = (dv_atlas_work){
        .index = &r->index, .n_layers = 2, .n_units = 2 * width, .layers = r->layers
    };
    r->responses = (dv_responses){ .work = &r->work, .n = RESPONDING, .values = r->values[0] };
}

static void pair_them(const responding *a, const responding *b, bool by_number, int32_t layer[2],
                      double *unit, double *change)
{
    dv_atlas_pairs p = { layer, unit, change };
    dv_error err;
    assert_true(dv_atlas_pair(&p, &a->responses, &b->responses, by_number, &err));
}

/* Layers stand the other way round, their units in another order, and on another scale. */
static void units_and_layers_find_their_likes_by_what_they_answer(void **state)
{
    (void)state;
    static const int shuffled[WIDTH] = { 4, 2, 0, 5, 1, 3 };
    static responding a, b;
    int32_t layer[2];
    double unit[2 * WIDTH], change[2 * WIDTH];
    begin_responding(&a, "1", "2", WIDTH);
    begin_responding(&b, "x", "y", WIDTH);
    uint64_t random = 7;
    for (int u = 0; u < 2 * WIDTH; u++)
        for (int i = 0; i < RESPONDING; i++) {
            random = random * 6364136223846793005U + 1442695040888963407U;
            a.values[u][i] = (float)(random >> 40) / (float)(1 << 24);
        }
    for (int k = 0; k < 2; k++)
        for (int u = 0; u < WIDTH; u++)
            for (int i = 0; i < RESPONDING; i++)
                b.values[(1 - k) * WIDTH + shuffled[u]][i] = 3 * a.values[k * WIDTH + u][i] + 1;
    pair_them(&a, &b, false, layer, unit, change);
    for (int u = 0; u < 2 * WIDTH; u++) {
        assert_int_equal(layer[u / WIDTH], 1 - u / WIDTH);
        assert_int_equal((int)unit[u], shuffled[u % WIDTH]);
        assert_true(fabs(change[u]) < 1e-5);
    }
}

/* By number: the change is 1 - r, of r = 0.6 by construction; where one of two never answers it is
 * whole, where neither does it is not known. */
static void change_is_what_the_responses_have_not_in_common(void **state)
{
    (void)state;
    static responding a, b;
    int32_t layer[2];
    double unit[2 * WIDTH], change[2 * WIDTH];
    begin_responding(&a, "1", "2", 3);
    begin_responding(&b, "1", "2", 3);
    for (int i = 0; i < RESPONDING; i++) {
        const float p = i % 2 ? 1.0F : -1.0F, q = i % 4 < 2 ? 1.0F : -1.0F;
        a.values[0][i] = p;
        b.values[0][i] = 5 * (0.6F * p + 0.8F * q);
        a.values[1][i] = p;
        a.values[3][i] = p;
        b.values[3][i] = -p;
        a.values[4][i] = a.values[5][i] = q;
        b.values[4][i] = b.values[5][i] = q + 2;
    }
    assert_true(dv_atlas_same_layers(&a.work, &b.index));
    pair_them(&a, &b, true, layer, unit, change);
    static const double expected[] = { 0.4, 1, (double)NAN, 1, 0, 0 };
    for (int u = 0; u < 6; u++) {
        assert_int_equal((int)unit[u], u % 3);
        assert_true(isnan(expected[u]) ? isnan(change[u]) : fabs(change[u] - expected[u]) < 1e-6);
    }
    b.mined[1].size[DV_C] = 4;
    assert_false(dv_atlas_same_layers(&a.work, &b.index));
    pair_them(&a, &b, true, layer, unit, change);
    assert_int_equal(layer[1], -1); /* another width: it has no counterpart */
    assert_true(isnan(unit[3]) && isnan(change[3]));
}

/* -- where channels come from ----------------------------------------------------------------- */

/* x -> a (2), b (3); Concat -> MaxPool -> Flatten -> Gemm g; and a + a' -> c of two groups. */
static void channels_are_followed_through_what_keeps_them(void **state)
{
    (void)state;
    static const net_ints axis[] = { { "axis", 0, { 1 } }, { 0 } };
    static const net_ints pool[] = { { "kernel_shape", 2, { 2, 2 } },
                                     { "strides", 2, { 2, 2 } },
                                     { 0 } };
    static const net_ints transposed[] = { { "transB", 0, { 1 } }, { 0 } };
    dv_model *m = net_new(3, 4, 4);
    net_conv(m, "x", "a", 3, 2, 3, 1, 1, net_random, 1);
    net_conv(m, "x", "b", 3, 3, 3, 1, 1, net_random, 2);
    net_add(m, "Concat", "b a", "both", axis);
    net_add(m, "MaxPool", "both", "small", pool);
    net_add(m, "Flatten", "small", "list", NULL);
    net_constant(m, "g.w", 4, 5 * 2 * 2, 0, 0, net_random, 3);
    net_add(m, "Gemm", "list g.w", "g", transposed);
    net_finish(m, "g");
    dv_atlas_layer layers[3] = { { .node = -1 }, { .node = -1 }, { .node = -1 } };
    const dv_atlas_work w = { .model = m, .n_layers = 3, .layers = layers };
    static const char *const names[] = { "a", "b", "g" };
    for (int i = 0; i < 3; i++) {
        layers[i].tensor = dv_model_value(m, names[i]);
        layers[i].node = m->values[layers[i].tensor].producer;
    }
    dv_reading parts[DV_MOST_READINGS];
    assert_int_equal(dv_atlas_readings(&w, 2, parts), 2);
    for (int i = 0; i < 2; i++) {
        const dv_reading *p = &parts[i];
        assert_int_equal(p->per, 4);
        assert_int_equal(p->first, 0);
        assert_int_equal(p->at, p->layer == 1 ? 0 : 3 * 4); /* b comes first */
        assert_int_equal(p->n, p->layer == 1 ? 3 : 2);
    }
    assert_int_equal(dv_atlas_readings(&w, 0, parts), 1);
    assert_int_equal(parts[0].layer, DV_FROM_INPUT);
    assert_int_equal(parts[0].n, 3);
    dv_model_free(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_number_of_threads_gives_the_same_bytes), /* makes first/ */
        cmocka_unit_test(a_run_that_is_stopped_anywhere_ends_the_same),
        cmocka_unit_test(a_torn_file_of_cells_loses_its_end_alone),
        cmocka_unit_test(what_a_killed_run_left_is_not_published),
        cmocka_unit_test(an_unfinished_run_of_another_kind_is_refused),
        cmocka_unit_test(nothing_but_an_atlas_is_replaced),
        cmocka_unit_test(an_image_that_has_changed_is_left_out_and_told),
        cmocka_unit_test(an_atlas_is_what_is_made_again),
        cmocka_unit_test(what_has_changed_is_found_and_measured),
        cmocka_unit_test(the_front_lists_the_layers_in_their_order),
        cmocka_unit_test(hits_are_those_of_the_index),
        cmocka_unit_test(colour_selectivity_is_that_of_grey_images),
        cmocka_unit_test(bars_tell_their_direction_and_frequency),
        cmocka_unit_test(inputs_are_by_the_norm_of_their_weights),
        cmocka_unit_test(twins_are_by_the_angle_of_their_weights),
        cmocka_unit_test(two_networks_are_two_atlases_and_what_is_between_them),
        cmocka_unit_test(the_same_network_has_not_changed),
        cmocka_unit_test(two_networks_that_are_stopped_anywhere_end_the_same),
        cmocka_unit_test(units_and_layers_find_their_likes_by_what_they_answer),
        cmocka_unit_test(change_is_what_the_responses_have_not_in_common),
        cmocka_unit_test(channels_are_followed_through_what_keeps_them),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
