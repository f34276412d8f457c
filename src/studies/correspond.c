#include "studies/correspond.h"

#include "run/watch.h"
#include "studies/correspond_study.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* -- layers ----------------------------------------------------------------------------------- */

static bool is_map(const dv_model *m, int tensor)
{
    const dv_box b = dv_box_whole(dv_tensor_shape(m, tensor));
    return b.hi[DV_Y] > 1 || b.hi[DV_X] > 1;
}

int dv_correspond_layers(const dv_model *m, char words[2][DV_CORRESPOND_WORD])
{
    const dv_layer *map = NULL, *vector = NULL;
    const char *output = dv_tensor_name(m, dv_model_output(m));
    const int hidden = dv_model_n_layers(m) - 1;
    int n = 0;
    for (int i = 0; i < hidden; i++) {
        const dv_layer *l = dv_model_layer(m, i);
        *(is_map(m, l->tensor) ? &map : &vector) = l;
    }
    if (map)
        snprintf(words[n++], DV_CORRESPOND_WORD, "%d", map->number);
    if (vector)
        snprintf(words[n++], DV_CORRESPOND_WORD, "%d", vector->number);
    else if (output && strlen(output) < DV_CORRESPOND_WORD)
        snprintf(words[n++], DV_CORRESPOND_WORD, "%s", output);
    return n;
}

/* -- all of it -------------------------------------------------------------------------------- */

bool dv_correspond(const dv_model *m, const dv_correspond_options *o, dv_correspondence *results,
                   dv_error *err)
{
    dv_covering c;
    if (o->figure.path && !dv_figure_check(&o->figure, err))
        return false;
    bool ok = dv_covering_begin(&c, m, o, err) && dv_covering_run(&c, err);
    for (int i = 0; ok && i < o->n_layers; i++)
        ok = dv_watch_goes_on(&o->watch, c.n_images, c.n_images, "images", err) &&
             dv_correspond_measure(&c, i, &results[i * (c.n_parts + 1)], err);
    ok = ok && (!o->figure.path || dv_correspond_draw(&c, results, err));
    dv_covering_end(&c);
    return ok;
}

/* -- the table -------------------------------------------------------------------------------- */

enum {
    LAYER,
    MEASURE,
    PART,
    SCORE, /* for people: mean and deviation in one */
    AGAINST_SCORE,
    DIFFERENCE_INTERVAL,
    VERDICT,
    MEAN,
    DEVIATION,
    LOW,
    HIGH,
    AGAINST_MEAN,
    AGAINST_DEVIATION,
    AGAINST_LOW,
    AGAINST_HIGH,
    DIFFERENCE,
    DIFFERENCE_LOW,
    DIFFERENCE_HIGH,
    CHANGED,
    AGAINST_CHANGED,
    OPPOSITE,
    AGAINST_OPPOSITE,
    N_COLUMNS
};

/* clang-format off */
#define REAL(name) { .key = (name), .kind = DV_COLUMN_REAL }

/* What the parts are held against is named in a title: a table for each. */
#define COLUMNS(against)                                                                           \
    {                                                                                              \
        [LAYER] = { .key = "layer", .title = "layer" },                                            \
        [MEASURE] = { .key = "measure", .title = "measure" },                                      \
        [PART] = { .key = "part", .title = "part" },                                               \
        [SCORE] = { .title = "covered", .right = true },                                           \
        [AGAINST_SCORE] = { .title = against, .right = true },                                     \
        [DIFFERENCE_INTERVAL] = { .title = "difference [95 %]", .right = true },                   \
        [VERDICT] = { .key = "verdict", .title = "verdict", .none = "-" },                         \
        [MEAN] = REAL("mean"), [DEVIATION] = REAL("sd"), [LOW] = REAL("low"),                      \
        [HIGH] = REAL("high"), [AGAINST_MEAN] = REAL("against_mean"),                              \
        [AGAINST_DEVIATION] = REAL("against_sd"), [AGAINST_LOW] = REAL("against_low"),             \
        [AGAINST_HIGH] = REAL("against_high"), [DIFFERENCE] = REAL("difference"),                  \
        [DIFFERENCE_LOW] = REAL("difference_low"), [DIFFERENCE_HIGH] = REAL("difference_high"),    \
        [CHANGED] = { .key = "changed", .title = "changed", .kind = DV_COLUMN_REAL },              \
        [AGAINST_CHANGED] = REAL("against_changed"),                                               \
        [OPPOSITE] = REAL("opposite"), [AGAINST_OPPOSITE] = REAL("against_opposite"),              \
    }
