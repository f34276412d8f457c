/* evolve_table.c - what comes of a study of a training, as tables. */
#include "studies/evolve.h"

#include <math.h>

#define WORD(name, shown_as)               \
    {                                      \
        .key = (name), .title = (shown_as) \
    }
#define WHOLE(name, shown_as)                                                    \
    {                                                                            \
        .key = (name), .title = (shown_as), .kind = DV_COLUMN_INT, .right = true \
    }
#define REAL(name, shown_as, by, digits)                                                      \
    {                                                                                         \
        .key = (name), .title = (shown_as), .kind = DV_COLUMN_REAL, .right = true, .shown = { \
            (by),                                                                             \
            (digits)                                                                          \
        }                                                                                     \
    }

/* The title of the checkpoint where something has converged. */
static void put_converged(dv_table *t, int column, const dv_evolution *r, int at, bool known)
{
    if (at >= 0)
        dv_table_text(t, column, r->checkpoints[at].title);
    else
        dv_table_null(t, column);
    if (at < 0 && known)
        dv_table_show(t, column, "only the last");
}

/* Not finite is null. */
static void put_share(dv_table *t, int column, int32_t part, int32_t of)
{
    dv_table_real(t, column, of > 0 ? (double)part / of : (double)NAN);
}

/* -- a row a layer ---------------------------------------------------------------------------- */

dv_table dv_evolution_layers_table(const dv_evolution *r)
{
    enum { LAYER, TITLE, CHANNELS, SAMPLED, FILTERS, PROJECTIONS, JUMPS, LATE, N_COLUMNS };
    static const dv_column columns[N_COLUMNS] = {
        [LAYER] = { .key = "layer" },
        [TITLE] = WORD("title", "layer"),
        [CHANNELS] = WHOLE("channels", "channels"),
        [SAMPLED] = WHOLE("sampled", "projected"),
        [FILTERS] = { .key = "filters_converged", .title = "filters converged", .none = "-" },
        [PROJECTIONS] = { .key = "projections_converged",
                          .title = "projections converged",
                          .none = "-" },
        [JUMPS] = REAL("jumps", "jumps a channel", 'f', 2),
        [LATE] = REAL("jumped_last", "jumped at the last", 'f', 2),
    };
    dv_table t = { .columns = columns, .n_columns = N_COLUMNS };
    for (int i = 0; i < r->n_layers; i++) {
        const dv_evolved_layer *l = &r->layers[i];
        int64_t jumps = 0;
        for (int k = 0; k < r->n; k++)
            jumps += l->jumped[k];
        dv_table_row(&t);
        dv_table_text(&t, LAYER, l->layer);
        dv_table_text(&t, TITLE, l->title);
        dv_table_int(&t, CHANNELS, l->channels);
        dv_table_int(&t, SAMPLED, l->sampled);
        put_converged(&t, FILTERS, r, l->filters_converged, !isnan(l->filters[r->n - 1]));
        put_converged(&t, PROJECTIONS, r, l->projections_converged, l->sampled > 0);
        dv_table_real(&t, JUMPS, (double)jumps / l->channels);
        put_share(&t, LATE, l->jumped[r->n - 1], l->alive[r->n - 1]);
    }
    return t;
}

/* -- a row a layer and checkpoint ------------------------------------------------------------- */

