/* occlude_slide.c - a square over an image, position by position. A trace goes on from one square
 * to the next: only what one of the two reaches is computed again. */
#include "studies/occlude_parts.h"

#include <math.h>
#include <string.h>

typedef struct slide {
    dv_occlude *study;
    dv_occlude_image *image;
} slide;

/* -- squares ---------------------------------------------------------------------------------- */

static size_t area(dv_rect r)
{
    return (size_t)(r.x1 - r.x0) * (size_t)(r.y1 - r.y0);
}

static dv_rect hull(dv_rect a, dv_rect b)
{
    return (dv_rect){ a.x0 < b.x0 ? a.x0 : b.x0, a.y0 < b.y0 ? a.y0 : b.y0,
                      a.x1 > b.x1 ? a.x1 : b.x1, a.y1 > b.y1 ? a.y1 : b.y1 };
}

static dv_box box_of(const dv_occlude *s, dv_rect r)
{
    return (dv_box){ { 0, r.y0, r.x0 }, { s->o->preprocess.channels, r.y1, r.x1 } };
}

/* Copies a part of an input (C,H,W) to another. */
static void copy_part(const dv_occlude *s, float *to, const float *from, dv_rect r)
{
    const size_t h = (size_t)s->o->preprocess.size[0], w = (size_t)s->o->preprocess.size[1];
    for (size_t c = 0; c < (size_t)s->o->preprocess.channels; c++)
        for (int y = r.y0; y < r.y1; y++) {
            const size_t at = (c * h + (size_t)y) * w + (size_t)r.x0;
            memcpy(to + at, from + at, (size_t)(r.x1 - r.x0) * sizeof *to);
        }
}

/* -- one position ----------------------------------------------------------------------------- */

/* Takes the last square away in a pass of its own: where the next one lies far off, two small boxes
 * are less than one around both. */
static bool uncover(const dv_occlude *s, dv_worker *w, const dv_occlude_walker *at, dv_error *err)
{
    return dv_trace_forward_box(w->trace, w->input, box_of(s, at->square), err);
}

static bool move_square(const slide *l, dv_worker *w, dv_occlude_walker *at, dv_rect to,
                        dv_error *err)
{
    const dv_occlude *s = l->study;
    const bool first = at->image != s->number_now;
    dv_rect changed = to;
    bool ok = true;
    if (first) {
        memcpy(w->input, l->image->input, s->n_input * sizeof *w->input);
    } else {
        copy_part(s, w->input, l->image->input, at->square);
        changed = hull(at->square, to);
        if (!s->o->plain && area(changed) > area(at->square) + area(to)) {
            ok = uncover(s, w, at, err);
            changed = to;
        }
    }
    copy_part(s, w->input, l->image->covered, to);
    ok = ok &&
         (first || s->o->plain ? dv_trace_forward(w->trace, w->input, err)
                               : dv_trace_forward_box(w->trace, w->input, box_of(s, changed), err));
    *at = (dv_occlude_walker){ ok ? s->number_now : 0, to };
    return ok;
}

static bool visit(const slide *l, dv_worker *w, dv_occlude_walker *at, dv_occluded_at *here,
                  dv_error *err)
{
    const dv_occlude *s = l->study;
    if (!move_square(l, w, at, here->square, err))
        return false;
    here->activation = dv_occlude_sum(s, w->trace, l->image->found.unit.channel);
    dv_occlude_judge(s, w->trace, l->image->found.of_class, &here->probability, &here->best);
    if (!isnan(here->activation) && (s->n_classes == 0 || !isnan(here->probability)))
        return true;
    at->image = 0;
    return dv_fail(err, DV_BAD_DATA, "the activations become NaN under a square at %d,%d",
                   (int)here->y, (int)here->x);
}

/* -- pieces of rows --------------------------------------------------------------------------- */

/* From the end that is nearer to where the worker stands. */
static bool work(void *ctx, dv_worker *w, int64_t task, int slot, dv_error *err)
{
    const slide *l = ctx;
    const dv_occlude *s = l->study;
    dv_occlude_walker *at = &s->walkers[w - s->sliders.workers];
    const int64_t row = task / DV_OCCLUDE_PIECES, piece = task % DV_OCCLUDE_PIECES;
    const int begin = (int)(s->columns * piece / DV_OCCLUDE_PIECES);
    const int n = (int)(s->columns * (piece + 1) / DV_OCCLUDE_PIECES) - begin;
    dv_occluded_at *from = &l->image->at[row * s->columns + begin];
    const bool back = n > 0 && at->image == s->number_now &&
                      2 * at->square.x0 > from[0].square.x0 + from[n - 1].square.x0;
    (void)slot;
    for (int i = 0; i < n; i++)
        if (!visit(l, w, at, &from[back ? n - 1 - i : i], err))
            return false;
    return true;
}

static bool commit(void *ctx, int64_t task, int slot, dv_error *err)
{
    const slide *l = ctx;
    dv_occlude *s = l->study;
    const int64_t piece = task % DV_OCCLUDE_PIECES;
    (void)slot;
    (void)err;
    for (int i = (int)(s->columns * piece / DV_OCCLUDE_PIECES);
         i < s->columns * (piece + 1) / DV_OCCLUDE_PIECES; i++)
        dv_occlude_step(s);
    return true;
}

/* Where the squares lie: centred, cut off at the edges. */
static void place_squares(const dv_occlude *s, dv_occluded_at *at)
{
    const int64_t h = s->o->preprocess.size[0], w = s->o->preprocess.size[1];
    for (int r = 0; r < s->rows; r++)
        for (int c = 0; c < s->columns; c++) {
            const int y = (int)((2 * r + 1) * h / (2 * s->rows));
            const int x = (int)((2 * c + 1) * w / (2 * s->columns));
            const int y0 = y - s->square / 2, x0 = x - s->square / 2;
            const int y1 = y0 + s->square, x1 = x0 + s->square;
            const dv_rect square = { x0 < 0 ? 0 : x0, y0 < 0 ? 0 : y0, x1 > w ? (int)w : x1,
                                     y1 > h ? (int)h : y1 };
            at[r * s->columns + c] = (dv_occluded_at){ .y = y, .x = x, .square = square };
        }
}

bool dv_occlude_slide(dv_occlude *s, dv_occlude_image *im, dv_error *err)
{
    slide l = { s, im };
    const dv_tasks tasks = { .n = (int64_t)s->rows * DV_OCCLUDE_PIECES,
                             .watch = &s->o->watch,
                             .what = "pieces of a row",
                             .ctx = &l,
                             .work = work,
                             .commit = commit };
    place_squares(s, im->at);
    return dv_crew_run(&s->sliders, &tasks, err);
}
