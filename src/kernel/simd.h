/* simd.h - vectors of floats in the width that the file including it is compiled for.
 *
 * Only the isa_*.c files include this, each with its own compiler flags; everything is static, so
 * that code for one instruction set never gets into a function that another one calls. Unaligned
 * loads and stores throughout: on what has the wide registers they cost nothing. */
#ifndef DV_KERNEL_SIMD_H
#define DV_KERNEL_SIMD_H

#include <stdint.h>
#include <string.h>

#if defined(__x86_64__)
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

#if defined(__AVX512F__)
#define LANES     16
#define REGISTERS 32
#elif defined(__AVX2__)
#define LANES     8
#define REGISTERS 16
#elif defined(__aarch64__)
#define LANES     4
#define REGISTERS 32
#else
#define LANES     4
#define REGISTERS 16
#endif

#if defined(__clang__)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define WATCHED 1 /* each read and write by a call or a branch more */
#endif
#endif

/* Loops over registers. Where each access is watched they stay loops: unrolled they take Clang many
 * minutes. */
#if defined(WATCHED)
#define UNROLL
#define UNROLL_SUM
#elif defined(__clang__)
#define UNROLL     _Pragma("unroll")
#define UNROLL_SUM UNROLL
/* A hint, which a loop that may end early need not follow. */
#pragma clang diagnostic ignored "-Wpass-failed"
#else
#define UNROLL     _Pragma("GCC unroll 16")
#define UNROLL_SUM _Pragma("GCC unroll 24")
#endif

/* A function of which every call is compiled for its constant arguments. */
#define TEMPLATE static inline __attribute__((always_inline))

/* The same of large ones; where each access is watched they are compiled once, for any arguments.
 */
#if defined(WATCHED)
#define LARGE_TEMPLATE static __attribute__((noinline))
#else
#define LARGE_TEMPLATE TEMPLATE
#endif

/* Of a pointer that goes on by a stride in unrolled code: without it compilers keep one for each of
 * the places, in memory, and count all of them on. */
#define ONE_POINTER(p) __asm__("" : "+r"(p))

typedef float vf __attribute__((vector_size(LANES * 4)));
typedef int32_t vi __attribute__((vector_size(LANES * 4)));
typedef float vf_unaligned __attribute__((vector_size(LANES * 4), aligned(4), may_alias));
typedef float vf_anywhere __attribute__((vector_size(LANES * 4), aligned(1), may_alias));
typedef int32_t vi_unaligned __attribute__((vector_size(LANES * 4), aligned(4), may_alias));

TEMPLATE vf v_load(const float *p)
{
    return *(const vf_unaligned *)p;
}

/* From any address, no multiple of four either. */
TEMPLATE vf v_load_anywhere(const float *p)
{
    return *(const vf_anywhere *)p;
}

TEMPLATE void v_store(float *p, vf v)
{
    *(vf_unaligned *)p = v;
}

TEMPLATE void v_store_int(int32_t *p, vi v)
{
    *(vi_unaligned *)p = v;
}

TEMPLATE vf v_set(float x)
{
    return x - (vf){ 0 };
}

TEMPLATE vi v_set_int(int32_t x)
{
    return x - (vi){ 0 };
}

TEMPLATE vi v_lane(void)
{
#if LANES == 16
    return (vi){ 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15 };
#elif LANES == 8
    return (vi){ 0, 1, 2, 3, 4, 5, 6, 7 };
#else
    return (vi){ 0, 1, 2, 3 };
#endif
}

/* a * b + c, rounded once where the machine can. */
TEMPLATE vf v_fma(vf a, vf b, vf c)
{
#if defined(__AVX512F__)
    return _mm512_fmadd_ps(a, b, c);
#elif defined(__FMA__) && LANES == 8
    return _mm256_fmadd_ps(a, b, c);
#elif defined(__aarch64__)
    return vfmaq_f32(c, a, b);
#else
    return a * b + c;
#endif
}

