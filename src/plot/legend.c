#include "plot/figure_place.h"
#include "plot/figure_style.h"

#include <math.h>

static const dv_letters letters = {
    .size = DV_SIZE_SMALL, .lines = 1, .ay = 0.5, .color = { 34, 34, 34 }
};

enum { SAMPLE = 16, SAMPLE_GAP = 4, BETWEEN = 10, PAD = 3, LONGEST = 110 }; /* points */
#define STEP (DV_SIZE_SMALL * 1.4)

static double name_width(const dv_legend *l)
{
    return l->column_width - SAMPLE - SAMPLE_GAP;
}

bool dv_legend_measure(dv_canvas *c, dv_legend *l, double width, bool one_column)
{
    double widest = 0, whole = 0;
    dv_letters cut = letters;
    cut.width = fmax(fmin(LONGEST, width - SAMPLE - SAMPLE_GAP - 2 * PAD), 8);
    for (int i = 0; i < l->n; i++) {
        widest = fmax(widest, dv_canvas_measure(c, l->entry[i].name, &cut).w);
        whole = fmax(whole, dv_canvas_measure(c, l->entry[i].name, &letters).w);
    }
    l->column_width = SAMPLE + SAMPLE_GAP + widest;
    const double fit = floor((width - 2 * PAD + BETWEEN) / (l->column_width + BETWEEN));
    l->columns = one_column ? 1 : (int)fmin(fmax(fit, 1), fmax(l->n, 1));
    const int rows = (l->n + l->columns - 1) / l->columns;
    l->w = l->columns * (l->column_width + BETWEEN) - BETWEEN + 2 * PAD;
    l->h = rows * STEP + 2 * PAD;
    return fmin(whole, LONGEST) <= cut.width;
}

void dv_marker_draw(dv_canvas *c, dv_marker marker, double x, double y, double radius, dv_rgb color)
{
    if (marker == DV_MARKER_NONE)
        return;
    if (marker == DV_MARKER_SQUARE)
        dv_canvas_rect(c,
                       (dv_area){ x - radius * 0.9, y - radius * 0.9, radius * 1.8, radius * 1.8 });
    else if (marker == DV_MARKER_TRIANGLE) {
        dv_canvas_move(c, x, y - radius * 1.2);
        dv_canvas_line(c, x + radius * 1.1, y + radius * 0.8);
        dv_canvas_line(c, x - radius * 1.1, y + radius * 0.8);
        dv_canvas_close_path(c);
    } else
        dv_canvas_circle(c, x, y, radius);
    dv_canvas_fill(c, color, 1);
}

static void draw_sign(dv_canvas *c, const dv_legend_entry *e, double x, double y)
{
    if (e->sign == DV_SIGN_PATCH) {
        dv_canvas_rect(c, (dv_area){ x + SAMPLE - 10, y - 3, 10, 6 });
        dv_canvas_fill(c, e->color, 1);
        return;
    }
    if (e->band) {
        dv_canvas_rect(c, (dv_area){ x, y - 3, SAMPLE, 6 });
        dv_canvas_fill(c, e->color, 0.2);
    }
    if (e->sign == DV_SIGN_LINE) {
        dv_canvas_move(c, x + 0.5, y);
        dv_canvas_line(c, x + SAMPLE - 0.5, y);
        dv_canvas_stroke(c, &(dv_pen){ .color = e->color, .width = 1.2, .dash = e->dash });
    }
    dv_marker_draw(c, e->marker, x + SAMPLE / 2.0, y, 1.8, e->color);
}

void dv_legend_draw(dv_canvas *c, const dv_legend *l, double x, double y)
{
    const int rows = (l->n + l->columns - 1) / l->columns;
    if (l->where == DV_BOX_INSIDE) {
        dv_canvas_rect(c, (dv_area){ x, y, l->w, l->h });
        dv_canvas_fill(c, DV_WHITE, 0.8);
    }
    dv_letters cut = letters;
    cut.width = name_width(l) + 0.5;
    for (int i = 0; i < l->n; i++) {
        const double at = x + PAD + i / rows * (l->column_width + BETWEEN);
        const double middle = y + PAD + (i % rows + 0.5) * STEP;
        draw_sign(c, &l->entry[i], at, middle);
        dv_canvas_text(c, at + SAMPLE + SAMPLE_GAP, middle, l->entry[i].name, &cut);
    }
}

void dv_legend_draw_below(dv_canvas *c, const dv_panel_place *p)
{
    const dv_legend *l = &p->legend;
    const double left = p->box.x - p->margin.left, right = p->box.x + p->box.w + p->margin.right;
    const double x = fmin(p->box.x + (p->box.w - l->w) / 2, right - l->w);
    dv_legend_draw(c, l, fmax(x, left), p->box.y + p->box.h + fmax(p->x.depth, p->y.before));
}

void dv_legend_measure_below(dv_canvas *c, dv_panel_place *p)
{
    dv_legend *l = &p->legend;
    dv_edges *m = &p->margin;
    if (!dv_legend_measure(c, l, m->left + p->box.w + m->right, false) && p->slot > p->box.w)
        dv_legend_measure(c, l, p->slot, true);
    m->right = fmax(m->right, l->w - m->left - p->box.w);
    m->bottom += l->h;
}
