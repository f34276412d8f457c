/* names.h - from a name to a number: an open hash table. */
#ifndef DV_GRAPH_NAMES_H
#define DV_GRAPH_NAMES_H

#include "deconvviz/error.h"

typedef struct dv_names dv_names;

dv_names *dv_names_new(dv_error *err) DV_MUST_CHECK;
void dv_names_free(dv_names *t); /* NULL is fine */

/* The number under `name`, or -1. */
int dv_names_find(const dv_names *t, const char *name);

/* Enters a name that is not there yet; the text must outlive the table. number >= 0. */
bool dv_names_add(dv_names *t, const char *name, int number, dv_error *err) DV_MUST_CHECK;

#endif
