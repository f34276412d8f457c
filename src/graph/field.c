#include "graph/field.h"

#include "graph/activation.h"

#include <stdlib.h>

dv_way_back dv_way_of(const dv_model *m, int node, dv_rule rule, dv_rectify rectify)
{
    const dv_activation *past = dv_activation_past(m, node, rule, rectify);
    return past ? (dv_way_back){ 1, &past->x, past }
                : (dv_way_back){ m->nodes[node].n_in, m->nodes[node].in, NULL };
}

static void node_back(const dv_model *m, int node, const dv_way_back *way, bool clip, dv_box *boxes)
{
    const dv_node *n = &m->nodes[node];
    const dv_call *c = &m->calls[node];
    for (int o = 0; o < n->n_out; o++) {
        dv_box out = boxes[n->out[o]];
        if (dv_box_empty(&out))
            continue;
        for (int i = 0; i < way->n_in; i++) {
            int v = way->in[i];
            if (v == DV_NO_VALUE || m->values[v].constant)
                continue;
            dv_box in = way->past ? out : n->op->window(c, i, o, out);
            if (clip)
                in = dv_box_intersect(in, dv_box_whole(&m->values[v].shape));
            boxes[v] = dv_box_hull(boxes[v], in);
        }
    }
}

void dv_boxes_back(const dv_model *m, int tensor, bool clip, dv_rule rule, dv_rectify rectify,
                   dv_box *boxes)
{
    for (int i = m->values[tensor].producer; i >= 0; i--) {
        const dv_way_back way = dv_way_of(m, i, rule, rectify);
        node_back(m, i, &way, clip, boxes);
    }
}

bool dv_model_field(const dv_model *m, int tensor, dv_box out, dv_box *in, dv_error *err)
{
    if (tensor < 0 || tensor >= m->n_values)
        return dv_fail(err, DV_BAD_USAGE,
                       "the receptive field of tensor %d: the network has 0 to %d", tensor,
                       m->n_values - 1);
    dv_box *boxes = calloc((size_t)m->n_values, sizeof *boxes);
    if (!boxes)
        return dv_fail(err, DV_NO_MEMORY, "no memory for %d boxes", m->n_values);
    boxes[tensor] = out;
    dv_boxes_back(m, tensor, false, DV_RULE_GRADIENT, DV_RECTIFY_RELU, boxes);
    *in = boxes[m->input];
    free(boxes);
    return true;
}

bool dv_model_stride(const dv_model *m, int tensor, int32_t stride[2], dv_error *err)
{
    if (tensor < 0 || tensor >= m->n_values)
        return dv_fail(err, DV_BAD_USAGE, "the stride of tensor %d: the network has 0 to %d",
                       tensor, m->n_values - 1);
    dv_box whole = dv_box_whole(&m->values[tensor].shape), here = whole;
    for (int a = DV_Y; a <= DV_X; a++) {
        here.lo[a] = (whole.hi[a] - 1) / 2;
        here.hi[a] = here.lo[a] + 1;
    }
    dv_box field, next_field;
    if (!dv_model_field(m, tensor, here, &field, err))
        return false;
    for (int a = DV_Y; a <= DV_X; a++) {
        stride[a - DV_Y] = 0;
        if (whole.hi[a] < 2)
            continue;
        dv_box next = here;
        next.lo[a]++;
        next.hi[a]++;
        if (!dv_model_field(m, tensor, next, &next_field, err))
            return false;
        stride[a - DV_Y] = next_field.lo[a] - field.lo[a];
    }
    return true;
}
