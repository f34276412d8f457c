#define _DEFAULT_SOURCE /* madvise */
#include "base/large.h"

#include "base/size.h"

#include <stdlib.h>
#include <sys/mman.h>

enum { LINE = 64, HUGE_PAGE = 1 << 21 };

void *dv_large_alloc(size_t size)
{
    if (size > PTRDIFF_MAX)
        return NULL;
#ifdef MADV_HUGEPAGE
    if (size >= HUGE_PAGE / 2) {
        const size_t pages = dv_size_round_up(size, HUGE_PAGE);
        void *p = aligned_alloc(HUGE_PAGE, pages);
        if (p) /* its last page, too; in vain: small pages it is */
            (void)madvise(p, pages, MADV_HUGEPAGE);
        return p;
    }
#endif
    return aligned_alloc(LINE, size ? dv_size_round_up(size, LINE) : LINE);
}
