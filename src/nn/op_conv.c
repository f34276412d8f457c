/* op_conv.c - convolution of one or two dimensions, ONNX Conv-11. */
#include "kernel/conv.h"
#include "nn/channel_epilogue.h"
#include "nn/sliding.h"
#include "nn/walk.h"
#include "nn/weights.h"

#include <stdlib.h>

typedef struct conv {
    dv_sliding sliding; /* first, as its rows have it */
    int32_t group;
} conv;

typedef struct conv_state {
    dv_conv *kernel;
    dv_channel_epilogue ep;
} conv_state;

static const dv_attr_row attrs[] = {
    DV_KERNEL_ROW(DV_ATTR_OPTIONAL),
    DV_SLIDING_ROWS,
    { "group", DV_ATTR_INT, DV_AT(conv, group), .otherwise.i = 1, .min = 1, .max = INT32_MAX },
    { 0 },
};

static bool check_channels(const conv *p, const dv_shape *x, const dv_shape *w, dv_error *err)
{
    char text[DV_SHAPE_TEXT_MAX];
    dv_shape_text(w, text);
    if (w->dim[0] < 1 || w->dim[0] % p->group)
        return dv_fail(err, DV_BAD_DATA,
                       "weight is %s: its first dimension is no multiple of the "
                       "%d groups",
                       text, (int)p->group);
    if ((int64_t)w->dim[1] * p->group != x->dim[1])
        return dv_fail(err, DV_BAD_DATA,
                       "weight is %s in %d groups: it takes %lld channels, the "
                       "input has %d",
                       text, (int)p->group, (long long)w->dim[1] * p->group, (int)x->dim[1]);
    return true;
}

static bool check_kernel_shape(const dv_sliding *p, const int32_t kernel[DV_MAP_AXES],
                               dv_error *err)
{
    for (int a = 0; p->n_kernel && a < DV_MAP_AXES; a++)
        if (p->kernel[a] != kernel[a])
            return dv_fail(err, DV_BAD_DATA, "kernel_shape says %d where the weight has %d",
                           (int)p->kernel[a], (int)kernel[a]);
    return true;
}

static bool infer(const dv_node_spec *s, const void *params, dv_shape *out, dv_error *err)
{
    const conv *p = params;
    const dv_shape *x = &s->in[0].shape, *w = &s->in[1].shape;
    dv_slide slide[DV_MAP_AXES];
    int32_t kernel[DV_MAP_AXES];
    if (x->rank != 3 && x->rank != 4)
        return dv_fail(err, DV_UNSUPPORTED, "the input has %d dimensions: 3 or 4 are supported",
                       x->rank);
    if (!dv_check_weights_rank(s, 1, "weight", x->rank, err) || !check_channels(p, x, w, err))
        return false;
    dv_map_sizes(w, 2, kernel);
    return dv_sliding_fit(&p->sliding, x, kernel, 2, slide, err) &&
           check_kernel_shape(&p->sliding, kernel, err) &&
           dv_check_channel_weights(s, 2, "bias", w->dim[0], err) &&
           dv_sliding_shape(x, w->dim[0], slide, out, err);
}

static void slides(const dv_call *c, dv_slide slide[DV_MAP_AXES])
{
    const conv *p = c->params;
    int32_t kernel[DV_MAP_AXES];
    dv_map_sizes(&c->in[1].shape, 2, kernel);
    dv_sliding_at(&p->sliding, &c->in[0].shape, kernel, slide);
}

static dv_conv_shape conv_shape(const dv_call *c)
{
    const conv *p = c->params;
    const dv_shape *x = &c->in[0].shape, *w = &c->in[1].shape;
    dv_slide slide[DV_MAP_AXES];
    slides(c, slide);
    dv_conv_shape s = {
        .batch = x->dim[0], .in_channels = x->dim[1], .out_channels = w->dim[0], .group = p->group
    };
    for (int i = 0; i < 2; i++) {
        const dv_slide *a = &slide[DV_HEIGHT + i];
        s.in[i] = a->in;
        s.out[i] = a->out;
        s.kernel[i] = a->kernel;
        s.stride[i] = a->stride;
        s.dilation[i] = a->dilation;
        s.pad[i] = a->pad_lo;
    }
    return s;
}

static void release(void *state)
{
    conv_state *st = state;
    dv_conv_free(st->kernel);
    dv_channel_epilogue_free(&st->ep);
    free(st);
}

