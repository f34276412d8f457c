#include "plot/figure_place.h"
#include "plot/figure_style.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const dv_letters tick_letters = { .size = DV_SIZE_SMALL,
                                         .lines = 1,
                                         .color = { 34, 34, 34 } };
static const dv_letters label_letters = {
    .size = DV_SIZE_BODY, .lines = 2, .ax = 0.5, .color = { 34, 34, 34 }
};
static const dv_pen hair = { .color = { 34, 34, 34 }, .width = DV_HAIR };

enum { LONGEST_NAME = 85, SHORT_NAME = 16 }; /* points */

/* -- texts ------------------------------------------------------------------------------------ */

/* The label, its unit and the power of ten of its numbers: "shift (×10³ px)". */
static const char *whole_label(dv_canvas *c, const dv_axis *axis, int exponent)
{
    char power[DV_NUMBER_MAX];
    dv_text t = { 0 };
    dv_power_text(power, exponent);
    if (axis->label)
        dv_text_format(&t, "%s", axis->label);
    if (exponent || axis->unit)
        dv_text_format(&t, axis->label ? " (" : "");
    if (exponent)
        dv_text_format(&t, "\u00d7%s%s", power, axis->unit ? " " : "");
    if (axis->unit)
        dv_text_format(&t, "%s", axis->unit);
    if ((exponent || axis->unit) && axis->label)
        dv_text_format(&t, ")");
    const char *kept = NULL;
    if (dv_canvas_ok(c, dv_text_ok(&t, "a label", c->err)) && t.size > 0) {
        kept = dv_arena_text(&c->arena, t.data, t.size, c->err);
        dv_canvas_ok(c, kept);
    }
    free(t.data);
    return kept;
}

static double tick_width(dv_canvas *c, const dv_tick *t, double most)
{
    dv_letters l = tick_letters;
    l.width = most;
    return dv_canvas_measure(c, t->text, &l).w;
}

static bool make_ticks(dv_canvas *c, dv_axis_plan *p, const dv_axis *axis, int most)
{
    return dv_canvas_ok(c, dv_ticks_make(&p->ticks, axis, &p->range, most, &c->arena, c->err));
}

/* -- below a box ------------------------------------------------------------------------------ */

/* Sets widest, before and after, of texts that stand upright; whether they stand apart. */
static bool stand_apart(dv_canvas *c, dv_axis_plan *p, double length)
{
    double end = -1e9;
    bool apart = true;
    int named = 0;
    p->widest = p->before = p->after = 0;
    for (int i = 0; i < p->ticks.n; i++) {
        const dv_tick *t = &p->ticks.tick[i];
        if (!t->text)
            continue;
        const double w = tick_width(c, t, LONGEST_NAME);
        p->widest = fmax(p->widest, w);
        if (named++ % p->every)
            continue;
        const double at = dv_range_at(&p->range, t->at) * length;
        apart = apart && (at - w / 2 > end + 4 || p->range.min > p->range.max);
        end = at + w / 2;
        p->before = fmax(p->before, w / 2 - at);
        p->after = fmax(p->after, at + w / 2 - length);
    }
    return apart;
}

/* Names that do not stand apart are turned; numbers are left out. */
static void turn_or_leave_out(dv_canvas *c, dv_axis_plan *p, double length)
{
    const double spacing = length / fmax(p->ticks.n_named, 1);
    const double line = DV_SIZE_SMALL * DV_LINE;
    if (p->widest <= SHORT_NAME) {
        while (p->every < p->ticks.n_named && !stand_apart(c, p, length))
            p->every++;
        return;
    }
    p->turn = spacing >= 1.35 * line ? 45 : 90;
    if (p->turn == 90)
        p->every = (int)ceil(line / spacing);
    p->after = p->before = 0;
    for (int i = 0; i < p->ticks.n && p->turn == 45; i++) {
        const dv_tick *t = &p->ticks.tick[i];
        const double w = t->text ? tick_width(c, t, LONGEST_NAME) : 0;
        const double at = dv_range_at(&p->range, t->at) * length;
        p->before = fmax(p->before, w * 0.71 + 3 - at);
    }
}

void dv_axis_plan_x(dv_canvas *c, dv_axis_plan *p, const dv_axis *axis, double length)
{
    const double line = DV_SIZE_SMALL * DV_LINE;
    int most = (int)fmax(2, length / 24);
    p->turn = 0;
    p->every = 1;
    if (!make_ticks(c, p, axis, most))
        return;
    bool apart = stand_apart(c, p, length);
    while (!apart && axis->n_ticks == 0 && most > 2 && make_ticks(c, p, axis, --most))
        apart = stand_apart(c, p, length);
    if (!apart)
        turn_or_leave_out(c, p, length);
    const double texts = p->turn == 0    ? line
                         : p->turn == 90 ? p->widest
                                         : (p->widest + line) * 0.71;
    p->depth = p->ticks.n_named ? DV_TICK_LENGTH + DV_TICK_PAD + texts
               : p->ticks.n     ? DV_TICK_LENGTH
                                : 0;
    p->label = whole_label(c, axis, p->ticks.exponent);
    p->label_at = p->depth + (p->depth > 0 ? DV_LABEL_PAD : DV_TITLE_PAD);
    dv_letters l = label_letters;
    l.width = length;
    if (p->label)
        p->depth = p->label_at + dv_canvas_measure(c, p->label, &l).h;
}

