/* panel_axes.c - curves, bands, bars and points between axes. */
#include "plot/colors.h"
#include "plot/curves.h"
#include "plot/figure_style.h"

#include <math.h>

/* -- what is known at once -------------------------------------------------------------------- */

typedef struct bounds {
    double lo, hi;
} bounds;

static void reach(bounds *b, double v, bool log)
{
    if (!isfinite(v) || (log && v <= 0))
        return;
    b->lo = fmin(b->lo, v);
    b->hi = fmax(b->hi, v);
}

static bool has_bars(const dv_panel *p)
{
    for (const dv_curve_part *part = p->curves; part; part = part->next)
        if (part->curve.as == DV_CURVE_BARS)
            return true;
    return false;
}

static void reach_curve(bounds *x, bounds *y, const dv_panel *p, const dv_curve *c)
{
    const dv_axes *a = &p->of.axes;
    const double half = c->as == DV_CURVE_BARS ? dv_bars_width(p, c) / 2 : 0;
    for (int i = 0; i < c->n; i++) {
        if (!isfinite(c->y[i]) || !isfinite(c->x[i]))
            continue;
        reach(x, c->x[i] - half, a->x.log);
        reach(x, c->x[i] + half, a->x.log);
        reach(y, c->y[i], a->y.log);
        if (c->low)
            reach(y, c->low[i], a->y.log);
        if (c->high)
            reach(y, c->high[i], a->y.log);
    }
}

static void find_ranges(dv_panel_place *place)
{
    const dv_panel *p = place->panel;
    const dv_axes *a = &p->of.axes;
    bounds x = { INFINITY, -INFINITY }, y = x;
    for (const dv_curve_part *part = p->curves; part; part = part->next)
        reach_curve(&x, &y, p, &part->curve);
    for (const dv_mark_part *part = p->marks; part; part = part->next) {
        const dv_mark *m = &part->mark;
        const bool two = m->as != DV_MARK_DOT && m->as != DV_MARK_TEXT;
        reach(&x, m->x0, a->x.log);
        reach(&x, two ? m->x1 : m->x0, a->x.log);
        reach(&y, m->y0, a->y.log);
        reach(&y, two ? m->y1 : m->y0, a->y.log);
    }
    const bool bars = has_bars(p);
    if (bars && y.lo <= y.hi && !a->y.log) {
        y.lo = fmin(y.lo, 0);
        y.hi = fmax(y.hi, 0);
    }
    place->x.range = dv_axis_range_of(&a->x, x.lo, x.hi, true);
    place->y.range = dv_axis_range_of(&a->y, y.lo, y.hi, true);
    if (bars && a->y.min == a->y.max && !a->y.log) { /* bars stand on the axis */
        place->y.range.min = y.lo == 0 && y.hi > 0 ? 0 : place->y.range.min;
        place->y.range.max = y.hi == 0 && y.lo < 0 ? 0 : place->y.range.max;
    }
}

static void find_legend(dv_canvas *c, dv_panel_place *place)
{
    const dv_panel *p = place->panel;
    dv_legend *l = &place->legend;
    l->entry = dv_arena_array(&c->arena, (size_t)p->n_curves, sizeof *l->entry, c->err);
    if (!dv_canvas_ok(c, l->entry))
        return;
    int i = 0;
    for (const dv_curve_part *part = p->curves; part; part = part->next, i++) {
        const dv_curve *curve = &part->curve;
        if (!curve->name)
            continue;
        dv_legend_entry *e = &l->entry[l->n++];
        e->name = curve->name;
        e->color = dv_curve_color(p, curve, i);
        e->dash = dv_curve_dash(curve, i);
        e->marker = dv_curve_marker(curve);
        e->sign = curve->as == DV_CURVE_BARS     ? DV_SIGN_PATCH
                  : curve->as == DV_CURVE_POINTS ? DV_SIGN_POINT
                                                 : DV_SIGN_LINE;
        e->band = e->sign == DV_SIGN_LINE && curve->low && curve->high;
    }
    if (l->n == 0 || p->of.axes.legend == DV_LEGEND_NONE)
        l->where = DV_BOX_NONE;
    else
        l->where = p->of.axes.legend == DV_LEGEND_RIGHT ? DV_BOX_RIGHT : DV_BOX_INSIDE;
}

static void begin(dv_canvas *c, dv_panel_place *place)
{
    const dv_axes *a = &place->panel->of.axes;
    place->slope = a->aspect > 0 && isfinite(a->aspect) ? fmin(fmax(a->aspect, 0.1), 20) : 1.4;
    place->least = 15 * DV_MM;
    place->most = 62 * DV_MM;
    find_ranges(place);
    find_legend(c, place);
}

