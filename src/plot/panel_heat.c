/* panel_heat.c - values as colours, alone or over a photograph. */
#include "plot/colors.h"
#include "plot/figure_place.h"
#include "plot/figure_style.h"

#include <math.h>
#include <stdlib.h>

enum { BAR_GAP = 5, BAR_WIDTH = 7 };

static const dv_rgb other_color = { 222, 222, 222 };

static size_t n_values(const dv_heat *h)
{
    return (size_t)h->rows * (size_t)h->columns;
}

/* -- colours ---------------------------------------------------------------------------------- */

/* The class that a value is the number of; -1 for none. */
static int class_of(const dv_heat *h, float v)
{
    const double i = isfinite(v) ? round((double)v) : -1;
    return i >= 0 && i < h->n_classes ? (int)i : -1;
}

static void find_colors(dv_panel_place *place)
{
    const dv_heat *h = &place->panel->of.heat;
    double lo = INFINITY, hi = -INFINITY;
    for (size_t i = 0; i < n_values(h); i++)
        if (isfinite(h->values[i])) {
            lo = fmin(lo, (double)h->values[i]);
            hi = fmax(hi, (double)h->values[i]);
        }
    if (h->min != h->max && isfinite(h->min) && isfinite(h->max)) {
        lo = h->min;
        hi = h->max;
    }
    if (h->colors == DV_COLORS_DIVERGING && lo <= hi) {
        hi = fmax(fabs(lo), fabs(hi));
        lo = -hi;
    }
    place->colors = dv_axis_range_of(&(dv_axis){ .min = 0 }, lo, hi, false);
}

static dv_rgb color_of(const dv_panel_place *place, float v)
{
    const dv_heat *h = &place->panel->of.heat;
    const double at = dv_axis_at(&place->colors, (double)v);
    if (h->colors == DV_COLORS_SEQUENTIAL)
        return dv_color_sequential(at);
    if (h->colors == DV_COLORS_DIVERGING)
        return dv_color_diverging(2 * at - 1);
    const int class = class_of(h, v);
    const int color = class < 0 ? -1 : place->color_of[class];
    return color < 0 ? other_color : dv_color_class(color);
}

/* -- classes ---------------------------------------------------------------------------------- */

typedef struct frequency {
    int class;
    size_t n;
} frequency;

static int by_frequency(const void *a, const void *b)
{
    const frequency *p = a, *q = b;
    return p->n != q->n ? (p->n < q->n ? 1 : -1) : p->class - q->class;
}

static const char *name_of(const dv_heat *h, int class)
{
    return h->classes && h->classes[class] ? h->classes[class] : "";
}

/* The most frequent have a colour: where there are few classes their own, else in this order. */
static void find_classes(dv_canvas *c, dv_panel_place *place)
{
    const dv_heat *h = &place->panel->of.heat;
    const size_t n = (size_t)h->n_classes;
    dv_legend *l = &place->legend;
    frequency *f = dv_arena_array(&c->arena, n, sizeof *f, c->err);
    place->color_of = dv_arena_array(&c->arena, n, sizeof *place->color_of, c->err);
    l->entry = dv_arena_array(&c->arena, DV_N_CLASS_COLORS + 1, sizeof *l->entry, c->err);
    if (!dv_canvas_ok(c, f && place->color_of && l->entry))
        return;
    for (size_t i = 0; i < n; i++)
        f[i] = (frequency){ (int)i, 0 };
    for (size_t i = 0; i < n_values(h); i++) {
        const int class = class_of(h, h->values[i]);
        if (class >= 0)
            f[class].n++;
    }
    qsort(f, n, sizeof *f, by_frequency);
    bool others = false;
    for (size_t i = 0; i < n; i++) {
        const bool has = i < DV_N_CLASS_COLORS && f[i].n > 0;
        place->color_of[f[i].class] = !has ? -1 : n <= DV_N_CLASS_COLORS ? f[i].class : (int)i;
        others = others || (!has && f[i].n > 0);
        if (has)
            l->entry[l->n++] =
                (dv_legend_entry){ .name = name_of(h, f[i].class),
                                   .sign = DV_SIGN_PATCH,
                                   .color = dv_color_class(place->color_of[f[i].class]) };
    }
    if (others)
        l->entry[l->n++] =
            (dv_legend_entry){ .name = "other", .sign = DV_SIGN_PATCH, .color = other_color };
    dv_legend_measure(c, l, place->slot, true);
    l->where = l->n == 0 ? DV_BOX_NONE : l->w < place->slot * 0.4 ? DV_BOX_RIGHT : DV_BOX_BELOW;
}

/* -- numbers ---------------------------------------------------------------------------------- */

static int decimals_of(const dv_heat *h)
{
    double largest = 0;
    bool whole = true;
    for (size_t i = 0; i < n_values(h); i++)
        if (isfinite(h->values[i])) {
            const double v = (double)h->values[i];
            largest = fmax(largest, fabs(v));
            whole = whole && v == round(v);
        }
    if (largest >= 1e6 || (largest < 0.01 && largest > 0))
        return -3;
    return whole || largest >= 100 ? 0 : largest >= 10 ? 1 : 2;
}

