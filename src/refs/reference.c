#include "refs/reference.h"

#include "tensor/npy.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool dv_references_begin(dv_references *r, dv_error *err)
{
    r->arena = calloc(1, sizeof *r->arena);
    return r->arena || dv_fail(err, DV_NO_MEMORY, "no memory for references");
}

bool dv_references_lists(dv_references *r, int n_images, int n_units, dv_error *err)
{
    r->n_images = n_images;
    r->n_units = n_units;
    r->images = dv_arena_array(r->arena, (size_t)n_images, sizeof *r->images, err);
    r->units = dv_arena_array(r->arena, (size_t)n_units, sizeof *r->units, err);
    return r->images && r->units;
}

void dv_references_free(dv_references *r)
{
    if (r->arena)
        dv_arena_release(r->arena);
    free(r->arena);
    *r = (dv_references){ 0 };
}

const char *dv_seed_name(dv_seed seed)
{
    return seed == DV_SEED_ONE ? "one" : "value";
}

const char *dv_reference_at_name(dv_reference_at at)
{
    return at == DV_AT_ALL ? "all" : at == DV_AT_GIVEN ? "given" : "max";
}

char *dv_reference_path(const char *root, const char *file, dv_error *err)
{
    char *path = dv_path_below(root, file, err);
    if (!path || !root || dv_file_exists(path))
        return path;
    const char *slash = strrchr(file, '/');
    char *by_name = dv_path_join(root, slash ? slash + 1 : file, err);
    bool there = by_name && dv_file_exists(by_name);
    free(there ? path : by_name);
    return there ? by_name : path;
}

/* -- measures --------------------------------------------------------------------------------- */

dv_channel_statistics dv_reference_statistics(const dv_trace *t, const dv_model *m,
                                              const dv_unit *u)
{
    const dv_shape *shape = dv_tensor_shape(m, u->tensor);
    const dv_box map = dv_box_whole(shape);
    const float *v = dv_trace_tensor(t, u->tensor);
    const size_t n = (size_t)map.hi[DV_Y] * (size_t)map.hi[DV_X], count = dv_shape_count(shape);
    double sum = 0, active = 0, squares = 0;
    for (size_t i = 0; i < count; i++)
        squares += (double)v[i] * (double)v[i];
    for (size_t i = 0; i < n; i++) {
        sum += (double)v[(size_t)u->channel * n + i];
        active += v[(size_t)u->channel * n + i] > 0;
    }
    return (dv_channel_statistics){ .mean = (float)(sum / (double)n),
                                    .active = (float)(active / (double)n),
                                    .rms = (float)sqrt(squares / (double)count) };
}

double dv_value_change(const dv_reference_unit *r, float value)
{
    double size = fmax(fabs((double)r->value), (double)r->rms);
    double change = fabs((double)value - (double)r->value);
    return change == 0 ? 0 : size > 0 ? fmin(change / size, DV_RELATIVE_MAX) : DV_RELATIVE_MAX;
}

bool dv_reference_rect(const dv_model *m, const dv_unit *u, const dv_preprocess *p, dv_rect *r,
                       dv_error *err)
{
    dv_box field;
    if (!dv_model_field(m, u->tensor, dv_unit_box(m, u), &field, err))
        return false;
    *r = dv_view_rect(DV_VIEW_PAIR, field, p->size);
    return true;
}

/* -- arrays ----------------------------------------------------------------------------------- */

float dv_reference_scale(const dv_signal *s)
{
    float most = 0;
    for (size_t i = 0, n = dv_box_count(&s->box); i < n; i++)
        most = fmaxf(most, fabsf(s->data[i]));
    int exponent = 0;
    frexpf(most, &exponent);
    exponent = exponent < -125 ? -125 : exponent > 127 ? 127 : exponent; /* a normal float32 */
    return most > 0 ? ldexpf(1, exponent) : 1;
}

static dv_shape window_shape(const dv_box *b)
{
    return (dv_shape){
        3, { b->hi[DV_C] - b->lo[DV_C], b->hi[DV_Y] - b->lo[DV_Y], b->hi[DV_X] - b->lo[DV_X] }
    };
}

bool dv_reference_write_array(const char *path, const dv_signal *s, float scale, dv_error *err)
{
    const size_t n = dv_box_count(&s->box);
    const dv_shape shape = window_shape(&s->box);
    float *scaled = malloc((n + 1) * sizeof *scaled);
    if (!scaled)
        return dv_fail(err, DV_NO_MEMORY, "no memory for a projection of %zu values", n);
    for (size_t i = 0; i < n; i++)
        scaled[i] = s->data[i] / scale;
    bool ok = dv_npy_write_half(path, &shape, scaled, err);
    free(scaled);
    return ok;
}

bool dv_reference_read_array(dv_signal *s, const char *folder, const dv_reference_unit *u,
                             dv_error *err)
{
    char *path = dv_path_join(folder, u->array, err);
    dv_shape shape;
    const dv_shape wanted = window_shape(&u->window);
    *s = (dv_signal){ .box = u->window };
    bool ok = path && dv_npy_read(path, &shape, &s->data, err);
    if (ok && !dv_shape_equal(&shape, &wanted)) {
        char has[DV_SHAPE_TEXT_MAX], wants[DV_SHAPE_TEXT_MAX];
        ok = dv_fail(err, DV_BAD_DATA, "%s: the array is %s, the window in " DV_MANIFEST " %s",
                     path, dv_shape_text(&shape, has), dv_shape_text(&wanted, wants));
    }
    bool finite = true;
    for (size_t i = 0, n = ok ? dv_shape_count(&shape) : 0; i < n; i++) {
        s->data[i] *= u->scale;
        finite = finite && isfinite(s->data[i]);
    }
    if (!finite)
        ok = dv_fail(err, DV_BAD_DATA, "%s: holds what is not a finite number", path);
    free(path);
    if (!ok) {
        free(s->data);
        *s = (dv_signal){ .data = NULL };
    }
    return ok;
}
