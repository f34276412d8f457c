#include "plot/curves.h"

#include "plot/colors.h"
#include "plot/figure_style.h"

#include <math.h>

#define LINE_WIDTH 1.2

/* -- looks ------------------------------------------------------------------------------------ */

dv_rgb dv_curve_color(const dv_panel *p, const dv_curve *curve, int i)
{
    if (curve->color == DV_COLOR_GREY)
        return (dv_rgb){ 140, 140, 140 };
    if (curve->color >= DV_COLOR_FIRST)
        return dv_color_curve(curve->color - DV_COLOR_FIRST);
    int next = 0; /* those before it that had to choose, too */
    for (const dv_curve_part *part = p->curves; part && i-- > 0; part = part->next)
        next += part->curve.color < DV_COLOR_GREY;
    return dv_color_curve(next);
}

/* Behind the last colour, lines are told apart by dashes. */
dv_dash dv_curve_dash(const dv_curve *curve, int i)
{
    if (curve->as == DV_CURVE_DASHED)
        return DV_DASH_DASHED;
    if (curve->as == DV_CURVE_DOTTED)
        return DV_DASH_DOTTED;
    return curve->color < DV_COLOR_GREY ? (dv_dash)(i / DV_N_COLORS % 3) : DV_DASH_NONE;
}

dv_marker dv_curve_marker(const dv_curve *curve)
{
    return curve->as == DV_CURVE_POINTS && curve->marker == DV_MARKER_NONE ? DV_MARKER_DOT
                                                                           : curve->marker;
}

static bool has_point(const dv_curve *c, int i)
{
    return isfinite(c->x[i]) && isfinite(c->y[i]);
}

/* -- bars ------------------------------------------------------------------------------------- */

/* How many curves of bars share the places along x, and which of them this is. */
static int sharing(const dv_panel *p, const dv_curve *curve, int *which)
{
    int n = 0;
    *which = 0;
    for (const dv_curve_part *part = p->curves; part; part = part->next)
        if (part->curve.as == DV_CURVE_BARS && !(part->curve.width > 0)) {
            *which = &part->curve == curve ? n : *which;
            n++;
        }
    return n;
}

static double least_distance(const dv_curve *c)
{
    double least = (double)INFINITY;
    for (int i = 1; i < c->n; i++)
        if (isfinite(c->x[i]) && isfinite(c->x[i - 1]) && c->x[i] != c->x[i - 1])
            least = fmin(least, fabs(c->x[i] - c->x[i - 1]));
    return isfinite(least) ? least : 1;
}

double dv_bars_width(const dv_panel *p, const dv_curve *curve)
{
    (void)p;
    return curve->width > 0 ? curve->width : least_distance(curve) * 0.8;
}

/* One bar: x from and to, in x. */
static void bar_ends(const dv_panel *p, const dv_curve *curve, double width, int i, double x[2])
{
    int which = 0;
    const int n = curve->width > 0 ? 1 : sharing(p, curve, &which);
    x[0] = curve->x[i] - width / 2 + width * which / n;
    x[1] = x[0] + width / n;
}

/* The i-th bar, up or down to y. */
static dv_area bar_area(const dv_panel_place *place, const dv_curve *curve, double width, int i,
                        double y)
{
    const dv_area *box = &place->box;
    double ends[2];
    bar_ends(place->panel, curve, width, i, ends);
    const double x0 = dv_axis_x(&place->x, box, ends[0]), x1 = dv_axis_x(&place->x, box, ends[1]);
    double y0 = dv_axis_y(&place->y, box, 0), y1 = dv_axis_y(&place->y, box, y);
    y0 = fmin(fmax(y0, box->y - 9), box->y + box->h + 9);
    y1 = fmin(fmax(y1, box->y - 9), box->y + box->h + 9);
    return (dv_area){ fmin(x0, x1), fmin(y0, y1), fabs(x1 - x0), fabs(y1 - y0) };
}

