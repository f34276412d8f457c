/* atlas_data_layer.c - data/layer-K.js: what the grid of a layer needs, a few bytes a unit. */
#include "atlas/atlas_data.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <nettle/base64.h>

enum {
    UNKNOWN = 65535,
    STEPS = 65534,
    INSIDE = 1024, /* units: of more, columns have files of their own */
};

/* A JSON string of the bytes in base64. */
static void put_base64(dv_json *w, const char *key, const uint8_t *bytes, size_t n)
{
    char *text = malloc(BASE64_ENCODE_RAW_LENGTH(n) + 1);
    if (!text) {
        w->to->failed = true;
        return;
    }
    base64_encode_raw(text, n, bytes);
    text[BASE64_ENCODE_RAW_LENGTH(n)] = '\0';
    dv_json_put_text(w, key, text);
    free(text);
}

/* -- columns ---------------------------------------------------------------------------------- */

/* A number of each unit in 16 bits. */
typedef struct steps {
    double lo, hi;
    uint8_t *bytes; /* (2 n) */
} steps;

static bool is_class(int number)
{
    return strcmp(dv_number_table[number].kind, "class") == 0;
}

/* False where no unit has one. */
static bool find_range(const dv_atlas_data *d, const dv_atlas_layer *l, int number, steps *s)
{
    s->lo = (double)INFINITY;
    s->hi = -(double)INFINITY;
    for (int i = 0; i < l->n; i++) {
        const double v = dv_number_of(d, l->first + i, number);
        if (isnan(v))
            continue;
        s->lo = v < s->lo ? v : s->lo;
        s->hi = v > s->hi ? v : s->hi;
    }
    return s->lo <= s->hi && !(is_class(number) && s->hi >= UNKNOWN);
}

static void fill(const dv_atlas_data *d, const dv_atlas_layer *l, int number, const steps *s)
{
    for (int i = 0; i < l->n; i++) {
        const double v = dv_number_of(d, l->first + i, number);
        int q = UNKNOWN;
        if (!isnan(v) && is_class(number))
            q = (int)v;
        else if (!isnan(v))
            q = s->hi > s->lo ? (int)lround((v - s->lo) / (s->hi - s->lo) * STEPS) : 0;
        s->bytes[2 * i] = (uint8_t)q;
        s->bytes[2 * i + 1] = (uint8_t)(q >> 8);
    }
}

/* The numbers of a layer, in the file of the layer or in their own. */
static bool put_column(dv_json *w, const dv_atlas_data *d, int layer, int number, dv_error *err)
{
    const dv_atlas_layer *l = &d->work->layers[layer];
    const size_t n = 2 * (size_t)l->n;
    steps s;
    if (!find_range(d, l, number, &s))
        return true;
    s.bytes = malloc(n + 1);
    if (!s.bytes)
        return dv_fail(err, DV_NO_MEMORY, "no memory for a column of %d units", (int)l->n);
    fill(d, l, number, &s);
    bool ok = true;
    dv_json_object(w, dv_number_table[number].key);
    dv_json_put_short(w, "lo", s.lo, 9);
    dv_json_put_short(w, "hi", s.hi, 9);
    if (l->n <= INSIDE) {
        put_base64(w, "data", s.bytes, n);
    } else {
        char name[80];
        dv_data_file f;
        dv_data_begin(&f);
        put_base64(&f.json, NULL, s.bytes, n);
        snprintf(name, sizeof name, "layer-%d-%s.js", layer, dv_number_table[number].key);
        ok = dv_data_end(d, &f, true, name, err);
    }
    dv_json_end(w);
    free(s.bytes);
    return ok;
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
    put_base64(w, "dead", bits, n);
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
