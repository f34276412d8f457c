#include "nn/axes.h"

bool dv_axis_fit(int64_t given, int rank, int *axis, dv_error *err)
{
    if (given < -rank || given >= rank)
        return dv_fail(err, DV_BAD_DATA, "axis %lld of a tensor of %d dimensions", (long long)given,
                       rank);
    *axis = dv_axis_at(given, rank);
    return true;
}

bool dv_axes_fit(const int64_t *given, int n, int rank, unsigned *mask, dv_error *err)
{
    *mask = 0;
    for (int i = 0; i < n; i++) {
        int axis = 0;
        if (!dv_axis_fit(given[i], rank, &axis, err))
            return false;
        if (*mask >> axis & 1)
            return dv_fail(err, DV_BAD_DATA, "axis %d comes twice", axis);
        *mask |= 1u << axis;
    }
    return true;
}
