#define _DEFAULT_SOURCE /* madvise */
#include "base/large.h"

#include <stdlib.h>
#include <sys/mman.h>

enum { LINE = 64, HUGE_PAGE = 1 << 21 };

static size_t round_up(size_t size, size_t to)
{
    return (size / to + (size % to != 0)) * to;
}

void *dv_large_alloc(size_t size)
{
#ifdef MADV_HUGEPAGE
    if (size >= HUGE_PAGE) {
        void *p = aligned_alloc(HUGE_PAGE, round_up(size, HUGE_PAGE));
        if (p) /* whole ones; in vain: small pages it is */
            (void)madvise(p, size / HUGE_PAGE * HUGE_PAGE, MADV_HUGEPAGE);
        return p;
    }
#endif
    return aligned_alloc(LINE, size ? round_up(size, LINE) : LINE);
}
