/* op_conv_transpose.c - the transpose of a convolution as a layer of its own, ONNX
 * ConvTranspose-11, one or two dimensions. Forward is the way back of the convolution that reads
 * the output's map, and the way back is that convolution's forward. */
#include "kernel/conv.h"
#include "nn/channel_epilogue.h"
#include "nn/sliding.h"
#include "nn/walk.h"
#include "nn/weights.h"

#include <stdlib.h>
#include <string.h>

typedef struct conv_transpose {
    dv_sliding sliding; /* first, as its rows have it */
    int32_t group;
    int n_extra, n_shape;
    int32_t extra[DV_MAP_AXES]; /* output_padding */
    int32_t shape[DV_MAP_AXES]; /* output_shape, where n_shape > 0 */
} conv_transpose;

typedef struct state {
    dv_conv *kernel; /* from the output's map to the input's */
    dv_channel_epilogue ep;
} state;

static const dv_attr_row attrs[] = {
    DV_KERNEL_ROW(DV_ATTR_OPTIONAL),
    DV_SLIDING_ROWS,
    { "group", DV_ATTR_INT, DV_AT(conv_transpose, group), .otherwise.i = 1, .min = 1,
      .max = INT32_MAX },
    { "output_padding", DV_ATTR_INTS, DV_LIST_AT(conv_transpose, extra, n_extra),
      .max = DV_SLIDING_MAX },
    { "output_shape", DV_ATTR_INTS, DV_LIST_AT(conv_transpose, shape, n_shape), .min = 1,
      .max = DV_SLIDING_MAX },
    { 0 },
};

static bool parse(const dv_node_spec *s, void *params, dv_error *err)
{
    conv_transpose *p = params;
    dv_to_last_axes(p->extra, p->n_extra, 0);
    dv_to_last_axes(p->shape, p->n_shape, 0);
    return dv_sliding_parse(s, params, err);
}

/* The size of the output on one axis, before anything is cut from it. */
static int64_t natural_size(const conv_transpose *p, int axis, int32_t in, int32_t kernel)
{
    const dv_sliding *a = &p->sliding;
    return (int64_t)(in - 1) * a->stride[axis] + p->extra[axis] +
           (int64_t)(kernel - 1) * a->dilation[axis] + 1;
}

/* One axis of the convolution that this is the transpose of: s->in is the size of this operator's
 * output, s->out that of its input. */
static void place(const conv_transpose *p, int axis, int32_t in, int32_t kernel, dv_slide *s)
{
    const dv_sliding *a = &p->sliding;
    *s = (dv_slide){
        .out = in, .kernel = kernel, .stride = a->stride[axis], .dilation = a->dilation[axis]
    };
    int64_t natural = natural_size(p, axis, in, kernel);
    int64_t size = natural - a->pad_lo[axis] - a->pad_hi[axis];
    bool same = a->auto_pad == DV_PAD_SAME_UPPER || a->auto_pad == DV_PAD_SAME_LOWER;
    s->pad_lo = a->pad_lo[axis];
    if (a->auto_pad == DV_PAD_VALID) {
        size = natural;
        s->pad_lo = 0;
    }
    if (p->n_shape > 0 || same) {
        size = p->n_shape > 0 ? p->shape[axis] : (int64_t)in * s->stride;
        int64_t total = natural > size ? natural - size : 0;
        int64_t half = total / 2;
        s->pad_lo = dv_coordinate(a->auto_pad == DV_PAD_SAME_UPPER ? half : total - half);
    }
    s->in = (int32_t)(size < 0 ? 0 : size > INT32_MAX ? INT32_MAX : size);
}

static void slides(const conv_transpose *p, const dv_shape *x, const dv_shape *w,
                   dv_slide slide[DV_MAP_AXES])
{
    int32_t in[DV_MAP_AXES], kernel[DV_MAP_AXES];
    dv_map_sizes(x, 2, in);
    dv_map_sizes(w, 2, kernel);
    for (int a = 0; a < DV_MAP_AXES; a++) {
        conv_transpose here = *p;
        if (a < DV_MAP_AXES - (x->rank - 2)) { /* an axis that the map has not */
            here.n_shape = 0;
            here.sliding.auto_pad = DV_PAD_NOTSET;
        }
        place(&here, a, in[a], kernel[a], &slide[a]);
    }
}

