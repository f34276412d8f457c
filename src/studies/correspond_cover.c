/* correspond_cover.c - each image through the network, as it is and without each of its boxes. */
#include "image/cover.h"
#include "run/watch.h"
#include "studies/correspond_signs.h"
#include "studies/correspond_study.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* What the work on one image takes. */
typedef struct scratch {
    const char *path;
    dv_image original, covered, cover; /* of one size: as it is; with a box covered; what is seen
                                          there */
    float *last;                       /* (C,H,W) what went through the network before */
    float **whole;                     /* (layers, size) the activations of the image as it is */
    float *least;                      /* (layers) a change up to this is none: DV_SIGN_LEAST */
} scratch;

static void scratch_free(scratch *s, int layers)
{
    for (int i = 0; s->whole && i < layers; i++)
        free(s->whole[i]);
    free(s->whole);
    free(s->least);
    free(s->last);
    dv_image_free(&s->original);
    dv_image_free(&s->covered);
    dv_image_free(&s->cover);
}

static bool scratch_read(scratch *s, const dv_covering *c, size_t inputs, dv_error *err)
{
    static const dv_cover covers[] = { [DV_PART_GREY] = DV_COVER_GREY,
                                       [DV_PART_MEAN] = DV_COVER_MEAN,
                                       [DV_PART_BLUR] = DV_COVER_BLUR };
    const int layers = c->o->n_layers;
    if (!dv_image_load(&s->original, s->path, err) ||
        !dv_cover_all(&s->cover, &s->original, covers[c->o->fill], err))
        return false;
    const size_t bytes = 3 * (size_t)s->original.width * (size_t)s->original.height;
    s->covered = (dv_image){ s->original.width, s->original.height, malloc(bytes) };
    s->last = malloc(inputs * sizeof *s->last);
    s->whole = calloc((size_t)layers, sizeof *s->whole);
    s->least = calloc((size_t)layers, sizeof *s->least);
    bool ok = s->covered.rgb && s->last && s->whole && s->least;
    for (int i = 0; ok && i < layers; i++) {
        s->whole[i] = malloc(c->layers[i].size * sizeof **s->whole);
        ok = s->whole[i];
    }
    if (!ok)
        return dv_fail(err, DV_NO_MEMORY, "no memory for an image of %dx%d pixels",
                       s->original.width, s->original.height);
    memcpy(s->covered.rgb, s->original.rgb, bytes);
    return true;
}

/* -- one pass --------------------------------------------------------------------------------- */

/* Where two inputs (C,H,W) differ; empty: nowhere. */
static dv_box difference(const float *a, const float *b, dv_box whole)
{
    const int32_t h = whole.hi[DV_Y], w = whole.hi[DV_X];
    dv_box d = { .lo = { 0, h, w } };
    for (int32_t c = 0; c < whole.hi[DV_C]; c++)
        for (int32_t y = 0; y < h; y++, a += w, b += w) {
            int32_t x0 = 0, x1 = w;
            while (x0 < w && a[x0] == b[x0])
                x0++;
            while (x1 > x0 && a[x1 - 1] == b[x1 - 1])
                x1--;
            if (x0 == x1)
                continue;
            const dv_box row = { .lo = { 0, y, x0 }, .hi = { whole.hi[DV_C], y + 1, x1 } };
            d = dv_box_hull(d, row);
        }
    return d;
}

/* The next input of the image: only what differs from the one before is computed again. */
static bool forward(const dv_covering *c, const scratch *s, dv_worker *w, dv_error *err)
{
    const dv_box whole = dv_box_whole(dv_tensor_shape(c->model, dv_model_input(c->model)));
    const dv_box changed = difference(w->input, s->last, whole);
    if (dv_box_empty(&changed))
        return true;
    if (!dv_trace_forward_box(w->trace, w->input, changed, err))
        return dv_fail_in(err, "%s", s->path);
    memcpy(s->last, w->input, dv_box_count(&whole) * sizeof *s->last);
    return true;
}

/* A picture for the figure: the image with a box covered, as the network sees it. */
static bool show(const dv_covering *c, scratch *s, int image, int place, dv_error *err)
{
    dv_image *to = &c->shown[image * (c->n_parts + 2) + place];
    return image >= c->n_shown || dv_prepare_view(&s->covered, &c->o->preprocess, to, err);
}

