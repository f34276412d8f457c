/* occlude_image.c - one image as it is, and what is said of it once the square has been everywhere.
 */
#include "base/statistics.h"
#include "image/cover.h"
#include "image/photo.h"
#include "run/scores.h"
#include "studies/occlude_parts.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* -- what a pass says ------------------------------------------------------------------------- */

/* In eight sums side by side, which do not wait for each other. */
double dv_occlude_sum(const dv_occlude *s, const dv_trace *t, int32_t channel)
{
    enum { LANES = 8 };
    const size_t n = (size_t)s->map.hi[DV_Y] * (size_t)s->map.hi[DV_X];
    const float *map = dv_trace_tensor(t, s->tensor) + (size_t)channel * n;
    double lane[LANES] = { 0 }, sum = 0;
    size_t i = 0;
    for (; i + LANES <= n; i += LANES)
        for (int k = 0; k < LANES; k++)
            lane[k] += (double)map[i + (size_t)k];
    for (; i < n; i++)
        lane[i % LANES] += (double)map[i];
    for (int k = 0; k < LANES; k++)
        sum += lane[k];
    return sum;
}

void dv_occlude_judge(const dv_occlude *s, const dv_trace *t, int of_class, float *probability,
                      int *best)
{
    *probability = NAN;
    *best = -1;
    if (s->n_classes == 0)
        return;
    const float *score = dv_trace_tensor(t, s->output);
    const dv_score_sum sum = dv_score_add_up(score, (size_t)s->n_classes);
    *best = dv_score_best(score, (size_t)s->n_classes);
    const int which = of_class < 0 ? *best : of_class;
    *probability = (float)dv_score_probability(&sum, score[which]);
}

/* -- projections ------------------------------------------------------------------------------ */

/* The sums of squares (H+1,W+1) above and left of each pixel. */
static void add_up_energy(const dv_occlude *s, const dv_signal *r, double *energy)
{
    const int h = s->o->preprocess.size[0], w = s->o->preprocess.size[1];
    const size_t row = (size_t)w + 1;
    memset(energy, 0, (size_t)(h + 1) * row * sizeof *energy);
    for (int32_t c = r->box.lo[DV_C]; c < r->box.hi[DV_C]; c++)
        for (int32_t y = r->box.lo[DV_Y]; y < r->box.hi[DV_Y]; y++)
            for (int32_t x = r->box.lo[DV_X]; x < r->box.hi[DV_X]; x++) {
                const double v = (double)*dv_signal_at(r, c, y, x);
                energy[(size_t)(y + 1) * row + (size_t)(x + 1)] += v * v;
            }
    for (int y = 1; y <= h; y++) {
        double *e = energy + (size_t)y * row;
        for (int x = 1; x <= w; x++)
            e[x] += e[x - 1];
        for (int x = 1; x <= w; x++)
            e[x] += e[x - (int)row];
    }
}

bool dv_occlude_project(const dv_occlude *s, dv_unit *unit, dv_image *picture, dv_occlude_image *to,
                        dv_error *err)
{
    const dv_worker *w = &s->scouts.workers[0];
    dv_signal r;
    dv_box field;
    if (s->o->strongest)
        (void)dv_strongest(w->trace, unit);
    else
        unit->y = unit->x = DV_ALL;
    if (!dv_project(w->projectors[0], unit, DV_RULE_DECONVNET, DV_SEED_VALUE, &r, err) ||
        !dv_model_field(s->model, unit->tensor, dv_unit_box(s->model, unit), &field, err))
        return false;
    const dv_rect rect = dv_view_rect(DV_VIEW_CROP, field, s->o->preprocess.size);
    const float scale = dv_signal_scale(&r);
    if (to) {
        add_up_energy(s, &r, to->energy);
        to->value = dv_unit_value(w->trace, unit);
        to->scale = scale;
    }
    return dv_draw_signal(picture, &r, rect, scale, s->o->preprocess.bgr, err);
}

/* -- an image as it is ------------------------------------------------------------------------ */

static int32_t strongest_map(const dv_occlude *s, const dv_trace *t)
{
    int32_t best = 0;
    double most = dv_occlude_sum(s, t, 0);
    for (int32_t c = 1; c < s->map.hi[DV_C]; c++) {
        const double sum = dv_occlude_sum(s, t, c);
        if (sum > most) {
            most = sum;
            best = c;
        }
    }
    return best;
}

static bool know_class(const dv_occlude *s, dv_occlude_image *im, dv_error *err)
{
    im->found.of_class = s->o->of_class;
    if (s->n_classes == 0)
        im->found.of_class = -1;
    else if (s->o->truth && s->o->truth->from != DV_TRUTH_NONE && s->o->of_class < 0)
        im->found.of_class = dv_truth_of(s->o->truth, im->path);
    else
        return true;
    return s->n_classes == 0 || (im->found.of_class >= 0 && im->found.of_class < s->n_classes) ||
           dv_fail(err, DV_BAD_DATA, "%s: its true class is none of the network's", im->path);
}

