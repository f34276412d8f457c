/* atlas_rows.c - weights as rows, whichever operator they are of. */
#include "atlas/atlas_links.h"
#include "graph/model.h"

#include <string.h>

enum { MOST_INPUTS = 8 };

static bool rows_of_convolution(const dv_model *m, const dv_node *n, dv_kernel_rows *r)
{
    const dv_shape *w = &r->weights->shape, *in = &m->values[n->in[0]].shape;
    if (w->rank < 3 || in->rank < 3 || w->dim[1] < 1 || in->dim[1] % w->dim[1] != 0)
        return false;
    r->rows = w->dim[0];
    r->groups = in->dim[1] / w->dim[1];
    r->taps = (int64_t)dv_shape_count(w) / (w->dim[0] * (int64_t)w->dim[1]);
    r->columns = w->dim[1] * r->taps;
    r->row = r->columns;
    r->inner = r->columns;
    return r->rows % r->groups == 0;
}

/* (C, M, taps): row m is in pieces. */
static bool rows_of_transposed(const dv_model *m, const dv_node *n, dv_kernel_rows *r)
{
    const dv_shape *w = &r->weights->shape, *out = &m->values[n->out[0]].shape;
    if (w->rank < 3 || out->rank < 3 || out->dim[1] != w->dim[1])
        return false; /* of several groups */
    r->rows = w->dim[1];
    r->groups = 1;
    r->taps = (int64_t)dv_shape_count(w) / (w->dim[0] * (int64_t)w->dim[1]);
    r->columns = w->dim[0] * r->taps;
    r->row = r->taps;
    r->inner = r->taps;
    r->column = w->dim[1] * r->taps;
    return true;
}

static bool rows_of_product(const dv_model *m, const dv_node *n, dv_kernel_rows *r)
{
    dv_operand operands[MOST_INPUTS];
    const dv_shape *w = &r->weights->shape;
    int64_t transposed = 0, input = 0;
    if (w->rank != 2 || n->n_in > MOST_INPUTS)
        return false;
    const dv_node_spec spec = dv_node_spec_of(m, n, operands);
    if (!dv_spec_int(&spec, "transB", &transposed, NULL) ||
        !dv_spec_int(&spec, "transA", &input, NULL) || input)
        return false;
    r->rows = transposed ? w->dim[0] : w->dim[1];
    r->columns = transposed ? w->dim[1] : w->dim[0];
    r->taps = r->groups = 1;
    r->row = transposed ? r->columns : 1;
    r->inner = transposed ? r->columns : 1;
    r->column = transposed ? 0 : r->rows;
    return true;
}

bool dv_kernel_rows_of(const dv_model *m, const dv_node *n, dv_kernel_rows *r)
{
    *r = (dv_kernel_rows){ .weights = m->values[n->in[1]].constant, .node = n };
    if (!r->weights || !dv_dtype_is_float(r->weights->type))
        return false;
    if (strcmp(n->op->name, "Conv") == 0)
        return rows_of_convolution(m, n, r);
    if (strcmp(n->op->name, "ConvTranspose") == 0)
        return rows_of_transposed(m, n, r);
    return (strcmp(n->op->name, "Gemm") == 0 || strcmp(n->op->name, "MatMul") == 0) &&
           rows_of_product(m, n, r);
}

void dv_kernel_rows_copy(const dv_kernel_rows *r, int64_t i, float *to)
{
    for (int64_t at = 0; at < r->columns; at += r->inner)
        dv_array_copy_floats(r->weights, (size_t)(i * r->row + at / r->inner * r->column),
                             (size_t)r->inner, to + at);
}
