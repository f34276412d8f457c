/* table_csv.c - a table as RFC 4180 has it. */
#include "base/utf8.h"
#include "report/table.h"

#include <math.h>
#include <string.h>

/* In quotes where it has to be; what is not UTF-8 becomes U+FFFD. */
static void add_field(dv_text *to, const char *text)
{
    const bool quoted = strpbrk(text, ",\"\r\n") || text[0] == ' ' || text[0] == '\t';
    dv_text_add(to, "\"", quoted);
    for (size_t n; *text; text += n ? n : 1) {
        n = dv_utf8_length(text);
        if (*text == '"')
            dv_text_add(to, "\"", 1);
        if (n > 0)
            dv_text_add(to, text, n);
        else
            dv_text_add(to, "\xef\xbf\xbd", 3);
    }
    dv_text_add(to, "\"", quoted);
}

static void add_real(dv_text *to, const dv_column *c, double v)
{
    if (isfinite(v))
        dv_text_real(to, v, c->digits);
}

static void add_value(dv_text *to, const dv_column *c, const dv_cell *cell)
{
    switch (c->kind) {
    case DV_COLUMN_TEXT:
        add_field(to, cell->v.text);
        break;
    case DV_COLUMN_FLAG:
        dv_text_format(to, cell->v.flag ? "true" : "false");
        break;
    case DV_COLUMN_INT:
        dv_text_format(to, "%lld", (long long)cell->v.whole);
        break;
    case DV_COLUMN_REAL:
        add_real(to, c, cell->v.real);
        break;
    case DV_COLUMN_INTS:
    case DV_COLUMN_REALS:
        for (int i = 0; i < cell->n; i++) {
            dv_text_add(to, " ", i > 0);
            if (c->kind == DV_COLUMN_INTS)
                dv_text_format(to, "%d", (int)cell->v.ints[i]);
            else
                dv_text_real(to, (double)cell->v.reals[i], c->digits);
        }
        break;
    }
}

/* The line of keys where cells is NULL. */
static void add_line(dv_text *to, const dv_table *t, const dv_cell *cells)
{
    for (int c = 0, n = 0; c < t->n_columns; c++) {
        if (!t->columns[c].key)
            continue;
        dv_text_add(to, ",", n++ > 0);
        if (!cells)
            add_field(to, t->columns[c].key);
        else if (cells[c].is == DV_CELL_VALUE)
            add_value(to, &t->columns[c], &cells[c]);
    }
    dv_text_add(to, "\r\n", 2);
}

void dv_table_print_csv(const dv_table *t, dv_text *to)
{
    to->failed = to->failed || t->failed;
    if (to->failed)
        return;
    add_line(to, t, NULL);
    for (int row = 0; row < t->n_rows; row++)
        add_line(to, t, dv_table_cells(t, row));
}
