/* test_figure_file.c - figures as files: what each format is, what it says of itself, and what is
 * refused. */
#include "album.h"
#include "base/file.h"
#include "image/png.h"
#include "plotted.h"

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

static const char hostile[] = "a <script>alert(\"1\")</script> & \x1b[31m \xff ]]> \u72d7";
static const dv_provenance says = { .model = "zfnet64 & \"others\"",
                                    .model_sha256 = "00ff",
                                    .rule = "deconvnet" };

static dv_figure described;

static int begin(void **state)
{
    (void)state;
    album_begin();
    described = (dv_figure){ .title = hostile, .caption = "A caption, (with) \\ all." };
    plotted_everything(&described);
    return 0;
}

static int end(void **state)
{
    (void)state;
    dv_figure_free(&described);
    album_end();
    return 0;
}

static dv_file written(const char *path)
{
    dv_error err = { 0 };
    dv_file file = { 0 };
    const dv_figure_file to = { .path = path, .width = 100, .dpi = 100 };
    if (!dv_figure_check(&to, &err) || !dv_figure_write(&described, &to, &says, &err) ||
        !dv_file_read(&file, path, DV_FILE_MAX_READ, &err))
        fail_msg("%s", err.message);
    return file;
}

static bool contains(const dv_file *f, const char *text)
{
    const size_t n = strlen(text);
    for (size_t i = 0; i + n <= f->size; i++)
        if (memcmp(f->data + i, text, n) == 0)
            return true;
    return false;
}

static const char *text_of(const dv_png_text *texts, int n, const char *key)
{
    for (int i = 0; i < n; i++)
        if (strcmp(texts[i].key, key) == 0)
            return texts[i].value;
    return NULL;
}

static void a_png_has_its_size_its_density_and_its_texts(void **state)
{
    (void)state;
    dv_file f = written("figure.PNG");
    dv_arena arena = { 0 };
    dv_png_text *texts;
    dv_image im;
    int n;
    assert_true(dv_png_texts(&arena, f.data, f.size, &texts, &n, NULL));
    assert_string_equal(text_of(texts, n, "Model"), says.model);
    assert_string_equal(text_of(texts, n, "Rule"), "deconvnet");
    assert_string_equal(text_of(texts, n, "Description"), described.caption);
    assert_memory_equal(text_of(texts, n, "Software"), "deconvviz ", 10);
    assert_true(dv_image_decode(&im, f.data, f.size, "figure", NULL));
    assert_int_equal(im.width, 394); /* 100 mm, 100 pixels an inch */
    assert_true(contains(&f, "pHYs\x00"));
    static const uint8_t density[] = { 'p', 'H', 'Y', 's', 0, 0, 0x0f, 0x61, 0, 0, 0x0f, 0x61, 1 };
    assert_memory_equal(f.data + 37, density, sizeof density); /* 3937 a metre, behind IHDR */
    dv_image_free(&im);
    dv_file_unmap(&f);
    dv_arena_release(&arena);
}

/* -- SVG -------------------------------------------------------------------------------------- */

/* Whether it is XML that is well formed, as far as Cairo's goes: elements that are closed in their
 * order, attributes in quotes, characters and references that are allowed. */
static bool well_formed(const char *s)
{
    const char *open[64] = { NULL };
    int depth = 0, elements = 0;
    s = strncmp(s, "<?xml", 5) == 0 ? strstr(s, "?>") + 2 : s;
    while (*s) {
        if (*s != '<') {
            static const char *const names[] = { "&lt;", "&gt;", "&amp;", "&quot;", "&apos;" };
            bool known = *s != '&';
            for (int i = 0; i < 5; i++)
                known = known || strncmp(s, names[i], strlen(names[i])) == 0;
            if (!known || ((unsigned char)*s < ' ' && !strchr("\n\t\r", *s)))
                return false;
            s++;
            continue;
        }
        const bool closes = s[1] == '/';
        const char *name = s + 1 + closes;
        const size_t n = strcspn(name, " >/\n");
        char quote = 0;
        for (s = name + n; *s && (quote || *s != '>'); s++) {
            if (!quote && *s == '<')
                return false;
            if (*s == '"')
                quote = quote ? 0 : '"';
        }
        if (!*s || n == 0)
            return false;
        elements++;
        if (closes && (depth == 0 || strncmp(open[--depth], name, n) != 0))
            return false;
        if (!closes && s[-1] != '/') {
            if (depth == 64)
                return false;
            open[depth++] = name;
        }
        s++;
    }
    return depth == 0 && elements > 10;
}

static void an_svg_is_well_formed_whatever_its_title(void **state)
{
    (void)state;
    dv_file f = written("figure.svg");
    char *text = malloc(f.size + 1);
    assert_non_null(text);
    memcpy(text, f.data, f.size);
    text[f.size] = '\0';
    assert_int_equal(strlen(text), f.size);
    assert_true(well_formed(text));
    assert_non_null(strstr(text, "<title>a &lt;script&gt;alert"));
    assert_null(strstr(text, "<script"));
    assert_non_null(strstr(text, "\nModel: zfnet64 &amp; "));
    assert_non_null(strstr(text, "\nRule: deconvnet\n"));
    assert_non_null(strstr(text, "width=\"283.46"));
    free(text);
    dv_file_unmap(&f);
}

/* -- PDF -------------------------------------------------------------------------------------- */