/* clang-format on */

static const dv_column random_columns[N_COLUMNS] = COLUMNS("random boxes");
static const dv_column places_columns[N_COLUMNS] = COLUMNS("places of others");

const char *dv_correspond_verdict(const dv_sign_scores *s)
{
    if (isnan(s->interval[0]))
        return NULL;
    return s->interval[1] < 0 ? "lower" : s->interval[0] > 0 ? "higher" : "no difference";
}

static void add_numbers(dv_table *t, const dv_sign_scores *s, const dv_correspondence *r)
{
    const double numbers[N_COLUMNS] = { [MEAN] = s->part.mean,
                                        [DEVIATION] = s->part.deviation,
                                        [LOW] = s->part.interval[0],
                                        [HIGH] = s->part.interval[1],
                                        [AGAINST_MEAN] = s->against.mean,
                                        [AGAINST_DEVIATION] = s->against.deviation,
                                        [AGAINST_LOW] = s->against.interval[0],
                                        [AGAINST_HIGH] = s->against.interval[1],
                                        [DIFFERENCE] = s->difference,
                                        [DIFFERENCE_LOW] = s->interval[0],
                                        [DIFFERENCE_HIGH] = s->interval[1],
                                        [CHANGED] = r->covered.changed,
                                        [AGAINST_CHANGED] = r->against.changed,
                                        [OPPOSITE] = r->covered.opposite,
                                        [AGAINST_OPPOSITE] = r->against.opposite };
    for (int i = MEAN; i < N_COLUMNS; i++)
        dv_table_real(t, i, numbers[i]);
    dv_table_show(t, CHANGED, "%.3f / %.3f", r->covered.changed, r->against.changed);
}

static void add_row(dv_table *t, const dv_correspond_options *o, const dv_correspondence *r,
                    int measure)
{
    static const char *const names[] = {
        [DV_SIGN_CHANGE] = "change", [DV_SIGN_AGREEMENT] = "agreement"
    };
    const dv_sign_scores *s = &r->measures[measure];
    dv_table_row(t);
    dv_table_text(t, LAYER, o->layers[r->layer]);
    dv_table_text(t, MEASURE, names[measure]);
    dv_table_text(t, PART, r->part < o->parts->n_parts ? o->parts->names[r->part] : "all parts");
    dv_table_textf(t, SCORE, "%.3f ± %.3f", s->part.mean, s->part.deviation);
    dv_table_textf(t, AGAINST_SCORE, "%.3f ± %.3f", s->against.mean, s->against.deviation);
    if (isnan(s->interval[0]))
        dv_table_textf(t, DIFFERENCE_INTERVAL, "%+.3f", s->difference);
    else
        dv_table_textf(t, DIFFERENCE_INTERVAL, "%+.3f [%+.3f, %+.3f]", s->difference,
                       s->interval[0], s->interval[1]);
    dv_table_text(t, VERDICT, dv_correspond_verdict(s));
    add_numbers(t, s, r);
}

dv_table dv_correspond_table(const dv_correspond_options *o, const dv_correspondence *results)
{
    dv_table t = { .columns = o->against == DV_AGAINST_PLACES ? places_columns : random_columns,
                   .n_columns = N_COLUMNS };
    const int rows = o->parts->n_parts + 1;
    for (int i = 0; i < o->n_layers; i++)
        for (int measure = 0; measure < DV_N_SIGN_MEASURES; measure++)
            for (int k = 0; k < rows; k++)
                add_row(&t, o, &results[i * rows + k], measure);
    return t;
}
