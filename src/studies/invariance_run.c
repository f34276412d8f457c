/* The run over the images: each view of each image is a task. A worker keeps the image that it is
 * at, and the features of its untransformed view. */
#include "run/watch.h"
#include "studies/invariance.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* -- what is kept of an image ----------------------------------------------------------------- */

bool dv_measured_make(dv_measured *m, const dv_invariance *r, dv_error *err)
{
    const size_t points = (size_t)r->n_points + 1, layers = (size_t)r->n_layers;
    *m = (dv_measured){
        .norm = calloc(layers, sizeof *m->norm),
        .distance = calloc(points * layers, sizeof *m->distance),
        .probability = calloc(points, sizeof *m->probability),
        .uncovered = calloc(points, sizeof *m->uncovered),
        .predicted = calloc(points, sizeof *m->predicted),
    };
    m->is.norm = m->norm;
    m->is.distance = m->distance;
    m->is.probability = m->probability;
    m->is.uncovered = m->uncovered;
    m->is.predicted = m->predicted;
    return (m->norm && m->distance && m->probability && m->uncovered && m->predicted) ||
           dv_fail(err, DV_NO_MEMORY, "no memory for %d transforms of %d layers", r->n_points,
                   r->n_layers);
}

void dv_measured_free(dv_measured *m)
{
    free(m->norm);
    free(m->distance);
    free(m->probability);
    free(m->uncovered);
    free(m->predicted);
    *m = (dv_measured){ .norm = NULL };
}

static void copy_measured(dv_measured *to, const dv_measured *from, const dv_invariance *r)
{
    const size_t points = (size_t)r->n_points, layers = (size_t)r->n_layers;
    to->is.path = from->is.path;
    to->is.class_of = from->is.class_of;
    to->is.predicted_before = from->is.predicted_before;
    to->is.before = from->is.before;
    memcpy(to->norm, from->norm, layers * sizeof *to->norm);
    memcpy(to->distance, from->distance, points * layers * sizeof *to->distance);
    memcpy(to->probability, from->probability, points * sizeof *to->probability);
    memcpy(to->uncovered, from->uncovered, points * sizeof *to->uncovered);
    memcpy(to->predicted, from->predicted, points * sizeof *to->predicted);
}

/* -- the run ---------------------------------------------------------------------------------- */

/* What comes of a task, and what its desk knows of the image. */
typedef struct answer {
    bool ok;
    dv_error error;
    int class, predicted;
    double before;
    double *norm; /* (n_layers) */
    dv_viewed viewed;
} answer;

typedef struct run {
    dv_invariance_study *study;
    dv_crew *crew;
    int margin;                 /* around a view that some transform reads */
    int views;                  /* tasks of each image: points, then pairs */
    size_t n_features;          /* of all layers */
    dv_desk *desks;             /* (n_workers) */
    answer *answers;            /* (n_slots) */
    dv_measured now;            /* the image whose tasks are being committed */
    dv_consistency_bin bins[8]; /* of it */
    bool ok;                    /* all of its tasks were */
    dv_error error;             /* else the first reason */
} run;

/* Where memory runs out the run ends: another time there may be enough. */
static bool work(void *ctx, dv_worker *w, int64_t task, int slot, dv_error *err)
{
    const run *r = ctx;
    const int n_points = r->study->result->n_points, view = (int)(task % r->views);
    dv_desk *d = &r->desks[w - r->crew->workers];
    answer *a = &r->answers[slot];
    if (d->image != (int32_t)(task / r->views)) {
        d->image = (int32_t)(task / r->views);
        d->ok = dv_invariance_open(r->study, w, d, r->margin, &d->error);
    }
    a->ok = d->ok;
    a->error = d->error;
    if (a->ok) {
        a->ok =
            view < n_points
                ? dv_invariance_see_point(r->study, w, d, view, &a->viewed, &a->error)
                : dv_invariance_see_pair(r->study, w, d, view - n_points, &a->viewed, &a->error);
        if (!a->ok)
            dv_fail_in(&a->error, "%s", dv_list_path(r->study->images, d->image));
    }
    a->class = d->class;
    a->predicted = d->predicted;
    a->before = d->probability;
    memcpy(a->norm, d->norm, (size_t)r->study->result->n_layers * sizeof *a->norm);
    if (a->ok || a->error.code != DV_NO_MEMORY)
        return true;
    *err = a->error;
    return false;
}

/* -- all of them, in order -------------------------------------------------------------------- */

