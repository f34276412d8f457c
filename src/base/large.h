/* large.h - large memory. */
#ifndef DV_BASE_LARGE_H
#define DV_BASE_LARGE_H

#include <stddef.h>

/* At least `size` bytes, aligned to 64, content undefined, on huge pages where the system has them
 * and it pays: fewer page faults at first, fewer misses of the TLB later. NULL when memory runs
 * out. The caller frees it with free. */
void *dv_large_alloc(size_t size);

#endif
