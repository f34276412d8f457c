#if defined(__x86_64__)
#define DV_ISA avx512
#include "kernel/isa_body.h"
#else
typedef int dv_isa_avx512_needs_x86_64;
#endif
