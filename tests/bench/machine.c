#include "machine.h"

#include "deconvviz/error.h"
#include "deconvviz/pool.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

enum {
    ROUNDS = 10,
    CHAINS = 12,        /* of multiplications and additions: more than hide how long one takes */
    STEPS = 1 << 19,    /* of each */
    STRETCH = 32 << 20, /* bytes that one thread reads: more than its share of any cache */
    LINE = 64,
};

double bench_now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec * 1e-6;
}

void bench_need(bool ok, const dv_error *err)
{
    if (!ok) {
        fprintf(stderr, "bench: %s\n", err ? err->message : "no memory");
        exit(1);
    }
}

float *bench_numbers(size_t n)
{
    uint32_t state = 1;
    float *a = aligned_alloc(LINE, (n * sizeof *a / LINE + 1) * LINE);
    bench_need(a != NULL, NULL);
    for (size_t i = 0; i < n; i++) {
        state = state * 1664525U + 1013904223U;
        a[i] = (float)(state >> 8) / (float)(1 << 23) - 1;
    }
    return a;
}

/* Floating-point operations of one run of the loop below. */
#define LOOP_FLOPS(lanes) (2.0 * (lanes)*CHAINS * STEPS)

#define EACH_CHAIN(DO) DO(0) DO(1) DO(2) DO(3) DO(4) DO(5) DO(6) DO(7) DO(8) DO(9) DO(10) DO(11)
#define START(k)       s##k = one,
#define APART(k)       __asm__ volatile("" : "+x"(s##k)); /* no two chains are one */
#define STEP(k)        s##k = fma(s##k, half, one);
#define SEEN(k)        __asm__ volatile("" ::"x"(s##k)); /* none is left out */

/* All chains, by the functions `set` and fma, which is what STEP calls. */
#define RUN_CHAINS(vector, set)                      \
    do {                                             \
        const vector one = set(1), half = set(0.5f); \
        vector EACH_CHAIN(START) unused = one;       \
        EACH_CHAIN(APART)                            \
        for (int i = 0; i < STEPS; i++) {            \
            EACH_CHAIN(STEP)                         \
        }                                            \
        EACH_CHAIN(SEEN)                             \
        (void)unused;                                \
    } while (0)

#if defined(__x86_64__)
#define fma _mm512_fmadd_ps
__attribute__((target("avx512f"))) static void chains_avx512(void)
{
    RUN_CHAINS(__m512, _mm512_set1_ps);
}
#undef fma
#define fma _mm256_fmadd_ps
__attribute__((target("avx2,fma"))) static void chains_avx2(void)
{
    RUN_CHAINS(__m256, _mm256_set1_ps);
}
#undef fma
#endif

typedef float vector4 __attribute__((vector_size(16)));

static vector4 set4(float x)
{
    return (vector4){ x, x, x, x };
}

#define fma(s, a, b) ((s) * (a) + (b))
static void chains_baseline(void)
{
    RUN_CHAINS(vector4, set4);
}
#undef fma

typedef struct reading {
    void (*chains)(void);
    const float *memory; /* STRETCH bytes for each worker */
    volatile uint64_t seen;
} reading;

static void multiply(void *ctx, int i, int worker)
{
    (void)i, (void)worker;
    const reading *r = ctx;
    r->chains();
}

static void read_memory(void *ctx, int i, int worker)
{
    (void)worker;
    reading *r = ctx;
    typedef uint64_t words __attribute__((vector_size(16), may_alias));
    const words *from = (const words *)(const void *)(r->memory + (size_t)i * (STRETCH / 4));
    words a = { 0 }, b = a, c = a, d = a;
    for (int k = 0; k < STRETCH / 16; k += 4) {
        a ^= from[k];
        b ^= from[k + 1];
        c ^= from[k + 2];
        d ^= from[k + 3];
    }
    a ^= b ^ c ^ d;
    r->seen = a[0] ^ a[1];
}

/* The shortest of some rounds of a task on each of `threads` threads, in milliseconds. */
static double shortest(int threads, void (*task)(void *, int, int), reading *r)
{
    dv_error err;
    dv_pool *pool = dv_pool_new(threads, &err);
    bench_need(pool != NULL, &err);
    double best = (double)INFINITY;
    for (int i = 0; i < ROUNDS; i++) {
        const double start = bench_now_ms();
        dv_pool_run(pool, threads, task, r);
        best = fmin(best, bench_now_ms() - start);
    }
    dv_pool_free(pool);
    return best;
}

double bench_peak_gflops(int threads)
{
    reading r = { .chains = chains_baseline };
    int lanes = 4;
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx512f"))
        r.chains = chains_avx512, lanes = 16;
    else if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
        r.chains = chains_avx2, lanes = 8;
#endif
    return LOOP_FLOPS(lanes) * threads / shortest(threads, multiply, &r) / 1e6;
}

double bench_read_gbytes(int threads)
{
    float *memory = bench_numbers((size_t)threads * (STRETCH / 4));
    reading r = { .memory = memory };
    const double ms = shortest(threads, read_memory, &r);
    free(memory);
    return (double)threads * STRETCH / ms / 1e6;
}
