/* compare_rules_draw.c - units under every rule, and how much the rules agree, by layer. */
#include "studies/compare_rules_draw.h"

#include "base/text.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { SIDE = 176 /* pixels of a tile, about */ };

void dv_compared_choose(dv_compared_figure *f)
{
    const dv_selections *s = f->o->units;
    const bool all = s->n_units <= DV_COMPARED_ROWS;
    const int wanted = all ? s->n_units : s->n < DV_COMPARED_ROWS ? s->n : DV_COMPARED_ROWS;
    for (int i = 0; i < wanted; i++) {
        int unit = 0;
        const int layer = wanted > 1 ? i * (s->n - 1) / (wanted - 1) : 0;
        for (int k = 0; k < layer; k++)
            unit += s->layers[k].n;
        f->units[f->n++] = all ? i : unit;
    }
}

static int row_of(const dv_compared_figure *f, int unit)
{
    for (int i = 0; i < f->n; i++)
        if (f->units[i] == unit)
            return i;
    return -1;
}

bool dv_compared_row(dv_compared_figure *f, int i, const dv_image *seen, const dv_box *field,
                     const dv_signal signals[DV_N_RULES], const dv_compared_rules *r, dv_error *err)
{
    const int row = row_of(f, i);
    if (row < 0)
        return true;
    const dv_preprocess *p = &f->o->preprocess;
    const dv_rect rect = dv_view_rect(DV_VIEW_CROP, *field, p->size);
    dv_look look = {
        .view = DV_VIEW_CROP, .zoom = dv_view_zoom(rect, SIDE), .scale = r->scale, .bgr = p->bgr
    };
    dv_image patch, *tiles = f->tiles[row];
    for (int k = 0; k < DV_N_RULES; k++) {
        if (f->o->own_scales)
            look.scale = dv_signal_scale(&signals[k]);
        if (!dv_draw_view(&tiles[1 + k], NULL, &signals[k], rect, &look, err))
            return false;
    }
    if (!dv_picture_crop(&patch, seen, rect, err))
        return false;
    const bool ok = dv_picture_zoom(&tiles[0], &patch, look.zoom, err);
    dv_image_free(&patch);
    return ok;
}

void dv_compared_free(dv_compared_figure *f)
{
    for (int i = 0; i < f->n; i++)
        for (int k = 0; k < DV_COMPARED_TILES; k++)
            dv_image_free(&f->tiles[i][k]);
}

/* -- the units -------------------------------------------------------------------------------- */

typedef struct words {
    char *row[DV_COMPARED_ROWS], *label[DV_COMPARED_ROWS][DV_COMPARED_TILES]; /* owned */
} words;

static void free_words(words *w)
{
    for (int i = 0; i < DV_COMPARED_ROWS; i++) {
        free(w->row[i]);
        for (int k = 0; k < DV_COMPARED_TILES; k++)
            free(w->label[i][k]);
    }
}

/* "r 0.93": how much a rule's projection is like the deconvnet's. */
static bool fill_words(const dv_compared_figure *f, const dv_compared_rules *results, words *w,
                       dv_error *err)
{
    for (int i = 0; i < f->n; i++) {
        const dv_compared_rules *r = &results[f->units[i]];
        dv_text t = { 0 };
        dv_text_format(&t, isdigit((unsigned char)r->layer[0]) ? "layer %s c%d" : "%s c%d",
                       r->layer, (int)r->unit.channel);
        w->row[i] = t.data;
        if (!dv_text_ok(&t, "a label", err))
            return false;
        for (int k = 1; k < DV_N_RULES; k++) {
            dv_text l = { 0 };
            if (isnan(r->correlation[DV_RULE_DECONVNET][k]))
                continue;
            dv_text_format(&l, "r = %s%.2f",
                           r->correlation[DV_RULE_DECONVNET][k] < 0 ? "\u2212" : "",
                           fabs(r->correlation[DV_RULE_DECONVNET][k]));
            w->label[i][1 + k] = l.data;
            if (!dv_text_ok(&l, "a label", err))
                return false;
        }
    }
    return true;
}

static void add_units(const dv_compared_figure *f, dv_figure *to, const words *w)
{
    const char *const columns[DV_COMPARED_TILES] = {
        "patch",
        dv_rule_name(DV_RULE_DECONVNET),
        dv_rule_name(DV_RULE_GRADIENT),
        dv_rule_name(DV_RULE_GUIDED),
    };
    dv_shown shown[DV_COMPARED_ROWS * DV_COMPARED_TILES] = { { .label = NULL } };
    for (int i = 0; i < f->n * DV_COMPARED_TILES; i++)
        shown[i] = (dv_shown){ .picture = f->tiles[i / DV_COMPARED_TILES][i % DV_COMPARED_TILES],
                               .label = w->label[i / DV_COMPARED_TILES][i % DV_COMPARED_TILES] };
    dv_figure_row(to, NULL);
    dv_figure_grid(to, &(dv_grid){ .n = f->n * DV_COMPARED_TILES,
                                   .shown = shown,
                                   .columns = DV_COMPARED_TILES,
                                   .row_titles = (const char *const *)w->row,
                                   .column_titles = columns,
                                   .side = f->n > 4 ? 24 : 32 });
}

/* -- the layers ------------------------------------------------------------------------------- */

