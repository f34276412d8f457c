/* test_figure.c - what a figure shows, pixel by pixel, and where. */
#include "base/random.h"
#include "plot/colors.h"
#include "plotted.h"

#include <math.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { WIDTH = 90, DPI = 254 }; /* ten pixels a millimetre */

static const dv_rgb blue = { 0, 114, 178 }, vermillion = { 213, 94, 0 };
static const dv_panel_place *first(const plotted *p)
{
    assert_true(p->layout.n_places > 0);
    return &p->layout.places[0];
}

/* The pixel at a part of a panel's box, from its left and from its bottom. */
static dv_rgb in_box(const plotted *p, double x, double y)
{
    const dv_area *box = &first(p)->box;
    return plotted_at(p, box->x + x * box->w, box->y + (1 - y) * box->h);
}

/* -- axes ------------------------------------------------------------------------------------- */

/* Axes that run from 0 to 10. */
static const dv_axes tens = { .x = { .max = 10 }, .y = { .max = 10 } };

static void a_curve_passes_where_the_axes_say(void **state)
{
    (void)state;
    const double x[] = { 0, 10 }, y[] = { 2, 8 };
    dv_figure f = { 0 };
    plotted p;
    dv_figure_axes(&f, &tens);
    dv_figure_curve(&f, &(dv_curve){ .n = 2, .x = x, .y = y });
    plotted_begin(&p, &f, WIDTH, DPI);
    for (int i = 1; i < 50; i++) {
        const double at = i / 50.0;
        assert_true(plotted_like(in_box(&p, at, 0.2 + 0.6 * at), blue, 3));
        assert_true(plotted_like(in_box(&p, at, 0.25 + 0.6 * at), DV_WHITE, 26)); /* or a rule */
    }
    plotted_end(&p);
    dv_figure_free(&f);
}

static void a_number_that_is_none_leaves_a_gap(void **state)
{
    (void)state;
    const double x[] = { 0, 4, 5, 6, 10 }, y[] = { 5.3, 5.3, (double)NAN, 5.3, 5.3 };
    dv_figure f = { 0 };
    plotted p;
    dv_figure_axes(&f, &tens);
    dv_figure_curve(&f, &(dv_curve){ .n = 5, .x = x, .y = y });
    plotted_begin(&p, &f, WIDTH, DPI);
    assert_true(plotted_like(in_box(&p, 0.2, 0.53), blue, 3));
    assert_true(plotted_like(in_box(&p, 0.5, 0.53), DV_WHITE, 0));
    assert_true(plotted_like(in_box(&p, 0.8, 0.53), blue, 3));
    plotted_end(&p);
    dv_figure_free(&f);
}

static void a_logarithmic_axis_has_decades_of_one_length(void **state)
{
    (void)state;
    const double x[] = { 0.1, 1, 10, 100, -5, 0 }, y[] = { 1, 1, 1, 1, 1, 1 };
    const dv_axes axes = { .x = { .min = 0.01, .max = 1000, .log = true }, .y = { .max = 2 } };
    dv_figure f = { 0 };
    plotted p;
    dv_figure_axes(&f, &axes);
    dv_figure_curve(&f, &(dv_curve){ .n = 6, .x = x, .y = y, .as = DV_CURVE_POINTS });
    plotted_begin(&p, &f, WIDTH, DPI);
    for (int i = 1; i < 5; i++) {
        assert_true(plotted_like(in_box(&p, i / 5.0, 0.5), blue, 3));
        assert_true(plotted_like(in_box(&p, (i + 0.5) / 5, 0.52), DV_WHITE, 0));
    }
    plotted_end(&p);
    dv_figure_free(&f);
}

