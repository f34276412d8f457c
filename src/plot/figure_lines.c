/* figure_lines.c - how wide and how high the boxes of a line of panels are. */
#include "plot/figure_lines.h"

#include "plot/figure_style.h"

#include <math.h>
#include <string.h>

#define PANEL_GAP  10.0         /* between panels, margins and all */
#define WIDEST_ADD (30 * DV_MM) /* for a word of a title */

enum { ROUNDS = 6, HALVINGS = 40, LONGEST_WORD = 40 };

/* -- one panel -------------------------------------------------------------------------------- */

dv_letters dv_panel_title_letters(double width)
{
    return (dv_letters){ .size = DV_SIZE_TITLE,
                         .bold = true,
                         .lines = 3,
                         .ax = 0.5,
                         .ay = 1,
                         .color = DV_INK,
                         .width = width };
}

/* The widest of its words, so that none is broken in the middle. */
static double widest_word(dv_canvas *c, const char *title)
{
    const dv_letters l = dv_panel_title_letters(0);
    double widest = 0;
    for (const char *s = title; s && *s;) {
        char word[LONGEST_WORD + 1];
        const size_t n = strcspn(s, " \n");
        if (n <= LONGEST_WORD) {
            memcpy(word, s, n);
            word[n] = '\0';
            widest = fmax(widest, dv_canvas_measure(c, word, &l).w);
        }
        s += n + (s[n] != '\0');
    }
    return fmin(widest, WIDEST_ADD);
}

/* Over the middle of the box; where that makes it long, over all that the panel has. */
static void place_title(dv_canvas *c, dv_panel_place *p)
{
    const char *title = dv_panel_title(p->panel);
    dv_edges *m = &p->margin;
    const double lacks = widest_word(c, title) - (m->left + p->box.w + m->right);
    if (lacks > 0) {
        m->left += lacks / 2 + 0.5;
        m->right += lacks / 2 + 0.5;
    }
    const double over = p->box.w + 2 * fmin(m->left, m->right);
    const double all = m->left + p->box.w + m->right;
    dv_letters l = dv_panel_title_letters(0);
    const bool long_one = dv_canvas_measure(c, title, &l).w > over;
    p->title_width = long_one ? all : over;
    p->title_x = long_one ? all / 2 - m->left : p->box.w / 2;
    l.width = p->title_width;
    p->title_height = dv_canvas_measure(c, title, &l).h;
    p->heads = p->panel->kind == DV_PANEL_GRID ? m->top : 0;
}

static void measure_place(dv_canvas *c, dv_panel_place *p, const dv_edges *least)
{
    dv_panel_type_of(p->panel)->measure(c, p);
    place_title(c, p);
    if (p->title_height > 0)
        p->margin.top += p->title_height + DV_TITLE_PAD;
    p->margin.left = fmax(p->margin.left, least->left);
    p->margin.top = fmax(p->margin.top, least->top);
    p->margin.right = fmax(p->margin.right, least->right);
    p->margin.bottom = fmax(p->margin.bottom, least->bottom);
}

/* Of a box in a row whose boxes are h high. */
static double height_in(const dv_panel_place *p, double h)
{
    if (p->panel->kind == DV_PANEL_CELLS)
        return p->most;
    return fmin(h, p->own ? p->most : h);
}

static double width_in(const dv_panel_place *p, double h)
{
    return fmax(p->slope * height_in(p, h) + p->fixed, 1);
}

/* -- lines that share their columns ----------------------------------------------------------- */

static dv_panel_place *place_of(const dv_figure_layout *l, int line, int column)
{
    return &l->places[l->lines[line].first + column];
}

/* Whether the boxes of two lines stand below each other. */
static bool alike(const dv_figure_layout *l, int a, int b)
{
    if (l->lines[a].n != l->lines[b].n || l->lines[a].part != l->lines[b].part)
        return false;
    for (int k = 0; k < l->lines[a].n; k++) {
        const dv_panel_place *p = place_of(l, a, k), *q = place_of(l, b, k);
        const double factor = p->panel->kind == DV_PANEL_AXES ? 1.02 : 2.5;
        if (p->panel->kind != q->panel->kind || p->own != q->own || p->slope > factor * q->slope ||
            q->slope > factor * p->slope)
            return false;
    }
    return true;
}

/* A group is called after its first line. */
static void find_groups(dv_figure_layout *l)
{
    for (int i = 0; i < l->n_lines; i++) {
        l->lines[i].group = i;
        for (int k = 0; k < i; k++)
            if (l->lines[k].group == k && alike(l, k, i)) {
                l->lines[i].group = k;
                break;
            }
    }
}

static void share_margins(dv_figure_layout *l, int group)
{
    for (int k = 0; k < l->lines[group].n; k++) {
        double left = 0, right = 0;
        for (int i = group; i < l->n_lines; i++)
            if (l->lines[i].group == group) {
                left = fmax(left, place_of(l, i, k)->margin.left);
                right = fmax(right, place_of(l, i, k)->margin.right);
            }
        for (int i = group; i < l->n_lines; i++)
            if (l->lines[i].group == group) {
                place_of(l, i, k)->margin.left = left;
                place_of(l, i, k)->margin.right = right;
            }
    }
}