/* What the network sees, and what it would where all is covered. */
static bool prepare(const dv_occlude *s, dv_occlude_image *im, dv_error *err)
{
    const dv_preprocess *p = &s->o->preprocess;
    dv_preprocess as_it_is = *p;
    dv_photo photo;
    dv_image covered = { 0 };
    as_it_is.resize = 0; /* of the size that it has to be */
    bool ok = dv_photo_read(&photo, im->path, NULL, p, im->input, err);
    memcpy(im->sha256, photo.sha256, sizeof im->sha256);
    dv_photo_free(&photo);
    ok = ok && dv_draw_input(&im->seen, im->input, p, err) &&
         dv_cover_all(&covered, &im->seen, (dv_cover)s->o->fill, err) &&
         dv_prepare(&covered, &as_it_is, im->covered, NULL, err);
    dv_image_free(&covered);
    return ok;
}

bool dv_occlude_look(const dv_occlude *s, dv_occlude_image *im, dv_error *err)
{
    const dv_trace *t = s->scouts.workers[0].trace;
    dv_occluded *f = &im->found;
    if (!know_class(s, im, err) || !prepare(s, im, err))
        return false;
    if (!dv_trace_forward(s->scouts.workers[0].trace, im->input, err))
        return dv_fail_in(err, "%s", im->path);
    f->unit = (dv_unit){ .tensor = s->tensor,
                         .channel = s->o->channel < 0 ? strongest_map(s, t) : s->o->channel };
    f->none.activation = dv_occlude_sum(s, t, f->unit.channel);
    dv_occlude_judge(s, t, f->of_class, &f->none.probability, &f->none.best);
    if (f->of_class < 0)
        f->of_class = f->none.best;
    return dv_occlude_project(s, &f->unit, &im->projected, im, err) ||
           dv_fail_in(err, "%s", im->path);
}

/* -- what the square shows -------------------------------------------------------------------- */

/* The share of the projection's energy inside a rectangle. */
static double energy_in(const dv_occlude *s, const dv_occlude_image *im, dv_rect r)
{
    const int h = s->o->preprocess.size[0], w = s->o->preprocess.size[1];
    const size_t row = (size_t)w + 1;
    const double *e = im->energy, all = e[(size_t)h * row + (size_t)w];
    const double in = e[(size_t)r.y1 * row + (size_t)r.x1] - e[(size_t)r.y0 * row + (size_t)r.x1] -
                      e[(size_t)r.y1 * row + (size_t)r.x0] + e[(size_t)r.y0 * row + (size_t)r.x0];
    return all > 0 ? fmax(0, in / all) : (double)NAN;
}

static dv_rect turned(const dv_occlude *s, dv_rect r)
{
    const int h = s->o->preprocess.size[0], w = s->o->preprocess.size[1];
    return (dv_rect){ w - r.x1, h - r.y1, w - r.x0, h - r.y0 };
}

void dv_occlude_find_least(const dv_occlude *s, dv_occlude_image *im)
{
    dv_occluded *f = &im->found;
    const dv_occluded_at *at = im->at;
    int lost = 0;
    const int n = s->rows * s->columns;
    for (int i = 0; i < n; i++) {
        if (at[i].activation < at[f->least_activation].activation)
            f->least_activation = i;
        if (at[i].probability < at[f->least_probability].probability)
            f->least_probability = i;
        lost += at[i].best != f->of_class;
    }
    f->lost = (double)lost / n;
}

/* How far the loss of activation lies where the projection does. */
bool dv_occlude_compare(const dv_occlude *s, dv_occlude_image *im, dv_error *err)
{
    dv_occluded *f = &im->found;
    const size_t n = (size_t)(s->rows * s->columns);
    float *energy = malloc(3 * n * sizeof *energy);
    if (!energy)
        return dv_fail(err, DV_NO_MEMORY, "no memory for %zu positions", n);
    float *other = energy + n, *loss = other + n;
    size_t most = 0;
    for (size_t i = 0; i < n; i++) {
        dv_occluded_at *at = &im->at[i];
        at->energy = energy_in(s, im, at->square);
        most = at->energy > im->at[most].energy ? i : most;
        energy[i] = (float)at->energy;
        other[i] = (float)energy_in(s, im, turned(s, at->square));
        loss[i] =
            (float)(f->none.activation > 0 ? 1 - at->activation / f->none.activation : (double)NAN);
        f->loss_mean += (double)loss[i] / (double)n;
    }
    f->agreement = dv_correlation(energy, loss, n);
    f->agreement_turned = dv_correlation(other, loss, n);
    f->loss_there = isnan(energy[most]) ? (double)NAN : (double)loss[most];
    free(energy);
    return true;
}
