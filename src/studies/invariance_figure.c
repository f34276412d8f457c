/* The paper's figure: a row for each motion, below it all layers as heat maps, and shift
 * consistency.
 */
#include "studies/invariance_figure.h"

#include "base/format.h"
#include "base/text.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { TICKS_MAX = 12, WORDS_MAX = 48 };

static const double aspect_of_consistency = 4.5;

/* -- what panels share ------------------------------------------------------------------------ */

/* The ends of an axis and its quarters, where these are short numbers; else round ones are found.
 */
static void quarter(dv_axis *a, double ticks[DV_STRETCH_TICKS])
{
    char text[WORDS_MAX];
    for (int i = 0; i <= 4; i++) {
        ticks[i] = a->min + (a->max - a->min) * i / 4;
        if (dv_format(text, sizeof text, "%g", ticks[i]) > 4)
            return;
    }
    if (a->min < a->max) {
        a->n_ticks = 5;
        a->ticks = ticks;
    }
}

dv_axis dv_stretch_axis(const dv_invariance_drawing *d, const dv_stretch *s,
                        double ticks[DV_STRETCH_TICKS])
{
    dv_axis a = { .label = "scale", .min = s->x[0], .max = s->x[s->n - 1] };
    if (s->motion == DV_MOTION_TRANSLATION) {
        a.label = d->study->o->along_x ? "shift right" : "shift down";
        a.unit = "px";
    } else if (s->motion == DV_MOTION_ROTATION) {
        a.label = "rotation";
        a.unit = "°";
    }
    quarter(&a, ticks);
    return a;
}

bool dv_invariance_has_curves(const dv_invariance_drawing *d)
{
    return d->r->images == d->study->n_kept;
}

const dv_estimate *dv_invariance_estimate(const dv_invariance_drawing *d, int point, int layer)
{
    return layer < 0 ? &d->r->probability[point]
                     : &d->r->normalised[(size_t)point * (size_t)d->r->n_layers + (size_t)layer];
}

/* -- all layers ------------------------------------------------------------------------------- */

/* Every so many layers, and the last, which is at the top. */
static int list_layer_ticks(const dv_invariance *r, double ticks[TICKS_MAX],
                            const char *names[TICKS_MAX])
{
    const int last = r->n_layers - 1, every = last / (TICKS_MAX - 2) + 1;
    int n = 0;
    for (int l = last; l >= 0; l--)
        if (l == last || (l % every == 0 && (l + every / 2 < last))) {
            ticks[n] = r->n_layers - l - 0.5;
            names[n++] = r->layers[l].name;
        }
    return n;
}

/* The first layer is at the bottom. */
static void add_heat(dv_invariance_drawing *d, const dv_stretch *s, bool first, bool last)
{
    const dv_invariance *r = d->r;
    double ticks[DV_STRETCH_TICKS], layer_ticks[TICKS_MAX];
    const char *names[TICKS_MAX];
    for (int l = 0; l < r->n_layers; l++)
        for (int k = 0; k < s->n; k++)
            d->heat[(size_t)(r->n_layers - 1 - l) * (size_t)s->n + (size_t)k] =
                (float)dv_invariance_estimate(d, s->first + k, l)->mean;
    dv_heat h = { .title = dv_motion_name(s->motion),
                  .rows = r->n_layers,
                  .columns = s->n,
                  .values = d->heat,
                  .max = d->farthest,
                  .bar = last ? "distance / norm" : NULL,
                  .x = dv_stretch_axis(d, s, ticks),
                  .aspect = 1.2 };
    h.y.label = first ? "layer" : NULL;
    h.y.n_ticks = list_layer_ticks(r, layer_ticks, names);
    h.y.ticks = layer_ticks;
    h.y.names = names;
    if (s->n > 1) { /* amounts stand in the middle of their cells */
        const double half = (h.x.max - h.x.min) / (s->n - 1) / 2;
        h.x.min -= half;
        h.x.max += half;
    }
    dv_figure_heat(&d->figure, &h);
}

static void add_heats(dv_invariance_drawing *d)
{
    int last = -1, first = -1;
    for (int m = 0; m < DV_N_MOTIONS; m++)
        if (d->stretches[m].n > 0) {
            first = first < 0 ? m : first;
            last = m;
        }
    if (last < 0)
        return;
    for (int p = 0; p < d->r->n_points; p++)
        for (int l = 0; l < d->r->n_layers; l++)
            d->farthest = fmax(d->farthest, dv_invariance_estimate(d, p, l)->mean);
    dv_figure_row(&d->figure, "All layers");
    for (int m = first; m <= last; m++)
        if (d->stretches[m].n > 0)
            add_heat(d, &d->stretches[m], m == first, m == last);
}

