#include "studies/invariance.h"

#include <math.h>

/* -- for programs ----------------------------------------------------------------------------- */

enum {
    ROW,
    IMAGE,
    MOTION,
    AMOUNT,
    LAYER,
    N,
    DISTANCE,
    NORMALISED,
    NORMALISED_LOW,
    NORMALISED_HIGH,
    PROBABILITY,
    PROBABILITY_LOW,
    PROBABILITY_HIGH,
    CLASS,
    PREDICTED,
    SAME,
    SAME_LOW,
    SAME_HIGH,
    UNCOVERED,
    STEP,
    FIRST,
    MOST,
    LINEAR,
    APART_MIN,
    APART_MAX,
    N_COLUMNS
};

#define TEXT(name)                            \
    {                                         \
        .key = (name), .kind = DV_COLUMN_TEXT \
    }
#define WHOLE(name)                          \
    {                                        \
        .key = (name), .kind = DV_COLUMN_INT \
    }
#define REAL(name)                            \
    {                                         \
        .key = (name), .kind = DV_COLUMN_REAL \
    }

static const dv_column columns[N_COLUMNS] = {
    [ROW] = TEXT("row"),
    [IMAGE] = TEXT("image"),
    [MOTION] = TEXT("kind"),
    [AMOUNT] = REAL("amount"),
    [LAYER] = TEXT("layer"),
    [N] = WHOLE("n"),
    [DISTANCE] = REAL("distance"),
    [NORMALISED] = REAL("normalised"),
    [NORMALISED_LOW] = REAL("normalised_low"),
    [NORMALISED_HIGH] = REAL("normalised_high"),
    [PROBABILITY] = REAL("probability"),
    [PROBABILITY_LOW] = REAL("probability_low"),
    [PROBABILITY_HIGH] = REAL("probability_high"),
    [CLASS] = WHOLE("class"),
    [PREDICTED] = WHOLE("predicted"),
    [SAME] = REAL("same"),
    [SAME_LOW] = REAL("same_low"),
    [SAME_HIGH] = REAL("same_high"),
    [UNCOVERED] = REAL("uncovered"),
    [STEP] = REAL("step"),
    [FIRST] = REAL("first"),
    [MOST] = REAL("most"),
    [LINEAR] = REAL("linear"),
    [APART_MIN] = REAL("apart_min"),
    [APART_MAX] = REAL("apart_max"),
};

static void add_point(dv_table *t, const char *row, const dv_invariance *r, int point, int layer)
{
    dv_table_row(t);
    dv_table_text(t, ROW, row);
    dv_table_text(t, MOTION, dv_motion_name(r->points[point].motion));
    dv_table_real(t, AMOUNT, r->points[point].amount);
    dv_table_text(t, LAYER, r->layers[layer].name);
}

/* The mean in `column`, the ends of its interval in the two behind it. */
static void add_estimate(dv_table *t, int column, const dv_estimate *e)
{
    dv_table_real(t, column, e->mean);
    dv_table_real(t, column + 1, e->low);
    dv_table_real(t, column + 2, e->high);
}

dv_table dv_invariance_image_table(const dv_invariance *r, const dv_invariance_image *image)
{
    dv_table t = { .columns = columns, .n_columns = N_COLUMNS };
    for (int p = 0; p < r->n_points; p++)
        for (int l = 0; l < r->n_layers; l++) {
            const double distance = image->distance[(size_t)p * (size_t)r->n_layers + (size_t)l];
            if (!r->layers[l].chosen)
                continue;
            add_point(&t, "image", r, p, l);
            dv_table_text(&t, IMAGE, image->path);
            dv_table_real(&t, DISTANCE, distance);
            dv_table_real(&t, NORMALISED,
                          image->norm[l] > 0 ? distance / image->norm[l] : (double)NAN);
            dv_table_real(&t, PROBABILITY, image->probability[p]);
            dv_table_int(&t, CLASS, image->class_of);
            dv_table_int(&t, PREDICTED, image->predicted[p]);
            dv_table_real(&t, SAME, image->predicted[p] == image->predicted_before);
            dv_table_real(&t, UNCOVERED, image->uncovered[p]);
        }
    return t;
}

static void add_means(dv_table *t, const dv_invariance *r)
{
    for (int p = 0; p < r->n_points; p++)
        for (int l = 0; l < r->n_layers; l++) {
            const size_t at = (size_t)p * (size_t)r->n_layers + (size_t)l;
            add_point(t, "mean", r, p, l);
            dv_table_int(t, N, r->images);
            dv_table_real(t, DISTANCE, r->distance[at].mean);
            add_estimate(t, NORMALISED, &r->normalised[at]);
            add_estimate(t, PROBABILITY, &r->probability[p]);
            add_estimate(t, SAME, &r->same[p]);
            dv_table_real(t, UNCOVERED, r->uncovered[p]);
        }
}

static bool has(const dv_invariance *r, dv_motion m)
{
    for (int p = 0; p < r->n_points; p++)
        if (r->points[p].motion == m)
            return true;
    return false;
}

