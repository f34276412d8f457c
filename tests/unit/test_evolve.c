/* The study of a training, against one pass after the other done by hand. */
#include "album.h"
#include "deconvviz/evolve.h"
#include "deconvviz/load.h"
#include "net.h"
#include "onnx_bytes.h"
#include "studies/evolve.h"
#include "training.h"

#include <math.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

enum { N = 4, LAYERS = 2 };

static const double progress[N] = { 0, 0.3, 0.8, 1 };
static const char *const paths[N] = { "run/small-epoch1.safetensors",
                                      "run/small-epoch2.safetensors",
                                      "run/small-epoch10.safetensors",
                                      "run/small-epoch20.safetensors" };
static const int channels[LAYERS] = { TRAINING_C1, TRAINING_C2 };

static int set_up(void **state)
{
    (void)state;
    album_begin();
    training_network();
    assert_int_equal(mkdir("run", 0777), 0);
    for (int i = 0; i < N; i++)
        training_save(paths[i], progress[i], 0);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    album_end();
    return 0;
}

/* -- a study ---------------------------------------------------------------------------------- */

typedef struct study {
    dv_model *model;
    dv_pool *pool;
    dv_selections units;
    dv_list images;
    dv_checkpoints checkpoints;
    dv_evolve_options o;
    dv_evolver *evolver;
    dv_evolution result;
    dv_error err;
} study;

static void note_skipped(void *ctx, const char *path, const char *reason)
{
    (void)reason;
    snprintf(ctx, 200, "%s", path);
}

static void begin(study *s, const char *picked, int threads, char *skipped)
{
    const char *layers[] = { "1", "2" };
    const char *run = "run";
    const dv_load_options load = { .weights = paths[N - 1] };
    *s = (study){ .model = NULL };
    assert_true(dv_list_add(&s->images, "img", &s->err));
    assert_true(dv_checkpoints_find(&s->checkpoints, 1, &run, ".safetensors", &s->err));
    s->model = dv_model_open("net.json", &load, &s->err);
    assert_non_null(s->model);
    assert_true(dv_select_layers(s->model, LAYERS, layers, picked, &s->units, &s->err));
    s->pool = threads > 1 ? dv_pool_new(threads, &s->err) : NULL;
    s->o = (dv_evolve_options){ .network = "net.json",
                                .units = &s->units,
                                .images = &s->images,
                                .preprocess = album_preprocess,
                                .sample = 3,
                                .threshold = 0.9,
                                .frame = 100,
                                .pool = s->pool };
    if (skipped)
        s->o.watch = (dv_watch){ .ctx = skipped, .skipped = note_skipped };
    s->evolver = dv_evolver_new(s->model, &s->o, &s->err);
    assert_non_null(s->evolver);
}

static void go(study *s)
{
    if (!dv_evolver_run(s->evolver, &s->checkpoints, &s->result, &s->err))
        fail_msg("%s", s->err.message);
}

static void end(study *s)
{
    dv_evolution_free(&s->result);
    dv_evolver_free(s->evolver);
    dv_checkpoints_free(&s->checkpoints);
    dv_selections_free(&s->units);
    dv_list_free(&s->images);
    dv_model_free(s->model);
    dv_pool_free(s->pool);
}

/* -- by hand ---------------------------------------------------------------------------------- */

typedef struct naive {
    dv_evolved_hit hit[N][LAYERS][TRAINING_C1];
} naive;

static const naive *by_hand(void)
{
    static naive n;
    for (int e = 0; e < N; e++) {
        float input[3 * ALBUM_SIDE * ALBUM_SIDE];
        int keep[LAYERS];
        dv_error err;
        dv_model *m = dv_model_open("net.json", &(dv_load_options){ .weights = paths[e] }, &err);
        assert_true(m && dv_model_find(m, "1", &keep[0], &err) &&
                    dv_model_find(m, "2", &keep[1], &err));
        dv_plan *plan = dv_plan_new(m, &(dv_request){ .n_keep = LAYERS, .keep = keep }, NULL, &err);
        dv_trace *t = dv_trace_new(plan, NULL, &err);
        for (int i = 0; i < ALBUM_IMAGES; i++) {
            char path[32];
            dv_image im;
            snprintf(path, sizeof path, "img/%d.png", i);
            assert_true(dv_image_load(&im, path, &err) &&
                        dv_prepare(&im, &album_preprocess, input, NULL, &err) &&
                        dv_trace_forward(t, input, &err));
            dv_image_free(&im);
            for (int l = 0; l < LAYERS; l++) {
                const int side = l ? ALBUM_SIDE / 2 : ALBUM_SIDE;
                const float *map = dv_trace_tensor(t, keep[l]);
                for (int c = 0; c < channels[l]; c++)
                    for (int at = 0; at < side * side; at++) {
                        dv_evolved_hit *h = &n.hit[e][l][c];
                        const float v = map[c * side * side + at];
                        if ((i == 0 && at == 0) || v > h->value)
                            *h = (dv_evolved_hit){ v, i, at / side, at % side };
                    }
            }
        }
        dv_trace_free(t);
        dv_plan_free(plan);
        dv_model_free(m);
    }
    return &n;
}

