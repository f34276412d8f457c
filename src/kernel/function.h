/* function.h - functions of one number and of two, which dv_isa computes over arrays.
 *
 * An element's value depends on its arguments alone, not on where it lies in an array, so that a
 * part, a chain of functions over a tile, and the whole give the same bytes. Another instruction
 * set may round otherwise. Where nothing else is said they are right to 3 units in the last place;
 * what lies below the smallest normal number, 1.2e-38, may become 0. A NaN stays one, of either
 * sign; an infinity becomes one where the formula has 0 times it, or it divided by itself. */
#ifndef DV_KERNEL_FUNCTION_H
#define DV_KERNEL_FUNCTION_H

/* Of x, with the parameters a and b. */
typedef enum dv_function {
    DV_MAP_ABS,
    DV_MAP_CLAMP, /* to [a, b], a <= b */
    DV_MAP_ELU,   /* x > 0 ? x : a (e^x - 1) */
    DV_MAP_ERF,
    DV_MAP_EXP,
    DV_MAP_GELU,            /* x P(x), P(x) that a normal number is below x; P to 2^-23 */
    DV_MAP_GELU_SLOPE,      /* its derivative, to 2^-22 */
    DV_MAP_GELU_TANH,       /* the same with a tanh for P */
    DV_MAP_GELU_TANH_SLOPE, /* its derivative */
    DV_MAP_HARD_SIGMOID,    /* a x + b clamped to [0, 1], to 2^-23 of b */
    DV_MAP_HARD_SWISH,      /* x (x / 6 + 1/2 clamped to [0, 1]), to 2^-23 of x */
    DV_MAP_LEAKY_RELU,      /* x < 0 ? a x : x */
    DV_MAP_LINEAR,          /* a x + b, rounded twice, as an epilogue does */
    DV_MAP_LOG,
    DV_MAP_NEG,
    DV_MAP_RECIPROCAL,
    DV_MAP_SELU,     /* b (x > 0 ? x : a (e^x - 1)) */
    DV_MAP_SIGMOID,  /* to 4 units */
    DV_MAP_SILU,     /* x sigmoid(x), the bytes of their product: to 4 units or 2^-119 */
    DV_MAP_SOFTPLUS, /* log(1 + e^x) */
    DV_MAP_SOFTSIGN, /* x / (1 + |x|) */
    DV_MAP_SQRT,
    DV_MAP_SQUARE,
    DV_MAP_TANH,             /* 3 units, from 0.55 on 1.5 */
    DV_MAP_THRESHOLDED_RELU, /* x <= a ? 0 : x */
    DV_N_FUNCTIONS,
} dv_function;

/* Of a and b. */
typedef enum dv_binary {
    DV_COMBINE_ADD,
    DV_COMBINE_SUB,
    DV_COMBINE_MUL,
    DV_COMBINE_DIV,
    DV_COMBINE_MAX, /* a NaN wins */
    DV_COMBINE_MIN,
    DV_COMBINE_PRELU, /* a < 0 ? a b : a */
    DV_N_BINARIES,
} dv_binary;

#endif
