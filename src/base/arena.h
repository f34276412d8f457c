/* arena.h - memory that is freed all at once. */
#ifndef DV_BASE_ARENA_H
#define DV_BASE_ARENA_H

#include "deconvviz/error.h"

#include <stddef.h>

/* Starts out as { 0 }. Not for two threads at a time. */
typedef struct dv_arena {
    struct dv_arena_block *blocks;
    size_t used, size; /* of the newest block */
} dv_arena;

/* `bytes` zeroed bytes, aligned to 64; NULL with err set (DV_NO_MEMORY, the size in the message)
 * when there is no memory. A size of 0 gives a valid pointer. */
void *dv_arena_alloc(dv_arena *a, size_t bytes, dv_error *err) DV_MUST_CHECK;

/* An array of `n` elements of `size` bytes, zeroed; checks the product. */
void *dv_arena_array(dv_arena *a, size_t n, size_t size, dv_error *err) DV_MUST_CHECK;

/* A copy of `n` bytes of text with a NUL behind it. */
char *dv_arena_text(dv_arena *a, const char *text, size_t n, dv_error *err) DV_MUST_CHECK;

/* Frees everything; the arena is empty again. */
void dv_arena_release(dv_arena *a);

#endif
