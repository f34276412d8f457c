/* unit.c - reading units off a trace. */
#include "deconvviz/project.h"
#include "graph/plan.h"

#include <math.h>

/* The map of a unit's channel: *n values. */
static const float *map_of(const dv_trace *t, const dv_unit *u, size_t *n, int32_t *width)
{
    dv_box whole = dv_box_whole(&t->plan->model->values[u->tensor].shape);
    *width = whole.hi[DV_X];
    *n = (size_t)whole.hi[DV_Y] * (size_t)whole.hi[DV_X];
    return dv_trace_tensor(t, u->tensor) + (size_t)u->channel * *n;
}

/* Whether there is such a channel, in a tensor that is an activation. */
static bool has_channel(const dv_model *m, const dv_unit *u)
{
    if (u->tensor < 0 || u->tensor >= m->n_values || m->values[u->tensor].shape.rank < 0)
        return false;
    const dv_box whole = dv_box_whole(&m->values[u->tensor].shape);
    return u->channel >= 0 && u->channel < whole.hi[DV_C];
}

dv_box dv_unit_box(const dv_model *m, const dv_unit *u)
{
    const dv_box none = { .hi = { 0 } };
    if (!has_channel(m, u))
        return none;
    const dv_box whole = dv_box_whole(&m->values[u->tensor].shape);
    dv_box b = whole;
    b.lo[DV_C] = u->channel;
    b.hi[DV_C] = u->channel + 1;
    if (u->y != DV_ALL || u->x != DV_ALL) {
        b.lo[DV_Y] = u->y;
        b.hi[DV_Y] = u->y + 1;
        b.lo[DV_X] = u->x;
        b.hi[DV_X] = u->x + 1;
    }
    return dv_box_contains(whole, b) ? b : none;
}

float dv_strongest(const dv_trace *t, dv_unit *u)
{
    size_t n, best = 0;
    int32_t width;
    if (!has_channel(t->plan->model, u) || !dv_trace_tensor(t, u->tensor))
        return NAN;
    const float *map = map_of(t, u, &n, &width);
    for (size_t i = 1; i < n; i++)
        if (map[i] > map[best])
            best = i;
    u->y = (int32_t)(best / (size_t)width);
    u->x = (int32_t)(best % (size_t)width);
    return map[best];
}

float dv_unit_value(const dv_trace *t, const dv_unit *u)
{
    size_t n;
    int32_t width;
    const dv_box box = dv_unit_box(t->plan->model, u);
    if (dv_box_empty(&box) || !dv_trace_tensor(t, u->tensor))
        return NAN;
    const float *map = map_of(t, u, &n, &width);
    if (u->y != DV_ALL)
        return map[(size_t)u->y * (size_t)width + (size_t)u->x];
    dv_unit strongest = *u;
    return dv_strongest(t, &strongest);
}