static void bands_bars_and_errors_have_their_ends(void **state)
{
    (void)state;
    const double x[] = { 0, 10 }, y[] = { 5.5, 5.5 }, low[] = { 3, 3 }, high[] = { 8.5, 8.5 };
    const double at[] = { 3, 7 }, bars[] = { 4, 8.6 }, least[] = { 3, 7.3 }, most[] = { 5, 9.3 };
    dv_figure f = { 0 };
    plotted p;
    dv_figure_axes(&f, &tens);
    dv_figure_curve(&f, &(dv_curve){ .n = 2, .x = x, .y = y, .low = low, .high = high });
    plotted_begin(&p, &f, WIDTH, DPI);
    const dv_rgb pale = { 204, 227, 240 }; /* a fifth of it on white */
    assert_true(plotted_like(in_box(&p, 0.5, 0.83), pale, 2));
    assert_true(plotted_like(in_box(&p, 0.5, 0.33), pale, 2));
    assert_true(plotted_like(in_box(&p, 0.5, 0.87), DV_WHITE, 0));
    assert_true(plotted_like(in_box(&p, 0.5, 0.27), DV_WHITE, 0));
    plotted_end(&p);
    dv_figure_free(&f);

    dv_figure_axes(&f, &tens);
    dv_figure_curve(&f, &(dv_curve){ .n = 2,
                                     .x = at,
                                     .y = bars,
                                     .as = DV_CURVE_BARS,
                                     .width = 2,
                                     .low = least,
                                     .high = most,
                                     .color = DV_COLOR_FIRST + 1 });
    plotted_begin(&p, &f, WIDTH, DPI);
    for (int i = 0; i < 2; i++) {
        const double middle = at[i] / 10, top = bars[i] / 10;
        assert_true(plotted_like(in_box(&p, middle - 0.08, top - 0.02), vermillion, 0));
        assert_true(plotted_like(in_box(&p, middle + 0.08, 0.02), vermillion, 0));
        assert_true(plotted_like(in_box(&p, middle - 0.08, top + 0.02), DV_WHITE, 26));
        assert_true(plotted_like(in_box(&p, middle - 0.12, top - 0.03), DV_WHITE, 26));
        assert_true(in_box(&p, middle, most[i] / 10 - 0.02).r < 120);
        assert_true(in_box(&p, middle, most[i] / 10 + 0.02).r > 220);
    }
    plotted_end(&p);
    dv_figure_free(&f);
}

static void a_legend_covers_no_curve(void **state)
{
    (void)state;
    dv_random random = { .seed = 3 };
    double x[30], y[30];
    for (int round = 0; round < 12; round++) {
        dv_figure f = { 0 };
        plotted p;
        const double slope = dv_random_real(&random) * 2 - 1;
        for (int i = 0; i < 30; i++) {
            x[i] = i;
            y[i] = round < 6 ? slope * i + 5 * dv_random_real(&random) : dv_random_real(&random);
        }
        dv_figure_axes(&f, &(dv_axes){ .title = "t" });
        dv_figure_curve(&f, &(dv_curve){ .name = "a curve", .n = 30, .x = x, .y = y });
        plotted_begin(&p, &f, WIDTH, DPI);
        const dv_panel_place *place = first(&p);
        assert_int_not_equal(place->legend.where, DV_BOX_NONE);
        for (int i = 0; i < 30 && place->legend.where == DV_BOX_INSIDE; i++) {
            const double px = dv_axis_x(&place->x, &place->box, x[i]) - place->box.x;
            const double py = dv_axis_y(&place->y, &place->box, y[i]) - place->box.y;
            assert_false(px > place->legend.x && px < place->legend.x + place->legend.w &&
                         py > place->legend.y && py < place->legend.y + place->legend.h);
        }
        plotted_end(&p);
        dv_figure_free(&f);
    }
}

/* -- heat maps -------------------------------------------------------------------------------- */

/* The pixel in the middle of a cell. */
static dv_rgb cell(const plotted *p, const dv_heat *h, int i)
{
    return in_box(p, (i % h->columns + 0.5) / h->columns, 1 - (i / h->columns + 0.5) / h->rows);
}

