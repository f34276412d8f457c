/* What is shown of hits, against projecting them one by one. */
#include "atlas/shown.h"
#include "deconvviz/mine.h"
#include "deconvviz/pool.h"
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

enum { IMAGES = 9, SIDE = 24, MOST = 3 };

static char top[] = "/tmp/deconvviz-sheets-XXXXXX";
static dv_model *model;
static dv_index mined;
static const dv_preprocess prepare = { .resize = SIDE,
                                       .size = { SIDE, SIDE },
                                       .channels = 3,
                                       .scale = 1 / 255.0F,
                                       .mean = { 0.5F, 0.5F, 0.5F },
                                       .std = { 0.25F, 0.25F, 0.25F } };

static void write_image(const char *path, uint32_t seed)
{
    uint8_t pixels[SIDE * SIDE * 3];
    dv_error err;
    for (size_t i = 0; i < sizeof pixels; i++)
        pixels[i] = (uint8_t)(128 + 127 * net_random(&seed));
    assert_true(dv_png_write(path, SIDE, SIDE, 3, pixels, NULL, 0, &err));
}

static void write_images(void)
{
    for (uint32_t i = 0; i < IMAGES; i++) {
        char path[32];
        snprintf(path, sizeof path, "img/%u.png", i);
        write_image(path, i + 1);
    }
}

static int set_up(void **state)
{
    (void)state;
    dv_error err;
    if (!mkdtemp(top) || chdir(top) != 0 || mkdir("img", 0777) != 0)
        return -1;
    write_images();
    model = net_new(3, SIDE, SIDE);
    net_conv(model, "x", "c1", 3, 4, 3, 1, 1, net_random, 7);
    net_add(model, "Relu", "c1", "r1", NULL);
    net_add(model, "MaxPool", "r1", "p1",
            (net_ints[]){ { "kernel_shape", 2, { 2, 2 } }, { "strides", 2, { 2, 2 } }, { 0 } });
    net_conv(model, "p1", "c2", 4, 6, 7, 2, 3, net_random, 9);
    net_add(model, "Relu", "c2", "r2", NULL);
    net_finish(model, "r2");
    memset(model->sha256, 'a', 64);
    dv_list list = { 0 };
    dv_mine_result r;
    dv_mine_options o = {
        .preprocess = prepare, .k = 5, .per_image = 2, .shard = 1, .shards = 1, .output = "index"
    };
    bool ok = dv_list_add(&list, "img", &err) && dv_mine(model, &o, &list, &r, &err) &&
              dv_index_read(&mined, "index", &err);
    dv_list_free(&list);
    return ok ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    char command[100];
    snprintf(command, sizeof command, "rm -rf %s", top);
    dv_index_free(&mined);
    dv_model_free(model);
    return chdir("/") || system(command);
}

/* -- pictures of hits ------------------------------------------------------------------------- */

/* All units of both layers; *shown is the caller's. */
static int list_units(dv_shown_unit *units, dv_shown **shown)
{
    dv_error err;
    int n = 0;
    *shown = calloc(10 * MOST, sizeof **shown);
    assert_non_null(*shown);
    for (int i = 0; i < 2; i++) {
        const dv_index_layer *l = &mined.layers[i];
        for (int c = 0; c < l->size[DV_C]; c++) {
            dv_shown_unit *u = &units[n];
            *u = (dv_shown_unit){ .layer = l, .channel = c, .shown = *shown + MOST * n++ };
            assert_true(dv_model_find(model, l->layer, &u->tensor, &err));
            u->n = l->units[c].n_hits < MOST ? l->units[c].n_hits : MOST;
            for (int h = 0; h < u->n; h++)
                u->shown[h].hit = &l->units[c].hits[h];
        }
    }
    return n;
}

static void same_picture(const dv_image *a, const dv_image *b)
{
    assert_int_equal(a->width, b->width);
    assert_int_equal(a->height, b->height);
    assert_memory_equal(a->rgb, b->rgb, (size_t)a->width * (size_t)a->height * 3);
}

