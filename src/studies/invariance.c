#include "studies/invariance.h"

#include "run/watch.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* -- what is done ----------------------------------------------------------------------------- */

enum { STEPS_OF_SIDE = 32, STEPS_OF_SHIFT = 8 /* in one direction */, MOST_TURN = 720 };

const char *dv_motion_name(dv_motion m)
{
    static const char *const names[DV_N_MOTIONS] = { "translation", "scale", "rotation" };
    return names[m];
}

dv_amounts dv_amounts_default(dv_motion m, const int size[2], bool along_x)
{
    if (m == DV_MOTION_SCALE)
        return (dv_amounts){ 0.6, 1.8, 13 };
    if (m == DV_MOTION_ROTATION)
        return (dv_amounts){ 0, 360, 25 };
    const int side = size[along_x], step = (side + STEPS_OF_SIDE / 2) / STEPS_OF_SIDE;
    const int steps = step > 0 ? STEPS_OF_SHIFT : side > 4 ? side / 4 : 1;
    const double most = side > 1 ? steps * (step > 0 ? step : 1) : 0;
    return (dv_amounts){ -most, most, most > 0 ? 2 * steps + 1 : 1 };
}

bool dv_amounts_check(const dv_amounts *a, dv_motion m, const int size[2], bool along_x,
                      dv_error *err)
{
    const int side = size[along_x];
    static const char *const units[DV_N_MOTIONS] = { " pixels", "", " degrees" };
    const double least[DV_N_MOTIONS] = { 1 - side, DV_TRANSFORM_SMALLEST, -MOST_TURN };
    const double most[DV_N_MOTIONS] = { side - 1, DV_TRANSFORM_LARGEST, MOST_TURN };
    if (a->n < 0 || a->n > DV_AMOUNTS_MAX)
        return dv_fail(err, DV_BAD_USAGE, "%s: %d amounts, 1 to %d are possible", dv_motion_name(m),
                       a->n, DV_AMOUNTS_MAX);
    if (!(a->min <= a->max))
        return dv_fail(err, DV_BAD_USAGE, "%s from %g to %g: the first may not be larger",
                       dv_motion_name(m), a->min, a->max);
    if (a->n == 1 && a->min < a->max)
        return dv_fail(err, DV_BAD_USAGE, "%s from %g to %g: one amount is not two",
                       dv_motion_name(m), a->min, a->max);
    const bool fits = a->n == 0 || (a->min >= least[m] && a->max <= most[m]);
    return fits || dv_fail(err, DV_BAD_USAGE, "%s from %g to %g: %g to %g%s are possible",
                           dv_motion_name(m), a->min, a->max, least[m], most[m], units[m]);
}

/* So that 1 is 1 at whichever step it comes. */
static double amount_at(const dv_amounts *a, int i)
{
    const double at = a->n > 1 ? a->min + (a->max - a->min) * i / (a->n - 1) : a->min;
    return rint(at * 1e9) / 1e9;
}

dv_transform dv_invariance_transform(const dv_invariance_options *o, const dv_invariance_point *p)
{
    dv_transform t = dv_transform_none();
    if (p->motion == DV_MOTION_TRANSLATION)
        t.shift[o->along_x] = p->amount;
    else if (p->motion == DV_MOTION_SCALE)
        t.scale = p->amount;
    else
        t.degrees = p->amount;
    return t;
}

static bool list_points(const dv_invariance_options *o, dv_invariance *r, dv_error *err)
{
    for (int m = 0; m < DV_N_MOTIONS; m++) {
        if (!dv_amounts_check(&o->amounts[m], (dv_motion)m, o->preprocess.size, o->along_x, err))
            return false;
        r->n_points += o->amounts[m].n;
    }
    if (r->n_points == 0 && o->pairs < 1)
        return dv_fail(err, DV_BAD_USAGE,
                       "no transforms and no pairs of shifts: nothing to measure");
    r->points = calloc((size_t)r->n_points + 1, sizeof *r->points);
    if (!r->points)
        return dv_fail(err, DV_NO_MEMORY, "no memory for %d transforms", r->n_points);
    for (int m = 0, at = 0; m < DV_N_MOTIONS; m++)
        for (int i = 0; i < o->amounts[m].n; i++)
            r->points[at++] = (dv_invariance_point){ (dv_motion)m, amount_at(&o->amounts[m], i) };
    return true;
}

/* -- which layers ----------------------------------------------------------------------------- */

static void add_layer(dv_invariance *r, const char *name, int tensor)
{
    dv_invariance_layer *l = &r->layers[r->n_layers++];
    snprintf(l->name, sizeof l->name, "%s", name);
    l->tensor = tensor;
}

