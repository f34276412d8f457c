/* op_many.c - an operator on several images at once, held against one after the other. */
#include "op_harness.h"

#include <stdlib.h>
#include <string.h>

/* Memory of an image: its activations, those of image 0 from number i on and around, and outputs
 * that are NaN. */
static void make_image(const op_case *k, int i, dv_tensor *in, dv_tensor *out)
{
    memcpy(in, k->in, sizeof k->in);
    memcpy(out, k->out, sizeof k->out);
    for (int a = 0; a < k->spec.n_in; a++) {
        const size_t n = in[a].data ? dv_shape_count(&in[a].shape) : 0;
        if (k->operands[a].constant || n == 0)
            continue;
        const size_t first = (size_t)i * 7 % n;
        in[a].data = malloc(n * sizeof(float));
        assert_non_null(in[a].data);
        memcpy(in[a].data, k->in[a].data + first, (n - first) * sizeof(float));
        memcpy(in[a].data + n - first, k->in[a].data, first * sizeof(float));
    }
    for (int o = 0; o < k->spec.n_out; o++) {
        const size_t bytes = dv_shape_count(&out[o].shape) * sizeof(float);
        out[o].data = malloc(bytes);
        assert_non_null(out[o].data);
        memset(out[o].data, 0xff, bytes);
    }
}

static void free_image(const op_case *k, const dv_tensor *in, const dv_tensor *out)
{
    for (int a = 0; a < k->spec.n_in; a++)
        if (in[a].data != k->in[a].data)
            free(in[a].data);
    for (int o = 0; o < k->spec.n_out; o++)
        free(out[o].data);
}

/* That image i is as by itself. */
static void check_image(const op_case *k, const dv_call *c, int i, int n)
{
    dv_call alone = k->call;
    alone.in = c->in;
    k->op->forward(&alone);
    for (int o = 0; o < k->spec.n_out; o++)
        if (memcmp(k->out[o].data, c->out[o].data,
                   dv_shape_count(&k->out[o].shape) * sizeof(float)) != 0)
            fail_msg("%s: output %d of image %d of %d is not as by itself", k->op->name, o, i, n);
}

void op_check_many(op_case *k)
{
    static const int counts[] = { 2, 5, DV_TOGETHER };
    dv_tensor in[DV_TOGETHER][OP_MAX_INPUTS], out[DV_TOGETHER][OP_MAX_OUTPUTS];
    for (int t = 0; k->op->forward_many && t < 3; t++) {
        dv_call calls[DV_TOGETHER];
        const dv_call *c[DV_TOGETHER];
        const int n = counts[t];
        for (int i = 0; i < n; i++) {
            make_image(k, i, in[i], out[i]);
            calls[i] = k->call;
            calls[i].in = in[i];
            calls[i].out = out[i];
            c[i] = &calls[i];
        }
        k->op->forward_many(c, n);
        for (int i = n - 1; i >= 0; i--) { /* the first, which leaves the outputs as they were */
            check_image(k, c[i], i, n);
            free_image(k, in[i], out[i]);
        }
    }
}