static double cosine_by_hand(const float *a, const float *b, int n)
{
    double ab = 0, aa = 0, bb = 0;
    for (int i = 0; i < n; i++) {
        ab += (double)a[i] * (double)b[i];
        aa += (double)a[i] * (double)a[i];
        bb += (double)b[i] * (double)b[i];
    }
    return ab / sqrt(aa * bb);
}

/* -- promises --------------------------------------------------------------------------------- */

static void hits_are_the_strongest_over_all_images(void **state)
{
    (void)state;
    study s;
    const naive *n = by_hand();
    begin(&s, "all", 1, NULL);
    go(&s);
    assert_int_equal(s.result.n, N);
    assert_int_equal(s.result.n_units, TRAINING_C1 + TRAINING_C2);
    for (int i = 0; i < s.result.n_units; i++)
        for (int e = 0; e < N; e++) {
            const dv_evolved_unit *u = &s.result.units[i];
            const dv_evolved_hit *want = &n->hit[e][u->layer][u->channel];
            assert_float_equal(u->hits[e].value, want->value, 1e-5);
            assert_int_equal(u->hits[e].image, want->image);
            assert_int_equal(u->hits[e].y, want->y);
            assert_int_equal(u->hits[e].x, want->x);
        }
    end(&s);
}

static void jumps_are_counted(void **state)
{
    (void)state;
    study s;
    const naive *n = by_hand();
    int all = 0;
    begin(&s, "all", 1, NULL);
    go(&s);
    for (int l = 0; l < LAYERS; l++)
        for (int e = 0; e < N; e++) {
            int jumped = 0, alive = 0, agree = 0;
            for (int c = 0; c < channels[l]; c++) {
                const dv_evolved_hit *now = &n->hit[e][l][c], *last = &n->hit[N - 1][l][c];
                const dv_evolved_hit *before = e > 0 ? &n->hit[e - 1][l][c] : NULL;
                const bool both = before && now->value > 0 && before->value > 0;
                alive += both;
                jumped += both && now->image != before->image;
                agree += now->value > 0 && last->value > 0 && now->image == last->image;
            }
            assert_int_equal(s.result.layers[l].jumped[e], jumped);
            assert_int_equal(s.result.layers[l].alive[e], alive);
            assert_int_equal(s.result.layers[l].agree[e], agree);
            all += jumped;
        }
    assert_true(all > 0); /* else this says nothing */
    end(&s);
}

static void filters_are_compared_with_the_last(void **state)
{
    (void)state;
    static float w1[N][TRAINING_W1], w2[N][TRAINING_W2];
    study s;
    for (int e = 0; e < N; e++)
        training_weights(progress[e], w1[e], w2[e]);
    begin(&s, "all", 1, NULL);
    go(&s);
    for (int l = 0; l < LAYERS; l++)
        for (int e = 0; e < N; e++) {
            const float *now = l ? w2[e] : w1[e], *last = l ? w2[N - 1] : w1[N - 1];
            const int size = (l ? TRAINING_W2 : TRAINING_W1) / channels[l];
            double mean = 0;
            for (int i = 0; i < s.result.n_units; i++) {
                const dv_evolved_unit *u = &s.result.units[i];
                if (u->layer != l)
                    continue;
                const double want =
                    cosine_by_hand(now + u->channel * size, last + u->channel * size, size);
                assert_true(fabs(u->filters[e] - want) < 1e-9);
                mean += want / channels[l];
            }
            assert_true(fabs(s.result.layers[l].filters[e] - mean) < 1e-9);
        }
    for (int l = 0; l < LAYERS; l++) { /* 0.8 of the way is near enough, 0.3 is not */
        assert_true(s.result.layers[l].filters[1] < 0.9 && s.result.layers[l].filters[2] >= 0.9);
        assert_int_equal(s.result.layers[l].filters_converged, 2);
    }
    end(&s);
}