/* A hit by itself, drawn at its own scale, or (scale > 0) at that. Returns its own. */
static float check_hit(const dv_shown_unit *u, const dv_shown *s, float scale)
{
    dv_error err;
    float input[3 * SIDE * SIDE];
    dv_image im, seen, patch, projection;
    dv_request r = { .n_keep = 1, .keep = &u->tensor, .rules = 1U << DV_RULE_DECONVNET };
    dv_plan *plan = dv_plan_new(model, &r, NULL, &err);
    dv_trace *trace = dv_trace_new(plan, NULL, &err);
    dv_projector *p = dv_projector_new(trace, NULL, &err);
    dv_unit unit = { u->tensor, u->channel, s->hit->y, s->hit->x };
    dv_box box = { { unit.channel, unit.y, unit.x }, { unit.channel + 1, unit.y + 1, unit.x + 1 } };
    dv_box field;
    dv_signal signal;
    assert_true(dv_image_load(&im, dv_index_file_of(&mined, s->hit->image)->path, &err));
    assert_true(dv_prepare(&im, &prepare, input, NULL, &err));
    assert_true(dv_trace_forward(trace, input, &err));
    assert_true(dv_draw_input(&seen, input, &prepare, &err));
    assert_true(dv_project(p, &unit, DV_RULE_DECONVNET, DV_SEED_VALUE, &signal, &err));
    assert_true(dv_model_field(model, u->tensor, box, &field, &err));
    dv_rect rect = dv_view_rect(DV_VIEW_CROP, field, prepare.size);
    float own = dv_signal_scale(&signal);
    assert_true(dv_picture_crop(&patch, &seen, rect, &err));
    assert_true(dv_draw_signal(&projection, &signal, rect, scale > 0 ? scale : own, false, &err));
    same_picture(&patch, &s->patch);
    same_picture(&projection, &s->projection[DV_ON_SHEET]);
    same_picture(&projection, &s->projection[DV_IN_CELL]); /* both are larger than the field */
    dv_image_free(&im);
    dv_image_free(&seen);
    dv_image_free(&patch);
    dv_image_free(&projection);
    dv_projector_free(p);
    dv_trace_free(trace);
    dv_plan_free(plan);
    return own;
}

static void check_all(bool common, int threads)
{
    dv_error err;
    dv_shown_unit units[10];
    dv_shown *shown;
    int n = list_units(units, &shown), missing = 0;
    dv_pool *pool = dv_pool_new(threads, &err);
    dv_sheets_options o = {
        .rule = DV_RULE_DECONVNET, .side = 64, .most = MOST, .common_scale = common, .pool = pool
    };
    dv_showing s = { .model = model, .index = &mined, .options = &o };
    if (!dv_show_hits(&s, n, units, &err))
        fail_msg("%s", err.message);
    for (int u = 0; u < n; u++) {
        float most = 0;
        for (int h = 0; h < units[u].n; h++) {
            const dv_shown *one = &units[u].shown[h];
            float own = check_hit(&units[u], one, common ? one->scale[DV_ON_SHEET] : 0);
            most = own > most ? own : most;
        }
        for (int h = 0; common && h < units[u].n; h++)
            assert_true(units[u].shown[h].scale[DV_ON_SHEET] == most);
        dv_shown_free(&units[u]);
    }
    assert_int_equal(missing, s.missing);
    dv_pool_free(pool);
    free(shown);
}

static void hits_are_shown_as_if_projected_one_by_one(void **state)
{
    (void)state;
    check_all(false, 1);
    check_all(false, 3);
}

static void a_common_scale_is_the_largest_of_the_unit(void **state)
{
    (void)state;
    check_all(true, 2);
}

/* -- files ------------------------------------------------------------------------------------ */

static int n_failed;
static char last_reason[200];

static void note_failed(void *ctx, const char *path, const char *reason)
{
    (void)ctx;
    assert_int_equal(strncmp(path, "img/", 4), 0);
    n_failed++;
    snprintf(last_reason, sizeof last_reason, "%s", reason);
}

static bool sheets(int *missing, dv_error *err)
{
    static const int32_t channels[] = { 0, 1, 2, 3, 4, 5 };
    const dv_sheets_pick picks[] = { { &mined.layers[0], 4, channels },
                                     { &mined.layers[1], 6, channels } };
    dv_sheets_options o = { .folder = "out/a",
                            .n_picks = 2,
                            .picks = picks,
                            .most = MOST,
                            .rule = DV_RULE_DECONVNET,
                            .side = 16,
                            .watch.skipped = note_failed };
    n_failed = 0;
    return dv_sheets(model, &mined, &o, missing, err);
}

static void every_unit_with_hits_has_a_sheet_and_every_layer_one(void **state)
{
    (void)state;
    dv_error err;
    int missing = -1;
    if (!sheets(&missing, &err))
        fail_msg("%s", err.message);
    assert_int_equal(missing, 0);
    for (int i = 0; i < 2; i++) {
        char path[64];
        snprintf(path, sizeof path, "out/a/layer%d.png", i + 1);
        assert_int_equal(access(path, F_OK), 0);
        for (int c = 0; c < mined.layers[i].size[DV_C]; c++) {
            snprintf(path, sizeof path, "out/a/layer%d/c%03d.png", i + 1, c);
            assert_true((access(path, F_OK) == 0) == (mined.layers[i].units[c].n_hits > 0));
        }
    }
}