/* -- lines, cut at the box -------------------------------------------------------------------- */

/* Cuts a line to an area, by Liang and Barsky (1984); false where it lies outside. */
static bool cut(const dv_area *a, double p[2], double q[2])
{
    const double d[2] = { q[0] - p[0], q[1] - p[1] };
    const double lo[2] = { a->x, a->y }, hi[2] = { a->x + a->w, a->y + a->h };
    double from = 0, to = 1;
    for (int k = 0; k < 2; k++) {
        if (d[k] == 0) {
            if (p[k] < lo[k] || p[k] > hi[k])
                return false;
            continue;
        }
        const double s = (lo[k] - p[k]) / d[k], t = (hi[k] - p[k]) / d[k];
        from = fmax(from, fmin(s, t));
        to = fmin(to, fmax(s, t));
    }
    if (from > to)
        return false;
    const double start[2] = { p[0], p[1] };
    for (int k = 0; k < 2; k++) {
        p[k] = from > 0 ? start[k] + d[k] * from : start[k];
        q[k] = to < 1 ? start[k] + d[k] * to : q[k];
    }
    return true;
}

static void point_of(const dv_panel_place *place, double x, double y, double to[2])
{
    to[0] = dv_axis_x(&place->x, &place->box, x);
    to[1] = dv_axis_y(&place->y, &place->box, y);
}

static dv_area around(const dv_area *a, double by)
{
    return (dv_area){ a->x - by, a->y - by, a->w + 2 * by, a->h + 2 * by };
}

static void draw_line(dv_canvas *c, const dv_panel_place *place, const dv_curve *curve,
                      const dv_pen *pen)
{
    const dv_area area = around(&place->box, 20);
    bool on = false;
    double before[2] = { 0 };
    for (int i = 0; i < curve->n; i++) {
        double p[2], q[2];
        if (!has_point(curve, i)) {
            on = false;
            continue;
        }
        point_of(place, curve->x[i], curve->y[i], q);
        const bool first = i == 0 || !has_point(curve, i - 1);
        p[0] = before[0];
        p[1] = before[1];
        before[0] = q[0];
        before[1] = q[1];
        const double end[2] = { q[0], q[1] };
        if (first || !cut(&area, p, q)) {
            on = false;
            continue;
        }
        if (!on)
            dv_canvas_move(c, p[0], p[1]);
        dv_canvas_line(c, q[0], q[1]);
        on = q[0] == end[0] && q[1] == end[1];
    }
    dv_canvas_stroke(c, pen);
}

static bool has_band(const dv_curve *c, int i)
{
    return isfinite(c->x[i]) && isfinite(c->low[i]) && isfinite(c->high[i]);
}

/* One corner of a band, near enough for Cairo's numbers. */
static void band_point(dv_canvas *c, const dv_panel_place *place, double x, double y, bool first)
{
    double p[2];
    point_of(place, x, y, p);
    for (int k = 0; k < 2; k++)
        p[k] = fmin(fmax(p[k], -1e5), 1e5);
    (first ? dv_canvas_move : dv_canvas_line)(c, p[0], p[1]);
}

static void draw_band(dv_canvas *c, const dv_panel_place *place, const dv_curve *curve,
                      dv_rgb color)
{
    for (int i = 0, end; i < curve->n; i = end) {
        for (end = i; end < curve->n && has_band(curve, end);)
            end++;
        if (end == i) {
            end++;
            continue;
        }
        for (int k = i; k < end; k++)
            band_point(c, place, curve->x[k], curve->high[k], k == i);
        for (int k = end; k-- > i;)
            band_point(c, place, curve->x[k], curve->low[k], false);
        dv_canvas_close_path(c);
        dv_canvas_fill(c, color, 0.2);
    }
}