static bool check_lists(const conv_transpose *p, const dv_shape *x, const dv_shape *w,
                        dv_error *err)
{
    const struct {
        const char *name;
        int n, wanted;
    } lists[] = {
        { "kernel_shape", p->sliding.n_kernel, x->rank - 2 },
        { "strides", p->sliding.n_strides, x->rank - 2 },
        { "dilations", p->sliding.n_dilations, x->rank - 2 },
        { "pads", p->sliding.n_pads, 2 * (x->rank - 2) },
        { "output_padding", p->n_extra, x->rank - 2 },
        { "output_shape", p->n_shape, x->rank - 2 },
    };
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++)
        if (lists[i].n && lists[i].n != lists[i].wanted)
            return dv_fail(err, DV_BAD_DATA,
                           "%s holds %d numbers: an input of %d dimensions needs %d", lists[i].name,
                           lists[i].n, x->rank, lists[i].wanted);
    for (int k = 2; k < w->rank; k++) {
        int32_t said = p->sliding.kernel[DV_MAP_AXES - w->rank + k];
        if (w->dim[k] < 1 || w->dim[k] > DV_SLIDING_MAX)
            return dv_fail(err, DV_BAD_DATA, "the kernel's size is %d: 1 to %d is possible",
                           (int)w->dim[k], DV_SLIDING_MAX);
        if (p->sliding.n_kernel && said != w->dim[k])
            return dv_fail(err, DV_BAD_DATA, "kernel_shape says %d where the weight has %d",
                           (int)said, (int)w->dim[k]);
    }
    return true;
}

static bool check_reach(const conv_transpose *p, const dv_shape *x, const dv_shape *w,
                        dv_error *err)
{
    int32_t in[DV_MAP_AXES], kernel[DV_MAP_AXES];
    dv_map_sizes(x, 2, in);
    dv_map_sizes(w, 2, kernel);
    for (int a = 0; a < DV_MAP_AXES; a++)
        if (!dv_sliding_check_reach(natural_size(p, a, in[a], kernel[a]), err))
            return false;
    return true;
}

static bool infer(const dv_node_spec *s, const void *params, dv_shape *out, dv_error *err)
{
    const conv_transpose *p = params;
    const dv_shape *x = &s->in[0].shape, *w = &s->in[1].shape;
    char text[DV_SHAPE_TEXT_MAX];
    if (x->rank != 3 && x->rank != 4)
        return dv_fail(err, DV_UNSUPPORTED, "the input has %d dimensions: 3 or 4 are supported",
                       x->rank);
    if (!dv_check_weights_rank(s, 1, "weight", x->rank, err) || !check_lists(p, x, w, err))
        return false;
    if (w->dim[0] != x->dim[1] || w->dim[0] % p->group || w->dim[1] < 1)
        return dv_fail(err, DV_BAD_DATA,
                       "weight is %s in %d groups: it does not fit an input of %d channels",
                       dv_shape_text(w, text), (int)p->group, (int)x->dim[1]);
    if (!check_reach(p, x, w, err))
        return false;
    dv_slide slide[DV_MAP_AXES];
    slides(p, x, w, slide);
    int64_t dim[DV_MAX_RANK] = { x->dim[0], (int64_t)w->dim[1] * p->group };
    for (int k = 2; k < x->rank; k++) {
        dim[k] = slide[DV_MAP_AXES - x->rank + k].in;
        if (dim[k] < 1)
            return dv_fail(err, DV_BAD_DATA, "nothing of the output is left between its pads");
    }
    return dv_shape_set(out, x->rank, dim, "the output", err) &&
           dv_check_channel_weights(s, 2, "bias", out->dim[1], err);
}

static void release(void *made)
{
    state *st = made;
    dv_conv_free(st->kernel);
    dv_channel_epilogue_free(&st->ep);
    free(st);
}

static bool prepare(const dv_call *c, const dv_use *use, void **made, dv_error *err)
{
    const conv_transpose *p = c->params;
    state *st = calloc(1, sizeof *st);
    if (!st)
        return dv_fail(err, DV_NO_MEMORY, "no memory for a convolution");
    dv_slide slide[DV_MAP_AXES];
    slides(p, &c->in[0].shape, &c->in[1].shape, slide);
    dv_conv_shape s = { .batch = 1,
                        .in_channels = c->out[0].shape.dim[1],
                        .out_channels = c->in[0].shape.dim[1],
                        .group = p->group };
    for (int i = 0; i < 2; i++) {
        const dv_slide *a = &slide[DV_HEIGHT + i];
        s.in[i] = a->in;
        s.out[i] = a->out;
        s.kernel[i] = a->kernel;
        s.stride[i] = a->stride;
        s.dilation[i] = a->dilation;
        s.pad[i] = a->pad_lo;
    }
    const float *bias = c->n_in > 2 ? c->in[2].data : NULL;
    unsigned uses = DV_CONV_TRANSPOSED | (use->project ? DV_CONV_FORWARD : 0);
    st->kernel = dv_conv_new(&s, c->in[1].data, uses, use->precision, use->cache, err);
    if (!st->kernel || !dv_channel_epilogue_make(&st->ep, &c->ep, bias, s.in_channels, err)) {
        release(st);
        return false;
    }
    *made = st;
    return true;
}

static dv_shape image_shape(const dv_shape *s)
{
    dv_shape one = *s;
    one.dim[0] = 1;
    return one;
}

/* The whole of one image. */
static dv_box image_box(const dv_shape *s)
{
    dv_shape one = image_shape(s);
    return dv_box_whole(&one);
}

static size_t scratch_bytes(const dv_call *c)
{
    const state *st = c->state;
    dv_box whole = image_box(&c->in[0].shape);
    return dv_conv_transposed_scratch(st->kernel, &whole, dv_pool_size(c->pool));
}

