/* filters_project.c - units of a layer, by the switches of an image, as patches. */
#include "image/leaves.h"
#include "image/photo.h"
#include "run/crew.h"
#include "run/watch.h"
#include "studies/filters_patches.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

typedef struct projecting {
    const dv_filters_network *network;
    const dv_selection *selection;
    const dv_filters_options *o;
    const dv_worker *worker;
    dv_projected_patches *out;
    dv_box *fields;   /* (n) receptive fields */
    dv_error *errors; /* (n) */
    atomic_bool failed;
    atomic_int done;
} projecting;

/* -- what the network looks at ---------------------------------------------------------------- */

/* Made twice as large as the input: its edges are then as soft as those of a photograph. */
static bool make_input(const projecting *p, dv_error *err)
{
    dv_preprocess how = p->network->preprocess;
    dv_image leaves;
    how.resize = 0;
    if (!dv_image_leaves(&leaves, 2 * how.size[1], 2 * how.size[0], p->o->seed, err))
        return false;
    const bool ok = dv_prepare(&leaves, &how, p->worker->input, NULL, err);
    dv_image_free(&leaves);
    return ok;
}

static bool read_input(const projecting *p, dv_error *err)
{
    dv_photo photo;
    if (!p->o->image)
        return make_input(p, err);
    const bool ok =
        dv_photo_read(&photo, p->o->image, NULL, &p->network->preprocess, p->worker->input, err);
    if (ok)
        memcpy(p->out->image_sha256, photo.sha256, sizeof photo.sha256);
    dv_photo_free(&photo);
    return ok;
}

static const char *image_name(const projecting *p)
{
    return p->o->image ? p->o->image : "the made picture";
}

static bool look(const projecting *p, dv_error *err)
{
    const dv_position strongest = { .strongest = true };
    if (!read_input(p, err))
        return false;
    if (!dv_trace_forward(p->worker->trace, p->worker->input, err) ||
        !dv_select_units(p->worker->trace, p->network->model, p->selection, &strongest,
                         p->out->units, err))
        return dv_fail_in(err, "%s", image_name(p));
    for (int i = 0; i < p->selection->n; i++)
        p->out->values[i] = dv_unit_value(p->worker->trace, &p->out->units[i]);
    return true;
}

/* -- the patches ------------------------------------------------------------------------------ */

static int32_t extent(const dv_box *b, int axis)
{
    return b->hi[axis] - b->lo[axis];
}

/* As large as the largest receptive field, or, along an axis where that is larger than the input,
 * as this. */
static bool frame(const projecting *p, dv_error *err)
{
    const dv_model *m = p->network->model;
    const dv_box input = dv_box_whole(dv_tensor_shape(m, dv_model_input(m)));
    dv_patches *to = &p->out->patches;
    int32_t size[3] = { extent(&input, DV_C), 1, 1 };
    for (int i = 0; i < p->selection->n; i++) {
        const dv_unit *u = &p->out->units[i];
        if (!dv_model_field(m, u->tensor, dv_unit_box(m, u), &p->fields[i], err))
            return false;
        const dv_box seen = dv_box_intersect(p->fields[i], input);
        p->out->inside[i] = (float)dv_box_count(&seen) / (float)dv_box_count(&p->fields[i]);
        for (int axis = DV_Y; axis <= DV_X; axis++)
            if (extent(&p->fields[i], axis) > size[axis])
                size[axis] = extent(&p->fields[i], axis);
    }
    for (int axis = DV_Y; axis <= DV_X; axis++) {
        const bool whole = size[axis] >= extent(&input, axis);
        size[axis] = whole ? extent(&input, axis) : size[axis];
        for (int i = 0; whole && i < p->selection->n; i++)
            p->fields[i].lo[axis] = 0;
    }
    *to = (dv_patches){ .n = p->selection->n,
                        .channels = size[DV_C],
                        .height = size[DV_Y],
                        .width = size[DV_X],
                        .weights = size[DV_C] * size[DV_Y] * size[DV_X] };
    to->v = calloc((size_t)to->n * dv_patch_size(to) + 1, sizeof *to->v);
    return to->v || dv_fail(err, DV_NO_MEMORY, "no memory for %d projections", to->n);
}

