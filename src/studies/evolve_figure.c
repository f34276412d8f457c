/* evolve_figure.c - the paper's figure 4: features by checkpoints, and curves below; and the same
 * as pictures that move. */
#include "studies/evolve.h"

#include "plot/figure.h"
#include "run/watch.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* -- what it says of itself ------------------------------------------------------------------- */

bool dv_evolution_describe(const dv_evolution_work *w, dv_evolution_words *to, dv_error *err)
{
    static const char *const keys[] = { "Checkpoints", "Images", "Sample" };
    const dv_evolution *r = w->r;
    const dv_evolve_options *o = &w->e->o;
    *to = (dv_evolution_words){ .says = { .model = dv_model_name(w->e->model),
                                          .model_sha256 = w->model_sha256,
                                          .rule = dv_rule_name(DV_RULE_DECONVNET),
                                          .seed = "value",
                                          .scales = "tile",
                                          .n_more = DV_EVOLVE_WORDS,
                                          .more = to->more } };
    dv_text_format(&to->text[0], "%d: %s to %s", r->n, r->checkpoints[0].path,
                   r->checkpoints[r->n - 1].path);
    dv_text_format(&to->text[1], "%d, from %s on", (int)r->images, dv_list_path(o->images, 0));
    dv_text_format(&to->text[2], "%d channels a layer, seed %llu", o->sample,
                   (unsigned long long)o->seed);
    for (int i = 0; i < DV_EVOLVE_WORDS; i++) {
        to->more[i] = (dv_png_text){ keys[i], to->text[i].data };
        if (!dv_text_ok(&to->text[i], "a figure", err))
            return false;
    }
    return true;
}

void dv_evolution_words_free(dv_evolution_words *w)
{
    for (int i = 0; i < DV_EVOLVE_WORDS; i++)
        free(w->text[i].data);
}

/* -- grids ------------------------------------------------------------------------------------ */

int dv_evolution_columns(const dv_evolution *r, int *columns)
{
    const int n = r->n < DV_EVOLVE_COLUMNS ? r->n : DV_EVOLVE_COLUMNS;
    for (int i = 0; i < n; i++)
        columns[i] = n > 1 ? (int)((int64_t)i * (r->n - 1) / (n - 1)) : 0;
    return n;
}

/* Whether the strongest image of a unit is another than in the column before. */
static bool has_jumped(const dv_evolved_unit *u, const int *columns, int i)
{
    if (i == 0)
        return false;
    const dv_evolved_hit *now = &u->hits[columns[i]], *before = &u->hits[columns[i - 1]];
    return now->value > 0 && before->value > 0 && now->image != before->image;
}

/* The shown units of a layer, row by row; with room for two rows a unit and a column. */
typedef struct sheet {
    int rows;
    dv_shown *shown;      /* (rows, columns) */
    const char **rows_of; /* (rows) titles, in words */
    dv_text words;
} sheet;

int dv_evolution_shown(const dv_evolution *r, int layer)
{
    int n = 0;
    for (int i = 0; i < r->n_units; i++)
        n += r->units[i].layer == layer && r->units[i].shown;
    return n;
}

static bool sheet_new(sheet *s, int rows, int columns, dv_error *err)
{
    *s = (sheet){ .shown = calloc((size_t)rows * (size_t)columns + 1, sizeof *s->shown),
                  .rows_of = calloc((size_t)rows + 1, sizeof *s->rows_of) };
    return (s->shown && s->rows_of) || dv_fail(err, DV_NO_MEMORY, "no memory for a figure");
}

static void sheet_free(sheet *s)
{
    free(s->shown);
    free(s->rows_of);
    free(s->words.data);
}

static void add_rows(const dv_evolution_work *w, sheet *s, int unit, const int *columns, int n)
{
    const dv_evolved_unit *u = &w->r->units[unit];
    const bool patches = w->e->o.patches;
    dv_shown *row = &s->shown[(size_t)s->rows * (size_t)n];
    for (int i = 0; i < n; i++) {
        const size_t at = (size_t)unit * (size_t)w->r->n + (size_t)columns[i];
        row[i] = (dv_shown){ .picture = w->pictures[at], .framed = has_jumped(u, columns, i) };
        if (patches)
            row[n + i] = (dv_shown){ .picture = w->patches[at] };
    }
    s->rows += patches ? 2 : 1;
}

/* Titles lie in one text, which moves while it grows: they are found in it at the end. */
static bool title_rows(const dv_evolution_work *w, sheet *s, int layer, dv_error *err)
{
    for (int i = 0; i < w->r->n_units; i++)
        if (w->r->units[i].layer == layer && w->r->units[i].shown) {
            dv_text_format(&s->words, "%d", (int)w->r->units[i].channel);
            dv_text_add(&s->words, "", 1);
        }
    if (!dv_text_ok(&s->words, "a figure", err))
        return false;
    const char *at = s->words.data;
    for (int i = 0; i < s->rows; i++) {
        const bool patch = w->e->o.patches && i % 2 == 1;
        s->rows_of[i] = patch ? "" : at;
        at += patch ? 0 : strlen(at) + 1;
    }
    return true;
}

