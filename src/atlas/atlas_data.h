/* atlas_data.h - the files in data/: what is in them, src/atlas/site/README.md says. */
#ifndef DV_ATLAS_ATLAS_DATA_H
#define DV_ATLAS_ATLAS_DATA_H

#include "atlas/atlas_links.h"
#include "atlas/atlas_numbers.h"
#include "base/json_write.h"

/* All that they are made of. */
typedef struct dv_atlas_data {
    dv_atlas_work *work;
    const int32_t *classes; /* see dv_atlas_file_classes */
    const double *numbers;  /* see dv_atlas_numbers */
    const dv_links *links;  /* (n_units) */
} dv_atlas_data;

/* A file that is one call. */
typedef struct dv_data_file {
    dv_text text;
    dv_json json; /* to write its argument with */
} dv_data_file;

void dv_data_begin(dv_data_file *f);
/* Writes data/NAME, and frees it; also where it is not to be written (!ok). */
bool dv_data_end(const dv_atlas_data *d, dv_data_file *f, bool ok, const char *name,
                 dv_error *err) DV_MUST_CHECK;

/* -- columns: one number a unit --------------------------------------------------------------- */

typedef struct dv_data_column {
    const char *key;
    const char *file;     /* in data/, of a layer with so many units that the column is apart */
    int n;                /* units */
    size_t step;          /* from the value of one to that of the next */
    const double *values; /* a NaN where it is not known */
    bool place;           /* they are places in a list: whole, told exactly */
} dv_data_column;

/* Whether it is known of any unit. */
bool dv_data_column_is_known(const dv_data_column *c);
bool dv_data_put_column(dv_json *w, const dv_atlas_data *d, const dv_data_column *c,
                        dv_error *err) DV_MUST_CHECK;

/* A JSON string of the bytes in base64. */
void dv_data_put_base64(dv_json *w, const char *key, const uint8_t *bytes, size_t n);

/* The label for the eye, without a WordNet id. */
const char *dv_label_plain(const char *label);

static inline double dv_number_of(const dv_atlas_data *d, int unit, int number)
{
    return d->numbers[(size_t)unit * DV_N_NUMBERS + (size_t)number];
}

bool dv_data_front(const dv_atlas_data *d, dv_error *err) DV_MUST_CHECK;
bool dv_data_layer(const dv_atlas_data *d, int layer, dv_error *err) DV_MUST_CHECK;
bool dv_data_units(const dv_atlas_data *d, int layer, dv_error *err) DV_MUST_CHECK;
bool dv_data_classes(const dv_atlas_data *d, dv_error *err) DV_MUST_CHECK;
bool dv_data_images(const dv_atlas_data *d, dv_error *err) DV_MUST_CHECK;

#endif
