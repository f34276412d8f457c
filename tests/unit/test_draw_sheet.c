/* test_draw_sheet.c - text, and sheets of labelled tiles. */
#include "deconvviz/draw.h"
#include "draw/fit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* -- text ------------------------------------------------------------------------------------- */

enum { PAPER_W = 400, PAPER_H = 80, LEFT = 20, TOP = 20 };

static dv_image paper_with(const char *text, int size)
{
    dv_image im;
    assert_true(dv_picture_new(&im, PAPER_W, PAPER_H, DV_WHITE, NULL));
    dv_draw_text(&im, LEFT, TOP, size, DV_INK, text);
    return im;
}

/* The box of what is darker than half. */
static dv_rect ink(const dv_image *im)
{
    dv_rect r = { PAPER_W, PAPER_H, 0, 0 };
    for (int y = 0; y < im->height; y++)
        for (int x = 0; x < im->width; x++)
            if (im->rgb[(y * im->width + x) * 3] < 144) {
                r.x0 = x < r.x0 ? x : r.x0;
                r.y0 = y < r.y0 ? y : r.y0;
                r.x1 = x + 1 > r.x1 ? x + 1 : r.x1;
                r.y1 = y + 1 > r.y1 ? y + 1 : r.y1;
            }
    return r;
}

static void every_printable_character_is_drawn_and_differs_from_all_others(void **state)
{
    (void)state;
    static dv_image drawn[127];
    for (int c = '!'; c <= '~'; c++) {
        drawn[c] = paper_with((char[]){ (char)c, 0 }, 12);
        dv_rect r = ink(&drawn[c]);
        assert_true(r.x0 < r.x1);
        for (int b = '!'; b < c; b++)
            assert_memory_not_equal(drawn[b].rgb, drawn[c].rgb, PAPER_W * PAPER_H * 3);
    }
    for (int c = '!'; c <= '~'; c++)
        dv_image_free(&drawn[c]);
}

static void text_stays_inside_what_it_says_it_covers(void **state)
{
    (void)state;
    const char *const texts[] = { "fire5 c12 (6,7) 3.41", "Ag", "q\nW", "  x", "[Mj_|" };
    for (int size = 8; size <= 20; size += 3)
        for (int i = 0; i < 5; i++) {
            dv_image im = paper_with(texts[i], size);
            dv_rect r = ink(&im);
            assert_true(r.x0 >= LEFT && r.x1 <= LEFT + dv_text_width(texts[i], size));
            assert_true(r.y1 <= TOP + dv_text_height(texts[i], size));
            assert_true(r.y0 >= TOP - size / 6 - 1); /* brackets stand above capitals */
            dv_image_free(&im);
        }
    assert_int_equal(dv_text_width("", 12), 0);
}

static void check_fit(char *(*fit)(const char *, int, int, dv_error *), const char *text, int width,
                      const char *wanted)
{
    char *fits = fit(text, width, 10, NULL);
    assert_non_null(fits);
    if (wanted)
        assert_string_equal(fits, wanted);
    assert_true(dv_text_width(fits, 10) <= width);
    free(fits);
}

static void what_is_too_long_is_shortened_in_its_middle(void **state)
{
    (void)state;
    const int room = dv_text_width("layer...conv2", 10);
    check_fit(dv_text_shortened, "", 0, "");
    check_fit(dv_text_shortened, "layer1.conv2", 1000, "layer1.conv2");
    check_fit(dv_text_shortened, "layer1.block.of.many.conv2", room, NULL);
    char *fits = dv_text_shortened("layer1.block.of.many.conv2\nx", room, 10, NULL);
    assert_memory_equal(fits, "layer", 5);
    assert_non_null(strstr(fits, "..."));
    assert_string_equal(fits + strlen(fits) - 7, "conv2\nx");
    free(fits);
    fits = dv_text_shortened("äöüäöüäöüäöüäöüäöüäöü", 80, 10, NULL); /* no half of a character */
    for (const char *c = fits; *c; c += *c == '.' ? 1 : 2)
        assert_true(*c == '.' || (c[0] == '\xc3' && c[1] < 0));
    free(fits);
    fits = dv_text_shortened("W", 1, 10, NULL);
    assert_string_equal(fits, "...");
    free(fits);
}