static bool add_layer(const dv_evolution_work *w, dv_figure *f, int layer, const int *columns,
                      const char *const *titles, int n, double side, dv_error *err)
{
    sheet s;
    const int rows = dv_evolution_shown(w->r, layer) * (w->e->o.patches ? 2 : 1);
    bool ok = sheet_new(&s, rows, n, err);
    for (int i = 0; ok && i < w->r->n_units; i++)
        if (w->r->units[i].layer == layer && w->r->units[i].shown)
            add_rows(w, &s, i, columns, n);
    ok = ok && title_rows(w, &s, layer, err);
    if (ok)
        dv_figure_grid(f, &(dv_grid){ .title = w->r->layers[layer].title,
                                      .n = rows * n,
                                      .shown = s.shown,
                                      .columns = n,
                                      .row_titles = s.rows_of,
                                      .column_titles = titles,
                                      .gap = 0.6,
                                      .side = side });
    sheet_free(&s);
    return ok;
}

/* The number alone where the figure's title says what it counts. */
static const char *column_title(const dv_evolution *r, int checkpoint)
{
    const char *title = r->checkpoints[checkpoint].title;
    const char *blank = r->word ? strrchr(title, ' ') : NULL;
    return blank ? blank + 1 : title;
}

/* Two layers stand side by side where their columns are few. */
static bool add_grids(const dv_evolution_work *w, dv_figure *f, dv_error *err)
{
    enum { MARGIN = 14 /* mm beside a grid, for its rows' titles */ };
    const double width = w->e->o.figure.width > 0 ? w->e->o.figure.width : 180;
    int columns[DV_EVOLVE_COLUMNS];
    const char *titles[DV_EVOLVE_COLUMNS];
    const int n = dv_evolution_columns(w->r, columns);
    const int beside = w->r->n_layers > 1 && width / 2 >= n * 8 + MARGIN ? 2 : 1;
    const double fitting = (width / beside - MARGIN) / n - 0.6;
    for (int i = 0; i < n; i++)
        titles[i] = column_title(w->r, columns[i]);
    for (int i = 0; i < w->r->n_layers; i++) {
        if (i % beside == 0)
            dv_figure_row(f, NULL);
        if (!add_layer(w, f, i, columns, titles, n, fitting < 16 ? fitting : 16, err))
            return false;
    }
    return true;
}

/* -- curves ----------------------------------------------------------------------------------- */

/* Values of checkpoints along them. */
typedef struct scales {
    const dv_evolution *r;
    double *x;          /* (n) */
    const char **names; /* (n) where they have no numbers */
} scales;

static dv_axis x_axis(const scales *s)
{
    const int n = s->r->n;
    const double first = s->x[0], last = s->x[n - 1], beyond = n > 1 ? (last - first) * 0.03 : 1;
    dv_axis a = { .label = s->r->word ? s->r->word : "checkpoint",
                  .min = first - beyond,
                  .max = last + beyond };
    if (!s->r->word && n <= 12) {
        a.n_ticks = n;
        a.ticks = s->x;
        a.names = s->names;
    }
    return a;
}

static void add_curve(dv_figure *f, const scales *s, int layer, const double *y, const double *low,
                      const double *high)
{
    char name[48]; /* "layer 5" of "layer 5 (conv5)" */
    const char *title = s->r->layers[layer].title, *more = strstr(title, " (");
    snprintf(name, sizeof name, "%.*s", more ? (int)(more - title) : (int)strlen(title), title);
    dv_figure_curve(f, &(dv_curve){ .name = name,
                                    .n = s->r->n,
                                    .x = s->x,
                                    .y = y,
                                    .low = low,
                                    .high = high,
                                    .marker = DV_MARKER_DOT });
}

static void add_threshold(dv_figure *f, const scales *s)
{
    const double x[2] = { s->x[0], s->x[s->r->n - 1] };
    const double y[2] = { s->r->threshold, s->r->threshold };
    dv_figure_curve(
        f, &(dv_curve){ .n = 2, .x = x, .y = y, .color = DV_COLOR_GREY, .as = DV_CURVE_DOTTED });
}

/* Where the axis of similarities begins: at 0, unless some are below. */
static double lowest(const dv_evolution *r, bool projections)
{
    double least = 0;
    for (int i = 0; i < r->n_layers; i++)
        for (int k = 0; k < r->n; k++)
            least =
                fmin(least, projections ? r->layers[i].projections[k] : r->layers[i].filters[k]);
    return least < 0 ? fmax(-1, least - 0.05) : 0;
}

