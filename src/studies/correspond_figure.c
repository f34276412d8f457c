/* correspond_figure.c - the paper's figure 8 and table 1: what is covered of the first images, the
 * scores as bars with their intervals, and as a table. Of many layers the scores are curves. */
#include "base/text.h"
#include "plot/figure.h"
#include "run/watch.h"
#include "studies/correspond.h"
#include "studies/correspond_study.h"

#include <math.h>
#include <stdlib.h>

enum {
    MOST_BARS = 3 /* layers */,
    MOST_ROWS = 10 /* of a table: of more the curves alone */,
    MOST_COLORS = DV_N_COLORS - DV_COLOR_FIRST + 1
};

/* Texts in between; `ok` is false once memory has run out, with err set. */
typedef struct sketch {
    const dv_covering *c;
    const dv_correspondence *results; /* (n_layers, n_parts + 1) */
    dv_figure figure;
    dv_arena arena;
    dv_error *err;
    bool ok;
} sketch;

static const char *say(sketch *s, const char *fmt, ...) DV_PRINTF(2, 3);

/* A text that lasts as long as the sketch. */
static const char *say(sketch *s, const char *fmt, ...)
{
    dv_text t = { 0 };
    va_list args;
    va_start(args, fmt);
    dv_text_vformat(&t, fmt, args);
    va_end(args);
    const char *text = NULL;
    if (s->ok && dv_text_ok(&t, "a figure", s->err))
        text = dv_arena_text(&s->arena, t.data ? t.data : "", t.size, s->err);
    free(t.data);
    s->ok = text;
    return text ? text : "";
}

/* n zeroed elements; NULL: no memory. */
static void *room(sketch *s, size_t n, size_t size)
{
    void *made = s->ok ? dv_arena_array(&s->arena, n, size, s->err) : NULL;
    s->ok = made;
    return made;
}

static const dv_correspondence *result_of(const sketch *s, int layer, int part)
{
    return &s->results[layer * (s->c->n_parts + 1) + part];
}

/* What parts are held against, in the plural. */
static const char *against_name(const sketch *s)
{
    return s->c->o->against == DV_AGAINST_PLACES ? "places of others" : "random boxes";
}

static const char *layer_name(sketch *s, int layer)
{
    const char *word = s->c->o->layers[layer];
    const bool number = word[0] >= '0' && word[0] <= '9';
    return number ? say(s, "layer %s", word) : say(s, "%s", word);
}

/* -- what is covered -------------------------------------------------------------------------- */

static void add_images(sketch *s)
{
    const dv_covering *c = s->c;
    const int columns = c->n_parts + 2, n = c->n_shown * columns;
    dv_shown *shown = room(s, (size_t)n, sizeof *shown);
    const char **titles = room(s, (size_t)columns, sizeof *titles);
    if (!s->ok || n == 0)
        return;
    for (int i = 0; i < n; i++)
        shown[i].picture = c->shown[i];
    titles[0] = "image";
    for (int p = 0; p < c->n_parts; p++)
        titles[1 + p] = c->o->parts->names[p];
    titles[1 + c->n_parts] = c->o->against == DV_AGAINST_PLACES ? "place of another" : "random box";
    dv_figure_row(&s->figure, NULL);
    dv_figure_grid(
        &s->figure,
        &(dv_grid){
            .n = n, .shown = shown, .columns = columns, .column_titles = titles, .side = 20 });
}

/* -- scores ----------------------------------------------------------------------------------- */

typedef struct points {
    double *x, *y, *low, *high; /* (n) */
} points;

static points points_of(sketch *s, int n)
{
    double *v = room(s, 4 * (size_t)n, sizeof *v);
    const size_t m = (size_t)n;
    return v ? (points){ v, v + m, v + 2 * m, v + 3 * m } : (points){ .x = NULL };
}

static void set_point(points *p, int i, double x, const dv_sign_score *score)
{
    const bool known = !isnan(score->interval[0]);
    p->x[i] = x;
    p->y[i] = score->mean;
    p->low[i] = known ? score->interval[0] : score->mean;
    p->high[i] = known ? score->interval[1] : score->mean;
}

