#include "nn/broadcast.h"

/* Widens *out so that `in` fits too. */
static bool broadcast(const dv_shape *in, dv_shape *out)
{
    int rank = in->rank > out->rank ? in->rank : out->rank;
    dv_shape both = { .rank = rank };
    for (int k = 0; k < rank; k++) {
        int a = k - (rank - in->rank), b = k - (rank - out->rank);
        int32_t na = a < 0 ? 1 : in->dim[a], nb = b < 0 ? 1 : out->dim[b];
        if (na != nb && na != 1 && nb != 1)
            return false;
        both.dim[k] = na == 1 ? nb : na;
    }
    *out = both;
    return true;
}

bool dv_infer_broadcast(const dv_node_spec *s, const void *params, dv_shape *out, dv_error *err)
{
    (void)params;
    char a[DV_SHAPE_TEXT_MAX], b[DV_SHAPE_TEXT_MAX];
    *out = s->in[0].shape;
    for (int i = 0; i < s->n_in; i++) {
        const dv_operand *in = &s->in[i];
        if (!broadcast(&in->shape, out))
            return dv_fail(err, DV_BAD_DATA, "input %d, %s, does not fit %s", i,
                           dv_shape_text(&in->shape, a), dv_shape_text(out, b));
    }
    return true;
}

dv_layout dv_layout_broadcast(const dv_shape *in, dv_layout l, const dv_shape *out)
{
    dv_layout b = { .at = l.at };
    for (int k = 0; k < out->rank; k++) {
        int a = k - (out->rank - in->rank);
        b.step[k] = a < 0 || in->dim[a] == 1 ? 0 : l.step[a];
    }
    return b;
}

dv_box dv_window_broadcast(const dv_call *c, int i, int o, dv_box out)
{
    (void)o;
    const dv_shape *in = &c->in[i].shape, *to = &c->out[0].shape;
    if (dv_box_empty(&out) || dv_shape_equal(in, to))
        return out;
    dv_ranges r = dv_ranges_of(to, &out), mine = { .lo = { 0 } };
    for (int a = 0; a < in->rank; a++) {
        int k = a + to->rank - in->rank;
        bool repeated = in->dim[a] == 1;
        mine.lo[a] = repeated ? 0 : r.lo[k];
        mine.hi[a] = repeated ? 1 : r.hi[k];
    }
    return dv_box_of_ranges(in, &mine);
}

dv_box dv_reach_broadcast(const dv_call *c, int i, int o, dv_box in)
{
    (void)o;
    const dv_shape *from = &c->in[i].shape, *to = &c->out[0].shape;
    if (dv_box_empty(&in) || dv_shape_equal(from, to))
        return in;
    dv_ranges mine = dv_ranges_of(from, &in), r;
    for (int k = 0; k < to->rank; k++) {
        const int a = k - (to->rank - from->rank);
        const bool repeated = a < 0 || from->dim[a] == 1;
        r.lo[k] = repeated ? 0 : mine.lo[a];
        r.hi[k] = repeated ? to->dim[k] : mine.hi[a];
    }
    return dv_box_of_ranges(to, &r);
}