static void each_cell_has_the_colour_of_its_value(void **state)
{
    (void)state;
    float v[12];
    for (int i = 0; i < 12; i++)
        v[i] = (float)i - 3;
    v[5] = NAN;
    for (int colors = DV_COLORS_SEQUENTIAL; colors <= DV_COLORS_DIVERGING; colors++) {
        dv_figure f = { 0 };
        plotted p;
        const dv_heat h = {
            .rows = 3, .columns = 4, .values = v, .colors = (dv_colors)colors, .bar = "v"
        };
        dv_figure_heat(&f, &h);
        plotted_begin(&p, &f, WIDTH, DPI);
        for (int i = 0; i < 12; i++) {
            const dv_rgb want = i == 5 ? DV_WHITE
                                : colors == DV_COLORS_SEQUENTIAL
                                    ? dv_color_sequential(i / 11.0)
                                    : dv_color_diverging((i - 3) / 8.0);
            assert_true(plotted_like(cell(&p, &h, i), want, 0));
        }
        plotted_end(&p);
        dv_figure_free(&f);
    }
    assert_true(plotted_like(dv_color_diverging(0), DV_WHITE, 0));
    assert_true(plotted_like(dv_color_sequential(0), (dv_rgb){ 68, 1, 84 }, 0));
    assert_true(plotted_like(dv_color_sequential(2), (dv_rgb){ 253, 231, 37 }, 0));
    assert_true(plotted_like(dv_color_sequential(0.5), (dv_rgb){ 33, 145, 140 }, 2));
}

static double luma(dv_rgb c)
{
    return 0.299 * c.r + 0.587 * c.g + 0.114 * c.b;
}

static void what_is_more_is_lighter(void **state)
{
    (void)state;
    for (int i = 0; i < 100; i++)
        assert_true(luma(dv_color_sequential(i / 100.0)) <
                    luma(dv_color_sequential((i + 1) / 100.0)));
    for (int i = 0; i < 100; i++) {
        assert_true(luma(dv_color_diverging(i / 100.0)) >
                    luma(dv_color_diverging((i + 1) / 100.0)));
        assert_true(luma(dv_color_diverging(-i / 100.0)) >
                    luma(dv_color_diverging(-(i + 1) / 100.0)));
    }
}

static void a_map_over_a_photograph_shows_both(void **state)
{
    (void)state;
    uint8_t grey[40 * 20 * 3];
    memset(grey, 100, sizeof grey);
    const dv_image photo = { .width = 40, .height = 20, .rgb = grey };
    const float v[] = { 0, 1, NAN, 0.5F };
    const dv_heat h = { .rows = 2, .columns = 2, .values = v, .under = &photo, .opacity = 0.25 };
    dv_figure f = { 0 };
    plotted p;
    dv_figure_heat(&f, &h);
    plotted_begin(&p, &f, WIDTH, DPI);
    for (int i = 0; i < 4; i++) {
        const dv_rgb photograph = { 100, 100, 100 };
        const dv_rgb want =
            i == 2 ? photograph
                   : dv_color_mixed(photograph, dv_color_sequential((double)v[i]), 0.25);
        assert_true(plotted_like(cell(&p, &h, i), want, 1));
    }
    assert_true(fabs(first(&p)->box.w / first(&p)->box.h - 2) < 0.02); /* as the photograph */
    plotted_end(&p);
    dv_figure_free(&f);
}