static int find_layer(const dv_invariance *r, int tensor)
{
    for (int i = 0; i < r->n_layers; i++)
        if (r->layers[i].tensor == tensor)
            return i;
    return -1;
}

static bool has_positions(const dv_model *m, int tensor)
{
    const dv_box whole = dv_box_whole(dv_tensor_shape(m, tensor));
    return whole.hi[DV_Y] > 1 || whole.hi[DV_X] > 1;
}

/* The first, and the last without positions but the output, else the output. */
static void choose(const dv_model *m, dv_invariance *r)
{
    const int output = dv_model_output(m);
    int high = find_layer(r, output);
    for (int i = 0; i < dv_model_n_layers(m) && i < r->n_layers; i++)
        if (r->layers[i].tensor != output && !has_positions(m, r->layers[i].tensor))
            high = i;
    r->layers[0].chosen = r->layers[high].chosen = true;
}

static bool list_layers(const dv_model *m, const dv_invariance_options *o, dv_invariance *r,
                        dv_error *err)
{
    const int n = dv_model_n_layers(m);
    r->layers = calloc((size_t)(n + o->n_layers) + 1, sizeof *r->layers);
    if (!r->layers)
        return dv_fail(err, DV_NO_MEMORY, "no memory for %d layers", n);
    for (int i = 0; i < n; i++) {
        const dv_layer *l = dv_model_layer(m, i);
        char number[16];
        snprintf(number, sizeof number, "%d", l->number);
        if (find_layer(r, l->tensor) < 0)
            add_layer(r, number, l->tensor);
    }
    for (int i = 0; i < o->n_layers; i++) {
        int tensor;
        if (!dv_model_find(m, o->layers[i], &tensor, err))
            return false;
        if (find_layer(r, tensor) < 0)
            add_layer(r, o->layers[i], tensor);
        r->layers[find_layer(r, tensor)].chosen = true;
    }
    if (find_layer(r, dv_model_output(m)) < 0)
        add_layer(r, "output", dv_model_output(m));
    if (o->n_layers == 0)
        choose(m, r);
    for (r->low = 0; !r->layers[r->low].chosen;)
        r->low++;
    for (r->high = r->n_layers - 1; !r->layers[r->high].chosen;)
        r->high--;
    return true;
}

/* -- from samples to estimates ---------------------------------------------------------------- */

static dv_estimate estimate(const dv_sample *s)
{
    const double error = dv_sample_error(s);
    const double mean = s->n > 0 ? s->mean : (double)NAN;
    return (dv_estimate){ s->n, mean, mean - error, mean + error };
}

static dv_estimate share(int64_t hits, int64_t n)
{
    double interval[2];
    dv_share_interval(hits, n, interval);
    const double mean = n > 0 ? (double)hits / (double)n : (double)NAN;
    return (dv_estimate){ n, mean, interval[0], interval[1] };
}

dv_estimate dv_consistency_share(const dv_consistency_bin *b)
{
    return share(b->same, b->pairs);
}

/* Pairs of one image are alike: so many independent ones as have the spread that the shares of the
 * images show, and at least the images themselves (Korn & Graubard 1998). */
static dv_estimate share_of_pairs(const dv_consistency *c, const dv_sample *shares)
{
    if (c->pairs == 0)
        return share(0, 0);
    const double p = (double)c->same / (double)c->pairs, images = (double)shares->n;
    const double deviation = dv_sample_deviation(shares);
    double worth = images;
    if (deviation > 0)
        worth = p * (1 - p) / (deviation * deviation / images);
    worth = fmin(fmax(worth, images), (double)c->pairs);
    double interval[2];
    dv_proportion_interval(p, worth, interval);
    return (dv_estimate){ llround(worth), p, interval[0], interval[1] };
}

static bool make_room(dv_invariance_study *s, dv_error *err)
{
    dv_invariance *r = s->result;
    const size_t points = (size_t)r->n_points + 1, all = points * (size_t)r->n_layers;
    s->distance = calloc(all, sizeof *s->distance);
    s->normalised = calloc(all, sizeof *s->normalised);
    s->probability = calloc(points, sizeof *s->probability);
    s->uncovered = calloc(points, sizeof *s->uncovered);
    s->same = calloc(points, sizeof *s->same);
    r->distance = calloc(all, sizeof *r->distance);
    r->normalised = calloc(all, sizeof *r->normalised);
    r->probability = calloc(points, sizeof *r->probability);
    r->same = calloc(points, sizeof *r->same);
    r->uncovered = calloc(points, sizeof *r->uncovered);
    return (s->distance && s->normalised && s->probability && s->uncovered && s->same &&
            r->distance && r->normalised && r->probability && r->same && r->uncovered) ||
           dv_fail(err, DV_NO_MEMORY, "no memory for %d transforms of %d layers", r->n_points,
                   r->n_layers);
}

