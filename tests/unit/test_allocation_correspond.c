/* Parts read and covered, while each allocation fails in turn. */
#include "album.h"
#include "scarce.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static bool read_parts(scarce_scene *s, dv_error *err)
{
    dv_parts p;
    const bool ok = dv_parts_read(&p, "parts.json", NULL, err);
    if (ok)
        scarce_mix(s, p.boxes, (size_t)p.images.count * (size_t)p.n_parts * sizeof *p.boxes);
    dv_parts_free(&p);
    return ok;
}

static bool open_album(scarce_scene *s, dv_error *err)
{
    (void)err;
    s->model = album_model();
    return s->model;
}

static bool open_with_threads(scarce_scene *s, dv_error *err)
{
    s->pool = dv_pool_new(2, err);
    return s->pool && open_album(s, err);
}

static bool correspond(scarce_scene *s, dv_error *err)
{
    const char *const layer = "r2";
    dv_correspondence r[3];
    dv_parts p;
    const dv_correspond_options o = { .parts = &p,
                                      .n_layers = 1,
                                      .layers = &layer,
                                      .fill = DV_PART_BLUR,
                                      .repeats = 1,
                                      .resamples = 10,
                                      .preprocess = album_preprocess,
                                      .pool = s->pool };
    const bool ok =
        dv_parts_read(&p, "parts.json", NULL, err) && dv_correspond(s->model, &o, r, err);
    for (int i = 0; ok && i < 3; i++)
        scarce_mix(s, r[i].measures, sizeof r[i].measures);
    dv_parts_free(&p);
    return ok;
}

static void parts_are_covered_or_memory_is_told_to_have_run_out(void **state)
{
    (void)state;
    static const scarce_call calls[] = {
        { "reading parts", NULL, read_parts },
        { "covering parts", open_album, correspond },
        { "covering parts by threads", open_with_threads, correspond },
    };
    for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++)
        assert_true(scarce_try(&calls[i]) > 0);
}

static int begin(void **state)
{
    (void)state;
    album_begin();
    FILE *f = fopen("parts.json", "w");
    return !f ||
           fputs("[{\"image\": \"img/0.png\", \"parts\": {\"a\": [1,2,6,7], \"b\": [9,8,13,15]}},"
                 " {\"image\": \"img/1.png\", \"parts\": {\"a\": [2,2,7,9], \"b\": [8,8,12,13]}},"
                 " {\"image\": \"img/2.png\", \"parts\": {\"a\": [1,1,5,6], \"b\": [9,9,16,16]}}]",
                 f) < 0 ||
           fclose(f) != 0;
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
        cmocka_unit_test(parts_are_covered_or_memory_is_told_to_have_run_out),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
