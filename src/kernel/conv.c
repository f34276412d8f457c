#include "kernel/conv.h"

#include "kernel/conv_method.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* Best first, forward; the last fits everything. */
static const dv_conv_method *const methods[DV_CONV_METHODS] = {
    &dv_conv_vector, &dv_conv_depthwise, &dv_conv_grouped, &dv_conv_winograd, &dv_conv_line,
    &dv_conv_strips, &dv_conv_direct,    &dv_conv_scatter, &dv_conv_sparse,   &dv_conv_gemm,
};

enum { FORWARD_SLOT = DV_CONV_METHODS, SLOTS };

static const dv_conv_method *only; /* see dv_conv_only; NULL: all of them */

bool dv_conv_only(const char *kernel)
{
    for (int i = 0; i < DV_CONV_METHODS; i++)
        if (!kernel || strcmp(kernel, methods[i]->name) == 0) {
            only = kernel ? methods[i] : NULL;
            return true;
        }
    return false;
}

static void choose(dv_conv *k)
{
    bool any = false;
    for (int i = 0; i < DV_CONV_METHODS; i++) {
        const dv_conv_method *m = methods[i];
        if (only && m != only)
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

static const dv_conv_method *method_of(const dv_conv *k, int slot)
{
    return slot == FORWARD_SLOT ? k->forward : k->transposed[slot];
}

static dv_direction direction_of(int slot)
{
    return slot == FORWARD_SLOT ? DV_FORWARD : DV_TRANSPOSED;
}

enum { ORDER_WORD = DV_PACKED_WORDS - 1 }; /* of a key */

/* Room for the weights of a method that arranges them; not touched yet. Where they stand in another
 * order already, for a map of another size, that will do: better than a second copy. */
static bool reserve(dv_conv *k, int slot, dv_weights_cache *cache, dv_error *err)
{
    const dv_conv_method *m = method_of(k, slot);
    if (!m || !m->arrange)
        return true;
    const dv_conv_shape *s = &k->s;
    const dv_arrangement a = m->arrange(k, direction_of(slot));
    dv_packed_key key = { .weights = k->weight,
                          .maker = m,
                          .how = { direction_of(slot), k->isa->lanes, k->isa->narrow_panel,
                                   s->out_channels, s->in_channels, s->group, s->kernel[0],
                                   s->kernel[1], a.variant[0], a.variant[1] } };
    int32_t *order = &key.how[ORDER_WORD];
    for (int i = 0; !k->packed[slot] && i < a.orders; i++) {
        *order = i;
        k->packed[slot] = dv_weights_cache_find(cache, &key);
    }
    if (!k->packed[slot]) {
        *order = a.order;
        k->packed[slot] = dv_weights_cache_get(cache, &key, a.bytes, err);
    }
    if (a.orders)
        k->order[direction_of(slot)] = *order;
    return k->packed[slot] != NULL;
}

static bool make_table(dv_conv *k, dv_error *err)
{
    const size_t bytes = k->forward->table_size ? k->forward->table_size(k) : 0;
    if (bytes == 0)
        return true;
    k->table = malloc(bytes);
    if (!k->table)
        return dv_fail(err, DV_NO_MEMORY, "no memory for %zu bytes of offsets", bytes);
    k->forward->fill_table(k, k->table);
    return true;
}

static bool make(dv_conv *k, dv_weights_cache *cache, dv_error *err)
{
    if (!cache && !(cache = k->own = dv_weights_cache_new(err)))
        return false;
    choose(k);
    if (k->uses & DV_CONV_FORWARD && (!reserve(k, FORWARD_SLOT, cache, err) || !make_table(k, err)))
        return false;
    for (int i = 0; k->uses & DV_CONV_TRANSPOSED && i < DV_CONV_METHODS; i++)
        if (!reserve(k, i, cache, err))
            return false;
    return true;
}

dv_conv *dv_conv_new(const dv_conv_shape *s, const float *weight, unsigned uses,
                     dv_precision precision, dv_weights_cache *cache, dv_error *err)
{
    dv_conv *k = calloc(1, sizeof *k);
    if (!k) {
        dv_fail(err, DV_NO_MEMORY, "no memory for a convolution");
        return NULL;
    }
    *k = (dv_conv){ .s = *s,
                    .weight = weight,
                    .isa = dv_isa_best(),
                    .uses = uses,
                    .precision = precision,
                    .order = { DV_ANY_ORDER, DV_ANY_ORDER } };
    if (!make(k, cache, err)) {
        dv_conv_free(k);
        return NULL;
    }
    return k;
}

void dv_conv_free(dv_conv *k)
{
    if (!k)
        return;
    dv_weights_cache_free(k->own);
    free(k->table);
    free(k);
}

typedef struct pack_job {
    const dv_conv *k;
    int slot;
} pack_job;

static void pack_part(const void *ctx, int part, void *data)
{
    const pack_job *j = ctx;
    method_of(j->k, j->slot)->pack(j->k, direction_of(j->slot), part, data);
}

/* The weights are read here for the first time, by whichever thread comes first. */
static const void *need_packed(const dv_conv *k, int slot, dv_pool *pool)
{
    if (!k->packed[slot])
        return NULL;
    const pack_job job = { k, slot };
    const dv_arrangement a = method_of(k, slot)->arrange(k, direction_of(slot));
    return dv_packed_data(k->packed[slot], &(dv_packing){ a.parts, pack_part, &job }, pool);
}

void dv_conv_arrange(const dv_conv *k, dv_pool *pool)
{
    need_packed(k, FORWARD_SLOT, pool);
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
    const dv_region all = { { 0, k->s.out[0] }, { 0, k->s.out[1] } };
    assert(k->uses & DV_CONV_FORWARD);
    k->forward->forward(k, need_packed(k, FORWARD_SLOT, pool), x, ep, &all, y, scratch, pool);
}

void dv_conv_forward_box(const dv_conv *k, const float *x, const dv_epilogue *ep, const dv_box *box,
                         float *y, void *scratch, dv_pool *pool)
{
    const dv_range rows = { box->lo[DV_Y], box->hi[DV_Y] };
    const dv_range columns = { box->lo[DV_X], box->hi[DV_X] };
    const dv_region some = { dv_range_clip(rows, 0, k->s.out[0]),
                             dv_range_clip(columns, 0, k->s.out[1]) };
    assert(k->uses & DV_CONV_FORWARD);
    if (some.rows.lo < some.rows.hi && some.columns.lo < some.columns.hi)
        k->forward->forward(k, need_packed(k, FORWARD_SLOT, pool), x, ep, &some, y, scratch, pool);
}

bool dv_conv_even(const dv_conv *k)
{
    return !k->forward->uneven;
}

void dv_conv_widen(const dv_conv *k, dv_box *box)
{
    if (!k->forward->widen)
        return;
    dv_region r = { { box->lo[DV_Y], box->hi[DV_Y] }, { box->lo[DV_X], box->hi[DV_X] } };
    k->forward->widen(k, &r);
    box->lo[DV_Y] = r.rows.lo;
    box->hi[DV_Y] = r.rows.hi;
    box->lo[DV_X] = r.columns.lo;
    box->hi[DV_X] = r.columns.hi;
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
    assert(k->uses & DV_CONV_TRANSPOSED);
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
