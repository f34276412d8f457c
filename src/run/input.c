#include "run/input.h"

#include "base/file.h"
#include "tensor/npy.h"

#include <stdlib.h>
#include <string.h>

bool dv_input_size(const char *path, int size[2], dv_error *err)
{
    dv_file f;
    dv_array a;
    if (!dv_file_map(&f, path, err))
        return false;
    bool ok = dv_npy_parse(&a, f.data, f.size, err) || dv_fail_in(err, "%s", path);
    dv_file_unmap(&f);
    char text[DV_SHAPE_TEXT_MAX];
    if (ok && a.shape.rank < 3)
        return dv_fail(err, DV_BAD_USAGE, "%s: the array is %s, not (1,C,H,W)", path,
                       dv_shape_text(&a.shape, text));
    for (int i = 0; ok && i < 2; i++)
        size[i] = a.shape.dim[a.shape.rank - 2 + i];
    return ok;
}

bool dv_input_read(const dv_model *m, const char *path, float *input, dv_error *err)
{
    const dv_shape *want = dv_tensor_shape(m, dv_model_input(m));
    dv_shape shape;
    float *data;
    if (!dv_npy_read(path, &shape, &data, err))
        return false;
    dv_shape without_batch = { .rank = want->rank - 1 };
    for (int i = 1; i < want->rank; i++)
        without_batch.dim[i - 1] = want->dim[i];
    bool fits = dv_shape_equal(&shape, want) || dv_shape_equal(&shape, &without_batch);
    if (fits)
        memcpy(input, data, dv_shape_count(want) * sizeof *input);
    free(data);
    char has[DV_SHAPE_TEXT_MAX], wants[DV_SHAPE_TEXT_MAX];
    return fits || dv_fail(err, DV_BAD_USAGE, "%s: the array is %s, the network's input %s", path,
                           dv_shape_text(&shape, has), dv_shape_text(want, wants));
}