typedef struct series { /* (n) each, in one block */
    double *x, *y, *low, *high;
    const char **names;
} series;

static void add_curve(dv_figure *to, const series *s, int n, const dv_compared_layer *layers, int a,
                      int b, dv_marker marker)
{
    char name[48];
    for (int i = 0; i < n; i++) {
        const double e = layers[i].error[a][b];
        s->x[i] = i + 1;
        s->y[i] = layers[i].mean[a][b];
        s->low[i] = s->y[i] - e < -1 ? -1 : s->y[i] - e; /* no correlation is beyond that */
        s->high[i] = s->y[i] + e > 1 ? 1 : s->y[i] + e;
        s->names[i] = layers[i].layer;
    }
    snprintf(name, sizeof name, "%s / %s", dv_rule_name((dv_rule)a), dv_rule_name((dv_rule)b));
    dv_figure_curve(to, &(dv_curve){ .name = name,
                                     .n = n,
                                     .x = s->x,
                                     .y = s->y,
                                     .low = s->low,
                                     .high = s->high,
                                     .marker = marker });
}

static bool add_layers(const dv_compared_figure *f, dv_figure *to, int32_t n_images,
                       const dv_compared_rules *results, dv_error *err)
{
    const int n = f->o->units->n;
    const size_t count = (size_t)n;
    dv_compared_layer *layers = calloc(count + 1, sizeof *layers);
    double *block = calloc(4 * count + 1, sizeof *block);
    series s = { .names = calloc(count + 1, sizeof *s.names) };
    const bool ok = layers && block && s.names;
    if (ok) {
        s.x = block;
        s.y = block + count;
        s.low = block + 2 * count;
        s.high = block + 3 * count;
        dv_compare_rules_layers(f->o->units, n_images, results, layers);
        for (int i = 0; i < n; i++) {
            s.x[i] = i + 1;
            s.names[i] = layers[i].layer;
        }
        dv_figure_row(to, NULL);
        dv_figure_axes(to, &(dv_axes){ .x = { .label = "layer",
                                              .min = 0.5,
                                              .max = n + 0.5,
                                              .n_ticks = n,
                                              .ticks = s.x,
                                              .names = s.names },
                                       .y = { .label = "correlation" },
                                       .aspect = 2,
                                       .legend = DV_LEGEND_RIGHT });
        add_curve(to, &s, n, layers, DV_RULE_DECONVNET, DV_RULE_GUIDED, DV_MARKER_DOT);
        add_curve(to, &s, n, layers, DV_RULE_DECONVNET, DV_RULE_GRADIENT, DV_MARKER_SQUARE);
        add_curve(to, &s, n, layers, DV_RULE_GRADIENT, DV_RULE_GUIDED, DV_MARKER_TRIANGLE);
    }
    free(layers);
    free(block);
    free((void *)s.names);
    return ok || dv_fail(err, DV_NO_MEMORY, "no memory for the curves of %d layers", n);
}

/* -- all of it -------------------------------------------------------------------------------- */

static void add_caption(dv_text *t, const dv_compared_figure *f, int32_t n_images)
{
    dv_text_format(t, "%s; r: correlation with the deconvnet's over the receptive field.",
                   f->o->own_scales ? "Each projection has its own scale"
                                    : "Projections of a unit are on one scale");
    if (f->o->rectify == DV_RECTIFY_ALL)
        dv_text_format(t, " Activations that are no ReLU are rectified too (--rectify all).");
    if (f->o->units->n > 1)
        dv_text_format(t, " Below: mean over %d units of %d image%s, with its 95 %% interval%s.",
                       f->o->units->n_units, (int)n_images, n_images == 1 ? "" : "s",
                       n_images == 1 ? " over units" : " over images");
}

static bool write_figure(const dv_compared_figure *f, const dv_figure *figure, dv_error *err)
{
    const dv_provenance says = { .model = dv_model_name(f->model),
                                 .model_sha256 = dv_model_sha256(f->model, err),
                                 .image = f->image,
                                 .image_sha256 = f->sha256,
                                 .rule = "all",
                                 .rectify = f->o->rectify,
                                 .seed = f->o->seed == DV_SEED_ONE ? "one" : "value",
                                 .scales = f->o->own_scales ? "tile" : "sheet" };
    return says.model_sha256 && dv_figure_write(figure, &f->o->figure, &says, err);
}

bool dv_compared_write(const dv_compared_figure *f, int32_t n_images,
                       const dv_compared_rules *results, dv_error *err)
{
    dv_text title = { 0 }, caption = { 0 };
    words w = { .row = { NULL } };
    dv_text_format(&title, "%s under three rules%s", dv_model_name(f->model),
                   f->o->rectify == DV_RECTIFY_ALL ? ", rectify all" : "");
    add_caption(&caption, f, n_images);
    bool ok = dv_text_ok(&title, "a title", err) && dv_text_ok(&caption, "a caption", err) &&
              fill_words(f, results, &w, err);
    dv_figure figure = { .title = title.data, .caption = caption.data };
    if (ok)
        add_units(f, &figure, &w);
    ok = ok && (f->o->units->n < 2 || add_layers(f, &figure, n_images, results, err)) &&
         write_figure(f, &figure, err);
    dv_figure_free(&figure);
    free_words(&w);
    free(title.data);
    free(caption.data);
    return ok;
}
