/* probe_figure.c - accuracy against training images and layer by layer; precision by class. */
#include "base/text.h"
#include "plot/figure.h"
#include "studies/probe_parts.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_CURVES = 7, MOST_TICKS = 12, SHORT_MAX = 24 };

typedef struct drawing {
    const dv_probing *p;
    const dv_probe *r;
    dv_figure f;
    double *x, *y, *low, *high; /* (n_layers + n_counts + n_classes) */
    char (*names)[SHORT_MAX];   /* (n_layers) short */
    const char **shown;         /* (n_layers) */
} drawing;

/* The last part of a long name: of "/features/features.3/Concat_output_0" the one before the
 * output's. */
static void shorten(const char *name, char to[SHORT_MAX])
{
    const char *at = name;
    char copy[256];
    snprintf(copy, sizeof copy, "%s", name);
    char *slash = strrchr(copy, '/');
    if (strlen(name) >= SHORT_MAX && slash && slash > copy) {
        *slash = '\0';
        const char *before = strrchr(copy, '/');
        at = before ? before + 1 : copy;
    }
    snprintf(to, SHORT_MAX, "%.*s", SHORT_MAX - 1, at);
}

static const dv_probe_accuracy *accuracy_of(const dv_probe *r, int layer, int count)
{
    return &r->accuracies[layer * r->n_counts + count];
}

static void put(drawing *d, int i, double x, const dv_probe_mean *m)
{
    d->x[i] = x;
    d->y[i] = 100 * m->mean;
    d->low[i] = 100 * (isfinite(m->low) ? fmax(m->low, 0) : m->mean);
    d->high[i] = 100 * (isfinite(m->high) ? fmin(m->high, 1) : m->mean);
}

static bool is_number(const char *text)
{
    return text[0] && text[strspn(text, "0123456789")] == '\0';
}

/* A line a layer; of many layers some, the last among them. */
static void add_curves(drawing *d)
{
    const dv_probe *r = d->r;
    double ticks[DV_PROBE_COUNTS_MAX];
    const int n = r->n_layers < MOST_CURVES ? r->n_layers : MOST_CURVES;
    for (int k = 0; k < r->n_counts; k++)
        ticks[k] = r->counts[k];
    dv_figure_axes(&d->f, &(dv_axes){ .x = { .label = "training images of a class",
                                             .n_ticks = r->n_counts,
                                             .ticks = ticks },
                                      .y = { .label = "accuracy", .unit = "%" },
                                      .aspect = 1.5,
                                      .legend = DV_LEGEND_RIGHT });
    for (int i = n - 1; i >= 0; i--) {
        const int l = n > 1 ? (int)lround((double)i * (r->n_layers - 1) / (n - 1)) : 0;
        for (int k = 0; k < r->n_counts; k++)
            put(d, k, r->counts[k], &accuracy_of(r, l, k)->by_class);
        char name[SHORT_MAX + 8];
        snprintf(name, sizeof name, "layer %s", d->shown[l]);
        dv_figure_curve(&d->f, &(dv_curve){ .name = is_number(d->shown[l]) ? name : d->shown[l],
                                            .n = r->n_counts,
                                            .x = d->x,
                                            .y = d->y,
                                            .low = d->low,
                                            .high = d->high,
                                            .color = DV_COLOR_FIRST + i % DV_N_COLORS,
                                            .marker = DV_MARKER_DOT });
    }
}

/* For axes that layers stand on; of many every so many has its name. */
static dv_axis layer_axis(const drawing *d, double *ticks, const char **names, double first)
{
    const int n = d->r->n_layers, every = (n + MOST_TICKS - 1) / MOST_TICKS;
    dv_axis a = { .label = "layer", .ticks = ticks, .names = names };
    for (int l = (n - 1) % every; l < n; l += every) { /* the last among them */
        ticks[a.n_ticks] = l + first;
        names[a.n_ticks++] = d->shown[l];
    }
    return a;
}

/* Bars of a group for each count, then chance. */
static void add_layers(drawing *d)
{
    const dv_probe *r = d->r;
    double ticks[MOST_TICKS];
    const char *names[MOST_TICKS];
    dv_axes a = { .x = layer_axis(d, ticks, names, 1),
                  .y = { .label = "accuracy", .unit = "%" },
                  .aspect = 2.6,
                  .legend = DV_LEGEND_RIGHT };
    const double width = 0.8 / r->n_counts;
    a.x.min = 0.4;
    a.x.max = r->n_layers + 0.6;
    for (int i = 0; i < r->n_accuracies; i++)
        a.y.max = fmax(a.y.max, 100 * fmax(r->accuracies[i].by_class.mean,
                                           isfinite(r->accuracies[i].by_class.high)
                                               ? fmin(r->accuracies[i].by_class.high, 1)
                                               : 0));
    a.y.max = fmin(100, a.y.max * 1.05);
    dv_figure_axes(&d->f, &a);
    for (int k = 0; k < r->n_counts; k++) {
        char name[32];
        snprintf(name, sizeof name, "%d images", r->counts[k]);
        for (int l = 0; l < r->n_layers; l++)
            put(d, l, l + 1 + (k - (r->n_counts - 1) / 2.0) * width,
                &accuracy_of(r, l, k)->by_class);
        const bool bands = r->splits > 1;
        dv_figure_curve(&d->f, &(dv_curve){ .name = name,
                                            .n = r->n_layers,
                                            .x = d->x,
                                            .y = d->y,
                                            .low = bands ? d->low : NULL,
                                            .high = bands ? d->high : NULL,
                                            .color = DV_COLOR_FIRST + k % DV_N_COLORS,
                                            .as = DV_CURVE_BARS,
                                            .width = width * 0.92 });
    }
    const double x[] = { 0.4, r->n_layers + 0.6 }, y[] = { 100 * r->chance, 100 * r->chance };
    dv_figure_curve(&d->f, &(dv_curve){ .name = "chance",
                                        .n = 2,
                                        .x = x,
                                        .y = y,
                                        .color = DV_COLOR_GREY,
                                        .as = DV_CURVE_DASHED });
}

