#include "deconvviz/tensor.h"

#include <string.h>

static int32_t smaller(int32_t a, int32_t b)
{
    return a < b ? a : b;
}

static int32_t larger(int32_t a, int32_t b)
{
    return a > b ? a : b;
}

dv_box dv_box_whole(const dv_shape *s)
{
    dv_box b = { .hi = { 1, 1, 1 } };
    int planes = s->rank; /* the leading dimensions that count as planes */
    if (s->rank >= 4) {
        planes = s->rank - 2;
        b.hi[DV_Y] = s->dim[planes];
        b.hi[DV_X] = s->dim[planes + 1];
    } else if (s->rank == 3) {
        planes = 2;
        b.hi[DV_X] = s->dim[2];
    }
    for (int i = 0; i < planes; i++)
        b.hi[DV_C] *= s->dim[i];
    return b;
}

bool dv_box_empty(const dv_box *b)
{
    for (int i = 0; i < 3; i++)
        if (b->hi[i] <= b->lo[i])
            return true;
    return false;
}

size_t dv_box_count(const dv_box *b)
{
    if (dv_box_empty(b))
        return 0;
    size_t n = 1;
    for (int i = 0; i < 3; i++)
        n *= (size_t)(b->hi[i] - b->lo[i]);
    return n;
}

dv_box dv_box_intersect(dv_box a, dv_box b)
{
    for (int i = 0; i < 3; i++) {
        a.lo[i] = larger(a.lo[i], b.lo[i]);
        a.hi[i] = smaller(a.hi[i], b.hi[i]);
    }
    return a;
}

dv_box dv_box_hull(dv_box a, dv_box b)
{
    if (dv_box_empty(&a))
        return b;
    if (dv_box_empty(&b))
        return a;
    for (int i = 0; i < 3; i++) {
        a.lo[i] = smaller(a.lo[i], b.lo[i]);
        a.hi[i] = larger(a.hi[i], b.hi[i]);
    }
    return a;
}

bool dv_box_contains(dv_box outer, dv_box inner)
{
    return dv_box_empty(&inner) || dv_box_equal(dv_box_intersect(outer, inner), inner);
}

bool dv_box_equal(dv_box a, dv_box b)
{
    return memcmp(&a, &b, sizeof a) == 0;
}
