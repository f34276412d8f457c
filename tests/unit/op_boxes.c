/* op_boxes.c - an operator on a box: what forward computes of a part of its output when a part of
 * its input has changed, held against a whole pass. */
#include "op_harness.h"

#include <stdlib.h>
#include <string.h>

/* Numbers of its own, so that the cases of a test do not depend on how many boxes are tried. */
static int random_int(int lo, int hi) /* both included */
{
    static uint32_t state = 11;
    state = state * 1664525u + 1013904223u;
    return lo + (int)((state >> 8) % (uint32_t)(hi - lo + 1));
}

static dv_box some_box(const dv_shape *s)
{
    dv_box b = dv_box_whole(s);
    for (int a = 0; a < 3; a++) {
        b.lo[a] = random_int(0, b.hi[a] - 1);
        b.hi[a] = random_int(b.lo[a] + 1, b.hi[a]);
    }
    return b;
}

/* Other numbers in a box of an input: those of the input, in another order, so that what was kept
 * apart stays so. */
static void change(const dv_tensor *t, dv_box b)
{
    const dv_signal whole = { dv_box_whole(&t->shape), t->data };
    const int32_t n[3] = { b.hi[0] - b.lo[0], b.hi[1] - b.lo[1], b.hi[2] - b.lo[2] };
    for (int32_t k = n[0] * n[1] * n[2] - 1; k >= 0; k--) {
        const int32_t other = random_int(0, k);
        float *p = dv_signal_at(&whole, b.lo[0] + k / (n[1] * n[2]), b.lo[1] + k / n[2] % n[1],
                                b.lo[2] + k % n[2]);
        float *q = dv_signal_at(&whole, b.lo[0] + other / (n[1] * n[2]),
                                b.lo[1] + other / n[2] % n[1], b.lo[2] + other % n[2]);
        const float v = *p;
        *p = *q;
        *q = v;
    }
}

static size_t aux_bytes(const op_case *k)
{
    return k->op->aux_bytes && k->call.aux ? k->op->aux_bytes(&k->call) : 0;
}

/* Outputs and aux, one behind the other. */
typedef struct results {
    size_t bytes[OP_MAX_OUTPUTS + 1];
    char *data[OP_MAX_OUTPUTS + 1];
} results;

static void *part_of(const op_case *k, int o)
{
    return o < k->spec.n_out ? (void *)k->out[o].data : k->call.aux;
}

static results copy_results(const op_case *k)
{
    results r = { { 0 }, { NULL } };
    for (int o = 0; o <= k->spec.n_out; o++) {
        r.bytes[o] =
            o < k->spec.n_out ? dv_shape_count(&k->out[o].shape) * sizeof(float) : aux_bytes(k);
        r.data[o] = malloc(r.bytes[o] + 1);
        assert_non_null(r.data[o]);
        if (r.bytes[o])
            memcpy(r.data[o], part_of(k, o), r.bytes[o]);
    }
    return r;
}

static void free_results(results *r)
{
    for (int o = 0; o <= OP_MAX_OUTPUTS; o++)
        free(r->data[o]);
}

static void check_box(op_case *k, int i)
{
    dv_box boxes[OP_MAX_OUTPUTS], in = some_box(&k->in[i].shape);
    const size_t bytes = dv_shape_count(&k->in[i].shape) * sizeof(float);
    float *own = malloc(bytes);
    assert_non_null(own);
    memcpy(own, k->in[i].data, bytes);
    op_forward(k);
    results before = copy_results(k);
    change(&k->in[i], in);
    op_forward(k);
    results want = copy_results(k);
    for (int o = 0; o < k->spec.n_out; o++) {
        const dv_box whole = dv_box_whole(&k->out[o].shape);
        boxes[o] = k->op->reach ? k->op->reach(&k->call, i, o, in) : whole;
        boxes[o] = dv_box_intersect(boxes[o], whole);
        if (random_int(0, 2) == 0) /* two inputs may have changed */
            boxes[o] = dv_box_hull(boxes[o], some_box(&k->out[o].shape));
    }
    for (int o = 0; o <= k->spec.n_out; o++)
        if (before.bytes[o])
            memcpy(part_of(k, o), before.data[o], before.bytes[o]);
    k->call.boxes = boxes;
    k->op->forward(&k->call);
    k->call.boxes = NULL;
    for (int o = 0; o <= k->spec.n_out; o++)
        if (want.bytes[o] && memcmp(part_of(k, o), want.data[o], want.bytes[o]) != 0)
            fail_msg("%s: %s %d of a pass inside a box is not that of a whole one", k->op->name,
                     o < k->spec.n_out ? "output" : "aux behind", o);
    memcpy(k->in[i].data, own, bytes);
    free(own);
    free_results(&before);
    free_results(&want);
}

void op_check_boxes(op_case *k, int trials)
{
    op_forward(k);
    for (int t = 0; t < trials; t++)
        for (int i = 0; i < k->spec.n_in; i++)
            if (!k->operands[i].constant && k->in[i].shape.rank >= 0)
                check_box(k, i);
    op_forward(k);
}
