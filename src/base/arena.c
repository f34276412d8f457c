#include "base/arena.h"

#include "base/size.h"

#include <stdlib.h>
#include <string.h>

#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZED 1
#endif
#endif

/* AddressSanitizer sees blocks only; told what has been given out of them, it also catches a step
 * past the end of one allocation, GAP bytes before the next. */
#ifdef SANITIZED
#include <sanitizer/asan_interface.h>
#define GIVE(p, bytes) __asan_unpoison_memory_region((p), (bytes))
#define TAKE(p, bytes) __asan_poison_memory_region((p), (bytes))
enum { GAP = 64 };
#else
#define GIVE(p, bytes) ((void)0)
#define TAKE(p, bytes) ((void)0)
enum { GAP = 0 };
#endif

enum { ALIGN = 64, BLOCK_BYTES = 64 * 1024 };

struct dv_arena_block {
    struct dv_arena_block *next;
    char *data; /* aligned, inside the same allocation */
};

static struct dv_arena_block *new_block(size_t bytes)
{
    /* calloc, so that pages of a large block that nobody touches cost nothing */
    struct dv_arena_block *b = calloc(1, sizeof *b + ALIGN + bytes);
    if (b) {
        uintptr_t end = (uintptr_t)(b + 1);
        b->data = (char *)(b + 1) + (-end & (ALIGN - 1));
        TAKE(b->data, bytes);
    }
    return b;
}

void *dv_arena_alloc(dv_arena *a, size_t bytes, dv_error *err)
{
    bool possible = bytes <= PTRDIFF_MAX - 4 * ALIGN;
    size_t taken = possible ? (bytes + GAP + ALIGN - 1) / ALIGN * ALIGN : 0;
    if (possible && a->blocks && taken <= a->size - a->used) {
        char *p = a->blocks->data + a->used;
        a->used += taken;
        GIVE(p, bytes);
        return p;
    }
    bool large = taken > BLOCK_BYTES / 4;
    size_t size = large ? taken : BLOCK_BYTES;
    struct dv_arena_block *b = possible ? new_block(size) : NULL;
    if (!b) {
        dv_fail(err, DV_NO_MEMORY, "out of memory: %zu bytes more were needed", bytes);
        return NULL;
    }
    if (large && a->blocks) { /* behind the newest, which still has room for small ones */
        b->next = a->blocks->next;
        a->blocks->next = b;
    } else {
        b->next = a->blocks;
        a->blocks = b;
        a->size = size;
        a->used = taken;
    }
    GIVE(b->data, bytes);
    return b->data;
}

void *dv_arena_array(dv_arena *a, size_t n, size_t size, dv_error *err)
{
    const size_t bytes = dv_size_mul(n, size);
    if (bytes == SIZE_MAX) {
        dv_fail(err, DV_NO_MEMORY, "out of memory: %zu elements of %zu bytes were needed", n, size);
        return NULL;
    }
    return dv_arena_alloc(a, bytes, err);
}

char *dv_arena_text(dv_arena *a, const char *text, size_t n, dv_error *err)
{
    char *copy = dv_arena_alloc(a, dv_size_add(n, 1), err);
    if (copy && n)
        memcpy(copy, text, n);
    return copy;
}

void dv_arena_release(dv_arena *a)
{
    while (a->blocks) {
        struct dv_arena_block *next = a->blocks->next;
        free(a->blocks);
        a->blocks = next;
    }
    a->used = a->size = 0;
}
