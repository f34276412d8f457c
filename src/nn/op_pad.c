/* op_pad.c - widens axes by a constant, by the mirrored inside (reflect) or by the edge repeated;
 * with the constant, pads below 0 cut. ONNX Pad-2 to 18. */
#include "nn/axes.h"
#include "nn/rearrange.h"

typedef enum pad_mode { CONSTANT, REFLECT, EDGE } pad_mode;

typedef struct pad {
    pad_mode mode;
    float value;
    const dv_array *given; /* the value in its own type; NULL: none is given */
    int n, n_axes;         /* numbers in pads; axes they are for, -1: all */
    int64_t pads[2 * DV_MAX_RANK], axis[DV_MAX_RANK];
} pad;

static const char *const modes[] = { "constant", "reflect", "edge", NULL };

static const dv_attr_row attrs[] = {
    { "mode", DV_ATTR_TEXT, DV_AT(pad, mode), .words = modes },
    { "value", DV_ATTR_FLOAT, DV_AT(pad, value) },
    { "pads", DV_ATTR_INTS, DV_LIST_AT(pad, pads, n) },
    { 0 },
};

static bool parse(const dv_node_spec *s, void *params, dv_error *err)
{
    pad *p = params;
    p->n_axes = -1;
    p->given = dv_spec_has_input(s, 2) ? s->in[2].constant : NULL;
    return dv_spec_input_ints(s, 1, 2 * DV_MAX_RANK, p->pads, &p->n, err) &&
           dv_spec_input_float(s, 2, &p->value, err) &&
           dv_spec_input_ints(s, 3, DV_MAX_RANK, p->axis, &p->n_axes, err);
}

/* The pads before and behind an axis. */
static void pads_of(const pad *p, int rank, int axis, int64_t *before, int64_t *behind)
{
    *before = *behind = 0;
    int n = p->n / 2;
    for (int i = 0; i < n; i++)
        if ((p->n_axes < 0 ? i : dv_axis_at(p->axis[i], rank)) == axis) {
            *before = p->pads[i];
            *behind = p->pads[n + i];
        }
}

static bool infer(const dv_node_spec *s, const void *params, dv_shape *out, dv_error *err)
{
    const pad *p = params;
    const dv_shape *in = &s->in[0].shape;
    unsigned mask;
    int wanted = 2 * (p->n_axes < 0 ? in->rank : p->n_axes);
    if (p->n != wanted)
        return dv_fail(err, DV_BAD_DATA, "%d pads: %d are needed", p->n, wanted);
    if (p->n_axes >= 0 && !dv_axes_fit(p->axis, p->n_axes, in->rank, &mask, err))
        return false;
    int64_t dim[DV_MAX_RANK];
    for (int k = 0; k < in->rank; k++) {
        int64_t before, behind, limit = DV_MAX_ELEMENTS;
        if (p->mode == REFLECT || (p->mode == EDGE && in->dim[k] == 0)) /* a constant's: no edge */
            limit = in->dim[k] > 0 ? in->dim[k] - 1 : 0;
        int64_t least = p->mode == CONSTANT ? -(int64_t)in->dim[k] : 0;
        pads_of(p, in->rank, k, &before, &behind);
        for (int side = 0; side < 2; side++) {
            int64_t v = side ? behind : before;
            if (v < least || v > limit)
                return dv_fail(err, DV_BAD_DATA,
                               "a pad of axis %d is %lld: %lld to %lld is "
                               "possible",
                               k, (long long)v, (long long)least, (long long)limit);
        }
        dim[k] = in->dim[k] + before + behind;
        if (dim[k] < 1)
            return dv_fail(err, DV_UNSUPPORTED, "nothing is left of axis %d: pads %lld and %lld", k,
                           (long long)before, (long long)behind);
    }
    return dv_shape_set(out, in->rank, dim, "the output", err);
}

/* Of the parts of an axis - before the input if anything, the input, behind it if anything - part
 * number `which`: its range of the output, and what is seen there. */
static void set_part(const dv_call *c, int axis, int which, dv_piece *p)
{
    const pad *params = c->params;
    const int32_t in = c->in[0].shape.dim[axis], out = c->out[0].shape.dim[axis];
    int64_t before, behind;
    pads_of(params, c->in[0].shape.rank, axis, &before, &behind);
    int32_t first = before > 0 ? (int32_t)before : 0,
            end = out - (behind > 0 ? (int32_t)behind : 0);
    bool is_front = first > 0 && which == 0, is_inside = !is_front && which == (first > 0);
    p->lo[axis] = is_front ? 0 : is_inside ? first : end;
    p->hi[axis] = is_front ? first : is_inside ? end : out;
    p->origin[axis] = (int32_t)-before;
    if (is_inside)
        return;
    p->fill |= params->mode == CONSTANT;
    if (params->mode == REFLECT) {
        p->origin[axis] = (int32_t)before + (is_front ? 0 : 2 * (in - 1));
        p->step[axis] = -1;
    } else if (params->mode == EDGE) {
        p->origin[axis] = is_front ? 0 : in - 1;
        p->axis[axis] = -1;
    }
}

/* Every choice of a part of each axis. */
static bool piece(const dv_call *c, int i, int o, int k, dv_piece *p)
{
    (void)o;
    const int rank = c->in[0].shape.rank;
    *p = dv_piece_identity(&c->in[0].shape, &c->out[0].shape);
    for (int axis = 0; axis < rank; axis++) {
        int64_t before, behind;
        pads_of(c->params, rank, axis, &before, &behind);
        int parts = 1 + (before > 0) + (behind > 0);
        set_part(c, axis, k % parts, p);
        k /= parts;
    }
    return i == 0 && k == 0;
}

static const void *filling(const dv_call *c, dv_dtype type)
{
    static const int64_t zero = 0; /* of any type */
    const pad *p = c->params;
    if (type == DV_F32)
        return &p->value;
    if (p->given && p->given->type == type)
        return p->given->data;
    return p->value == 0 ? &zero : NULL;
}

const dv_op dv_op_pad = {
    .name = "Pad",
    .min_in = 1,
    .max_in = 4,
    .max_out = 1,
    .inputs = { "data", "pads", "constant_value", "axes" },
    .params_size = sizeof(pad),
    .attrs = attrs,
    .parse = parse,
    .infer = infer,
    DV_REARRANGES(piece),
    .filling = filling,
};
