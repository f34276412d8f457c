/* What is done with many images, while each allocation fails in turn. */
#include "album.h"
#include "deconvviz/evolve.h"
#include "deconvviz/occlude.h"
#include "image/apng.h"
#include "net.h"
#include "scarce.h"
#include "studies/filters.h"
#include "training.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static bool open_album(scarce_scene *s, dv_error *err)
{
    (void)err;
    s->model = album_model();
    return s->model;
}

static bool open_with_threads(scarce_scene *s, dv_error *err)
{
    s->pool = dv_pool_new(3, err);
    return s->pool && open_album(s, err);
}

/* Weights that several images share. */
static bool open_heavy(scarce_scene *s, dv_error *err)
{
    static const net_ints transposed[] = { { "transB", 0, { 1 } }, { 0 } };
    (void)err;
    dv_model *m = net_new(3, ALBUM_SIDE, ALBUM_SIDE);
    net_add(m, "Flatten", "x", "all", NULL);
    net_constant(m, "w", 5, 3 * ALBUM_SIDE * ALBUM_SIDE, 0, 0, net_random, 7);
    net_add(m, "Gemm", "all w", "y", transposed);
    net_finish(m, "y");
    memset(m->sha256, 'b', 64);
    s->model = m;
    return true;
}

/* -- what is read ----------------------------------------------------------------------------- */

static bool list_images(scarce_scene *s, dv_error *err)
{
    return dv_list_add(&s->list, "img", err);
}

static bool list_lines(scarce_scene *s, dv_error *err)
{
    return dv_list_add_lines(&s->list, "lines", err);
}

static bool read_index(scarce_scene *s, dv_error *err)
{
    return dv_index_read(&s->index, "mined", err);
}

static bool read_shards(scarce_scene *s, dv_error *err)
{
    return dv_index_read(&s->index, "shard1", err) && dv_index_read(&s->part, "shard2", err);
}

static bool merge(scarce_scene *s, dv_error *err)
{
    if (!dv_index_merge(&s->index, &s->part, err) || !dv_index_write(&s->index, "merged", err))
        return false;
    scarce_mix_file(s, "merged");
    return true;
}

static bool read_references(scarce_scene *s, dv_error *err)
{
    return dv_references_read(&s->references, "recorded", err);
}

static bool make_pool(scarce_scene *s, dv_error *err)
{
    s->pool = dv_pool_new(3, err);
    return s->pool;
}

static bool select_units(scarce_scene *s, dv_error *err)
{
    static const char *const layers[] = { "1", "2" };
    return dv_select_layers(s->model, 2, layers, "all", &s->units, err);
}

/* -- what is run ------------------------------------------------------------------------------ */

static void mix_written(void *ctx, const char *path)
{
    scarce_scene *s = ctx;
    if (strcmp(path, "refs") == 0)
        path = "refs/manifest.json";
    scarce_mix_file(s, path);
}

static void mix_skipped(void *ctx, const char *path, const char *reason)
{
    scarce_mix(ctx, path, strlen(path));
    scarce_mix(ctx, reason, strlen(reason));
}

static dv_watch watch(scarce_scene *s)
{
    return (dv_watch){ .ctx = s, .wrote = mix_written, .skipped = mix_skipped };
}

static bool mine(scarce_scene *s, dv_error *err)
{
    const dv_watch w = watch(s);
    unlink("index.journal");
    return album_mine(s->model, s->pool, &w, err);
}

/* A run that was left in the middle. */
static bool leave_journal(scarce_scene *s, dv_error *err)
{
    return open_album(s, err) && system("cp journal index.journal") == 0;
}

static bool mine_on(scarce_scene *s, dv_error *err)
{
    const dv_watch w = watch(s);
    return album_mine(s->model, s->pool, &w, err);
}

static bool draw_sheets(scarce_scene *s, dv_error *err)
{
    const dv_watch w = watch(s);
    return album_sheets(s->model, s->pool, &w, err);
}

static bool without_atlas(scarce_scene *s, dv_error *err)
{
    return open_album(s, err) && system("rm -rf atlas atlas.unfinished; cp mined index") == 0;
}

static bool left_atlas(scarce_scene *s, dv_error *err)
{
    return without_atlas(s, err) && system("cp -r left atlas.unfinished") == 0;
}

