/* Of a block of A's rows, a block of terms is copied to where the L2 cache holds it, in slivers of
 * as many rows as the inner product takes; each panel of B then meets all of them. Read where they
 * lie, rows 4 KB apart would drive each other out of the L1 cache. */
#include "kernel/product.h"

#include "base/size.h"
#include "kernel/isa.h"
#include "kernel/tail.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum {
    BLOCK_TERMS = 768,      /* more only make C go to and fro; of a panel, 96 KB with AVX-512 */
    BLOCK_FLOATS = 1 << 16, /* of A: beside a panel, in the L2 cache */
    TASKS = 2,              /* for each worker, at least; */
    MANY_TASKS = 8,         /* of so many, one more or less makes no difference */
    TASK_FLOPS = 1 << 19,   /* about: 5 us on a fast core */
};

static int ceil_div(int a, int b)
{
    return a / b + (a % b > 0);
}

static int least(int a, int b)
{
    return a < b ? a : b;
}

/* Where part i of `parts` that are about alike begins, of n. */
static int part_start(int n, int parts, int i)
{
    return (int)((int64_t)n * i / parts);
}

/* So many of the terms of a sum are summed by themselves. */
static int block_terms(int k, dv_precision precision)
{
    if (k < 1)
        return 1;
    if (precision == DV_EXACT) /* so many blocks as terms in a block round least */
        return (int)ceil(sqrt(k));
    return ceil_div(k, ceil_div(k, BLOCK_TERMS));
}

/* -- arranging -------------------------------------------------------------------------------- */

/* Columns of B side by side, rows of A likewise: to (k, pitch), `count` of them in use, from the
 * matrix that has them in rows, x[i * row + t * term]. */
static void arrange(const dv_isa *isa, int count, int k, const float *x, size_t row, size_t term,
                    float *to, int pitch)
{
    if (row == 1) {
        for (int t = 0; t < k; t++)
            memcpy(to + (size_t)t * (size_t)pitch, x + (size_t)t * term,
                   (size_t)count * sizeof *to);
        return;
    }
    const int whole = k / isa->lanes * isa->lanes;
    isa->transpose(count, whole, x, row, to, (size_t)pitch);
    for (int t = whole; t < k; t++)
        for (int i = 0; i < count; i++)
            to[(size_t)t * (size_t)pitch + i] = x[(size_t)i * row + t];
}

struct dv_panels {
    const dv_isa *isa;
    int k, n;
    dv_matrix b;
    dv_weights_cache *own;
    const float *data; /* (panel, k, narrow_panel); the cache's */
};

/* Terms [first, first + k) of a panel. */
static void arrange_panel(const dv_isa *isa, dv_matrix b, int n, int panel, int first, int k,
                          float *to)
{
    const int width = isa->narrow_panel, column = panel * width;
    const int count = least(n - column, width);
    if (count < width)
        memset(to, 0, (size_t)k * (size_t)width * sizeof *to);
    arrange(isa, count, k, b.data + (size_t)column * b.column + (size_t)first * b.row, b.column,
            b.row, to, width);
}

static size_t panel_floats(const dv_panels *p)
{
    return (size_t)p->k * (size_t)p->isa->narrow_panel;
}

static void make_panel(const void *ctx, int i, void *data)
{
    const dv_panels *p = ctx;
    arrange_panel(p->isa, p->b, p->n, i, 0, p->k, (float *)data + (size_t)i * panel_floats(p));
}

static bool make_panels(dv_panels *p, dv_weights_cache *cache, dv_pool *pool, dv_error *err)
{
    static const char maker; /* its address stands for make_panel */
    if (!cache && !(cache = p->own = dv_weights_cache_new(err)))
        return false;
    const int panels = ceil_div(p->n, p->isa->narrow_panel);
    const dv_packed_key key = { p->b.data,
                                &maker,
                                { p->isa->narrow_panel, p->k, p->n, p->b.column == 1 } };
    const size_t floats = dv_size_mul((size_t)panels, panel_floats(p));
    dv_packed *packed = dv_weights_cache_get(cache, &key, dv_size_mul(floats, sizeof(float)), err);
    if (packed)
        p->data = dv_packed_data(packed, &(dv_packing){ panels, make_panel, p }, pool);
    return packed != NULL;
}

