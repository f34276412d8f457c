#include "atlas/mined_model.h"
#include "run/identity.h"

bool dv_mined_model(const dv_model *m, const dv_index *x, dv_error *err)
{
    char part[DV_DIFFERING_MAX];
    dv_identity id;
    if (!dv_model_identity(m, &id, err))
        return false;
    if (!dv_identity_equal(&id, &x->model))
        return dv_fail(err, DV_BAD_USAGE,
                       "the index is of %s (SHA-256 %.12s...), not of %s (%.12s...)%s",
                       x->model.path, x->model.sha256, id.path, id.sha256,
                       dv_identity_differing(&id, &x->model, part));
    if (!dv_index_complete(x))
        return dv_fail(err, DV_BAD_USAGE, "the index does not hold all shards: merge them first");
    const dv_preprocess *p = &x->preprocess;
    const dv_shape *in = dv_tensor_shape(m, dv_model_input(m));
    const dv_shape mined = { 4, { 1, p->channels, p->size[0], p->size[1] } };
    char a[DV_SHAPE_TEXT_MAX], b[DV_SHAPE_TEXT_MAX];
    if (!dv_shape_equal(in, &mined))
        return dv_fail(err, DV_BAD_USAGE, "the index is of an input %s, not %s",
                       dv_shape_text(&mined, a), dv_shape_text(in, b));
    return dv_preprocess_check(p, err);
}
