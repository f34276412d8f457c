#define _DEFAULT_SOURCE /* madvise */
#include "kernel/conv.h"

#include "kernel/conv_method.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/* Best first; the last fits everything. */
static const dv_conv_method *const methods[] = { &dv_conv_depthwise, &dv_conv_winograd,
                                                 &dv_conv_direct, &dv_conv_gemm };

enum { N_METHODS = sizeof methods / sizeof *methods };

/* Tests ask for one method by DECONVVIZ_KERNEL; where it does not fit, the plain one it is. */
static const dv_conv_method *choose(const dv_conv *k, dv_direction direction)
{
    const char *only = getenv("DECONVVIZ_KERNEL");
    for (int i = 0; i < N_METHODS; i++)
        if ((!only || strcmp(only, methods[i]->name) == 0) && methods[i]->fits(k, direction))
            return methods[i];
    return &dv_conv_gemm;
}

enum { HUGE_PAGE = 1 << 21 };

/* Memory that is not touched yet, a multiple of 64 bytes; on huge pages where it pays, for weights
 * are read once a pass, from one end to the other. */
static void *new_weights(size_t size)
{
#ifdef MADV_HUGEPAGE
    if (size >= 2 * HUGE_PAGE) {
        void *p = aligned_alloc(HUGE_PAGE, (size + HUGE_PAGE - 1) / HUGE_PAGE * HUGE_PAGE);
        if (p)
            (void)madvise(p, size / HUGE_PAGE * HUGE_PAGE, MADV_HUGEPAGE); /* else small ones */
        return p;
    }
#endif
    return aligned_alloc(64, size);
}

/* Room for the method's weights. */
static bool reserve(const dv_conv *k, dv_direction direction, dv_error *err)
{
    const dv_conv_method *m = k->method[direction];
    if (!m->pack)
        return true;
    const size_t size = dv_aligned_size(m->packed_size(k, direction));
    k->packed[direction].data = new_weights(size);
    if (!k->packed[direction].data)
        return dv_fail(err, DV_NO_MEMORY, "no memory for %zu bytes of weights", size);
    return true;
}

dv_conv *dv_conv_new(const dv_conv_shape *s, const float *weight, unsigned uses, bool exact,
                     dv_error *err)
{
    dv_conv *k = calloc(1, sizeof *k);
    dv_packed *packed = calloc(DV_N_DIRECTIONS, sizeof *packed);
    if (!k || !packed) {
        dv_fail(err, DV_NO_MEMORY, "no memory for a convolution");
        free(k);
        free(packed);
        return NULL;
    }
    *k = (dv_conv){ .s = *s, .weight = weight, .isa = dv_isa_best(), .uses = uses, .exact = exact };
    k->packed = packed;
    for (int d = 0; d < DV_N_DIRECTIONS; d++) {
        k->method[d] = choose(k, (dv_direction)d);
        atomic_init(&packed[d].ready, !k->method[d]->pack);
        pthread_mutex_init(&packed[d].lock, NULL);
    }
    if ((uses & DV_CONV_FORWARD && !reserve(k, DV_FORWARD, err)) ||
        (uses & DV_CONV_TRANSPOSED && !reserve(k, DV_TRANSPOSED, err))) {
        dv_conv_free(k);
        return NULL;
    }
    return k;
}

void dv_conv_free(dv_conv *k)
{
    if (!k)
        return;
    for (int d = 0; d < DV_N_DIRECTIONS; d++) {
        free(k->packed[d].data);
        pthread_mutex_destroy(&k->packed[d].lock);
    }
    free(k->packed);
    free(k);
}

/* The weights are read here for the first time, by whichever thread comes first. */
static void need_packed(const dv_conv *k, dv_direction direction)
{
    dv_packed *p = &k->packed[direction];
    if (atomic_load_explicit(&p->ready, memory_order_acquire))
        return;
    pthread_mutex_lock(&p->lock);
    if (!atomic_load_explicit(&p->ready, memory_order_relaxed)) {
        k->method[direction]->pack(k, direction, p->data);
        atomic_store_explicit(&p->ready, true, memory_order_release);
    }
    pthread_mutex_unlock(&p->lock);
}

const char *dv_conv_kernel(const dv_conv *k)
{
    return k->method[DV_FORWARD]->name;
}

size_t dv_conv_forward_scratch(const dv_conv *k, int workers)
{
    return k->method[DV_FORWARD]->forward_scratch(k, workers);
}

void dv_conv_forward(const dv_conv *k, const float *x, const dv_epilogue *ep, float *y,
                     void *scratch, dv_pool *pool)
{
    assert(k->uses & DV_CONV_FORWARD);
    need_packed(k, DV_FORWARD);
    k->method[DV_FORWARD]->forward(k, x, ep, y, scratch, pool);
}

static const dv_conv_method *method_for(const dv_conv *k, const dv_box *out)
{
    const dv_conv_method *best = k->method[DV_TRANSPOSED];
    return best->worth(k, out) ? best : &dv_conv_gemm;
}

size_t dv_conv_transposed_scratch(const dv_conv *k, const dv_box *out, int workers)
{
    return dv_box_empty(out) ? 0 : method_for(k, out)->transposed_scratch(k, out, workers);
}

void dv_conv_transposed(const dv_conv *k, const dv_signal *out, const dv_signal *in, void *scratch,
                        dv_pool *pool)
{
    assert(k->s.batch == 1 && k->uses & DV_CONV_TRANSPOSED);
    if (dv_box_empty(&out->box))
        return;
    const dv_conv_method *m = method_for(k, &out->box);
    if (m->pack)
        need_packed(k, DV_TRANSPOSED);
    m->transposed(k, out, in, scratch, pool);
}