dv_panels *dv_panels_new(int k, int n, dv_matrix b, dv_weights_cache *cache, dv_pool *pool,
                         dv_error *err)
{
    dv_panels *p = calloc(1, sizeof *p);
    if (!p) {
        dv_fail(err, DV_NO_MEMORY, "no memory for %d x %d weights", k, n);
        return NULL;
    }
    *p = (dv_panels){ .isa = dv_isa_best(), .k = k, .n = n, .b = b };
    if (!make_panels(p, cache, pool, err)) {
        dv_panels_free(p);
        return NULL;
    }
    return p;
}

void dv_panels_free(dv_panels *p)
{
    if (p)
        dv_weights_cache_free(p->own);
    free(p);
}

/* -- the product ------------------------------------------------------------------------------ */

typedef struct job {
    const dv_product *p;
    const dv_isa *isa;
    dv_matrix a, b;
    const dv_epilogue *ep;
    bool add;
    float *c;
    size_t ldc;
    int terms;          /* of a block */
    int slivers, width; /* of A; panels of B */
    int blocks, chunks; /* tasks: of slivers, times of panels */
    int most;           /* slivers in a block */
    char *scratch;
    size_t scratch_size; /* of one worker */
} job;

/* All but what is asked of it and how many tasks there are. */
static job job_of(const dv_product *p)
{
    const dv_isa *isa = p->panels ? p->panels->isa : dv_isa_best();
    job j = { .p = p, .isa = isa, .terms = block_terms(p->k, p->precision) };
    j.slivers = ceil_div(p->m, isa->narrow_pixels);
    j.width = ceil_div(p->n, isa->narrow_panel);
    const int fit = BLOCK_FLOATS / isa->tile_pitch / j.terms;
    j.blocks = ceil_div(j.slivers, fit > 0 ? fit : 1);
    j.most = ceil_div(j.slivers, j.blocks);
    j.scratch_size = (size_t)j.most * (size_t)isa->tile_pitch * (size_t)j.terms * sizeof(float);
    if (!p->panels)
        j.scratch_size += (size_t)isa->narrow_panel * (size_t)j.terms * sizeof(float);
    j.scratch_size = dv_size_round_up(j.scratch_size, 64);
    return j;
}

/* Where there are few blocks, or one, each is done by several tasks, who all copy it: as few as
 * leave no worker with less to do than another. */
static int chunks_of(const job *j, int workers)
{
    const dv_product *p = j->p;
    const int64_t flops = (int64_t)2 * p->k * p->m / j->blocks * j->isa->narrow_panel;
    const int worthwhile = (int)(TASK_FLOPS / (flops + 1)) + 1; /* panels */
    const int most = ceil_div(j->width, worthwhile);
    if (workers == 1)
        return 1;
    int chunks = ceil_div(TASKS * workers, j->blocks);
    while (j->blocks * chunks % workers != 0 && j->blocks * chunks < MANY_TASKS * workers)
        chunks++;
    return least(chunks, most);
}

/* The terms from `first` on of slivers [lo, hi). */
static void arrange_rows(const job *j, int lo, int hi, int first, int k, float *to)
{
    const int m = j->p->m;
    for (int s = lo; s < hi; s++, to += (size_t)k * (size_t)j->isa->tile_pitch) {
        const int row = part_start(m, j->slivers, s);
        arrange(j->isa, part_start(m, j->slivers, s + 1) - row, k,
                j->a.data + (size_t)row * j->a.row + (size_t)first * j->a.column, j->a.row,
                j->a.column, to, j->isa->tile_pitch);
    }
}

/* What was arranged of a panel, from a term on. */
static const float *made_panel(const dv_panels *p, int panel, int first)
{
    return p->data + (size_t)panel * panel_floats(p) + (size_t)first * (size_t)p->isa->narrow_panel;
}