/* Channels come in the order R, G, B. */
static void cut(const projecting *p, int i, const dv_signal *s)
{
    const dv_patches *to = &p->out->patches;
    const bool bgr = to->channels == 3 && p->network->preprocess.bgr;
    float *patch = to->v + (size_t)i * dv_patch_size(to);
    for (int c = s->box.lo[DV_C]; c < s->box.hi[DV_C]; c++)
        for (int y = s->box.lo[DV_Y]; y < s->box.hi[DV_Y]; y++)
            for (int x = s->box.lo[DV_X]; x < s->box.hi[DV_X]; x++) {
                const int row = y - p->fields[i].lo[DV_Y], column = x - p->fields[i].lo[DV_X];
                const int at = (bgr ? 2 - c : c) * to->height + row;
                if (row < to->height && column < to->width)
                    patch[(size_t)at * (size_t)to->width + (size_t)column] =
                        *dv_signal_at(s, c, y, x);
            }
}

static void project_unit(void *ctx, int i, int worker)
{
    projecting *p = ctx;
    dv_signal s;
    if (atomic_load(&p->failed))
        return;
    const int done = atomic_fetch_add(&p->done, 1);
    const bool ok = dv_watch_goes_on(&p->o->watch, done, p->selection->n, "units", &p->errors[i]) &&
                    (dv_project(p->worker->projectors[worker], &p->out->units[i], p->o->rule,
                                DV_SEED_ONE, &s, &p->errors[i]) ||
                     dv_fail_in(&p->errors[i], "%s: layer %s channel %d", image_name(p),
                                p->selection->layer, (int)p->out->units[i].channel));
    if (ok)
        cut(p, i, &s);
    else
        atomic_store(&p->failed, true);
}

static bool project_all(projecting *p, dv_error *err)
{
    dv_pool_run(p->worker->pool, p->selection->n, project_unit, p);
    for (int i = 0; i < p->selection->n; i++)
        if (p->errors[i].code != DV_OK) {
            *err = p->errors[i];
            return false;
        }
    return true;
}

/* -- all of it -------------------------------------------------------------------------------- */

static bool make_room(projecting *p, dv_error *err)
{
    const size_t n = (size_t)p->selection->n + 1;
    p->out->units = calloc(n, sizeof *p->out->units);
    p->out->values = calloc(n, sizeof *p->out->values);
    p->out->inside = calloc(n, sizeof *p->out->inside);
    p->fields = calloc(n, sizeof *p->fields);
    p->errors = calloc(n, sizeof *p->errors);
    return (p->out->units && p->out->values && p->out->inside && p->fields && p->errors) ||
           dv_fail(err, DV_NO_MEMORY, "no memory for %d units", (int)p->selection->n);
}

bool dv_patches_projected(dv_projected_patches *out, const dv_filters_network *n,
                          const dv_selection *s, const dv_filters_options *o, dv_error *err)
{
    const dv_request r = {
        .n_keep = 1, .keep = &s->tensor, .rules = 1U << o->rule, .exact = o->exact
    };
    const dv_crew_options c = { .request = &r, .pool = o->pool, .units = s->n, .alone = true };
    dv_crew crew = { .n_workers = 0 };
    projecting p = { .network = n, .selection = s, .o = o, .out = out };
    dv_error none = { .code = DV_OK };
    err = err ? err : &none;
    *out = (dv_projected_patches){ .units = NULL };
    bool ok = make_room(&p, err) && dv_crew_hire(&crew, n->model, &c, err);
    p.worker = crew.workers;
    ok = ok && look(&p, err) && frame(&p, err) && project_all(&p, err);
    dv_crew_dismiss(&crew);
    free(p.fields);
    free(p.errors);
    return ok;
}

void dv_projected_patches_free(dv_projected_patches *p)
{
    free(p->patches.v);
    free(p->units);
    free(p->values);
    free(p->inside);
    *p = (dv_projected_patches){ .units = NULL };
}
