/* atlas_data_column.c - a number of each unit of a layer in two bytes. */
#include "atlas/atlas_data.h"

#include <math.h>
#include <stdlib.h>

#include <nettle/base64.h>

enum {
    UNKNOWN = 65535,
    STEPS = 65534,
    INSIDE = 1024, /* units: of more, columns have files of their own */
};

void dv_data_put_base64(dv_json *w, const char *key, const uint8_t *bytes, size_t n)
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

static double value(const dv_data_column *c, int i)
{
    return c->values[(size_t)i * c->step];
}

/* The least and the greatest that is known; lo > hi where none is. */
static void find_range(const dv_data_column *c, double *lo, double *hi)
{
    *lo = (double)INFINITY;
    *hi = -(double)INFINITY;
    for (int i = 0; i < c->n; i++) {
        const double v = value(c, i);
        *lo = v < *lo ? v : *lo;
        *hi = v > *hi ? v : *hi;
    }
}

bool dv_data_column_is_known(const dv_data_column *c)
{
    double lo, hi;
    find_range(c, &lo, &hi);
    return lo <= hi && !(c->place && hi >= UNKNOWN);
}

static void quantise(const dv_data_column *c, double lo, double hi, uint8_t *bytes)
{
    for (int i = 0; i < c->n; i++) {
        const double v = value(c, i);
        int q = UNKNOWN;
        if (!isnan(v) && c->place)
            q = v < UNKNOWN ? (int)v : UNKNOWN;
        else if (!isnan(v))
            q = hi > lo ? (int)lround((v - lo) / (hi - lo) * STEPS) : 0;
        bytes[2 * i] = (uint8_t)q;
        bytes[2 * i + 1] = (uint8_t)(q >> 8);
    }
}

bool dv_data_put_column(dv_json *w, const dv_atlas_data *d, const dv_data_column *c, dv_error *err)
{
    const size_t n = 2 * (size_t)c->n;
    double lo, hi;
    uint8_t *bytes = malloc(n + 1);
    if (!bytes)
        return dv_fail(err, DV_NO_MEMORY, "no memory for a column of %d units", c->n);
    find_range(c, &lo, &hi);
    quantise(c, lo, hi, bytes);
    bool ok = true;
    dv_json_object(w, c->key);
    dv_json_put_short(w, "lo", lo <= hi ? lo : 0, 9);
    dv_json_put_short(w, "hi", lo <= hi ? hi : 0, 9);
    if (c->n <= INSIDE) {
        dv_data_put_base64(w, "data", bytes, n);
    } else {
        dv_data_file f;
        dv_data_begin(&f);
        dv_data_put_base64(&f.json, NULL, bytes, n);
        ok = dv_data_end(d, &f, true, c->file, err);
    }
    dv_json_end(w);
    free(bytes);
    return ok;
}