static void classes_are_told_in_a_legend_and_the_rare_are_grey(void **state)
{
    (void)state;
    enum { CLASSES = 14 };
    float v[CLASSES * CLASSES];
    char text[CLASSES][16];
    const char *names[CLASSES];
    for (int i = 0; i < CLASSES; i++) {
        snprintf(text[i], sizeof text[i], "class %d", i);
        names[i] = text[i];
        for (int k = 0; k < CLASSES; k++) /* class i has i + 1 cells, class 0 the rest */
            v[i * CLASSES + k] = (float)(k <= i ? i : 0);
    }
    const dv_heat h = { .rows = CLASSES,
                        .columns = CLASSES,
                        .values = v,
                        .colors = DV_COLORS_CLASSES,
                        .n_classes = CLASSES,
                        .classes = names };
    dv_figure f = { 0 };
    plotted p;
    dv_figure_heat(&f, &h);
    plotted_begin(&p, &f, WIDTH, DPI);
    const dv_legend *l = &first(&p)->legend;
    assert_int_equal(l->n, DV_N_CLASS_COLORS + 1);
    assert_string_equal(l->entry[0].name, "class 0");
    assert_string_equal(l->entry[1].name, "class 13");
    assert_string_equal(l->entry[DV_N_CLASS_COLORS].name, "other");
    const dv_rgb grey = l->entry[DV_N_CLASS_COLORS].color;
    for (int i = 1; i < CLASSES; i++) {
        const int place = CLASSES - i; /* among the frequent */
        assert_true(plotted_like(cell(&p, &h, i * CLASSES),
                                 place < DV_N_CLASS_COLORS ? dv_color_class(place) : grey, 0));
    }
    plotted_end(&p);
    dv_figure_free(&f);
}

/* -- pictures and marks ----------------------------------------------------------------------- */

static void a_small_picture_is_shown_in_squares(void **state)
{
    (void)state;
    uint8_t pixels[7 * 5 * 3];
    for (int i = 0; i < 105; i++)
        pixels[i] = (uint8_t)(i * 91);
    const dv_shown shown = { .picture = { .width = 7, .height = 5, .rgb = pixels } };
    dv_figure f = { 0 };
    plotted p;
    dv_figure_grid(&f, &(dv_grid){ .n = 1, .shown = &shown });
    memset(pixels, 0, sizeof pixels); /* it has its own */
    plotted_begin(&p, &f, WIDTH, DPI);
    for (int i = 0; i < 35; i++)
        for (int k = 0; k < 4; k++) {
            const uint8_t at[3] = { (uint8_t)(i * 3 * 91), (uint8_t)((i * 3 + 1) * 91),
                                    (uint8_t)((i * 3 + 2) * 91) };
            const double dx = k % 2 ? 0.1 : 0.9, dy = k / 2 ? 0.1 : 0.9;
            assert_true(plotted_like(in_box(&p, (i % 7 + dx) / 7, 1 - (i / 7 + dy) / 5),
                                     (dv_rgb){ at[0], at[1], at[2] }, 0));
        }
    plotted_end(&p);
    dv_figure_free(&f);
}

static void marks_show_on_black_and_on_white(void **state)
{
    (void)state;
    static uint8_t pixels[2][30 * 30 * 3];
    memset(pixels[1], 255, sizeof pixels[1]);
    for (int ground = 0; ground < 2; ground++) {
        const dv_shown shown = { .picture = { .width = 30, .height = 30, .rgb = pixels[ground] } };
        dv_figure f = { 0 };
        plotted p;
        dv_figure_grid(&f, &(dv_grid){ .n = 1, .shown = &shown });
        dv_figure_mark(&f, &(dv_mark){ .x0 = 6, .y0 = 6, .x1 = 24, .y1 = 18 });
        plotted_begin(&p, &f, WIDTH, DPI);
        int least = 255, most = 0; /* across its left side */
        for (int i = -20; i <= 20; i++) {
            const int v = in_box(&p, (6 + i * 0.04) / 30, 0.6).g;
            least = v < least ? v : least;
            most = v > most ? v : most;
        }
        assert_true(least < 50 && most > 150);
        assert_true(plotted_like(in_box(&p, 0.5, 0.6), ground ? DV_WHITE : (dv_rgb){ 0, 0, 0 }, 0));
        plotted_end(&p);
        dv_figure_free(&f);
    }
}

/* -- places ----------------------------------------------------------------------------------- */