static void estimate_all(const dv_invariance_study *s)
{
    dv_invariance *r = s->result;
    r->before = estimate(&s->before);
    for (int p = 0; p < r->n_points; p++) {
        r->probability[p] = estimate(&s->probability[p]);
        r->same[p] = share(s->same[p], r->images);
        r->uncovered[p] = s->uncovered[p].mean;
        for (int l = 0; l < r->n_layers; l++) {
            const size_t at = (size_t)p * (size_t)r->n_layers + (size_t)l;
            r->distance[at] = estimate(&s->distance[at]);
            r->normalised[at] = estimate(&s->normalised[at]);
        }
    }
    r->consistency.share = share_of_pairs(&r->consistency, &s->same_pairs);
}

/* -- trends ----------------------------------------------------------------------------------- */

static double magnitude(const dv_invariance_point *p)
{
    if (p->motion == DV_MOTION_TRANSLATION)
        return fabs(p->amount);
    if (p->motion == DV_MOTION_SCALE)
        return fabs(log2(p->amount));
    const double turned = fabs(fmod(p->amount, 360));
    return fmin(turned, 360 - turned);
}

/* Of points in a plane. */
typedef struct moments {
    double n, x, y, xx, yy, xy;
} moments;

static double correlation(const moments *m)
{
    const double xx = m->xx - m->x * m->x / m->n, yy = m->yy - m->y * m->y / m->n;
    return xx > 0 && yy > 0 ? (m->xy - m->x * m->y / m->n) / sqrt(xx * yy) : (double)NAN;
}

dv_trend dv_invariance_trend(const dv_invariance *r, dv_motion motion, int layer)
{
    dv_trend t = { .step = (double)INFINITY, .most = (double)NAN };
    moments m = { .n = 0 };
    dv_sample first = { .n = 0 };
    for (int p = 0; p < r->n_points; p++) {
        const double y = r->normalised[(size_t)p * (size_t)r->n_layers + (size_t)layer].mean;
        const double x = magnitude(&r->points[p]);
        if (r->points[p].motion != motion || isnan(y))
            continue;
        m = (moments){ m.n + 1, m.x + x, m.y + y, m.xx + x * x, m.yy + y * y, m.xy + x * y };
        t.most = fmax(t.most, y);
        if (x > 0 && x < t.step - 1e-9) {
            t.step = x;
            first = (dv_sample){ .n = 0 };
        }
        if (x > 0 && x < t.step + 1e-9)
            dv_sample_add(&first, y);
    }
    if (motion == DV_MOTION_SCALE)
        t.step = exp2(t.step);
    t.first = first.n > 0 ? first.mean : (double)NAN;
    t.linear = correlation(&m);
    return t;
}

/* -- the study -------------------------------------------------------------------------------- */

static void free_study(dv_invariance_study *s)
{
    free(s->distance);
    free(s->normalised);
    free(s->probability);
    free(s->uncovered);
    free(s->same);
    for (int i = 0; i < s->n_kept; i++)
        dv_measured_free(&s->kept[i]);
}

bool dv_invariance_measure(const dv_model *m, const dv_list *images, const dv_invariance_options *o,
                           dv_invariance *r, dv_error *err)
{
    dv_invariance_study s = { .model = m, .images = images, .o = o, .result = r };
    *r = (dv_invariance){ .labelled = o->truth && o->truth->from != DV_TRUTH_NONE };
    s.n_classes = dv_shape_count(dv_tensor_shape(m, dv_model_output(m)));
    bool ok = (!o->figure.path || dv_figure_check(&o->figure, err)) && list_points(o, r, err) &&
              list_layers(m, o, r, err) && make_room(&s, err) && dv_invariance_run(&s, err);
    if (ok && r->images == 0)
        ok = dv_fail(err, DV_IO, "none of %d images could be read", (int)images->count);
    if (ok)
        estimate_all(&s);
    ok = ok && (!o->figure.path || dv_invariance_draw(&s, err));
    if (ok && o->figure.path)
        dv_watch_wrote(&o->watch, o->figure.path);
    free_study(&s);
    return ok;
}

void dv_invariance_free(dv_invariance *r)
{
    free(r->layers);
    free(r->points);
    free(r->distance);
    free(r->normalised);
    free(r->probability);
    free(r->same);
    free(r->uncovered);
    *r = (dv_invariance){ .n_layers = 0 };
}
