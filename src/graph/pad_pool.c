/* pad_pool.c - recognises an AveragePool of a Pad by zeros, as exporters write the pads of one that
 * counts them, and makes it an AveragePool of what is padded. The Pad stays in the model, to be
 * asked for by name; where nobody does it does not run, and the means have the same bytes either
 * way. */
#include "graph/chain.h"

#include <string.h>

enum { MAP_RANK = 4, PADS = 2 * MAP_RANK };

static const dv_attr *attr_of(const dv_node *n, const char *name)
{
    for (int i = 0; i < n->n_attrs; i++)
        if (strcmp(n->attrs[i].name, name) == 0)
            return &n->attrs[i];
    return NULL;
}

static int input_of(const dv_node *n, int i)
{
    return i < n->n_in ? n->in[i] : DV_NO_VALUE;
}

/* Whether it pads by the constant 0. */
static bool by_zeros(const dv_model *m, const dv_node *pad)
{
    const dv_attr *mode = attr_of(pad, "mode"), *value = attr_of(pad, "value");
    const int number = input_of(pad, 2);
    float given = value ? value->v.f : 0;
    if (number != DV_NO_VALUE && !dv_lone_number(m, number, &given))
        return false;
    return given == 0 && (!mode || strcmp(mode->v.text, "constant") == 0);
}

/* pads of all four axes, before them and then behind. */
static bool find_pads(const dv_model *m, const dv_node *pad, int64_t pads[PADS])
{
    const dv_attr *a = attr_of(pad, "pads");
    const int input = input_of(pad, 1);
    const dv_array *array = input == DV_NO_VALUE ? NULL : m->values[input].constant;
    if (input_of(pad, 3) != DV_NO_VALUE || m->values[pad->in[0]].shape.rank != MAP_RANK ||
        (array ? dv_shape_count(&array->shape)
         : a   ? (size_t)a->n
               : 0) != PADS)
        return false;
    for (int i = 0; i < PADS; i++) {
        pads[i] = array ? (int64_t)dv_array_number(array, i) : a->v.ints[i];
        if (pads[i] < 0 || (i % MAP_RANK < 2 && pads[i] != 0))
            return false;
    }
    return true;
}

/* Whether the pool has no pads of its own. */
static bool is_plain(const dv_node *pool)
{
    const dv_attr *pads = attr_of(pool, "pads"), *ceil = attr_of(pool, "ceil_mode");
    const dv_attr *automatic = attr_of(pool, "auto_pad");
    for (int i = 0; pads && i < pads->n; i++)
        if (pads->v.ints[i] != 0)
            return false;
    return (!ceil || ceil->v.i == 0) && (!automatic || strcmp(automatic->v.text, "NOTSET") == 0);
}

/* Gives the pool the pads and the input of the Pad, unless it does not take them. */
static bool replace(dv_model *m, dv_node *pool, int x, const int64_t pads[PADS], dv_error *err)
{
    dv_attr *a = dv_arena_array(&m->arena, (size_t)pool->n_attrs + 2, sizeof *a, err);
    int *in = dv_arena_array(&m->arena, 1, sizeof *in, err);
    int64_t *own = dv_arena_array(&m->arena, 4, sizeof *own, err);
    if (!a || !in || !own)
        return false;
    memcpy(own, (const int64_t[]){ pads[2], pads[3], pads[6], pads[7] }, 4 * sizeof *own);
    *in = x;
    dv_node r = *pool;
    r.in = in;
    r.attrs = a;
    r.n_attrs = 0;
    for (int i = 0; i < pool->n_attrs; i++)
        if (strcmp(pool->attrs[i].name, "pads") != 0 &&
            strcmp(pool->attrs[i].name, "count_include_pad") != 0)
            a[r.n_attrs++] = pool->attrs[i];
    a[r.n_attrs++] = (dv_attr){ "pads", DV_ATTR_INTS, 4, { .ints = own } };
    a[r.n_attrs++] = (dv_attr){ "count_include_pad", DV_ATTR_INT, 0, { .i = 1 } };
    dv_error refused = { 0 };
    if (dv_remake_node(m, &r, "AveragePool", &refused))
        *pool = r;
    else if (refused.code == DV_NO_MEMORY)
        return dv_fail(err, refused.code, "%s", refused.message);
    return true;
}

bool dv_recognise_padded_pool(dv_model *m, dv_error *err)
{
    for (int i = 0; i < m->n_nodes; i++) {
        dv_node *n = &m->nodes[i];
        const bool pool = strcmp(n->op->name, "AveragePool") == 0;
        const dv_node *pad = pool ? dv_producer(m, n->in[0], "Pad") : NULL;
        int64_t pads[PADS];
        if (pad && is_plain(n) && by_zeros(m, pad) && find_pads(m, pad, pads) &&
            !replace(m, n, pad->in[0], pads, err))
            return false;
    }
    return true;
}