/* c - a * b */
TEMPLATE vf v_fnma(vf a, vf b, vf c)
{
#if defined(__AVX512F__)
    return _mm512_fnmadd_ps(a, b, c);
#elif defined(__FMA__) && LANES == 8
    return _mm256_fnmadd_ps(a, b, c);
#elif defined(__aarch64__)
    return vfmsq_f32(c, a, b);
#else
    return c - a * b;
#endif
}

/* The larger and the smaller of bound and v; v where it is a NaN. */
TEMPLATE vf v_at_least(vf bound, vf v)
{
#if defined(__AVX512F__)
    return _mm512_max_ps(bound, v);
#elif LANES == 8
    return _mm256_max_ps(bound, v);
#elif defined(__x86_64__)
    return _mm_max_ps(bound, v);
#elif defined(__aarch64__)
    return vmaxq_f32(bound, v);
#else
    vi less = v < bound;
    return (vf)((less & (vi)bound) | (~less & (vi)v));
#endif
}

TEMPLATE vf v_at_most(vf bound, vf v)
{
#if defined(__AVX512F__)
    return _mm512_min_ps(bound, v);
#elif LANES == 8
    return _mm256_min_ps(bound, v);
#elif defined(__x86_64__)
    return _mm_min_ps(bound, v);
#elif defined(__aarch64__)
    return vminq_f32(bound, v);
#else
    vi more = v > bound;
    return (vf)((more & (vi)bound) | (~more & (vi)v));
#endif
}

/* a < b ? x : y, lane by lane; y where one of them is a NaN. */
TEMPLATE vf v_if_less(vf a, vf b, vf x, vf y)
{
#if LANES == 16
    return _mm512_mask_blend_ps(_mm512_cmp_ps_mask(a, b, _CMP_LT_OQ), y, x);
#else
    const vi less = a < b;
    return (vf)((less & (vi)x) | (~less & (vi)y));
#endif
}

/* x where v is no NaN, else y. */
TEMPLATE vf v_if_number(vf v, vf x, vf y)
{
#if LANES == 16
    return _mm512_mask_blend_ps(_mm512_cmp_ps_mask(v, v, _CMP_ORD_Q), y, x);
#else
    const vi number = v == v;
    return (vf)((number & (vi)x) | (~number & (vi)y));
#endif
}

TEMPLATE vf v_sqrt(vf v)
{
#if LANES == 16
    return _mm512_sqrt_ps(v);
#elif LANES == 8
    return _mm256_sqrt_ps(v);
#elif defined(__x86_64__)
    return _mm_sqrt_ps(v);
#elif defined(__aarch64__)
    return vsqrtq_f32(v);
#else
    return (vf){ sqrtf(v[0]), sqrtf(v[1]), sqrtf(v[2]), sqrtf(v[3]) };
#endif
}

TEMPLATE vf v_from_int(vi v)
{
    return __builtin_convertvector(v, vf);
}

#if LANES == 8
TEMPLATE __m256i v_lanes_in(int lo, int hi)
{
    const __m256i lane = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
    return _mm256_and_si256(_mm256_cmpgt_epi32(lane, _mm256_set1_epi32(lo - 1)),
                            _mm256_cmpgt_epi32(_mm256_set1_epi32(hi), lane));
}
#elif LANES == 16
TEMPLATE __mmask16 v_lanes_in(int lo, int hi)
{
    unsigned upto_hi = hi >= LANES ? 0xffffu : (1u << hi) - 1;
    return (__mmask16)(lo >= LANES ? 0 : upto_hi & (0xffffu << lo));
}
#endif

/* Lanes [lo, hi) from p + lane, zero in the others, whose memory is not touched. 0 <= lo, and
 * hi <= lo for none. p: as for v_load_anywhere. */