/* That of the widest box in a column. */
static double column_width(const dv_figure_layout *l, int group, int column, double h)
{
    double widest = 0;
    for (int i = group; i < l->n_lines; i++)
        if (l->lines[i].group == group)
            widest = fmax(widest, width_in(place_of(l, i, column), h));
    return widest;
}

static double group_width(const dv_figure_layout *l, int group, double h)
{
    const int n = l->lines[group].n;
    double sum = (n - 1) * PANEL_GAP;
    for (int k = 0; k < n; k++) {
        const dv_edges *m = &place_of(l, group, k)->margin;
        sum += m->left + column_width(l, group, k, h) + m->right;
    }
    return sum;
}

/* Whether a line has boxes whose height is that of all; *most is how high they may be, else how
 * high any may. */
static bool has_common_height(const dv_figure_layout *l, int line, double *most)
{
    double follows = 0, own = 1;
    for (int k = 0; k < l->lines[line].n; k++) {
        const dv_panel_place *p = place_of(l, line, k);
        double *of = p->own ? &own : &follows;
        if (p->panel->kind != DV_PANEL_CELLS)
            *of = fmax(*of, p->most);
    }
    *most = follows > 0 ? follows : own;
    return follows > 0;
}

/* The height at which the lines are as wide as they may be, or as high. */
static double group_height(const dv_figure_layout *l, int group, double width)
{
    double lo = 1, hi;
    has_common_height(l, group, &hi);
    if (group_width(l, group, hi) <= width)
        return hi;
    for (int i = 0; i < HALVINGS; i++) {
        const double middle = (lo + hi) / 2;
        *(group_width(l, group, middle) <= width ? &lo : &hi) = middle;
    }
    return lo;
}

/* The parts of a row have boxes of one height. */
static void share_heights(dv_figure_layout *l)
{
    double unused;
    for (int i = 0; i < l->n_lines; i++)
        for (int k = 0; k < l->n_lines; k++) {
            const bool row = l->lines[i].row == l->lines[k].row;
            if ((row || l->lines[i].group == l->lines[k].group) &&
                has_common_height(l, i, &unused) && has_common_height(l, k, &unused))
                l->lines[i].h = fmin(l->lines[i].h, l->lines[k].h);
        }
}

static void set_boxes(dv_figure_layout *l, int line, double x, double width)
{
    const int group = l->lines[line].group;
    const double h = l->lines[line].h;
    x += fmax(0, (width - group_width(l, group, h)) / 2);
    for (int k = 0; k < l->lines[line].n; k++) {
        dv_panel_place *p = place_of(l, line, k);
        const double column = column_width(l, group, k, h);
        p->box.w = width_in(p, h);
        p->box.h = height_in(p, h);
        p->box.x = x + p->margin.left + (column - p->box.w) / 2;
        x += p->margin.left + column + p->margin.right + PANEL_GAP;
    }
}

/* -- all lines -------------------------------------------------------------------------------- */

void dv_lines_begin(dv_canvas *c, dv_figure_layout *l, double width)
{
    for (int i = 0; i < l->n_lines; i++)
        for (int k = 0; k < l->lines[i].n; k++) {
            dv_panel_place *p = place_of(l, i, k);
            const int n = l->lines[i].n;
            *p = (dv_panel_place){ .panel = p->panel,
                                   .slot = (width - (n - 1) * PANEL_GAP) / n,
                                   .whole = width,
                                   .box = { .w = width / n * 0.7, .h = width / n * 0.5 } };
            dv_panel_type_of(p->panel)->begin(c, p);
        }
}

void dv_lines_settle(dv_canvas *c, dv_figure_layout *l, double x, double width)
{
    for (int round = 0; round < ROUNDS && !c->failed; round++) {
        for (int i = 0; i < l->n_places; i++) {
            const dv_edges before = l->places[i].margin;
            measure_place(c, &l->places[i], round < ROUNDS / 2 ? &(dv_edges){ 0 } : &before);
        }
        if (round == 0) /* now slopes are known */
            find_groups(l);
        for (int i = 0; i < l->n_lines; i++)
            if (l->lines[i].group == i)
                share_margins(l, i);
        for (int i = 0; i < l->n_lines; i++)
            l->lines[i].h = group_height(l, l->lines[i].group, width);
        share_heights(l);
        for (int i = 0; i < l->n_lines; i++)
            set_boxes(l, i, x, width);
    }
}

bool dv_lines_legible(const dv_figure_layout *l, double width)
{
    for (int i = 0; i < l->n_lines; i++) {
        for (int k = 0; k < l->lines[i].n; k++) {
            const dv_panel_place *p = place_of(l, i, k);
            if (p->box.h < fmin(p->least, p->most) - 0.1)
                return false;
        }
        if (group_width(l, l->lines[i].group, l->lines[i].h) > width + 0.1)
            return false;
    }
    return true;
}
