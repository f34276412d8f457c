/* table_text.c - a table for people. */
#include "base/utf8.h"
#include "report/table.h"

#include <stdlib.h>
#include <string.h>

enum { GAP = 2, LEFT_OUT = -1 };

typedef struct layout {
    const dv_table *table;
    int *width;   /* (n_columns) as a terminal shows it; or LEFT_OUT */
    dv_text cell; /* the one at work */
} layout;

static void add_list(dv_text *to, const dv_column *c, const dv_cell *cell)
{
    const char *list = c->list ? c->list : ",";
    const bool around = strlen(list) == 3;
    dv_text_add(to, list, around);
    for (int i = 0; i < cell->n; i++) {
        if (i > 0)
            dv_text_add(to, list + around, strlen(list) - 2 * around);
        if (c->kind == DV_COLUMN_INTS)
            dv_text_format(to, "%d", (int)cell->v.ints[i]);
        else
            dv_text_real(to, (double)cell->v.reals[i], c->shown);
    }
    if (around)
        dv_text_add(to, list + 2, 1);
}

static void add_value(dv_text *to, const dv_column *c, const dv_cell *cell)
{
    switch (c->kind) {
    case DV_COLUMN_TEXT:
        dv_text_add(to, cell->v.text, strlen(cell->v.text));
        break;
    case DV_COLUMN_FLAG:
        dv_text_format(to, cell->v.flag ? "yes" : "no");
        break;
    case DV_COLUMN_INT:
        dv_text_format(to, "%lld", (long long)cell->v.whole);
        break;
    case DV_COLUMN_REAL:
        dv_text_real(to, cell->v.real, c->shown);
        break;
    case DV_COLUMN_INTS:
    case DV_COLUMN_REALS:
        add_list(to, c, cell);
        break;
    }
}

/* Puts what stands in a cell of a row, or in the line of titles (NULL), to l->cell. */
static void fill(layout *l, int column, const dv_cell *cell)
{
    const dv_column *c = &l->table->columns[column];
    dv_text *to = &l->cell;
    to->size = 0;
    dv_text_add(to, "", 0);
    if (!cell && c->unit)
        dv_text_format(to, "%s (%s)", c->title, c->unit);
    else if (!cell)
        dv_text_add(to, c->title, strlen(c->title));
    else if (cell->shown)
        dv_text_add(to, cell->shown, strlen(cell->shown));
    else if (cell->is == DV_CELL_VALUE)
        add_value(to, c, cell);
    else if (c->none)
        dv_text_add(to, c->none, strlen(c->none));
}

/* Adds the text as a terminal may show it; returns its width there. to: may be NULL; text, too,
 * where memory ran out and its size is 0. */
static int add_shown(dv_text *to, const char *text, size_t size)
{
    char piece[DV_SHOWN_MAX];
    int width = 0;
    for (size_t at = 0; at < size;) {
        at += dv_utf8_show(text + at, piece);
        width += dv_utf8_width(piece);
        if (to)
            dv_text_add(to, piece, strlen(piece));
    }
    return width;
}

static void add_blanks(dv_text *to, int n)
{
    dv_text_format(to, "%*s", n, "");
}

/* A line ends behind the last cell that is not empty, where the reason is put. */
static void add_line(layout *l, const dv_cell *cells, const char *reason, dv_text *to)
{
    const dv_table *t = l->table;
    int blanks = t->indent, behind = blanks;
    for (int c = 0, n = 0; c < t->n_columns; c++) {
        if (l->width[c] == LEFT_OUT)
            continue;
        fill(l, c, cells ? &cells[c] : NULL);
        const int pad = l->width[c] - add_shown(NULL, l->cell.data, l->cell.size);
        const bool right = t->columns[c].right;
        blanks += (n++ ? GAP : 0) + (right ? pad : 0);
        if (l->cell.size > 0) {
            add_blanks(to, blanks);
            add_shown(to, l->cell.data, l->cell.size);
            blanks = 0;
            behind = (right ? 0 : pad) + GAP;
        }
        blanks += right ? 0 : pad;
    }
    if (reason) {
        add_blanks(to, behind);
        add_shown(to, reason, strlen(reason));
    }
    dv_text_add(to, "\n", 1);
}

/* How wide the column is. */
static int measure(layout *l, int column)
{
    const dv_column *c = &l->table->columns[column];
    int most = 0;
    bool empty = true;
    if (!c->title)
        return LEFT_OUT;
    for (int row = -1; row < l->table->n_rows; row++) {
        fill(l, column, row < 0 ? NULL : &dv_table_cells(l->table, row)[column]);
        const int width = add_shown(NULL, l->cell.data, l->cell.size);
        most = width > most ? width : most;
        empty = empty && (row < 0 || l->cell.size == 0);
    }
    return empty && c->optional ? LEFT_OUT : most;
}

void dv_table_print_text(const dv_table *t, dv_text *to)
{
    layout l = { .table = t, .width = calloc((size_t)t->n_columns + 1, sizeof *l.width) };
    to->failed = to->failed || t->failed || !l.width;
    for (int c = 0; !to->failed && c < t->n_columns; c++)
        l.width[c] = measure(&l, c);
    if (!to->failed)
        add_line(&l, NULL, NULL, to);
    for (int row = 0; !to->failed && row < t->n_rows; row++)
        add_line(&l, dv_table_cells(t, row),
                 t->rows[row].outcome == DV_ROW_ERROR ? t->rows[row].reason : NULL, to);
    to->failed = to->failed || l.cell.failed;
    free(l.cell.data);
    free(l.width);
}