static const char *const labels[] = { [DV_SIGN_CHANGE] = "Δ", [DV_SIGN_AGREEMENT] = "κ" };

/* From zero to the ends of all intervals of n results, and a share above. */
static dv_axis axis_of(const dv_correspondence *r, int n, int measure, double above)
{
    double least = 0, most = 1e-6;
    for (int i = 0; i < n; i++) {
        const dv_sign_scores *m = &r[i].measures[measure];
        const dv_sign_score *both[] = { &m->part, &m->against };
        for (int k = 0; k < 2; k++) {
            least = fmin(least, fmin(both[k]->mean, both[k]->interval[0]));
            most = fmax(most, fmax(both[k]->mean, both[k]->interval[1]));
        }
    }
    return (dv_axis){ .label = labels[measure], .min = 1.1 * least, .max = most * (1 + above) };
}

static void add_curve(sketch *s, const char *name, const points *p, int n, dv_curve how)
{
    how.name = name;
    how.n = n;
    how.x = p->x;
    how.y = p->y;
    how.low = p->low;
    how.high = p->high;
    dv_figure_curve(&s->figure, &how);
}

static void add_bars(sketch *s, int layer, int measure)
{
    const dv_covering *c = s->c;
    const int n = c->n_parts + (c->n_parts > 1); /* with all of them in the mean */
    points covered = points_of(s, n), against = points_of(s, n);
    double *ticks = room(s, (size_t)n, sizeof *ticks);
    const char **names = room(s, (size_t)n, sizeof *names);
    const char *title = layer_name(s, layer);
    if (!s->ok)
        return;
    for (int p = 0; p < n; p++) {
        const dv_sign_scores *m = &result_of(s, layer, p)->measures[measure];
        set_point(&covered, p, p - 0.2, &m->part);
        set_point(&against, p, p + 0.2, &m->against);
        ticks[p] = p;
        names[p] = p < c->n_parts ? c->o->parts->names[p] : "all";
    }
    const bool first = layer == 0 && measure == 0;
    const dv_axes axes = {
        .title = title,
        .x = { .min = -0.5, .max = n - 0.5, .n_ticks = n, .ticks = ticks, .names = names },
        .y = axis_of(result_of(s, layer, 0), c->n_parts + 1, measure,
                     first ? 0.6 : 0.1), /* the legend is above the bars */
        .aspect = 2.4,
        .legend = first ? DV_LEGEND_BEST : DV_LEGEND_NONE
    };
    dv_curve how = { .color = DV_COLOR_FIRST, .as = DV_CURVE_BARS, .width = 0.36 };
    dv_figure_axes(&s->figure, &axes);
    add_curve(s, "part covered", &covered, n, how);
    how.color = DV_COLOR_GREY;
    add_curve(s, against_name(s), &against, n, how);
}

/* Of one kind of box from layer to layer. */
static void add_layers(sketch *s, int part, int measure, bool against)
{
    const int n = s->c->o->n_layers;
    points p = points_of(s, n);
    if (!s->ok)
        return;
    for (int i = 0; i < n; i++) {
        const dv_sign_scores *m = &result_of(s, i, part)->measures[measure];
        set_point(&p, i, i, against ? &m->against : &m->part);
    }
    const dv_curve how = { .color = against ? DV_COLOR_GREY : DV_COLOR_FIRST + part % MOST_COLORS,
                           .as = against ? DV_CURVE_DASHED : DV_CURVE_LINE,
                           .marker = DV_MARKER_DOT };
    add_curve(s, against ? against_name(s) : s->c->o->parts->names[part], &p, n, how);
}

