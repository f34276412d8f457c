/* filters_figure.c - the filters of one network, or of two beside each other, as a figure. */
#include "plot/figure.h"
#include "studies/filters.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double RING = 1.0 / 24; /* cycles a pixel */

typedef struct drawing {
    int n;
    const dv_filters *results;
    const dv_filters_options *o;
    dv_figure figure;
    dv_text text; /* that of the last call of say */
} drawing;

/* -- words ------------------------------------------------------------------------------------ */

static void add_pair(dv_text *t, const char *before, const int32_t v[2], const char *between)
{
    dv_text_format(t, "%s%d%s%d", before, (int)v[0], between, (int)v[1]);
}

static void add_stride(dv_text *t, const int32_t stride[2])
{
    if (stride[0] == stride[1])
        dv_text_format(t, ", stride %d", (int)stride[0]);
    else
        add_pair(t, ", stride ", stride, ",");
}

/* "alexnet64 conv1: 64 filters, 11x11, stride 4" */
static const char *layer_title(drawing *d, const dv_filters *r)
{
    const dv_filters_layer *l = &r->layer;
    d->text.size = 0;
    dv_text_format(&d->text, "%s %s: %d ", l->network, l->name, l->n);
    dv_text_format(&d->text, l->projected ? "projections" : "filters");
    add_pair(&d->text, ", ", l->kernel, "x");
    if (!l->projected)
        add_stride(&d->text, l->stride);
    return d->text.failed ? "" : d->text.data;
}

static const char *second_title(drawing *d, const dv_filters *r)
{
    d->text.size = 0;
    dv_text_format(&d->text, "%s%sprojections from %s", d->n > 1 ? r->layer.network : "",
                   d->n > 1 ? ": " : "", r->layer.second);
    return d->text.failed ? "" : d->text.data;
}

static const char *file_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

/* What the figure shows, then what follows from it for each network. */
static void add_caption(const drawing *d, dv_text *t)
{
    const dv_filters_layer *l = &d->results[0].layer;
    dv_text_format(t,
                   "%s; grey is zero, %s. Framed: dead or dominating (RMS below %g or above %g "
                   "times the median).",
                   l->projected ? "Projections of the strongest unit of each channel" : "Filters",
                   d->o->one_scale ? "all are on one scale" : "each is on its own scale",
                   d->o->dead, d->o->dominating);
    if (l->projected || d->results[0].n_second > 0)
        dv_text_format(t, " %s the rule %s and the switches of %s.",
                       l->projected ? "By"
                                    : "Projected: units of the second convolution that "
                                      "answer most, by",
                       dv_rule_name(d->o->rule),
                       d->o->image ? file_name(d->o->image) : "a picture of dead leaves");
    dv_text_format(t, " Dashed: the Nyquist limit of the first layer's stride%s.",
                   l->projected ? "" : "; the RMS of 0.1, from where the paper renormalises");
    for (int i = 0; i < d->n; i++) {
        char *verdict = dv_filters_verdict(&d->results[i].layer);
        dv_text_format(t, "\n%s: %s", d->results[i].layer.network, verdict ? verdict : "");
        t->failed = t->failed || !verdict;
        free(verdict);
    }
}

/* -- pictures --------------------------------------------------------------------------------- */

static char *label_of(dv_text *labels, const dv_filter *f)
{
    const size_t at = labels->size;
    dv_text_format(labels, "%d", (int)f->channel);
    dv_text_add(labels, "", 1);
    return labels->failed ? NULL : labels->data + at;
}

/* As many as rows, or up to half as many more, so that the last row is as full as can be. */
static int columns_for(int n)
{
    int best = (int)ceil(sqrt(n));
    for (int columns = best; 2 * columns <= 3 * (int)ceil(sqrt(n)); columns++)
        if ((columns - n % columns) % columns < (best - n % best) % best)
            best = columns;
    return best;
}

