/* op_depth_to_space.c - channels become blocks of pixels, and back: DepthToSpace (modes DCR and
 * CRD) and SpaceToDepth. ONNX 13; four dimensions. */
#include "nn/rearrange.h"

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

/* Both are seen with the rows and columns of a block as axes of their own: the flat tensor as
 * (N, C, H, row, W, column), the deep one as (N, row, column, C, H, W) or (N, C, row, column, H,
 * W).
 */
static bool piece(const dv_call *c, int i, int o, int k, dv_piece *p)
{
    (void)o;
    static const int deep_axes[2][6] = { { 0, 3, 4, 1, 5, 2 }, { 0, 1, 4, 2, 5, 3 } };
    const blocks *params = c->params;
    const int *deep_axis = deep_axes[params->channels_first]; /* by axis of the flat tensor */
    const int32_t b = params->size;
    const dv_shape *s = params->to_space ? &c->out[0].shape : &c->in[0].shape;
    const dv_shape flat = { 6, { s->dim[0], s->dim[1], s->dim[2] / b, b, s->dim[3] / b, b } };
    dv_shape deep = { .rank = 6 };
    for (int a = 0; a < 6; a++)
        deep.dim[deep_axis[a]] = flat.dim[a];
    *p = params->to_space ? dv_piece_identity(&deep, &flat) : dv_piece_identity(&flat, &deep);
    for (int a = 0; a < 6; a++)
        p->axis[params->to_space ? a : deep_axis[a]] = params->to_space ? deep_axis[a] : a;
    return i == 0 && k == 0;
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
        DV_REARRANGES(piece),                    \
    }

BLOCKS_OP(depth_to_space, "DepthToSpace", &attrs[0], to_space_parse);
BLOCKS_OP(space_to_depth, "SpaceToDepth", &attrs[1], NULL);
