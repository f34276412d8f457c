/* ablate_figure.c - accuracy against the share of a layer that is silenced, and what is left
 * without layers. */
#include "base/text.h"
#include "plot/figure.h"
#include "studies/ablate_parts.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    A_ROW = 4,
    LABEL_MAX = 24,
    MOST_TICKS = 16,
    NARROW = 120, /* mm: a column of a paper */
};

typedef struct drawing {
    const dv_ablating *a;
    const dv_ablation *r;
    dv_figure f;
    double highest; /* of the axes, in percent */
    double x[DV_ABLATE_SHARES_MAX + 1], y[DV_ABLATE_SHARES_MAX + 1];
    double low[DV_ABLATE_SHARES_MAX + 1], high[DV_ABLATE_SHARES_MAX + 1];
} drawing;

static const char *what_is_right(const drawing *d)
{
    return d->r->labelled ? "top-1" : "agreement";
}

/* -- silenced --------------------------------------------------------------------------------- */

/* From the network as it is on. How many points there are; 1: this order was not asked for. */
static int collect(drawing *d, int layer, dv_ablate_order order)
{
    const dv_ablated_share *whole = &d->r->parts[0].top1;
    int n = 1;
    d->x[0] = 0;
    d->y[0] = 100 * whole->share;
    d->low[0] = 100 * (order == DV_ABLATE_RANDOM ? whole->share : whole->low);
    d->high[0] = 100 * (order == DV_ABLATE_RANDOM ? whole->share : whole->high);
    for (int i = 0; i < d->r->n; i++) {
        const dv_ablated *p = &d->r->parts[i];
        if (p->how != DV_ABLATED_SILENCED || p->layer != layer || p->order != order)
            continue;
        d->x[n] = 100.0 * p->units / p->channels;
        d->y[n] = 100 * p->top1.share;
        d->low[n] = 100 * p->top1.low;
        d->high[n++] = 100 * p->top1.high;
    }
    return n;
}

static void add_level(drawing *d, const char *name, double percent, double to)
{
    const double x[] = { 0, to }, y[] = { percent, percent };
    dv_figure_curve(
        &d->f,
        &(dv_curve){
            .name = name, .n = 2, .x = x, .y = y, .color = DV_COLOR_GREY, .as = DV_CURVE_DOTTED });
}

/* The end of a long name, behind its last slash but one. */
static void shorten(const char *name, char to[LABEL_MAX])
{
    const char *at = name + strlen(name);
    for (int slashes = 0; at > name && slashes < 2 && strlen(at) + 1 < LABEL_MAX; at--)
        slashes += at[-1] == '/';
    snprintf(to, LABEL_MAX, "%.*s", LABEL_MAX - 1, *at == '/' ? at + 1 : at);
}

static void add_layer(drawing *d, int layer)
{
    static const char *const names[DV_ABLATE_ORDERS] = { "random", "weakest", "strongest" };
    static const dv_marker markers[DV_ABLATE_ORDERS] = { DV_MARKER_DOT, DV_MARKER_TRIANGLE,
                                                         DV_MARKER_SQUARE };
    const dv_silenced *s = &d->a->silenced[layer];
    char name[LABEL_MAX], title[LABEL_MAX + 48];
    shorten(s->name, name);
    const double most = 100 * d->a->o->shares[d->a->o->n_shares - 1];
    const bool number = name[strspn(name, "0123456789")] == '\0';
    snprintf(title, sizeof title, "%s%s: %d units", number ? "layer " : "", name, (int)s->channels);
    const dv_axes axes = {
        .title = title,
        .x = { .label = "silenced", .unit = "%", .max = most },
        .y = { .label = what_is_right(d), .unit = "%", .max = d->highest },
        .aspect = 1.15,
        .legend = layer + 1 == d->a->n_silenced ? DV_LEGEND_RIGHT : DV_LEGEND_NONE,
    };
    dv_figure_axes(&d->f, &axes);
    for (int k = 0; k < DV_ABLATE_ORDERS; k++) {
        const int n = collect(d, layer, (dv_ablate_order)k);
        if (n < 2)
            continue;
        dv_figure_curve(&d->f, &(dv_curve){ .name = names[k],
                                            .n = n,
                                            .x = d->x,
                                            .y = d->y,
                                            .low = d->low,
                                            .high = d->high,
                                            .color = DV_COLOR_FIRST + k,
                                            .marker = markers[k] });
    }
    add_level(d, "one class", 100 * d->r->chance, most);
}

/* So many in a row that the last has room for the legend. */
static void add_silenced(drawing *d)
{
    const int n = d->a->n_silenced;
    if (dv_silenced_orders(d->a->o) == 0)
        return;
    const int each = n % A_ROW != 0 ? A_ROW : n % (A_ROW - 1) != 0 ? A_ROW - 1 : A_ROW + 1;
    for (int i = 0; i < n; i++) {
        if (i % each == 0)
            dv_figure_row(&d->f, NULL);
        add_layer(d, i);
    }
}

/* -- without layers --------------------------------------------------------------------------- */

static bool stands_in_bars(const dv_ablated *p)
{
    return p->how == DV_ABLATED_SKIPPED || p->how == DV_ABLATED_PROBED;
}

static const char *bar_label(const dv_ablated *p, char to[LABEL_MAX + 16])
{
    char name[LABEL_MAX];
    if (p->how == DV_ABLATED_WHOLE)
        return "none";
    shorten(p->layers, name);
    if (p->how == DV_ABLATED_SKIPPED)
        snprintf(to, LABEL_MAX + 16, "%s", name);
    else
        snprintf(to, LABEL_MAX + 16, "probe on %s", name);
    return to;
}

static int count_bars(const dv_ablation *r)
{
    int n = 1;
    for (int i = 0; i < r->n; i++)
        n += stands_in_bars(&r->parts[i]);
    return n;
}

