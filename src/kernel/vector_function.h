/* vector_function.h - functions of one number and of two over arrays, see function.h. */
#ifndef DV_KERNEL_VECTOR_FUNCTION_H
#define DV_KERNEL_VECTOR_FUNCTION_H

/* -- the exponential -------------------------------------------------------------------------- */

/* x = n ln 2 + r, n a whole number and |r| <= ln 2 / 2. */
typedef struct exponent {
    vf r, n;
    vi whole; /* n */
} exponent;

TEMPLATE exponent f_exponent(vf x)
{
    const vf magic = v_set(12582912); /* 1.5 * 2^23: what is added to it becomes a whole number */
    const vf shifted = v_fma(x, v_set(1.44269504f), magic);
    exponent e = { .n = shifted - magic, .whole = (vi)shifted - (vi)magic };
    e.r = v_fnma(e.n, v_set(0.693359375f), x); /* ln 2 in two parts, of which this is exact */
    e.r = v_fma(e.n, v_set(2.12194440e-4f), e.r);
    return e;
}

/* (e^r - 1 - r) / r^2; the coefficients are those of Cephes' expf. */
TEMPLATE vf f_exp_series(vf r)
{
    vf p = v_set(1.9875691500e-4f);
    p = v_fma(p, r, v_set(1.3981999507e-3f));
    p = v_fma(p, r, v_set(8.3334519073e-3f));
    p = v_fma(p, r, v_set(4.1665795894e-2f));
    p = v_fma(p, r, v_set(1.6666665459e-1f));
    return v_fma(p, r, v_set(5.0000001201e-1f));
}

/* 2^k, -126 <= k <= 127. */
TEMPLATE vf f_power_of_two(vi k)
{
    return (vf)((k + 127) << 23);
}

/* p 2^n, where that is beyond the normal numbers too. */
TEMPLATE vf f_scale(vf p, exponent e)
{
#if LANES == 16
    return _mm512_scalef_ps(p, e.n);
#else
    const vi half = e.whole >> 1;
    return p * f_power_of_two(half) * f_power_of_two(e.whole - half);
#endif
}

#if LANES == 16
/* 2^(i / 32): two registers, from which each lane takes one. */
static const float f_roots[2 * LANES] = {
    1.0f,        1.0218972f,  1.04427373f, 1.06714046f, 1.09050775f, 1.1143868f,  1.13878858f,
    1.1637249f,  1.18920708f, 1.21524739f, 1.24185777f, 1.26905096f, 1.29683959f, 1.32523668f,
    1.35425556f, 1.38390994f, 1.41421354f, 1.44518077f, 1.47682619f, 1.50916445f, 1.54221082f,
    1.5759809f,  1.61049032f, 1.64575553f, 1.68179286f, 1.71861935f, 1.75625217f, 1.79470909f,
    1.8340081f,  1.87416768f, 1.91520655f, 1.95714414f
};

/* e^(sign x), sign 1 or -1, by sign x = n ln 2 + r, n a multiple of 1/32: what is left of e^r is
 * next to 1. */
TEMPLATE vf f_exp_of(const float sign, vf x)
{
    const vf magic = v_set(393216); /* 1.5 * 2^18: what is added to it becomes such a multiple, */
    const vf shifted = v_fma(x, v_set(sign * 1.44269504f), magic), n = shifted - magic;
    const vf root = _mm512_permutex2var_ps(v_load(f_roots), (__m512i)shifted, /* by its last bits */
                                           v_load(f_roots + LANES));
    vf r = v_fnma(n, v_set(sign * 0.693359375f), x); /* times the sign */
    r = v_fma(n, v_set(sign * 2.12194440e-4f), r);
    const vf p = v_fma(r * r, v_fma(r, v_set(sign / 6), v_set(0.5f)), sign > 0 ? r : -r);
    return _mm512_scalef_ps(v_fma(root, p, root), n); /* 2^ the whole number below n */
}
#else
TEMPLATE vf f_exp_of(const float sign, vf x)
{
    const exponent e = f_exponent(sign > 0 ? x : -x);
    const vf p = v_fma(e.r * e.r, f_exp_series(e.r), e.r);
    return f_scale(p + v_set(1), e);
}
#endif

TEMPLATE vf f_exp(vf x)
{
    return f_exp_of(1, v_at_most(v_set(89), v_at_least(v_set(-104), x)));
}

/* e^-x */
TEMPLATE vf f_exp_minus(vf x)
{
    return f_exp_of(-1, v_at_most(v_set(104), v_at_least(v_set(-89), x)));
}

