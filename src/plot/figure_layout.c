#include "plot/figure_place.h"
#include "plot/figure_style.h"

#include <math.h>
#include <string.h>

#define EDGE         4.0  /* around all */
#define PANEL_GAP    10.0 /* between panels, margins and all */
#define LINE_GAP     8.0
#define TITLE_GAP    6.0  /* below the figure's title, over its caption */
#define WIDEST_TITLE 0.13 /* of a row that stands upright, by the figure's width */

enum { ROUNDS = 6, HALVINGS = 40 };

const dv_panel_type *dv_panel_type_of(const dv_panel *p)
{
    static const dv_panel_type *const types[DV_N_PANEL_KINDS] = {
        [DV_PANEL_AXES] = &dv_panel_axes,
        [DV_PANEL_HEAT] = &dv_panel_heat,
        [DV_PANEL_GRID] = &dv_panel_grid,
        [DV_PANEL_CELLS] = &dv_panel_cells,
    };
    return types[p->kind];
}

const char *dv_panel_title(const dv_panel *p)
{
    return p->kind == DV_PANEL_AXES   ? p->of.axes.title
           : p->kind == DV_PANEL_HEAT ? p->of.heat.title
           : p->kind == DV_PANEL_GRID ? p->of.grid.title
                                      : p->of.cells.title;
}

/* -- one panel -------------------------------------------------------------------------------- */

static void measure_place(dv_canvas *c, dv_place *p, const dv_edges *least)
{
    dv_panel_type_of(p->panel)->measure(c, p);
    const double beside = fmin(p->margin.left, p->margin.right);
    const dv_letters l = {
        .size = DV_SIZE_TITLE, .bold = true, .lines = 3, .ax = 0.5, .width = p->box.w + 2 * beside
    };
    p->title_height = dv_canvas_measure(c, dv_panel_title(p->panel), &l).h;
    if (p->title_height > 0)
        p->margin.top += p->title_height + DV_TITLE_PAD;
    p->margin.left = fmax(p->margin.left, least->left);
    p->margin.top = fmax(p->margin.top, least->top);
    p->margin.right = fmax(p->margin.right, least->right);
    p->margin.bottom = fmax(p->margin.bottom, least->bottom);
}

/* Of a box in a row whose boxes are h high. */
static double height_in(const dv_place *p, double h)
{
    if (p->panel->kind == DV_PANEL_CELLS)
        return p->most;
    return fmin(h, p->own ? p->most : h);
}

static double width_in(const dv_place *p, double h)
{
    return fmax(p->slope * height_in(p, h) + p->fixed, 1);
}

/* -- one line of panels ----------------------------------------------------------------------- */

static double line_width(const dv_place *p, int n, double h)
{
    double sum = (n - 1) * PANEL_GAP;
    for (int i = 0; i < n; i++)
        sum += p[i].margin.left + width_in(&p[i], h) + p[i].margin.right;
    return sum;
}

/* The height at which the line is as wide as it may be, or as high. */
static double line_height(const dv_place *p, int n, double width)
{
    double most = 0, follows = 0;
    for (int i = 0; i < n; i++) {
        double *of = p[i].own ? &most : &follows;
        if (p[i].panel->kind != DV_PANEL_CELLS)
            *of = fmax(*of, p[i].most);
    }
    double lo = 1, hi = follows > 0 ? follows : fmax(most, 1);
    for (int i = 0; i < HALVINGS && line_width(p, n, hi) > width; i++) {
        const double middle = (lo + hi) / 2;
        if (line_width(p, n, middle) <= width)
            lo = middle;
        else
            hi = middle;
        if (i == HALVINGS - 1)
            hi = lo;
    }
    return hi;
}

static void set_boxes(dv_place *p, int n, double x, double width, double h)
{
    x += fmax(0, (width - line_width(p, n, h)) / 2);
    for (int i = 0; i < n; i++) {
        p[i].box.x = x + p[i].margin.left;
        p[i].box.w = width_in(&p[i], h);
        p[i].box.h = height_in(&p[i], h);
        x = p[i].box.x + p[i].box.w + p[i].margin.right + PANEL_GAP;
    }
}

static void begin_line(dv_canvas *c, dv_place *p, int n, double width)
{
    for (int i = 0; i < n; i++) {
        p[i] = (dv_place){ .panel = p[i].panel,
                           .slot = (width - (n - 1) * PANEL_GAP) / n,
                           .box = { .w = width / n * 0.7, .h = width / n * 0.5 } };
        dv_panel_type_of(p[i].panel)->begin(c, &p[i]);
    }
}

/* -- all lines together ----------------------------------------------------------------------- */

