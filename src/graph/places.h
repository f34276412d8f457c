/* places.h - one block of memory shared out to many short lives: best fit over the free stretches.
 */
#ifndef DV_GRAPH_PLACES_H
#define DV_GRAPH_PLACES_H

#include "deconvviz/error.h"

#include <stddef.h>
#include <stdint.h>

/* Where something lies in the block: in units of 64 bytes from its start; -1: nowhere. */
typedef int64_t dv_place;
enum { DV_NOWHERE = -1, DV_PLACE_UNIT = 64 };

/* Starts out as { 0 }. The free stretches in order of their place, none touching another. */
typedef struct dv_places {
    int n, max;
    struct dv_stretch *list;
    dv_place end; /* of all that was ever handed out: what the block must hold */
} dv_places;

dv_place dv_place_units(size_t bytes);

dv_place dv_places_take(dv_places *p, dv_place units);

/* Takes back what dv_places_take handed out. Fails when memory runs out. */
bool dv_places_give(dv_places *p, dv_place at, dv_place units, dv_error *err) DV_MUST_CHECK;

/* All is free again; the list keeps its memory. */
void dv_places_clear(dv_places *p);
void dv_places_release(dv_places *p);

#endif