dv_table dv_evolution_checkpoints_table(const dv_evolution *r)
{
    enum {
        LAYER,
        TITLE,
        CHECKPOINT,
        PATH,
        FILTERS,
        PROJECTIONS,
        ERROR,
        JUMPED,
        OF,
        AGREE,
        LASTING,
        N_COLUMNS
    };
    static const dv_column columns[N_COLUMNS] = {
        [LAYER] = { .key = "layer" },
        [TITLE] = WORD("title", "layer"),
        [CHECKPOINT] = WORD("checkpoint", "checkpoint"),
        [PATH] = { .key = "path" },
        [FILTERS] = REAL("filters", "filters", 'f', 3),
        [PROJECTIONS] = REAL("projections", "projections", 'f', 3),
        [ERROR] = REAL("projections_error", "+-", 'f', 3),
        [JUMPED] = WHOLE("jumped", "jumped"),
        [OF] = WHOLE("jumped_of", "of"),
        [AGREE] = WHOLE("as_last", "as the last"),
        [LASTING] = WHOLE("as_last_of", "of"),
    };
    dv_table t = { .columns = columns, .n_columns = N_COLUMNS };
    for (int i = 0; i < r->n_layers; i++)
        for (int k = 0; k < r->n; k++) {
            const dv_evolved_layer *l = &r->layers[i];
            dv_table_row(&t);
            dv_table_text(&t, LAYER, l->layer);
            dv_table_text(&t, TITLE, l->title);
            dv_table_text(&t, CHECKPOINT, r->checkpoints[k].title);
            dv_table_text(&t, PATH, r->checkpoints[k].path);
            dv_table_real(&t, FILTERS, l->filters[k]);
            dv_table_real(&t, PROJECTIONS, l->projections[k]);
            dv_table_real(&t, ERROR, l->projections_error[k]);
            dv_table_int(&t, JUMPED, l->jumped[k]);
            dv_table_int(&t, OF, l->alive[k]);
            dv_table_int(&t, AGREE, l->agree[k]);
            dv_table_int(&t, LASTING, l->lasting[k]);
        }
    return t;
}

/* -- a row a unit and checkpoint -------------------------------------------------------------- */

enum {
    LAYER,
    CHANNEL,
    SHOWN,
    SAMPLED,
    CHECKPOINT,
    PATH,
    VALUE,
    POSITION,
    IMAGE,
    JUMPED,
    FILTERS,
    PROJECTIONS,
    N_COLUMNS
};

static const dv_column unit_columns[N_COLUMNS] = {
    [LAYER] = WORD("layer", "layer"),
    [CHANNEL] = WHOLE("channel", "channel"),
    [SHOWN] = { .key = "shown", .kind = DV_COLUMN_FLAG },
    [SAMPLED] = { .key = "sampled", .kind = DV_COLUMN_FLAG },
    [CHECKPOINT] = WORD("checkpoint", "checkpoint"),
    [PATH] = { .key = "path" },
    [VALUE] = REAL("value", "strongest", 'g', 3),
    [POSITION] = { .key = "position", .title = "position", .kind = DV_COLUMN_INTS },
    [IMAGE] = WORD("image", "image"),
    [JUMPED] = { .key = "jumped", .title = "jumped", .kind = DV_COLUMN_FLAG },
    [FILTERS] = REAL("filters", "filter", 'f', 3),
    [PROJECTIONS] = REAL("projections", "projection", 'f', 3),
};

static void add_unit(dv_table *t, const dv_evolution *r, const dv_evolved_unit *u, int k,
                     const dv_list *images)
{
    const dv_evolved_hit *h = &u->hits[k];
    dv_table_row(t);
    dv_table_text(t, LAYER, r->layers[u->layer].layer);
    dv_table_int(t, CHANNEL, u->channel);
    dv_table_flag(t, SHOWN, u->shown);
    dv_table_flag(t, SAMPLED, u->sampled);
    dv_table_text(t, CHECKPOINT, r->checkpoints[k].title);
    dv_table_text(t, PATH, r->checkpoints[k].path);
    dv_table_real(t, VALUE, (double)h->value);
    dv_table_ints(t, POSITION, (const int32_t[]){ h->y, h->x }, 2);
    dv_table_text(t, IMAGE, dv_list_path(images, h->image));
    dv_table_flag(t, JUMPED, u->jumped[k]);
    dv_table_real(t, FILTERS, u->filters[k]);
    dv_table_real(t, PROJECTIONS, u->projections[k]);
}

dv_table dv_evolution_units_table(const dv_evolution *r, const dv_list *images)
{
    dv_table t = { .columns = unit_columns, .n_columns = N_COLUMNS };
    for (int i = 0; i < r->n_units; i++)
        for (int k = 0; k < r->n; k++)
            add_unit(&t, r, &r->units[i], k, images);
    return t;
}