TEMPLATE vf v_load_range(const float *p, int lo, int hi)
{
    if (hi <= lo)
        return (vf){ 0 };
#if LANES == 16
    return _mm512_maskz_loadu_ps(v_lanes_in(lo, hi), p);
#elif LANES == 8
    return _mm256_maskload_ps(p, v_lanes_in(lo, hi));
#else
    float part[LANES] = { 0 };
    for (int i = 0; i < LANES; i++)
        if (i >= lo && i < hi)
            memcpy(&part[i], p + i, sizeof *part);
    return v_load(part);
#endif
}

/* Writes lanes [lo, hi) to p + lane. */
TEMPLATE void v_store_range(float *p, vf v, int lo, int hi)
{
    if (hi <= lo)
        return;
#if LANES == 16
    _mm512_mask_storeu_ps(p, v_lanes_in(lo, hi), v);
#elif LANES == 8
    _mm256_maskstore_ps(p, v_lanes_in(lo, hi), v);
#else
    for (int i = 0; i < LANES; i++)
        if (i >= lo && i < hi)
            p[i] = v[i];
#endif
}

TEMPLATE void v_store_int_range(int32_t *p, vi v, int lo, int hi)
{
    if (hi <= lo)
        return;
#if LANES == 16
    _mm512_mask_storeu_epi32(p, v_lanes_in(lo, hi), (__m512i)v);
#elif LANES == 8
    _mm256_maskstore_epi32(p, v_lanes_in(lo, hi), (__m256i)v);
#else
    for (int i = 0; i < LANES; i++)
        if (i >= lo && i < hi)
            p[i] = v[i];
#endif
}

/* Some neighbouring lanes, made once for many loads. */
#if LANES == 16
typedef __mmask16 v_mask;
#elif LANES == 8
typedef __m256i v_mask;
#else
typedef struct v_mask {
    int lo, hi;
} v_mask;
#endif

/* Lanes [lo, hi), any integers, of those that there are. */
TEMPLATE v_mask v_mask_range(int lo, int hi)
{
    lo = lo < 0 ? 0 : lo;
    hi = hi < 0 ? 0 : hi;
#if LANES == 4
    return (v_mask){ lo, hi };
#else
    return v_lanes_in(lo, hi);
#endif
}

#if LANES == 4
/* Of code without masks there should not be a copy in every loop. */
static __attribute__((noinline)) vf v_load_some(const float *p, int lo, int hi)
{
    return v_load_range(p, lo, hi);
}

static __attribute__((noinline)) void v_store_some(float *p, vf v, int lo, int hi)
{
    v_store_range(p, v, lo, hi);
}
#endif

/* As v_load_range and v_store_range. */
TEMPLATE vf v_load_masked(const float *p, v_mask mask)
{
#if LANES == 16
    return _mm512_maskz_loadu_ps(mask, p);
#elif LANES == 8
    return _mm256_maskload_ps(p, mask);
#else
    return mask.lo == 0 && mask.hi >= LANES ? v_load(p) : v_load_some(p, mask.lo, mask.hi);
#endif
}

TEMPLATE void v_store_masked(float *p, vf v, v_mask mask)
{
#if LANES == 16
    _mm512_mask_storeu_ps(p, mask, v);
#elif LANES == 8
    _mm256_maskstore_ps(p, mask, v);
#else
    if (mask.lo == 0 && mask.hi >= LANES)
        v_store(p, v);
    else
        v_store_some(p, v, mask.lo, mask.hi);
#endif
}

/* A bit for each lane that is not zero. */
TEMPLATE unsigned v_nonzero(vf v)
{
#if LANES == 16
    return _mm512_cmp_ps_mask(v, _mm512_setzero_ps(), _CMP_NEQ_UQ);
#elif LANES == 8
    return (unsigned)_mm256_movemask_ps((vf)(v != 0));
#elif defined(__x86_64__)
    return (unsigned)_mm_movemask_ps((vf)(v != 0));
#else
    return (v[0] != 0) | (v[1] != 0) * 2U | (v[2] != 0) * 4U | (v[3] != 0) * 8U;
#endif
}