/* -- VOC -------------------------------------------------------------------------------------- */

static bool add_precisions(drawing *d, dv_error *err)
{
    const dv_probe *r = d->r;
    const int rows = r->n_classes + 1;
    double layer_ticks[MOST_TICKS];
    const char *layer_names[MOST_TICKS];
    float *values = calloc((size_t)rows * (size_t)r->n_layers, sizeof *values);
    const char **names = calloc((size_t)rows, sizeof *names);
    if (!values || !names) {
        free(values);
        free(names);
        return dv_fail(err, DV_NO_MEMORY, "no memory to draw %d classes", rows);
    }
    for (int c = 0; c < rows; c++) {
        names[c] = c < r->n_classes ? r->classes[c] : "mean";
        d->x[c] = c + 0.5;
        for (int l = 0; l < r->n_layers; l++)
            values[c * r->n_layers + l] = (float)(100 * r->precisions[l * rows + c].area);
    }
    dv_heat h = { .rows = rows,
                  .columns = r->n_layers,
                  .values = values,
                  .max = 100,
                  .bar = "average precision (%)",
                  .x = layer_axis(d, layer_ticks, layer_names, 0.5),
                  .y = { .n_ticks = rows, .ticks = d->x, .names = names },
                  .aspect = fmin(2.5, fmax(0.4, 2.2 * r->n_layers / rows)),
                  .numbers = r->n_layers <= 12 && rows <= 40 };
    dv_figure_row(&d->f, NULL);
    dv_figure_heat(&d->f, &h);
    free(values);
    free(names);
    return true;
}

/* -- the figure ------------------------------------------------------------------------------- */

static void describe(const drawing *d, dv_text *title, dv_text *caption)
{
    const dv_probe *r = d->r;
    const dv_probe_options *o = d->p->o;
    const char *what = o->classifier == DV_PROBE_SVM ? "Linear SVMs" : "Logistic regressions";
    dv_text_format(title, "Linear probes of %s", d->p->d->model ? d->p->d->model : "features");
    if (r->voc) {
        dv_text_format(
            caption,
            "%s, a class against the rest, trained on VOC's set %s, tested on the %d images of "
            "%s. Average precision: the area under the interpolated curve. A random order has "
            "%.1f %%.",
            what, o->voc_train, (int)r->test_images, o->voc_test, 100 * r->chance);
        return;
    }
    dv_text_format(
        caption,
        "%s, a class against the rest, of %d classes: mean over the classes of the share of "
        "test images that is right. ",
        what, r->n_classes);
    if (r->splits > 1)
        dv_text_format(caption, "Means over %d splits with 95 %% intervals, seed %llu. ", r->splits,
                       (unsigned long long)o->seed);
    if (o->c > 0)
        dv_text_format(caption, "C is %g. ", o->c);
    else
        dv_text_format(caption, "C is chosen inside the training images. ");
    dv_text_format(caption, "%d test images of a split. Chance is %.1f %%.", (int)r->test_images,
                   100 * r->chance);
}

static bool write(drawing *d, dv_error *err)
{
    dv_text title = { 0 }, caption = { 0 };
    char seed[32];
    snprintf(seed, sizeof seed, "%llu", (unsigned long long)d->p->o->seed);
    const dv_png_text more[] = { { "Study", "probe" },
                                 { "Features", d->p->d->path },
                                 { "Classifier",
                                   d->p->o->classifier == DV_PROBE_SVM ? "svm" : "logistic" },
                                 { "Random-Seed", seed } };
    const dv_provenance says = {
        .model = d->p->d->model, .model_sha256 = d->p->d->digest, .n_more = 4, .more = more
    };
    describe(d, &title, &caption);
    d->f.title = title.data;
    d->f.caption = caption.data;
    const bool ok = dv_text_ok(&title, "a title", err) && dv_text_ok(&caption, "a caption", err) &&
                    dv_figure_write(&d->f, &d->p->o->figure, &says, err);
    free(title.data);
    free(caption.data);
    return ok;
}

bool dv_probe_draw(const dv_probing *p, dv_error *err)
{
    const dv_probe *r = p->r;
    const size_t n = (size_t)r->n_layers + (size_t)r->n_counts + (size_t)r->n_classes + 2;
    drawing d = { .p = p, .r = r };
    bool ok = true;
    d.x = calloc(4 * n, sizeof *d.x);
    d.names = calloc((size_t)r->n_layers, sizeof *d.names);
    d.shown = calloc((size_t)r->n_layers, sizeof *d.shown);
    if (!d.x || !d.names || !d.shown)
        ok = dv_fail(err, DV_NO_MEMORY, "no memory to draw %d layers", r->n_layers);
    if (ok) {
        d.y = d.x + n;
        d.low = d.y + n;
        d.high = d.low + n;
        for (int l = 0; l < r->n_layers; l++) {
            shorten(r->layers[l], d.names[l]);
            d.shown[l] = d.names[l];
        }
        if (r->voc) {
            ok = add_precisions(&d, err);
        } else {
            if (r->n_counts > 1) {
                dv_figure_row(&d.f, NULL);
                add_curves(&d);
            }
            dv_figure_row(&d.f, NULL);
            add_layers(&d);
        }
    }
    ok = ok && write(&d, err);
    dv_figure_free(&d.f);
    free(d.x);
    free(d.names);
    free(d.shown);
    return ok;
}
