#include "plot/figure.h"

#include "plot/figure_parts.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

void dv_figure_free(dv_figure *f)
{
    free(f->rows);
    dv_arena_release(&f->arena);
    *f = (dv_figure){ .title = f->title, .caption = f->caption };
}

/* -- copies -----------------------------------------------------------------------------------
 * Each is NULL for nothing, and when memory ran out, which the figure remembers. */

static void *keep(dv_figure *f, const void *from, size_t n, size_t size)
{
    if (!from || f->failed)
        return NULL;
    void *kept = dv_arena_array(&f->arena, n, size, NULL);
    if (kept && n)
        memcpy(kept, from, n * size);
    f->failed = !kept;
    return kept;
}

static const char *keep_text(dv_figure *f, const char *text)
{
    return text ? keep(f, text, strlen(text) + 1, 1) : NULL;
}

static const char *const *keep_texts(dv_figure *f, const char *const *texts, size_t n)
{
    const char **kept = keep(f, texts, n, sizeof *texts);
    for (size_t i = 0; kept && i < n; i++)
        kept[i] = keep_text(f, kept[i]);
    return (const char *const *)kept;
}

static dv_image keep_image(dv_figure *f, const dv_image *im)
{
    dv_image kept = *im;
    if (!im->rgb || im->width < 1 || im->height < 1)
        return (dv_image){ .rgb = NULL };
    kept.rgb = keep(f, im->rgb, (size_t)im->width * (size_t)im->height, 3);
    return kept;
}

static void keep_axis(dv_figure *f, dv_axis *a)
{
    assert(a->n_ticks >= 0 && (a->n_ticks == 0 || a->ticks));
    a->label = keep_text(f, a->label);
    a->unit = keep_text(f, a->unit);
    a->ticks = keep(f, a->ticks, (size_t)a->n_ticks, sizeof *a->ticks);
    a->names = keep_texts(f, a->names, (size_t)a->n_ticks);
}

/* -- rows and panels -------------------------------------------------------------------------- */

void dv_figure_row(dv_figure *f, const char *title)
{
    if (!f->failed && f->n_rows == f->rows_room) {
        const size_t room = f->rows_room ? 2 * (size_t)f->rows_room : 8;
        struct dv_figure_row *rows = realloc(f->rows, room * sizeof *rows);
        f->failed = !rows;
        if (rows) {
            f->rows = rows;
            f->rows_room = (int)room;
        }
    }
    if (!f->failed)
        f->rows[f->n_rows++] = (struct dv_figure_row){ .title = keep_text(f, title) };
}

/* A panel at the end of the last row; NULL when memory ran out. */
static dv_panel *add_panel(dv_figure *f, dv_panel_kind kind)
{
    if (f->n_rows == 0)
        dv_figure_row(f, NULL);
    dv_panel *p = keep(f, &(dv_panel){ .kind = kind }, 1, sizeof *p);
    if (!p)
        return NULL;
    struct dv_figure_row *row = &f->rows[f->n_rows - 1];
    *(row->last ? &row->last->next : &row->panels) = p;
    row->last = p;
    row->n_panels++;
    return p;
}

static dv_panel *last_panel(dv_figure *f)
{
    if (f->failed)
        return NULL;
    assert(f->n_rows > 0 && f->rows[f->n_rows - 1].last);
    return f->rows[f->n_rows - 1].last;
}

void dv_figure_axes(dv_figure *f, const dv_axes *a)
{
    dv_panel *p = add_panel(f, DV_PANEL_AXES);
    if (!p)
        return;
    p->of.axes = *a;
    p->of.axes.title = keep_text(f, a->title);
    keep_axis(f, &p->of.axes.x);
    keep_axis(f, &p->of.axes.y);
}

void dv_figure_heat(dv_figure *f, const dv_heat *h)
{
    dv_panel *p = add_panel(f, DV_PANEL_HEAT);
    if (!p)
        return;
    assert(h->rows >= 0 && h->columns >= 0 && h->n_classes >= 0);
    dv_heat *to = &p->of.heat;
    *to = *h;
    to->title = keep_text(f, h->title);
    to->values = keep(f, h->values, (size_t)h->rows * (size_t)h->columns, sizeof *h->values);
    to->classes = keep_texts(f, h->classes, (size_t)h->n_classes);
    to->bar = keep_text(f, h->bar);
    keep_axis(f, &to->x);
    keep_axis(f, &to->y);
    if (h->under) {
        const dv_image under = keep_image(f, h->under);
        to->under = under.rgb ? keep(f, &under, 1, sizeof under) : NULL;
    }
}