/* Filters in their own order need no numbers. */
static void add_filters(drawing *d, const dv_filters *r)
{
    const bool labelled = d->o->sort != DV_FILTERS_BY_INDEX || r->layer.projected;
    dv_shown *shown = calloc((size_t)r->n + 1, sizeof *shown);
    dv_text labels = { 0 };
    for (int i = 0; shown && labelled && i < r->n; i++) /* where all stand is known behind this */
        (void)label_of(&labels, &r->filters[i]);
    labels.size = 0;
    for (int i = 0; shown && i < r->n; i++)
        shown[i] = (dv_shown){ .picture = r->pictures[i],
                               .label = labelled ? label_of(&labels, &r->filters[i]) : NULL,
                               .framed = r->filters[i].dead || r->filters[i].dominating };
    if (shown)
        dv_figure_grid(&d->figure, &(dv_grid){ .title = layer_title(d, r),
                                               .n = r->n,
                                               .shown = shown,
                                               .columns = columns_for(r->n),
                                               .gap = r->n > 100 ? 0.5 : 0.8 });
    d->figure.failed = d->figure.failed || !shown || labels.failed;
    free(shown);
    free(labels.data);
}

static void add_second(drawing *d, const dv_filters *r)
{
    dv_shown *shown = calloc((size_t)r->n_second + 1, sizeof *shown);
    for (int i = 0; shown && i < r->n_second; i++)
        shown[i].picture = r->second[i];
    if (shown)
        dv_figure_grid(&d->figure, &(dv_grid){ .title = second_title(d, r),
                                               .n = r->n_second,
                                               .shown = shown,
                                               .columns = d->n > 1 ? 4 : 3 });
    d->figure.failed = d->figure.failed || !shown;
    free(shown);
}

/* -- curves ----------------------------------------------------------------------------------- */

static void mark_line(drawing *d, double x0, double y0, double x1, double y1, int color)
{
    dv_figure_mark(&d->figure, &(dv_mark){ .as = DV_MARK_LINE,
                                           .x0 = x0,
                                           .y0 = y0,
                                           .x1 = x1,
                                           .y1 = y1,
                                           .color = color,
                                           .dashed = true });
}

/* Percent of the energy in each ring; the largest of them. */
static double percents(const double ring[DV_FILTER_RINGS], double y[DV_FILTER_RINGS])
{
    double most = 0;
    for (int i = 0; i < DV_FILTER_RINGS; i++) {
        y[i] = 100 * ring[i];
        most = fmax(most, y[i]);
    }
    return most;
}

static const char *curve_name(const drawing *d, int network)
{
    const dv_filters_layer *l = &d->results[network].layer;
    return d->n > 1 ? l->network : l->projected ? "projections" : "filters";
}

static int color_of(int network)
{
    return DV_COLOR_FIRST + network;
}

static void add_spectra(drawing *d)
{
    double x[DV_FILTER_RINGS], y[2][DV_FILTER_RINGS], noise[DV_FILTER_RINGS];
    double most = percents(d->results[0].layer.noise, noise);
    for (int i = 0; i < DV_FILTER_RINGS; i++)
        x[i] = (i + 0.5) * RING;
    for (int i = 0; i < d->n; i++)
        most = fmax(most, percents(d->results[i].layer.ring, y[i]));
    const double top = 1.12 * most;
    dv_figure_axes(&d->figure,
                   &(dv_axes){ .title = "Energy by frequency",
                               .x = { .label = "spatial frequency",
                                      .unit = "cycles/pixel",
                                      .max = DV_FILTER_RINGS * RING },
                               .y = { .label = "share of energy", .unit = "%", .max = top } });
    for (int i = 0; i < d->n; i++)
        dv_figure_curve(&d->figure, &(dv_curve){ .name = curve_name(d, i),
                                                 .n = DV_FILTER_RINGS,
                                                 .x = x,
                                                 .y = y[i],
                                                 .color = color_of(i),
                                                 .marker = DV_MARKER_DOT });
    dv_figure_curve(&d->figure, &(dv_curve){ .name = "white noise",
                                             .n = DV_FILTER_RINGS,
                                             .x = x,
                                             .y = noise,
                                             .color = DV_COLOR_GREY,
                                             .as = DV_CURVE_DOTTED });
    for (int i = 0; i < d->n; i++) {
        const int32_t *s = d->results[i].layer.stride;
        const int32_t stride = s[0] > s[1] ? s[0] : s[1];
        if (stride > 1)
            mark_line(d, 0.5 / stride, 0, 0.5 / stride, top, color_of(i));
    }
}

static int descending(const void *a, const void *b)
{
    const double p = *(const double *)a, q = *(const double *)b;
    return p < q ? 1 : p > q ? -1 : 0;
}