static void draw_error_bars(dv_canvas *c, const dv_panel_place *place, const dv_curve *curve,
                            dv_rgb color)
{
    const double cap = 2, width = dv_bars_width(place->panel, curve);
    const dv_area area = around(&place->box, 20);
    for (int i = 0; i < curve->n; i++) {
        double p[2], q[2], ends[2] = { curve->x[i], curve->x[i] };
        if (!has_point(curve, i) || !has_band(curve, i))
            continue;
        if (curve->as == DV_CURVE_BARS)
            bar_ends(place->panel, curve, width, i, ends);
        point_of(place, (ends[0] + ends[1]) / 2, curve->low[i], p);
        point_of(place, (ends[0] + ends[1]) / 2, curve->high[i], q);
        if (!cut(&area, p, q))
            continue;
        dv_canvas_move(c, p[0] - cap, p[1]);
        dv_canvas_line(c, p[0] + cap, p[1]);
        dv_canvas_move(c, p[0], p[1]);
        dv_canvas_line(c, q[0], q[1]);
        dv_canvas_move(c, q[0] - cap, q[1]);
        dv_canvas_line(c, q[0] + cap, q[1]);
        dv_canvas_stroke(c, &(dv_pen){ .color = color, .width = 0.7 });
    }
}

static void draw_bars(dv_canvas *c, const dv_panel_place *place, const dv_curve *curve,
                      dv_rgb color)
{
    const double width = dv_bars_width(place->panel, curve);
    for (int i = 0; i < curve->n; i++) {
        if (!has_point(curve, i))
            continue;
        dv_area bar = bar_area(place, curve, width, i, curve->y[i]);
        const double right = dv_canvas_snap(c, bar.x + bar.w), left = dv_canvas_snap(c, bar.x);
        bar.x = left;
        bar.w = fmax(right - left, c->pixel);
        dv_canvas_rect(c, bar);
        dv_canvas_fill(c, color, 1);
    }
}

static void draw_markers(dv_canvas *c, const dv_panel_place *place, const dv_curve *curve,
                         dv_rgb color)
{
    const dv_area area = around(&place->box, 4);
    const double radius = curve->n > 1000 ? 0.8 : curve->n > 200 ? 1.2 : 1.8;
    for (int i = 0; i < curve->n; i++) {
        double p[2];
        if (!has_point(curve, i))
            continue;
        point_of(place, curve->x[i], curve->y[i], p);
        if (p[0] >= area.x && p[0] <= area.x + area.w && p[1] >= area.y && p[1] <= area.y + area.h)
            dv_marker_draw(c, dv_curve_marker(curve), p[0], p[1], radius, color);
    }
}

static void draw_curve(dv_canvas *c, const dv_panel_place *place, const dv_curve *curve, int i)
{
    const dv_rgb color = dv_curve_color(place->panel, curve, i);
    const bool ends = curve->low && curve->high;
    if (curve->as == DV_CURVE_BARS) {
        draw_bars(c, place, curve, color);
        if (ends)
            draw_error_bars(c, place, curve, DV_INK);
        return;
    }
    if (curve->as == DV_CURVE_POINTS && ends)
        draw_error_bars(c, place, curve, color);
    if (curve->as != DV_CURVE_POINTS) {
        const dv_pen pen = { .color = color, .width = LINE_WIDTH, .dash = dv_curve_dash(curve, i) };
        draw_line(c, place, curve, &pen);
    }
    draw_markers(c, place, curve, color);
}

/* Bars first, then bands, then what must not be covered. */
void dv_curves_draw(dv_canvas *c, const dv_panel_place *place)
{
    const dv_panel *p = place->panel;
    dv_canvas_clip(c, around(&place->box, 2));
    for (int pass = 0; pass < 3; pass++) {
        int i = 0;
        for (const dv_curve_part *part = p->curves; part; part = part->next, i++) {
            const dv_curve *curve = &part->curve;
            const bool bars = curve->as == DV_CURVE_BARS;
            const bool band = !bars && curve->as != DV_CURVE_POINTS && curve->low && curve->high;
            if (pass == 1 && band)
                draw_band(c, place, curve, dv_curve_color(p, curve, i));
            if (pass == (bars ? 0 : 2))
                draw_curve(c, place, curve, i);
        }
    }
    dv_canvas_unclip(c);
}

