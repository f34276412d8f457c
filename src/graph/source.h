/* source.h - where a model's numbers come from: the mapped files, and what was made of the weights
 * in them. The models of one file at different sizes of the input share it, whichever is freed
 * first. */
#ifndef DV_GRAPH_SOURCE_H
#define DV_GRAPH_SOURCE_H

#include "base/file.h"
#include "kernel/weights_cache.h"

typedef struct dv_source dv_source;

/* One user at first. `weights`: the file of weights that was asked for in place of the model's own,
 * copied; or NULL. NULL with err set when memory runs out. */
dv_source *dv_source_new(const char *weights, dv_error *err) DV_MUST_CHECK;
dv_source *dv_source_retain(dv_source *s); /* one user more; returns s */
void dv_source_release(dv_source *s);      /* the last one unmaps and frees; NULL is fine */

const char *dv_source_weights(const dv_source *s);

/* For what is made of weights that lie in one of the files. */
dv_weights_cache *dv_source_cache(dv_source *s);

/* Maps a file, or finds it among those that are mapped already. It stays as long as the source. */
bool dv_source_map(dv_source *s, const char *path, dv_file *f, dv_error *err) DV_MUST_CHECK;

/* Bytes that are there as long as the program, such as a built-in model's, as one of the files. */
bool dv_source_lend(dv_source *s, const dv_file *f, dv_error *err) DV_MUST_CHECK;

/* Whether an address lies in one of the files. */
bool dv_source_holds(dv_source *s, const void *data);

/* The SHA-256 of one of the files, read once for all models: block by block, so that a large one
 * never takes memory. Fails like a read. */
bool dv_source_sha256(dv_source *s, const dv_file *f, char sha256[DV_DIGEST_TEXT_MAX],
                      dv_error *err) DV_MUST_CHECK;

/* What lies in one of the files will hardly be read again and need not stay in memory. */
void dv_source_forget(dv_source *s, const void *data, size_t size);

#endif
