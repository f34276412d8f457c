#include "studies/occlude.h"

#include <math.h>

#define REAL(what, over, by, digits)                                                        \
    {                                                                                       \
        .key = (what), .title = (over), .kind = DV_COLUMN_REAL, .none = "-", .right = true, \
        .shown = {                                                                          \
            (by),                                                                           \
            (digits)                                                                        \
        }                                                                                   \
    }
/* What there is of classes, or of masks, alone. */
#define OPTIONAL(what, over, by, digits)                                                         \
    {                                                                                            \
        .key = (what), .title = (over), .kind = DV_COLUMN_REAL, .right = true, .optional = true, \
        .shown = {                                                                               \
            (by),                                                                                \
            (digits)                                                                             \
        }                                                                                        \
    }
#define POSITION(what, over, may_miss)                                                 \
    {                                                                                  \
        .key = (what), .title = (over), .kind = DV_COLUMN_INTS, .optional = (may_miss) \
    }

/* -- a row an image --------------------------------------------------------------------------- */

enum {
    IMAGE,
    LAYER,
    CHANNEL,
    ACTIVATION,
    LEAST_ACTIVATION,
    LEAST_ACTIVATION_AT,
    CLASS,
    LABEL,
    PROBABILITY,
    LEAST_PROBABILITY,
    LEAST_PROBABILITY_AT,
    LOST,
    AGREEMENT,
    AGREEMENT_TURNED,
    LOSS_THERE,
    LOSS_MEAN,
    HALVES,
    N_COLUMNS
};

static const dv_column columns[N_COLUMNS] = {
    [IMAGE] = { .key = "image", .title = "image" },
    [LAYER] = { .key = "layer", .title = "layer" },
    [CHANNEL] = { .key = "channel", .title = "map", .kind = DV_COLUMN_INT, .right = true },
    [ACTIVATION] = REAL("activation", "activation", 'g', 4),
    [LEAST_ACTIVATION] = REAL("least_activation", "least", 'g', 4),
    [LEAST_ACTIVATION_AT] = POSITION("least_activation_at", "at y,x", false),
    [CLASS] = { .key = "class", .kind = DV_COLUMN_INT },
    [LABEL] = { .key = "label", .title = "class", .optional = true },
    [PROBABILITY] = OPTIONAL("probability", "probability", 'f', 3),
    [LEAST_PROBABILITY] = OPTIONAL("least_probability", "least", 'f', 3),
    [LEAST_PROBABILITY_AT] = POSITION("least_probability_at", "at y,x", true),
    [LOST] = OPTIONAL("lost", "lost", 'f', 3),
    [AGREEMENT] = REAL("agreement", "agreement", 'f', 2),
    [AGREEMENT_TURNED] = REAL("agreement_turned", "turned", 'f', 2),
    [LOSS_THERE] = REAL("loss_there", NULL, 'f', 3),
    [LOSS_MEAN] = REAL("loss_mean", NULL, 'f', 3),
    [HALVES] = OPTIONAL("mask_halves", "mask halves", 'f', 2),
};

dv_table dv_occlude_images_table(void)
{
    return (dv_table){ .columns = columns, .n_columns = N_COLUMNS };
}

/* A NaN is told as nothing. */
static void put_real(dv_table *t, int column, double v)
{
    if (isnan(v))
        dv_table_null(t, column);
    else
        dv_table_real(t, column, v);
}

static void put_position(dv_table *t, int column, const dv_occluded_at *at)
{
    dv_table_ints(t, column, (const int32_t[]){ at->y, at->x }, 2);
}

void dv_occlude_images_row(dv_table *t, const dv_occluded *o, const dv_labels *labels)
{
    const dv_occluded_at *activation = &o->at[o->least_activation],
                         *probability = &o->at[o->least_probability];
    char name[DV_LABEL_SHORT_MAX];
    dv_table_row(t);
    dv_table_text(t, IMAGE, o->path);
    dv_table_text(t, LAYER, o->layer);
    dv_table_int(t, CHANNEL, o->unit.channel);
    dv_table_real(t, ACTIVATION, o->none.activation);
    dv_table_real(t, LEAST_ACTIVATION, activation->activation);
    put_position(t, LEAST_ACTIVATION_AT, activation);
    if (o->of_class >= 0) {
        dv_table_int(t, CLASS, o->of_class);
        dv_table_text(t, LABEL, dv_label_short(labels, o->of_class, name));
        dv_table_real(t, PROBABILITY, (double)o->none.probability);
        dv_table_real(t, LEAST_PROBABILITY, (double)probability->probability);
        put_position(t, LEAST_PROBABILITY_AT, probability);
        dv_table_real(t, LOST, o->lost);
    }
    put_real(t, AGREEMENT, o->agreement);
    put_real(t, AGREEMENT_TURNED, o->agreement_turned);
    put_real(t, LOSS_THERE, o->loss_there);
    put_real(t, LOSS_MEAN, o->loss_mean);
    if (o->saliency)
        put_real(t, HALVES, o->halves);
}

/* -- a row a position ------------------------------------------------------------------------- */

enum {
    AT_IMAGE,
    AT_Y,
    AT_X,
    AT_ACTIVATION,
    AT_ENERGY,
    AT_PROBABILITY,
    AT_CLASS,
    AT_LABEL,
    N_AT_COLUMNS
};

static const dv_column at_columns[N_AT_COLUMNS] = {
    [AT_IMAGE] = { .key = "image", .title = "image" },
    [AT_Y] = { .key = "y", .title = "y", .kind = DV_COLUMN_INT, .right = true },
    [AT_X] = { .key = "x", .title = "x", .kind = DV_COLUMN_INT, .right = true },
    [AT_ACTIVATION] = REAL("activation", "activation", 'g', 4),
    [AT_ENERGY] = REAL("energy", "energy", 'f', 3),
    [AT_PROBABILITY] = OPTIONAL("probability", "probability", 'f', 3),
    [AT_CLASS] = { .key = "class", .kind = DV_COLUMN_INT },
    [AT_LABEL] = { .key = "label", .title = "most probable class", .optional = true },
};

dv_table dv_occlude_positions_table(void)
{
    return (dv_table){ .columns = at_columns, .n_columns = N_AT_COLUMNS };
}

void dv_occlude_positions_rows(dv_table *t, const dv_occluded *o, const dv_labels *labels)
{
    char name[DV_LABEL_SHORT_MAX];
    for (int i = 0; i < o->rows * o->columns; i++) {
        const dv_occluded_at *at = &o->at[i];
        dv_table_row(t);
        dv_table_text(t, AT_IMAGE, o->path);
        dv_table_int(t, AT_Y, at->y);
        dv_table_int(t, AT_X, at->x);
        dv_table_real(t, AT_ACTIVATION, at->activation);
        put_real(t, AT_ENERGY, at->energy);
        if (at->best < 0)
            continue;
        dv_table_real(t, AT_PROBABILITY, (double)at->probability);
        dv_table_int(t, AT_CLASS, at->best);
        dv_table_text(t, AT_LABEL, dv_label_short(labels, at->best, name));
    }
}
