/* op_tile.c - repeats a tensor along its axes, side by side; ONNX Tile-6 and 13. */
#include "nn/rearrange.h"

typedef struct tile {
    int n;
    int64_t times[DV_MAX_RANK];
} tile;

enum { MOST_TILES = 65536 };

static bool parse(const dv_node_spec *s, void *params, dv_error *err)
{
    tile *p = params;
    if (!dv_spec_input_ints(s, 1, DV_MAX_RANK, p->times, &p->n, err))
        return false;
    for (int k = 0; k < p->n; k++)
        if (p->times[k] < 0 || p->times[k] > MOST_TILES)
            return dv_fail(err, DV_BAD_DATA, "%lld repeats: 0 to %d are possible",
                           (long long)p->times[k], MOST_TILES);
    return true;
}

static bool infer(const dv_node_spec *s, const void *params, dv_shape *out, dv_error *err)
{
    const tile *p = params;
    const dv_shape *in = &s->in[0].shape;
    int64_t dim[DV_MAX_RANK], tiles = 1;
    if (p->n != in->rank)
        return dv_fail(err, DV_BAD_DATA, "%d repeats for %d dimensions", p->n, in->rank);
    for (int k = 0; k < in->rank; k++) {
        dim[k] = in->dim[k] * p->times[k];
        tiles *= in->dim[k] == 1 ? 1 : p->times[k]; /* the others are pieces */
        if (tiles > MOST_TILES)
            return dv_fail(err, DV_UNSUPPORTED, "%lld tiles and more: at most %d are supported",
                           (long long)tiles, MOST_TILES);
    }
    return dv_shape_set(out, in->rank, dim, "the output", err);
}

/* Tile k, counted along the last axis first; an axis of size 1 counts as one that stretches. */
static bool piece(const dv_call *c, int i, int o, int k, dv_piece *p)
{
    (void)o;
    const tile *params = c->params;
    *p = dv_piece_broadcast(&c->in[0].shape, &c->out[0].shape);
    for (int axis = params->n - 1; axis >= 0; axis--) {
        const int32_t size = c->in[0].shape.dim[axis], times = (int32_t)params->times[axis];
        if (times == 0)
            return false;
        if (size == 1)
            continue;
        p->lo[axis] = k % times * size;
        p->hi[axis] = p->lo[axis] + size;
        p->origin[axis] = -p->lo[axis];
        k /= times;
    }
    return i == 0 && k == 0;
}

const dv_op dv_op_tile = {
    .name = "Tile",
    .min_in = 2,
    .max_in = 2,
    .max_out = 1,
    .inputs = { "input", "repeats" },
    .params_size = sizeof(tile),
    .parse = parse,
    .infer = infer,
    DV_REARRANGES(piece),
};
