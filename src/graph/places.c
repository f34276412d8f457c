#include "graph/places.h"

#include <stdlib.h>
#include <string.h>

struct dv_stretch {
    dv_place at, units;
};

dv_place dv_place_units(size_t bytes)
{
    return (dv_place)((bytes + DV_PLACE_UNIT - 1) / DV_PLACE_UNIT);
}

static void remove_stretch(dv_places *p, int i)
{
    p->n--;
    memmove(&p->list[i], &p->list[i + 1], (size_t)(p->n - i) * sizeof *p->list);
}

/* Nothing free is large enough: the block grows, by less where its end is free. */
static dv_place extend(dv_places *p, dv_place units)
{
    dv_place at = p->end;
    if (p->n > 0 && p->list[p->n - 1].at + p->list[p->n - 1].units == p->end)
        at = p->list[--p->n].at;
    p->end = at + units;
    return at;
}

dv_place dv_places_take(dv_places *p, dv_place units)
{
    int best = -1;
    for (int i = 0; i < p->n; i++)
        if (p->list[i].units >= units && (best < 0 || p->list[i].units < p->list[best].units))
            best = i;
    if (best < 0)
        return extend(p, units);
    dv_place at = p->list[best].at;
    p->list[best].at += units;
    p->list[best].units -= units;
    if (p->list[best].units == 0)
        remove_stretch(p, best);
    return at;
}

bool dv_places_give(dv_places *p, dv_place at, dv_place units, dv_error *err)
{
    if (units == 0)
        return true;
    if (p->n == p->max) {
        int max = p->max ? 2 * p->max : 64;
        struct dv_stretch *bigger = realloc(p->list, (size_t)max * sizeof *bigger);
        if (!bigger)
            return dv_fail(err, DV_NO_MEMORY, "no memory for %d stretches", max);
        p->list = bigger;
        p->max = max;
    }
    int i = p->n;
    while (i > 0 && p->list[i - 1].at > at)
        i--;
    memmove(&p->list[i + 1], &p->list[i], (size_t)(p->n - i) * sizeof *p->list);
    p->list[i] = (struct dv_stretch){ at, units };
    p->n++;
    if (i + 1 < p->n && at + units == p->list[i + 1].at) {
        p->list[i].units += p->list[i + 1].units;
        remove_stretch(p, i + 1);
    }
    if (i > 0 && p->list[i - 1].at + p->list[i - 1].units == at) {
        p->list[i - 1].units += p->list[i].units;
        remove_stretch(p, i);
    }
    return true;
}

void dv_places_clear(dv_places *p)
{
    p->n = 0;
    p->end = 0;
}

void dv_places_release(dv_places *p)
{
    free(p->list);
    *p = (dv_places){ 0 };
}