static void add_consistency(dv_invariance_drawing *d)
{
    const dv_consistency *c = &d->r->consistency;
    enum { BINS = sizeof c->bins / sizeof c->bins[0] };
    double x[BINS], y[BINS], low[BINS], high[BINS];
    int n = 0;
    if (c->pairs == 0)
        return;
    for (int i = 0; i < c->n_bins; i++) {
        const dv_estimate e = dv_consistency_share(&c->bins[i]);
        if (e.n == 0)
            continue;
        x[n] = (c->bins[i].min + c->bins[i].max) / 2;
        y[n] = 100 * e.mean;
        low[n] = 100 * e.low;
        high[n++] = 100 * e.high;
    }
    const dv_axes a = { .title = "shift consistency",
                        .x = { .label = "shift from one view to the other",
                               .unit = "px",
                               .max = c->bins[c->n_bins - 1].max },
                        .y = { .label = "same class", .unit = "%", .max = 100 },
                        .aspect = aspect_of_consistency,
                        .legend = DV_LEGEND_NONE };
    dv_figure_row(&d->figure, NULL);
    dv_figure_axes(&d->figure, &a);
    dv_figure_curve(&d->figure, &(dv_curve){ .n = n,
                                             .x = x,
                                             .y = y,
                                             .low = low,
                                             .high = high,
                                             .color = DV_COLOR_FIRST,
                                             .as = DV_CURVE_BARS,
                                             .width = 0.85 * (c->bins[0].max - c->bins[0].min) });
}

/* -- the figure ------------------------------------------------------------------------------- */

static bool make_room(dv_invariance_drawing *d, dv_error *err)
{
    const dv_invariance *r = d->r;
    const size_t points = (size_t)r->n_points + 1;
    d->room = calloc(4 * points, sizeof *d->room);
    d->heat = calloc(points * (size_t)r->n_layers, sizeof *d->heat);
    if (!d->room || !d->heat)
        return dv_fail(err, DV_NO_MEMORY, "no memory for %d transforms", r->n_points);
    for (int m = 0, at = 0; m < DV_N_MOTIONS; m++) {
        dv_stretch *s = &d->stretches[m];
        *s = (dv_stretch){ .motion = (dv_motion)m, .first = at };
        s->x = d->room + at;
        s->y = s->x + points;
        s->low = s->y + points;
        s->high = s->low + points;
        for (; at < r->n_points && r->points[at].motion == s->motion; at++)
            s->x[s->n++] = r->points[at].amount;
    }
    return true;
}

static void describe(const dv_invariance_drawing *d, dv_text *title, dv_text *caption)
{
    static const char *const fills[DV_N_FILLS] = { "its mean colour", "grey", "its edge",
                                                   "the photograph mirrored" };
    const dv_invariance *r = d->r;
    const dv_consistency *c = &r->consistency;
    dv_text_format(title, "Invariance of %s: %d image%s", dv_model_name(d->study->model), r->images,
                   r->images == 1 ? "" : "s");
    if (r->n_points > 0) {
        dv_text_format(caption,
                       "Euclidean distance of features from those of the untransformed image, "
                       "divided by their norm, and probability of the %s class. ",
                       r->labelled ? "true" : "predicted");
        if (dv_invariance_has_curves(d) && r->images > 1)
            dv_text_format(caption, "A line is an image, in the colour of its frame. ");
        else if (!dv_invariance_has_curves(d))
            dv_text_format(caption, "Lines are means, bands their 95 %% intervals. ");
        dv_text_format(caption, "Where a photograph ends, %s is seen. ", fills[d->study->o->fill]);
    }
    if (c->pairs > 0)
        dv_text_format(caption,
                       "Two random shifts of an image have the same class in %.1f %% of %lld pairs "
                       "(95 %% interval %.1f to %.1f %%).",
                       100 * c->share.mean, (long long)c->pairs, 100 * c->share.low,
                       100 * c->share.high);
}

static bool write(dv_invariance_drawing *d, dv_error *err)
{
    static const char *const fills[DV_N_FILLS] = { "mean", "grey", "edge", "reflect" };
    const dv_invariance_study *s = d->study;
    dv_text title = { 0 }, caption = { 0 };
    char images[16], pairs[64];
    describe(d, &title, &caption);
    snprintf(images, sizeof images, "%d", d->r->images);
    snprintf(pairs, sizeof pairs, "%d of each image, seed %llu", s->o->pairs,
             (unsigned long long)s->o->seed);
    const dv_png_text more[] = { { "Study", "invariance" },
                                 { "Images", images },
                                 { "Fill", fills[s->o->fill] },
                                 { "Pairs", pairs } };
    dv_provenance says = { .model = dv_model_name(s->model),
                           .image = d->r->images == 1 ? s->kept[0].is.path : NULL,
                           .n_more = 4,
                           .more = more };
    says.model_sha256 = dv_model_sha256(s->model, err);
    d->figure.title = title.data;
    d->figure.caption = caption.data;
    const bool ok = says.model_sha256 && dv_text_ok(&title, "a title", err) &&
                    dv_text_ok(&caption, "a caption", err) &&
                    dv_figure_write(&d->figure, &s->o->figure, &says, err);
    free(title.data);
    free(caption.data);
    return ok;
}

bool dv_invariance_draw(const dv_invariance_study *s, dv_error *err)
{
    dv_invariance_drawing d = { .study = s, .r = s->result };
    bool ok = make_room(&d, err) && (d.r->n_points == 0 || dv_invariance_read_frame(&d, err));
    if (ok && d.r->n_points > 0 && dv_invariance_has_curves(&d) && d.r->images > 1)
        ok = dv_invariance_add_images(&d, err);
    for (int m = 0; ok && m < DV_N_MOTIONS; m++)
        ok = d.stretches[m].n == 0 || dv_invariance_add_motion(&d, &d.stretches[m], err);
    if (ok) {
        add_heats(&d);
        add_consistency(&d);
        ok = write(&d, err);
    }
    dv_figure_free(&d.figure);
    dv_frame_free(&d.frame);
    free(d.room);
    free(d.heat);
    return ok;
}