/* -- pages ------------------------------------------------------------------------------------ */

enum { MANY = 300 }; /* units, for which a contact sheet does not suffice */

static int n_wrote, wrote_before[3]; /* of each page, and of a second layer's */

static void note_wrote(void *ctx, const char *path)
{
    (void)ctx;
    static const char *const pages[] = { "layer1-1.png", "layer1-2.png", "layer2.png" };
    for (int i = 0; i < 3; i++)
        if (strcmp(strrchr(path, '/') + 1, pages[i]) == 0)
            wrote_before[i] = n_wrote;
    n_wrote++;
}

static void sheets_of_many(const char *folder, int64_t memory)
{
    static const int32_t six[] = { 0, 1, 2, 3, 4, 5 };
    dv_error err;
    int missing;
    int32_t channels[MANY];
    for (int i = 0; i < MANY; i++)
        channels[i] = i % 4;
    const dv_sheets_pick picks[] = { { &mined.layers[0], MANY, channels },
                                     { &mined.layers[1], 6, six } };
    dv_sheets_options o = { .folder = folder,
                            .n_picks = 2,
                            .picks = picks,
                            .most = 1,
                            .rule = DV_RULE_DECONVNET,
                            .side = 16,
                            .memory = memory,
                            .watch.wrote = note_wrote };
    n_wrote = 0;
    for (int c = 0; c < 4; c++)
        assert_true(mined.layers[0].units[c].n_hits > 0);
    if (!dv_sheets(model, &mined, &o, &missing, &err))
        fail_msg("%s", err.message);
}

/* However many units there are, the cells of one page are all that is kept. */
static void a_contact_sheet_is_written_when_it_is_full(void **state)
{
    (void)state;
    sheets_of_many("whole", 0);
    sheets_of_many("parts", 1); /* one unit at a time */
    assert_int_equal(wrote_before[0], 256);
    assert_int_equal(wrote_before[1], 1 + MANY);
    assert_int_equal(wrote_before[2], n_wrote - 1);
    assert_int_equal(system("diff -r whole parts"), 0);
}

static int count_hits(int32_t image)
{
    int n = 0;
    for (int u = 0; u < mined.n_units; u++)
        for (int h = 0; h < mined.units[u].n_hits && h < MOST; h++)
            n += mined.units[u].hits[h].image == image;
    return n;
}

static void images_that_changed_or_are_gone_are_told(void **state)
{
    (void)state;
    dv_error err;
    int missing;
    int32_t image = mined.units[0].hits[0].image;
    const char *path = dv_index_file_of(&mined, image)->path;
    write_image(path, 99);
    assert_true(sheets(&missing, &err));
    assert_int_equal(missing, count_hits(image));
    assert_int_equal(n_failed, 1);
    assert_non_null(strstr(last_reason, "has changed since it was mined"));
    unlink(path);
    assert_true(sheets(&missing, &err));
    assert_int_equal(missing, count_hits(image));
    assert_non_null(strstr(last_reason, "No such file"));
    write_images();
    assert_true(sheets(&missing, &err));
    assert_int_equal(missing, 0);
}

static void another_value_than_was_mined_is_told(void **state)
{
    (void)state;
    dv_error err;
    int missing;
    mined.units[0].hits[0].value *= 1.05F;
    assert_true(sheets(&missing, &err));
    mined.units[0].hits[0].value /= 1.05F;
    assert_true(missing > 0);
    assert_non_null(strstr(last_reason, "layer 1 channel 0 is"));
}

static void another_model_is_refused(void **state)
{
    (void)state;
    dv_error err;
    int missing;
    model->sha256[3] = 'b';
    assert_false(sheets(&missing, &err));
    assert_non_null(strstr(err.message, "the index is of hand.made"));
    model->sha256[3] = 'a';
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hits_are_shown_as_if_projected_one_by_one),
        cmocka_unit_test(a_common_scale_is_the_largest_of_the_unit),
        cmocka_unit_test(every_unit_with_hits_has_a_sheet_and_every_layer_one),
        cmocka_unit_test(a_contact_sheet_is_written_when_it_is_full),
        cmocka_unit_test(images_that_changed_or_are_gone_are_told),
        cmocka_unit_test(another_value_than_was_mined_is_told),
        cmocka_unit_test(another_model_is_refused),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
