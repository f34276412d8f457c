#include "plot/figure_lines.h"
#include "plot/figure_style.h"

#include <math.h>

#define EDGE         4.0 /* around all */
#define LINE_GAP     8.0
#define TITLE_GAP    6.0  /* below the figure's title, over its caption */
#define WIDEST_TITLE 0.13 /* of a row that stands upright, by the figure's width */

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

/* -- rows into lines -------------------------------------------------------------------------- */

/* How many panels stand on a line of a row that is broken into so many. */
static int on_a_line(int panels, int lines)
{
    return (panels + lines - 1) / lines;
}

/* Adds the lines of a row, and its panels. */
static void add_lines(dv_figure_layout *l, const dv_figure *f, int row, int lines)
{
    const struct dv_figure_row *r = &f->rows[row];
    const int each = on_a_line(r->n_panels, lines);
    const dv_panel *p = r->panels;
    for (int i = 0; i < r->n_panels; i += each) {
        dv_panel_line *line = &l->lines[l->n_lines++];
        *line = (dv_panel_line){
            .title = i == 0 ? r->title : NULL, .row = row, .part = i / each, .first = l->n_places
        };
        line->n = r->n_panels - i < each ? r->n_panels - i : each;
        for (int k = 0; k < line->n; k++, p = p->next)
            l->places[l->n_places++].panel = p;
    }
}

/* On how many lines the panels of a row are legible; they are tried in the figure's own room. */
static int lines_of(const dv_figure *f, int row, double width, dv_canvas *c,
                    const dv_figure_layout *l)
{
    int lines = 1;
    for (bool legible = false; !legible && lines < f->rows[row].n_panels && !c->failed;) {
        dv_figure_layout alone = { .lines = l->lines, .places = l->places };
        add_lines(&alone, f, row, lines);
        dv_lines_begin(c, &alone, width);
        dv_lines_settle(c, &alone, 0, width);
        legible = dv_lines_legible(&alone, width);
        lines += !legible;
    }
    return lines;
}

static bool same_panels(const struct dv_figure_row *a, const struct dv_figure_row *b)
{
    const dv_panel *p = a->panels, *q = b->panels;
    while (p && q && p->kind == q->kind) {
        p = p->next;
        q = q->next;
    }
    return !p && !q;
}

/* Rows with the same kinds of panels are broken in the same places. */
static void break_rows(const dv_figure *f, double width, dv_canvas *c, dv_figure_layout *l)
{
    int *lines = dv_arena_array(&c->arena, (size_t)f->n_rows, sizeof *lines, c->err);
    if (!dv_canvas_ok(c, lines))
        return;
    for (int r = 0; r < f->n_rows; r++)
        lines[r] = lines_of(f, r, width, c, l);
    for (int r = 0; r < f->n_rows && !c->failed; r++) {
        int most = lines[r];
        for (int k = 0; k < f->n_rows; k++)
            if (lines[k] > most && same_panels(&f->rows[r], &f->rows[k]))
                most = lines[k];
        add_lines(l, f, r, most);
    }
}

/* -- the figure ------------------------------------------------------------------------------- */

static const dv_letters row_letters = { .size = DV_SIZE_BODY, .bold = true, .lines = 2 };

static void find_titles_width(const dv_figure *f, dv_canvas *c, dv_figure_layout *l)
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
static void set_heights(dv_canvas *c, dv_figure_layout *l, double y)
{
    for (int i = 0; i < l->n_lines; i++) {
        dv_panel_line *line = &l->lines[i];
        dv_panel_place *p = &l->places[line->first];
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

void dv_figure_lay_out(const dv_figure *f, double width, dv_canvas *c, dv_figure_layout *l)
{
    int panels = 0;
    for (int r = 0; r < f->n_rows; r++)
        panels += f->rows[r].n_panels;
    *l = (dv_figure_layout){ .width = width };
    l->places = dv_arena_array(&c->arena, (size_t)panels, sizeof *l->places, c->err);
    l->lines = dv_arena_array(&c->arena, (size_t)panels, sizeof *l->lines, c->err);
    if (!dv_canvas_ok(c, l->places && l->lines))
        return;
    find_titles_width(f, c, l);
    const double x = EDGE + l->titles_width, room = fmax(width - EDGE - x, 10);
    break_rows(f, room, c, l);
    dv_lines_begin(c, l, room);
    dv_lines_settle(c, l, x, room);
    const dv_letters title = {
        .size = DV_SIZE_TITLE + 1, .bold = true, .lines = 5, .width = width - 2 * EDGE
    };
    const dv_letters caption = { .size = DV_SIZE_BODY, .width = width - 2 * EDGE };
    l->title_height = dv_canvas_measure(c, f->title, &title).h;
    set_heights(c, l, EDGE + (l->title_height > 0 ? l->title_height + TITLE_GAP : 0));
    const double below = dv_canvas_measure(c, f->caption, &caption).h;
    l->height = below > 0 ? l->caption_y + below + EDGE : l->caption_y - TITLE_GAP + EDGE;
}

/* -- onto the paper --------------------------------------------------------------------------- */

static void paint_row_title(dv_canvas *c, const dv_figure_layout *l, const dv_panel_line *line)
{
    double x = l->width;
    for (int i = 0; i < l->n_lines; i++) {
        const dv_panel_place *p = &l->places[l->lines[i].first];
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

static void paint_place(dv_canvas *c, const dv_panel_place *p)
{
    const dv_letters l = dv_panel_title_letters(p->title_width);
    dv_canvas_text(c, p->box.x + p->title_x, p->box.y - p->heads - DV_TITLE_PAD,
                   dv_panel_title(p->panel), &l);
    dv_panel_type_of(p->panel)->draw(c, p);
}

void dv_figure_paint(const dv_figure *f, const dv_figure_layout *l, dv_canvas *c)
{
    const dv_letters title = { .size = DV_SIZE_TITLE + 1,
                               .bold = true,
                               .lines = 5,
                               .width = l->width - 2 * EDGE,
                               .ax = 0.5,
                               .color = DV_INK };
    const dv_letters caption = { .size = DV_SIZE_BODY,
                                 .width = l->width - 2 * EDGE,
                                 .color = DV_INK };
    dv_canvas_rect(c, (dv_area){ 0, 0, l->width + c->pixel, l->height + c->pixel });
    dv_canvas_fill(c, DV_WHITE, 1);
    dv_canvas_text(c, l->width / 2, EDGE, f->title, &title);
    for (int i = 0; i < l->n_lines; i++)
        if (l->lines[i].title)
            paint_row_title(c, l, &l->lines[i]);
    for (int i = 0; i < l->n_places && !c->failed; i++)
        paint_place(c, &l->places[i]);
    dv_canvas_text(c, EDGE, l->caption_y, f->caption, &caption);
}
