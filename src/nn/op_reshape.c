/* op_reshape.c - the same numbers under another shape: Reshape, Flatten, Squeeze, Unsqueeze, and
 * Identity, Dropout and Cast, which keep the shape too. */
#include "nn/axes.h"
#include "nn/rearrange.h"

/* The order of the numbers. Input and output are seen as one shape: the output's, if each axis of a
 * box falls into axes of it for both, so that windows are as small as can be. */
static bool piece(const dv_call *c, int i, int o, int k, dv_piece *p)
{
    (void)o;
    dv_planes planes;
    const dv_box in = dv_box_whole(&c->in[0].shape);
    const dv_shape *s = &c->out[0].shape;
    if (s->rank == 0 || !dv_planes_seen(s, &in, &planes))
        s = &c->in[0].shape;
    *p = dv_piece_identity(s, s);
    return i == 0 && k == 0;
}

/* -- Reshape ---------------------------------------------------------------------------------- */

typedef struct reshape {
    int n;
    int64_t dim[DV_MAX_RANK]; /* -1: what is left; 0: the input's, unless allowzero */
    bool allowzero;
} reshape;

static const dv_attr_row reshape_attrs[] = {
    { "shape", DV_ATTR_INTS, DV_LIST_AT(reshape, dim, n), .otherwise.i = -1 },
    { "allowzero", DV_ATTR_INT, DV_AT(reshape, allowzero) },
    { 0 },
};

static bool reshape_parse(const dv_node_spec *s, void *params, dv_error *err)
{
    reshape *p = params;
    if (!dv_spec_input_ints(s, 1, DV_MAX_RANK, p->dim, &p->n, err))
        return false;
    return p->n >= 0 || dv_fail(err, DV_BAD_DATA, "the shape is missing");
}

/* Sets the shape and checks that it holds as many elements as the input. */
static bool set_shape(const dv_shape *in, int n, const int64_t *dim, dv_shape *out, dv_error *err)
{
    char a[DV_SHAPE_TEXT_MAX], b[DV_SHAPE_TEXT_MAX];
    if (!dv_shape_set(out, n, dim, "the output", err))
        return false;
    return dv_shape_count(in) == dv_shape_count(out) ||
           dv_fail(err, DV_BAD_DATA, "%s cannot become %s: %zu elements, not %zu",
                   dv_shape_text(in, a), dv_shape_text(out, b), dv_shape_count(in),
                   dv_shape_count(out));
}

static bool reshape_infer(const dv_node_spec *s, const void *params, dv_shape *out, dv_error *err)
{
    const reshape *p = params;
    const dv_shape *in = &s->in[0].shape;
    int64_t dim[DV_MAX_RANK], known = 1;
    int open = -1;
    for (int k = 0; k < p->n; k++) {
        dim[k] = p->dim[k];
        if (dim[k] == 0 && !p->allowzero) {
            if (k >= in->rank)
                return dv_fail(err, DV_BAD_DATA, "dimension %d of the shape is 0: the input has %d",
                               k, in->rank);
            dim[k] = in->dim[k];
        }
        if (dim[k] == -1) {
            if (open >= 0)
                return dv_fail(err, DV_BAD_DATA, "two dimensions of the shape are -1");
            open = k;
            dim[k] = 1;
        } else if (dim[k] > 0) {
            known = known > DV_MAX_ELEMENTS / dim[k] ? DV_MAX_ELEMENTS : known * dim[k];
        }
    }
    if (open >= 0)
        dim[open] = (int64_t)dv_shape_count(in) / known;
    return set_shape(in, p->n, dim, out, err);
}

/* -- Flatten ---------------------------------------------------------------------------------- */

typedef struct flatten {
    int64_t axis;
} flatten;

static const dv_attr_row flatten_attrs[] = {
    { "axis", DV_ATTR_INT, DV_AT(flatten, axis), .otherwise.i = 1 },
    { 0 },
};

static bool flatten_infer(const dv_node_spec *s, const void *params, dv_shape *out, dv_error *err)
{
    const flatten *p = params;
    const dv_shape *in = &s->in[0].shape;
    int64_t dim[2] = { 1, 1 };
    int axis = in->rank; /* which is allowed here */
    if (p->axis != in->rank && !dv_axis_fit(p->axis, in->rank, &axis, err))
        return false;
    for (int k = 0; k < in->rank; k++)
        dim[k >= axis] *= in->dim[k];
    return set_shape(in, 2, dim, out, err);
}

/* -- Squeeze and Unsqueeze -------------------------------------------------------------------- */

typedef struct axes {
    int n; /* -1: none are given */
    int64_t axis[DV_MAX_RANK];
} axes;

static const dv_attr_row axes_attrs[] = {
    { "axes", DV_ATTR_INTS, DV_LIST_AT(axes, axis, n), .otherwise.i = -1 },
    { 0 },
};

static bool axes_parse(const dv_node_spec *s, void *params, dv_error *err)
{
    axes *p = params;
    return dv_spec_input_ints(s, 1, DV_MAX_RANK, p->axis, &p->n, err);
}

