/* op_max_pool.c - the maximum of each window and its place, the switch. ONNX MaxPool-12 without
 * Indices; one or two dimensions. */
#include "kernel/maxpool.h"
#include "nn/sliding.h"
#include "nn/walk.h"

static const dv_attr_row attrs[] = {
    DV_POOL_ROWS,
    { "storage_order", DV_ATTR_INT, .need = DV_ATTR_FIXED },
    { 0 },
};

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
    const dv_box wanted = dv_wanted(c, 0);
    dv_pool_shape s = { .planes = x->dim[0] * x->dim[1],
                        .ties = c->even ? DV_TIES_EQUAL : DV_TIES_ROUNDED };
    for (int i = 0; i < 2; i++) {
        const dv_slide *a = &slide[DV_HEIGHT + i];
        s.in[i] = a->in;
        s.out[i] = a->out;
        s.kernel[i] = a->kernel;
        s.stride[i] = a->stride;
        s.dilation[i] = a->dilation;
        s.pad[i] = a->pad_lo;
    }
    dv_maxpool_rows(&s, wanted.lo[DV_Y], wanted.hi[DV_Y], c->in[0].data, c->out[0].data, c->aux,
                    c->pool);
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

typedef struct back {
    const dv_call *c;
    const dv_signal *out, *in;
} back;

enum { PART_PLANES = 8, /* channels in a task */ LINE = 16 /* switches in a line of the cache */ };

static void project_part(void *ctx, int i, int worker)
{
    (void)worker;
    const back *job = ctx;
    const dv_signal out = dv_signal_part(job->out, PART_PLANES, i), *in = job->in;
    const dv_box *b = &out.box;
    const dv_box map = dv_box_whole(&job->c->in[0].shape),
                 all = dv_box_whole(&job->c->out[0].shape);
    const int32_t width = map.hi[DV_X], pitch = in->box.hi[DV_X] - in->box.lo[DV_X];
    const size_t plane_size = (size_t)all.hi[DV_Y] * (size_t)all.hi[DV_X];
    const float *r = out.data;
    for (int32_t k = b->lo[DV_C]; k < b->hi[DV_C]; k++) {
        float *plane = dv_signal_at(in, k, in->box.lo[DV_Y], in->box.lo[DV_X]);
        for (int32_t y = b->lo[DV_Y]; y < b->hi[DV_Y]; y++) {
            const int32_t *from = (const int32_t *)job->c->aux + (size_t)k * plane_size +
                                  (size_t)y * (size_t)all.hi[DV_X];
            for (int32_t x = b->lo[DV_X]; x < b->hi[DV_X] + LINE; x += LINE) /* of the next plane */
                __builtin_prefetch(from + plane_size + x);
            for (int32_t x = b->lo[DV_X]; x < b->hi[DV_X]; x++, r++) {
                const int32_t row = from[x] / width, column = from[x] - row * width;
                plane[(ptrdiff_t)(row - in->box.lo[DV_Y]) * pitch + column - in->box.lo[DV_X]] +=
                    *r;
            }
        }
    }
}

static void project(const dv_call *c, const dv_signal *out, const dv_signal *in)
{
    back job = { c, &out[0], &in[0] };
    if (out[0].data && in[0].data)
        dv_pool_run(c->pool, dv_box_parts(&out[0].box, PART_PLANES), project_part, &job);
}

const dv_op dv_op_max_pool = {
    .name = "MaxPool",
    .min_in = 1,
    .max_in = 1,
    .max_out = 1,
    .params_size = sizeof(dv_sliding),
    .attrs = attrs,
    .parse = dv_sliding_parse,
    .infer = infer,
    .aux_bytes = aux_bytes,
    .forward = forward,
    .reach = dv_reach_along,
    .window = window,
    .project = project,
};