double dv_axis_x(const dv_axis_plan *p, const dv_area *box, double v)
{
    return box->x + dv_range_at(&p->range, v) * box->w;
}

void dv_axis_draw_x(dv_canvas *c, const dv_axis_plan *p, const dv_area *box)
{
    const double bottom = box->y + box->h;
    dv_letters l = tick_letters;
    l.width = LONGEST_NAME;
    l.turn = p->turn;
    l.ax = p->turn != 0 ? 1 : 0.5;
    l.ay = p->turn != 0 ? 0.5 : 0;
    int named = 0;
    for (int i = 0; i < p->ticks.n; i++) {
        const dv_tick *t = &p->ticks.tick[i];
        const double x = dv_axis_x(p, box, t->at);
        const double length = t->text ? DV_TICK_LENGTH : DV_TICK_LENGTH * 0.6;
        dv_canvas_rule(c, x, bottom, x, bottom + length, &hair);
        if (t->text && named++ % p->every == 0)
            dv_canvas_text(c, x, bottom + DV_TICK_LENGTH + DV_TICK_PAD, t->text, &l);
    }
    dv_letters label = label_letters;
    label.width = box->w;
    dv_canvas_text(c, box->x + box->w / 2, bottom + p->label_at, p->label, &label);
}

/* -- beside a box ----------------------------------------------------------------------------- */

void dv_axis_plan_y(dv_canvas *c, dv_axis_plan *p, const dv_axis *axis, double length, double width)
{
    const double line = DV_SIZE_SMALL * DV_LINE, most = fmin(LONGEST_NAME * 1.3, width * 0.4);
    if (!make_ticks(c, p, axis, (int)fmax(2, length / (2.2 * line))))
        return;
    p->every = 1;
    if (axis->n_ticks > 0 && p->ticks.n_named > 0)
        p->every = (int)fmax(1, ceil(line * 0.9 * p->ticks.n_named / length));
    p->widest = p->before = p->after = 0;
    for (int i = 0; i < p->ticks.n; i++) {
        const dv_tick *t = &p->ticks.tick[i];
        if (!t->text)
            continue;
        const double at = dv_range_at(&p->range, t->at);
        p->widest = fmax(p->widest, tick_width(c, t, most));
        p->before = fmax(p->before, line / 2 - (p->down ? at : 1 - at) * length);
        p->after = fmax(p->after, line / 2 - (p->down ? 1 - at : at) * length);
    }
    p->depth = p->ticks.n_named ? DV_TICK_LENGTH + DV_TICK_PAD + p->widest
               : p->ticks.n     ? DV_TICK_LENGTH
                                : 0;
    p->label = whole_label(c, axis, p->ticks.exponent);
    p->label_at = p->depth + (p->depth > 0 ? DV_LABEL_PAD : DV_TITLE_PAD);
    dv_letters l = label_letters;
    l.width = length;
    if (p->label)
        p->depth = p->label_at + dv_canvas_measure(c, p->label, &l).h;
}

double dv_axis_y(const dv_axis_plan *p, const dv_area *box, double v)
{
    const double at = dv_range_at(&p->range, v);
    return box->y + (p->down ? at : 1 - at) * box->h;
}

void dv_axis_draw_y(dv_canvas *c, const dv_axis_plan *p, const dv_area *box, bool right)
{
    const double edge = right ? box->x + box->w : box->x, out = right ? 1 : -1;
    dv_letters l = tick_letters;
    l.width = p->widest;
    l.ax = right ? 0 : 1;
    l.ay = 0.5;
    int named = 0;
    for (int i = 0; i < p->ticks.n; i++) {
        const dv_tick *t = &p->ticks.tick[i];
        const double y = dv_axis_y(p, box, t->at);
        const double length = t->text ? DV_TICK_LENGTH : DV_TICK_LENGTH * 0.6;
        dv_canvas_rule(c, edge, y, edge + out * length, y, &hair);
        if (t->text && named++ % p->every == 0)
            dv_canvas_text(c, edge + out * (DV_TICK_LENGTH + DV_TICK_PAD), y, t->text, &l);
    }
    dv_letters label = label_letters;
    label.width = box->h;
    label.turn = 90;
    label.ay = right ? 0 : 1;
    dv_canvas_text(c, edge + out * p->label_at, box->y + box->h / 2, p->label, &label);
}
