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

#define LINE (DV_SIZE_SMALL * DV_LINE)

enum { LONGEST_NAME = 85, SHORT_NAME = 16, LABEL_BEYOND = 16 }; /* points */

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

/* Hides the texts that would come nearer than `gap` to the one before, along an axis of this
 * length; each takes its width, or `line` where that is not 0. Sets widest, before and after.
 * Whether none has to be hidden. */
static bool stand_apart(dv_canvas *c, dv_axis_plan *p, double length, double line, double gap)
{
    const bool backwards = p->range.min > p->range.max;
    double end = -1e9;
    bool all = true;
    p->widest = p->before = p->after = 0;
    for (int i = 0; i < p->ticks.n; i++) {
        dv_tick *t = &p->ticks.tick[backwards ? p->ticks.n - 1 - i : i];
        if (!t->text)
            continue;
        const double w = tick_width(c, t, p->longest), taken = line > 0 ? line : w;
        const double at = dv_axis_at(&p->range, t->at) * length;
        p->widest = fmax(p->widest, w);
        t->hidden = at - taken / 2 < end + gap;
        all = all && !t->hidden;
        if (t->hidden)
            continue;
        end = at + taken / 2;
        p->before = fmax(p->before, taken / 2 - at);
        p->after = fmax(p->after, at + taken / 2 - length);
    }
    return all;
}

/* -- below a box ------------------------------------------------------------------------------ */

/* The least distance between two. */
static double spacing(const dv_axis_plan *p, double length)
{
    double least = length;
    for (int i = 1; i < p->ticks.n; i++)
        least = fmin(least, fabs(dv_axis_at(&p->range, p->ticks.tick[i].at) -
                                 dv_axis_at(&p->range, p->ticks.tick[i - 1].at)) *
                                length);
    return least;
}

/* Names that do not stand apart are turned; of numbers some are hidden, and of names that are too
 * many even so. */
static void turn_names(dv_canvas *c, dv_axis_plan *p, double length)
{
    if (p->widest <= SHORT_NAME)
        return;
    p->turn = spacing(p, length) >= 1.35 * LINE ? 45 : 90;
    stand_apart(c, p, length, p->turn == 45 ? 1.35 * LINE : LINE, -0.1);
    for (int i = 0; i < p->ticks.n && p->turn == 45; i++) {
        const dv_tick *t = &p->ticks.tick[i];
        const double w = t->text && !t->hidden ? tick_width(c, t, p->longest) : 0;
        const double at = dv_axis_at(&p->range, t->at) * length;
        p->before = fmax(p->before, w * 0.71 + 3 - at);
    }
}

void dv_axis_plan_x(dv_canvas *c, dv_axis_plan *p, const dv_axis *axis, double length)
{
    int most = (int)fmax(2, fmin(length / 24, 10));
    p->turn = 0;
    p->longest = LONGEST_NAME;
    if (!make_ticks(c, p, axis, most))
        return;
    bool apart = stand_apart(c, p, length, 0, 4);
    while (!apart && axis->n_ticks == 0 && most > 2 && make_ticks(c, p, axis, --most))
        apart = stand_apart(c, p, length, 0, 4);
    if (!apart)
        turn_names(c, p, length);
    const double texts = p->turn == 0    ? LINE
                         : p->turn == 90 ? p->widest
                                         : (p->widest + LINE / 2) * 0.71;
    p->depth = p->ticks.n_named ? DV_TICK_LENGTH + DV_TICK_PAD + texts
               : p->ticks.n     ? DV_TICK_LENGTH
                                : 0;
    p->label = whole_label(c, axis, p->ticks.exponent);
    p->label_at = p->depth + (p->depth > 0 ? DV_LABEL_PAD : DV_TITLE_PAD);
    dv_letters l = label_letters;
    l.width = length + 2 * LABEL_BEYOND;
    if (p->label) {
        const dv_extent e = dv_canvas_measure(c, p->label, &l);
        p->depth = p->label_at + e.h;
        p->before = fmax(p->before, (e.w - length) / 2);
        p->after = fmax(p->after, (e.w - length) / 2);
    }
}

double dv_axis_x(const dv_axis_plan *p, const dv_area *box, double v)
{
    return box->x + dv_axis_at(&p->range, v) * box->w;
}

void dv_axis_draw_x(dv_canvas *c, const dv_axis_plan *p, const dv_area *box)
{
    const double bottom = box->y + box->h;
    dv_letters l = tick_letters;
    l.width = p->longest;
    l.turn = p->turn;
    l.ax = p->turn != 0 ? 1 : 0.5;
    l.ay = p->turn != 0 ? 0.5 : 0;
    for (int i = 0; i < p->ticks.n; i++) {
        const dv_tick *t = &p->ticks.tick[i];
        const double x = dv_axis_x(p, box, t->at);
        const double length = t->text ? DV_TICK_LENGTH : DV_TICK_LENGTH * 0.6;
        dv_canvas_rule(c, x, bottom, x, bottom + length, &hair);
        if (t->text && !t->hidden)
            dv_canvas_text(c, x, bottom + DV_TICK_LENGTH + DV_TICK_PAD, t->text, &l);
    }
    dv_letters label = label_letters;
    label.width = box->w + 2 * LABEL_BEYOND;
    dv_canvas_text(c, box->x + box->w / 2, bottom + p->label_at, p->label, &label);
}

/* -- beside a box ----------------------------------------------------------------------------- */

void dv_axis_plan_y(dv_canvas *c, dv_axis_plan *p, const dv_axis *axis, double length, double width)
{
    p->longest = fmax(fmin(LONGEST_NAME * 1.3, width * 0.36), 20);
    if (!make_ticks(c, p, axis, (int)fmax(2, fmin(length / (1.6 * LINE), 8))))
        return;
    stand_apart(c, p, length, LINE, -0.1 * LINE);
    if (p->down) {
        const double before = p->before;
        p->before = p->after;
        p->after = before;
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
    const double at = dv_axis_at(&p->range, v);
    return box->y + (p->down ? at : 1 - at) * box->h;
}

void dv_axis_draw_y(dv_canvas *c, const dv_axis_plan *p, const dv_area *box, bool right)
{
    const double edge = right ? box->x + box->w : box->x, out = right ? 1 : -1;
    dv_letters l = tick_letters;
    l.width = p->longest;
    l.ax = right ? 0 : 1;
    l.ay = 0.5;
    for (int i = 0; i < p->ticks.n; i++) {
        const dv_tick *t = &p->ticks.tick[i];
        const double y = dv_axis_y(p, box, t->at);
        const double length = t->text ? DV_TICK_LENGTH : DV_TICK_LENGTH * 0.6;
        dv_canvas_rule(c, edge, y, edge + out * length, y, &hair);
        if (t->text && !t->hidden)
            dv_canvas_text(c, edge + out * (DV_TICK_LENGTH + DV_TICK_PAD), y, t->text, &l);
    }
    dv_letters label = label_letters;
    label.width = box->h;
    label.turn = 90;
    label.ay = right ? 0 : 1;
    dv_canvas_text(c, edge + out * p->label_at, box->y + box->h / 2, p->label, &label);
}