static void add_rms_curve(drawing *d, int network)
{
    const dv_filters *r = &d->results[network];
    double *x = malloc(((size_t)r->n + 1) * sizeof *x), *y = malloc(((size_t)r->n + 1) * sizeof *y);
    for (int i = 0; x && y && i < r->n; i++) {
        x[i] = 100 * (i + 0.5) / r->n;
        y[i] = r->filters[i].rms;
    }
    if (x && y) {
        qsort(y, (size_t)r->n, sizeof *y, descending);
        for (int i = 0; i < r->n; i++)
            y[i] = y[i] > 0 ? y[i] : (double)NAN;
        dv_figure_curve(&d->figure, &(dv_curve){ .name = curve_name(d, network),
                                                 .n = r->n,
                                                 .x = x,
                                                 .y = y,
                                                 .color = color_of(network) });
    }
    d->figure.failed = d->figure.failed || !x || !y;
    free(x);
    free(y);
}

static void add_rms(drawing *d)
{
    const bool projected = d->results[0].layer.projected;
    dv_figure_axes(
        &d->figure,
        &(dv_axes){ .title = projected ? "RMS of the projections" : "RMS of the filters",
                    .x = { .label = "filters, the largest first", .unit = "%", .max = 100 },
                    .y = { .label = "RMS", .log = true } });
    for (int i = 0; i < d->n; i++)
        add_rms_curve(d, i);
    if (!projected)
        mark_line(d, 0, 0.1, 100, 0.1, DV_COLOR_GREY);
}

/* -- numbers ---------------------------------------------------------------------------------- */

static void add_cells(drawing *d)
{
    enum { MOST_ROWS = 32, MOST_COLUMNS = 4 };
    const char *cells[MOST_ROWS * MOST_COLUMNS] = { NULL };
    size_t at[MOST_ROWS * MOST_COLUMNS];
    dv_text t = { 0 };
    const int columns = d->n > 1 ? 4 : 2;
    int rows = 1, n = 0;
    for (int c = 0; c < columns; c++) {
        at[n++] = t.size;
        dv_text_format(&t, "%s",
                       c == 0      ? ""
                       : c <= d->n ? d->results[c - 1].layer.network
                                   : "difference");
        dv_text_add(&t, "", 1);
    }
    for (int row = 0; rows < MOST_ROWS; row++) {
        const dv_filters_row is = dv_filters_layer_row(d->n, d->results, row);
        if (is == DV_FILTERS_NO_ROW)
            break;
        if (is != DV_FILTERS_ROW_OF_FIGURE)
            continue;
        for (int c = 0; c < columns; c++) {
            at[n++] = t.size;
            dv_filters_layer_cell(d->n, d->results, row, c, &t);
            dv_text_add(&t, "", 1);
        }
        rows++;
    }
    for (int i = 0; i < n && !t.failed; i++)
        cells[i] = t.data + at[i];
    if (!t.failed)
        dv_figure_cells(&d->figure, &(dv_cells){ .rows = rows, .columns = columns, .text = cells });
    d->figure.failed = d->figure.failed || t.failed;
    free(t.data);
}

/* -- all of it -------------------------------------------------------------------------------- */

static void add_rows(drawing *d)
{
    bool any_second = false;
    dv_figure_row(&d->figure, NULL);
    for (int i = 0; i < d->n; i++) {
        add_filters(d, &d->results[i]);
        any_second = any_second || d->results[i].n_second > 0;
    }
    if (any_second && d->n > 1)
        dv_figure_row(&d->figure, NULL);
    for (int i = 0; i < d->n; i++)
        if (d->results[i].n_second > 0)
            add_second(d, &d->results[i]);
    dv_figure_row(&d->figure, NULL);
    add_spectra(d);
    add_rms(d);
    dv_figure_row(&d->figure, NULL);
    add_cells(d);
}

bool dv_filters_write_figure(int n, const dv_filters *results, const dv_filters_options *o,
                             const dv_provenance *says, dv_error *err)
{
    drawing d = { .n = n, .results = results, .o = o };
    dv_text caption = { 0 };
    add_caption(&d, &caption);
    add_rows(&d);
    d.figure.caption = caption.data;
    const bool ok = dv_text_ok(&caption, "a caption", err) &&
                    dv_text_ok(&d.text, "a figure", err) &&
                    dv_figure_write(&d.figure, &o->figure, says, err);
    dv_figure_free(&d.figure);
    free(caption.data);
    free(d.text.data);
    return ok;
}
