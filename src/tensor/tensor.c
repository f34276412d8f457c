#include "deconvviz/tensor.h"

#include "base/size.h"

#include <stdio.h>
#include <string.h>

size_t dv_shape_count(const dv_shape *s)
{
    size_t n = 1;
    for (int i = 0; i < s->rank; i++)
        n = dv_size_mul(n, (size_t)s->dim[i]);
    return n;
}

bool dv_shape_equal(const dv_shape *a, const dv_shape *b)
{
    return a->rank == b->rank &&
           (a->rank <= 0 || memcmp(a->dim, b->dim, (size_t)a->rank * sizeof a->dim[0]) == 0);
}

bool dv_shape_set(dv_shape *s, int64_t rank, const int64_t *dim, const char *what, dv_error *err)
{
    if (rank < 0 || rank > DV_MAX_RANK)
        return dv_fail(err, DV_UNSUPPORTED, "%s has %lld dimensions, at most %d are supported",
                       what, (long long)rank, DV_MAX_RANK);
    int64_t n = 1; /* the largest product so far of those that are not 0 */
    for (int i = 0; i < rank; i++) {
        if (dim[i] < 0)
            return dv_fail(err, DV_BAD_DATA, "%s: dimension %d is %lld", what, i,
                           (long long)dim[i]);
        if (dim[i] > DV_MAX_ELEMENTS / n)
            return dv_fail(err, DV_BAD_DATA, "%s: dimension %d is %lld: more than %d elements",
                           what, i, (long long)dim[i], DV_MAX_ELEMENTS);
        n *= dim[i] ? dim[i] : 1;
        s->dim[i] = (int32_t)dim[i];
    }
    s->rank = (int)rank;
    return true;
}

const char *dv_shape_text(const dv_shape *s, char text[DV_SHAPE_TEXT_MAX])
{
    int at = snprintf(text, DV_SHAPE_TEXT_MAX, "(");
    for (int i = 0; i < s->rank; i++)
        at += snprintf(text + at, (size_t)(DV_SHAPE_TEXT_MAX - at), "%s%d", i ? "," : "",
                       (int)s->dim[i]);
    snprintf(text + at, (size_t)(DV_SHAPE_TEXT_MAX - at), ")");
    return text;
}
