#include "studies/ablate.h"

#include <math.h>
#include <stdlib.h>

#define REAL(what, over, digits)                                                          \
    {                                                                                     \
        .key = (what), .title = (over), .kind = DV_COLUMN_REAL, .right = true, .shown = { \
            'f',                                                                          \
            (digits)                                                                      \
        }                                                                                 \
    }
#define INT(what, over)                                                      \
    {                                                                        \
        .key = (what), .title = (over), .kind = DV_COLUMN_INT, .right = true \
    }

/* -- what is done, and what is left ----------------------------------------------------------- */

enum {
    WHAT, /* for people */
    HOW,
    LAYERS,
    ORDER,
    SHARE,
    UNITS,
    CHANNELS,
    TOP1,
    TOP1_LOW,
    TOP1_HIGH,
    TOP5,
    TOP5_LOW,
    TOP5_HIGH,
    CHANGE,
    CHANGE_LOW,
    CHANGE_HIGH,
    PARAMETERS,
    MULTIPLY_ADDS,
    MILLISECONDS,
    IMAGES,
    N_COLUMNS
};

#define COLUMNS(top1, top5)                                                                        \
    {                                                                                              \
        [WHAT] = { .title = "network" }, [HOW] = { .key = "how" }, [LAYERS] = { .key = "layers" }, \
        [ORDER] = { .key = "order" },                                                              \
        [SHARE] = { .key = "share", .kind = DV_COLUMN_REAL, .digits = { 'g', 9 } },                \
        [UNITS] = { .key = "units", .kind = DV_COLUMN_INT },                                       \
        [CHANNELS] = { .key = "channels", .kind = DV_COLUMN_INT }, [TOP1] = REAL("top1", top1, 1), \
        [TOP1_LOW] = { .key = "top1_low", .title = "95 %", .kind = DV_COLUMN_REAL },               \
        [TOP1_HIGH] = { .key = "top1_high", .kind = DV_COLUMN_REAL },                              \
        [TOP5] = REAL("top5", top5, 1),                                                            \
        [TOP5_LOW] = { .key = "top5_low", .kind = DV_COLUMN_REAL },                                \
        [TOP5_HIGH] = { .key = "top5_high", .kind = DV_COLUMN_REAL },                              \
        [CHANGE] = REAL("change", "change", 1),                                                    \
        [CHANGE_LOW] = { .key = "change_low", .title = "95 %", .kind = DV_COLUMN_REAL },           \
        [CHANGE_HIGH] = { .key = "change_high", .kind = DV_COLUMN_REAL },                          \
        [PARAMETERS] = INT("parameters", "parameters"),                                            \
        [MULTIPLY_ADDS] = INT("multiply_adds", "multiply-adds"),                                   \
        [MILLISECONDS] = { .key = "milliseconds",                                                  \
                           .title = "time",                                                        \
                           .kind = DV_COLUMN_REAL,                                                 \
                           .right = true,                                                          \
                           .optional = true,                                                       \
                           .unit = "ms",                                                           \
                           .shown = { 'g', 3 } },                                                  \
        [IMAGES] = { .key = "images", .kind = DV_COLUMN_INT },                                     \
    }

static const dv_column of_truth[N_COLUMNS] = COLUMNS("top-1 %", "top-5 %");
static const dv_column of_itself[N_COLUMNS] = COLUMNS("agrees %", "in five %");

static const char *const hows[] = {
    [DV_ABLATED_WHOLE] = "whole",
    [DV_ABLATED_SILENCED] = "silenced",
    [DV_ABLATED_SKIPPED] = "skipped",
    [DV_ABLATED_PROBED] = "probed",
};

static void put_what(dv_table *t, const dv_ablated *p)
{
    switch (p->how) {
    case DV_ABLATED_WHOLE:
        dv_table_text(t, WHAT, "as it is");
        break;
    case DV_ABLATED_SILENCED:
        dv_table_textf(t, WHAT, "%d of %d units of %s silenced, %s", (int)p->units,
                       (int)p->channels, p->layers,
                       p->order == DV_ABLATE_RANDOM ? "at random" : dv_ablate_order_name(p->order));
        break;
    case DV_ABLATED_SKIPPED:
        dv_table_textf(t, WHAT, "without %s", p->layers);
        break;
    case DV_ABLATED_PROBED:
        dv_table_textf(t, WHAT, "linear classifier on %s", p->layers);
        break;
    }
}

static void put_share(dv_table *t, int column, const dv_ablated_share *s)
{
    dv_table_real(t, column, s->share);
    dv_table_real(t, column + 1, s->low);
    dv_table_real(t, column + 2, s->high);
    dv_table_show(t, column, "%.1f", 100 * s->share);
    dv_table_show(t, column + 1, "%.1f-%.1f", 100 * s->low, 100 * s->high);
}

static void put_change(dv_table *t, const dv_ablated_share *s)
{
    dv_table_real(t, CHANGE, s->share);
    dv_table_real(t, CHANGE_LOW, s->low);
    dv_table_real(t, CHANGE_HIGH, s->high);
    dv_table_show(t, CHANGE, "%+.1f", 100 * s->share);
    dv_table_show(t, CHANGE_LOW, "%+.1f to %+.1f", 100 * s->low, 100 * s->high);
}

