#include "plotted.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

void plotted_begin(plotted *p, const dv_figure *f, double width, double dpi)
{
    dv_error err = { 0 };
    const dv_figure_file file = { .width = width, .dpi = dpi };
    assert_true(dv_canvas_open(&p->canvas, dpi, &err));
    dv_figure_lay_out(f, width * DV_MM, &p->canvas, &p->layout);
    assert_false(p->canvas.failed);
    if (!dv_figure_draw(f, &file, &p->image, &err))
        fail_msg("%s", err.message);
}

void plotted_end(plotted *p)
{
    dv_canvas_close(&p->canvas);
    dv_image_free(&p->image);
}

dv_rgb plotted_at(const plotted *p, double x, double y)
{
    const int column = (int)floor(x / p->canvas.pixel), row = (int)floor(y / p->canvas.pixel);
    assert_in_range(column, 0, p->image.width - 1);
    assert_in_range(row, 0, p->image.height - 1);
    const uint8_t *at = p->image.rgb + 3 * ((size_t)row * (size_t)p->image.width + (size_t)column);
    return (dv_rgb){ at[0], at[1], at[2] };
}

bool plotted_like(dv_rgb a, dv_rgb b, int slack)
{
    return abs(a.r - b.r) <= slack && abs(a.g - b.g) <= slack && abs(a.b - b.b) <= slack;
}

/* -- one of everything ------------------------------------------------------------------------ */

enum { N = 21 };

static void add_curves(dv_figure *f)
{
    double x[N], y[N], low[N], high[N];
    for (int i = 0; i < N; i++) {
        x[i] = i * 4 - 40;
        y[i] = i == 7 ? (double)NAN : 1 - exp(-fabs(x[i]) / 12);
        low[i] = y[i] - 0.08;
        high[i] = y[i] + 0.05;
    }
    dv_figure_axes(f, &(dv_axes){ .title = "Curves",
                                  .x = { .label = "vertical shift", .unit = "px" },
                                  .y = { .label = "distance" } });
    dv_figure_curve(
        f, &(dv_curve){ .name = "layer 1", .n = N, .x = x, .y = y, .low = low, .high = high });
    dv_figure_curve(f, &(dv_curve){ .name = "layer 5",
                                    .n = N,
                                    .x = x,
                                    .y = high,
                                    .as = DV_CURVE_DASHED,
                                    .marker = DV_MARKER_TRIANGLE });
    dv_figure_mark(f, &(dv_mark){ .as = DV_MARK_ARROW, .x1 = 20, .y1 = 0.5, .text = "here" });
}

static void add_bars(dv_figure *f)
{
    static const char *const names[] = { "conv1", "conv2", "conv3/relu", "fc6" };
    const double x[] = { 0, 1, 2, 3 }, y[] = { 0.2, 0.5, 0.9, 0.4 };
    const double low[] = { 0.1, 0.4, 0.8, 0.3 }, high[] = { 0.3, 0.6, 1, 0.5 };
    dv_figure_axes(f, &(dv_axes){ .title = "Bars",
                                  .x = { .n_ticks = 4, .ticks = x, .names = names },
                                  .y = { .label = "share" } });
    dv_figure_curve(f, &(dv_curve){ .name = "alexnet",
                                    .n = 4,
                                    .x = x,
                                    .y = y,
                                    .low = low,
                                    .high = high,
                                    .as = DV_CURVE_BARS });
    dv_figure_curve(f,
                    &(dv_curve){ .name = "zfnet", .n = 4, .x = x, .y = low, .as = DV_CURVE_BARS });
}

static void add_points(dv_figure *f)
{
    double x[N], y[N];
    for (int i = 0; i < N; i++) {
        x[i] = pow(10, i * 0.2 - 2);
        y[i] = 1e6 * x[i] * (1 + i % 3);
    }
    dv_figure_axes(f, &(dv_axes){ .title = "Points",
                                  .x = { .label = "energy", .log = true },
                                  .y = { .label = "count", .log = true } });
    dv_figure_curve(f, &(dv_curve){ .n = N, .x = x, .y = y, .as = DV_CURVE_POINTS });
}

