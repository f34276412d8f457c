/* panel_cells.c - a table of words and numbers. */
#include "plot/colors.h"
#include "plot/figure_place.h"
#include "plot/figure_style.h"

#include <math.h>
#include <string.h>

#define PAD_X 4.0
#define PAD_Y 1.6

static const char *text_of(const dv_cells *t, int row, int column)
{
    return t->text ? t->text[(size_t)row * (size_t)t->columns + (size_t)column] : NULL;
}

static dv_letters letters_of(int row)
{
    return (dv_letters){ .size = DV_SIZE_SMALL, .bold = row == 0, .lines = 3, .color = DV_INK };
}

/* Below the head numbers alone: they stand at the right. */
static bool is_number(const char *s)
{
    static const char minus[] = "\u2212";
    if (strncmp(s, minus, strlen(minus)) == 0)
        s += strlen(minus);
    return s[strspn(s, "+-. ")] >= '0' && s[strspn(s, "+-. ")] <= '9';
}

static bool has_numbers(const dv_cells *t, int column)
{
    bool any = false;
    for (int r = 1; r < t->rows; r++) {
        const char *s = text_of(t, r, column);
        if (s && *s && !is_number(s))
            return false;
        any = any || (s && *s);
    }
    return any;
}

/* Columns as wide as their texts; where that is too much the widest give way. */
static void begin(dv_canvas *c, dv_panel_place *place)
{
    const dv_cells *t = &place->panel->of.cells;
    double *w = dv_arena_array(&c->arena, (size_t)t->columns + (size_t)t->rows, sizeof *w, c->err);
    place->extents = w;
    place->own = true;
    if (!dv_canvas_ok(c, w))
        return;
    double sum = 0;
    for (int k = 0; k < t->columns; k++) {
        for (int r = 0; r < t->rows; r++) {
            const dv_letters l = letters_of(r);
            w[k] = fmax(w[k], dv_canvas_measure(c, text_of(t, r, k), &l).w);
        }
        w[k] += 2 * PAD_X + 0.5;
        sum += w[k];
    }
    for (int i = 0; i < 100 && sum > place->whole - 2; i++) {
        double widest = 0;
        for (int k = 0; k < t->columns; k++)
            widest = fmax(widest, w[k]);
        const double most = fmax(widest * 0.95, 2 * PAD_X + 4);
        for (int k = 0; k < t->columns; k++) {
            sum -= fmax(w[k] - most, 0);
            w[k] = fmin(w[k], most);
        }
    }
    place->fixed = sum;
    for (int r = 0; r < t->rows; r++) {
        dv_letters l = letters_of(r);
        double highest = l.size * DV_LINE;
        for (int k = 0; k < t->columns; k++) {
            l.width = w[k] - 2 * PAD_X;
            highest = fmax(highest, dv_canvas_measure(c, text_of(t, r, k), &l).h);
        }
        w[t->columns + r] = highest + 2 * PAD_Y;
        place->most += w[t->columns + r];
    }
    place->least = place->most;
}

static void measure(dv_canvas *c, dv_panel_place *place)
{
    (void)c;
    place->margin = (dv_edges){ .left = 1, .top = 1, .right = 1, .bottom = 1 };
}

static void draw_cell(dv_canvas *c, const dv_cells *t, int row, int column, dv_area a, bool right)
{
    dv_letters l = letters_of(row);
    const float shade = t->shade ? t->shade[(size_t)row * (size_t)t->columns + (size_t)column] : 0;
    if (isfinite(shade) && shade > 0) {
        const dv_rgb ground =
            dv_color_mixed(DV_WHITE, (dv_rgb){ 86, 180, 233 }, fmin((double)shade, 1) * 0.85);
        dv_canvas_rect(c, a);
        dv_canvas_fill(c, ground, 1);
        l.color = dv_color_ink_on(ground);
    }
    l.width = a.w - 2 * PAD_X + 0.5;
    l.ay = 0.5;
    l.ax = right ? 1 : 0;
    dv_canvas_text(c, right ? a.x + a.w - PAD_X : a.x + PAD_X, a.y + a.h / 2,
                   text_of(t, row, column), &l);
}

static void draw(dv_canvas *c, const dv_panel_place *place)
{
    const dv_cells *t = &place->panel->of.cells;
    const dv_area *box = &place->box;
    const dv_pen strong = { .color = DV_INK, .width = 0.9 },
                 thin = { .color = DV_INK, .width = 0.5 };
    double x = box->x;
    for (int k = 0; k < t->columns; k++) {
        const bool right = has_numbers(t, k);
        double y = box->y;
        for (int r = 0; r < t->rows; r++) {
            const double h = place->extents[t->columns + r];
            draw_cell(c, t, r, k, (dv_area){ x, y, place->extents[k], h }, right);
            y += h;
        }
        x += place->extents[k];
    }
    const double right = box->x + box->w, head = t->rows > 0 ? place->extents[t->columns] : 0;
    dv_canvas_rule(c, box->x, box->y, right, box->y, &strong);
    if (t->rows > 1)
        dv_canvas_rule(c, box->x, box->y + head, right, box->y + head, &thin);
    dv_canvas_rule(c, box->x, box->y + box->h, right, box->y + box->h, &strong);
    dv_marks_draw(c, place);
}

/* In columns and rows. */
static void to_paper(const dv_panel_place *place, const dv_mark *m, double x, double y,
                     double to[2])
{
    (void)m;
    const dv_cells *t = &place->panel->of.cells;
    to[0] = place->box.x + x * place->box.w / fmax(t->columns, 1);
    to[1] = place->box.y + y * place->box.h / fmax(t->rows, 1);
}

const dv_panel_type dv_panel_cells = { begin, measure, draw, to_paper };