static void forward(const dv_call *c)
{
    const state *st = c->state;
    dv_signal from = { image_box(&c->in[0].shape), c->in[0].data };
    dv_signal to = { image_box(&c->out[0].shape), c->out[0].data };
    memset(to.data, 0, dv_shape_count(&c->out[0].shape) * sizeof *to.data);
    for (int32_t n = 0; n < c->in[0].shape.dim[0]; n++) {
        dv_conv_transposed(st->kernel, &from, &to, c->scratch, c->pool);
        from.data += dv_box_count(&from.box);
        to.data += dv_box_count(&to.box);
    }
    dv_channel_epilogue_apply(&st->ep.ep, &c->out[0]);
}

/* The inputs i whose taps i * stride + t * dilation - pad lie in [*lo, *hi); in place. */
static void inputs_of(const dv_slide *s, int32_t *lo, int32_t *hi)
{
    int64_t extent = (int64_t)(s->kernel - 1) * s->dilation;
    int64_t first = (int64_t)*lo + s->pad_lo - extent, last = (int64_t)*hi - 1 + s->pad_lo;
    first = first >= 0 ? (first + s->stride - 1) / s->stride : -(-first / s->stride);
    last = last >= 0 ? last / s->stride : -((-last + s->stride - 1) / s->stride);
    *lo = dv_coordinate(first);
    *hi = dv_coordinate(last + 1);
}

static dv_box window(const dv_call *c, int i, int o, dv_box out)
{
    (void)i, (void)o;
    if (dv_box_empty(&out))
        return out;
    const conv_transpose *p = c->params;
    dv_slide slide[DV_MAP_AXES];
    slides(p, &c->in[0].shape, &c->in[1].shape, slide);
    inputs_of(&slide[DV_HEIGHT], &out.lo[DV_Y], &out.hi[DV_Y]);
    inputs_of(&slide[DV_WIDTH], &out.lo[DV_X], &out.hi[DV_X]);
    dv_group_channels(p->group, &c->out[0].shape, &c->in[0].shape, &out);
    return out;
}

/* The scratch on the way back, for one image: the signal in the whole output's map, what the
 * convolution makes of it, and the convolution's own. */
typedef struct back {
    size_t out, in, own; /* bytes */
} back;

static back back_of(const dv_call *c)
{
    const state *st = c->state;
    const size_t line = 64;
    const dv_shape out = image_shape(&c->out[0].shape), in = image_shape(&c->in[0].shape);
    return (back){
        .out = (dv_shape_count(&out) * sizeof(float) + line - 1) / line * line,
        .in = (dv_shape_count(&in) * sizeof(float) + line - 1) / line * line,
        .own = dv_conv_forward_scratch(st->kernel, dv_pool_size(c->pool)),
    };
}

static size_t project_scratch(const dv_call *c, const dv_signal *out)
{
    (void)out;
    back b = back_of(c);
    return b.out + b.in + b.own;
}

/* out, in: of one image. */
static void project_image(const dv_call *c, const dv_signal *out, const dv_signal *in)
{
    const state *st = c->state;
    const dv_shape out_shape = image_shape(&c->out[0].shape),
                   in_shape = image_shape(&c->in[0].shape);
    back b = back_of(c);
    char *scratch = c->scratch;
    float *from = (float *)(void *)scratch, *to = (float *)(void *)(scratch + b.out);
    dv_signal_unpack(&out_shape, out, from);
    dv_conv_forward(st->kernel, from, &dv_no_epilogue, to, scratch + b.out + b.in, c->pool);
    dv_layout whole = dv_layout_whole(&in_shape);
    float *g = in->data;
    dv_run r = dv_run_over(&in_shape, in->box);
    for (; dv_run_next(&r); g += r.n) {
        const float *v = to + dv_layout_at(&whole, r.index, r.rank);
        for (int32_t i = 0; i < r.n; i++)
            g[i] += v[i];
    }
}

static void project(const dv_call *c, const dv_signal *out, const dv_signal *in)
{
    const int32_t planes = c->out[0].shape.dim[1], planes_in = c->in[0].shape.dim[1];
    if (!out[0].data || !in[0].data)
        return;
    const dv_box *b = &out[0].box;
    for (int32_t n = b->lo[DV_C] / planes; n * planes < b->hi[DV_C]; n++) {
        const dv_signal from = dv_signal_image(&out[0], planes, n);
        const dv_signal to = dv_signal_image(&in[0], planes_in, n);
        project_image(c, &from, &to);
    }
}

const dv_op dv_op_conv_transpose = {
    .name = "ConvTranspose",
    .min_in = 2,
    .max_in = 3,
    .max_out = 1,
    .weight_layer = true,
    .inputs = { "X", "W", "B" },
    .params_size = sizeof(conv_transpose),
    .attrs = attrs,
    .parse = parse,
    .infer = infer,
    .scratch_bytes = scratch_bytes,
    .prepare = prepare,
    .release = release,
    .forward = forward,
    .takes_epilogue = true,
    .window = window,
    .project = project,
    .project_scratch = project_scratch,
};
