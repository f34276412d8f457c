/* filters_layer_table.c - what a layer's filters come to, in numbers and in words. */
#include "studies/filters.h"

#include <math.h>
#include <stddef.h>
#include <stdlib.h>

/* A number of a layer: its member, its key, and what it is called. */
typedef struct layer_number {
    const char *key, *title;
    size_t at;
    enum { WHOLE, SHARE, WIDE } is; /* an int; a double from 0 to 1; one of any size */
    bool of_figure;                 /* a figure tells it too */
} layer_number;

#define AT(member) offsetof(dv_filters_layer, member)
/* clang-format off */
#define FOR_EACH_NUMBER(X)                                                             \
    X(n, WHOLE, false, "filters", "filters")                                                  \
    X(n_dead, WHOLE, true, "dead", "dead")                                                   \
    X(n_dominating, WHOLE, true, "dominating", "dominating")                                 \
    X(n_duplicate, WHOLE, true, "duplicates", "with a near-duplicate or opposite")           \
    X(n_colored, WHOLE, true, "colored", "colour-opponent")                                  \
    X(rms, WIDE, false, "rms", "median RMS")                                                  \
    X(n_large, WHOLE, true, "large", "RMS above 0.1")                                        \
    X(n_large_pixel, WHOLE, false, "large_pixel", "RMS above 0.1 on grey levels of 0 to 255") \
    X(n_low, WHOLE, false, "mostly_low", "mostly of low frequency (to 1/6), or even")         \
    X(n_mid, WHOLE, false, "mostly_mid", "mostly of middle frequency (to 1/3)")               \
    X(n_high, WHOLE, false, "mostly_high", "mostly of high frequency")                        \
    X(mean, SHARE, true, "mean", "energy of the mean")                                       \
    X(low, SHARE, true, "low", "energy of low frequency")                                    \
    X(mid, SHARE, true, "mid", "energy of middle frequency")                                 \
    X(high, SHARE, true, "high", "energy of high frequency")                                 \
    X(above, SHARE, true, "above", "energy above the Nyquist limit of the stride")           \
    X(above_photo, SHARE, true, "above_photo", "  of what photographs excite (1/f^2)")       \
    X(above_noise, SHARE, false, "above_noise", "  of filters of white noise")                \
    X(n_projected, WHOLE, true, "projected", "projections looked at")                        \
    X(projected_above, SHARE, true, "projected_above", "  their energy above that limit")    \
    X(grid, WIDE, true, "grid", "  power on the stride's grid : around it")                  \
    X(grid_low, WIDE, false, "grid_low", "    95 % interval, from")                           \
    X(grid_high, WIDE, false, "grid_high", "    to")

#define AS_NUMBER(member, is, in_figure, key, title) { key, title, AT(member), is, in_figure },
static const layer_number numbers[] = { FOR_EACH_NUMBER(AS_NUMBER) };
enum { N_NUMBERS = sizeof numbers / sizeof *numbers };

enum { NETWORK, LAYER, NUMBER, PROJECTED, NORMALISED, CHANNELS, KERNEL, STRIDE, FIRST_NUMBER };
enum { RINGS = FIRST_NUMBER + N_NUMBERS, ALIASING, VERDICT, N_COLUMNS };

#define KIND_WHOLE DV_COLUMN_INT
#define KIND_SHARE DV_COLUMN_REAL
#define KIND_WIDE  DV_COLUMN_REAL
#define AS_COLUMN(member, is, in_figure, k, t) { .key = k, .title = t, .kind = KIND_##is },
static const dv_column columns[N_COLUMNS] = {
    { .key = "network", .title = "network" },
    { .key = "layer", .title = "layer" },
    { .key = "number", .title = "number", .kind = DV_COLUMN_INT },
    { .key = "projections", .title = "projections", .kind = DV_COLUMN_FLAG },
    { .key = "normalised", .title = "normalised", .kind = DV_COLUMN_FLAG },
    { .key = "channels", .title = "channels", .kind = DV_COLUMN_INT },
    { .key = "kernel", .title = "kernel", .kind = DV_COLUMN_INTS },
    { .key = "stride", .title = "stride", .kind = DV_COLUMN_INTS },
    FOR_EACH_NUMBER(AS_COLUMN)
    { .key = "rings", .title = "rings", .kind = DV_COLUMN_REALS },
    { .key = "aliasing", .title = "aliasing", .kind = DV_COLUMN_FLAG },
    { .key = "verdict", .title = "verdict" },
};
/* clang-format on */

