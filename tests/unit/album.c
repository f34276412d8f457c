#include "album.h"
#include "deconvviz/atlas.h"
#include "deconvviz/mine.h"
#include "deconvviz/reference.h"
#include "deconvviz/sheets.h"
#include "image/png.h"
#include "net.h"

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

static const char pattern[] = "/tmp/deconvviz-album-XXXXXX";
static char top[sizeof pattern];
const dv_preprocess album_preprocess = { .resize = ALBUM_SIDE,
                                         .size = { ALBUM_SIDE, ALBUM_SIDE },
                                         .channels = 3,
                                         .scale = 1 / 255.0F,
                                         .mean = { 0.5F, 0.5F, 0.5F },
                                         .std = { 0.25F, 0.25F, 0.25F } };

static void write_image(const char *path, uint32_t seed)
{
    uint8_t pixels[ALBUM_SIDE * ALBUM_SIDE * 3];
    dv_error err;
    for (size_t i = 0; i < sizeof pixels; i++)
        pixels[i] = (uint8_t)(128 + 127 * net_random(&seed));
    assert_true(dv_png_write(path, ALBUM_SIDE, ALBUM_SIDE, 3, pixels, NULL, 0, &err));
}

void album_begin(void)
{
    memcpy(top, pattern, sizeof top);
    assert_true(mkdtemp(top) && chdir(top) == 0 && mkdir("img", 0777) == 0);
    for (uint32_t i = 0; i < ALBUM_IMAGES; i++) {
        char path[32];
        snprintf(path, sizeof path, "img/%u.png", i);
        write_image(path, i + 1);
    }
}

void album_end(void)
{
    char command[100];
    snprintf(command, sizeof command, "rm -rf %s", top);
    assert_true(chdir("/") == 0 && system(command) == 0);
}

dv_model *album_model(void)
{
    dv_model *m = net_new(3, ALBUM_SIDE, ALBUM_SIDE);
    net_conv(m, "x", "c1", 3, ALBUM_CHANNELS, 3, 1, 1, net_random, 7);
    net_add(m, "Relu", "c1", "r1", NULL);
    net_add(m, "MaxPool", "r1", "p1",
            (net_ints[]){ { "kernel_shape", 2, { 2, 2 } }, { "strides", 2, { 2, 2 } }, { 0 } });
    net_conv(m, "p1", "c2", ALBUM_CHANNELS, ALBUM_CHANNELS, 3, 1, 1, net_random, 9);
    net_add(m, "Relu", "c2", "r2", NULL);
    net_finish(m, "r2");
    memset(m->sha256, 'a', 64); /* there is no file */
    return m;
}

/* -- the index -------------------------------------------------------------------------------- */

static bool mine(const dv_model *m, int shard, int shards, const char *output, dv_pool *pool,
                 const dv_watch *w, dv_error *err)
{
    const dv_mine_options o = { .preprocess = album_preprocess,
                                .k = 2,
                                .per_image = 1,
                                .sample = 3,
                                .shard = shard,
                                .shards = shards,
                                .pool = pool,
                                .output = output,
                                .watch = *w };
    dv_list list = { 0 };
    dv_mine_result r;
    bool ok = dv_list_add(&list, "img", err) && dv_mine(m, &o, &list, &r, err);
    dv_list_free(&list);
    return ok;
}

bool album_mine(const dv_model *m, dv_pool *pool, const dv_watch *w, dv_error *err)
{
    return mine(m, 1, 1, "index", pool, w, err);
}

bool album_mine_shard(const dv_model *m, int shard, const char *output, dv_error *err)
{
    return mine(m, shard, 2, output, NULL, &(dv_watch){ .ctx = NULL }, err);
}

bool album_sheets(const dv_model *m, dv_pool *pool, const dv_watch *w, dv_error *err)
{
    static const int32_t channels[ALBUM_CHANNELS] = { 0, 1, 2 };
    dv_index x;
    if (!dv_index_read(&x, "index", err))
        return false;
    const dv_sheets_pick picks[] = { { &x.layers[0], ALBUM_CHANNELS, channels },
                                     { &x.layers[1], ALBUM_CHANNELS, channels } };
    const dv_sheets_options o = { .folder = "sheets",
                                  .n_picks = ALBUM_LAYERS,
                                  .picks = picks,
                                  .most = 2,
                                  .rule = DV_RULE_DECONVNET,
                                  .common_scale = true,
                                  .side = 16,
                                  .pool = pool,
                                  .watch = *w };
    int missing;
    bool ok = dv_sheets(m, &x, &o, &missing, err);
    dv_index_free(&x);
    return ok;
}