/* Where v is larger than *best, or the first NaN: *best becomes v and *where becomes at. */
TEMPLATE void v_take_larger(vf v, vi at, vf *best, vi *where)
{
#if LANES == 16
    __mmask16 take = _mm512_cmp_ps_mask(v, *best, _CMP_NLE_UQ);
    take = _mm512_mask_cmp_ps_mask(take, *best, *best, _CMP_ORD_Q);
    *best = _mm512_mask_mov_ps(*best, take, v);
    *where = (vi)_mm512_mask_mov_epi32((__m512i)*where, take, (__m512i)at);
#else
    const vi take = ~(vi)(v <= *best) & (vi)(*best == *best);
    *best = (vf)((take & (vi)v) | (~take & (vi)*best));
    *where = (take & at) | (~take & *where);
#endif
}

/* The even and the odd elements of a followed by b; and the inverse: the first and the second half
 * of a0 b0 a1 b1 … */
#if LANES == 16
#define V_EVEN        0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30
#define V_ODD         1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31
#define V_NEXT        1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16
#define V_FRONT       0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23
#define V_BACK        8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31
#define V_HALVES      0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23
#define V_SECOND      8, 9, 10, 11, 12, 13, 14, 15, 8, 9, 10, 11, 12, 13, 14, 15
#define V_NEXT_HALVES 1, 2, 3, 4, 5, 6, 7, 16, 9, 10, 11, 12, 13, 14, 15, 24
#elif LANES == 8
#define V_EVEN        0, 2, 4, 6, 8, 10, 12, 14
#define V_ODD         1, 3, 5, 7, 9, 11, 13, 15
#define V_NEXT        1, 2, 3, 4, 5, 6, 7, 8
#define V_FRONT       0, 8, 1, 9, 2, 10, 3, 11
#define V_BACK        4, 12, 5, 13, 6, 14, 7, 15
#define V_HALVES      0, 1, 2, 3, 8, 9, 10, 11
#define V_SECOND      4, 5, 6, 7, 4, 5, 6, 7
#define V_NEXT_HALVES 1, 2, 3, 8, 5, 6, 7, 12
#else
#define V_EVEN        0, 2, 4, 6
#define V_ODD         1, 3, 5, 7
#define V_NEXT        1, 2, 3, 4
#define V_FRONT       0, 4, 1, 5
#define V_BACK        2, 6, 3, 7
#define V_HALVES      0, 1, 4, 5
#define V_SECOND      2, 3, 2, 3
#define V_NEXT_HALVES 1, 4, 3, 6
#endif

/* The lanes from s on, and behind the last one the first. */
#if LANES == 16
#define V_FROM(s)                                                                             \
    s, s + 1, s + 2, s + 3, s + 4, s + 5, s + 6, s + 7, s + 8, s + 9, s + 10, s + 11, s + 12, \
        s + 13, s + 14, s + 15
#elif LANES == 8
#define V_FROM(s) s, s + 1, s + 2, s + 3, s + 4, s + 5, s + 6, s + 7
#else
#define V_FROM(s) s, s + 1, s + 2, s + 3
#endif

/* Of all lanes: halves are added until one is left. */
TEMPLATE float v_sum(vf v)
{
#if LANES == 16
    v += __builtin_shufflevector(v, v, V_FROM(8));
#endif
#if LANES >= 8
    v += __builtin_shufflevector(v, v, V_FROM(4));
#endif
    v += __builtin_shufflevector(v, v, V_FROM(2));
    v += __builtin_shufflevector(v, v, V_FROM(1));
    return v[0];
}

TEMPLATE vf v_even(vf a, vf b)
{
    return __builtin_shufflevector(a, b, V_EVEN);
}

