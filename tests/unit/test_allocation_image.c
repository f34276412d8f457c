/* What is done with one image, while each allocation fails in turn. */
#include "album.h"
#include "scarce.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

static char root[3000], onnx[4096], json[4096]; /* paths from anywhere */

static bool open_builtin(scarce_scene *s, dv_error *err)
{
    s->model = dv_model_open("zfnet64", NULL, err);
    return s->model;
}

static bool open_onnx(scarce_scene *s, dv_error *err)
{
    s->model = dv_model_open(onnx, NULL, err);
    return s->model;
}

static bool open_json(scarce_scene *s, dv_error *err)
{
    s->model = dv_model_open(json, NULL, err);
    return s->model && dv_model_sha256(s->model, err);
}

static bool resize(scarce_scene *s, dv_error *err)
{
    s->resized = dv_model_resized(s->model, (const int[]){ 96, 80 }, err);
    return s->resized;
}

static bool make_plan(scarce_scene *s, dv_error *err)
{
    s->unit = (dv_unit){ .tensor = dv_model_output(s->model), .channel = 1 };
    const dv_request r = {
        .n_keep = 1, .keep = &s->unit.tensor, .rules = 1U << DV_RULE_DECONVNET, .noise = true
    };
    s->plan = dv_plan_new(s->model, &r, NULL, err);
    return s->plan;
}

static bool before_trace(scarce_scene *s, dv_error *err)
{
    return open_onnx(s, err) && make_plan(s, err);
}

static bool make_trace(scarce_scene *s, dv_error *err)
{
    s->trace = dv_trace_new(s->plan, NULL, err);
    return s->trace;
}

static bool before_forward(scarce_scene *s, dv_error *err)
{
    const size_t n = dv_shape_count(dv_tensor_shape(s->model, dv_model_input(s->model)));
    s->input = malloc(n * sizeof *s->input);
    for (size_t i = 0; s->input && i < n; i++)
        s->input[i] = (float)(i * 7 % 11) / 5 - 1;
    return s->input && make_trace(s, err);
}

static bool before_pass(scarce_scene *s, dv_error *err)
{
    return before_trace(s, err) && before_forward(s, err);
}

static bool forward(scarce_scene *s, dv_error *err)
{
    if (!dv_trace_set_noise(s->trace, 1e-6F, 1, err) || !dv_trace_forward(s->trace, s->input, err))
        return false;
    const float value = dv_strongest(s->trace, &s->unit);
    scarce_mix(s, &value, sizeof value);
    return true;
}

static bool project(scarce_scene *s, dv_error *err)
{
    s->projector = dv_projector_new(s->trace, NULL, err);
    if (!s->projector ||
        !dv_project(s->projector, &s->unit, DV_RULE_DECONVNET, DV_SEED_VALUE, &s->signal, err))
        return false;
    scarce_mix(s, s->signal.data, dv_box_count(&s->signal.box) * sizeof(float));
    return true;
}

static bool before_project(scarce_scene *s, dv_error *err)
{
    return before_trace(s, err) && before_forward(s, err) && forward(s, err);
}

static bool before_draw(scarce_scene *s, dv_error *err)
{
    s->model = album_model();
    return make_plan(s, err) && before_forward(s, err) && forward(s, err) && project(s, err);
}

static char picture[4096]; /* path of an image of any format */

static bool decode(scarce_scene *s, dv_error *err)
{
    if (!dv_image_load(&s->image, picture, err))
        return false;
    scarce_mix(s, s->image.rgb, (size_t)s->image.width * (size_t)s->image.height * 3);
    return true;
}

static void images_of_every_format(void **state)
{
    (void)state;
    static const char *const files[] = {
        "6.ppm",
        "24.bmp",
        "8.bmp",
        "420.jpg",
        "cmyk.jpg",
        "grey.jpg",
        "orientation-6.jpg",
        "progressive.jpg",
        "alpha.png",
        "grey16.png",
        "texts.png",
        "palette.png",
        "palette.gif",
        "rle.tga",
    };
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        snprintf(picture, sizeof picture, "%s/tests/fuzz/corpus/image/%s", root, files[i]);
        assert_true(scarce_try(&(scarce_call){ files[i], NULL, decode }) > 0);
    }
}

static bool prepare(scarce_scene *s, dv_error *err)
{
    float to[3 * 21 * 17];
    dv_preprocess p;
    assert_true(dv_preprocess_named(&p, "imagenet"));
    p.channels = 3;
    p.size[0] = p.resize = 21;
    p.size[1] = 17;
    if (!dv_prepare(&s->image, &p, to, NULL, err))
        return false;
    scarce_mix(s, to, sizeof to);
    return true;
}

static bool draw(scarce_scene *s, dv_error *err)
{
    dv_image view = { 0 };
    const dv_rect r = { 0, 0, 17, 13 };
    const dv_look look = { .view = DV_VIEW_CROP, .zoom = 5, .scale = 1 };
    const dv_sheet sheet = { .title = "a title", .gap = 2, .text_size = 2 };
    bool ok = dv_draw_view(&view, NULL, &s->signal, r, &look, err);
    const dv_tile tiles[] = { { .picture = view, .label = "one" }, { .picture = view } };
    ok = ok && dv_draw_sheet(&s->picture, &sheet, 2, tiles, err) &&
         dv_image_write(&s->picture, "picture.png", err);
    if (ok)
        scarce_mix(s, s->picture.rgb, (size_t)s->picture.width * (size_t)s->picture.height * 3);
    dv_image_free(&view);
    return ok;
}

static void what_is_done_with_an_image(void **state)
{
    (void)state;
    static const scarce_call calls[] = {
        { "the built-in model", NULL, open_builtin },
        { "a network and weights", NULL, open_json },
        { "an ONNX model", NULL, open_onnx },
        { "another size", open_onnx, resize },
        { "a plan", open_onnx, make_plan },
        { "a trace", before_trace, make_trace },
        { "a projection", before_project, project },
        { "preparing", decode, prepare },
        { "drawing", before_draw, draw },
    };
    for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++)
        assert_true(scarce_try(&calls[i]) > 0);
}

static void a_forward_pass_allocates_nothing(void **state)
{
    (void)state;
    assert_int_equal(scarce_try(&(scarce_call){ "a forward pass", before_pass, forward }), 0);
}

static int begin(void **state)
{
    (void)state;
    if (!getcwd(root, sizeof root))
        return -1;
    snprintf(onnx, sizeof onnx, "%s/tests/data/small.onnx", root);
    snprintf(json, sizeof json, "%s/models/zfnet64.json", root);
    album_begin();
    return 0;
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
        cmocka_unit_test(images_of_every_format),
        cmocka_unit_test(what_is_done_with_an_image),
        cmocka_unit_test(a_forward_pass_allocates_nothing),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