/* The projection of a unit from a place at a checkpoint, at every pixel. */
static void project(const char *path, int layer, int channel, const dv_evolved_hit *from,
                    float *values)
{
    float input[3 * ALBUM_SIDE * ALBUM_SIDE];
    char image[32];
    dv_error err;
    dv_image im;
    dv_signal s;
    dv_unit u = { 0, channel, from->y, from->x };
    snprintf(image, sizeof image, "img/%d.png", (int)from->image);
    dv_model *m = dv_model_open("net.json", &(dv_load_options){ .weights = path }, &err);
    assert_true(m && dv_model_find(m, layer ? "2" : "1", &u.tensor, &err));
    dv_plan *plan = dv_plan_new(
        m, &(dv_request){ .n_keep = 1, .keep = &u.tensor, .rules = 1U << DV_RULE_DECONVNET }, NULL,
        &err);
    dv_trace *t = dv_trace_new(plan, NULL, &err);
    dv_projector *p = dv_projector_new(t, NULL, &err);
    assert_true(dv_image_load(&im, image, &err) &&
                dv_prepare(&im, &album_preprocess, input, NULL, &err) &&
                dv_trace_forward(t, input, &err) &&
                dv_project(p, &u, DV_RULE_DECONVNET, DV_SEED_VALUE, &s, &err));
    memset(values, 0, sizeof input);
    for (int32_t c = s.box.lo[DV_C]; c < s.box.hi[DV_C]; c++)
        for (int32_t y = s.box.lo[DV_Y]; y < s.box.hi[DV_Y]; y++)
            for (int32_t x = s.box.lo[DV_X]; x < s.box.hi[DV_X]; x++)
                values[(c * ALBUM_SIDE + y) * ALBUM_SIDE + x] = *dv_signal_at(&s, c, y, x);
    dv_image_free(&im);
    dv_projector_free(p);
    dv_trace_free(t);
    dv_plan_free(plan);
    dv_model_free(m);
}

static void projections_are_compared_from_one_place(void **state)
{
    (void)state;
    enum { PIXELS = 3 * ALBUM_SIDE * ALBUM_SIDE };
    static float now[PIXELS], last[PIXELS];
    study s;
    int off = 0;
    begin(&s, "all", 1, NULL);
    go(&s);
    for (int i = 0; i < s.result.n_units; i++)
        for (int e = 0; e < N; e++) {
            const dv_evolved_unit *u = &s.result.units[i];
            double value = 0;
            project(paths[e], u->layer, u->channel, &u->hits[N - 1], now);
            project(paths[N - 1], u->layer, u->channel, &u->hits[N - 1], last);
            for (int k = 0; k < PIXELS; k++)
                value += fabs((double)now[k]);
            off += value == 0;
            const double want = value > 0 ? cosine_by_hand(now, last, PIXELS) : 0;
            assert_true(fabs(u->projections[e] - want) < 1e-5);
        }
    assert_true(off > 0 && off < N * s.result.n_units); /* both cases were there */
    end(&s);
}

static void a_layers_mean_is_of_its_sample(void **state)
{
    (void)state;
    study s;
    begin(&s, "top:1", 1, NULL);
    go(&s);
    for (int l = 0; l < LAYERS; l++) {
        double sum = 0;
        int sampled = 0, shown = 0;
        const dv_evolved_unit *strongest = NULL;
        for (int i = 0; i < s.result.n_units; i++) {
            const dv_evolved_unit *u = &s.result.units[i];
            if (u->layer != l)
                continue;
            strongest = u->shown ? u : strongest;
            shown += u->shown;
            sampled += u->sampled;
            sum += u->sampled ? u->projections[0] : 0;
        }
        assert_int_equal(shown, 1);
        assert_int_equal(sampled, 3);
        assert_int_equal(s.result.layers[l].sampled, 3);
        assert_true(fabs(s.result.layers[l].projections[0] - sum / 3) < 1e-9);
        const naive *n = by_hand();
        for (int c = 0; c < channels[l]; c++)
            assert_true(n->hit[N - 1][l][c].value <= strongest->hits[N - 1].value + 1e-5F);
    }
    end(&s);
}

