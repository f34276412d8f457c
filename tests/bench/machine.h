/* machine.h - what the programs of the bench share: the clock, numbers to compute with, and what
 * this machine could do at best. */
#ifndef DV_BENCH_MACHINE_H
#define DV_BENCH_MACHINE_H

#include "deconvviz/error.h"

#include <stdbool.h>
#include <stddef.h>

double bench_now_ms(void);

/* Ends the program with err's message (NULL: no memory) unless ok. */
void bench_need(bool ok, const dv_error *err);

/* n numbers in [-1, 1), the same in every run; aligned to 64 bytes. The caller frees. */
float *bench_numbers(size_t n);

/* What `threads` threads reach together: multiplications and additions in registers alone, in
 * GFLOP/s; and reading memory that was not read for long, in GB/s. */
double bench_peak_gflops(int threads);
double bench_read_gbytes(int threads);

#endif