TEMPLATE vf v_odd(vf a, vf b)
{
    return __builtin_shufflevector(a, b, V_ODD);
}

/* a without its first element, and the first of b. */
TEMPLATE vf v_next(vf a, vf b)
{
#if LANES == 16 /* which GCC does not see, and copies a register for */
    return (vf)_mm512_alignr_epi32((__m512i)b, (__m512i)a, 1);
#else
    return __builtin_shufflevector(a, b, V_NEXT);
#endif
}

TEMPLATE vf v_zip_front(vf a, vf b)
{
    return __builtin_shufflevector(a, b, V_FRONT);
}

TEMPLATE vf v_zip_back(vf a, vf b)
{
    return __builtin_shufflevector(a, b, V_BACK);
}

/* As v_next in each half of the lanes by itself. */
TEMPLATE vf v_next_halves(vf a, vf b)
{
    return __builtin_shufflevector(a, b, V_NEXT_HALVES);
}

/* The first half of a, then that of b. */
TEMPLATE vf v_halves(vf a, vf b)
{
    return __builtin_shufflevector(a, b, V_HALVES);
}

TEMPLATE vf v_set_halves(float a, float b)
{
#if LANES == 16
    return _mm512_mask_broadcastss_ps(_mm512_set1_ps(a), 0xff00, _mm_set_ss(b));
#else
    return v_halves(v_set(a), v_set(b));
#endif
}

/* Half as many lanes from p, then from q; the mask is of those of each. */
TEMPLATE vf v_load_halves(const float *p, const float *q, v_mask mask)
{
#if LANES == 16
    const __m256 a = _mm256_maskz_loadu_ps((__mmask8)mask, p);
    return _mm512_insertf32x8(_mm512_castps256_ps512(a), _mm256_maskz_loadu_ps((__mmask8)mask, q),
                              1);
#else
    return v_halves(v_load_masked(p, mask), v_load_masked(q, mask));
#endif
}

TEMPLATE void v_store_halves(float *p, float *q, vf v, v_mask mask)
{
#if LANES == 16
    _mm256_mask_storeu_ps(p, (__mmask8)mask, _mm512_castps512_ps256(v));
    _mm256_mask_storeu_ps(q, (__mmask8)mask, _mm512_extractf32x8_ps(v, 1));
#else
    v_store_masked(p, v, mask);
    v_store_masked(q, __builtin_shufflevector(v, v, V_SECOND), mask);
#endif
}

/* r, rows of a square matrix, becomes its columns: as many perfect shuffles as lanes has bits. */
TEMPLATE void v_transpose(vf r[LANES])
{
    UNROLL
    for (int step = 1; step < LANES; step *= 2) {
        vf t[LANES];
        UNROLL
        for (int i = 0; i < LANES / 2; i++) {
            t[2 * i] = v_zip_front(r[i], r[i + LANES / 2]);
            t[2 * i + 1] = v_zip_back(r[i], r[i + LANES / 2]);
        }
        UNROLL
        for (int i = 0; i < LANES; i++)
            r[i] = t[i];
    }
}

/* Pairs (tag, value) of the lanes of v that are not zero, in their order, to `to`, which has room
 * for all lanes. How many there are. */
TEMPLATE int v_list_nonzeros(vf v, vi tag, float *to)
{
    unsigned there = v_nonzero(v);
    const int n = __builtin_popcount(there);
#if LANES == 16
    const vf values = _mm512_maskz_compress_ps((__mmask16)there, v);
    const vf tags = (vf)_mm512_maskz_compress_epi32((__mmask16)there, (__m512i)tag);
    v_store(to, v_zip_front(tags, values));
    v_store(to + LANES, v_zip_back(tags, values));
#else
    for (; there; there &= there - 1, to += 2) {
        const int i = __builtin_ctz(there);
        to[0] = ((vf)tag)[i];
        to[1] = v[i];
    }
#endif
    return n;
}

#endif