static void any_number_of_threads_gives_the_same(void **state)
{
    (void)state;
    study one, many;
    dv_text a = { 0 }, b = { 0 };
    begin(&one, "top:2", 1, NULL);
    begin(&many, "top:2", 3, NULL);
    go(&one);
    go(&many);
    dv_table t = dv_evolution_units_table(&one.result, &one.images);
    dv_table u = dv_evolution_units_table(&many.result, &many.images);
    dv_table_print_csv(&t, &a);
    dv_table_print_csv(&u, &b);
    assert_string_equal(a.data, b.data);
    free(a.data);
    free(b.data);
    dv_table_free(&t);
    dv_table_free(&u);
    end(&one);
    end(&many);
}

static void a_figure_and_an_animation_are_written(void **state)
{
    (void)state;
    study s;
    dv_image im;
    begin(&s, "top:2", 1, NULL);
    dv_evolver_free(s.evolver);
    s.o.patches = true;
    s.o.apng = "moves.png";
    s.o.figure = (dv_figure_file){ .path = "evolve.png", .dpi = 60 };
    s.evolver = dv_evolver_new(s.model, &s.o, &s.err);
    if (dv_figure_check(&s.o.figure, NULL)) {
        go(&s);
        assert_true(dv_image_load(&im, "moves.png", &s.err));
        dv_image_free(&im);
        assert_true(dv_image_load(&im, "evolve.png", &s.err));
        dv_image_free(&im);
    }
    end(&s);
}

/* -- checkpoints that do not fit --------------------------------------------------------------- */

static void what_does_not_fit_is_left_out_or_fails(void **state)
{
    (void)state;
    char skipped[200] = "";
    const char *places[] = { "run", "run/small-epoch15.safetensors" };
    study s;
    training_save("run/small-epoch15.safetensors", 0.9, 700);
    begin(&s, "top:1", 1, skipped);
    go(&s);
    assert_string_equal(skipped, "run/small-epoch15.safetensors");
    assert_int_equal(s.result.n, N);
    assert_string_equal(s.result.checkpoints[3].title, "epoch 20");
    dv_evolution_free(&s.result);
    dv_checkpoints_free(&s.checkpoints);
    assert_true(dv_checkpoints_find(&s.checkpoints, 2, places, ".safetensors", &s.err));
    assert_int_equal(s.checkpoints.n, N + 1); /* once, and as one that was named */
    assert_false(dv_evolver_run(s.evolver, &s.checkpoints, &s.result, &s.err));
    assert_non_null(strstr(s.err.message, "run/small-epoch15.safetensors"));
    assert_null(strchr(s.err.message, '\n'));
    unlink("run/small-epoch15.safetensors");
    end(&s);
}

/* conv1 (2,1,1,1) over the grey input of onnx_graph, as a model by itself. */
static void write_onnx(const char *path, float one, float other)
{
    const int64_t shape[] = { 2, 1, 1, 1, 0 };
    const float w[] = { one, other };
    bytes g = onnx_graph();
    onnx_node(&g, "Conv", "conv1", "x w", "y", (bytes){ 0 });
    onnx_weights(&g, "w", shape, w);
    bytes file = onnx_file(g, 13);
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(file.data, 1, file.n, f), file.n);
    assert_int_equal(fclose(f), 0);
    bytes_free(&file);
}

static void models_by_themselves_are_a_series_too(void **state)
{
    (void)state;
    const char *layer = "1", *folder = "onnx";
    const dv_preprocess grey = { .size = { 4, 4 }, .channels = 1, .scale = 1, .std = { 1 } };
    study s = { .model = NULL };
    assert_int_equal(mkdir(folder, 0777), 0);
    write_onnx("onnx/step9.onnx", -1, 2);
    write_onnx("onnx/step10.onnx", 1, 3);
    s.model = dv_checkpoint_open(NULL, "onnx/step10.onnx", (const int[2]){ 0, 0 }, &s.err);
    assert_non_null(s.model);
    assert_true(dv_list_add(&s.images, "img", &s.err) &&
                dv_select_layers(s.model, 1, &layer, "all", &s.units, &s.err) &&
                dv_checkpoints_find(&s.checkpoints, 1, &folder, ".onnx", &s.err));
    const dv_evolve_options o = {
        .units = &s.units, .images = &s.images, .preprocess = grey, .sample = 2, .threshold = 0.9
    };
    s.evolver = dv_evolver_new(s.model, &o, &s.err);
    go(&s);
    assert_int_equal(s.result.n, 2);
    assert_string_equal(s.result.checkpoints[0].title, "step 9");
    assert_true(s.result.units[0].filters[0] == -1 && s.result.units[1].filters[0] == 1);
    assert_true(s.result.units[0].projections[0] == 1); /* there is no ReLU: minus times minus */
    end(&s);
}

