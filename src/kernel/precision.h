/* precision.h - how much a kernel may round for the sake of speed. */
#ifndef DV_KERNEL_PRECISION_H
#define DV_KERNEL_PRECISION_H

typedef enum dv_precision {
    DV_FAST,    /* up to three times the rounding of a plain sum: Winograd's F(4x4) */
    DV_CAREFUL, /* no more than that of a plain sum: F(2x2) */
    DV_EXACT,   /* the least: no Winograd */
} dv_precision;

#endif
