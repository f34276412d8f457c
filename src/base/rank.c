#include "base/rank.h"

#include <stdlib.h>

static int by_value(const void *a, const void *b)
{
    const dv_ranked *p = a, *q = b;
    if (p->value != q->value)
        return p->value > q->value ? -1 : 1;
    return (p->number > q->number) - (p->number < q->number);
}

void dv_rank(dv_ranked *r, size_t n)
{
    qsort(r, n, sizeof *r, by_value);
}