static void add_curves(sketch *s, int measure)
{
    const dv_covering *c = s->c;
    const int n = c->o->n_layers;
    double *ticks = room(s, (size_t)n, sizeof *ticks);
    if (!s->ok)
        return;
    for (int i = 0; i < n; i++)
        ticks[i] = i;
    const dv_axes axes = { .x = { .label = measure == DV_N_SIGN_MEASURES - 1 ? "layer" : NULL,
                                  .min = -0.5,
                                  .max = n - 0.5,
                                  .n_ticks = n,
                                  .ticks = ticks,
                                  .names = c->o->layers },
                           .y = axis_of(s->results, n * (c->n_parts + 1), measure, 0.1),
                           .aspect = 3,
                           .legend = DV_LEGEND_RIGHT };
    dv_figure_axes(&s->figure, &axes);
    for (int p = 0; p < c->n_parts; p++)
        add_layers(s, p, measure, false);
    add_layers(s, c->n_parts, measure, true);
}

static void add_scores(sketch *s, int measure)
{
    const int n = s->c->o->n_layers;
    dv_figure_row(&s->figure, NULL);
    if (n > MOST_BARS)
        add_curves(s, measure);
    for (int i = 0; n <= MOST_BARS && i < n; i++)
        add_bars(s, i, measure);
}

/* -- the table -------------------------------------------------------------------------------- */

static const char *words_of(sketch *s, const dv_sign_score *score)
{
    return say(s, "%.3f ± %.3f", score->mean, score->deviation);
}

/* With a minus that is as wide as a plus. */
static const char *signed_words(sketch *s, double v)
{
    return say(s, "%s%.3f", v < 0 ? "−" : "+", fabs(v));
}

static const char *difference_of(sketch *s, const dv_sign_scores *m)
{
    const char *difference = signed_words(s, m->difference);
    if (isnan(m->interval[0]))
        return difference;
    const char *low = signed_words(s, m->interval[0]), *high = signed_words(s, m->interval[1]);
    return say(s, "%s [%s, %s]", difference, low, high);
}

static const dv_sign_scores *scores_of(const sketch *s, int layer, int part, int measure)
{
    return &result_of(s, layer, part)->measures[measure];
}

static const char *const heads[] = { [DV_SIGN_CHANGE] = "Δ ± sd", [DV_SIGN_AGREEMENT] = "κ ± sd" };

/* A row a part, as the paper has it; two columns for each of so many layers from the first on. */
static void add_table_by_part(sketch *s, int measure, int first, int layers)
{
    const dv_covering *c = s->c;
    const int rows = c->n_parts + 2, columns = 1 + 2 * layers;
    const char **text = room(s, (size_t)rows * (size_t)columns, sizeof *text);
    if (!s->ok)
        return;
    const char **last = &text[(rows - 1) * columns];
    text[0] = heads[measure];
    last[0] = against_name(s);
    for (int p = 0; p < c->n_parts; p++)
        text[(1 + p) * columns] = c->o->parts->names[p];
    for (int i = 0; i < layers; i++) {
        const int at = 1 + 2 * i, layer = first + i;
        text[at] = layer_name(s, layer);
        text[at + 1] = c->o->against == DV_AGAINST_PLACES ? "− places [95 %]" : "− random [95 %]";
        for (int p = 0; p < c->n_parts; p++) {
            const dv_sign_scores *m = scores_of(s, layer, p, measure);
            text[(1 + p) * columns + at] = words_of(s, &m->part);
            text[(1 + p) * columns + at + 1] = difference_of(s, m);
        }
        last[at] = words_of(s, &scores_of(s, layer, c->n_parts, measure)->against);
    }
    dv_figure_row(&s->figure, NULL);
    dv_figure_cells(&s->figure, &(dv_cells){ .rows = rows, .columns = columns, .text = text });
}

/* A row a layer, where there are many. */
static void add_table_by_layer(sketch *s, int measure)
{
    const dv_covering *c = s->c;
    const int rows = c->o->n_layers + 1, columns = c->n_parts + 2;
    const char **text = room(s, (size_t)rows * (size_t)columns, sizeof *text);
    if (!s->ok)
        return;
    text[0] = heads[measure];
    for (int p = 0; p < c->n_parts; p++)
        text[1 + p] = c->o->parts->names[p];
    text[1 + c->n_parts] = against_name(s);
    for (int i = 0; i < c->o->n_layers; i++) {
        const char **row = &text[(1 + i) * columns];
        row[0] = layer_name(s, i);
        for (int p = 0; p < c->n_parts; p++)
            row[1 + p] = words_of(s, &scores_of(s, i, p, measure)->part);
        row[1 + c->n_parts] = words_of(s, &scores_of(s, i, c->n_parts, measure)->against);
    }
    dv_figure_row(&s->figure, NULL);
    dv_figure_cells(&s->figure, &(dv_cells){ .rows = rows, .columns = columns, .text = text });
}