static void add_maps(dv_figure *f, const dv_image *photo)
{
    static const char *const classes[] = { "keeshond", "tennis ball", "\u72d7" };
    float v[6 * 8];
    for (int i = 0; i < 48; i++)
        v[i] = (float)(i % 8 - 3) * (float)(i / 8 - 2) / 4;
    dv_figure_heat(f, &(dv_heat){ .title = "Over a photograph",
                                  .rows = 6,
                                  .columns = 8,
                                  .values = v,
                                  .bar = "activation",
                                  .under = photo,
                                  .x = { .bare = true },
                                  .y = { .bare = true } });
    dv_figure_mark(f, &(dv_mark){ .x0 = 2, .y0 = 2, .x1 = 5, .y1 = 5, .text = "eye" });
    dv_figure_heat(f, &(dv_heat){ .title = "Numbers",
                                  .rows = 6,
                                  .columns = 8,
                                  .values = v,
                                  .bar = "correlation",
                                  .colors = DV_COLORS_DIVERGING,
                                  .numbers = true });
    for (int i = 0; i < 48; i++)
        v[i] = (float)(i / 17);
    dv_figure_heat(f, &(dv_heat){ .title = "Classes",
                                  .rows = 6,
                                  .columns = 8,
                                  .values = v,
                                  .colors = DV_COLORS_CLASSES,
                                  .n_classes = 3,
                                  .classes = classes,
                                  .x = { .bare = true },
                                  .y = { .bare = true } });
}

static void add_pictures(dv_figure *f, const dv_image *photo)
{
    static const char *const rows[] = { "zfnet64", "alexnet64" };
    static const char *const columns[] = { "epoch 1", "epoch 4", "epoch 8" };
    uint8_t pixels[5 * 5 * 3];
    dv_shown shown[6];
    for (int i = 0; i < 75; i++)
        pixels[i] = (uint8_t)(i * 37);
    for (int i = 0; i < 6; i++)
        shown[i] = (dv_shown){ .picture = { 5, 5, pixels }, .label = "c12", .framed = i == 2 };
    dv_figure_grid(f, &(dv_grid){ .title = "Filters", .n = 6, .shown = shown });
    for (int i = 0; i < 6; i++)
        shown[i] = (dv_shown){ .picture = *photo, .label = i ? NULL : "0.31" };
    shown[4].picture.rgb = NULL;
    dv_figure_grid(f, &(dv_grid){ .title = "Photographs",
                                  .n = 6,
                                  .shown = shown,
                                  .columns = 3,
                                  .row_titles = rows,
                                  .column_titles = columns });
    dv_figure_mark(f, &(dv_mark){ .as = DV_MARK_LINE, .x1 = 10, .y1 = 10, .dashed = true });
    dv_figure_mark(f, &(dv_mark){ .as = DV_MARK_DOT, .x0 = 4, .y0 = 4, .of = 1, .text = "max" });
}

static void add_table(dv_figure *f)
{
    static const char *const text[] = { "layer",        "mean",      "n", "conv1", "0.53", "128",
                                        "\u5c42 conv5", "\u22120.7", "7", "fc",    NULL,   "1000" };
    const float shade[12] = { 0, 0, 0, 0, 0.2F, 0, 0, 0.9F, 0, 0, NAN, 0 };
    dv_figure_cells(
        f,
        &(dv_cells){ .title = "A table", .rows = 4, .columns = 3, .text = text, .shade = shade });
}

void plotted_everything(dv_figure *f)
{
    uint8_t pixels[12 * 16 * 3];
    for (int i = 0; i < 12 * 16 * 3; i++)
        pixels[i] = (uint8_t)(i / 3 % 16 * 12 + i % 3 * 20);
    const dv_image photo = { .width = 16, .height = 12, .rgb = pixels };
    dv_figure_row(f, NULL);
    add_curves(f);
    add_bars(f);
    add_points(f);
    dv_figure_row(f, "maps");
    add_maps(f, &photo);
    dv_figure_row(f, "a long title of a row");
    add_pictures(f, &photo);
    dv_figure_row(f, NULL);
    add_table(f);
    dv_figure_axes(f, &(dv_axes){ .title = "Nothing", .aspect = 2 });
}
