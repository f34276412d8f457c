#include "kernel/isa.h"

#include <stdlib.h>
#include <string.h>

extern const dv_isa dv_isa_baseline;
#if defined(__x86_64__)
extern const dv_isa dv_isa_avx2, dv_isa_avx512;
#endif

const dv_isa *dv_isa_best(void)
{
#if defined(__x86_64__)
    const char *most = getenv("DECONVVIZ_ISA");
    const bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    const bool avx512 = avx2 && __builtin_cpu_supports("avx512f") &&
                        __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512bw") &&
                        __builtin_cpu_supports("avx512dq");
    if (most && strcmp(most, "baseline") == 0)
        return &dv_isa_baseline;
    if (avx512 && !(most && strcmp(most, "avx2") == 0))
        return &dv_isa_avx512;
    if (avx2)
        return &dv_isa_avx2;
#endif
    return &dv_isa_baseline;
}