/* Its tail comes when all panels of a task are done. */
static dv_epilogue epilogue_from(const dv_epilogue *ep, int column)
{
    return (dv_epilogue){ .scale = ep->scale ? ep->scale + column : NULL,
                          .shift = ep->shift ? ep->shift + column : NULL,
                          .lo = ep->lo,
                          .hi = ep->hi };
}

/* Slivers [lo, hi) of A, at `a`, times a panel of B, k terms of each, of which `first` lie before.
 * next: fetched meanwhile. */
static void run_panel(const job *j, int lo, int hi, int panel, int first, int k, const float *a,
                      const float *b, const float *next)
{
    const dv_product *p = j->p;
    const int width = j->isa->narrow_panel, column = panel * width;
    const dv_epilogue ep = first + k == p->k ? epilogue_from(j->ep, column) : dv_no_epilogue;
    dv_tile t = { .columns = least(p->n - column, width),
                  .k = k,
                  .b = b,
                  .next_step = next ? ceil_div(width, hi - lo) : 0,
                  .add = j->add || first > 0,
                  .ep = &ep,
                  .ldc = j->ldc };
    for (int s = lo; s < hi; s++) {
        const int row = part_start(p->m, j->slivers, s);
        t.rows = part_start(p->m, j->slivers, s + 1) - row;
        t.a = a + (size_t)(s - lo) * (size_t)k * (size_t)j->isa->tile_pitch;
        t.c = j->c + (size_t)row * j->ldc + column;
        t.next = next ? next + (size_t)(s - lo) * (size_t)t.next_step * (size_t)k : b;
        j->isa->tile(&t);
    }
}

static void run_task(void *ctx, int i, int worker)
{
    const job *j = ctx;
    const dv_product *p = j->p;
    const int block = i / j->chunks, chunk = i % j->chunks;
    const int lo = part_start(j->slivers, j->blocks, block);
    const int hi = part_start(j->slivers, j->blocks, block + 1);
    const int from = part_start(j->width, j->chunks, chunk);
    const int to = part_start(j->width, j->chunks, chunk + 1);
    float *a = (float *)(void *)(j->scratch + (size_t)worker * j->scratch_size);
    float *room = a + (size_t)j->most * (size_t)j->isa->tile_pitch * (size_t)j->terms;
    int first = 0;
    do {
        const int k = least(j->terms, p->k - first);
        arrange_rows(j, lo, hi, first, k, a);
        for (int panel = from; panel < to; panel++) {
            const float *b = room, *next = NULL;
            if (p->panels) {
                b = made_panel(p->panels, panel, first);
                next = panel + 1 < to ? made_panel(p->panels, panel + 1, first) : NULL;
            } else {
                arrange_panel(j->isa, j->b, p->n, panel, first, k, room);
            }
            run_panel(j, lo, hi, panel, first, k, a, b, next);
        }
        first += k;
    } while (first < p->k);
    if (j->ep->tail) {
        const int row = part_start(p->m, j->slivers, lo), end = part_start(p->m, j->slivers, hi);
        const int column = from * j->isa->narrow_panel;
        const int columns = least(p->n, to * j->isa->narrow_panel) - column;
        dv_tail_run_rows(j->ep->tail, j->c + (size_t)row * j->ldc + column, j->ldc, end - row,
                         (size_t)columns);
    }
}

size_t dv_product_scratch(const dv_product *p, int workers)
{
    return dv_size_mul(job_of(p).scratch_size, (size_t)workers);
}

void dv_product_run(const dv_product *p, dv_matrix a, dv_matrix b, const dv_epilogue *ep, bool add,
                    float *c, size_t ldc, void *scratch, dv_pool *pool)
{
    job j = job_of(p);
    j.a = a;
    j.b = b;
    j.ep = ep;
    j.add = add;
    j.c = c;
    j.ldc = ldc;
    j.scratch = scratch;
    j.chunks = chunks_of(&j, dv_pool_size(pool));
    dv_pool_run(pool, j.blocks * j.chunks, run_task, &j);
}