/* As many layers beside each other as have room. */
static void add_tables(sketch *s, int measure)
{
    enum { NAMES = 20, LAYER = 60 }; /* mm */
    const int layers = s->c->o->n_layers;
    const double width = s->c->o->figure.width > 0 ? s->c->o->figure.width : 180;
    const int most = width > NAMES + 2 * LAYER ? (int)((width - NAMES) / LAYER) : 1;
    if (layers > MOST_BARS && layers <= MOST_ROWS)
        add_table_by_layer(s, measure);
    for (int i = 0; layers <= MOST_BARS && i < layers; i += most)
        add_table_by_part(s, measure, i, layers - i < most ? layers - i : most);
}

/* -- all of it -------------------------------------------------------------------------------- */

static const char *const fills[] = {
    [DV_PART_GREY] = "grey", [DV_PART_MEAN] = "mean", [DV_PART_BLUR] = "blur"
};

static const char *caption_of(sketch *s)
{
    const dv_covering *c = s->c;
    return say(
        s,
        "Δ: share of features whose change has not the same sign (−1, 0, 1) in two images "
        "when the part is covered (%s) in both; mean over the pairs of %d images, ± standard "
        "deviation over pairs; the network relates the parts where it is lower than for %s "
        "of their sizes (%d for each; seed %llu). κ: how far signs agree beyond chance "
        "(Cohen 1960); there it is higher. Error bars and brackets: 95 %% intervals, "
        "bootstrap over the images.",
        fills[c->o->fill], c->n_images,
        c->o->against == DV_AGAINST_PLACES ? "boxes where other images have the part,"
                                           : "random boxes",
        c->o->repeats, (unsigned long long)c->o->seed);
}

static bool write_figure(sketch *s)
{
    const dv_correspond_options *o = s->c->o;
    dv_text layers = { 0 };
    for (int i = 0; i < o->n_layers; i++)
        dv_text_format(&layers, "%s%s", i ? "," : "", o->layers[i]);
    const dv_png_text more[] = { { "Fill", fills[o->fill] },
                                 { "Random-Seed", say(s, "%llu", (unsigned long long)o->seed) } };
    const dv_provenance says = { .model = dv_model_name(s->c->model),
                                 .model_sha256 = dv_model_sha256(s->c->model, s->err),
                                 .image = o->parts->path,
                                 .image_sha256 = o->parts->sha256,
                                 .layer = layers.data,
                                 .n_more = 2,
                                 .more = more };
    const bool ok = dv_text_ok(&layers, "a figure", s->err) && s->ok && says.model_sha256 &&
                    dv_figure_write(&s->figure, &o->figure, &says, s->err);
    free(layers.data);
    if (ok)
        dv_watch_wrote(&o->watch, o->figure.path);
    return ok;
}

bool dv_correspond_draw(const dv_covering *c, const dv_correspondence *results, dv_error *err)
{
    sketch s = { .c = c, .results = results, .err = err, .ok = true };
    s.figure.title = say(&s, "Correspondence of parts in %s", dv_model_name(c->model));
    s.figure.caption = caption_of(&s);
    add_images(&s);
    for (int measure = 0; measure < DV_N_SIGN_MEASURES; measure++)
        add_scores(&s, measure);
    for (int measure = 0; measure < DV_N_SIGN_MEASURES; measure++)
        add_tables(&s, measure);
    const bool ok = s.ok && write_figure(&s);
    dv_figure_free(&s.figure);
    dv_arena_release(&s.arena);
    return ok;
}
