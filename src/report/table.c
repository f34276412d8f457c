#include "report/table.h"

#include <assert.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

void dv_table_free(dv_table *t)
{
    free(t->cells);
    free(t->rows);
    dv_arena_release(&t->arena);
    *t = (dv_table){ .columns = t->columns, .n_columns = t->n_columns, .indent = t->indent };
}

static bool make_room(dv_table *t)
{
    const size_t room = t->room ? 2 * (size_t)t->room : 16, columns = (size_t)t->n_columns;
    if (t->failed || t->n_rows < t->room)
        return !t->failed;
    t->failed = room > INT32_MAX || columns > SIZE_MAX / sizeof *t->cells / room;
    if (t->failed)
        return false;
    dv_row *rows = realloc(t->rows, room * sizeof *rows);
    if (rows)
        t->rows = rows;
    dv_cell *cells = realloc(t->cells, room * columns * sizeof *cells);
    if (cells)
        t->cells = cells;
    t->failed = !rows || !cells;
    t->room = t->failed ? t->room : (int)room;
    return !t->failed;
}

void dv_table_row(dv_table *t)
{
    if (!make_room(t))
        return;
    const size_t n = (size_t)t->n_columns, row = (size_t)t->n_rows++;
    for (size_t c = 0; c < n; c++)
        t->cells[row * n + c] = (dv_cell){ 0 };
    t->rows[row] = (dv_row){ .outcome = DV_ROW_PASSED };
}

const dv_cell *dv_table_cells(const dv_table *t, int row)
{
    return t->cells + (size_t)row * (size_t)t->n_columns;
}

/* -- values ----------------------------------------------------------------------------------- */

/* The cell of the last row; NULL without memory. */
static dv_cell *cell_of(dv_table *t, int column)
{
    assert(column >= 0 && column < t->n_columns);
    if (t->failed)
        return NULL;
    assert(t->n_rows > 0);
    return &t->cells[((size_t)t->n_rows - 1) * (size_t)t->n_columns + (size_t)column];
}

static void set(dv_table *t, int column, dv_column_kind kind, dv_cell value)
{
    dv_cell *cell = cell_of(t, column);
    assert(t->columns[column].kind == kind);
    (void)kind;
    if (!cell)
        return;
    value.is = DV_CELL_VALUE;
    value.shown = cell->shown;
    *cell = value;
}

static const void *keep(dv_table *t, const void *bytes, size_t size)
{
    void *kept = t->failed ? NULL : dv_arena_alloc(&t->arena, size, NULL);
    if (kept && size)
        memcpy(kept, bytes, size);
    t->failed = !kept;
    return kept;
}

void dv_table_null(dv_table *t, int column)
{
    dv_cell *cell = cell_of(t, column);
    if (cell)
        cell->is = DV_CELL_NULL;
}

void dv_table_text(dv_table *t, int column, const char *v)
{
    if (v)
        set(t, column, DV_COLUMN_TEXT, (dv_cell){ .v.text = keep(t, v, strlen(v) + 1) });
    else
        dv_table_null(t, column);
}

void dv_table_flag(dv_table *t, int column, bool v)
{
    set(t, column, DV_COLUMN_FLAG, (dv_cell){ .v.flag = v });
}

void dv_table_int(dv_table *t, int column, int64_t v)
{
    set(t, column, DV_COLUMN_INT, (dv_cell){ .v.whole = v });
}

void dv_table_real(dv_table *t, int column, double v)
{
    set(t, column, DV_COLUMN_REAL, (dv_cell){ .v.real = v });
}

void dv_table_ints(dv_table *t, int column, const int32_t *v, int n)
{
    const void *kept = keep(t, v, (size_t)n * sizeof *v);
    set(t, column, DV_COLUMN_INTS, (dv_cell){ .v.ints = kept, .n = n });
}

void dv_table_reals(dv_table *t, int column, const float *v, int n)
{
    const void *kept = keep(t, v, (size_t)n * sizeof *v);
    set(t, column, DV_COLUMN_REALS, (dv_cell){ .v.reals = kept, .n = n });
}

DV_PRINTF(2, 0)
static const char *keep_format(dv_table *t, const char *fmt, va_list args)
{
    dv_text text = { 0 };
    dv_text_vformat(&text, fmt, args);
    t->failed = t->failed || text.failed;
    const char *kept = keep(t, text.data, text.size + 1);
    free(text.data);
    return kept;
}

void dv_table_textf(dv_table *t, int column, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    set(t, column, DV_COLUMN_TEXT, (dv_cell){ .v.text = keep_format(t, fmt, args) });
    va_end(args);
}

void dv_table_show(dv_table *t, int column, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    const char *shown = keep_format(t, fmt, args);
    va_end(args);
    dv_cell *cell = cell_of(t, column);
    if (cell)
        cell->shown = shown;
}

void dv_table_outcome(dv_table *t, dv_outcome outcome, const char *reason)
{
    const char *kept = reason ? keep(t, reason, strlen(reason) + 1) : NULL;
    if (t->failed)
        return;
    t->rows[t->n_rows - 1] = (dv_row){ outcome, kept };
}

/* -- numbers ---------------------------------------------------------------------------------- */

void dv_text_real(dv_text *to, double v, dv_digits digits)
{
    if (isnan(v))
        dv_text_format(to, "nan");
    else if (isinf(v))
        dv_text_format(to, v < 0 ? "-inf" : "inf");
    else if (digits.by == 'f')
        dv_text_format(to, "%.*f", digits.n, v);
    else if (digits.by == 'g' || isinf((float)v))
        dv_text_format(to, "%.*g", digits.by ? digits.n : 9, v);
    else
        dv_text_float(to, (float)v);
}