static bool cover_box(const dv_covering *c, scratch *s, dv_worker *w, int image, int box,
                      dv_error *err)
{
    const dv_rect b = dv_covering_box(c, image, box);
    const int place = box < c->n_parts ? 1 + box : 1 + c->n_parts;
    dv_cover_box(&s->covered, &s->cover, b.x0, b.y0, b.x1, b.y1);
    const bool ok = dv_prepare(&s->covered, &c->o->preprocess, w->input, NULL, err) &&
                    (!(box < c->n_parts || box == dv_covering_example(c, image)) ||
                     show(c, s, image, place, err)) &&
                    forward(c, s, w, err);
    dv_cover_box(&s->covered, &s->original, b.x0, b.y0, b.x1, b.y1);
    for (int i = 0; ok && i < c->o->n_layers; i++) {
        const dv_sign_layer *l = &c->layers[i];
        const size_t at = (size_t)image * (size_t)c->n_boxes + (size_t)box;
        dv_signs_of(&l->signs[at * l->words], s->whole[i], dv_trace_tensor(w->trace, l->tensor),
                    s->least[i], l->size);
    }
    return ok;
}

/* -- one image -------------------------------------------------------------------------------- */

static void take_whole(scratch *s, int layer, const float *x, size_t n)
{
    float largest = 0;
    for (size_t i = 0; i < n; i++)
        largest = fmaxf(largest, fabsf(x[i]));
    memcpy(s->whole[layer], x, n * sizeof *x);
    s->least[layer] = DV_SIGN_LEAST * largest;
}

static bool look(const dv_covering *c, scratch *s, dv_worker *w, int image, size_t inputs,
                 dv_error *err)
{
    if (!dv_prepare(&s->original, &c->o->preprocess, w->input, NULL, err) ||
        !show(c, s, image, 0, err))
        return false;
    if (!dv_trace_forward(w->trace, w->input, err))
        return dv_fail_in(err, "%s", s->path);
    memcpy(s->last, w->input, inputs * sizeof *s->last);
    for (int i = 0; i < c->o->n_layers; i++)
        take_whole(s, i, dv_trace_tensor(w->trace, c->layers[i].tensor), c->layers[i].size);
    for (int box = 0; box < c->n_boxes; box++)
        if (!dv_watch_goes_on(&c->o->watch, image, c->n_images, "images", err) ||
            !cover_box(c, s, w, image, box, err))
            return false;
    return true;
}

static bool work(void *ctx, dv_worker *w, int64_t task, int slot, dv_error *err)
{
    const dv_covering *c = ctx;
    const int image = (int)task;
    const size_t inputs = dv_shape_count(dv_tensor_shape(c->model, dv_model_input(c->model)));
    scratch s = { .path = dv_list_path(&c->o->parts->images, image) };
    (void)slot;
    const bool ok = scratch_read(&s, c, inputs, err) && look(c, &s, w, image, inputs, err);
    scratch_free(&s, c->o->n_layers);
    return ok;
}

static bool commit(void *ctx, int64_t task, int slot, dv_error *err)
{
    const dv_covering *c = ctx;
    (void)slot;
    (void)err;
    dv_watch_progress(&c->o->watch, task + 1, c->n_images);
    return true;
}

static bool hire(dv_crew *crew, const dv_covering *c, dv_error *err)
{
    int *keep = calloc((size_t)c->o->n_layers, sizeof *keep);
    if (!keep)
        return dv_fail(err, DV_NO_MEMORY, "no memory for %d layers", c->o->n_layers);
    for (int i = 0; i < c->o->n_layers; i++)
        keep[i] = c->layers[i].tensor;
    const dv_request r = { .n_keep = c->o->n_layers,
                           .keep = keep,
                           .exact = c->o->exact,
                           .boxes = true,
                           .images = (int64_t)c->n_images * (1 + c->n_boxes) };
    const dv_crew_options hired = { .request = &r, .pool = c->o->pool, .tasks = c->n_images };
    const bool ok = dv_crew_hire(crew, c->model, &hired, err);
    free(keep);
    return ok;
}

bool dv_covering_run(dv_covering *c, dv_error *err)
{
    dv_crew crew = { .n_workers = 0 };
    const dv_tasks tasks = { .n = c->n_images,
                             .watch = &c->o->watch,
                             .what = "images",
                             .ctx = c,
                             .work = work,
                             .commit = commit };
    const bool ok = hire(&crew, c, err) && dv_crew_run(&crew, &tasks, err);
    dv_crew_dismiss(&crew);
    return ok;
}