static void begin_image(run *r, int32_t image, const answer *a)
{
    r->ok = true;
    r->now.same = 0;
    memset(r->bins, 0, sizeof r->bins);
    r->now.is.path = dv_list_path(r->study->images, image);
    r->now.is.class_of = a->class;
    r->now.is.predicted_before = a->predicted;
    r->now.is.before = a->before;
    memcpy(r->now.norm, a->norm, (size_t)r->study->result->n_layers * sizeof *a->norm);
}

static void take_point(run *r, int point, const answer *a)
{
    const size_t n = (size_t)r->study->result->n_layers;
    memcpy(r->now.distance + (size_t)point * n, a->viewed.distance, n * sizeof *a->viewed.distance);
    r->now.probability[point] = a->viewed.probability;
    r->now.uncovered[point] = a->viewed.uncovered;
    r->now.predicted[point] = a->viewed.predicted;
}

static void take_pair(run *r, const answer *a)
{
    const dv_consistency *c = &r->study->result->consistency;
    int bin = 0;
    while (bin + 1 < c->n_bins && a->viewed.apart >= c->bins[bin].max)
        bin++;
    r->now.same += a->viewed.same;
    r->bins[bin].pairs++;
    r->bins[bin].same += a->viewed.same;
}

/* An image whose views have all been seen, into the samples. */
static void add_points(run *r)
{
    dv_invariance_study *s = r->study;
    const dv_invariance *result = s->result;
    const dv_measured *m = &r->now;
    const size_t n_layers = (size_t)result->n_layers;
    for (int p = 0; p < result->n_points; p++) {
        dv_sample_add(&s->probability[p], m->probability[p]);
        dv_sample_add(&s->uncovered[p], m->uncovered[p]);
        s->same[p] += m->predicted[p] == m->is.predicted_before;
        for (size_t l = 0; l < n_layers; l++) {
            const size_t at = (size_t)p * n_layers + l;
            dv_sample_add(&s->distance[at], m->distance[at]);
            if (m->norm[l] > 0)
                dv_sample_add(&s->normalised[at], m->distance[at] / m->norm[l]);
        }
    }
}

static void add_pairs(run *r)
{
    dv_invariance_study *s = r->study;
    dv_consistency *c = &s->result->consistency;
    c->pairs += s->o->pairs;
    c->same += r->now.same;
    dv_sample_add(&s->same_pairs, (double)r->now.same / s->o->pairs);
    for (int i = 0; i < c->n_bins; i++) {
        c->bins[i].pairs += r->bins[i].pairs;
        c->bins[i].same += r->bins[i].same;
    }
}

static bool end_image(run *r, dv_error *err)
{
    dv_invariance_study *s = r->study;
    const dv_invariance_options *o = s->o;
    if (!r->ok && s->images->count == 1) {
        *err = r->error;
        return false;
    }
    if (!r->ok) {
        dv_watch_skipped(&o->watch, r->now.is.path, r->error.message);
        return true;
    }
    const dv_invariance_image *is = &r->now.is;
    s->result->images++;
    s->result->right += s->result->labelled && is->predicted_before == is->class_of;
    dv_sample_add(&s->before, is->before);
    add_points(r);
    if (o->pairs > 0)
        add_pairs(r);
    if (s->n_kept < DV_INVARIANCE_CURVES) {
        dv_measured *kept = &s->kept[s->n_kept++];
        if (!dv_measured_make(kept, s->result, err))
            return false;
        copy_measured(kept, &r->now, s->result);
    }
    return !o->measured || o->measured(o->ctx, s->result, is, err);
}

static bool commit(void *ctx, int64_t task, int slot, dv_error *err)
{
    run *r = ctx;
    const answer *a = &r->answers[slot];
    const int n_points = r->study->result->n_points, view = (int)(task % r->views);
    const int32_t image = (int32_t)(task / r->views);
    if (view == 0)
        begin_image(r, image, a);
    if (r->ok && !a->ok) {
        r->ok = false;
        r->error = a->error;
    }
    if (r->ok && view < n_points)
        take_point(r, view, a);
    else if (r->ok)
        take_pair(r, a);
    if (view + 1 == r->views && !end_image(r, err))
        return false;
    dv_watch_progress(&r->study->o->watch, task + 1, (int64_t)r->views * r->study->images->count);
    return true;
}

/* -- room ------------------------------------------------------------------------------------- */