static void lines_are_broken_at_blanks(void **state)
{
    (void)state;
    const int room = dv_text_width("one two", 10);
    check_fit(dv_text_wrapped, "one two three  four", room, "one two\nthree\nfour");
    check_fit(dv_text_wrapped, "one two\n\n two one", room, "one two\n\n two\none");
    check_fit(dv_text_wrapped, "one two", 1000, "one two");
    check_fit(dv_text_wrapped, "", 10, "");
    check_fit(dv_text_wrapped, "two oneandtwoandthreeandfour two", room, NULL);
    for (int width = dv_text_width("...", 10); width < 300; width += 7)
        check_fit(dv_text_wrapped, "a title of words and averyverylongnameofalayer, too\nand more",
                  width, NULL);
}

static void a_capital_is_as_high_as_asked_for(void **state)
{
    (void)state;
    for (int size = 8; size <= 30; size++) {
        dv_image im = paper_with("H", size);
        dv_rect r = ink(&im);
        assert_true(abs(r.y1 - r.y0 - size) <= 2 + size / 9);
        dv_image_free(&im);
    }
}

static void a_character_that_is_not_ascii_is_one_box(void **state)
{
    (void)state;
    assert_int_equal(dv_text_width("\xc3\xa9", 12), dv_text_width("\xe2\x82\xac", 12));
    assert_true(dv_text_width("\xc3\xa9", 12) > 0);
    dv_image im = paper_with("\xc3\xa9", 12);
    dv_rect r = ink(&im);
    assert_true(r.x1 > r.x0);
    dv_image_free(&im);
}

static void text_is_cut_off_at_the_edge(void **state)
{
    (void)state;
    dv_image im;
    assert_true(dv_picture_new(&im, 5, 5, DV_WHITE, NULL));
    for (int y = -30; y < 30; y += 5)
        for (int x = -90; x < 30; x += 7)
            dv_draw_text(&im, x, y, 12, DV_INK, "Wide text\nof two lines");
    assert_true(im.rgb[2 * 15] < 255);
    dv_image_free(&im);
}

/* -- sheets ----------------------------------------------------------------------------------- */

enum { N = 7 };
static const dv_sheet PLAIN = { .gap = 4, .text_size = 10, .paper = { 255, 255, 255 } };

static void make_tiles(dv_tile tiles[N], const char *label)
{
    for (int i = 0; i < N; i++) {
        tiles[i] = (dv_tile){ .label = label };
        dv_rgb color = { (uint8_t)(10 * i), 0, 200 };
        assert_true(dv_picture_new(&tiles[i].picture, 30 + i, 20, color, NULL));
    }
}

static void free_tiles(dv_tile tiles[N])
{
    for (int i = 0; i < N; i++)
        dv_image_free(&tiles[i].picture);
}

static const uint8_t *at(const dv_image *im, int x, int y)
{
    return im->rgb + (y * im->width + x) * 3;
}

static void tiles_stand_in_rows(void **state)
{
    (void)state;
    dv_tile tiles[N];
    make_tiles(tiles, NULL);
    dv_sheet s = PLAIN;
    s.columns = 3;
    dv_image im;
    assert_true(dv_draw_sheet(&im, &s, N, tiles, NULL));
    assert_int_equal(im.width, 4 + 3 * (36 + 4));
    assert_int_equal(im.height, 4 + 3 * (20 + 4));
    for (int i = 0; i < N; i++) {
        const uint8_t *corner = at(&im, 4 + i % 3 * 40, 4 + i / 3 * 24);
        assert_true(corner[0] == 10 * i && corner[2] == 200);
        assert_int_equal(*(corner - 3), 255);
        assert_int_equal(*(corner + 3 * (30 + i)), 255);
    }
    dv_image_free(&im);
    free_tiles(tiles);
}

static void a_tile_can_begin_a_row(void **state)
{
    (void)state;
    dv_tile tiles[N];
    make_tiles(tiles, NULL);
    tiles[2].new_row = true;
    dv_sheet s = PLAIN;
    s.columns = 4;
    dv_image im;
    assert_true(dv_draw_sheet(&im, &s, N, tiles, NULL));
    assert_int_equal(im.height, 4 + 3 * 24);
    assert_int_equal(at(&im, 4, 4 + 24)[0], 20);
    assert_int_equal(at(&im, 4, 4 + 48)[0], 60);
    dv_image_free(&im);
    free_tiles(tiles);
}

