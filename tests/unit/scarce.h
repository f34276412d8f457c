/* scarce.h - memory that runs out: each allocation of a call fails once, and once for good.
 *
 * A test whose name begins with test_allocation has these functions in place of the allocator's
 * (see the Makefile), also inside of libraries that are linked as archives; cJSON is told. */
#ifndef TESTS_SCARCE_H
#define TESTS_SCARCE_H

#include "deconvviz/deconvviz.h"

/* What a call may need, made beforehand, and what it makes; all of it is freed. */
typedef struct scarce_scene {
    dv_model *model, *resized;
    dv_pool *pool;
    dv_plan *plan;
    dv_trace *trace;
    dv_projector *projector;
    dv_unit unit;
    dv_signal signal; /* the projector's */
    float *input;
    dv_image image, picture;
    dv_index index, part;
    dv_references references;
    dv_list list;
    dv_selections units;
    uint64_t result; /* a hash of it */
} scarce_scene;

typedef struct scarce_call {
    const char *name;
    bool (*ready)(scarce_scene *s, dv_error *err); /* may be NULL */
    bool (*run)(scarce_scene *s, dv_error *err);
} scarce_call;

/* The call fails with DV_NO_MEMORY and a line that says so, or has the same result as ever; nothing
 * is leaked. Returns how many allocations there are. */
long scarce_try(const scarce_call *c);

void scarce_mix(scarce_scene *s, const void *data, size_t size);
void scarce_mix_file(scarce_scene *s, const char *path);

#endif