/* How far places of pairs lie apart, in bins of a quarter of their range. */
static void plan_pairs(const dv_invariance_options *o, dv_consistency *c)
{
    const int *size = o->preprocess.size;
    c->range = (size[0] < size[1] ? size[0] : size[1]) / 7;
    if (c->range < 1)
        c->range = 1;
    if (o->pairs == 0)
        return;
    const int width = (c->range + 3) / 4;
    const double most = sqrt(2) * (c->range - 1);
    do {
        c->bins[c->n_bins] =
            (dv_consistency_bin){ .min = c->n_bins * width, .max = (c->n_bins + 1) * width };
        c->n_bins++;
    } while (c->bins[c->n_bins - 1].max <= most);
}

static int find_margin(const dv_invariance_study *s)
{
    const int *size = s->o->preprocess.size;
    int most = s->result->consistency.range + 2;
    for (int p = 0; p < s->result->n_points; p++) {
        const dv_transform t = dv_invariance_transform(s->o, &s->result->points[p]);
        const int reach = dv_transform_reach(&t, size[1], size[0]);
        most = reach > most ? reach : most;
    }
    return most;
}

static bool hire(run *r, dv_crew *crew, dv_error *err)
{
    const dv_invariance_study *s = r->study;
    const int n = dv_invariance_kept_layers(s);
    int *keep = calloc((size_t)n + 1, sizeof *keep);
    if (!keep)
        return dv_fail(err, DV_NO_MEMORY, "no memory for %d layers", n);
    keep[0] = dv_model_output(s->model);
    for (int l = 0; l < n; l++) {
        keep[l] = s->result->layers[l].tensor;
        r->n_features += dv_invariance_count(s, l);
    }
    const dv_request request = {
        .n_keep = n > 0 ? n : 1, .keep = keep, .exact = s->o->exact, .images = s->images->count
    };
    const dv_crew_options c = { .request = &request,
                                .pool = s->o->pool,
                                .tasks = (int64_t)r->views * s->images->count };
    const bool ok = dv_crew_hire(crew, s->model, &c, err);
    free(keep);
    return ok;
}

static bool make_room(run *r, dv_error *err)
{
    const dv_preprocess *p = &r->study->o->preprocess;
    const size_t layers = (size_t)r->study->result->n_layers;
    const size_t pixels = (size_t)p->size[0] * (size_t)p->size[1];
    r->desks = calloc((size_t)r->crew->n_workers, sizeof *r->desks);
    r->answers = calloc((size_t)r->crew->n_slots, sizeof *r->answers);
    bool ok = r->desks && r->answers;
    for (int i = 0; ok && i < r->crew->n_workers; i++) {
        dv_desk *d = &r->desks[i];
        *d = (dv_desk){ .image = -1,
                        .rgb = malloc(3 * pixels),
                        .features = malloc((r->n_features + 1) * sizeof *d->features),
                        .norm = calloc(layers, sizeof *d->norm) };
        ok = d->rgb && d->features && d->norm;
    }
    for (int i = 0; ok && i < r->crew->n_slots; i++) {
        answer *a = &r->answers[i];
        a->norm = calloc(layers, sizeof *a->norm);
        a->viewed.distance = calloc(layers, sizeof *a->viewed.distance);
        ok = a->norm && a->viewed.distance;
    }
    return (ok ||
            dv_fail(err, DV_NO_MEMORY, "no memory for features of %zu values", r->n_features)) &&
           dv_measured_make(&r->now, r->study->result, err);
}

static void leave_room(run *r)
{
    for (int i = 0; r->desks && i < r->crew->n_workers; i++) {
        dv_frame_free(&r->desks[i].frame);
        free(r->desks[i].rgb);
        free(r->desks[i].features);
        free(r->desks[i].norm);
    }
    for (int i = 0; r->answers && i < r->crew->n_slots; i++) {
        free(r->answers[i].norm);
        free(r->answers[i].viewed.distance);
    }
    free(r->desks);
    free(r->answers);
    dv_measured_free(&r->now);
}

bool dv_invariance_run(dv_invariance_study *s, dv_error *err)
{
    dv_crew crew = { .n_workers = 0 };
    run r = { .study = s, .crew = &crew, .views = s->result->n_points + s->o->pairs };
    plan_pairs(s->o, &s->result->consistency);
    r.margin = find_margin(s);
    const dv_tasks tasks = { .n = (int64_t)r.views * s->images->count,
                             .watch = &s->o->watch,
                             .what = "views",
                             .ctx = &r,
                             .work = work,
                             .commit = commit };
    bool ok = hire(&r, &crew, err) && make_room(&r, err);
    ok = ok && dv_crew_run(&crew, &tasks, err);
    leave_room(&r);
    dv_crew_dismiss(&crew);
    return ok;
}
