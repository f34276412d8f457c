/* atlas_data_layer.c - data/layer-K.js: what the grid of a layer needs, a few bytes a unit. */
#include "atlas/atlas_data.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The numbers of a layer's units, where any is known. */
static bool put_column(dv_json *w, const dv_atlas_data *d, int layer, int number, dv_error *err)
{
    const dv_atlas_layer *l = &d->work->layers[layer];
    char file[80];
    const dv_data_column c = { .key = dv_number_table[number].key,
                               .file = file,
                               .n = l->n,
                               .step = DV_N_NUMBERS,
                               .values = d->numbers + (size_t)l->first * DV_N_NUMBERS + number,
                               .place = strcmp(dv_number_table[number].kind, "class") == 0 };
    snprintf(file, sizeof file, "layer-%d-%s.js", layer, c.key);
    return !dv_data_column_is_known(&c) || dv_data_put_column(w, d, &c, err);
}

/* -- the layer -------------------------------------------------------------------------------- */

static void put_dead(dv_json *w, const dv_atlas_data *d, const dv_atlas_layer *l)
{
    const size_t n = ((size_t)l->n + 7) / 8;
    uint8_t *bits = calloc(n + 1, 1);
    if (!bits) {
        w->to->failed = true;
        return;
    }
    for (int i = 0; i < l->n; i++)
        if (d->work->units[l->first + i].mined->active_images == 0)
            bits[i >> 3] |= (uint8_t)(1 << (i & 7));
    dv_data_put_base64(w, "dead", bits, n);
    free(bits);
}

/* Where the units are the classes: the last layer, of as many. */
static void put_names(dv_json *w, const dv_atlas_data *d, int layer)
{
    const dv_atlas_work *work = d->work;
    const dv_atlas_layer *l = &work->layers[layer];
    const dv_labels *labels = work->options->labels;
    const dv_layer *last = dv_model_layer(work->model, dv_model_n_layers(work->model) - 1);
    if (!labels || !last || last->tensor != l->tensor || labels->n != l->mined->size[DV_C]) {
        dv_json_put_null(w, "names");
        return;
    }
    dv_json_list(w, "names");
    for (int i = 0; i < l->n; i++)
        dv_json_put_text(w, NULL, dv_label_plain(dv_label(labels, l->channels[i])));
    dv_json_end(w);
}

static void put_pictures(dv_json *w, const dv_atlas_work *work, const dv_atlas_layer *l)
{
    dv_sheet_row rows[DV_SHEET_ROWS];
    const int n = dv_sheet_rows(work, rows);
    const bool squares = l->side <= DV_ZOOM_SQUARES;
    dv_json_object(w, "grid");
    dv_json_put_int(w, "cell", l->small);
    dv_json_put_int(w, "across", DV_GRID_ACROSS);
    dv_json_put_int(w, "per", DV_GRID_UNITS);
    dv_json_put_text(w, "ext", "jpg");
    dv_json_put_bool(w, "patches", true);
    if (squares)
        dv_json_put_bool(w, "pixelated", true);
    dv_json_end(w);
    dv_json_object(w, "sheet");
    dv_json_put_int(w, "cell", l->cell);
    dv_json_put_int(w, "per", 1);
    dv_json_put_text(w, "ext", "jpg");
    dv_json_list(w, "rows");
    for (int i = 0; i < n; i++)
        dv_json_put_text(w, NULL, rows[i].name);
    dv_json_end(w);
    if (squares)
        dv_json_put_bool(w, "pixelated", true);
    dv_json_end(w);
}

bool dv_data_layer(const dv_atlas_data *d, int layer, dv_error *err)
{
    const dv_atlas_layer *l = &d->work->layers[layer];
    dv_data_file f;
    char name[40];
    dv_data_begin(&f);
    dv_json *w = &f.json;
    dv_json_object(w, NULL);
    if (l->all)
        dv_json_put_null(w, "channels");
    else
        dv_json_put_ints(w, "channels", l->channels, l->n);
    put_dead(w, d, l);
    put_names(w, d, layer);
    dv_json_object(w, "columns");
    bool ok = true;
    for (int i = 0; ok && i < DV_N_NUMBERS; i++)
        ok = put_column(w, d, layer, i, err);
    dv_json_end(w);
    put_pictures(w, d->work, l);
    dv_json_end(w);
    snprintf(name, sizeof name, "layer-%d.js", layer);
    return dv_data_end(d, &f, ok, name, err);
}
