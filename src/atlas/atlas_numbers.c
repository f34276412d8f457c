#include "atlas/atlas_numbers.h"
#include "index/sum.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* clang-format off */
const dv_number_words dv_number_table[DV_N_NUMBERS] = {
    [DV_NUMBER_MAX] = { "max", "Strongest response", "number", "Activity",
        "The largest value of the unit over all images.", "" },
    [DV_NUMBER_MEAN] = { "mean", "Mean response", "number", "Activity",
        "The mean of all its values over all positions of all images.", "" },
    [DV_NUMBER_ACTIVE_IMAGES] = { "active_images", "Images that excite it", "share", "Activity",
        "The share of images in which it is above 0 somewhere.", "" },
    [DV_NUMBER_ACTIVE_POSITIONS] = { "active_positions", "Positions that excite it", "share", "Activity",
        "The share of its values over all images that are above 0.", "" },
    [DV_NUMBER_SPARSITY] = { "sparsity", "Sparseness over images", "number", "Activity",
        "0: all images excite it alike; 1: one alone does. Of each image's largest value, as the histogram has it.",
        "Vinje and Gallant 2000" },
    [DV_NUMBER_CLASS_SELECTIVITY] = { "class_selectivity", "Class selectivity", "number", "Selectivity",
        "(N - M) / (N - 1), where the N strongest images are of M classes: 1 where all are of one, 0 where no two are.",
        "Rafegas et al. 2020" },
    [DV_NUMBER_BEST_CLASS] = { "best_class", "Class it prefers", "class", "Selectivity",
        "The class whose images have most of the values of the strongest images.", "" },
    [DV_NUMBER_COLOUR] = { "colour", "Colour selectivity", "number", "Selectivity",
        "1 less the response to the same images without colours, at the same places, over that to the images as they are.",
        "Rafegas and Vanrell 2018" },
    [DV_NUMBER_HUE] = { "hue", "Colour of its patches", "angle", "Selectivity",
        "The hue of the mean colour of its strongest patches where the projection is; not known where that is grey.", "" },
    [DV_NUMBER_ORIENTATION] = { "orientation", "Orientation", "angle", "Form",
        "Of edges and bars in its projections: 0 lies, 90 stands; by the structure tensor.", "Bigun and Granlund 1987" },
    [DV_NUMBER_ORIENTATION_SELECTIVITY] = { "orientation_selectivity", "Orientation selectivity", "number", "Form",
        "1: all edges in its projections have one direction; 0: none is preferred.", "Bigun and Granlund 1987" },
    [DV_NUMBER_FREQUENCY] = { "frequency", "Frequency", "number", "Form",
        "Cycles a pixel of its projections, the root of the mean square, by their gradient.", "" },
};
/* clang-format on */

enum { DULL = 8 /* the least difference of colours, of 255, that has a hue */ };

int32_t *dv_atlas_file_classes(const dv_atlas_work *w, dv_error *err)
{
    const dv_index *x = w->index;
    int32_t *classes = malloc(((size_t)x->n_files + 1) * sizeof *classes);
    if (!classes) {
        dv_fail(err, DV_NO_MEMORY, "no memory for the classes of %d images", (int)x->n_files);
        return NULL;
    }
    for (int32_t i = 0; i < x->n_files; i++)
        classes[i] =
            dv_atlas_has_classes(w) ? dv_truth_of(w->options->truth, x->files[i].path) : -1;
    return classes;
}

/* -- classes ---------------------------------------------------------------------------------- */

static int by_values(const void *a, const void *b)
{
    const dv_class_share *s = a, *t = b;
    if (s->values != t->values)
        return s->values > t->values ? -1 : 1;
    return (s->class > t->class) - (s->class < t->class);
}

int dv_atlas_class_mix(const dv_atlas_work *w, const dv_atlas_unit *u, const int32_t *classes,
                       dv_class_share *shares, int *classed)
{
    int n = 0;
    *classed = 0;
    for (int i = 0; i < u->mined->n_hits; i++) {
        const dv_hit *h = &u->mined->hits[i];
        const int32_t class = classes[dv_index_file_of(w->index, h->image) - w->index->files];
        if (class < 0)
            continue;
        int at = 0;
        while (at < n && shares[at].class != class)
            at++;
        if (at == n)
            shares[n++] = (dv_class_share){ .class = class };
        shares[at].hits++;
        shares[at].values += (double)h->value;
        ++*classed;
    }
    qsort(shares, (size_t)n, sizeof *shares, by_values);
    return n;
}

/* Whether some class has two images: else no unit can be seen to prefer one. */
static bool can_prefer(const dv_atlas_work *w, const int32_t *classes, bool *seen)
{
    for (int32_t i = 0; i < w->index->n_files; i++) {
        if (classes[i] >= 0 && seen[classes[i]])
            return true;
        if (classes[i] >= 0)
            seen[classes[i]] = true;
    }
    return false;
}

static void number_classes(const dv_atlas_work *w, const dv_atlas_unit *u, const int32_t *classes,
                           dv_class_share *shares, bool selective, double *v)
{
    int classed;
    const int n = dv_atlas_class_mix(w, u, classes, shares, &classed);
    if (n > 0)
        v[DV_NUMBER_BEST_CLASS] = shares[0].class;
    if (classed > 1 && selective)
        v[DV_NUMBER_CLASS_SELECTIVITY] = (double)(classed - n) / (classed - 1);
}

