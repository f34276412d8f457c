#include "kernel/weights_cache.h"

#include "base/large.h"
#include "base/size.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum { BUCKETS = 1024, LINE = 64 };

/* Copies lie side by side on huge pages, many in one: where a network's weights are read image
 * after image, small pages cost 1 to 4 per cent of the time. */
#if defined(__clang__)
#if __has_feature(address_sanitizer) /* each by itself, so that reading past its end is seen */
#define SLAB_BYTES 0
#endif
#endif
#ifndef SLAB_BYTES
#define SLAB_BYTES ((size_t)8 << 20)
#endif

typedef struct slab {
    struct slab *next;
    char *data;
    size_t used, size;
} slab;

struct dv_packed {
    dv_packed *next; /* of the bucket */
    dv_packed_key key;
    void *data;
    atomic_int taken, done; /* parts */
    atomic_bool ready;
    pthread_mutex_t lock; /* for those who wait for a part that another thread is at */
    pthread_cond_t finished;
};

struct dv_weights_cache {
    pthread_mutex_t lock; /* of what follows */
    size_t bytes;
    slab *slabs; /* the one that is being filled first */
    dv_packed *bucket[BUCKETS];
};

dv_weights_cache *dv_weights_cache_new(dv_error *err)
{
    dv_weights_cache *c = calloc(1, sizeof *c);
    if (c)
        pthread_mutex_init(&c->lock, NULL);
    else
        dv_fail(err, DV_NO_MEMORY, "no memory for a cache of weights");
    return c;
}

static void free_packed(dv_packed *p)
{
    pthread_cond_destroy(&p->finished);
    pthread_mutex_destroy(&p->lock);
    free(p);
}

static bool add_slab(dv_weights_cache *c, size_t size)
{
    slab *s = calloc(1, sizeof *s);
    char *data = dv_large_alloc(size);
    if (!s || !data) {
        free(s);
        free(data);
        return false;
    }
    *s = (slab){ .next = c->slabs, .data = data, .size = size };
    c->slabs = s;
    return true;
}

/* Room for so many bytes, or NULL. */
static void *take(dv_weights_cache *c, size_t bytes)
{
    const size_t size = dv_size_round_up(bytes, LINE);
    if ((!c->slabs || size > c->slabs->size - c->slabs->used) &&
        !add_slab(c, size > SLAB_BYTES ? size : SLAB_BYTES))
        return NULL;
    void *room = c->slabs->data + c->slabs->used;
    c->slabs->used += size;
    return room;
}

void dv_weights_cache_free(dv_weights_cache *c)
{
    if (!c)
        return;
    for (int i = 0; i < BUCKETS; i++)
        for (dv_packed *p = c->bucket[i], *next; p; p = next) {
            next = p->next;
            free_packed(p);
        }
    for (slab *s = c->slabs, *next; s; s = next) {
        next = s->next;
        free(s->data);
        free(s);
    }
    pthread_mutex_destroy(&c->lock);
    free(c);
}

static bool same_key(const dv_packed_key *a, const dv_packed_key *b)
{
    return a->weights == b->weights && a->maker == b->maker &&
           memcmp(a->how, b->how, sizeof a->how) == 0;
}

/* FNV-1a over the address and the words. */
static unsigned bucket_of(const dv_packed_key *key)
{
    uint64_t h = (14695981039346656037u ^ (uintptr_t)key->weights >> 6) * 1099511628211u;
    for (int i = 0; i < DV_PACKED_WORDS; i++)
        h = (h ^ (uint32_t)key->how[i]) * 1099511628211u;
    return (unsigned)(h >> 32) % BUCKETS;
}

static dv_packed *new_packed(dv_weights_cache *c, const dv_packed_key *key, size_t bytes,
                             dv_error *err)
{
    dv_packed *p = calloc(1, sizeof *p);
    void *data = p ? take(c, bytes) : NULL;
    if (!data) {
        free(p);
        dv_fail(err, DV_NO_MEMORY, "no memory for %zu bytes of weights", bytes);
        return NULL;
    }
    p->key = *key;
    p->data = data;
    atomic_init(&p->taken, 0);
    atomic_init(&p->done, 0);
    atomic_init(&p->ready, false);
    pthread_mutex_init(&p->lock, NULL);
    pthread_cond_init(&p->finished, NULL);
    return p;
}

static dv_packed *find(dv_packed *list, const dv_packed_key *key)
{
    while (list && !same_key(&list->key, key))
        list = list->next;
    return list;
}

dv_packed *dv_weights_cache_find(dv_weights_cache *c, const dv_packed_key *key)
{
    pthread_mutex_lock(&c->lock);
    dv_packed *p = find(c->bucket[bucket_of(key)], key);
    pthread_mutex_unlock(&c->lock);
    return p;
}

dv_packed *dv_weights_cache_get(dv_weights_cache *c, const dv_packed_key *key, size_t bytes,
                                dv_error *err)
{
    pthread_mutex_lock(&c->lock);
    dv_packed **list = &c->bucket[bucket_of(key)], *p = find(*list, key);
    if (!p && (p = new_packed(c, key, bytes, err)) != NULL) {
        p->next = *list;
        *list = p;
        c->bytes += bytes;
    }
    pthread_mutex_unlock(&c->lock);
    return p;
}

size_t dv_weights_cache_bytes(dv_weights_cache *c)
{
    pthread_mutex_lock(&c->lock);
    const size_t bytes = c->bytes;
    pthread_mutex_unlock(&c->lock);
    return bytes;
}

typedef struct making {
    dv_packed *p;
    const dv_packing *how;
} making;

static void finish(dv_packed *p)
{
    pthread_mutex_lock(&p->lock);
    atomic_store_explicit(&p->ready, true, memory_order_release);
    pthread_cond_broadcast(&p->finished);
    pthread_mutex_unlock(&p->lock);
}

/* Makes parts as long as there are any that nobody has taken. */
static void make_parts(void *ctx, int i, int worker)
{
    (void)i, (void)worker;
    const making *m = ctx;
    int part;
    while ((part = atomic_fetch_add(&m->p->taken, 1)) < m->how->parts) {
        m->how->make(m->how->ctx, part, m->p->data);
        if (atomic_fetch_add(&m->p->done, 1) + 1 == m->how->parts)
            finish(m->p);
    }
}

const void *dv_packed_data(dv_packed *p, const dv_packing *how, dv_pool *pool)
{
    if (atomic_load_explicit(&p->ready, memory_order_acquire))
        return p->data;
    making m = { p, how };
    if (how->parts == 0)
        finish(p);
    else
        dv_pool_run(pool, dv_pool_size(pool), make_parts, &m);
    pthread_mutex_lock(&p->lock);
    while (!atomic_load_explicit(&p->ready, memory_order_acquire))
        pthread_cond_wait(&p->finished, &p->lock);
    pthread_mutex_unlock(&p->lock);
    return p->data;
}