static bool make_atlas(scarce_scene *s, dv_error *err)
{
    static const char *const files[] = { "data/front.js",
                                         "data/layer-0-units-0.js",
                                         "data/images-0.js",
                                         "data/classes-0.js",
                                         "photos/0/3.jpg",
                                         "pictures/layer-1/units-1.jpg",
                                         "pictures/layer-0/patches-0.jpg" };
    const dv_watch w = { .ctx = s, .skipped = mix_skipped };
    if (!album_atlas(s->model, s->pool, &w, err))
        return false;
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        char path[80];
        snprintf(path, sizeof path, "atlas/%s", files[i]);
        scarce_mix_file(s, path);
    }
    return true;
}

static bool compare_networks(scarce_scene *s, dv_error *err)
{
    const dv_watch w = { .ctx = s, .skipped = mix_skipped };
    if (!album_against(s->model, s->pool, &w, err))
        return false;
    scarce_mix_file(s, "atlas/data/against.js");
    scarce_mix_file(s, "atlas/against/data/front.js");
    return true;
}

static bool verify_atlas(scarce_scene *s, dv_error *err)
{
    const dv_atlas_verify_options o = { .folder = "kept", .scratch = "." };
    dv_atlas_verified v;
    const bool ok = dv_atlas_verify(s->model, &s->index, &o, &v, err);
    scarce_mix(s, v.count, sizeof v.count);
    dv_atlas_verified_free(&v);
    return ok;
}

static bool open_and_read(scarce_scene *s, dv_error *err)
{
    return open_album(s, err) && read_index(s, err);
}

static bool record(scarce_scene *s, dv_error *err)
{
    const dv_watch w = watch(s);
    return album_record(s->model, s->pool, &w, err);
}

static bool verify(scarce_scene *s, dv_error *err)
{
    const dv_watch w = watch(s);
    return album_verify(s->model, s->pool, &w, err);
}

static bool tell_projected(void *ctx, const dv_projected_image *image, dv_error *err)
{
    (void)err;
    scarce_mix(ctx, image->path, strlen(image->path));
    for (int i = 0; i < image->n; i++)
        scarce_mix_file(ctx, image->units[i].png);
    if (image->failed)
        scarce_mix(ctx, image->failed->message, strlen(image->failed->message));
    return true;
}

static bool before_projecting(scarce_scene *s, dv_error *err)
{
    return open_album(s, err) && list_images(s, err) && select_units(s, err);
}

static bool before_comparing(scarce_scene *s, dv_error *err)
{
    return open_album(s, err) && dv_list_add(&s->list, "img/0.png", err) && select_units(s, err);
}

static bool project_images(scarce_scene *s, dv_error *err)
{
    const dv_projections_options o = { .units = &s->units,
                                       .position = { .strongest = true },
                                       .rule = DV_RULE_DECONVNET,
                                       .preprocess = album_preprocess,
                                       .pictures = true,
                                       .arrays = true,
                                       .place = { .folder = "" },
                                       .array_place = { .folder = "" },
                                       .view = DV_VIEW_PAIR,
                                       .zoom = 1,
                                       .ctx = s,
                                       .projected = tell_projected };
    return dv_project_images(s->model, &s->list, &o, err);
}

static bool compare_rules(scarce_scene *s, dv_error *err)
{
    dv_compared_rules results[ALBUM_LAYERS * ALBUM_CHANNELS];
    const dv_compare_rules_options o = { .units = &s->units,
                                         .position = { .strongest = true },
                                         .preprocess = album_preprocess,
                                         .figure = { .path = "rules.png" } };
    if (!dv_compare_rules(s->model, &s->list, &o, results, err))
        return false;
    for (int i = 0; i < s->units.n_units; i++)
        scarce_mix(s, results[i].norm, sizeof results[i].norm);
    scarce_mix_file(s, "rules.png");
    return true;
}

/* In numbers and in tables. */
static bool look_at_filters(scarce_scene *s, dv_error *err)
{
    const dv_filters_network n = { s->model, album_preprocess, true };
    const dv_filters_options o = { .dead = 0.25, .dominating = 3, .duplicate = 0.9 };
    dv_filters r;
    dv_text text = { 0 };
    bool ok = dv_filters_study(1, &n, &o, &r, err);
    if (ok) {
        dv_table filters = dv_filters_table(1, &r), layers = dv_filters_layer_table(1, &r);
        dv_table_print_json(&filters, &text);
        dv_table_print_csv(&layers, &text);
        dv_filters_print_layers(1, &r, &text);
        dv_table_free(&filters);
        dv_table_free(&layers);
        ok = dv_text_ok(&text, "tables", err);
        scarce_mix(s, text.data, ok ? text.size : 0);
        free(text.data);
    }
    dv_filters_free(&r);
    return ok;
}

