/* panel_grid.c - pictures in rows and columns. */
#include "plot/figure_place.h"
#include "plot/figure_style.h"

#include <math.h>

#define LABEL_PAD      1.5
#define SMALL_SIDE     (22 * DV_MM) /* of pictures of few pixels, unless another is asked for */
#define LARGE_SIDE     (62 * DV_MM) /* and of all others */
#define LEAST_SIDE     (4 * DV_MM)
#define LEAST_LABELLED (6.5 * DV_MM)
#define PAGE           (215 * DV_MM) /* a grid that is higher is made smaller */
#define WIDE_ROW_TITLE 60.0

static const dv_letters label_letters = {
    .size = DV_SIZE_SMALL, .lines = 2, .ax = 0.5, .color = { 34, 34, 34 }
};
static const dv_letters head_letters = {
    .size = DV_SIZE_BODY, .lines = 2, .ax = 0.5, .color = { 34, 34, 34 }
};

static int rows_of(const dv_grid *g)
{
    return g->n > 0 ? (g->n + g->columns - 1) / g->columns : 1;
}

static double gap_of(const dv_grid *g)
{
    return (g->gap > 0 ? g->gap : 1) * DV_MM;
}

/* -- the first look --------------------------------------------------------------------------- */

/* That of the pictures, in the middle. */
static double aspect_of(const dv_grid *g)
{
    double sum = 0;
    int n = 0;
    for (int i = 0; i < g->n; i++)
        if (g->shown[i].picture.rgb) {
            sum += log((double)g->shown[i].picture.width / g->shown[i].picture.height);
            n++;
        }
    return n ? fmin(fmax(exp(sum / n), 0.05), 20) : 1;
}

static bool all_small(const dv_grid *g)
{
    for (int i = 0; i < g->n; i++)
        if (g->shown[i].picture.width > DV_ZOOM_SQUARES ||
            g->shown[i].picture.height > DV_ZOOM_SQUARES)
            return false;
    return true;
}

static void begin(dv_canvas *c, dv_panel_place *place)
{
    const dv_grid *g = &place->panel->of.grid;
    place->extents = dv_arena_array(&c->arena, (size_t)rows_of(g), sizeof *place->extents, c->err);
    dv_canvas_ok(c, place->extents);
    double widest = 0;
    for (int r = 0; g->row_titles && r < rows_of(g); r++)
        widest = fmax(widest, dv_canvas_measure(c, g->row_titles[r], &head_letters).w);
    place->turned = widest > fmin(WIDE_ROW_TITLE, place->slot * 0.18);
    place->row_title = place->turned ? 2 * DV_SIZE_BODY * DV_LINE : widest;
}

/* -- for a box -------------------------------------------------------------------------------- */

static double cell_width(const dv_panel_place *place)
{
    const dv_grid *g = &place->panel->of.grid;
    return fmax((place->box.w - (g->columns - 1) * gap_of(g)) / g->columns, 1);
}

/* What stands in the box beside the pictures' own height; sets the heights of labels. */
static double measure_labels(dv_canvas *c, dv_panel_place *place)
{
    const dv_grid *g = &place->panel->of.grid;
    dv_letters l = label_letters;
    l.width = cell_width(place);
    double sum = (rows_of(g) - 1) * gap_of(g);
    for (int r = 0; r < rows_of(g); r++) {
        double highest = 0;
        for (int i = r * g->columns; i < g->n && i < (r + 1) * g->columns; i++)
            highest = fmax(highest, dv_canvas_measure(c, g->shown[i].label, &l).h);
        place->extents[r] = highest > 0 ? highest + LABEL_PAD : 0;
        sum += r < rows_of(g) - 1 ? place->extents[r] : 0;
    }
    return sum;
}

static void measure(dv_canvas *c, dv_panel_place *place)
{
    const dv_grid *g = &place->panel->of.grid;
    const double aspect = aspect_of(g);
    if (c->failed)
        return;
    const double beside = measure_labels(c, place);
    const int rows = rows_of(g);
    place->slope = g->columns * aspect / rows;
    place->fixed = (g->columns - 1) * gap_of(g) - beside * place->slope;
    const double side = g->side > 0 ? g->side * DV_MM : all_small(g) ? SMALL_SIDE : LARGE_SIDE;
    const double highest = aspect > 1 ? side / aspect : side;
    const bool labelled = g->column_titles || beside > (rows - 1) * gap_of(g) + 0.1;
    const double least = labelled ? LEAST_LABELLED / aspect : LEAST_SIDE / fmax(aspect, 1);
    place->least = beside + rows * fmin(least, highest);
    place->most = fmax(place->least, beside + rows * highest);
    if (g->side <= 0)
        place->most = fmax(fmin(place->most, PAGE), place->least);
    place->own = true;
    place->margin = (dv_edges){ .left = 1, .top = 1, .right = 1 };
    place->margin.bottom = 1 + place->extents[rows - 1];
    if (place->row_title > 0)
        place->margin.left = place->row_title + DV_TITLE_PAD;
    dv_letters head = head_letters;
    head.width = cell_width(place);
    double highest_head = 0;
    for (int i = 0; g->column_titles && i < g->columns; i++)
        highest_head = fmax(highest_head, dv_canvas_measure(c, g->column_titles[i], &head).h);
    if (highest_head > 0)
        place->margin.top = highest_head + LABEL_PAD;
}