static bool squeeze_infer(const dv_node_spec *s, const void *params, dv_shape *out, dv_error *err)
{
    const axes *p = params;
    const dv_shape *in = &s->in[0].shape;
    unsigned mask = 0;
    if (p->n >= 0 && !dv_axes_fit(p->axis, p->n, in->rank, &mask, err))
        return false;
    int64_t dim[DV_MAX_RANK];
    int n = 0;
    for (int k = 0; k < in->rank; k++) {
        bool drop = p->n >= 0 ? mask >> k & 1 : in->dim[k] == 1;
        if (drop && in->dim[k] != 1)
            return dv_fail(err, DV_BAD_DATA, "axis %d is of size %d: only 1 can be squeezed", k,
                           (int)in->dim[k]);
        if (!drop)
            dim[n++] = in->dim[k];
    }
    return set_shape(in, n, dim, out, err);
}

static bool unsqueeze_infer(const dv_node_spec *s, const void *params, dv_shape *out, dv_error *err)
{
    const axes *p = params;
    const dv_shape *in = &s->in[0].shape;
    if (p->n < 0)
        return dv_fail(err, DV_BAD_DATA, "the axes are missing");
    int rank = in->rank + p->n;
    unsigned mask = 0;
    if (rank > DV_MAX_RANK)
        return dv_fail(err, DV_UNSUPPORTED,
                       "the output would have %d dimensions, at most %d are supported", rank,
                       DV_MAX_RANK);
    if (!dv_axes_fit(p->axis, p->n, rank, &mask, err))
        return false;
    int64_t dim[DV_MAX_RANK];
    for (int k = 0, from = 0; k < rank; k++)
        dim[k] = mask >> k & 1 ? 1 : in->dim[from++];
    return set_shape(in, rank, dim, out, err);
}

/* -- Dropout and Cast ------------------------------------------------------------------------- */

static const dv_attr_row dropout_attrs[] = {
    { "ratio", DV_ATTR_FLOAT, .need = DV_ATTR_HARMLESS }, /* of training */
    { "seed", DV_ATTR_INT, .need = DV_ATTR_HARMLESS },
    { 0 },
};

/* Training draws at random what it drops, unless that is nothing. Before operator set 12 there is
 * no training_mode. */
static bool dropout_parse(const dv_node_spec *s, void *params, dv_error *err)
{
    (void)params;
    float training = 0, ratio = 0.5F; /* where they are absent */
    if (!dv_spec_input_float(s, 2, &training, err) ||
        (training != 0 && !dv_spec_input_float(s, 1, &ratio, err)))
        return false;
    return training == 0 || ratio == 0 ||
           dv_fail(err, DV_UNSUPPORTED,
                   "training_mode is set, with a ratio of %g: only 0 is supported", (double)ratio);
}

/* TensorProto.DataType, the kinds of floats. */
enum { ONNX_FLOAT = 1, ONNX_FLOAT16 = 10, ONNX_DOUBLE = 11, ONNX_BFLOAT16 = 16 };

typedef struct cast {
    int64_t to;
} cast;

static const dv_attr_row cast_attrs[] = {
    { "to", DV_ATTR_INT, DV_AT(cast, to), .otherwise.i = ONNX_FLOAT },
    { "saturate", DV_ATTR_INT, .need = DV_ATTR_HARMLESS }, /* to floats of 8 bits */
    { 0 },
};

static bool cast_parse(const dv_node_spec *s, void *params, dv_error *err)
{
    (void)s;
    const cast *p = params;
    return p->to == ONNX_FLOAT || p->to == ONNX_FLOAT16 || p->to == ONNX_DOUBLE ||
           p->to == ONNX_BFLOAT16 ||
           dv_fail(err, DV_UNSUPPORTED, "a cast to type %lld: floats (1, 10, 11, 16) are supported",
                   (long long)p->to);
}

/* -- the operators ---------------------------------------------------------------------------- */

#define VIEW_OP(NAME, ONNX_NAME, MAX_IN, SIZE, ATTRS, PARSE, INFER, ...) \
    const dv_op dv_op_##NAME = {                                         \
        .name = (ONNX_NAME),                                             \
        .min_in = 1,                                                     \
        .max_in = (MAX_IN),                                              \
        .max_out = 1,                                                    \
        .inputs = { __VA_ARGS__ },                                       \
        .params_size = (SIZE),                                           \
        .attrs = (ATTRS),                                                \
        .parse = (PARSE),                                                \
        .infer = (INFER),                                                \
        DV_REARRANGES(piece),                                            \
    }

VIEW_OP(reshape, "Reshape", 2, sizeof(reshape), reshape_attrs, reshape_parse, reshape_infer, "data",
        "shape");
VIEW_OP(flatten, "Flatten", 1, sizeof(flatten), flatten_attrs, NULL, flatten_infer, "input");
VIEW_OP(squeeze, "Squeeze", 2, sizeof(axes), axes_attrs, axes_parse, squeeze_infer, "data", "axes");
VIEW_OP(unsqueeze, "Unsqueeze", 2, sizeof(axes), axes_attrs, axes_parse, unsqueeze_infer, "data",
        "axes");
VIEW_OP(identity, "Identity", 1, 0, NULL, NULL, dv_infer_same_shape, "input");
VIEW_OP(dropout, "Dropout", 3, 0, dropout_attrs, dropout_parse, dv_infer_same_shape, "data",
        "ratio", "training_mode");
VIEW_OP(cast, "Cast", 1, sizeof(cast), cast_attrs, cast_parse, dv_infer_same_shape, "input");