/* -- activity --------------------------------------------------------------------------------- */

static double middle(int bin)
{
    return (dv_index_bin_begin(bin) + dv_index_bin_begin(bin + 1)) / 2;
}

/* (1 - (mean r)^2 / mean r^2) / (1 - 1/n) */
static double sparsity(const dv_index_unit *u, int32_t read)
{
    double sum = 0, squares = 0;
    for (int i = 0; i < DV_INDEX_BINS; i++) {
        sum += u->histogram[i] * middle(i);
        squares += u->histogram[i] * middle(i) * middle(i);
    }
    if (!(squares > 0) || read < 2)
        return (double)NAN;
    const double n = read;
    return (1 - sum * sum / n / squares) / (1 - 1 / n);
}

static void number_activity(const dv_atlas_work *w, const dv_atlas_unit *u, double *v)
{
    const int32_t *size = w->layers[u->layer].mined->size;
    const double read = w->index->read, values = read * size[DV_Y] * size[DV_X];
    v[DV_NUMBER_MAX] = (double)u->mined->max;
    v[DV_NUMBER_MEAN] = dv_sum_value(u->mined->sum) / values;
    v[DV_NUMBER_ACTIVE_IMAGES] = (double)u->mined->active_images / read;
    v[DV_NUMBER_ACTIVE_POSITIONS] = (double)u->mined->active_positions / values;
    v[DV_NUMBER_SPARSITY] = sparsity(u->mined, w->index->read);
}

/* -- form and colour -------------------------------------------------------------------------- */

static double in_turn(double degrees, double turn)
{
    const double v = fmod(degrees, turn);
    return v < 0 ? v + turn : v;
}

void dv_number_form(const dv_told *t, double *v)
{
    const double pi = acos(-1.0);
    if (!(t->energy > 0))
        return;
    const double steep = sqrt((double)t->slopes / (double)t->energy) / 2;
    v[DV_NUMBER_FREQUENCY] = asin(steep < 1 ? steep : 1) / pi;
    if (!(t->slopes > 0))
        return;
    /* The gradient stands across an edge; y grows downwards. */
    const double across = atan2((double)t->along, (double)t->across) / 2 * 180 / pi;
    v[DV_NUMBER_ORIENTATION] = in_turn(90 - across, 180);
    v[DV_NUMBER_ORIENTATION_SELECTIVITY] =
        hypot((double)t->across, (double)t->along) / (double)t->slopes;
}

static void number_hue(const dv_told *t, double *v)
{
    if (!(t->weight > 0))
        return;
    const double r = (double)(t->rgb[0] / t->weight), g = (double)(t->rgb[1] / t->weight),
                 b = (double)(t->rgb[2] / t->weight);
    if (fmax(r, fmax(g, b)) - fmin(r, fmin(g, b)) < DULL)
        return;
    v[DV_NUMBER_HUE] = in_turn(atan2(sqrt(3.0) * (g - b), 2 * r - g - b) * 180 / acos(-1.0), 360);
}

static void number_hits(const dv_atlas_work *w, const dv_atlas_unit *u, double *v)
{
    dv_told told = { 0 };
    double grey = 0, coloured = 0;
    for (int i = 0; i < u->n_hits; i++) {
        const dv_atlas_column *c = &u->columns[i];
        if (!c->shown)
            continue;
        dv_told_add(&told, &c->told);
        coloured += (double)c->hit.value;
        grey += c->grey > 0 ? (double)c->grey : 0;
    }
    dv_number_form(&told, v);
    if (w->index->preprocess.channels != 3)
        return;
    number_hue(&told, v);
    if (coloured > 0)
        v[DV_NUMBER_COLOUR] = 1 - grey / coloured;
}

double *dv_atlas_numbers(const dv_atlas_work *w, const int32_t *classes, dv_error *err)
{
    const size_t n = (size_t)w->n_units * DV_N_NUMBERS;
    double *v = malloc((n + 1) * sizeof *v);
    dv_class_share *shares = malloc((size_t)w->index->k * sizeof *shares);
    const size_t n_classes = dv_atlas_has_classes(w) ? (size_t)w->options->labels->n : 0;
    bool *seen = calloc(n_classes + 1, sizeof *seen);
    if (!v || !shares || !seen) {
        dv_fail(err, DV_NO_MEMORY, "no memory for numbers of %d units", w->n_units);
        free(v);
        free(shares);
        free(seen);
        return NULL;
    }
    for (size_t i = 0; i < n; i++)
        v[i] = (double)NAN;
    const bool selective = can_prefer(w, classes, seen);
    for (int i = 0; i < w->n_units; i++) {
        double *of_unit = v + (size_t)i * DV_N_NUMBERS;
        number_activity(w, &w->units[i], of_unit);
        number_hits(w, &w->units[i], of_unit);
        number_classes(w, &w->units[i], classes, shares, selective, of_unit);
    }
    free(shares);
    free(seen);
    return v;
}