static void a_pdf_begins_and_ends_as_one(void **state)
{
    (void)state;
    dv_file f = written("figure.pdf");
    assert_memory_equal(f.data, "%PDF-1.", 7);
    assert_memory_equal(f.data + f.size - 6, "%%EOF\n", 6);
    assert_true(contains(&f, "/Keywords"));
    assert_true(contains(&f, "Rule: deconvnet"));
    assert_true(contains(&f, "/Creator (deconvviz"));
    assert_false(contains(&f, "/CreationDate"));
    assert_true(contains(&f, "/FontFile")); /* letters are letters */
    dv_file_unmap(&f);
}

/* -- all -------------------------------------------------------------------------------------- */

static void the_same_figure_gives_the_same_bytes(void **state)
{
    (void)state;
    static const char *const paths[] = { "one.png", "one.svg", "one.pdf" };
    for (int i = 0; i < 3; i++) {
        dv_file before = written(paths[i]);
        for (int k = 0; k < 3; k++) {
            dv_file other = written(paths[k]);
            dv_file_unmap(&other);
        }
        dv_file after = written(paths[i]);
        assert_int_equal(before.size, after.size);
        assert_memory_equal(before.data, after.data, before.size);
        dv_file_unmap(&before);
        dv_file_unmap(&after);
    }
}

static void check_refused(const dv_figure *f, const dv_figure_file *to, dv_code code,
                          const char *message)
{
    dv_error err = { 0 };
    assert_false(dv_figure_write(f, to, &says, &err));
    assert_int_equal(err.code, code);
    if (!strstr(err.message, message))
        fail_msg("%s", err.message);
    assert_null(strchr(err.message, '\n'));
    assert_int_not_equal(access(to->path, F_OK), 0);
}

static void what_cannot_be_is_refused_in_a_line(void **state)
{
    (void)state;
    static const char *const others[] = { "figure.jpg", "png", "", "figurepng", "figure.png.txt" };
    dv_error err;
    for (int i = 0; i < 5; i++) {
        const dv_figure_file to = { .path = others[i] };
        assert_false(dv_figure_check(&to, &err));
        assert_int_equal(err.code, DV_BAD_USAGE);
        check_refused(&described, &to, DV_BAD_USAGE, "ends in .png, .svg or .pdf");
    }
    const dv_figure_file none = { .path = NULL };
    assert_true(dv_figure_check(&none, &err));
    static const double sizes[] = { -3, 1, 1e9, (double)NAN, (double)INFINITY };
    for (int i = 0; i < 5; i++) {
        const dv_figure_file wide = { .path = "large.png", .width = sizes[i] };
        const dv_figure_file fine = { .path = "large.png", .dpi = sizes[i] };
        assert_false(dv_figure_check(&wide, &err));
        assert_false(dv_figure_check(&fine, &err));
        check_refused(&described, &wide, DV_BAD_USAGE, "mm wide: 20 to 3000");
        check_refused(&described, &fine, DV_BAD_USAGE, "pixels an inch: 20 to 2400");
    }
    const dv_figure_file nowhere = { .path = "missing/figure.png", .width = 60 };
    check_refused(&described, &nowhere, DV_IO, "missing/figure.png");
}

static void a_figure_that_is_too_large_is_refused(void **state)
{
    (void)state;
    static const char *const paths[] = { "large.png", "large.svg", "large.pdf" };
    enum { ROWS = 3000 };
    static const char *text[ROWS];
    dv_figure f = { 0 };
    for (int i = 0; i < ROWS; i++)
        text[i] = "a row";
    dv_figure_cells(&f, &(dv_cells){ .rows = ROWS, .columns = 1, .text = text });
    for (int i = 0; i < 3; i++)
        check_refused(&f, &(dv_figure_file){ .path = paths[i] }, DV_UNSUPPORTED, "at most 5000 mm");
    dv_figure_free(&f);
    for (int i = 0; i < 40; i++) {
        dv_figure_row(&f, NULL);
        dv_figure_axes(&f, &(dv_axes){ .title = "t" });
    }
    check_refused(&f, &(dv_figure_file){ .path = "large.png", .width = 900, .dpi = 1200 },
                  DV_UNSUPPORTED, "100 million");
    dv_figure_free(&f);
}

static void a_drawing_is_the_picture_of_the_file(void **state)
{
    (void)state;
    dv_image drawn, decoded;
    dv_error err;
    const dv_figure_file to = { .width = 100, .dpi = 100 };
    dv_file f = written("figure.png");
    assert_true(dv_figure_draw(&described, &to, &drawn, &err));
    assert_true(dv_image_decode(&decoded, f.data, f.size, "figure", &err));
    assert_int_equal(drawn.height, decoded.height);
    assert_memory_equal(drawn.rgb, decoded.rgb, (size_t)drawn.width * (size_t)drawn.height * 3);
    dv_image_free(&drawn);
    dv_image_free(&decoded);
    dv_file_unmap(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_png_has_its_size_its_density_and_its_texts),
        cmocka_unit_test(an_svg_is_well_formed_whatever_its_title),
        cmocka_unit_test(a_pdf_begins_and_ends_as_one),
        cmocka_unit_test(the_same_figure_gives_the_same_bytes),
        cmocka_unit_test(what_cannot_be_is_refused_in_a_line),
        cmocka_unit_test(a_figure_that_is_too_large_is_refused),
        cmocka_unit_test(a_drawing_is_the_picture_of_the_file),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