static void an_image_that_cannot_be_read_is_told_once(void **state)
{
    (void)state;
    char skipped[200] = "";
    study s;
    begin(&s, "top:1", 1, skipped);
    assert_true(dv_list_add(&s.images, "img/nosuch.png", &s.err));
    dv_evolver_free(s.evolver);
    s.evolver = dv_evolver_new(s.model, &s.o, &s.err);
    go(&s);
    assert_string_equal(skipped, "img/nosuch.png");
    assert_int_equal(s.result.images, ALBUM_IMAGES);
    assert_int_equal(s.result.unreadable, 1);
    skipped[0] = '\0';
    dv_evolution_free(&s.result);
    go(&s); /* nothing is read again */
    assert_string_equal(skipped, "");
    end(&s);
}

static void the_last_that_can_be_opened_is_found(void **state)
{
    (void)state;
    static const int size[2] = { 0, 0 };
    const char *run = "run";
    dv_checkpoints c;
    dv_error err;
    training_save("run/small-epoch99.safetensors", 0.9, 700);
    assert_true(dv_checkpoints_find(&c, 1, &run, ".safetensors", &err));
    assert_int_equal(c.n, N + 1);
    assert_int_equal(dv_checkpoints_last(&c, "net.json", size, &err), N - 1);
    dv_checkpoints_free(&c);
    unlink("run/small-epoch99.safetensors");
}

/* -- names ------------------------------------------------------------------------------------ */

static void numbers_are_in_natural_order(void **state)
{
    (void)state;
    static const char *const sorted[] = { "a",       "a-2",     "a-2b",     "a-02c",
                                          "a-10",    "a-10.x",  "a-100",    "b/2/x10",
                                          "b/2/x11", "b/10/x1", "b/010/x2", "c" };
    const int n = sizeof sorted / sizeof *sorted;
    for (int i = 0; i < n; i++)
        for (int k = 0; k < n; k++) {
            const int order = dv_natural_order(sorted[i], sorted[k]);
            assert_int_equal((order > 0) - (order < 0), (i > k) - (i < k));
        }
}

static void says(const char *const *files, int n, const char *const *titles, const char *word)
{
    dv_checkpoints c = { .n = n, .list = calloc((size_t)n, sizeof *c.list) };
    dv_error err;
    for (int i = 0; i < n; i++)
        c.list[i].path = strdup(files[i]);
    assert_true(dv_checkpoints_name(&c, &err));
    for (int i = 0; i < n; i++)
        assert_string_equal(c.list[i].title, titles[i]);
    if (word)
        assert_string_equal(c.word, word);
    else
        assert_null(c.word);
    dv_checkpoints_free(&c);
}

#define SAYS(files, titles, word) says(files, sizeof(files) / sizeof *(files), titles, word)

static void titles_tell_what_is_different(void **state)
{
    (void)state;
    SAYS(
        ((const char *const[]){ "m/zfnet64-epoch01.safetensors", "m/zfnet64-epoch20.safetensors" }),
        ((const char *const[]){ "epoch 1", "epoch 20" }), "epoch");
    SAYS(((const char *const[]){ "m/net-epoch01.x", "m/net-epoch20.x", "m/net.x" }),
         ((const char *const[]){ "epoch 1", "epoch 20", "net" }), NULL);
    SAYS(((const char *const[]){ "run/checkpoint-100/model.x", "run/checkpoint-2000/model.x" }),
         ((const char *const[]){ "checkpoint 100", "checkpoint 2000" }), "checkpoint");
    SAYS(((const char *const[]){ "e1-loss0.5.x", "e2-loss0.3.x" }),
         ((const char *const[]){ "e 1", "e 2" }), "e");
    SAYS(((const char *const[]){ "1.x", "2.x" }), ((const char *const[]){ "1", "2" }),
         "checkpoint");
    SAYS(((const char *const[]){ "a-1-x.s", "a-1-y.s" }), ((const char *const[]){ "x", "y" }),
         NULL);
    SAYS(((const char *const[]){ "a1b.s", "a1c.s", "a2.s" }),
         ((const char *const[]){ "1b", "1c", "2" }), NULL);
    SAYS(((const char *const[]){ "run/best.safetensors" }), ((const char *const[]){ "best" }),
         NULL);
}

/* -- following -------------------------------------------------------------------------------- */

static void nap(double seconds)
{
    const struct timespec t = { .tv_nsec = (long)(seconds * 1e9) };
    nanosleep(&t, NULL);
}

