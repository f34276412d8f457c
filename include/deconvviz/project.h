/* project.h - from one unit back to pixel space. */
#ifndef DV_PROJECT_H
#define DV_PROJECT_H

#include "deconvviz/api.h"
#include "deconvviz/trace.h"

DV_BEGIN

/* A unit of a tensor seen as (C,Y,X), see dv_box_whole: where a network makes several images of
 * one, channel c of image n is channel n * C + c. y = x = DV_ALL: the channel's whole map. */
typedef struct dv_unit {
    int tensor;
    int32_t channel, y, x;
} dv_unit;

enum { DV_ALL = -1 };

/* The part of its tensor that a unit is: one element, or the channel's map; empty where there is no
 * such unit. */
dv_box dv_unit_box(const dv_model *m, const dv_unit *u);

/* The first maximum in row-major order of a channel of a kept tensor: sets u->y and u->x and
 * returns the value there. NAN, and u as it was, where there is no such channel or it was not kept.
 */
float dv_strongest(const dv_trace *t, dv_unit *u);

/* The value of the unit; for a whole map, its maximum. NAN where there is no such unit or it was
 * not kept. */
float dv_unit_value(const dv_trace *t, const dv_unit *u);

typedef enum dv_seed {
    DV_SEED_VALUE, /* the unit keeps its own value */
    DV_SEED_ONE,   /* it starts as 1 (the whole map: 1 where it is not 0) */
} dv_seed;

/* Memory for the way back through one trace; reused unit after unit. For one thread at a time;
 * several projectors may work on one trace. */
typedef struct dv_projector dv_projector;

dv_projector *dv_projector_new(const dv_trace *t, struct dv_pool *pool,
                               dv_error *err) DV_MUST_CHECK;
void dv_projector_free(dv_projector *p);

/* Projects a unit of a kept tensor by a rule of the trace's request. *result: the signed signal in
 * the network's input, zero outside its box (the receptive field clipped to the input, with all of
 * its channels); its data belongs to the projector and lasts until the next call. Fails when there
 * is no such unit, it was not kept, the rule was not asked for or no pass has been made, when the
 * result is not finite, or memory runs out. */
bool dv_project(dv_projector *p, const dv_unit *u, dv_rule rule, dv_seed seed, dv_signal *result,
                dv_error *err) DV_MUST_CHECK;

DV_END

#endif
