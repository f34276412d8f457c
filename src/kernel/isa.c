#include "kernel/isa.h"

#include <string.h>

extern const dv_isa dv_isa_baseline;
#if defined(__x86_64__)
extern const dv_isa dv_isa_avx2, dv_isa_avx512;
#endif

enum { BASELINE, AVX2, AVX512 };
static int most = AVX512; /* see dv_isa_limit */

bool dv_isa_limit(const char *name)
{
    static const char *const names[] = { "baseline", "avx2", "avx512" };
    for (int i = BASELINE; i <= AVX512; i++)
        if (!name || strcmp(name, names[i]) == 0) {
            most = name ? i : AVX512;
            return true;
        }
    return false;
}

const dv_isa *dv_isa_best(void)
{
#if defined(__x86_64__)
    const bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    const bool avx512 = avx2 && __builtin_cpu_supports("avx512f") &&
                        __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512bw") &&
                        __builtin_cpu_supports("avx512dq");
    if (avx512 && most >= AVX512)
        return &dv_isa_avx512;
    if (avx2 && most >= AVX2)
        return &dv_isa_avx2;
#endif
    return &dv_isa_baseline;
}