static dv_area whole(const dv_panel_place *p)
{
    return (dv_area){ p->box.x - p->margin.left, p->box.y - p->margin.top,
                      p->box.w + p->margin.left + p->margin.right,
                      p->box.h + p->margin.top + p->margin.bottom };
}

static bool overlap(dv_area a, dv_area b)
{
    const double slack = 0.5;
    return a.x + a.w > b.x + slack && b.x + b.w > a.x + slack && a.y + a.h > b.y + slack &&
           b.y + b.h > a.y + slack;
}

/* Nothing is drawn in the outermost pixels. */
static void check_edge(const dv_image *im)
{
    for (int y = 0; y < im->height; y++)
        for (int x = 0; x < im->width; x++) {
            const uint8_t *at = im->rgb + ((size_t)y * (size_t)im->width + (size_t)x) * 3;
            const bool outer = y < 2 || x < 2 || y >= im->height - 2 || x >= im->width - 2;
            if (outer && (at[0] & at[1] & at[2]) != 255)
                fail_msg("a pixel of %dx%d is drawn at %d,%d", im->width, im->height, x, y);
        }
}

static void check_places(const plotted *p)
{
    const dv_figure_layout *l = &p->layout;
    for (int i = 0; i < l->n_places; i++) {
        const dv_area a = whole(&l->places[i]);
        assert_true(a.x >= 0 && a.x + a.w <= l->width && a.y >= 0 && a.y + a.h <= l->height);
        for (int k = 0; k < i; k++)
            assert_false(overlap(a, whole(&l->places[k])));
    }
    for (int i = 0; i < l->n_lines; i++) {
        const dv_panel_place *of = &l->places[l->lines[i].first];
        double height = 0;
        for (int k = 0; k < l->lines[i].n; k++)
            if (!of[k].own) {
                assert_true(height == 0 || fabs(of[k].box.h - height) < 1e-6);
                height = of[k].box.h;
            }
    }
    check_edge(&p->image);
}

static void every_panel_has_a_place_of_its_own_at_any_width(void **state)
{
    (void)state;
    dv_figure f = { .title = "Everything",
                    .caption = "A caption that is long enough to be wrapped "
                               "where a figure is narrow." };
    plotted_everything(&f);
    for (double width = 40; width < 400; width *= 1.8) {
        plotted p;
        plotted_begin(&p, &f, width, 80);
        check_places(&p);
        plotted_end(&p);
    }
    dv_figure_free(&f);
}

static void random_panel(dv_figure *f, dv_random *r, const char *text)
{
    const double x[] = { 1, 2, 3 },
                 y[] = { dv_random_real(r) * 1e7, (double)NAN, dv_random_real(r) };
    const char *const names[] = { text, "b", "c" };
    const float v[] = { 1, 2, 3, 4, 5, 6 };
    const int n = (int)dv_random_below(r, 3);
    static uint8_t pixels[40 * 40 * 3];
    const dv_image im = { (int)dv_random_below(r, 40) + 1, (int)dv_random_below(r, 40) + 1,
                          pixels };
    const dv_axis axis = { .label = n ? text : NULL,
                           .unit = n == 2 ? "px" : NULL,
                           .n_ticks = n ? 3 : 0,
                           .ticks = x,
                           .names = names };
    const dv_shown shown[] = { { im, text, false }, { im, NULL, true }, { .label = "l" } };
    switch (dv_random_below(r, 4)) {
    case 0:
        dv_figure_axes(f, &(dv_axes){ .title = n ? text : NULL, .x = axis, .y = axis });
        dv_figure_curve(f, &(dv_curve){ .name = text, .n = 3, .x = x, .y = y });
        break;
    case 1:
        dv_figure_heat(f, &(dv_heat){ .title = text,
                                      .rows = 3 - n,
                                      .columns = 2,
                                      .values = v,
                                      .bar = n ? text : NULL,
                                      .colors = (dv_colors)n,
                                      .n_classes = 3,
                                      .classes = names,
                                      .x = axis,
                                      .y = axis });
        break;
    case 2:
        dv_figure_grid(f, &(dv_grid){ .n = n + 1,
                                      .shown = shown,
                                      .columns = 2,
                                      .row_titles = n ? names : NULL,
                                      .column_titles = names });
        break;
    default:
        dv_figure_cells(f, &(dv_cells){ .rows = 1, .columns = n, .text = names });
    }
    dv_figure_mark(f, &(dv_mark){ .as = DV_MARK_TEXT, .x0 = 2, .y0 = 2, .text = text });
}

