#define DV_ISA baseline
#include "kernel/isa_body.h"
