#include "studies/tally.h"

#include "base/statistics.h"

#include <math.h>
#include <stdlib.h>

/* -- counting --------------------------------------------------------------------------------- */

bool dv_tally_begin(dv_tally *t, int n_classes, dv_error *err)
{
    *t = (dv_tally){ .labels = t->labels, .n_classes = n_classes };
    t->classes = calloc((size_t)n_classes + 1, sizeof *t->classes);
    for (int i = 0; t->classes && i < n_classes; i++)
        t->classes[i].taken_for = -1;
    return t->classes || dv_fail(err, DV_NO_MEMORY, "no memory for %d classes", n_classes);
}

void dv_tally_free(dv_tally *t)
{
    free(t->classes);
    free(t->wrong);
    *t = (dv_tally){ .labels = t->labels };
}

static void note_wrong(dv_tally *t, int truth, int best)
{
    if (t->n_wrong == t->max_wrong) {
        const size_t room = t->max_wrong ? 2 * (size_t)t->max_wrong : 64;
        dv_confusion *grown = room < INT32_MAX ? realloc(t->wrong, room * sizeof *grown) : NULL;
        t->failed = t->failed || !grown;
        if (!grown)
            return;
        t->wrong = grown;
        t->max_wrong = (int32_t)room;
    }
    t->wrong[t->n_wrong++] = (dv_confusion){ truth, best, 1 };
}

void dv_tally_add(dv_tally *t, const dv_classified *c)
{
    if (c->failed || c->truth < 0 || c->truth >= t->n_classes || c->n < 1)
        return;
    dv_tally_class *class = &t->classes[c->truth];
    const bool right = c->best[0] == c->truth;
    const double p = fmin(fmax((double)c->probability[0], 0), 1);
    const int bin = (int)fmin(p * DV_TALLY_BINS, DV_TALLY_BINS - 1);
    class->images++;
    class->right1 += right;
    class->right5 += c->rank <= 5;
    t->bins[bin].images++;
    t->bins[bin].right += right;
    t->bins[bin].confidence += p;
    t->images++;
    if (!right)
        note_wrong(t, c->truth, c->best[0]);
}

static int by_pair(const void *a, const void *b)
{
    const dv_confusion *p = a, *q = b;
    return p->truth != q->truth ? (p->truth > q->truth) - (p->truth < q->truth)
                                : (p->best > q->best) - (p->best < q->best);
}

static int by_images(const void *a, const void *b)
{
    const dv_confusion *p = a, *q = b;
    return p->images != q->images ? (p->images < q->images) - (p->images > q->images)
                                  : by_pair(a, b);
}

bool dv_tally_close(dv_tally *t, dv_error *err)
{
    int32_t pairs = 0;
    if (t->failed)
        return dv_fail(err, DV_NO_MEMORY, "no memory for the confusions of %d images",
                       (int)t->images);
    if (t->n_wrong > 0)
        qsort(t->wrong, (size_t)t->n_wrong, sizeof *t->wrong, by_pair);
    for (int32_t i = 0; i < t->n_wrong; i++) {
        if (pairs > 0 && by_pair(&t->wrong[pairs - 1], &t->wrong[i]) == 0)
            t->wrong[pairs - 1].images += t->wrong[i].images;
        else
            t->wrong[pairs++] = t->wrong[i];
    }
    t->n_wrong = pairs;
    if (pairs > 0)
        qsort(t->wrong, (size_t)pairs, sizeof *t->wrong, by_images);
    for (int32_t i = pairs - 1; i >= 0; i--) {
        dv_tally_class *class = &t->classes[t->wrong[i].truth];
        class->taken_for = t->wrong[i].best;
        class->taken_images = t->wrong[i].images;
    }
    return true;
}

double dv_tally_calibration_error(const dv_tally *t)
{
    double sum = 0;
    for (int i = 0; i < DV_TALLY_BINS; i++)
        sum += fabs(t->bins[i].confidence - t->bins[i].right);
    return t->images ? sum / t->images : (double)NAN;
}

/* The class by its number, for people by its short name. */
static void put_class(const dv_tally *t, dv_table *table, int number, int label, int class)
{
    char name[DV_LABEL_SHORT_MAX];
    dv_table_int(table, number, class);
    dv_table_text(table, label, dv_label(t->labels, class));
    dv_table_show(table, label, "%s", dv_label_short(t->labels, class, name));
}

/* -- tables ----------------------------------------------------------------------------------- */

#define SHARE(name, shown_as)                                                      \
    {                                                                              \
        .key = (name), .title = (shown_as), .kind = DV_COLUMN_REAL, .right = true, \
        .digits = { 'g', 6 }, .shown = {                                           \
            'f',                                                                   \
            3                                                                      \
        }                                                                          \
    }
#define COUNT(name)                                                          \
    {                                                                        \
        .key = (name), .title = (name), .kind = DV_COLUMN_INT, .right = true \
    }
#define NAME(name)                     \
    {                                  \
        .key = (name), .title = (name) \
    }

