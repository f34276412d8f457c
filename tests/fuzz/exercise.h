/* exercise.h - all that the library does with a model once it is loaded. */
#ifndef TESTS_EXERCISE_H
#define TESTS_EXERCISE_H

#include "graph/model.h"

/* Aborts unless a failure is told in one line. */
void exercise_failure(const dv_error *err);

/* Plans; where memory and time allow, runs forward, whole and inside boxes, and projects units by
 * each rule. Aborts where two ways to one result differ. `seed` decides what is left to chance. */
void exercise_model(const dv_model *m, uint32_t seed);

#endif