/* -- drawing ---------------------------------------------------------------------------------- */

/* The height that the pictures of a row have. */
static double cell_height(const dv_panel_place *place)
{
    const dv_grid *g = &place->panel->of.grid;
    double left = place->box.h - (rows_of(g) - 1) * gap_of(g);
    for (int r = 0; r < rows_of(g) - 1; r++)
        left -= place->extents[r];
    return fmax(left / rows_of(g), 1);
}

static dv_area cell_area(const dv_panel_place *place, int i)
{
    const dv_grid *g = &place->panel->of.grid;
    const double w = cell_width(place), h = cell_height(place);
    const int row = i / g->columns, column = i % g->columns;
    dv_area a = { place->box.x + column * (w + gap_of(g)), place->box.y, w, h };
    for (int r = 0; r < row; r++)
        a.y += h + place->extents[r] + gap_of(g);
    return a;
}

/* Where the i-th picture stands: as large as its place allows, in its middle. */
static dv_area picture_area(const dv_panel_place *place, int i)
{
    const dv_image *im = &place->panel->of.grid.shown[i].picture;
    const dv_area cell = cell_area(place, i);
    if (!im->rgb)
        return cell;
    const double by = fmin(cell.w / im->width, cell.h / im->height);
    const double w = im->width * by, h = im->height * by;
    return (dv_area){ cell.x + (cell.w - w) / 2, cell.y + (cell.h - h) / 2, w, h };
}

static void draw_shown(dv_canvas *c, const dv_panel_place *place, int i)
{
    const dv_grid *g = &place->panel->of.grid;
    const dv_area cell = cell_area(place, i);
    const dv_area a = dv_canvas_snap_area(c, picture_area(place, i));
    if (g->shown[i].picture.rgb)
        dv_canvas_picture(c, a, &g->shown[i].picture, false);
    if (g->shown[i].framed)
        dv_canvas_frame(c, a, &(dv_pen){ .color = DV_INK, .width = 1.4 });
    dv_letters l = label_letters;
    l.width = cell.w;
    dv_canvas_text(c, cell.x + cell.w / 2, cell.y + cell.h + LABEL_PAD, g->shown[i].label, &l);
}

static void draw_titles(dv_canvas *c, const dv_panel_place *place)
{
    const dv_grid *g = &place->panel->of.grid;
    dv_letters head = head_letters;
    head.width = cell_width(place);
    head.ay = 1;
    for (int i = 0; g->column_titles && i < g->columns; i++) {
        const dv_area cell = cell_area(place, i);
        dv_canvas_text(c, cell.x + cell.w / 2, cell.y - LABEL_PAD, g->column_titles[i], &head);
    }
    head = head_letters;
    head.ay = place->turned ? 1 : 0.5;
    head.ax = place->turned ? 0.5 : 1;
    head.turn = place->turned ? 90 : 0;
    head.width = place->turned ? cell_height(place) : place->row_title + 0.5;
    for (int r = 0; g->row_titles && r < rows_of(g); r++) {
        const dv_area cell = cell_area(place, r * g->columns);
        dv_canvas_text(c, cell.x - DV_TITLE_PAD, cell.y + cell.h / 2, g->row_titles[r], &head);
    }
}

static void draw(dv_canvas *c, const dv_panel_place *place)
{
    for (int i = 0; i < place->panel->of.grid.n; i++)
        draw_shown(c, place, i);
    draw_titles(c, place);
    dv_marks_draw(c, place);
}

static void to_paper(const dv_panel_place *place, const dv_mark *m, double x, double y,
                     double to[2])
{
    const dv_grid *g = &place->panel->of.grid;
    const int i = m->of > 0 && m->of <= g->n ? m->of - 1 : g->n - 1;
    const bool any = i >= 0 && g->shown[i].picture.rgb;
    const dv_area a = i >= 0 ? picture_area(place, i) : place->box;
    to[0] = a.x + x * a.w / (any ? g->shown[i].picture.width : 1);
    to[1] = a.y + y * a.h / (any ? g->shown[i].picture.height : 1);
}

const dv_panel_type dv_panel_grid = { begin, measure, draw, to_paper };
