/* table_json.c - a table as JSON lines. */
#include "base/json_write.h"
#include "report/table.h"

#include <math.h>

static void put_real(dv_json *w, const char *key, double v, dv_digits digits)
{
    if (digits.by == 'f')
        dv_json_put_fixed(w, key, v, digits.n);
    else if (digits.by == 'g' || isinf((float)v))
        dv_json_put_short(w, key, v, digits.by ? digits.n : 9);
    else
        dv_json_put_float(w, key, (float)v);
}

static void put_reals(dv_json *w, const dv_column *c, const dv_cell *cell)
{
    dv_json_list(w, c->key);
    for (int i = 0; i < cell->n; i++)
        put_real(w, NULL, (double)cell->v.reals[i], c->digits);
    dv_json_end(w);
}

static void put_value(dv_json *w, const dv_column *c, const dv_cell *cell)
{
    switch (c->kind) {
    case DV_COLUMN_TEXT:
        dv_json_put_text(w, c->key, cell->v.text);
        break;
    case DV_COLUMN_FLAG:
        dv_json_put_bool(w, c->key, cell->v.flag);
        break;
    case DV_COLUMN_INT:
        dv_json_put_int(w, c->key, cell->v.whole);
        break;
    case DV_COLUMN_REAL:
        put_real(w, c->key, cell->v.real, c->digits);
        break;
    case DV_COLUMN_INTS:
        dv_json_put_ints(w, c->key, cell->v.ints, cell->n);
        break;
    case DV_COLUMN_REALS:
        put_reals(w, c, cell);
        break;
    }
}

void dv_table_print_json(const dv_table *t, dv_text *to)
{
    dv_json w = { .to = to };
    to->failed = to->failed || t->failed;
    for (int row = 0; !to->failed && row < t->n_rows; row++) {
        const dv_cell *cells = dv_table_cells(t, row);
        dv_json_object(&w, NULL);
        for (int c = 0; c < t->n_columns; c++) {
            if (!t->columns[c].key || cells[c].is == DV_CELL_ABSENT)
                continue;
            if (cells[c].is == DV_CELL_NULL)
                dv_json_put_null(&w, t->columns[c].key);
            else
                put_value(&w, &t->columns[c], &cells[c]);
        }
        dv_json_end(&w);
        dv_json_line(&w);
    }
}