/* e^x - 1, x <= 0. */
TEMPLATE vf f_exp_less_one(vf x)
{
    const exponent e = f_exponent(v_at_least(v_set(-87), x));
    const vf p = v_fma(e.r * e.r, f_exp_series(e.r), e.r), power = f_power_of_two(e.whole);
    return v_fma(p, power, power - v_set(1));
}

/* -- what is made of it ----------------------------------------------------------------------- */

TEMPLATE vf f_abs(vf x)
{
    return (vf)((vi)x & v_set_int(INT32_MAX));
}

/* The size of one with the sign of the other. */
TEMPLATE vf f_with_sign(vf size, vf sign)
{
    return (vf)(((vi)size & v_set_int(INT32_MAX)) | ((vi)sign & v_set_int(INT32_MIN)));
}

TEMPLATE vf f_clamp(vf x, vf lo, vf hi)
{
    return v_at_most(hi, v_at_least(lo, x));
}

TEMPLATE vf f_sigmoid(vf x)
{
    return v_set(1) / (v_set(1) + f_exp_minus(x));
}

/* With u = e^-2|x|, (1 - u) / (1 + u): of numbers near 0 by u - 1, which is as exact as for others;
 * beyond that 1 - 2 u / (1 + u), for 1 - tanh^2 x lives on the last digits. */
TEMPLATE vf f_tanh(vf x)
{
    const vf size = f_abs(x), one = v_set(1), near = v_set(0.55f);
    const exponent e = f_exponent(v_at_least(v_set(-87), size * v_set(-2)));
    const vf p = v_fma(e.r * e.r, f_exp_series(e.r), e.r), power = f_power_of_two(e.whole);
    const vf u = v_fma(p, power, power), less = v_fma(p, power, power - one);
    const vf q = v_if_less(near, size, u + u, -less) / (one + u);
    return f_with_sign(v_if_less(near, size, one - q, q), x);
}

TEMPLATE vf f_elu(vf x, vf a)
{
    return v_if_less(v_set(0), x, x, a * f_exp_less_one(v_at_most(v_set(0), x)));
}

/* Of numbers up to 0.93 a polynomial, beyond it 1 - e^p(x) (after N. Juffa); from 4 on it is 1. */
TEMPLATE vf f_erf(vf x)
{
    const vf t = v_at_most(v_set(4), f_abs(x)), s = t * t;
    vf p = v_set(-5.96761703e-4f);
    p = v_fma(p, s, v_set(4.99119423e-3f));
    p = v_fma(p, s, v_set(-2.67681349e-2f));
    p = v_fma(p, s, v_set(1.12819925e-1f));
    p = v_fma(p, s, v_set(-3.76125336e-1f));
    p = v_fma(p, s, v_set(1.28379166e-1f));
    const vf small = v_fma(p, t, t);
    p = v_fma(v_set(-1.72853470e-5f), t, v_set(3.83197126e-4f));
    p = v_fma(p, s, v_fma(v_set(-3.88396438e-3f), t, v_set(2.42546219e-2f)));
    p = v_fma(p, t, v_set(-1.06777877e-1f));
    p = v_fma(p, t, v_set(-6.34846687e-1f));
    p = v_fma(p, t, v_set(-1.28717512e-1f));
    const vf large = -f_exp_less_one(v_fma(p, t, -t));
    return f_with_sign(v_if_less(v_set(0.927734375f), t, large, small), x);
}

/* That a normal number is below x: 1/2 + x q(x^2), with a polynomial q fitted up to |x| = 5.3,
 * which is z = 1. Beyond that x q(1) leaves [-1/2, 1/2], and what is cut off there gives 0 and 1.
 */
TEMPLATE vf f_probability(vf x)
{
    static const float q[] = { 1.333925575e-01f,  -6.651844084e-02f, 4.926448315e-02f,
                               -3.959163278e-02f, 3.207375482e-02f,  -2.526680753e-02f,
                               1.896428503e-02f,  -1.334645692e-02f, 8.707288653e-03f,
                               -5.429098383e-03f, 3.328396007e-03f,  -1.681627589e-03f,
                               5.796136102e-04f,  -3.505971690e-04f, 3.305525461e-04f };
    const vf z = v_at_most(v_set(1), v_fma(x * x, v_set(0.0711997151f), v_set(-1)));
    vf p = v_set(-1.166628499e-04f);
    for (int i = (int)(sizeof q / sizeof *q) - 1; i >= 0; i--)
        p = v_fma(p, z, v_set(q[i]));
    return v_set(0.5f) + f_clamp(x * p, v_set(-0.5f), v_set(0.5f));
}