/* -- for a box -------------------------------------------------------------------------------- */

/* Outside, if there is no corner for it that is nearly free. Once outside it stays there. */
static void place_legend(dv_canvas *c, dv_panel_place *place)
{
    dv_legend *l = &place->legend;
    if (l->where == DV_BOX_INSIDE) {
        dv_legend_measure(c, l, place->box.w, true);
        if (!dv_legend_corner(place)) {
            dv_legend_measure(c, l, place->slot * 0.45, true);
            l->where = l->w < place->slot * 0.3 ? DV_BOX_RIGHT : DV_BOX_BELOW;
        }
    }
    if (l->where == DV_BOX_RIGHT)
        dv_legend_measure(c, l, place->slot * 0.45, true);
}

static void measure(dv_canvas *c, dv_panel_place *place)
{
    const dv_axes *a = &place->panel->of.axes;
    dv_axis_plan_x(c, &place->x, &a->x, place->box.w);
    dv_axis_plan_y(c, &place->y, &a->y, place->box.h, place->slot);
    place->margin.left = fmax(place->y.depth, place->x.before);
    place->margin.right = fmax(place->x.after, 1);
    place->margin.top = fmax(place->y.after, 1);
    place->margin.bottom = fmax(place->x.depth, place->y.before);
    place_legend(c, place);
    const dv_legend *l = &place->legend;
    if (l->where == DV_BOX_RIGHT)
        place->margin.right = fmax(place->margin.right, l->w + DV_LABEL_PAD);
    if (l->where == DV_BOX_BELOW)
        dv_legend_measure_below(c, place);
}

/* -- drawing ---------------------------------------------------------------------------------- */

static void draw_grid_lines(dv_canvas *c, const dv_panel_place *place)
{
    const dv_area *box = &place->box;
    const dv_pen pale = { .color = DV_PALE, .width = DV_HAIR * 0.7 };
    for (int i = 0; i < place->y.ticks.n; i++) {
        const double y = dv_axis_y(&place->y, box, place->y.ticks.tick[i].at);
        if (place->y.ticks.tick[i].text && y < box->y + box->h - 1)
            dv_canvas_rule(c, box->x, y, box->x + box->w, y, &pale);
    }
}

static void draw_legend(dv_canvas *c, const dv_panel_place *place)
{
    const dv_area *box = &place->box;
    const dv_legend *l = &place->legend;
    if (l->where == DV_BOX_INSIDE)
        dv_legend_draw(c, l, box->x + l->x, box->y + l->y);
    if (l->where == DV_BOX_RIGHT)
        dv_legend_draw(c, l, box->x + box->w + DV_LABEL_PAD, box->y - 3);
    if (l->where == DV_BOX_BELOW)
        dv_legend_draw_below(c, place);
}

static bool has_data(const dv_panel *p)
{
    bool any = p->marks;
    for (const dv_curve_part *part = p->curves; part && !any; part = part->next)
        for (int i = 0; i < part->curve.n && !any; i++)
            any = isfinite(part->curve.x[i]) && isfinite(part->curve.y[i]);
    return any;
}

static void draw(dv_canvas *c, const dv_panel_place *place)
{
    const dv_area *box = &place->box;
    const dv_pen hair = { .color = DV_INK, .width = DV_HAIR };
    draw_grid_lines(c, place);
    dv_curves_draw(c, place);
    dv_canvas_rule(c, box->x, box->y, box->x, box->y + box->h, &hair);
    dv_canvas_rule(c, box->x, box->y + box->h, box->x + box->w, box->y + box->h, &hair);
    dv_axis_draw_x(c, &place->x, box);
    dv_axis_draw_y(c, &place->y, box, false);
    if (!has_data(place->panel))
        dv_canvas_text(
            c, box->x + box->w / 2, box->y + box->h / 2, "no data",
            &(dv_letters){ .size = DV_SIZE_BODY, .ax = 0.5, .ay = 0.5, .color = DV_DIM });
    dv_marks_draw(c, place);
    draw_legend(c, place);
}

static void to_paper(const dv_panel_place *place, const dv_mark *m, double x, double y,
                     double to[2])
{
    (void)m;
    to[0] = dv_axis_x(&place->x, &place->box, x);
    to[1] = dv_axis_y(&place->y, &place->box, y);
}

const dv_panel_type dv_panel_axes = { begin, measure, draw, to_paper };