static bool tell_measured(void *ctx, const dv_invariance *r, const dv_invariance_image *image,
                          dv_error *err)
{
    (void)err;
    scarce_mix(ctx, image->path, strlen(image->path));
    scarce_mix(ctx, image->distance,
               (size_t)r->n_points * (size_t)r->n_layers * sizeof *image->distance);
    return true;
}

static bool measure_invariance(scarce_scene *s, dv_error *err)
{
    dv_invariance r;
    const dv_invariance_options o = {
        .preprocess = album_preprocess,
        .amounts = { [DV_MOTION_TRANSLATION] = { 0, 2, 2 }, [DV_MOTION_ROTATION] = { 10, 10, 1 } },
        .pairs = 1,
        .pool = s->pool,
        .ctx = s,
        .measured = tell_measured,
        .watch = watch(s)
    };
    const bool ok = dv_invariance_measure(s->model, &s->list, &o, &r, err);
    dv_invariance_free(&r);
    return ok;
}

static bool find_checkpoints(scarce_scene *s, dv_error *err)
{
    const char *run = "run";
    dv_checkpoints c;
    const bool ok = dv_checkpoints_find(&c, 1, &run, ".safetensors", err);
    for (int i = 0; ok && i < c.n; i++)
        scarce_mix(s, c.list[i].title, strlen(c.list[i].title));
    dv_checkpoints_free(&c);
    return ok;
}

static bool before_evolving(scarce_scene *s, dv_error *err)
{
    const char *layers[] = { "1", "2" };
    const dv_load_options o = { .weights = "run/epoch2.safetensors" };
    s->model = dv_model_open("net.json", &o, err);
    return s->model && list_images(s, err) &&
           dv_select_layers(s->model, 2, layers, "top:1", &s->units, err);
}

static bool evolve(scarce_scene *s, dv_error *err)
{
    const char *run = "run";
    const dv_evolve_options o = { .network = "net.json",
                                  .units = &s->units,
                                  .images = &s->list,
                                  .preprocess = album_preprocess,
                                  .sample = 1,
                                  .threshold = 0.9 };
    dv_checkpoints c;
    dv_evolution r = { .n = 0 };
    dv_evolver *e = dv_evolver_new(s->model, &o, err);
    const bool ok = dv_checkpoints_find(&c, 1, &run, ".safetensors", err) && e &&
                    dv_evolver_run(e, &c, &r, err);
    for (int i = 0; i < r.n_units; i++)
        scarce_mix(s, r.units[i].projections, (size_t)r.n * sizeof *r.units[i].projections);
    dv_evolution_free(&r);
    dv_checkpoints_free(&c);
    dv_evolver_free(e);
    return ok;
}

static bool animate(scarce_scene *s, dv_error *err)
{
    uint8_t pixels[3 * 5 * 4] = { 1, 2, 3 };
    const dv_image frame = { 5, 4, pixels };
    dv_apng a;
    bool ok = dv_apng_begin(&a, 5, 4, 2, err);
    for (int i = 0; ok && i < 2; i++)
        ok = dv_apng_add(&a, &frame, 100, NULL, 0, err);
    ok = ok && dv_apng_write(&a, "moves.png", err);
    dv_apng_free(&a);
    if (ok)
        scarce_mix_file(s, "moves.png");
    return ok;
}

static bool before_steps(scarce_scene *s, dv_error *err)
{
    static const char *const layers[] = { "2" };
    return open_album(s, err) && dv_select_layers(s->model, 1, layers, "1", &s->units, err);
}

static void mix_steps(scarce_scene *s, const dv_steps *steps)
{
    for (int i = 0; i < steps->n; i++) {
        scarce_mix(s, steps->stages[i].back, strlen(steps->stages[i].back));
        scarce_mix(s, &steps->stages[i].signal.norm, sizeof(double));
    }
    scarce_mix_file(s, "steps.png");
}