static void long_names_leave_neither_their_place_nor_the_figure(void **state)
{
    (void)state;
    static char longest[700];
    memset(longest, 'W', sizeof longest - 1);
    const char *const texts[] = { "a", "two words", longest,
                                  "a name of several words that is far too long for its place" };
    dv_random random = { .seed = 11 };
    for (int i = 0; i < 24; i++) {
        dv_figure f = { .title = texts[i % 4], .caption = texts[i / 4 % 4] };
        const int rows = (int)dv_random_below(&random, 3) + 1;
        for (int r = 0; r < rows; r++) {
            dv_figure_row(&f, texts[dv_random_below(&random, 4)]);
            for (uint32_t k = dv_random_below(&random, 4); k > 0; k--)
                random_panel(&f, &random, texts[dv_random_below(&random, 4)]);
        }
        plotted p;
        plotted_begin(&p, &f, 60 + 10 * i, 60);
        check_places(&p);
        plotted_end(&p);
        dv_figure_free(&f);
    }
}

static void rows_alike_have_their_boxes_below_each_other(void **state)
{
    (void)state;
    const float v[4] = { 0, 1, 2, 1e6F };
    dv_figure f = { 0 };
    plotted p;
    for (int r = 0; r < 3; r++) {
        dv_figure_row(&f, NULL);
        for (int i = 0; i < 3; i++)
            dv_figure_heat(&f, &(dv_heat){ .rows = 2,
                                           .columns = 2,
                                           .values = v,
                                           .max = r ? 0 : 3,
                                           .bar = r == i ? "a label" : NULL });
    }
    plotted_begin(&p, &f, 180, 100);
    for (int i = 3; i < 9; i++) {
        assert_true(fabs(p.layout.places[i].box.x - p.layout.places[i - 3].box.x) < 1e-6);
        assert_true(fabs(p.layout.places[i].box.w - p.layout.places[i - 3].box.w) < 1e-6);
    }
    plotted_end(&p);
    dv_figure_free(&f);
}

static void what_has_nothing_to_show_is_drawn_all_the_same(void **state)
{
    (void)state;
    static const float nothing[4] = { NAN, NAN, NAN, INFINITY }, one[4] = { 7, 7, 7, 7 };
    const double x[] = { 3 }, y[] = { -2 };
    for (int i = 0; i < 8; i++) {
        dv_figure f = { .title = i % 2 ? "title" : NULL };
        plotted p;
        if (i == 1)
            dv_figure_row(&f, "no panels");
        if (i == 2)
            dv_figure_axes(&f, &(dv_axes){ .x.log = true });
        if (i == 3 || i == 4)
            dv_figure_heat(&f, &(dv_heat){ .rows = 2,
                                           .columns = 2,
                                           .bar = "b",
                                           .numbers = true,
                                           .values = i == 3 ? nothing : one });
        if (i == 5)
            dv_figure_heat(&f, &(dv_heat){ .colors = DV_COLORS_CLASSES });
        if (i == 6)
            dv_figure_grid(&f, &(dv_grid){ .n = 0 });
        if (i == 7) {
            dv_figure_axes(&f, &(dv_axes){ .title = "one point" });
            dv_figure_curve(&f, &(dv_curve){ .n = 1, .x = x, .y = y, .as = DV_CURVE_POINTS });
        }
        if (i == 0)
            dv_figure_cells(&f, &(dv_cells){ .rows = 0 });
        plotted_begin(&p, &f, WIDTH, 100);
        check_places(&p);
        if (i == 7)
            assert_true(plotted_like(in_box(&p, 0.5, 0.5), blue, 3));
        plotted_end(&p);
        dv_figure_free(&f);
    }
}

