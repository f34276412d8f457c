/* op_expand.c - repeats axes of size 1, as numpy broadcasts to a shape. */
#include "nn/broadcast.h"
#include "nn/rearrange.h"

typedef struct expand {
    int n;
    int64_t dim[DV_MAX_RANK];
} expand;

static bool parse(const dv_node_spec *s, void *params, dv_error *err)
{
    expand *p = params;
    return dv_spec_input_ints(s, 1, DV_MAX_RANK, p->dim, &p->n, err);
}

static bool infer(const dv_node_spec *s, const void *params, dv_shape *out, dv_error *err)
{
    const expand *p = params;
    dv_operand both[2] = { s->in[0], { .constant = NULL } };
    if (!dv_shape_set(&both[1].shape, p->n, p->dim, "the shape to expand to", err))
        return false;
    dv_node_spec spec = { .n_in = 2, .in = both };
    dv_shape wide;
    return dv_infer_broadcast(&spec, params, &wide, err) &&
           dv_shape_set(out, wide.rank,
                        (const int64_t[]){ wide.dim[0], wide.dim[1], wide.dim[2], wide.dim[3],
                                           wide.dim[4], wide.dim[5] },
                        "the output", err);
}

static bool piece(const dv_call *c, int i, int o, int k, dv_piece *p)
{
    (void)o;
    *p = dv_piece_broadcast(&c->in[0].shape, &c->out[0].shape);
    return i == 0 && k == 0;
}

const dv_op dv_op_expand = {
    .name = "Expand",
    .min_in = 2,
    .max_in = 2,
    .max_out = 1,
    .inputs = { "input", "shape" },
    .params_size = sizeof(expand),
    .parse = parse,
    .infer = infer,
    DV_REARRANGES(piece),
};
