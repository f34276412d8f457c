#include "serve/ranking.h"

static bool before(const dv_ranked *a, const dv_ranked *b)
{
    return a->rank != b->rank ? a->rank > b->rank : a->then > b->then;
}

void dv_ranking_add(dv_ranking *r, dv_ranked v)
{
    if (r->n == r->most && !before(&v, &r->best[r->n - 1]))
        return;
    int at = r->n < r->most ? r->n++ : r->n - 1;
    for (; at > 0 && before(&v, &r->best[at - 1]); at--)
        r->best[at] = r->best[at - 1];
    r->best[at] = v;
}
