/* index_build.h - how an index comes into being: begun empty, filled image by image. */
#ifndef DV_INDEX_INDEX_BUILD_H
#define DV_INDEX_INDEX_BUILD_H

#include "base/json_write.h"
#include "deconvviz/index.h"

/* An empty index for n_layers layers, whose `layer`, `name`, `tensor` and `shape` are copied from
 * `layers`; k, per_image, sample, preprocess and exact are set by the caller before. One shard,
 * which is there. Fails, with the limit, when there would be too many units or hits. */
bool dv_index_begin(dv_index *x, int n_layers, const dv_index_layer *layers,
                    dv_error *err) DV_MUST_CHECK;

/* A copy of a text that lives as long as the index; NULL with err set. */
const char *dv_index_keep(dv_index *x, const char *text, dv_error *err) DV_MUST_CHECK;

bool dv_index_set_shards(dv_index *x, int shards, dv_error *err) DV_MUST_CHECK; /* none is there */

/* < 0: a comes before b in the order of hits. */
int dv_hit_compare(const dv_hit *a, const dv_hit *b);
/* Whether the hit would find a place among the k best. */
bool dv_hit_enters(const dv_index_unit *u, int k, const dv_hit *h);
/* Puts it there, and drops the last one where there is no room. */
void dv_hit_insert(dv_index_unit *u, int k, dv_hit h);

/* The place of an image in the lot: those with the smallest are a sample; no two have the same. */
uint64_t dv_sample_rank(int32_t image);
/* Whether an image of this rank would find a place in the unit's sample. */
static inline bool dv_sample_enters(const dv_index_unit *u, uint64_t rank)
{
    return rank < u->sample_end;
}
/* Puts it there, and drops the last one where there is no room. */
void dv_sample_insert(dv_index_unit *u, int size, dv_hit h);

/* The bin of the histogram that v > 0 falls into. */
int dv_index_bin(float v);

/* Images must come in ascending order. Texts are copied. */
bool dv_index_add_file(dv_index *x, int32_t image, const char *path, const char *sha256,
                       dv_error *err) DV_MUST_CHECK;
/* Counts the image as skipped, and keeps the reason where there is room. */
bool dv_index_add_skip(dv_index *x, int32_t image, const char *path, const char *reason,
                       dv_error *err) DV_MUST_CHECK;

/* Drops the files that no hit and no sample names. */
bool dv_index_drop_files(dv_index *x, dv_error *err) DV_MUST_CHECK;

/* Whether both come from the same model, layers, preprocessing and options; else fails
 * (DV_BAD_USAGE) with what differs and both values. */
bool dv_index_same_run(const dv_index *a, const dv_index *b, dv_error *err) DV_MUST_CHECK;

/* "histogram": [first, n, n, …], as in index.h. */
void dv_index_put_histogram(dv_json *w, const dv_index_unit *u);

#endif