static void add_similarities(dv_figure *f, const scales *s, const char *title, bool projections,
                             double *low, double *high)
{
    dv_figure_axes(f, &(dv_axes){ .title = title,
                                  .x = x_axis(s),
                                  .y = { .label = "cosine to the last",
                                         .min = lowest(s->r, projections),
                                         .max = 1.02 },
                                  .aspect = 1.15,
                                  .legend = DV_LEGEND_NONE });
    for (int i = 0; i < s->r->n_layers; i++) {
        const dv_evolved_layer *l = &s->r->layers[i];
        for (int k = 0; k < s->r->n; k++) {
            const double mean = l->projections[k], error = l->projections_error[k];
            low[k] = isnan(error) ? mean : fmax(-1, mean - error);
            high[k] = isnan(error) ? mean : fmin(1, mean + error);
        }
        add_curve(f, s, i, projections ? l->projections : l->filters, projections ? low : NULL,
                  projections ? high : NULL);
    }
    add_threshold(f, s);
}

static void add_jumps(dv_figure *f, const scales *s, double *share)
{
    dv_figure_axes(f, &(dv_axes){ .title = "strongest image changed",
                                  .x = x_axis(s),
                                  .y = { .label = "share of channels", .min = 0, .max = 1.02 },
                                  .aspect = 1.15,
                                  .legend = DV_LEGEND_RIGHT });
    for (int i = 0; i < s->r->n_layers; i++) {
        const dv_evolved_layer *l = &s->r->layers[i];
        for (int k = 0; k < s->r->n; k++)
            share[k] = l->alive[k] > 0 ? (double)l->jumped[k] / l->alive[k] : (double)NAN;
        add_curve(f, s, i, share, NULL, NULL);
    }
}

static bool add_curves(const dv_evolution_work *w, dv_figure *f, dv_error *err)
{
    const size_t n = (size_t)w->r->n;
    scales s = { .r = w->r, .x = calloc(n, sizeof *s.x), .names = calloc(n, sizeof *s.names) };
    double *low = calloc(n, sizeof *low), *high = calloc(n, sizeof *high);
    const bool ok = s.x && s.names && low && high;
    for (size_t i = 0; ok && i < n; i++) {
        s.x[i] = w->r->word ? w->r->checkpoints[i].number : (double)i + 1;
        s.names[i] = w->r->checkpoints[i].title;
    }
    if (ok) {
        dv_figure_row(f, NULL);
        add_similarities(f, &s, "filters", false, low, high);
        add_similarities(f, &s, "projections", true, low, high);
        add_jumps(f, &s, low);
    }
    free(high);
    free(low);
    free(s.names);
    free(s.x);
    return ok || dv_fail(err, DV_NO_MEMORY, "no memory for a figure");
}

/* -- the figure ------------------------------------------------------------------------------- */

static void caption(const dv_evolution_work *w, dv_text *t)
{
    const dv_evolution *r = w->r;
    dv_text_format(t,
                   "A row is a channel, a column a checkpoint: the deconvnet projection of the "
                   "channel's strongest activation over %d images, each on its own scale%s. "
                   "Framed: the strongest image is another than in the column before. Curves: "
                   "mean cosine to the last checkpoint, of all filters of a layer and of the "
                   "projections of up to %d of its channels, each from the image and position "
                   "where it is strongest at the last (band: 95 %% interval; dotted: %g); share "
                   "of channels whose strongest image is another than at the checkpoint before.",
                   (int)r->images, w->e->o.patches ? "; below it what the network saw there" : "",
                   w->e->o.sample, r->threshold);
    if (r->n > DV_EVOLVE_COLUMNS)
        dv_text_format(t, " Of %d checkpoints %d have a column.", r->n, DV_EVOLVE_COLUMNS);
}

bool dv_evolution_draw(const dv_evolution_work *w, dv_error *err)
{
    const dv_evolve_options *o = &w->e->o;
    dv_text title = { 0 }, under = { 0 };
    dv_evolution_words words = { .says = { .model = NULL } };
    if (!o->figure.path)
        return true;
    dv_text_format(&title, "Evolution of %s", dv_model_name(w->e->model));
    if (w->r->word)
        dv_text_format(&title, ", by %s", w->r->word);
    caption(w, &under);
    dv_figure f = { .title = title.data, .caption = under.data };
    const bool ok = dv_text_ok(&title, "a figure", err) && dv_text_ok(&under, "a figure", err) &&
                    dv_evolution_describe(w, &words, err) && add_grids(w, &f, err) &&
                    add_curves(w, &f, err) && dv_figure_write(&f, &o->figure, &words.says, err);
    dv_figure_free(&f);
    dv_evolution_words_free(&words);
    free(under.data);
    free(title.data);
    if (ok)
        dv_watch_wrote(&o->watch, o->figure.path);
    return ok;
}