/* Of a whole number that is not known -1 is told, of a real one a NaN; here always a NaN. */
static double value_of(const dv_filters_layer *l, const layer_number *number)
{
    const char *at = (const char *)l + number->at;
    if (number->is != WHOLE)
        return *(const double *)(const void *)at;
    const int whole = *(const int *)(const void *)at;
    return whole < 0 ? (double)NAN : whole;
}

/* -- for programs ----------------------------------------------------------------------------- */

static void add_layer(dv_table *t, const dv_filters_layer *l)
{
    float rings[DV_FILTER_RINGS];
    char *verdict = dv_filters_verdict(l);
    for (int i = 0; i < DV_FILTER_RINGS; i++)
        rings[i] = (float)l->ring[i];
    dv_table_row(t);
    dv_table_text(t, NETWORK, l->network);
    dv_table_text(t, LAYER, l->name);
    if (l->number > 0)
        dv_table_int(t, NUMBER, l->number);
    else
        dv_table_null(t, NUMBER);
    dv_table_flag(t, PROJECTED, l->projected);
    dv_table_flag(t, NORMALISED, l->normalised);
    dv_table_int(t, CHANNELS, l->channels);
    dv_table_ints(t, KERNEL, l->kernel, 2);
    dv_table_ints(t, STRIDE, l->stride, 2);
    for (int i = 0; i < N_NUMBERS; i++) {
        const double v = value_of(l, &numbers[i]);
        if (numbers[i].is != WHOLE)
            dv_table_real(t, FIRST_NUMBER + i, v);
        else if (isnan(v))
            dv_table_null(t, FIRST_NUMBER + i);
        else
            dv_table_int(t, FIRST_NUMBER + i, (int64_t)v);
    }
    dv_table_reals(t, RINGS, rings, DV_FILTER_RINGS);
    dv_table_flag(t, ALIASING, dv_filters_aliases(l));
    dv_table_text(t, VERDICT, verdict);
    t->failed = t->failed || !verdict;
    free(verdict);
}

dv_table dv_filters_layer_table(int n, const dv_filters *results)
{
    dv_table t = { .columns = columns, .n_columns = N_COLUMNS };
    for (int i = 0; i < n; i++)
        add_layer(&t, &results[i].layer);
    return t;
}

/* -- for people ------------------------------------------------------------------------------- */

static void add_value(dv_text *to, const layer_number *number, double v, bool difference)
{
    if (isnan(v))
        dv_text_format(to, "-");
    else if (number->is == WHOLE)
        dv_text_format(to, difference ? "%+d" : "%d", (int)v);
    else if (number->is == SHARE)
        dv_text_format(to, difference ? "%+.1f %%" : "%.1f %%", 100 * v);
    else
        dv_text_format(to, difference ? "%+.3g" : "%.3g", v);
}

dv_filters_row dv_filters_layer_row(int n, const dv_filters *results, int row)
{
    if (row >= N_NUMBERS)
        return DV_FILTERS_NO_ROW;
    for (int i = 0; i < n; i++)
        if (!isnan(value_of(&results[i].layer, &numbers[row])))
            return numbers[row].of_figure ? DV_FILTERS_ROW_OF_FIGURE : DV_FILTERS_ROW;
    return DV_FILTERS_EMPTY_ROW;
}

void dv_filters_layer_cell(int n, const dv_filters *results, int row, int column, dv_text *to)
{
    const layer_number *number = &numbers[row];
    double v[2] = { (double)NAN, (double)NAN };
    for (int i = 0; i < n; i++)
        v[i] = value_of(&results[i].layer, number);
    if (column == 0)
        dv_text_format(to, "%s", number->title);
    else if (column <= n)
        add_value(to, number, v[column - 1], false);
    else
        add_value(to, number, v[1] - v[0], true);
}

enum { WHAT, FIRST, SECOND, DIFFERENCE, N_COMPARED };