enum {
    C_CLASS,
    C_LABEL,
    C_IMAGES,
    C_TOP1,
    C_LOW,
    C_HIGH,
    C_TOP5,
    C_FOR,
    C_FOR_LABEL,
    C_TIMES,
    N_CLASS
};

static const dv_column class_columns[N_CLASS] = {
    [C_CLASS] = COUNT("class"),
    [C_LABEL] = NAME("label"),
    [C_IMAGES] = COUNT("images"),
    [C_TOP1] = SHARE("top1", "top-1"),
    [C_LOW] = SHARE("top1_low", "from"),
    [C_HIGH] = SHARE("top1_high", "to"),
    [C_TOP5] = SHARE("top5", "top-5"),
    [C_FOR] = { .key = "taken_for", .kind = DV_COLUMN_INT },
    [C_FOR_LABEL] = { .key = "taken_for_label", .title = "taken for" },
    [C_TIMES] = { .key = "taken_images", .title = "times", .kind = DV_COLUMN_INT, .right = true },
};

dv_table dv_tally_classes_table(const dv_tally *t)
{
    dv_table table = { .columns = class_columns, .n_columns = N_CLASS };
    for (int i = 0; i < t->n_classes; i++) {
        const dv_tally_class *c = &t->classes[i];
        double interval[2];
        if (c->images == 0)
            continue;
        dv_share_interval(c->right1, c->images, interval);
        dv_table_row(&table);
        put_class(t, &table, C_CLASS, C_LABEL, i);
        dv_table_int(&table, C_IMAGES, c->images);
        dv_table_real(&table, C_TOP1, (double)c->right1 / c->images);
        dv_table_real(&table, C_LOW, interval[0]);
        dv_table_real(&table, C_HIGH, interval[1]);
        dv_table_real(&table, C_TOP5, (double)c->right5 / c->images);
        if (c->taken_for >= 0) {
            put_class(t, &table, C_FOR, C_FOR_LABEL, c->taken_for);
            dv_table_int(&table, C_TIMES, c->taken_images);
        }
    }
    return table;
}

enum { P_TRUTH, P_TRUTH_LABEL, P_BEST, P_BEST_LABEL, P_IMAGES, P_SHARE, N_PAIR };

static const dv_column pair_columns[N_PAIR] = {
    [P_TRUTH] = { .key = "truth", .kind = DV_COLUMN_INT },
    [P_TRUTH_LABEL] = { .key = "truth_label", .title = "truth" },
    [P_BEST] = { .key = "class", .kind = DV_COLUMN_INT },
    [P_BEST_LABEL] = { .key = "label", .title = "taken for" },
    [P_IMAGES] = COUNT("images"),
    [P_SHARE] = SHARE("share", "of the class"),
};

dv_table dv_tally_confusions_table(const dv_tally *t)
{
    dv_table table = { .columns = pair_columns, .n_columns = N_PAIR };
    for (int32_t i = 0; i < t->n_wrong; i++) {
        const dv_confusion *c = &t->wrong[i];
        dv_table_row(&table);
        put_class(t, &table, P_TRUTH, P_TRUTH_LABEL, c->truth);
        put_class(t, &table, P_BEST, P_BEST_LABEL, c->best);
        dv_table_int(&table, P_IMAGES, c->images);
        dv_table_real(&table, P_SHARE, (double)c->images / t->classes[c->truth].images);
    }
    return table;
}

enum { B_FROM, B_TO, B_IMAGES, B_CONFIDENCE, B_ACCURACY, B_LOW, B_HIGH, N_BIN };

static const dv_column bin_columns[N_BIN] = {
    [B_FROM] = SHARE("from", "from"),
    [B_TO] = SHARE("to", "to"),
    [B_IMAGES] = COUNT("images"),
    [B_CONFIDENCE] = SHARE("confidence", "confidence"),
    [B_ACCURACY] = SHARE("accuracy", "accuracy"),
    [B_LOW] = SHARE("accuracy_low", "low"),
    [B_HIGH] = SHARE("accuracy_high", "high"),
};

dv_table dv_tally_calibration_table(const dv_tally *t)
{
    dv_table table = { .columns = bin_columns, .n_columns = N_BIN };
    for (int i = 0; i < DV_TALLY_BINS; i++) {
        const dv_tally_bin *b = &t->bins[i];
        double interval[2];
        dv_share_interval(b->right, b->images, interval);
        dv_table_row(&table);
        dv_table_real(&table, B_FROM, (double)i / DV_TALLY_BINS);
        dv_table_real(&table, B_TO, (double)(i + 1) / DV_TALLY_BINS);
        dv_table_int(&table, B_IMAGES, b->images);
        if (b->images == 0)
            continue;
        dv_table_real(&table, B_CONFIDENCE, b->confidence / b->images);
        dv_table_real(&table, B_ACCURACY, (double)b->right / b->images);
        dv_table_real(&table, B_LOW, interval[0]);
        dv_table_real(&table, B_HIGH, interval[1]);
    }
    return table;
}
