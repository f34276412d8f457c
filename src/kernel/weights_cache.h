/* weights_cache.h - what is made of weights once and read ever after: copies in the order, or of
 * the type, that a kernel reads.
 *
 * A copy belongs to the weights and not to a layer's geometry: whoever asks for the same
 * arrangement of the same weights shares it, whatever the size of the images. All copies live as
 * long as the cache. Its functions are safe to call from many threads. */
#ifndef DV_KERNEL_WEIGHTS_CACHE_H
#define DV_KERNEL_WEIGHTS_CACHE_H

#include "deconvviz/pool.h"

#include <stddef.h>
#include <stdint.h>

typedef struct dv_weights_cache dv_weights_cache;
typedef struct dv_packed dv_packed; /* one copy; belongs to the cache */

enum { DV_PACKED_WORDS = 12 };

/* Which copy: of which weights (by address: they must outlive the cache), whose, and how. */
typedef struct dv_packed_key {
    const void *weights;
    const void *maker;            /* an address that stands for the code that makes it */
    int32_t how[DV_PACKED_WORDS]; /* the maker's own words; all that its bytes depend on */
} dv_packed_key;

/* How it is made: `parts` pieces of work that may run side by side, in any order. ctx is the
 * caller's; all who ask for the same key must make the same bytes of the same parts. */
typedef struct dv_packing {
    int parts;
    void (*make)(const void *ctx, int part, void *data);
    const void *ctx;
} dv_packing;

/* NULL with err set when memory runs out. The caller frees it with dv_weights_cache_free. */
dv_weights_cache *dv_weights_cache_new(dv_error *err) DV_MUST_CHECK;
void dv_weights_cache_free(dv_weights_cache *c); /* NULL is fine */

/* The copy under that key, or NULL. */
dv_packed *dv_weights_cache_find(dv_weights_cache *c, const dv_packed_key *key);

/* Bytes of all copies, made or not. */
size_t dv_weights_cache_bytes(dv_weights_cache *c);

/* The copy under that key, with room for `bytes`, aligned to 64; its content is made when it is
 * first read. NULL with err set when memory runs out. */
dv_packed *dv_weights_cache_get(dv_weights_cache *c, const dv_packed_key *key, size_t bytes,
                                dv_error *err) DV_MUST_CHECK;

/* The data of a copy, made now if nobody has made it yet. Threads that come meanwhile, from rounds
 * of this pool or of any other, take parts of the work instead of waiting for somebody's turn. */
const void *dv_packed_data(dv_packed *p, const dv_packing *how, dv_pool *pool);

#endif