/* -- a legend's corner ------------------------------------------------------------------------ */

enum { N_CORNERS = 8 };

static bool inside(const dv_area *a, double x, double y)
{
    return x >= a->x && x <= a->x + a->w && y >= a->y && y <= a->y + a->h;
}

/* Counts what lies in each of the areas: of a line a sample every two points. */
static void count_line(const dv_area *areas, double *counts, const double p[2], const double q[2])
{
    const double length = hypot(q[0] - p[0], q[1] - p[1]);
    const int n = (int)fmin(length / 2, 500) + 1;
    for (int k = 0; k <= n; k++)
        for (int i = 0; i < N_CORNERS; i++)
            counts[i] +=
                inside(&areas[i], p[0] + (q[0] - p[0]) * k / n, p[1] + (q[1] - p[1]) * k / n);
}

static void count_curve(const dv_panel_place *place, const dv_curve *curve, const dv_area *areas,
                        double *counts)
{
    const double *const lines[3] = { curve->y, curve->low, curve->high };
    const double width = curve->as == DV_CURVE_BARS ? dv_bars_width(place->panel, curve) : 0;
    for (int k = 0; k < 3; k++)
        for (int i = 0; lines[k] && i < curve->n; i++) {
            double p[2], q[2];
            if (!isfinite(curve->x[i]) || !isfinite(lines[k][i]))
                continue;
            point_of(place, curve->x[i], lines[k][i], q);
            p[0] = q[0];
            p[1] = q[1];
            if (curve->as == DV_CURVE_BARS) {
                const dv_area bar = bar_area(place, curve, width, i, lines[k][i]);
                p[0] = q[0] = bar.x + bar.w / 2;
                q[1] = bar.y + bar.h;
            } else if (curve->as != DV_CURVE_POINTS && i > 0 && isfinite(curve->x[i - 1]) &&
                       isfinite(lines[k][i - 1]))
                point_of(place, curve->x[i - 1], lines[k][i - 1], p);
            if (cut(&place->box, p, q))
                count_line(areas, counts, p, q);
        }
}

bool dv_legend_corner(dv_panel_place *place)
{
    static const double corners[N_CORNERS][2] = { { 1, 0 },   { 0, 0 },   { 1, 1 },   { 0, 1 },
                                                  { 1, 0.5 }, { 0, 0.5 }, { 0.5, 0 }, { 0.5, 1 } };
    dv_legend *l = &place->legend;
    const dv_area *box = &place->box;
    const double edge = 2;
    dv_area areas[N_CORNERS];
    double counts[N_CORNERS] = { 0 };
    if (l->w + 2 * edge > box->w || l->h + 2 * edge > box->h)
        return false;
    for (int i = 0; i < N_CORNERS; i++)
        areas[i] =
            (dv_area){ box->x + edge + corners[i][0] * (box->w - l->w - 2 * edge),
                       box->y + edge + corners[i][1] * (box->h - l->h - 2 * edge), l->w, l->h };
    for (const dv_curve_part *part = place->panel->curves; part; part = part->next)
        count_curve(place, &part->curve, areas, counts);
    for (const dv_mark_part *m = place->panel->marks; m; m = m->next) {
        double p[2];
        point_of(place, m->mark.x0, m->mark.y0, p);
        for (int i = 0; i < N_CORNERS; i++)
            counts[i] += 5 * inside(&areas[i], p[0], p[1]);
    }
    int best = 0;
    for (int i = 1; i < N_CORNERS; i++)
        best = counts[i] < counts[best] ? i : best;
    l->x = areas[best].x - box->x;
    l->y = areas[best].y - box->y;
    return counts[best] <= 3;
}