/* Half a checkpoint, and later all of it. */
static void *train(void *unused)
{
    (void)unused;
    training_save("live/epoch2.safetensors", 0.5, 900);
    nap(0.8);
    training_save("live/epoch2.safetensors", 0.5, 0);
    return NULL;
}

static void a_half_written_file_is_waited_for(void **state)
{
    (void)state;
    const char *live = "live";
    const dv_follow_options o = {
        .network = "net.json", .n_places = 1, .places = &live, .ending = ".safetensors", .quiet = 5
    };
    dv_checkpoints c = { .n = 0 };
    dv_error err;
    pthread_t trainer;
    bool more;
    assert_int_equal(mkdir("live", 0777), 0);
    training_save("live/epoch1.safetensors", 0, 0);
    dv_follower *f = dv_follower_new(&o, &err);
    assert_true(dv_follower_next(f, &c, &more, &err) && more);
    assert_int_equal(c.n, 1);
    assert_int_equal(pthread_create(&trainer, NULL, train, NULL), 0);
    assert_true(dv_follower_next(f, &c, &more, &err) && more);
    pthread_join(trainer, NULL);
    assert_int_equal(c.n, 2);
    assert_string_equal(c.list[1].title, "epoch 2");
    dv_model *m = dv_checkpoint_open("net.json", c.list[1].path, (const int[2]){ 0, 0 }, &err);
    assert_non_null(m); /* it is whole */
    dv_model_free(m);
    dv_follower_free(f);
    dv_checkpoints_free(&c);
}

static bool at_once(void *unused)
{
    (void)unused;
    return true;
}

static void following_ends(void **state)
{
    (void)state;
    const char *run = "run";
    dv_follow_options o = {
        .network = "net.json", .n_places = 1, .places = &run, .ending = ".safetensors", .quiet = 0.3
    };
    dv_checkpoints c = { .n = 0 };
    dv_error err;
    bool more;
    for (int stopped = 0; stopped < 2; stopped++) {
        if (stopped)
            o = (dv_follow_options){ .network = o.network,
                                     .n_places = 1,
                                     .places = &run,
                                     .ending = o.ending,
                                     .watch = { .cancelled = at_once } };
        dv_follower *f = dv_follower_new(&o, &err);
        assert_true(dv_follower_next(f, &c, &more, &err) && more);
        assert_int_equal(c.n, N);
        assert_true(dv_follower_next(f, &c, &more, &err));
        assert_false(more);
        assert_int_equal(c.n, N); /* as it was */
        dv_follower_free(f);
    }
    dv_checkpoints_free(&c);
}

/* What was surveyed before is taken as it was. */
static void one_after_the_other_is_as_all_at_once(void **state)
{
    (void)state;
    study s, all;
    begin(&s, "top:2", 1, NULL);
    begin(&all, "top:2", 1, NULL);
    go(&all);
    const int n = s.checkpoints.n;
    for (int i = 1; i <= n; i++) {
        s.checkpoints.n = i;
        dv_evolution_free(&s.result);
        go(&s);
    }
    dv_text a = { 0 }, b = { 0 };
    dv_table t = dv_evolution_units_table(&s.result, &s.images);
    dv_table u = dv_evolution_units_table(&all.result, &all.images);
    dv_table_print_csv(&t, &a);
    dv_table_print_csv(&u, &b);
    assert_string_equal(a.data, b.data);
    free(a.data);
    free(b.data);
    dv_table_free(&t);
    dv_table_free(&u);
    end(&s);
    end(&all);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hits_are_the_strongest_over_all_images),
        cmocka_unit_test(jumps_are_counted),
        cmocka_unit_test(filters_are_compared_with_the_last),
        cmocka_unit_test(projections_are_compared_from_one_place),
        cmocka_unit_test(a_layers_mean_is_of_its_sample),
        cmocka_unit_test(any_number_of_threads_gives_the_same),
        cmocka_unit_test(a_figure_and_an_animation_are_written),
        cmocka_unit_test(what_does_not_fit_is_left_out_or_fails),
        cmocka_unit_test(models_by_themselves_are_a_series_too),
        cmocka_unit_test(an_image_that_cannot_be_read_is_told_once),
        cmocka_unit_test(the_last_that_can_be_opened_is_found),
        cmocka_unit_test(numbers_are_in_natural_order),
        cmocka_unit_test(titles_tell_what_is_different),
        cmocka_unit_test(a_half_written_file_is_waited_for),
        cmocka_unit_test(following_ends),
        cmocka_unit_test(one_after_the_other_is_as_all_at_once),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
