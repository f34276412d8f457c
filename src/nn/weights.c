#include "nn/weights.h"

bool dv_check_weights(const dv_node_spec *s, int i, const char *name, dv_error *err)
{
    if (!dv_spec_has_input(s, i))
        return dv_fail(err, DV_BAD_DATA, "%s (input %d) is missing", name, i);
    const dv_array *a = s->in[i].constant;
    if (!a)
        return dv_fail(err, DV_UNSUPPORTED,
                       "%s (input %d) is computed by the network: a constant is needed", name, i);
    if (!dv_dtype_is_float(a->type) && a->type != DV_I64) /* as JSON's whole numbers come */
        return dv_fail(err, DV_BAD_DATA, "%s is %s: floats are needed", name,
                       dv_dtype_name(a->type));
    return true;
}

bool dv_check_weights_rank(const dv_node_spec *s, int i, const char *name, int rank, dv_error *err)
{
    char text[DV_SHAPE_TEXT_MAX];
    if (!dv_check_weights(s, i, name, err))
        return false;
    const dv_shape *w = &s->in[i].shape;
    return w->rank == rank || dv_fail(err, DV_BAD_DATA, "%s is %s: %d dimensions needed", name,
                                      dv_shape_text(w, text), rank);
}

bool dv_check_channel_weights(const dv_node_spec *s, int i, const char *name, int32_t channels,
                              dv_error *err)
{
    char text[DV_SHAPE_TEXT_MAX];
    if (!dv_spec_has_input(s, i))
        return true;
    if (!dv_check_weights(s, i, name, err))
        return false;
    const dv_shape *w = &s->in[i].shape;
    return (w->rank == 1 && w->dim[0] == channels) ||
           dv_fail(err, DV_BAD_DATA, "%s is %s: (%d) is needed", name, dv_shape_text(w, text),
                   (int)channels);
}
