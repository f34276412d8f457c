/* builtin.h - the models and files that are linked into the program. */
#ifndef DV_LOAD_BUILTIN_H
#define DV_LOAD_BUILTIN_H

#include "base/file.h"

/* A file of models/ by its name there; data NULL: it is not linked in. Never unmapped. */
dv_file dv_builtin_file(const char *name);

/* Whether `name` is a built-in model: then its network and its weights. */
bool dv_builtin_model(const char *name, dv_file *network, dv_file *weights);

#endif