static void print_lines(int n, const dv_filters *results, const dv_column *compared, dv_text *to)
{
    dv_table t = { .columns = compared, .n_columns = n > 1 ? N_COMPARED : SECOND };
    dv_text cell = { 0 };
    for (int row = 0; row < N_NUMBERS; row++) {
        if (dv_filters_layer_row(n, results, row) == DV_FILTERS_EMPTY_ROW)
            continue;
        dv_table_row(&t);
        for (int column = 0; column < t.n_columns; column++) {
            cell.size = 0;
            dv_filters_layer_cell(n, results, row, column, &cell);
            dv_table_text(&t, column, cell.failed ? "" : cell.data);
        }
    }
    dv_table_print_text(&t, to);
    to->failed = to->failed || cell.failed;
    dv_table_free(&t);
    free(cell.data);
}

void dv_filters_print_layers(int n, const dv_filters *results, dv_text *to)
{
    dv_text heads[2] = { { 0 } };
    dv_column compared[N_COMPARED] = {
        [WHAT] = { .title = "layer" }, [DIFFERENCE] = { .title = "difference", .right = true }
    };
    for (int i = 0; i < n; i++) {
        dv_text_format(&heads[i], "%s %s", results[i].layer.network, results[i].layer.name);
        compared[FIRST + i] =
            (dv_column){ .title = heads[i].failed ? "" : heads[i].data, .right = true };
    }
    print_lines(n, results, compared, to);
    to->failed = to->failed || heads[0].failed || heads[1].failed;
    free(heads[0].data);
    free(heads[1].data);
}

/* -- in words --------------------------------------------------------------------------------- */

static const double LITTLE = 0.2; /* see DV_FILTERS_ALIASING */

static bool is_strided(const dv_filters_layer *l)
{
    return l->stride[0] > 1 || l->stride[1] > 1;
}

bool dv_filters_aliases(const dv_filters_layer *l)
{
    return is_strided(l) && l->above > DV_FILTERS_ALIASING;
}

bool dv_filters_patterned(const dv_filters_layer *l)
{
    return l->grid_low > 1;
}

static void add_pair(dv_text *t, const int32_t v[2])
{
    if (v[0] == v[1])
        dv_text_format(t, "%d", (int)v[0]);
    else
        dv_text_format(t, "%d,%d", (int)v[0], (int)v[1]);
}

static void add_pattern(dv_text *t, const dv_filters_layer *l)
{
    if (isnan(l->grid) || isnan(l->grid_low))
        return;
    dv_text_format(t,
                   " Projections from %s have %.2f times as much power on its grid as around it "
                   "(95 %% interval %.2f to %.2f): %s.",
                   l->second ? l->second : l->name, l->grid, l->grid_low, l->grid_high,
                   dv_filters_patterned(l) ? "its pattern shows"
                   : l->grid_high < 1      ? "no pattern of it"
                                           : "no pattern that is sure");
}

/* What the paper did, as far as it is left to be done here. */
static void add_remedy(dv_text *t, const dv_filters_layer *l)
{
    const int32_t side = l->kernel[0] > l->kernel[1] ? l->kernel[0] : l->kernel[1];
    if (!dv_filters_aliases(l) && !dv_filters_patterned(l))
        return;
    dv_text_format(t, " Remedy (Zeiler & Fergus, section 4.1: from 11x11 and stride 4 to 7x7 and "
                      "2): ");
    if (side > 7)
        dv_text_format(t, "smaller filters than %dx%d and ", (int)l->kernel[0], (int)l->kernel[1]);
    dv_text_format(t, "a smaller stride than ");
    add_pair(t, l->stride);
    dv_text_format(t, ".");
}

char *dv_filters_verdict(const dv_filters_layer *l)
{
    dv_text t = { 0 };
    if (!is_strided(l)) {
        dv_text_format(&t, "The first layer has a stride of 1: it does not alias.");
    } else if (l->projected) {
        dv_text_format(&t, "The first layer has a stride of ");
        add_pair(&t, l->stride);
        dv_text_format(&t, ".");
        add_pattern(&t, l);
    } else {
        dv_text_format(&t,
                       "%s aliasing: %.0f %% of the filters' energy (%.0f %% of what photographs "
                       "excite) is above the Nyquist limit of stride ",
                       dv_filters_aliases(l) ? "Strong"
                       : l->above > LITTLE   ? "Some"
                                             : "Little",
                       100 * l->above, 100 * l->above_photo);
        add_pair(&t, l->stride);
        dv_text_format(&t, ".");
        add_pattern(&t, l);
        add_remedy(&t, l);
    }
    if (!t.failed)
        return t.data;
    free(t.data);
    return NULL;
}