/* The size at which all fit their cells, 0 where that is none to be read. */
static double number_size(dv_canvas *c, const dv_panel_place *place)
{
    const dv_heat *h = &place->panel->of.heat;
    const int decimals = decimals_of(h);
    double widest = 1;
    if (!h->numbers || n_values(h) > 4000)
        return 0;
    for (size_t i = 0; i < n_values(h); i++) {
        char number[DV_NUMBER_MAX];
        dv_number_text(number, (double)h->values[i], decimals);
        widest =
            fmax(widest, dv_canvas_measure(c, number, &(dv_letters){ .size = DV_SIZE_SMALL }).w);
    }
    const double w = place->box.w / h->columns, height = place->box.h / h->rows;
    const double size =
        fmin(DV_SIZE_SMALL, fmin(DV_SIZE_SMALL * w * 0.88 / widest, height * 0.95 / DV_LINE));
    return size < DV_SIZE_LEAST ? 0 : size;
}

static void draw_numbers(dv_canvas *c, const dv_panel_place *place)
{
    const dv_heat *h = &place->panel->of.heat;
    const int decimals = decimals_of(h);
    for (int y = 0; y < h->rows; y++)
        for (int x = 0; x < h->columns; x++) {
            const float v = h->values[(size_t)y * (size_t)h->columns + (size_t)x];
            char number[DV_NUMBER_MAX];
            if (!isfinite(v))
                continue;
            dv_number_text(number, (double)v, decimals);
            const dv_letters l = { .size = place->number_size,
                                   .ax = 0.5,
                                   .ay = 0.5,
                                   .halo = h->under,
                                   .color =
                                       h->under ? DV_INK : dv_color_ink_on(color_of(place, v)) };
            dv_canvas_text(c, place->box.x + (x + 0.5) * place->box.w / h->columns,
                           place->box.y + (y + 0.5) * place->box.h / h->rows, number, &l);
        }
}

/* -- places ----------------------------------------------------------------------------------- */

static void begin(dv_canvas *c, dv_panel_place *place)
{
    const dv_heat *h = &place->panel->of.heat;
    double aspect = h->aspect;
    if (!(aspect > 0) || !isfinite(aspect))
        aspect = h->under                        ? (double)h->under->width / h->under->height
                 : h->rows > 0 && h->columns > 0 ? (double)h->columns / h->rows
                                                 : 1;
    place->slope = fmin(fmax(aspect, 0.05), 20);
    place->least = 14 * DV_MM;
    place->most = fmax(62 * DV_MM, fmin(h->rows * 3.2 * DV_MM, 180 * DV_MM));
    place->x.range = dv_axis_range_of(&h->x, 0, fmax(h->columns, 1), false);
    place->y.range = dv_axis_range_of(&h->y, 0, fmax(h->rows, 1), false);
    place->y.down = true;
    find_colors(place);
    place->bar.range = place->colors;
    if (h->colors == DV_COLORS_CLASSES)
        find_classes(c, place);
}

static bool has_bar(const dv_heat *h)
{
    return h->bar && h->colors != DV_COLORS_CLASSES;
}

static void measure(dv_canvas *c, dv_panel_place *place)
{
    const dv_heat *h = &place->panel->of.heat;
    dv_axis_plan_x(c, &place->x, &h->x, place->box.w);
    dv_axis_plan_y(c, &place->y, &h->y, place->box.h, place->slot);
    place->margin.left = fmax(place->y.depth, place->x.before);
    place->margin.right = fmax(place->x.after, 1);
    place->margin.top = fmax(place->y.after, 1);
    place->margin.bottom = fmax(place->x.depth, place->y.before);
    place->number_size = number_size(c, place);
    if (has_bar(h)) {
        const dv_axis bar = { .label = *h->bar ? h->bar : NULL };
        dv_axis_plan_y(c, &place->bar, &bar, place->box.h, place->slot);
        place->margin.right = fmax(place->margin.right, BAR_GAP + BAR_WIDTH + place->bar.depth);
        place->margin.top = fmax(place->margin.top, place->bar.after);
    }
    dv_legend *l = &place->legend;
    if (l->where == DV_BOX_RIGHT)
        place->margin.right = fmax(place->margin.right, l->w + DV_LABEL_PAD);
    if (l->where == DV_BOX_BELOW)
        dv_legend_measure_below(c, place);
}

/* -- drawing ---------------------------------------------------------------------------------- */

/* The cells, each a pixel; what is blank has the colour of paper. */
static bool picture_of(dv_canvas *c, const dv_panel_place *place, dv_image *out)
{
    const dv_heat *h = &place->panel->of.heat;
    if (!dv_canvas_ok(c, dv_picture_new(out, h->columns, h->rows, DV_WHITE, c->err)))
        return false;
    for (size_t i = 0; i < n_values(h); i++) {
        if (!isfinite(h->values[i]))
            continue;
        const dv_rgb color = color_of(place, h->values[i]);
        out->rgb[3 * i] = color.r;
        out->rgb[3 * i + 1] = color.g;
        out->rgb[3 * i + 2] = color.b;
    }
    return true;
}

