/* fold_scatter.c - ScatterND, which exporters write for an assignment to a slice: torchvision's
 * Swin numbers the regions of its shifted windows so. */
#include "load/fold.h"

#include <string.h>

/* Where each index points to, and how much lies there. */
typedef struct scatter {
    int depth;      /* axes that an index names */
    size_t n, part; /* indices; elements of a part */
    int64_t stride[DV_MAX_RANK];
} scatter;

static bool check(const dv_operand *in, scatter *s, dv_error *err)
{
    const dv_shape *data = &in[0].shape, *indices = &in[1].shape, *updates = &in[2].shape;
    if (indices->rank < 1 || indices->dim[indices->rank - 1] > data->rank)
        return dv_fail(err, DV_BAD_DATA, "an index of more numbers than the data's %d dimensions",
                       data->rank);
    s->depth = indices->dim[indices->rank - 1];
    s->n = s->part = 1;
    int64_t dim[2 * DV_MAX_RANK];
    int rank = 0;
    for (int d = 0; d + 1 < indices->rank; d++)
        s->n *= (size_t)(dim[rank++] = indices->dim[d]);
    for (int d = s->depth; d < data->rank; d++)
        s->part *= (size_t)(dim[rank++] = data->dim[d]);
    dv_shape wanted;
    if (!dv_shape_set(&wanted, rank, dim, "the updates", err))
        return false;
    if (in[0].constant->type != in[2].constant->type || !dv_shape_equal(&wanted, updates))
        return dv_fail(err, DV_BAD_DATA, "the updates differ from the data in shape or type");
    dv_fold_strides(data, data->rank, s->stride);
    return true;
}

static bool scatter_nd(dv_fold *f, dv_error *err)
{
    const dv_operand *in = f->spec.in;
    const char *reduction = "none";
    scatter s;
    void *data;
    if (!dv_spec_text(&f->spec, "reduction", &reduction, err))
        return false;
    if (strcmp(reduction, "none") != 0)
        return dv_fail(err, DV_UNSUPPORTED, "reduction '%.40s': none is supported", reduction);
    if (!check(in, &s, err) || !dv_fold_make(f, in[0].constant->type, &in[0].shape, &data, err))
        return false;
    size_t size = dv_dtype_size(f->out.type), part = s.part * size;
    memcpy(data, in[0].constant->data, dv_shape_count(&in[0].shape) * size);
    for (size_t i = 0; i < s.n && part; i++) {
        int64_t at = 0;
        for (int d = 0; d < s.depth; d++) {
            int64_t k = dv_array_int(in[1].constant, i * (size_t)s.depth + (size_t)d);
            int64_t length = in[0].shape.dim[d];
            if (k < -length || k >= length)
                return dv_fail(err, DV_BAD_DATA, "index %lld: %lld to %lld are possible",
                               (long long)k, (long long)-length, (long long)length - 1);
            at += (k < 0 ? k + length : k) * s.stride[d];
        }
        memcpy((char *)data + (size_t)at * size, (const char *)in[2].constant->data + i * part,
               part);
    }
    return true;
}

const dv_fold_op dv_fold_scatter[] = {
    { "ScatterND", 3, 3, .run = scatter_nd, .attrs = DV_FOLD_WORDS("reduction") },
    { 0 },
};