/* -- texts ------------------------------------------------------------------------------------ */

static void every_script_has_its_letters(void **state)
{
    (void)state;
    dv_canvas c;
    dv_error err;
    assert_true(dv_canvas_open(&c, DPI, &err));
    assert_int_equal(dv_canvas_missing(&c, "caf\u00e9 \u22120.5 \u00d710\u207b\u00b3 \u03b1"), 0);
    assert_int_equal(dv_canvas_missing(&c, "\u5377\u79ef\u5c42\u7684\u7279\u5f81 \u72d7.jpg"), 0);
    assert_int_equal(dv_canvas_missing(&c, "\u05e9\u05dc\u05d5\u05dd"), 0);
    assert_true(dv_canvas_missing(&c, "\U000e0fff\U00012345") > 0);
    const dv_letters l = { .size = 8 };
    const dv_extent one = dv_canvas_measure(&c, "W", &l), two = dv_canvas_measure(&c, "WW", &l);
    assert_true(fabs(two.w - 2 * one.w) < 0.2);
    /* What is not UTF-8, or would be obeyed, is shown as such. */
    assert_true(dv_canvas_measure(&c, "\xff\x1b[31m\xc3", &l).w > 0);
    dv_canvas_close(&c);
}

/* -- threads ---------------------------------------------------------------------------------- */

static void *draw_everything(void *to)
{
    dv_figure f = { .title = "Everything" };
    dv_error err;
    plotted_everything(&f);
    for (int i = 0; i < 2; i++) {
        dv_image_free(to);
        if (!dv_figure_draw(&f, &(dv_figure_file){ .width = 150, .dpi = 70 }, to, &err))
            break;
    }
    dv_figure_free(&f);
    return NULL;
}

static void two_threads_draw_the_same(void **state)
{
    (void)state;
    dv_image made[2] = { { 0 }, { 0 } };
    pthread_t threads[2];
    for (int i = 0; i < 2; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, draw_everything, &made[i]), 0);
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    assert_non_null(made[0].rgb);
    assert_non_null(made[1].rgb);
    assert_int_equal(made[0].height, made[1].height);
    assert_memory_equal(made[0].rgb, made[1].rgb,
                        (size_t)made[0].width * (size_t)made[0].height * 3);
    dv_image_free(&made[0]);
    dv_image_free(&made[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_curve_passes_where_the_axes_say),
        cmocka_unit_test(a_number_that_is_none_leaves_a_gap),
        cmocka_unit_test(a_logarithmic_axis_has_decades_of_one_length),
        cmocka_unit_test(bands_bars_and_errors_have_their_ends),
        cmocka_unit_test(a_legend_covers_no_curve),
        cmocka_unit_test(each_cell_has_the_colour_of_its_value),
        cmocka_unit_test(what_is_more_is_lighter),
        cmocka_unit_test(a_map_over_a_photograph_shows_both),
        cmocka_unit_test(classes_are_told_in_a_legend_and_the_rare_are_grey),
        cmocka_unit_test(a_small_picture_is_shown_in_squares),
        cmocka_unit_test(marks_show_on_black_and_on_white),
        cmocka_unit_test(every_panel_has_a_place_of_its_own_at_any_width),
        cmocka_unit_test(long_names_leave_neither_their_place_nor_the_figure),
        cmocka_unit_test(rows_alike_have_their_boxes_below_each_other),
        cmocka_unit_test(what_has_nothing_to_show_is_drawn_all_the_same),
        cmocka_unit_test(every_script_has_its_letters),
        cmocka_unit_test(two_threads_draw_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