static bool make_atlas(const dv_model *m, dv_pool *pool, const dv_watch *w,
                       const dv_atlas_against *against, dv_error *err)
{
    static const int32_t channels[ALBUM_CHANNELS] = { 0, 1, 2 };
    dv_index x;
    dv_list list = { 0 };
    dv_labels labels = { 0 };
    dv_truth truth = { .labels = NULL };
    dv_atlas_result r;
    if (!dv_index_read(&x, "index", err))
        return false;
    const dv_sheets_pick picks[] = { { &x.layers[1], ALBUM_CHANNELS, channels },
                                     { &x.layers[0], ALBUM_CHANNELS - 1, channels } };
    const dv_atlas_options o = { .folder = "atlas",
                                 .n_picks = ALBUM_LAYERS,
                                 .picks = picks,
                                 .compared = 1,
                                 .samples_projected = true,
                                 .quality = 50,
                                 .context = true,
                                 .labels = &labels,
                                 .truth = &truth,
                                 .command = "deconvviz atlas",
                                 .projects = "deconvviz",
                                 .against = against,
                                 .pool = pool,
                                 .watch = *w };
    const bool ok = dv_list_add(&list, "img", err) &&
                    dv_labels_collect(&labels, "names", &list, err) &&
                    dv_truth_read(&truth, "names", &labels, err) && dv_atlas(m, &x, &o, &r, err);
    dv_truth_free(&truth);
    dv_labels_free(&labels);
    dv_list_free(&list);
    dv_index_free(&x);
    return ok;
}

bool album_atlas(const dv_model *m, dv_pool *pool, const dv_watch *w, dv_error *err)
{
    return make_atlas(m, pool, w, NULL, err);
}

bool album_against(const dv_model *m, dv_pool *pool, const dv_watch *w, dv_error *err)
{
    dv_index x;
    const dv_atlas_against against = {
        .model = m, .index = &x, .projects = "deconvviz", .match = DV_MATCH_RESPONSES
    };
    if (!dv_index_read(&x, "index", err))
        return false;
    const bool ok = make_atlas(m, pool, w, &against, err);
    dv_index_free(&x);
    return ok;
}

/* -- references ------------------------------------------------------------------------------- */

static bool pick(void *ctx, int32_t image, const dv_trace *t, dv_reference_pick *picks, int *n,
                 dv_error *err)
{
    const int *tensor = ctx;
    (void)image;
    (void)err;
    for (*n = 0; *n < ALBUM_CHANNELS; ++*n) {
        picks[*n] = (dv_reference_pick){ "2", { *tensor, *n, 0, 0 }, DV_AT_STRONGEST };
        (void)dv_strongest(t, &picks[*n].unit);
    }
    return true;
}

bool album_record(const dv_model *m, dv_pool *pool, const dv_watch *w, dv_error *err)
{
    int tensor;
    dv_list list = { 0 };
    if (!dv_model_find(m, "2", &tensor, err))
        return false;
    const dv_record_options o = { .folder = "refs",
                                  .replace = true,
                                  .copy = true,
                                  .pictures = true,
                                  .preprocess = album_preprocess,
                                  .rule = DV_RULE_DECONVNET,
                                  .n_tensors = 1,
                                  .tensors = &tensor,
                                  .pool = pool,
                                  .ctx = &tensor,
                                  .max_picks = ALBUM_CHANNELS,
                                  .pick = pick,
                                  .watch = *w };
    bool ok = dv_list_add(&list, "img", err) && dv_references_record(m, &list, NULL, &o, err);
    dv_list_free(&list);
    return ok;
}

bool album_verify(const dv_model *m, dv_pool *pool, const dv_watch *w, dv_error *err)
{
    dv_references r;
    if (!dv_references_read(&r, "refs", err))
        return false;
    dv_verified *results = calloc((size_t)r.n_units, sizeof *results);
    const dv_verify_options o = { .folder = "refs",
                                  .pictures = "changed",
                                  .preprocess = album_preprocess,
                                  .tolerance = dv_default_tolerance,
                                  .value_tolerance = dv_default_value_tolerance,
                                  .pool = pool,
                                  .watch = *w };
    bool ok = (results || dv_fail(err, DV_NO_MEMORY, "no memory for results")) &&
              dv_references_verify(m, &r, &o, results, err);
    free(results);
    dv_references_free(&r);
    return ok;
}
