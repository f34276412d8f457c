/* linear_library.h - liblinear, which trains linear classifiers: opened when the first one is, so
 * that what trains none starts no slower. */
#ifndef DV_RUN_LINEAR_LIBRARY_H
#define DV_RUN_LINEAR_LIBRARY_H

#include "deconvviz/error.h"

#include <linear.h>

/* All that is called of it, by the names and types of its own header. The solvers L2R_LR and
 * L2R_L2LOSS_SVC take no random numbers and share nothing: several threads may train at a time. */
#define DV_LINEAR_CALLS(X)       \
    X(free_and_destroy_model)    \
    X(set_print_string_function) \
    X(train)

typedef struct dv_linear_library {
#define DV_LINEAR_MEMBER(name) __typeof__(name) *name;
    DV_LINEAR_CALLS(DV_LINEAR_MEMBER)
#undef DV_LINEAR_MEMBER
} dv_linear_library;

/* It prints nothing, and its BLAS has one thread. NULL with err set (DV_UNSUPPORTED) when it is
 * missing. May be called by several threads. */
const dv_linear_library *dv_linear_library_open(dv_error *err);

#endif
