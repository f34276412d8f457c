#include "load/onnx.h"

/* TensorShapeProto.Dimension: dim_value, or a dim_param or nothing, which leave it free. */
static bool read_dim(dv_pb m, int64_t *dim, dv_error *err)
{
    *dim = -1;
    while (dv_pb_more(&m)) {
        dv_pb_field f;
        if (!dv_pb_next(&m, &f, err) || (f.number == 1 && !dv_pb_int(&f, "dim_value", dim, err)))
            return false;
    }
    if (*dim == 0)
        *dim = -1;
    return true;
}

static bool read_shape(dv_pb m, dv_onnx_value *v, dv_error *err)
{
    v->rank = 0;
    while (dv_pb_more(&m)) {
        dv_pb_field f;
        dv_pb dim;
        if (!dv_pb_next(&m, &f, err))
            return false;
        if (f.number != 1)
            continue;
        if (v->rank == DV_MAX_RANK)
            return dv_fail(err, DV_UNSUPPORTED, "more than %d dimensions", DV_MAX_RANK);
        if (!dv_pb_message(&f, "dim", &dim, err) || !read_dim(dim, &v->dim[v->rank++], err))
            return false;
    }
    return true;
}

/* TypeProto.Tensor. */
static bool read_tensor_type(dv_pb m, dv_onnx_value *v, dv_error *err)
{
    while (dv_pb_more(&m)) {
        dv_pb_field f;
        dv_pb shape;
        if (!dv_pb_next(&m, &f, err) ||
            (f.number == 1 && !dv_pb_int(&f, "elem_type", &v->type, err)))
            return false;
        if (f.number == 2 &&
            (!dv_pb_message(&f, "shape", &shape, err) || !read_shape(shape, v, err)))
            return false;
    }
    return true;
}

bool dv_onnx_read_value(dv_arena *a, dv_pb m, dv_onnx_value *v, dv_error *err)
{
    *v = (dv_onnx_value){ .name = "", .rank = -1 };
    while (dv_pb_more(&m)) {
        dv_pb_field f, kind;
        dv_pb type, tensor;
        if (!dv_pb_next(&m, &f, err) ||
            (f.number == 1 && !dv_pb_text(&f, "the name of a tensor", a, &v->name, err)))
            return false;
        if (f.number != 2)
            continue;
        if (!dv_pb_message(&f, "type", &type, err))
            return false;
        while (dv_pb_more(&type)) {
            if (!dv_pb_next(&type, &kind, err))
                return false;
            if (kind.number == 1 && (!dv_pb_message(&kind, "tensor_type", &tensor, err) ||
                                     !read_tensor_type(tensor, v, err)))
                return dv_fail_in(err, "tensor '%s'", v->name);
        }
    }
    return true;
}