/* Lays the cells over the pixels of a photograph; nothing where a value is blank. */
static void lay_over(const dv_heat *h, const dv_image *cells, dv_image *photo)
{
    const double opacity = h->opacity > 0 ? fmin(h->opacity, 1) : 0.6;
    for (int y = 0; y < photo->height; y++)
        for (int x = 0; x < photo->width; x++) {
            const size_t row = (size_t)((2 * (int64_t)y + 1) * h->rows / (2 * photo->height));
            const size_t column = (size_t)((2 * (int64_t)x + 1) * h->columns / (2 * photo->width));
            const size_t i = row * (size_t)h->columns + column;
            uint8_t *p = photo->rgb + ((size_t)y * (size_t)photo->width + (size_t)x) * 3;
            const uint8_t *over = cells->rgb + 3 * i;
            for (int k = 0; k < 3 && isfinite(h->values[i]); k++)
                p[k] = (uint8_t)lrint(p[k] + (over[k] - p[k]) * opacity);
        }
}

static void draw_map(dv_canvas *c, const dv_panel_place *place)
{
    const dv_heat *h = &place->panel->of.heat;
    dv_image cells, photo;
    if (n_values(h) == 0) {
        if (h->under)
            dv_canvas_picture(c, place->box, h->under, false);
        return;
    }
    if (!picture_of(c, place, &cells))
        return;
    /* More values than pixels: they are averaged, where that makes sense. */
    const bool squares =
        h->colors == DV_COLORS_CLASSES || (h->columns <= dv_canvas_pixels(c, place->box.w) &&
                                           h->rows <= dv_canvas_pixels(c, place->box.h));
    if (!h->under)
        dv_canvas_picture(c, place->box, &cells, squares);
    else if (dv_canvas_fitted(c, place->box, h->under, false, &photo)) {
        lay_over(h, &cells, &photo);
        dv_canvas_pixels_put(c, place->box, &photo);
        dv_image_free(&photo);
    }
    dv_image_free(&cells);
}

static void draw_bar(dv_canvas *c, const dv_panel_place *place)
{
    enum { STEPS = 256 };
    const dv_heat *h = &place->panel->of.heat;
    const dv_area bar = dv_canvas_snap_area(c, (dv_area){ place->box.x + place->box.w + BAR_GAP,
                                                          place->box.y, BAR_WIDTH, place->box.h });
    uint8_t pixels[STEPS * 3];
    for (int i = 0; i < STEPS; i++) {
        const double at = 1 - (i + 0.5) / STEPS;
        const dv_rgb color = h->colors == DV_COLORS_DIVERGING ? dv_color_diverging(2 * at - 1)
                                                              : dv_color_sequential(at);
        pixels[3 * i] = color.r;
        pixels[3 * i + 1] = color.g;
        pixels[3 * i + 2] = color.b;
    }
    const dv_image im = { .width = 1, .height = STEPS, .rgb = pixels };
    dv_canvas_pixels_put(c, bar, &im);
    dv_canvas_frame(c, bar, &(dv_pen){ .color = DV_INK, .width = DV_HAIR * 0.7 });
    dv_axis_draw_y(c, &place->bar, &bar, true);
}

static void draw(dv_canvas *c, const dv_panel_place *place)
{
    const dv_heat *h = &place->panel->of.heat;
    const dv_area *box = &place->box;
    const dv_legend *l = &place->legend;
    bool any = h->under;
    for (size_t i = 0; i < n_values(h) && !any; i++)
        any = isfinite(h->values[i]);
    draw_map(c, place);
    if (!any)
        dv_canvas_text(
            c, box->x + box->w / 2, box->y + box->h / 2, "no data",
            &(dv_letters){ .size = DV_SIZE_BODY, .ax = 0.5, .ay = 0.5, .color = DV_DIM });
    if (place->number_size > 0)
        draw_numbers(c, place);
    dv_canvas_frame(c, *box, &(dv_pen){ .color = DV_INK, .width = DV_HAIR });
    dv_axis_draw_x(c, &place->x, box);
    dv_axis_draw_y(c, &place->y, box, false);
    if (has_bar(h))
        draw_bar(c, place);
    dv_marks_draw(c, place);
    if (l->where == DV_BOX_RIGHT)
        dv_legend_draw(c, l, box->x + box->w + DV_LABEL_PAD, box->y - 3);
    if (l->where == DV_BOX_BELOW)
        dv_legend_draw_below(c, place);
}

static void to_paper(const dv_panel_place *place, const dv_mark *m, double x, double y,
                     double to[2])
{
    (void)m;
    to[0] = dv_axis_x(&place->x, &place->box, x);
    to[1] = dv_axis_y(&place->y, &place->box, y);
}

const dv_panel_type dv_panel_heat = { begin, measure, draw, to_paper };
