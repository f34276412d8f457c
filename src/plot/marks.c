#include "plot/colors.h"
#include "plot/figure_place.h"
#include "plot/figure_style.h"

#include <math.h>

enum { HEAD = 5 }; /* of an arrow, points */

static void draw_head(dv_canvas *c, const double from[2], const double to[2], double size)
{
    const double dx = to[0] - from[0], dy = to[1] - from[1], length = hypot(dx, dy);
    if (length <= 0)
        return;
    const double ux = dx / length * size, uy = dy / length * size;
    dv_canvas_move(c, to[0], to[1]);
    dv_canvas_line(c, to[0] - ux - uy * 0.4, to[1] - uy + ux * 0.4);
    dv_canvas_line(c, to[0] - ux + uy * 0.4, to[1] - uy - ux * 0.4);
    dv_canvas_close_path(c);
}

/* The path of a mark's lines. */
static void outline(dv_canvas *c, const dv_mark *m, const double p[2], const double q[2])
{
    if (m->as == DV_MARK_RECT)
        dv_canvas_rect(c, (dv_area){ fmin(p[0], q[0]), fmin(p[1], q[1]), fabs(q[0] - p[0]),
                                     fabs(q[1] - p[1]) });
    else if (m->as == DV_MARK_LINE || m->as == DV_MARK_ARROW) {
        dv_canvas_move(c, p[0], p[1]);
        dv_canvas_line(c, q[0], q[1]);
    }
}

static void draw_shape(dv_canvas *c, const dv_mark *m, const double p[2], const double q[2],
                       dv_rgb color)
{
    const dv_dash dash = m->dashed ? DV_DASH_DASHED : DV_DASH_NONE;
    const dv_rgb light = { 255, 255, 255 };
    if (m->as == DV_MARK_DOT) {
        dv_canvas_circle(c, p[0], p[1], 2.4);
        dv_canvas_fill(c, light, 0.9);
        dv_canvas_circle(c, p[0], p[1], 1.7);
        dv_canvas_fill(c, color, 1);
        return;
    }
    outline(c, m, p, q);
    dv_canvas_stroke(c, &(dv_pen){ .color = light, .opacity = 0.8, .width = 2.2 });
    if (m->as == DV_MARK_ARROW) {
        draw_head(c, p, q, HEAD);
        dv_canvas_stroke(c, &(dv_pen){ .color = light, .opacity = 0.8, .width = 1.4 });
    }
    outline(c, m, p, q);
    dv_canvas_stroke(c, &(dv_pen){ .color = color, .width = 1, .dash = dash });
    if (m->as == DV_MARK_ARROW) {
        draw_head(c, p, q, HEAD);
        dv_canvas_fill(c, color, 1);
    }
}

/* Beside what is marked, where there is room: over a rectangle's corner, right of a dot. */
static void draw_text(dv_canvas *c, const dv_panel_place *place, const dv_mark *m,
                      const double p[2], const double q[2], dv_rgb color)
{
    const dv_area *box = &place->box;
    dv_letters l = { .size = DV_SIZE_SMALL, .lines = 2, .color = color, .halo = true };
    const dv_extent e = dv_canvas_measure(c, m->text, &l);
    double x = p[0], y = p[1];
    l.ay = 1;
    if (m->as == DV_MARK_RECT) {
        x = fmin(p[0], q[0]);
        y = fmin(p[1], q[1]) - 1;
        if (y - e.h < box->y)
            y = fmax(p[1], q[1]) + 1 + e.h;
    } else if (m->as == DV_MARK_TEXT) {
        l.ax = 0.5;
        x -= e.w / 2;
        y += e.h / 2;
    } else {
        x += m->as == DV_MARK_DOT ? 3.5 : 2;
        y += m->as == DV_MARK_DOT ? e.h / 2 : -1;
        if (x + e.w > box->x + box->w)
            x = p[0] - e.w - 3.5;
    }
    l.ax = 0;
    l.width = fmin(e.w, box->w) + 0.5;
    x = fmax(box->x + 1, fmin(x, box->x + box->w - 1 - e.w));
    y = fmin(fmax(y, box->y + e.h), box->y + box->h);
    dv_canvas_text(c, x, y, m->text, &l);
}

void dv_marks_draw(dv_canvas *c, const dv_panel_place *place)
{
    const dv_panel_type *type = dv_panel_type_of(place->panel);
    const dv_area *box = &place->box;
    for (const dv_mark_part *part = place->panel->marks; part; part = part->next) {
        const dv_mark *m = &part->mark;
        double p[2], q[2];
        type->to_paper(place, m, m->x0, m->y0, p);
        type->to_paper(place, m, m->x1, m->y1, q);
        for (int k = 0; k < 2; k++) { /* numbers that Cairo takes */
            p[k] = fmin(fmax(p[k], -1e5), 1e5);
            q[k] = fmin(fmax(q[k], -1e5), 1e5);
        }
        const dv_rgb color = m->color == DV_COLOR_NEXT ? DV_INK
                             : m->color == DV_COLOR_GREY
                                 ? (dv_rgb){ 140, 140, 140 }
                                 : dv_color_curve(m->color - DV_COLOR_FIRST);
        dv_canvas_clip(c, (dv_area){ box->x - 1.5, box->y - 1.5, box->w + 3, box->h + 3 });
        if (m->as != DV_MARK_TEXT)
            draw_shape(c, m, p, q, color);
        dv_canvas_unclip(c);
        if (m->text && box->w > 2 * DV_SIZE_SMALL)
            draw_text(c, place, m, p, q, color);
    }
}
