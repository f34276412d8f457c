/* tally_draw.c - the figure of a classified set. */
#include "studies/tally.h"

#include "base/statistics.h"
#include "base/text.h"
#include "plot/figure.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { MOST_CLASSES = 16, MOST_PAIRS = 12 };

/* The classes that take part in the most frequent confusions, up to MOST_CLASSES. */
static int choose_classes(const dv_tally *t, int classes[MOST_CLASSES])
{
    int n = 0;
    for (int32_t i = 0; i < t->n_wrong; i++) {
        const int pair[2] = { t->wrong[i].truth, t->wrong[i].best };
        int fresh[2], n_fresh = 0;
        for (int k = 0; k < 2; k++) {
            int at = 0;
            while (at < n && classes[at] != pair[k])
                at++;
            if (at == n)
                fresh[n_fresh++] = pair[k];
        }
        if (n + n_fresh > MOST_CLASSES)
            break;
        for (int k = 0; k < n_fresh; k++)
            classes[n++] = fresh[k];
    }
    return n;
}

static int place_of(const int *classes, int n, int class)
{
    for (int i = 0; i < n; i++)
        if (classes[i] == class)
            return i;
    return -1;
}

static void add_matrix(dv_figure *f, const dv_tally *t)
{
    int classes[MOST_CLASSES];
    const int n = choose_classes(t, classes);
    float values[MOST_CLASSES * MOST_CLASSES];
    char names[MOST_CLASSES][DV_LABEL_SHORT_MAX];
    const char *texts[MOST_CLASSES];
    double ticks[MOST_CLASSES];
    if (n == 0)
        return;
    for (int i = 0; i < n; i++) {
        texts[i] = dv_label_short(t->labels, classes[i], names[i]);
        ticks[i] = i + 0.5;
        for (int k = 0; k < n; k++)
            values[i * n + k] = i == k ? (float)t->classes[classes[i]].right1 : NAN;
    }
    for (int32_t i = 0; i < t->n_wrong; i++) {
        const int row = place_of(classes, n, t->wrong[i].truth);
        const int column = place_of(classes, n, t->wrong[i].best);
        if (row >= 0 && column >= 0)
            values[row * n + column] = (float)t->wrong[i].images;
    }
    const dv_axis names_at = { .n_ticks = n, .ticks = ticks, .names = texts };
    dv_axis x = names_at, y = names_at;
    x.label = "taken for";
    y.label = "truth";
    dv_figure_heat(f, &(dv_heat){ .title = "The most confused classes",
                                  .rows = n,
                                  .columns = n,
                                  .values = values,
                                  .x = x,
                                  .y = y,
                                  .numbers = true });
}

static void add_calibration(dv_figure *f, const dv_tally *t)
{
    double x[DV_TALLY_BINS], y[DV_TALLY_BINS], low[DV_TALLY_BINS], high[DV_TALLY_BINS];
    int n = 0;
    for (int i = 0; i < DV_TALLY_BINS; i++) {
        const dv_tally_bin *b = &t->bins[i];
        double interval[2];
        if (b->images == 0)
            continue;
        dv_share_interval(b->right, b->images, interval);
        x[n] = b->confidence / b->images;
        y[n] = (double)b->right / b->images;
        low[n] = interval[0];
        high[n++] = interval[1];
    }
    dv_text title = { 0 };
    dv_text_format(&title, "Calibration: expected error %.1f %%",
                   100 * dv_tally_calibration_error(t));
    dv_figure_axes(f, &(dv_axes){ .title = title.data,
                                  .x = { .label = "probability of the best class", .max = 1 },
                                  .y = { .label = "share that is right", .max = 1 },
                                  .aspect = 1 });
    f->failed = f->failed || title.failed;
    free(title.data);
    const double ends[2] = { 0, 1 };
    dv_figure_curve(f, &(dv_curve){ .name = "calibrated",
                                    .n = 2,
                                    .x = ends,
                                    .y = ends,
                                    .as = DV_CURVE_DASHED,
                                    .color = DV_COLOR_GREY });
    dv_figure_curve(f, &(dv_curve){ .name = "this set, 95 %",
                                    .n = n,
                                    .x = x,
                                    .y = y,
                                    .low = low,
                                    .high = high,
                                    .marker = DV_MARKER_DOT });
}

static void add_pairs(dv_figure *f, const dv_tally *t)
{
    enum { COLUMNS = 4 };
    const int n = t->n_wrong < MOST_PAIRS ? (int)t->n_wrong : MOST_PAIRS;
    const char *cells[(MOST_PAIRS + 1) * COLUMNS] = { "truth", "taken for", "images", "of class" };
    char names[MOST_PAIRS][2][DV_LABEL_SHORT_MAX], numbers[MOST_PAIRS][2][16];
    if (n == 0)
        return;
    for (int i = 0; i < n; i++) {
        const dv_confusion *c = &t->wrong[i];
        const char **row = &cells[(i + 1) * COLUMNS];
        row[0] = dv_label_short(t->labels, c->truth, names[i][0]);
        row[1] = dv_label_short(t->labels, c->best, names[i][1]);
        snprintf(numbers[i][0], sizeof numbers[i][0], "%d", (int)c->images);
        snprintf(numbers[i][1], sizeof numbers[i][1], "%.0f %%",
                 100.0 * c->images / t->classes[c->truth].images);
        row[2] = numbers[i][0];
        row[3] = numbers[i][1];
    }
    dv_figure_row(f, NULL);
    dv_figure_cells(f, &(dv_cells){ .title = "The most frequent confusions",
                                    .rows = n + 1,
                                    .columns = COLUMNS,
                                    .text = cells });
}

bool dv_tally_draw(const dv_tally *t, const dv_classify_result *r, const dv_figure_file *to,
                   const dv_provenance *says, dv_error *err)
{
    double i1[2], i5[2];
    dv_text caption = { 0 };
    const int wrong1 = r->counted - r->right1, wrong5 = r->counted - r->right5;
    dv_share_interval(wrong1, r->counted, i1);
    dv_share_interval(wrong5, r->counted, i5);
    dv_text_format(&caption,
                   "%d images: top-1 error %.2f %% (95 %% interval %.2f to %.2f), top-5 error %.2f "
                   "%% (%.2f to %.2f).",
                   r->counted, 100.0 * wrong1 / r->counted, 100 * i1[0], 100 * i1[1],
                   100.0 * wrong5 / r->counted, 100 * i5[0], 100 * i5[1]);
    if (!dv_text_ok(&caption, "a caption", err)) {
        free(caption.data);
        return false;
    }
    dv_figure f = { .title = says->model, .caption = caption.data };
    dv_figure_row(&f, NULL);
    add_matrix(&f, t);
    add_calibration(&f, t);
    add_pairs(&f, t);
    const bool ok = dv_figure_write(&f, to, says, err);
    dv_figure_free(&f);
    free(caption.data);
    return ok;
}