static void labels_and_title_have_room_of_their_own(void **state)
{
    (void)state;
    const char *label = "conv5_3 c312 (13,12) 12.345";
    dv_tile tiles[N];
    make_tiles(tiles, label);
    dv_sheet s = PLAIN;
    s.columns = 2;
    s.title = "A title that is a good deal longer than two tiles and their labels are together";
    dv_image im;
    assert_true(dv_draw_sheet(&im, &s, N, tiles, NULL));
    assert_true(im.width >= dv_text_width(s.title, 12) + 8);
    assert_true(dv_text_width(label, 10) > 36); /* the cell is as wide as the label */
    int dark = 0, cell = dv_text_width(label, 10) + 4;
    int top = im.height - (4 + 20 + 5 + dv_text_height(label, 10));
    assert_int_equal(at(&im, 4, top)[0], 60); /* the last tile, alone in its row */
    for (int y = top + 20; y < im.height; y++)
        for (int x = 0; x < im.width; x++) {
            dark += at(&im, x, y)[0] < 100;
            assert_true(x < 4 + cell || at(&im, x, y)[0] == 255);
        }
    assert_true(dark > 200);
    dv_image_free(&im);
    free_tiles(tiles);
}

static void long_names_do_not_make_a_sheet_wide(void **state)
{
    (void)state;
    char label[400], title[900];
    memset(label, 'm', sizeof label - 1);
    label[sizeof label - 1] = '\0';
    snprintf(title, sizeof title, "%s of %s", label, label);
    dv_tile tiles[N];
    make_tiles(tiles, label);
    dv_sheet s = PLAIN;
    s.columns = 1;
    s.title = title;
    dv_image im;
    assert_true(dv_draw_sheet(&im, &s, N, tiles, NULL));
    assert_in_range(im.width, 1000, DV_TITLE_WIDTH * 12 + 8);
    const int top = 4 + dv_text_height("1\n2\n3", 12) + 4; /* the first tile */
    assert_int_equal(at(&im, 4, top)[0], 0);
    for (int y = top; y < im.height; y++)
        for (int x = 4 + 24 * 10; x < im.width; x++)
            assert_int_equal(at(&im, x, y)[0], 255);
    dv_image_free(&im);
    free_tiles(tiles);
}

static void a_sheet_is_about_as_wide_as_four_thirds_of_its_height(void **state)
{
    (void)state;
    enum { MANY = 100 };
    static dv_tile tiles[MANY];
    dv_image picture, im;
    assert_true(dv_picture_new(&picture, 50, 30, DV_GREY, NULL));
    for (int i = 0; i < MANY; i++)
        tiles[i] = (dv_tile){ .picture = picture };
    assert_true(dv_draw_sheet(&im, &PLAIN, MANY, tiles, NULL));
    assert_true(im.width * 3 > im.height * 4 * 8 / 10 && im.width * 3 < im.height * 4 * 13 / 10);
    dv_image_free(&im);
    dv_image_free(&picture);
}

static void a_sheet_of_too_many_tiles_fails_with_its_size(void **state)
{
    (void)state;
    enum { MANY = 3000 };
    static dv_tile tiles[MANY];
    dv_image picture, im;
    dv_error err = { 0 };
    assert_true(dv_picture_new(&picture, 300, 300, DV_GREY, NULL));
    for (int i = 0; i < MANY; i++)
        tiles[i] = (dv_tile){ .picture = picture };
    assert_false(dv_draw_sheet(&im, &PLAIN, MANY, tiles, &err));
    assert_non_null(strstr(err.message, "3000 tiles"));
    assert_false(dv_draw_sheet(&im, &PLAIN, 0, tiles, &err));
    dv_image_free(&picture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_printable_character_is_drawn_and_differs_from_all_others),
        cmocka_unit_test(text_stays_inside_what_it_says_it_covers),
        cmocka_unit_test(what_is_too_long_is_shortened_in_its_middle),
        cmocka_unit_test(lines_are_broken_at_blanks),
        cmocka_unit_test(a_capital_is_as_high_as_asked_for),
        cmocka_unit_test(a_character_that_is_not_ascii_is_one_box),
        cmocka_unit_test(text_is_cut_off_at_the_edge),
        cmocka_unit_test(tiles_stand_in_rows),
        cmocka_unit_test(a_tile_can_begin_a_row),
        cmocka_unit_test(labels_and_title_have_room_of_their_own),
        cmocka_unit_test(long_names_do_not_make_a_sheet_wide),
        cmocka_unit_test(a_sheet_is_about_as_wide_as_four_thirds_of_its_height),
        cmocka_unit_test(a_sheet_of_too_many_tiles_fails_with_its_size),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
