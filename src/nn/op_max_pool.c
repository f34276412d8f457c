/* op_max_pool.c - the maximum of each window and its place, the switch. ONNX MaxPool-12 without
 * Indices; one or two dimensions. */
#include "kernel/maxpool.h"
#include "nn/sliding.h"

static bool parse(const dv_node_spec *s, void *params, dv_error *err)
{
    dv_sliding *p = params;
    int64_t order = 0;
    if (!dv_sliding_parse(s, p, err) || !dv_spec_int(s, "storage_order", &order, err))
        return false;
    if (order != 0)
        return dv_fail(err, DV_UNSUPPORTED, "storage_order %lld: only 0, row-major, is supported",
                       (long long)order);
    return p->n_kernel > 0 || dv_fail(err, DV_BAD_DATA, "the attribute kernel_shape is missing");
}

static bool infer(const dv_node_spec *s, const void *params, dv_shape *out, dv_error *err)
{
    const dv_sliding *p = params;
    const dv_shape *x = &s->in[0].shape;
    dv_slide slide[DV_MAP_AXES];
    return dv_sliding_fit(p, x, p->kernel, 2, slide, err) && dv_sliding_reaches(slide, err) &&
           dv_sliding_shape(x, x->dim[1], slide, out, err);
}

static size_t aux_bytes(const dv_call *c)
{
    return dv_shape_count(&c->out[0].shape) * sizeof(int32_t);
}

static void forward(const dv_call *c)
{
    const dv_sliding *p = c->params;
    const dv_shape *x = &c->in[0].shape;
    dv_slide slide[DV_MAP_AXES];
    dv_sliding_at(p, x, p->kernel, slide);
    dv_pool_shape s = { .planes = x->dim[0] * x->dim[1] };
    for (int i = 0; i < 2; i++) {
        const dv_slide *a = &slide[DV_HEIGHT + i];
        s.in[i] = a->in;
        s.out[i] = a->out;
        s.kernel[i] = a->kernel;
        s.stride[i] = a->stride;
        s.dilation[i] = a->dilation;
        s.pad[i] = a->pad_lo;
    }
    dv_maxpool(&s, c->in[0].data, c->out[0].data, c->aux, c->pool);
}

static dv_box window(const dv_call *c, int i, int o, dv_box out)
{
    (void)i, (void)o;
    if (dv_box_empty(&out))
        return out;
    const dv_sliding *p = c->params;
    dv_slide slide[DV_MAP_AXES];
    dv_sliding_at(p, &c->in[0].shape, p->kernel, slide);
    dv_slide_window(&slide[DV_HEIGHT], &out.lo[DV_Y], &out.hi[DV_Y]);
    dv_slide_window(&slide[DV_WIDTH], &out.lo[DV_X], &out.hi[DV_X]);
    return out;
}

static void project(const dv_call *c, const dv_signal *out, const dv_signal *in)
{
    if (!out[0].data || !in[0].data)
        return;
    const dv_box *b = &out[0].box;
    const dv_box map = dv_box_whole(&c->in[0].shape), all = dv_box_whole(&c->out[0].shape);
    const float *r = out[0].data;
    for (int32_t k = b->lo[DV_C]; k < b->hi[DV_C]; k++)
        for (int32_t y = b->lo[DV_Y]; y < b->hi[DV_Y]; y++) {
            const int32_t *from =
                (const int32_t *)c->aux +
                ((size_t)k * (size_t)all.hi[DV_Y] + (size_t)y) * (size_t)all.hi[DV_X];
            for (int32_t x = b->lo[DV_X]; x < b->hi[DV_X]; x++, r++)
                *dv_signal_at(in, k, from[x] / map.hi[DV_X], from[x] % map.hi[DV_X]) += *r;
        }
}

const dv_op dv_op_max_pool = {
    .name = "MaxPool",
    .min_in = 1,
    .max_in = 1,
    .max_out = 1,
    .params_size = sizeof(dv_sliding),
    .parse = parse,
    .infer = infer,
    .aux_bytes = aux_bytes,
    .forward = forward,
    .window = window,
    .project = project,
};
