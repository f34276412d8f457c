/* classes.h - where in a path the class of an image is said. */
#ifndef DV_RUN_CLASSES_H
#define DV_RUN_CLASSES_H

#include "deconvviz/classify.h"

#include <stddef.h>

/* The word of n bytes in the path that is the class; NULL where it has none, or it is said
 * elsewhere. from: as in dv_truth. */
const char *dv_class_word(int from, const char *path, size_t *n);

/* The next line of a text, without its end, n bytes; *at moves behind it. NULL at the end. */
const char *dv_next_line(const char **at, const char *end, size_t *n);

/* What the words "dirs", "names" and others stand for, as in dv_truth. */
int dv_truth_source(const char *words);

/* Adds a label, a copy of n bytes. */
bool dv_labels_add(dv_labels *l, const char *text, size_t n, dv_error *err) DV_MUST_CHECK;

#endif