/* Whether two lines are alike, so that their boxes stand below each other. */
static bool alike(const dv_place *p, const dv_place *q, int n)
{
    for (int i = 0; i < n; i++)
        if (p[i].panel->kind != q[i].panel->kind || p[i].own != q[i].own ||
            fabs(p[i].slope - q[i].slope) > 0.02 * p[i].slope)
            return false;
    return true;
}

static int group_end(const dv_layout *l, int first)
{
    int end = first + 1;
    while (end < l->n_lines && l->lines[end].n == l->lines[first].n &&
           alike(&l->places[l->lines[first].first], &l->places[l->lines[end].first],
                 l->lines[first].n))
        end++;
    return end;
}

static void share_margins(dv_layout *l, int first, int end)
{
    for (int k = 0; k < l->lines[first].n; k++) {
        double left = 0, right = 0;
        for (int i = first; i < end; i++) {
            const dv_edges *m = &l->places[l->lines[i].first + k].margin;
            left = fmax(left, m->left);
            right = fmax(right, m->right);
        }
        for (int i = first; i < end; i++) {
            dv_edges *m = &l->places[l->lines[i].first + k].margin;
            m->left = left;
            m->right = right;
        }
    }
}

static void size_group(dv_layout *l, int first, int end, double x, double width)
{
    double h = INFINITY;
    share_margins(l, first, end);
    for (int i = first; i < end; i++)
        h = fmin(h, line_height(&l->places[l->lines[i].first], l->lines[i].n, width));
    for (int i = first; i < end; i++) {
        l->lines[i].h = h;
        set_boxes(&l->places[l->lines[i].first], l->lines[i].n, x, width, h);
    }
}

/* Boxes follow from margins, and margins, of ticks and titles, from boxes: around a few times, and
 * in the last ones margins only grow, so that nothing is cut. */
static void settle(dv_canvas *c, dv_layout *l, double x, double width)
{
    for (int round = 0; round < ROUNDS && !c->failed; round++) {
        for (int i = 0; i < l->n_places; i++) {
            const dv_edges before = l->places[i].margin;
            measure_place(c, &l->places[i], round < ROUNDS / 2 ? &(dv_edges){ 0 } : &before);
        }
        for (int i = 0, end; i < l->n_lines; i = end) {
            end = group_end(l, i);
            size_group(l, i, end, x, width);
        }
    }
}

/* -- rows into lines -------------------------------------------------------------------------- */

/* Whether n panels are legible on one line. */
static bool fits(dv_canvas *c, dv_place *p, int n, double width)
{
    dv_line line = { .n = n };
    dv_layout alone = { .n_lines = 1, .n_places = n, .lines = &line, .places = p };
    begin_line(c, p, n, width);
    settle(c, &alone, 0, width);
    for (int i = 0; i < n; i++)
        if (height_in(&p[i], line.h) < fmin(p[i].least, p[i].most) - 0.1)
            return false;
    return line_width(p, n, line.h) <= width + 0.1;
}

static void break_row(dv_canvas *c, dv_layout *l, const struct dv_figure_row *row, double width)
{
    const int first = l->n_places, n = row->n_panels;
    for (const dv_panel *p = row->panels; p; p = p->next)
        l->places[l->n_places++].panel = p;
    int lines = 1, each = n;
    for (bool fit = false; n > 1 && !fit && lines < n && !c->failed;) {
        each = (n + lines - 1) / lines;
        fit = true;
        for (int i = 0; i < n && fit; i += each)
            fit = fits(c, &l->places[first + i], n - i < each ? n - i : each, width);
        lines += !fit;
    }
    each = (n + lines - 1) / lines;
    for (int i = 0; i < n; i += each) {
        dv_line *line = &l->lines[l->n_lines++];
        *line = (dv_line){ .title = i == 0 ? row->title : NULL, .first = first + i };
        line->n = n - i < each ? n - i : each;
        begin_line(c, &l->places[line->first], line->n, width);
    }
}

/* -- the figure ------------------------------------------------------------------------------- */

static const dv_letters row_letters = { .size = DV_SIZE_BODY, .bold = true, .lines = 2 };

static void find_titles_width(const dv_figure *f, dv_canvas *c, dv_layout *l)
{
    double widest = 0, highest = 0;
    dv_letters turned = row_letters;
    turned.width = 20 * DV_MM;
    for (int r = 0; r < f->n_rows; r++) {
        widest = fmax(widest, dv_canvas_measure(c, f->rows[r].title, &row_letters).w);
        highest = fmax(highest, dv_canvas_measure(c, f->rows[r].title, &turned).h);
    }
    l->titles_turned = widest > l->width * WIDEST_TITLE;
    l->titles_width = widest > 0 ? (l->titles_turned ? highest : widest + 0.5) + 6 : 0;
}

