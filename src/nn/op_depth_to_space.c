/* op_depth_to_space.c - channels become blocks of pixels, and back: DepthToSpace (modes DCR and
 * CRD) and SpaceToDepth. ONNX 13; four dimensions. */
#include "nn/op.h"
#include "nn/walk.h"

typedef struct blocks {
    int32_t size;        /* of a block, both ways */
    bool channels_first; /* CRD: the deep channel counts channel, row, column; else row, column,
                            channel */
    bool to_space;       /* the input is the deep tensor */
} blocks;

static const char *const modes[] = { "DCR", "CRD", NULL };

static const dv_attr_row attrs[] = {
    /* SpaceToDepth has the second alone */
    { "mode", DV_ATTR_TEXT, DV_AT(blocks, channels_first), .words = modes },
    { "blocksize", DV_ATTR_INT, DV_AT(blocks, size), .need = DV_ATTR_REQUIRED, .min = 1,
      .max = 4096 },
    { 0 },
};

static bool to_space_parse(const dv_node_spec *s, void *params, dv_error *err)
{
    (void)s, (void)err;
    blocks *p = params;
    p->to_space = true;
    return true;
}

static bool infer(const dv_node_spec *s, const void *params, dv_shape *out, dv_error *err)
{
    const blocks *p = params;
    const dv_shape *in = &s->in[0].shape;
    int64_t b = p->size;
    char text[DV_SHAPE_TEXT_MAX];
    if (in->rank != 4)
        return dv_fail(err, DV_UNSUPPORTED, "the input is %s: 4 dimensions needed",
                       dv_shape_text(in, text));
    bool fits =
        p->to_space ? in->dim[1] % (b * b) == 0 : in->dim[2] % b == 0 && in->dim[3] % b == 0;
    if (!fits)
        return dv_fail(err, DV_BAD_DATA, "the input is %s: it does not divide into blocks of %lld",
                       dv_shape_text(in, text), (long long)b);
    int64_t deep[4] = { in->dim[0], in->dim[1] * b * b, in->dim[2] / b, in->dim[3] / b };
    int64_t flat[4] = { in->dim[0], in->dim[1] / (b * b), in->dim[2] * b, in->dim[3] * b };
    return dv_shape_set(out, 4, p->to_space ? flat : deep, "the output", err);
}

/* The index in the deep tensor of an index in the flat one, and the other way round. `channels`:
 * of the flat tensor. */
static void to_deep(const blocks *p, int32_t channels, const int32_t *flat, int32_t *deep)
{
    int32_t b = p->size, inside = flat[2] % b * b + flat[3] % b;
    deep[0] = flat[0];
    deep[1] = p->channels_first ? flat[1] * b * b + inside : inside * channels + flat[1];
    deep[2] = flat[2] / b;
    deep[3] = flat[3] / b;
}

static void to_flat(const blocks *p, int32_t channels, const int32_t *deep, int32_t *flat)
{
    int32_t b = p->size, inside = p->channels_first ? deep[1] % (b * b) : deep[1] / channels;
    flat[0] = deep[0];
    flat[1] = p->channels_first ? deep[1] / (b * b) : deep[1] % channels;
    flat[2] = deep[2] * b + inside / b;
    flat[3] = deep[3] * b + inside % b;
}

/* The index of the input that the output shows at `index`. */
static void source(const dv_call *c, const int32_t *index, int32_t *from)
{
    const blocks *p = c->params;
    if (p->to_space)
        to_deep(p, c->out[0].shape.dim[1], index, from);
    else
        to_flat(p, c->in[0].shape.dim[1], index, from);
}

static void forward(const dv_call *c)
{
    float *y = c->out[0].data;
    int32_t from[DV_MAX_RANK];
    dv_layout l = dv_layout_whole(&c->in[0].shape);
    dv_run r = dv_run_over(&c->out[0].shape, dv_box_whole(&c->out[0].shape));
    while (dv_run_next(&r))
        for (int32_t i = 0; i < r.n; i++, r.index[r.last]++) {
            source(c, r.index, from);
            *y++ = c->in[0].data[dv_layout_at(&l, from, 4)];
        }
}

static dv_box window(const dv_call *c, int i, int o, dv_box out)
{
    (void)i, (void)o;
    const blocks *p = c->params;
    const dv_shape *in = &c->in[0].shape;
    if (dv_box_empty(&out))
        return out;
    dv_ranges r = dv_ranges_of(&c->out[0].shape, &out);
    for (int k = 2; k < 4; k++) {
        int64_t lo = r.lo[k], hi = r.hi[k], b = p->size;
        if (p->to_space) {
            lo = lo >= 0 ? lo / b : -((-lo + b - 1) / b);
            hi = hi > 0 ? (hi + b - 1) / b : -(-hi / b);
        } else {
            lo *= b;
            hi *= b;
        }
        r.lo[k] = dv_coordinate(lo);
        r.hi[k] = dv_coordinate(hi);
    }
    r.lo[1] = 0;
    r.hi[1] = in->dim[1];
    return dv_box_of_ranges(in, &r);
}

static void project(const dv_call *c, const dv_signal *out, const dv_signal *in)
{
    if (!out[0].data || !in[0].data)
        return;
    const float *v = out[0].data;
    int32_t from[DV_MAX_RANK];
    dv_layout l = dv_layout_box(&c->in[0].shape, &in[0].box);
    dv_run r = dv_run_over(&c->out[0].shape, out[0].box);
    while (dv_run_next(&r))
        for (int32_t i = 0; i < r.n; i++, r.index[r.last]++) {
            source(c, r.index, from);
            in[0].data[dv_layout_at(&l, from, 4)] += *v++;
        }
}

#define BLOCKS_OP(NAME, ONNX_NAME, ATTRS, PARSE) \
    const dv_op dv_op_##NAME = {                 \
        .name = (ONNX_NAME),                     \
        .min_in = 1,                             \
        .max_in = 1,                             \
        .max_out = 1,                            \
        .params_size = sizeof(blocks),           \
        .attrs = (ATTRS),                        \
        .parse = (PARSE),                        \
        .infer = infer,                          \
        .forward = forward,                      \
        .window = window,                        \
        .project = project,                      \
    }

BLOCKS_OP(depth_to_space, "DepthToSpace", &attrs[0], to_space_parse);
BLOCKS_OP(space_to_depth, "SpaceToDepth", &attrs[1], NULL);
