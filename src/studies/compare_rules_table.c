/* compare_rules_table.c - compared rules by layer, and as tables. */
#include "base/statistics.h"
#include "studies/compare_rules.h"

#include <math.h>

/* -- by layer --------------------------------------------------------------------------------- */

/* Of two rules: the units of a layer on each image, from results[at] on. */
static void summarize(dv_compared_layer *l, int a, int b, int n, int32_t n_images, int stride,
                      const dv_compared_rules *results)
{
    dv_sample units = { .n = 0 }, images = { .n = 0 };
    for (int32_t i = 0; i < n_images; i++) {
        dv_sample one = { .n = 0 };
        for (int k = 0; k < n; k++) {
            const dv_compared_rules *r = &results[(int64_t)i * stride + k];
            if (!r->image || isnan(r->correlation[a][b]))
                continue;
            dv_sample_add(&units, r->correlation[a][b]);
            dv_sample_add(&one, r->correlation[a][b]);
        }
        if (one.n > 0)
            dv_sample_add(&images, one.mean);
    }
    const dv_sample *s = n_images > 1 ? &images : &units;
    l->n_units = units.n > l->n_units ? (int)units.n : l->n_units;
    l->n_images = images.n > l->n_images ? (int)images.n : l->n_images;
    l->mean[a][b] = s->n > 0 ? s->mean : (double)NAN;
    l->error[a][b] = dv_sample_error(s);
}

void dv_compare_rules_layers(const dv_selections *units, int32_t n_images,
                             const dv_compared_rules *results, dv_compared_layer *layers)
{
    for (int i = 0, at = 0; i < units->n; at += units->layers[i++].n) {
        layers[i] = (dv_compared_layer){ .layer = units->layers[i].layer };
        for (int a = 0; a < DV_N_RULES; a++)
            for (int b = 0; b < DV_N_RULES; b++)
                summarize(&layers[i], a, b, units->layers[i].n, n_images, units->n_units,
                          results + at);
    }
}

static const struct {
    dv_rule a, b;
} pairs[] = {
    { DV_RULE_DECONVNET, DV_RULE_GRADIENT },
    { DV_RULE_DECONVNET, DV_RULE_GUIDED },
    { DV_RULE_GRADIENT, DV_RULE_GUIDED },
};

enum { N_PAIRS = sizeof pairs / sizeof pairs[0] };

/* -- units ------------------------------------------------------------------------------------ */

enum {
    IMAGE,
    LAYER,
    CHANNEL,
    POSITION,
    VALUE,
    DECONVNET_GRADIENT,
    DECONVNET_GUIDED,
    GRADIENT_GUIDED,
    N_COLUMNS
};

/* clang-format off */
#define REAL(name, over, digits)                                                                   \
    { .key = (name), .title = (over), .kind = DV_COLUMN_REAL, .right = true,                       \
      .shown = { .by = 'f', .n = (digits) } }
/* clang-format on */

static const dv_column columns[N_COLUMNS] = {
    [IMAGE] = { .key = "image", .title = "image", .optional = true },
    [LAYER] = { .key = "layer", .title = "layer", .kind = DV_COLUMN_TEXT },
    [CHANNEL] = { .key = "channel", .title = "channel", .kind = DV_COLUMN_INT, .right = true },
    [POSITION] = { .key = "position", .title = "position", .kind = DV_COLUMN_INTS, .none = "all" },
    [VALUE] = { .key = "value",
                .title = "value",
                .kind = DV_COLUMN_REAL,
                .right = true,
                .shown = { 'g', 3 } },
    [DECONVNET_GRADIENT] = REAL("deconvnet_gradient", "deconvnet/gradient", 2),
    [DECONVNET_GUIDED] = REAL("deconvnet_guided", "deconvnet/guided", 2),
    [GRADIENT_GUIDED] = REAL("gradient_guided", "gradient/guided", 2),
};

static void add_row(dv_table *t, const dv_compared_rules *r, bool images)
{
    const int first = images ? 0 : LAYER; /* without its column */
    dv_table_row(t);
    if (images)
        dv_table_text(t, IMAGE, r->image);
    dv_table_text(t, LAYER - first, r->layer);
    dv_table_int(t, CHANNEL - first, r->unit.channel);
    if (r->unit.y == DV_ALL)
        dv_table_null(t, POSITION - first);
    else
        dv_table_ints(t, POSITION - first, (const int32_t[]){ r->unit.y, r->unit.x }, 2);
    dv_table_real(t, VALUE - first, (double)r->value);
    for (int i = 0; i < N_PAIRS; i++)
        dv_table_real(t, DECONVNET_GRADIENT + i - first, r->correlation[pairs[i].a][pairs[i].b]);
}

dv_table dv_compare_rules_table(int64_t n, const dv_compared_rules *results, bool images)
{
    const int first = images ? 0 : LAYER;
    dv_table t = { .columns = columns + first, .n_columns = N_COLUMNS - first };
    for (int64_t i = 0; i < n; i++)
        if (results[i].image)
            add_row(&t, &results[i], images);
    return t;
}

/* -- layers ----------------------------------------------------------------------------------- */

enum { L_LAYER, L_UNITS, L_IMAGES, L_FIRST, L_COLUMNS = L_FIRST + 2 * N_PAIRS };

#define PLUS_MINUS "\u00b1"

static const dv_column layer_columns[L_COLUMNS] = {
    [L_LAYER] = { .key = "layer", .title = "layer" },
    [L_UNITS] = { .key = "units", .title = "units", .kind = DV_COLUMN_INT, .right = true },
    [L_IMAGES] = { .key = "images", .title = "images", .kind = DV_COLUMN_INT, .right = true },
    [L_FIRST] = REAL("deconvnet_gradient", "deconvnet/gradient", 3),
    [L_FIRST + 1] = REAL("deconvnet_gradient_95", PLUS_MINUS, 3),
    [L_FIRST + 2] = REAL("deconvnet_guided", "deconvnet/guided", 3),
    [L_FIRST + 3] = REAL("deconvnet_guided_95", PLUS_MINUS, 3),
    [L_FIRST + 4] = REAL("gradient_guided", "gradient/guided", 3),
    [L_FIRST + 5] = REAL("gradient_guided_95", PLUS_MINUS, 3),
};

dv_table dv_compare_rules_summary(int n, const dv_compared_layer *layers)
{
    dv_table t = { .columns = layer_columns, .n_columns = L_COLUMNS };
    for (int i = 0; i < n; i++) {
        const dv_compared_layer *l = &layers[i];
        dv_table_row(&t);
        dv_table_text(&t, L_LAYER, l->layer);
        dv_table_int(&t, L_UNITS, l->n_units);
        dv_table_int(&t, L_IMAGES, l->n_images);
        for (int k = 0; k < N_PAIRS; k++) {
            dv_table_real(&t, L_FIRST + 2 * k, l->mean[pairs[k].a][pairs[k].b]);
            dv_table_real(&t, L_FIRST + 2 * k + 1, l->error[pairs[k].a][pairs[k].b]);
        }
    }
    return t;
}