typedef struct bars {
    double *x, *y, *low, *high; /* (n), one behind the other */
    char (*labels)[LABEL_MAX + 16];
    const char **names;
} bars;

static void fill_bars(const drawing *d, bars *b)
{
    for (int i = 0, at = 0; i < d->r->n; i++) {
        const dv_ablated *p = &d->r->parts[i];
        if (i > 0 && !stands_in_bars(p))
            continue;
        b->x[at] = at + 1;
        b->y[at] = 100 * p->top1.share;
        b->low[at] = 100 * p->top1.low;
        b->high[at] = 100 * p->top1.high;
        b->names[at] = bar_label(p, b->labels[at]);
        at++;
    }
}

static bool add_bars(drawing *d, dv_error *err)
{
    const int n = count_bars(d->r);
    const double width = d->a->o->figure.width;
    const size_t size = (size_t)n;
    if (n < 2)
        return true;
    bars b = { .x = calloc(4 * size, sizeof *b.x),
               .labels = calloc(size, sizeof *b.labels),
               .names = calloc(size, sizeof *b.names) };
    const bool ok = b.x && b.labels && b.names;
    if (ok) {
        b.y = b.x + n;
        b.low = b.y + n;
        b.high = b.low + n;
        fill_bars(d, &b);
        dv_axes axes = { .x = { .label = "layers left out",
                                .min = 0.4,
                                .max = n + 0.6,
                                .n_ticks = n < MOST_TICKS ? n : MOST_TICKS,
                                .ticks = b.x,
                                .names = b.names },
                         .y = { .label = what_is_right(d), .unit = "%", .max = d->highest },
                         .aspect =
                             fmin(width > 0 && width < NARROW ? 2.5 : 4.5, fmax(1.6, 0.5 * n)),
                         .legend = DV_LEGEND_NONE };
        dv_figure_row(&d->f, NULL);
        dv_figure_axes(&d->f, &axes);
        dv_figure_curve(&d->f, &(dv_curve){ .n = n,
                                            .x = b.x,
                                            .y = b.y,
                                            .low = b.low,
                                            .high = b.high,
                                            .color = DV_COLOR_FIRST,
                                            .as = DV_CURVE_BARS,
                                            .width = 0.7 });
        add_level(d, NULL, 100 * d->r->chance, n + 0.6);
    }
    free(b.x);
    free(b.labels);
    free(b.names);
    return ok || dv_fail(err, DV_NO_MEMORY, "no memory to draw %d bars", n);
}

/* -- the figure ------------------------------------------------------------------------------- */

static void describe(const drawing *d, dv_text *title, dv_text *caption)
{
    const dv_ablate_options *o = d->a->o;
    dv_text_format(title, "%s with parts of it taken away", dv_model_name(d->a->model));
    dv_text_format(caption, "%d images; right is %s. ", (int)d->r->images,
                   d->r->labelled ? "the true class" : "what the whole network says");
    if (d->a->n_silenced > 0 && dv_silenced_orders(o) > 0) {
        dv_text_format(
            caption,
            "Units of one layer are set to zero behind its activation, the weakest or the "
            "strongest first by %s, or at random. ",
            o->strength == DV_ABLATE_BY_WEIGHTS ? "the sum of their absolute weights"
                                                : "their mean activation over the images");
        if (o->orders[DV_ABLATE_RANDOM] && o->draws > 1)
            dv_text_format(caption,
                           "Random: mean and 95 %% interval (Student's t) over %d orders, seed "
                           "%llu. ",
                           o->draws, (unsigned long long)o->seed);
        dv_text_format(caption, "%s: 95 %% intervals over images (Wilson). ",
                       o->orders[DV_ABLATE_RANDOM] && o->draws > 1 ? "Others" : "Bands");
    }
    if (d->a->n_skips > 0)
        dv_text_format(caption,
                       "Left out: a layer's values are those of its input. Nothing was trained "
                       "again%s. ",
                       d->a->probe >= 0 ? " but the probe" : "");
    if (d->a->probe >= 0)
        dv_text_format(caption,
                       "Probe: a linear classifier on the layer's pooled values, trained on %s. ",
                       o->probe_images ? "other images" : "the other folds of these images");
    dv_text_format(caption, "Dotted: always the same class, %.1f %%.", 100 * d->r->chance);
}

static bool write(drawing *d, dv_error *err)
{
    dv_text title = { 0 }, caption = { 0 };
    char seed[32];
    const dv_model *m = d->a->model;
    snprintf(seed, sizeof seed, "%llu", (unsigned long long)d->a->o->seed);
    const dv_png_text more[] = { { "Study", "ablate" }, { "Random-Seed", seed } };
    const dv_provenance says = { .model = dv_model_name(m),
                                 .model_sha256 = dv_model_sha256(m, err),
                                 .n_more = 2,
                                 .more = more };
    describe(d, &title, &caption);
    d->f.title = title.data;
    d->f.caption = caption.data;
    const bool ok = says.model_sha256 && dv_text_ok(&title, "a title", err) &&
                    dv_text_ok(&caption, "a caption", err) &&
                    dv_figure_write(&d->f, &d->a->o->figure, &says, err);
    free(title.data);
    free(caption.data);
    return ok;
}

bool dv_ablate_draw(const dv_ablating *a, dv_error *err)
{
    drawing d = { .a = a, .r = a->r };
    for (int i = 0; i < a->r->n; i++)
        d.highest = fmax(d.highest, 100 * a->r->parts[i].top1.high);
    d.highest = fmin(100, 1.05 * d.highest);
    add_silenced(&d);
    const bool ok = add_bars(&d, err) && write(&d, err);
    dv_figure_free(&d.f);
    return ok;
}
