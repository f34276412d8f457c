/* filters_table.c - filters and layers in rows; and what a layer's numbers come to, in words. */
#include "studies/filters.h"

#include <math.h>

/* -- filters ---------------------------------------------------------------------------------- */

enum {
    NETWORK,
    CHANNEL,
    POSITION,
    VALUE,
    RMS,
    RELATIVE,
    MEAN,
    LOW,
    MID,
    HIGH,
    ABOVE,
    ABOVE_PHOTO,
    FREQUENCY,
    BANDWIDTH,
    ORIENTATION,
    SELECTIVITY,
    CHROMATIC,
    HUE,
    GRID,
    NEAREST,
    COSINE,
    DEAD,
    DOMINATING,
    DUPLICATE,
    COLORED,
    NOTE,
    N_COLUMNS
};

/* clang-format off */
#define REAL(KEY, TITLE, BY, N)                                                               \
    { .key = (KEY), .title = (TITLE), .kind = DV_COLUMN_REAL, .right = true, .optional = true, \
      .shown = { (BY), (N) } }
#define FLAG(KEY) { .key = (KEY), .kind = DV_COLUMN_FLAG }
/* clang-format on */

static const dv_column columns[N_COLUMNS] = {
    [NETWORK] = { .key = "network", .title = "network", .optional = true },
    [CHANNEL] = { .key = "channel", .title = "channel", .kind = DV_COLUMN_INT, .right = true },
    [POSITION] = { .key = "position",
                   .title = "position",
                   .kind = DV_COLUMN_INTS,
                   .optional = true },
    [VALUE] = REAL("value", "value", 'g', 3),
    [RMS] = REAL("rms", "rms", 'g', 3),
    [RELATIVE] = REAL("relative", "/median", 'f', 2),
    [MEAN] = REAL("mean", "mean", 'f', 2),
    [LOW] = REAL("low", "low", 'f', 2),
    [MID] = REAL("mid", "mid", 'f', 2),
    [HIGH] = REAL("high", "high", 'f', 2),
    [ABOVE] = REAL("above", "above", 'f', 2),
    [ABOVE_PHOTO] = REAL("above_photo", NULL, 'f', 2),
    [FREQUENCY] = REAL("frequency", "peak", 'f', 3),
    [BANDWIDTH] = REAL("bandwidth", "octaves", 'f', 1),
    [ORIENTATION] = REAL("orientation", "bars", 'f', 0),
    [SELECTIVITY] = REAL("selectivity", "select", 'f', 2),
    [CHROMATIC] = REAL("chromatic", "colour", 'f', 2),
    [HUE] = REAL("hue", "hue", 'f', 0),
    [GRID] = REAL("grid", "grid", 'f', 2),
    [NEAREST] = { .key = "nearest",
                  .title = "like",
                  .kind = DV_COLUMN_INT,
                  .right = true,
                  .optional = true },
    [COSINE] = REAL("cosine", "cosine", 'f', 2),
    [DEAD] = FLAG("dead"),
    [DOMINATING] = FLAG("dominating"),
    [DUPLICATE] = FLAG("duplicate"),
    [COLORED] = FLAG("colored"),
    [NOTE] = { .title = "", .optional = true },
};

static void add_filter(dv_table *t, const dv_filters_layer *l, bool several, const dv_filter *f)
{
    dv_table_row(t);
    dv_table_text(t, NETWORK, l->network);
    if (!several)
        dv_table_show(t, NETWORK, "%s", "");
    dv_table_int(t, CHANNEL, f->channel);
    if (l->projected) {
        if (f->y == DV_ALL)
            dv_table_null(t, POSITION);
        else
            dv_table_ints(t, POSITION, (const int32_t[]){ f->y, f->x }, 2);
        dv_table_real(t, VALUE, (double)f->value);
        dv_table_real(t, GRID, f->grid);
    }
    const struct {
        int column;
        double v;
    } reals[] = { { RMS, f->rms },
                  { RELATIVE, f->relative },
                  { MEAN, f->mean },
                  { LOW, f->low },
                  { MID, f->mid },
                  { HIGH, f->high },
                  { ABOVE, f->above },
                  { ABOVE_PHOTO, f->above_photo },
                  { FREQUENCY, f->frequency },
                  { BANDWIDTH, f->bandwidth },
                  { ORIENTATION, f->orientation },
                  { SELECTIVITY, f->selectivity },
                  { CHROMATIC, f->chromatic },
                  { HUE, f->hue },
                  { COSINE, f->cosine } };
    for (size_t i = 0; i < sizeof reals / sizeof *reals; i++) {
        dv_table_real(t, reals[i].column, reals[i].v);
        if (isnan(reals[i].v))
            dv_table_show(t, reals[i].column, "%s", "");
    }
    if (!f->colored) /* of a grey one it says little to people */
        dv_table_show(t, HUE, "%s", "");
    if (f->nearest < 0)
        dv_table_null(t, NEAREST);
    else
        dv_table_int(t, NEAREST, f->nearest);
    dv_table_flag(t, DEAD, f->dead);
    dv_table_flag(t, DOMINATING, f->dominating);
    dv_table_flag(t, DUPLICATE, f->duplicate);
    dv_table_flag(t, COLORED, f->colored);
    dv_table_textf(t, NOTE, "%s%s%s",
                   f->dead         ? "dead"
                   : f->dominating ? "dominating"
                                   : "",
                   f->dominating && f->duplicate ? ", " : "",
                   !f->duplicate   ? ""
                   : f->cosine < 0 ? "opposite"
                                   : "duplicate");
}

dv_table dv_filters_table(int n, const dv_filters *results)
{
    dv_table t = { .columns = columns, .n_columns = N_COLUMNS };
    for (int i = 0; i < n; i++)
        for (int k = 0; k < results[i].n; k++)
            add_filter(&t, &results[i].layer, n > 1, &results[i].filters[k]);
    return t;
}
