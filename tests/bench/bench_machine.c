/* bench_machine.c - what this machine could do at best: for one thread, and for two, GFLOP/s of
 * multiplications and additions in registers, and GB/s read from memory. Then its caches.
 *
 *     bench_machine [THREADS] */
#define _DEFAULT_SOURCE /* sysconf's names of caches */
#include "machine.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    const int most = argc > 1 ? atoi(argv[1]) : 2;
    for (int threads = 1; threads <= most; threads++)
        printf("threads %d gflops %.1f gbytes %.1f\n", threads, bench_peak_gflops(threads),
               bench_read_gbytes(threads));
#ifdef _SC_LEVEL2_CACHE_SIZE
    printf("caches L1 %ld L2 %ld L3 %ld\n", sysconf(_SC_LEVEL1_DCACHE_SIZE),
           sysconf(_SC_LEVEL2_CACHE_SIZE), sysconf(_SC_LEVEL3_CACHE_SIZE));
#endif
    return 0;
}