static void add_trends(dv_table *t, const dv_invariance *r)
{
    for (int m = 0; m < DV_N_MOTIONS; m++)
        for (int l = 0; l < r->n_layers && has(r, (dv_motion)m); l++) {
            const dv_trend trend = dv_invariance_trend(r, (dv_motion)m, l);
            dv_table_row(t);
            dv_table_text(t, ROW, "trend");
            dv_table_text(t, MOTION, dv_motion_name((dv_motion)m));
            dv_table_text(t, LAYER, r->layers[l].name);
            dv_table_int(t, N, r->images);
            dv_table_real(t, STEP, trend.step);
            dv_table_real(t, FIRST, trend.first);
            dv_table_real(t, MOST, trend.most);
            dv_table_real(t, LINEAR, trend.linear);
        }
}

static void add_pairs(dv_table *t, const char *row, double min, double max, const dv_estimate *same,
                      int64_t pairs)
{
    dv_table_row(t);
    dv_table_text(t, ROW, row);
    dv_table_int(t, N, pairs);
    add_estimate(t, SAME, same);
    dv_table_real(t, APART_MIN, min);
    dv_table_real(t, APART_MAX, max);
}

static void add_consistency(dv_table *t, const dv_consistency *c)
{
    if (c->pairs == 0)
        return;
    add_pairs(t, "consistency", 0, c->bins[c->n_bins - 1].max, &c->share, c->pairs);
    for (int i = 0; i < c->n_bins; i++) {
        const dv_estimate e = dv_consistency_share(&c->bins[i]);
        add_pairs(t, "pairs", c->bins[i].min, c->bins[i].max, &e, c->bins[i].pairs);
    }
}

dv_table dv_invariance_set_table(const dv_invariance *r)
{
    dv_table t = { .columns = columns, .n_columns = N_COLUMNS };
    add_means(&t, r);
    add_trends(&t, r);
    add_consistency(&t, &r->consistency);
    return t;
}

/* -- for people ------------------------------------------------------------------------------- */

enum {
    SHOWN_MOTION,
    SHOWN_AMOUNTS,
    SHOWN_LAYER,
    SHOWN_STEP,
    SHOWN_FIRST,
    SHOWN_MOST,
    SHOWN_LINEAR,
    SHOWN_PROBABILITY,
    SHOWN_SAME,
    SHOWN_UNCOVERED,
    N_SHOWN
};

#define NUMBER(name)                                                                            \
    {                                                                                           \
        .title = (name), .kind = DV_COLUMN_REAL, .right = true, .shown = { .by = 'f', .n = 2 }, \
        .none = "-"                                                                             \
    }

static const dv_column shown[N_SHOWN] = {
    [SHOWN_MOTION] = { .title = "kind" },     [SHOWN_AMOUNTS] = { .title = "amounts" },
    [SHOWN_LAYER] = { .title = "layer" },     [SHOWN_STEP] = { .title = "smallest" },
    [SHOWN_FIRST] = NUMBER("distance"),       [SHOWN_MOST] = NUMBER("largest"),
    [SHOWN_LINEAR] = NUMBER("linear"),        [SHOWN_PROBABILITY] = { .title = "probability" },
    [SHOWN_SAME] = { .title = "same class" }, [SHOWN_UNCOVERED] = { .title = "uncovered" },
};

static const char *unit_of(dv_motion m)
{
    static const char *const units[DV_N_MOTIONS] = { " px", "", " deg" };
    return units[m];
}

/* What stands in the first row of a motion: of all its amounts. */
static void show_motion(dv_table *t, const dv_invariance *r, dv_motion m)
{
    double min = (double)INFINITY, max = -(double)INFINITY, least = 1, same = 0, uncovered = 0;
    int n = 0;
    for (int p = 0; p < r->n_points; p++)
        if (r->points[p].motion == m) {
            min = fmin(min, r->points[p].amount);
            max = fmax(max, r->points[p].amount);
            least = fmin(least, r->probability[p].mean);
            same += r->same[p].mean;
            uncovered = fmax(uncovered, r->uncovered[p]);
            n++;
        }
    dv_table_text(t, SHOWN_MOTION, dv_motion_name(m));
    dv_table_textf(t, SHOWN_AMOUNTS, "%g to %g%s", min, max, unit_of(m));
    dv_table_textf(t, SHOWN_PROBABILITY, "%.2f to %.2f", r->before.mean, least);
    dv_table_textf(t, SHOWN_SAME, "%.1f %%", 100 * same / n);
    dv_table_textf(t, SHOWN_UNCOVERED, "%.0f %%", 100 * uncovered);
}

dv_table dv_invariance_trend_table(const dv_invariance *r)
{
    dv_table t = { .columns = shown, .n_columns = N_SHOWN };
    for (int m = 0; m < DV_N_MOTIONS; m++) {
        bool begun = !has(r, (dv_motion)m);
        for (int l = 0; l < r->n_layers && has(r, (dv_motion)m); l++) {
            if (!r->layers[l].chosen)
                continue;
            const dv_trend trend = dv_invariance_trend(r, (dv_motion)m, l);
            dv_table_row(&t);
            if (!begun)
                show_motion(&t, r, (dv_motion)m);
            begun = true;
            dv_table_text(&t, SHOWN_LAYER, r->layers[l].name);
            if (isfinite(trend.step))
                dv_table_textf(&t, SHOWN_STEP, "%g%s", trend.step, unit_of((dv_motion)m));
            dv_table_real(&t, SHOWN_FIRST, trend.first);
            dv_table_real(&t, SHOWN_MOST, trend.most);
            dv_table_real(&t, SHOWN_LINEAR, trend.linear);
        }
    }
    return t;
}