TEMPLATE vf f_gelu_slope(vf x)
{
    const vf v = f_clamp(x, v_set(-14), v_set(14)); /* beyond it is 0 or 1 */
    const vf density = v_set(0.398942280f) * f_exp(v_set(-0.5f) * v * v);
    return v_fma(v, density, f_probability(v));
}

/* u = 2 sqrt(2 / pi) (x + 0.044715 x^3): then (1 + tanh(u / 2)) / 2 = 1 / (1 + e^-u). */
static const float gelu_slope = 1.59576912f, gelu_bend = 1.59576912f * 0.044715f;

TEMPLATE vf f_gelu_tanh(vf x)
{
    const vf u = x * v_fma(v_set(gelu_bend) * x, x, v_set(gelu_slope));
    return x / (v_set(1) + f_exp_minus(u));
}

/* p + x p (1 - p) u', where p (1 - p) = e / (1 + e)^2 with e = e^-|u|. */
TEMPLATE vf f_gelu_tanh_slope(vf x)
{
    const vf v = f_clamp(x, v_set(-10), v_set(10)); /* beyond it is 0 or 1 */
    const vf square = v_set(gelu_bend) * v * v, u = v * (square + v_set(gelu_slope));
    const vf e = f_exp_minus(f_abs(u)), q = v_set(1) / (v_set(1) + e);
    const vf p = v_if_less(u, v_set(0), e * q, q);
    return v_fma(v * e * q * q, v_fma(v_set(3), square, v_set(gelu_slope)), p);
}

/* -- logarithms ------------------------------------------------------------------------------- */

/* log((1 + s) / (1 - s)) = 2 s + s^3 (2 / 3 + 2 / 5 s^2 + …), fitted to 2^-27 for |s| <= 1/3. */
TEMPLATE vf f_log_series(vf s)
{
    const vf z = s * s;
    vf p = v_set(0.280243665f);
    p = v_fma(p, z, v_set(0.279991627f));
    p = v_fma(p, z, v_set(0.400216967f));
    p = v_fma(p, z, v_set(0.666664124f));
    return v_fma(s * z, p, s + s);
}

TEMPLATE vf f_softplus(vf x)
{
    const vf e = f_exp_minus(f_abs(x));
    return v_at_least(v_set(0), x) + f_log_series(e / (v_set(2) + e));
}

TEMPLATE vf f_log(vf x)
{
    const vf one = v_set(1), zero = v_set(0), infinity = v_set(INFINITY);
    const vf least = v_set(1.17549435e-38f); /* of the normal numbers */
    const vf v = v_if_less(x, least, x * v_set(8388608), x);
    const vi root = (vi)v_set(0.707106781f), k = ((vi)v - root) >> 23;
    const vf m = (vf)((vi)v - (k << 23)); /* v = m 2^k, from sqrt(1/2) to sqrt(2) */
    const vf n = v_from_int(k) - v_if_less(x, least, v_set(23), zero);
    vf y = v_fma(n, v_set(-2.12194440e-4f), f_log_series((m - one) / (m + one)));
    y = v_fma(n, v_set(0.693359375f), y);
    y = v_if_less(zero, x, y, v_if_less(x, zero, v_set(NAN), -infinity));
    return v_if_less(x, infinity, y, x);
}

/* -- the rest --------------------------------------------------------------------------------- */

TEMPLATE vf f_thresholded_relu(vf x, vf a)
{
    return v_if_number(x, v_if_less(a, x, x, v_set(0)), x);
}

TEMPLATE vf f_hard_sigmoid(vf x, vf a, vf b)
{
    return f_clamp(v_fma(a, x, b), v_set(0), v_set(1));
}

TEMPLATE vf f_larger(vf a, vf b)
{
    return v_if_number(a, v_at_least(a, b), a);
}

TEMPLATE vf f_smaller(vf a, vf b)
{
    return v_if_number(a, v_at_most(a, b), a);
}

/* -- over arrays ------------------------------------------------------------------------------ */

/* y[i] = EXPRESSION in v, the vector of x[i], a and b; the last ones by the same arithmetic. */
#define MAP(CASE, EXPRESSION)                           \
    case CASE:                                          \
        for (; i + LANES <= n; i += LANES) {            \
            const vf v = v_load(x + i);                 \
            v_store(y + i, EXPRESSION);                 \
        }                                               \
        if (i < n) {                                    \
            const vf v = v_load_range(x + i, 0, n - i); \
            v_store_range(y + i, EXPRESSION, 0, n - i); \
        }                                               \
        break;