static bool take_steps(scarce_scene *s, dv_error *err)
{
    dv_steps steps;
    const dv_steps_options o = { .units = &s->units,
                                 .position = { .strongest = true },
                                 .rectify = DV_RECTIFY_ALL,
                                 .preprocess = album_preprocess,
                                 .figure = { .path = "steps.png" },
                                 .maps = 2 };
    if (!dv_steps_of(s->model, "img/0.png", &o, &steps, err))
        return false;
    mix_steps(s, &steps);
    dv_steps_free(&steps);
    return true;
}

static bool take_steps_of_toy(scarce_scene *s, dv_error *err)
{
    dv_steps steps;
    const dv_steps_options o = { .figure = { .path = "steps.png" } };
    if (!dv_steps_toy(&o, &steps, err))
        return false;
    mix_steps(s, &steps);
    dv_steps_free(&steps);
    return true;
}

static bool tell_classified(void *ctx, const dv_classified *c, dv_error *err)
{
    (void)err;
    scarce_mix(ctx, c->path, strlen(c->path));
    scarce_mix(ctx, c->best, (size_t)c->n * sizeof *c->best);
    if (c->failed)
        scarce_mix(ctx, c->failed->message, strlen(c->failed->message));
    return true;
}

static bool before_classifying(scarce_scene *s, dv_error *err)
{
    return open_album(s, err) && list_images(s, err);
}

static bool classify_images(scarce_scene *s, dv_error *err)
{
    dv_labels labels = { 0 };
    dv_truth truth = { 0 };
    dv_classify_result r;
    const dv_classifier network = { .model = s->model, .preprocess = album_preprocess };
    const dv_classify_options o = {
        .n_models = 1, .models = &network, .truth = &truth, .ctx = s, .classified = tell_classified
    };
    bool ok = dv_labels_read(&labels, NULL, s->model, err) &&
              dv_truth_read(&truth, "truth", &labels, err) &&
              dv_classify_images(&s->list, &o, &r, err);
    dv_truth_free(&truth);
    dv_labels_free(&labels);
    return ok;
}

static bool extract_features(scarce_scene *s, dv_error *err)
{
    int tensor;
    dv_labels labels = { 0 };
    dv_truth truth = { 0 };
    dv_features_result r;
    dv_features_options o = { .n_tensors = 1,
                              .tensors = &tensor,
                              .preprocess = album_preprocess,
                              .truth = &truth,
                              .shard = 1,
                              .shards = 1,
                              .output = "features.npy" };
    bool ok = dv_model_find(s->model, "2", &tensor, err) &&
              dv_labels_collect(&labels, "truth", &s->list, err) &&
              dv_truth_read(&truth, "truth", &labels, err) &&
              dv_features(s->model, &s->list, &o, &r, err);
    dv_truth_free(&truth);
    dv_labels_free(&labels);
    if (ok) {
        scarce_mix_file(s, "features.npy");
        scarce_mix_file(s, "features.txt");
    }
    return ok;
}

static bool merge_features(scarce_scene *s, dv_error *err)
{
    static const char *const paths[] = { "features2.npy", "features1.npy" };
    dv_features_result r;
    if (!dv_features_merge(2, paths, "merged.npy", &r, err))
        return false;
    scarce_mix_file(s, "merged.npy");
    scarce_mix_file(s, "merged.json");
    return true;
}

static bool tell_occluded(void *ctx, const dv_occluded *f, dv_error *err)
{
    (void)err;
    if (f->failed) {
        scarce_mix(ctx, f->failed->message, strlen(f->failed->message));
        return true;
    }
    for (int i = 0; i < f->rows * f->columns; i++)
        scarce_mix(ctx, &f->at[i].activation, sizeof f->at[i].activation);
    scarce_mix(ctx, f->saliency, ALBUM_SIDE * ALBUM_SIDE * sizeof *f->saliency);
    return true;
}

/* A network of two classes, and two images. */
static bool before_occluding(scarce_scene *s, dv_error *err)
{
    return open_heavy(s, err) && dv_list_add(&s->list, "img/0.png", err) &&
           dv_list_add(&s->list, "img/1.png", err);
}

static bool occlude(scarce_scene *s, dv_error *err)
{
    const dv_occlude_options o = { .layer = "x",
                                   .channel = -1,
                                   .square = 6,
                                   .step = 8,
                                   .masks = 2,
                                   .of_class = 1,
                                   .preprocess = album_preprocess,
                                   .ctx = s,
                                   .occluded = tell_occluded };
    return dv_occlude_images(s->model, &s->list, &o, err);
}