static void put_part(dv_table *t, const dv_ablation *r, const dv_ablated *p)
{
    dv_table_row(t);
    put_what(t, p);
    dv_table_text(t, HOW, hows[p->how]);
    if (p->layers)
        dv_table_text(t, LAYERS, p->layers);
    if (p->how == DV_ABLATED_SILENCED) {
        dv_table_text(t, ORDER, dv_ablate_order_name(p->order));
        dv_table_real(t, SHARE, p->share);
        dv_table_int(t, UNITS, p->units);
        dv_table_int(t, CHANNELS, p->channels);
    }
    put_share(t, TOP1, &p->top1);
    put_share(t, TOP5, &p->top5);
    if (p->how != DV_ABLATED_WHOLE)
        put_change(t, &p->change);
    dv_table_int(t, PARAMETERS, p->parameters);
    dv_table_int(t, MULTIPLY_ADDS, p->multiply_adds);
    if (!isnan(p->milliseconds))
        dv_table_real(t, MILLISECONDS, p->milliseconds);
    dv_table_int(t, IMAGES, r->images);
}

static dv_table new_table(const dv_ablation *r)
{
    return (dv_table){ .columns = r->labelled ? of_truth : of_itself, .n_columns = N_COLUMNS };
}

/* Whether a part is the one of its layer that stands for all: of the first order there is, the
 * share that is nearest to a half. */
static bool is_half(const dv_ablation *r, int i)
{
    const dv_ablated *p = &r->parts[i];
    const double off = fabs(p->share - 0.5);
    for (int k = 0; k < r->n; k++) {
        const dv_ablated *q = &r->parts[k];
        if (q->how != DV_ABLATED_SILENCED || q->layer != p->layer)
            continue;
        if (q->order < p->order)
            return false;
        if (q->order == p->order &&
            (fabs(q->share - 0.5) < off || (k < i && fabs(q->share - 0.5) <= off)))
            return false;
    }
    return true;
}

dv_table dv_ablation_changes(const dv_ablation *r)
{
    dv_table t = new_table(r);
    for (int i = 0; i < r->n; i++)
        if (r->parts[i].how != DV_ABLATED_SILENCED)
            put_part(&t, r, &r->parts[i]);
    for (int i = 0; i < r->n; i++)
        if (r->parts[i].how == DV_ABLATED_SILENCED && is_half(r, i))
            put_part(&t, r, &r->parts[i]);
    return t;
}

dv_table dv_ablation_silenced(const dv_ablation *r)
{
    dv_table t = new_table(r);
    for (int i = 0; i < r->n; i++)
        if (r->parts[i].how == DV_ABLATED_SILENCED)
            put_part(&t, r, &r->parts[i]);
    return t;
}

/* -- single units ----------------------------------------------------------------------------- */

enum {
    U_LAYER,
    U_CHANNEL,
    U_CHANGE,
    U_LOST,
    U_WON,
    U_CLASSES,
    U_NUMBERS,
    U_OF_CLASS,
    N_UNIT_COLUMNS
};

static const dv_column unit_columns[N_UNIT_COLUMNS] = {
    [U_LAYER] = { .key = "layer", .title = "layer" },
    [U_CHANNEL] = INT("channel", "channel"),
    [U_CHANGE] = REAL("change", "change %", 2),
    [U_LOST] = INT("lost", "lost"),
    [U_WON] = INT("won", "won"),
    [U_CLASSES] = { .title = "classes that lose most" },
    [U_NUMBERS] = { .key = "classes", .kind = DV_COLUMN_INTS },
    [U_OF_CLASS] = { .key = "lost_of_class", .kind = DV_COLUMN_INTS },
};

static void put_classes(dv_table *t, const dv_ablated_unit *u, const dv_labels *labels)
{
    dv_text words = { 0 };
    int32_t numbers[DV_ABLATED_CLASSES];
    for (int i = 0; i < u->n_classes; i++) {
        char name[DV_LABEL_SHORT_MAX];
        const dv_labels none = { 0 };
        numbers[i] = u->classes[i];
        dv_text_format(&words, "%s%s %d", i ? ", " : "",
                       dv_label_short(labels ? labels : &none, u->classes[i], name),
                       (int)u->of_class[i]);
    }
    dv_table_text(t, U_CLASSES, words.data ? words.data : "");
    dv_table_ints(t, U_NUMBERS, numbers, u->n_classes);
    dv_table_ints(t, U_OF_CLASS, u->of_class, u->n_classes);
    t->failed = t->failed || words.failed;
    free(words.data);
}

dv_table dv_ablation_units(const dv_ablation *r, const dv_ablate_options *o, int n)
{
    dv_table t = { .columns = unit_columns, .n_columns = N_UNIT_COLUMNS };
    for (int i = 0; i < r->n_units && i < n; i++) {
        const dv_ablated_unit *u = &r->units[i];
        const double change = (double)(u->won - u->lost) / r->images;
        dv_table_row(&t);
        dv_table_text(&t, U_LAYER, o->names[u->layer]);
        dv_table_int(&t, U_CHANNEL, u->channel);
        dv_table_real(&t, U_CHANGE, change);
        dv_table_show(&t, U_CHANGE, "%+.2f", 100 * change);
        dv_table_int(&t, U_LOST, u->lost);
        dv_table_int(&t, U_WON, u->won);
        put_classes(&t, u, o->labels);
    }
    return t;
}
