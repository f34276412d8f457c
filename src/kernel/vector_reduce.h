/* vector_reduce.h - many numbers made into one, in doubles; and normalised by that. */
#ifndef DV_KERNEL_VECTOR_REDUCE_H
#define DV_KERNEL_VECTOR_REDUCE_H

/* Half as many numbers as lanes, as floats and as doubles. */
typedef float vf_half __attribute__((vector_size(LANES * 2), aligned(4), may_alias));
typedef double vd_half __attribute__((vector_size(LANES * 4)));

enum { HALF = LANES / 2, CHAINS = 4 /* one of additions would wait for itself */ };

TEMPLATE vd_half v_load_doubles(const float *p)
{
    return __builtin_convertvector(*(const vf_half *)p, vd_half);
}

TEMPLATE double sum_chains(const vd_half chain[CHAINS])
{
    const vd_half all = (chain[0] + chain[1]) + (chain[2] + chain[3]);
    double sum = 0;
    for (int i = 0; i < HALF; i++)
        sum += all[i];
    return sum;
}

static double sum(int n, const float *x)
{
    vd_half chain[CHAINS] = { { 0 } };
    double rest = 0;
    int i = 0;
    for (; i + CHAINS * HALF <= n; i += CHAINS * HALF)
        UNROLL
    for (int k = 0; k < CHAINS; k++)
        chain[k] += v_load_doubles(x + i + k * HALF);
    for (; i + HALF <= n; i += HALF)
        chain[0] += v_load_doubles(x + i);
    for (; i < n; i++)
        rest += (double)x[i];
    return sum_chains(chain) + rest;
}

static double sum_squares(int n, const float *x, double mean)
{
    vd_half chain[CHAINS] = { { 0 } };
    double rest = 0;
    int i = 0;
    for (; i + CHAINS * HALF <= n; i += CHAINS * HALF)
        UNROLL
    for (int k = 0; k < CHAINS; k++) {
        const vd_half v = v_load_doubles(x + i + k * HALF) - mean;
        chain[k] += v * v;
    }
    for (; i + HALF <= n; i += HALF) {
        const vd_half v = v_load_doubles(x + i) - mean;
        chain[0] += v * v;
    }
    for (; i < n; i++)
        rest += ((double)x[i] - mean) * ((double)x[i] - mean);
    return sum_chains(chain) + rest;
}

static float largest(int n, const float *x)
{
    vf best = v_set(*x);
    int i = 0;
    for (; i + LANES <= n; i += LANES)
        best = v_at_least(best, v_load(x + i));
    float most = *x;
    for (; i < n; i++)
        most = x[i] > most ? x[i] : most;
    for (int k = 0; k < LANES; k++)
        most = best[k] > most ? best[k] : most;
    return most;
}

static void normalise(int n, const float *x, const dv_normal *m, const float *scale,
                      const float *bias, float *y)
{
    const vf mean = v_set(m->mean), rest = v_set(m->rest), inverse = v_set(m->inverse);
    int i = 0;
    for (; i + LANES <= n; i += LANES) {
        const vf v = ((v_load(x + i) - mean) - rest) * inverse;
        v_store(y + i, v * v_load(scale + i) + v_load(bias + i));
    }
    const int left = n - i;
    const vf v = ((v_load_range(x + i, 0, left) - mean) - rest) * inverse;
    const vf k = v_load_range(scale + i, 0, left), b = v_load_range(bias + i, 0, left);
    v_store_range(y + i, v * k + b, 0, left);
}

#endif
