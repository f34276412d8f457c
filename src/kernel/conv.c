#include "kernel/conv.h"

#include "base/large.h"
#include "kernel/conv_method.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* Best first, forward; the last fits everything. */
static const dv_conv_method *const methods[DV_CONV_METHODS] = {
    &dv_conv_depthwise, &dv_conv_winograd, &dv_conv_direct,
    &dv_conv_scatter,   &dv_conv_sparse,   &dv_conv_gemm,
};

enum { FORWARD_SLOT = DV_CONV_METHODS, SLOTS };

/* Tests ask for one method by DECONVVIZ_KERNEL; where it does not fit, the plain one it is. */
static void choose(dv_conv *k)
{
    const char *only = getenv("DECONVVIZ_KERNEL");
    bool any = false;
    for (int i = 0; i < DV_CONV_METHODS; i++) {
        const dv_conv_method *m = methods[i];
        if (only && strcmp(only, m->name) != 0)
            continue;
        if (!k->forward && m->fits(k, DV_FORWARD))
            k->forward = m;
        if (m->fits(k, DV_TRANSPOSED)) {
            k->transposed[i] = m;
            any = true;
        }
    }
    if (!k->forward)
        k->forward = &dv_conv_gemm;
    if (!any)
        k->transposed[DV_CONV_METHODS - 1] = &dv_conv_gemm;
}

/* Room for the weights of a method that arranges them; not touched yet. */
static bool reserve(const dv_conv *k, int slot, dv_error *err)
{
    const dv_conv_method *m = slot == FORWARD_SLOT ? k->forward : k->transposed[slot];
    if (!m || !m->pack)
        return true;
    const dv_direction direction = slot == FORWARD_SLOT ? DV_FORWARD : DV_TRANSPOSED;
    const size_t size = m->packed_size(k, direction);
    k->packed[slot].data = dv_large_alloc(size);
    if (!k->packed[slot].data)
        return dv_fail(err, DV_NO_MEMORY, "no memory for %zu bytes of weights", size);
    return true;
}

dv_conv *dv_conv_new(const dv_conv_shape *s, const float *weight, unsigned uses,
                     dv_precision precision, dv_error *err)
{
    dv_conv *k = calloc(1, sizeof *k);
    dv_packed *packed = calloc(SLOTS, sizeof *packed);
    if (!k || !packed) {
        dv_fail(err, DV_NO_MEMORY, "no memory for a convolution");
        free(k);
        free(packed);
        return NULL;
    }
    *k = (dv_conv){
        .s = *s, .weight = weight, .isa = dv_isa_best(), .uses = uses, .precision = precision
    };
    k->packed = packed;
    for (int i = 0; i < SLOTS; i++) {
        atomic_init(&packed[i].ready, false);
        pthread_mutex_init(&packed[i].lock, NULL);
    }
    choose(k);
    bool ok = !(uses & DV_CONV_FORWARD) || reserve(k, FORWARD_SLOT, err);
    for (int i = 0; ok && uses & DV_CONV_TRANSPOSED && i < DV_CONV_METHODS; i++)
        ok = reserve(k, i, err);
    if (!ok) {
        dv_conv_free(k);
        return NULL;
    }
    return k;
}

void dv_conv_free(dv_conv *k)
{
    if (!k)
        return;
    for (int i = 0; i < SLOTS; i++) {
        free(k->packed[i].data);
        pthread_mutex_destroy(&k->packed[i].lock);
    }
    free(k->packed);
    free(k);
}

/* The weights are read here for the first time, by whichever thread comes first. */
static const void *need_packed(const dv_conv *k, int slot, dv_pool *pool)
{
    dv_packed *p = &k->packed[slot];
    if (!p->data || atomic_load_explicit(&p->ready, memory_order_acquire))
        return p->data;
    pthread_mutex_lock(&p->lock);
    if (!atomic_load_explicit(&p->ready, memory_order_relaxed)) {
        if (slot == FORWARD_SLOT)
            k->forward->pack(k, DV_FORWARD, p->data, pool);
        else
            k->transposed[slot]->pack(k, DV_TRANSPOSED, p->data, pool);
        atomic_store_explicit(&p->ready, true, memory_order_release);
    }
    pthread_mutex_unlock(&p->lock);
    return p->data;
}

const char *dv_conv_kernel(const dv_conv *k)
{
    return k->forward->name;
}

size_t dv_conv_forward_scratch(const dv_conv *k, int workers)
{
    return k->forward->forward_scratch(k, workers);
}

void dv_conv_forward(const dv_conv *k, const float *x, const dv_epilogue *ep, float *y,
                     void *scratch, dv_pool *pool)
{
    assert(k->uses & DV_CONV_FORWARD);
    k->forward->forward(k, need_packed(k, FORWARD_SLOT, pool), x, ep, y, scratch, pool);
}

size_t dv_conv_transposed_scratch(const dv_conv *k, const dv_box *out, int workers)
{
    size_t most = 0;
    for (int i = 0; i < DV_CONV_METHODS && !dv_box_empty(out); i++) {
        const dv_conv_method *m = k->transposed[i];
        const size_t bytes = m ? m->transposed_scratch(k, out, workers) : 0;
        most = bytes > most ? bytes : most;
    }
    return most;
}

static size_t count_nonzeros(const dv_signal *s)
{
    size_t n = 0;
    for (size_t i = 0, all = dv_box_count(&s->box); i < all; i++)
        n += s->data[i] != 0;
    return n;
}

void dv_conv_transposed(const dv_conv *k, const dv_signal *out, const dv_signal *in, void *scratch,
                        dv_pool *pool)
{
    assert(k->s.batch == 1 && k->uses & DV_CONV_TRANSPOSED);
    const size_t nonzeros = dv_box_empty(&out->box) ? 0 : count_nonzeros(out);
    if (nonzeros == 0)
        return;
    int best = 0;
    while (!k->transposed[best])
        best++;
    double least = k->transposed[best]->cost(k, &out->box, nonzeros);
    for (int i = best + 1; i < DV_CONV_METHODS; i++) {
        const dv_conv_method *m = k->transposed[i];
        const double cost = m ? m->cost(k, &out->box, nonzeros) : least;
        if (cost < least) {
            best = i;
            least = cost;
        }
    }
    k->transposed[best]->transposed(k, need_packed(k, best, pool), out, in, scratch, pool);
}