static bool prepare(const dv_call *c, const dv_use *use, void **state, dv_error *err)
{
    conv_state *st = calloc(1, sizeof *st);
    if (!st)
        return dv_fail(err, DV_NO_MEMORY, "no memory for a convolution");
    dv_conv_shape s = conv_shape(c);
    const float *bias = c->n_in > 2 ? c->in[2].data : NULL;
    unsigned uses = DV_CONV_FORWARD | (use->project ? DV_CONV_TRANSPOSED : 0);
    st->kernel = dv_conv_new(&s, c->in[1].data, uses, use->precision, use->cache, err);
    if (!st->kernel || !dv_channel_epilogue_make(&st->ep, &c->ep, bias, s.out_channels, err)) {
        release(st);
        return false;
    }
    dv_conv_arrange(st->kernel, c->pool);
    *state = st;
    return true;
}

static size_t scratch_bytes(const dv_call *c)
{
    const conv_state *st = c->state;
    return dv_conv_forward_scratch(st->kernel, dv_pool_size(c->pool));
}

static void forward(const dv_call *c)
{
    const conv_state *st = c->state;
    dv_epilogue ep = st->ep.ep;
    ep.tail = c->ep.tail;
    if (c->boxes)
        dv_conv_forward_box(st->kernel, c->in[0].data, &ep, c->boxes, c->out[0].data, c->scratch,
                            c->pool);
    else
        dv_conv_forward(st->kernel, c->in[0].data, &ep, c->out[0].data, c->scratch, c->pool);
}

static const char *way(const dv_call *c)
{
    const conv_state *st = c->state;
    return dv_conv_kernel(st->kernel);
}

static bool even(const dv_call *c)
{
    const conv_state *st = c->state;
    return dv_conv_even(st->kernel);
}

static dv_box window(const dv_call *c, int i, int o, dv_box out)
{
    (void)i, (void)o;
    if (dv_box_empty(&out))
        return out;
    const conv *p = c->params;
    dv_slide slide[DV_MAP_AXES];
    slides(c, slide);
    dv_box in = out;
    dv_slide_window(&slide[DV_HEIGHT], &in.lo[DV_Y], &in.hi[DV_Y]);
    dv_slide_window(&slide[DV_WIDTH], &in.lo[DV_X], &in.hi[DV_X]);
    dv_group_channels(p->group, &c->out[0].shape, &c->in[0].shape, &in);
    return in;
}

static dv_box reach(const dv_call *c, int i, int o, dv_box in)
{
    const conv_state *st = c->state;
    dv_box out = dv_box_intersect(dv_reach_along(c, i, o, in), dv_box_whole(&c->out[o].shape));
    if (!dv_box_empty(&out))
        dv_conv_widen(st->kernel, &out);
    return out;
}

/* Image by image: those that the signal's box has a part of. */
static void project(const dv_call *c, const dv_signal *out, const dv_signal *in)
{
    const conv_state *st = c->state;
    const int32_t planes = c->out[0].shape.dim[1], planes_in = c->in[0].shape.dim[1];
    if (!in[0].data || !out[0].data || dv_reads_padding(c, out[0].box))
        return;
    const dv_box *b = &out[0].box;
    for (int32_t n = b->lo[DV_C] / planes; n * planes < b->hi[DV_C]; n++) {
        const dv_signal from = dv_signal_image(&out[0], planes, n);
        const dv_signal to = dv_signal_image(&in[0], planes_in, n);
        dv_conv_transposed(st->kernel, &from, &to, c->scratch, c->pool);
    }
}

static size_t project_scratch(const dv_call *c, const dv_signal *out)
{
    const conv_state *st = c->state;
    const int32_t planes = c->out[0].shape.dim[1];
    const dv_box *b = &out[0].box;
    size_t most = 0;
    for (int32_t n = b->lo[DV_C] / planes; n * planes < b->hi[DV_C]; n++) {
        const dv_box part = dv_box_image(*b, planes, n);
        size_t bytes = dv_conv_transposed_scratch(st->kernel, &part, dv_pool_size(c->pool));
        most = bytes > most ? bytes : most;
    }
    return most;
}

const dv_op dv_op_conv = {
    .name = "Conv",
    .min_in = 2,
    .max_in = 3,
    .max_out = 1,
    .weight_layer = true,
    .inputs = { "X", "W", "B" },
    .params_size = sizeof(conv),
    .attrs = attrs,
    .parse = dv_sliding_parse,
    .infer = infer,
    .scratch_bytes = scratch_bytes,
    .prepare = prepare,
    .release = release,
    .forward = forward,
    .even = even,
    .way = way,
    .reach = reach,
    .takes_epilogue = true,
    .takes_tail = true,
    .window = window,
    .project = project,
    .project_scratch = project_scratch,
};