/* As many as make a grid of pictures like the first about 4:3, with few empty places. */
static int columns_of(const dv_grid *g)
{
    double aspect = 1;
    for (int i = g->n - 1; i >= 0; i--)
        if (g->shown[i].picture.rgb && g->shown[i].picture.height > 0)
            aspect = (double)g->shown[i].picture.width / g->shown[i].picture.height;
    const double columns = fmax(1, sqrt(g->n * 4.0 / 3 / aspect));
    int best = 1;
    double least = INFINITY;
    for (int k = (int)(columns * 0.7); k <= columns * 1.4 + 1; k++) {
        const int empty = k > 0 ? (k - g->n % k) % k : 0;
        const double cost = fabs(log(k / columns)) + (double)empty / fmax(g->n, 1);
        if (k > 0 && k <= g->n && cost < least) {
            best = k;
            least = cost;
        }
    }
    return best;
}

void dv_figure_grid(dv_figure *f, const dv_grid *g)
{
    dv_panel *p = add_panel(f, DV_PANEL_GRID);
    if (!p)
        return;
    assert(g->n >= 0 && g->columns >= 0 && (g->columns > 0 || !g->column_titles));
    dv_grid *to = &p->of.grid;
    *to = *g;
    to->columns = g->columns > 0 ? g->columns : columns_of(g);
    const size_t n = (size_t)g->n, columns = (size_t)to->columns;
    to->title = keep_text(f, g->title);
    dv_shown *shown = keep(f, g->shown, n, sizeof *g->shown);
    for (size_t i = 0; shown && i < n; i++) {
        shown[i].picture = keep_image(f, &shown[i].picture);
        shown[i].label = keep_text(f, shown[i].label);
    }
    to->shown = shown;
    to->row_titles = keep_texts(f, g->row_titles, (n + columns - 1) / columns);
    to->column_titles = keep_texts(f, g->column_titles, columns);
}

void dv_figure_cells(dv_figure *f, const dv_cells *c)
{
    dv_panel *p = add_panel(f, DV_PANEL_CELLS);
    if (!p)
        return;
    assert(c->rows >= 0 && c->columns >= 0);
    const size_t n = (size_t)c->rows * (size_t)c->columns;
    dv_cells *to = &p->of.cells;
    *to = *c;
    to->title = keep_text(f, c->title);
    to->text = keep_texts(f, c->text, n);
    to->shade = keep(f, c->shade, n, sizeof *c->shade);
}

/* -- into the last panel ---------------------------------------------------------------------- */

void dv_figure_curve(dv_figure *f, const dv_curve *c)
{
    dv_panel *p = last_panel(f);
    dv_curve_part *part = keep(f, &(dv_curve_part){ .curve = *c }, 1, sizeof *part);
    if (!p || !part)
        return;
    assert(p->kind == DV_PANEL_AXES && c->n >= 0);
    dv_curve *to = &part->curve;
    const size_t n = (size_t)c->n;
    to->name = keep_text(f, c->name);
    to->x = keep(f, c->x, n, sizeof *c->x);
    to->y = keep(f, c->y, n, sizeof *c->y);
    to->low = keep(f, c->low, n, sizeof *c->low);
    to->high = keep(f, c->high, n, sizeof *c->high);
    *(p->last_curve ? &p->last_curve->next : &p->curves) = part;
    p->last_curve = part;
    p->n_curves++;
}

void dv_figure_mark(dv_figure *f, const dv_mark *m)
{
    dv_panel *p = last_panel(f);
    dv_mark_part *part = keep(f, &(dv_mark_part){ .mark = *m }, 1, sizeof *part);
    if (!p || !part)
        return;
    part->mark.text = keep_text(f, m->text);
    *(p->last_mark ? &p->last_mark->next : &p->marks) = part;
    p->last_mark = part;
}