/* From above to below. */
static void set_heights(dv_canvas *c, dv_layout *l, double y)
{
    for (int i = 0; i < l->n_lines; i++) {
        dv_line *line = &l->lines[i];
        dv_place *p = &l->places[line->first];
        double top = 0, bottom = 0;
        line->h = 0;
        for (int k = 0; k < line->n; k++) {
            line->h = fmax(line->h, p[k].box.h);
            top = fmax(top, p[k].margin.top);
            bottom = fmax(bottom, p[k].margin.bottom);
        }
        line->y = y + top;
        for (int k = 0; k < line->n; k++) {
            p[k].box.y = line->y + (line->h - p[k].box.h) / 2;
            p[k].box = dv_canvas_snap_area(c, p[k].box);
        }
        y = line->y + line->h + bottom + LINE_GAP;
    }
    l->caption_y = y - (l->n_lines ? LINE_GAP : 0) + TITLE_GAP;
}

void dv_figure_lay_out(const dv_figure *f, double width, dv_canvas *c, dv_layout *l)
{
    int panels = 0;
    for (int r = 0; r < f->n_rows; r++)
        panels += f->rows[r].n_panels;
    *l = (dv_layout){ .width = width };
    l->places = dv_arena_array(&c->arena, (size_t)panels, sizeof *l->places, c->err);
    l->lines = dv_arena_array(&c->arena, (size_t)panels, sizeof *l->lines, c->err);
    if (!dv_canvas_ok(c, l->places && l->lines))
        return;
    find_titles_width(f, c, l);
    const double x = EDGE + l->titles_width, room = fmax(width - EDGE - x, 10);
    for (int r = 0; r < f->n_rows; r++)
        break_row(c, l, &f->rows[r], room);
    settle(c, l, x, room);
    const dv_letters title = { .size = DV_SIZE_TITLE + 1, .bold = true, .width = width - 2 * EDGE };
    const dv_letters caption = { .size = DV_SIZE_BODY, .width = width - 2 * EDGE };
    l->title_height = dv_canvas_measure(c, f->title, &title).h;
    set_heights(c, l, EDGE + (l->title_height > 0 ? l->title_height + TITLE_GAP : 0));
    const double below = dv_canvas_measure(c, f->caption, &caption).h;
    l->height = below > 0 ? l->caption_y + below + EDGE : l->caption_y - TITLE_GAP + EDGE;
}

/* -- onto the paper --------------------------------------------------------------------------- */

static void paint_row_title(dv_canvas *c, const dv_layout *l, const dv_line *line)
{
    double x = l->width;
    for (int i = 0; i < l->n_lines; i++) {
        const dv_place *p = &l->places[l->lines[i].first];
        x = fmin(x, p->box.x - p->margin.left);
    }
    dv_letters t = row_letters;
    t.turn = l->titles_turned ? 90 : 0;
    t.width = l->titles_turned ? fmax(line->h, 20) : l->titles_width - 5;
    t.ax = l->titles_turned ? 0.5 : 0;
    t.ay = l->titles_turned ? 0 : 0.5;
    t.color = DV_INK;
    dv_canvas_text(c, x - l->titles_width, line->y + line->h / 2, line->title, &t);
}

static void paint_place(dv_canvas *c, const dv_place *p)
{
    const double beside = fmin(p->margin.left, p->margin.right);
    const dv_panel_type *type = dv_panel_type_of(p->panel);
    double heads = p->margin.top - p->title_height - DV_TITLE_PAD;
    const dv_letters l = { .size = DV_SIZE_TITLE,
                           .bold = true,
                           .lines = 3,
                           .ax = 0.5,
                           .ay = 1,
                           .color = DV_INK,
                           .width = p->box.w + 2 * beside };
    if (p->panel->kind != DV_PANEL_GRID)
        heads = 0;
    dv_canvas_text(c, p->box.x + p->box.w / 2, p->box.y - heads - DV_TITLE_PAD,
                   dv_panel_title(p->panel), &l);
    type->draw(c, p);
}

void dv_figure_paint(const dv_figure *f, const dv_layout *l, dv_canvas *c)
{
    const dv_letters title = { .size = DV_SIZE_TITLE + 1,
                               .bold = true,
                               .width = l->width - 2 * EDGE,
                               .ax = 0.5,
                               .color = DV_INK };
    const dv_letters caption = { .size = DV_SIZE_BODY,
                                 .width = l->width - 2 * EDGE,
                                 .color = DV_INK };
    dv_canvas_rect(c, (dv_area){ 0, 0, l->width, l->height });
    dv_canvas_fill(c, DV_WHITE, 1);
    dv_canvas_text(c, l->width / 2, EDGE, f->title, &title);
    for (int i = 0; i < l->n_lines; i++)
        if (l->lines[i].title)
            paint_row_title(c, l, &l->lines[i]);
    for (int i = 0; i < l->n_places && !c->failed; i++)
        paint_place(c, &l->places[i]);
    dv_canvas_text(c, EDGE, l->caption_y, f->caption, &caption);
}