static void map(dv_function f, int n, const float *x, float first, float second, float *y)
{
    const vf a = v_set(first), b = v_set(second), one = v_set(1);
    int i = 0;
    switch (f) {
        MAP(DV_MAP_ABS, f_abs(v))
        MAP(DV_MAP_CLAMP, f_clamp(v, a, b))
        MAP(DV_MAP_ELU, f_elu(v, a))
        MAP(DV_MAP_ERF, f_erf(v))
        MAP(DV_MAP_EXP, f_exp(v))
        MAP(DV_MAP_GELU, v * f_probability(v))
        MAP(DV_MAP_GELU_SLOPE, f_gelu_slope(v))
        MAP(DV_MAP_GELU_TANH, f_gelu_tanh(v))
        MAP(DV_MAP_GELU_TANH_SLOPE, f_gelu_tanh_slope(v))
        MAP(DV_MAP_HARD_SIGMOID, f_hard_sigmoid(v, a, b))
        MAP(DV_MAP_HARD_SWISH, v * f_hard_sigmoid(v, v_set(1.f / 6), v_set(0.5f)))
        MAP(DV_MAP_LEAKY_RELU, v_if_less(v, v_set(0), a * v, v))
        MAP(DV_MAP_LINEAR, v * a + b)
        MAP(DV_MAP_LOG, f_log(v))
        MAP(DV_MAP_NEG, -v)
        MAP(DV_MAP_RECIPROCAL, one / v)
        MAP(DV_MAP_SELU, b * f_elu(v, a))
        MAP(DV_MAP_SIGMOID, f_sigmoid(v))
        MAP(DV_MAP_SILU, v * f_sigmoid(v))
        MAP(DV_MAP_SOFTPLUS, f_softplus(v))
        MAP(DV_MAP_SOFTSIGN, v / (one + f_abs(v)))
        MAP(DV_MAP_SQRT, v_sqrt(v))
        MAP(DV_MAP_SQUARE, v * v)
        MAP(DV_MAP_TANH, f_tanh(v))
        MAP(DV_MAP_THRESHOLDED_RELU, f_thresholded_relu(v, a))
    case DV_N_FUNCTIONS:
        break;
    }
}

#undef MAP

/* y[i] = EXPRESSION in u and v, the vectors of the two arguments. */
#define COMBINE(CASE, EXPRESSION)                                                          \
    case CASE:                                                                             \
        for (; i + LANES <= n; i += LANES) {                                               \
            const vf u = a_one ? all_a : v_load(a + i), v = b_one ? all_b : v_load(b + i); \
            v_store(y + i, EXPRESSION);                                                    \
        }                                                                                  \
        if (i < n) {                                                                       \
            const vf u = a_one ? all_a : v_load_range(a + i, 0, n - i);                    \
            const vf v = b_one ? all_b : v_load_range(b + i, 0, n - i);                    \
            v_store_range(y + i, EXPRESSION, 0, n - i);                                    \
        }                                                                                  \
        break;

TEMPLATE void combine_some(const bool a_one, const bool b_one, dv_binary f, int n, const float *a,
                           const float *b, float *y)
{
    const vf all_a = a_one ? v_set(*a) : v_set(0), all_b = b_one ? v_set(*b) : v_set(0);
    int i = 0;
    switch (f) {
        COMBINE(DV_COMBINE_ADD, u + v)
        COMBINE(DV_COMBINE_SUB, u - v)
        COMBINE(DV_COMBINE_MUL, u * v)
        COMBINE(DV_COMBINE_DIV, u / v)
        COMBINE(DV_COMBINE_MAX, f_larger(u, v))
        COMBINE(DV_COMBINE_MIN, f_smaller(u, v))
        COMBINE(DV_COMBINE_PRELU, v_if_less(u, v_set(0), u * v, u))
    case DV_N_BINARIES:
        break;
    }
}

#undef COMBINE

static void combine(dv_binary f, int n, const float *a, bool a_one, const float *b, bool b_one,
                    float *y)
{
    if (n <= 0)
        return;
    if (a_one && b_one)
        combine_some(true, true, f, n, a, b, y);
    else if (a_one)
        combine_some(true, false, f, n, a, b, y);
    else if (b_one)
        combine_some(false, true, f, n, a, b, y);
    else
        combine_some(false, false, f, n, a, b, y);
}

#endif
