/* One image: its untransformed view, and how far others go from that. */
#include "base/random.h"
#include "base/statistics.h"
#include "run/scores.h"
#include "studies/invariance.h"

#include <math.h>
#include <string.h>

/* -- features --------------------------------------------------------------------------------- */

int dv_invariance_kept_layers(const dv_invariance_study *s)
{
    return s->result->n_points > 0 ? s->result->n_layers : 0;
}

size_t dv_invariance_count(const dv_invariance_study *s, int layer)
{
    return dv_shape_count(dv_tensor_shape(s->model, s->result->layers[layer].tensor));
}

static const float *scores_of(const dv_invariance_study *s, const dv_trace *t)
{
    return dv_trace_tensor(t, dv_model_output(s->model));
}

/* One view through the network. */
static bool see(const dv_invariance_study *s, dv_worker *w, dv_desk *d, const dv_transform *t,
                double *uncovered, dv_error *err)
{
    const dv_invariance_options *o = s->o;
    *uncovered = dv_transform_view(&d->frame.image, d->frame.view, t, o->fill, d->rgb);
    dv_pixels_prepare(d->rgb, &o->preprocess, w->input);
    return dv_trace_forward(w->trace, w->input, err);
}

/* -- an image --------------------------------------------------------------------------------- */

static bool find_class(const dv_invariance_study *s, const char *path, int *number, dv_error *err)
{
    if (!s->result->labelled)
        return true;
    *number = dv_truth_of(s->o->truth, path);
    return (*number >= 0 && (size_t)*number < s->n_classes) ||
           dv_fail(err, DV_BAD_DATA, "%s: its true class is none of the network's", path);
}

static bool read_frame(const dv_invariance_study *s, const char *path, int margin, dv_frame *f,
                       dv_error *err)
{
    dv_image im;
    if (!dv_image_load(&im, path, err))
        return false;
    const bool ok =
        dv_frame_make(f, &im, &s->o->preprocess, margin, err) || dv_fail_in(err, "%s", path);
    dv_image_free(&im);
    return ok;
}

bool dv_invariance_open(const dv_invariance_study *s, dv_worker *w, dv_desk *d, int margin,
                        dv_error *err)
{
    const char *path = dv_list_path(s->images, d->image);
    const dv_transform none = dv_transform_none();
    double uncovered;
    dv_frame_free(&d->frame);
    if (!find_class(s, path, &d->class, err) || !read_frame(s, path, margin, &d->frame, err))
        return false;
    if (!see(s, w, d, &none, &uncovered, err))
        return dv_fail_in(err, "%s", path);
    float *to = d->features;
    for (int l = 0; l < dv_invariance_kept_layers(s); l++) {
        const size_t n = dv_invariance_count(s, l);
        const float *from = dv_trace_tensor(w->trace, s->result->layers[l].tensor);
        memcpy(to, from, n * sizeof *to);
        d->norm[l] = dv_distance(from, NULL, n);
        to += n;
    }
    const float *scores = scores_of(s, w->trace);
    d->predicted = dv_score_best(scores, s->n_classes);
    if (!s->result->labelled)
        d->class = d->predicted;
    d->probability = dv_probability_of(scores, s->n_classes, d->class);
    return true;
}

/* -- a task ----------------------------------------------------------------------------------- */

bool dv_invariance_see_point(const dv_invariance_study *s, dv_worker *w, dv_desk *d, int point,
                             dv_viewed *to, dv_error *err)
{
    const dv_transform t = dv_invariance_transform(s->o, &s->result->points[point]);
    if (!see(s, w, d, &t, &to->uncovered, err))
        return false;
    const float *before = d->features;
    for (int l = 0; l < s->result->n_layers; l++) {
        const size_t n = dv_invariance_count(s, l);
        const float *now = dv_trace_tensor(w->trace, s->result->layers[l].tensor);
        to->distance[l] = dv_distance(now, before, n);
        before += n;
    }
    const float *scores = scores_of(s, w->trace);
    to->predicted = dv_score_best(scores, s->n_classes);
    to->probability = dv_probability_of(scores, s->n_classes, d->class);
    return true;
}

/* One of two places; those of an image depend on its number in the list, and on nothing else. */
static dv_transform draw_place(dv_random *random, int range)
{
    dv_transform t = dv_transform_none();
    for (int i = 0; i < 2; i++)
        t.shift[i] = (double)dv_random_below(random, (uint32_t)range) - range / 2;
    return t;
}

bool dv_invariance_see_pair(const dv_invariance_study *s, dv_worker *w, dv_desk *d, int pair,
                            dv_viewed *to, dv_error *err)
{
    const uint64_t of_image = dv_random_at(s->o->seed, (uint64_t)d->image);
    dv_random random = { .seed = dv_random_at(of_image, (uint64_t)pair) };
    const int range = s->result->consistency.range;
    const dv_transform first = draw_place(&random, range), second = draw_place(&random, range);
    if (!see(s, w, d, &first, &to->uncovered, err))
        return false;
    to->predicted = dv_score_best(scores_of(s, w->trace), s->n_classes);
    if (!see(s, w, d, &second, &to->uncovered, err))
        return false;
    to->same = to->predicted == dv_score_best(scores_of(s, w->trace), s->n_classes);
    to->apart = hypot(first.shift[0] - second.shift[0], first.shift[1] - second.shift[1]);
    return true;
}
