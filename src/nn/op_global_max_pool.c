/* op_global_max_pool.c - the maximum of each channel, and its switch. */
#include "kernel/maxpool.h"
#include "nn/op.h"
#include "nn/walk.h"

static bool infer(const dv_node_spec *s, const void *params, dv_shape *out, dv_error *err)
{
    (void)params;
    *out = s->in[0].shape;
    if (out->rank < 3)
        return dv_fail(err, DV_BAD_DATA, "the input has %d dimensions: at least 3 are needed",
                       out->rank);
    for (int k = 2; k < out->rank; k++)
        out->dim[k] = 1;
    return true;
}

static size_t aux_bytes(const dv_call *c)
{
    return dv_shape_count(&c->out[0].shape) * sizeof(int32_t);
}

/* Elements a channel. */
static int32_t plane_size(const dv_call *c)
{
    return (int32_t)(dv_shape_count(&c->in[0].shape) / dv_shape_count(&c->out[0].shape));
}

static void forward(const dv_call *c)
{
    int32_t n = plane_size(c); /* one row as long as the map */
    dv_pool_shape s = { .planes = (int32_t)dv_shape_count(&c->out[0].shape),
                        .in = { 1, n },
                        .out = { 1, 1 },
                        .kernel = { 1, n },
                        .stride = { 1, 1 },
                        .dilation = { 1, 1 },
                        .ties = c->even ? DV_TIES_EQUAL : DV_TIES_ROUNDED };
    dv_maxpool(&s, c->in[0].data, c->out[0].data, c->aux, c->pool);
}

static dv_box window(const dv_call *c, int i, int o, dv_box out)
{
    (void)i, (void)o;
    const dv_shape *in = &c->in[0].shape;
    if (dv_box_empty(&out))
        return out;
    dv_ranges r = dv_ranges_of(&c->out[0].shape, &out);
    for (int k = 2; k < in->rank; k++) {
        r.lo[k] = 0;
        r.hi[k] = in->dim[k];
    }
    return dv_box_of_ranges(in, &r);
}

static void project(const dv_call *c, const dv_signal *out, const dv_signal *in)
{
    if (!out[0].data || !in[0].data)
        return;
    const int32_t *switches = c->aux;
    const dv_box map = dv_box_whole(&c->in[0].shape), *b = &out[0].box;
    const int32_t w = map.hi[DV_X], plane = map.hi[DV_Y] * w, n = plane_size(c);
    for (int32_t k = b->lo[DV_C]; k < b->hi[DV_C]; k++) {
        int32_t at = k * n + switches[k];
        *dv_signal_at(&in[0], at / plane, at % plane / w, at % w) += out[0].data[k - b->lo[DV_C]];
    }
}

const dv_op dv_op_global_max_pool = {
    .name = "GlobalMaxPool",
    .min_in = 1,
    .max_in = 1,
    .max_out = 1,
    .infer = infer,
    .aux_bytes = aux_bytes,
    .forward = forward,
    .window = window,
    .project = project,
};