static void reads_and_selections(void **state)
{
    (void)state;
    static const scarce_call calls[] = {
        { "a list of a folder", NULL, list_images },
        { "a list of lines", NULL, list_lines },
        { "an index", NULL, read_index },
        { "merging", read_shards, merge },
        { "references", NULL, read_references },
        { "a pool", NULL, make_pool },
        { "selected units", open_album, select_units },
        { "checkpoints", NULL, find_checkpoints },
    };
    for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++)
        assert_true(scarce_try(&calls[i]) > 0);
}

static void runs(void **state)
{
    (void)state;
    static const scarce_call calls[] = {
        { "mining", open_album, mine },
        { "mining by threads", open_with_threads, mine },
        { "mining on", leave_journal, mine_on },
        { "projecting", before_projecting, project_images },
        { "filters", open_album, look_at_filters },
        { "comparing rules", before_comparing, compare_rules },
        { "steps", before_steps, take_steps },
        { "steps of the toy", NULL, take_steps_of_toy },
        { "classifying", before_classifying, classify_images },
        { "features", before_classifying, extract_features },
        { "features of shards", NULL, merge_features },
        { "invariance", before_classifying, measure_invariance },
        { "occluding", before_occluding, occlude },
        { "evolving", before_evolving, evolve },
        { "an animation", NULL, animate },
        { "sheets", open_album, draw_sheets },
        { "an atlas", without_atlas, make_atlas },
        { "an atlas goes on", left_atlas, make_atlas },
        { "two networks", without_atlas, compare_networks },
        { "an atlas verified", open_and_read, verify_atlas },
        { "recording", open_album, record },
        { "verifying", open_album, verify },
        { "mining together", open_heavy, mine }, /* to another index in the album's place */
    };
    for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++)
        assert_true(scarce_try(&calls[i]) > 0);
    assert_int_equal(system("! find . -name '*.deconvviz-*' ! -name '*.d' | grep ."), 0);
}

/* -- beforehand ------------------------------------------------------------------------------- */

static bool shard_features(const dv_model *m, int shard, const char *output, dv_error *err)
{
    int tensor;
    dv_list list = { 0 };
    dv_features_result r;
    dv_features_options o = { .n_tensors = 1,
                              .tensors = &tensor,
                              .preprocess = album_preprocess,
                              .shard = shard,
                              .shards = 2,
                              .output = output };
    const bool ok = dv_model_find(m, "2", &tensor, err) && dv_list_add(&list, "img", err) &&
                    dv_features(m, &list, &o, &r, err);
    dv_list_free(&list);
    return ok;
}

static bool is_third(void *ctx)
{
    return ++*(int *)ctx == 3;
}

static int begin(void **state)
{
    (void)state;
    dv_error err = { 0 };
    int asked = 0;
    const dv_watch none = { .ctx = NULL }, third = { .ctx = &asked, .cancelled = is_third };
    album_begin();
    training_network();
    assert_int_equal(mkdir("run", 0777), 0);
    training_save("run/epoch1.safetensors", 0, 0);
    training_save("run/epoch2.safetensors", 1, 0);
    dv_model *m = album_model();
    bool ok = !album_mine(m, NULL, &third, &err) && err.code == DV_CANCELLED &&
              rename("index.journal", "journal") == 0 && album_mine_shard(m, 1, "shard1", &err) &&
              album_mine_shard(m, 2, "shard2", &err) && album_mine(m, NULL, &none, &err) &&
              album_record(m, NULL, &none, &err) && shard_features(m, 1, "features1.npy", &err) &&
              shard_features(m, 2, "features2.npy", &err);
    asked = 0;
    ok = ok && !album_atlas(m, NULL, &third, &err) && err.code == DV_CANCELLED &&
         rename("atlas.unfinished", "left") == 0 && album_atlas(m, NULL, &none, &err) &&
         rename("atlas", "kept") == 0 && truncate("kept/photos/0/1.jpg", 900) == 0;
    dv_model_free(m);
    if (!ok)
        fail_msg("%s", err.message);
    return system(
        "cp index mined; cp -r refs recorded; ls img/* > lines; sed s/$/\\ 1/ lines > truth");
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
        cmocka_unit_test(reads_and_selections),
        cmocka_unit_test(runs),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
