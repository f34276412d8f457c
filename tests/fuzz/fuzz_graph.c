/* fuzz_graph.c - the bytes choose a small network: operators out of the whole table, attributes by
 * the operators' own tables and inputs by their names, sensible and hostile. Nodes that are refused
 * are left out; what remains is exercised. */
#include "choices.h"
#include "exercise.h"
#include "load/net.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MOST_NODES = 10, MOST_INPUTS = 5, MOST_OUTPUTS = 4, MOST_LIST = 12 };

typedef struct graph {
    dv_model *m;
    choices c;
    dv_fold_budget budget;
    int n_names;
    int n_ends; /* outputs of nodes so far */
    const char *ends[MOST_NODES * MOST_OUTPUTS + 1];
} graph;

/* The node being made: its first input, and what is known of its weights. */
typedef struct node {
    const dv_op *op;
    dv_shape x;
    int32_t group, channels; /* of what a weight makes */
    int map;                 /* axes behind the first two */
    int n_attrs;
    dv_attr attrs[16];
    const char *in[MOST_INPUTS], *out[MOST_OUTPUTS];
} node;

static const char *new_name(graph *g, const char *kind)
{
    char text[32];
    const int n = snprintf(text, sizeof text, "%s%d", kind, g->n_names++);
    return dv_arena_text(&g->m->arena, text, (size_t)n, NULL);
}

static void *arena_copy(graph *g, const void *data, size_t bytes)
{
    void *copy = dv_arena_alloc(&g->m->arena, bytes, NULL);
    if (bytes)
        memcpy(copy, data, bytes);
    return copy;
}

/* -- constants -------------------------------------------------------------------------------- */

static const char *constant(graph *g, dv_dtype type, dv_shape s, const void *data)
{
    const dv_array a = { type, s, data };
    const char *name = new_name(g, "c");
    return dv_model_add_constant(g->m, name, arena_copy(g, &a, sizeof a), NULL) ? name : NULL;
}

static const char *integers(graph *g, int n, const int64_t *v)
{
    const dv_shape s = { 1, { n } };
    return constant(g, DV_I64, s, arena_copy(g, v, (size_t)n * sizeof *v));
}

enum { MOST_WEIGHTS = 4096 };

/* Small weights, many of them 0; or, now and then, anything. NULL: too large for here. */
static const char *floats(graph *g, dv_shape s)
{
    static float v[MOST_WEIGHTS];
    const size_t n = dv_shape_count(&s);
    if (n > MOST_WEIGHTS)
        return NULL;
    const int kind = choose(&g->c, 8);
    uint32_t random = choose_byte(&g->c);
    for (size_t i = 0; i < n; i++) {
        random = random * 1664525U + 1013904223U;
        v[i] = kind == 7 ? choose_float(&g->c) : (float)(int)(random >> 24 & 15) / 8 - 0.875F;
        if (kind == 1 && v[i] < 0)
            v[i] = 0;
    }
    return constant(g, DV_F32, s, arena_copy(g, v, n * sizeof *v));
}

/* -- lists of integers, by what they are called ----------------------------------------------- */

static int64_t an_axis(graph *g, const node *n)
{
    const int rank = n->x.rank;
    return choose(&g->c, 16) == 15 || rank == 0 ? choose_integer(&g->c)
                                                : choose(&g->c, 2 * rank) - rank;
}

static int axes(graph *g, const node *n, int64_t *v)
{
    const int count = choose(&g->c, n->x.rank + 1);
    for (int i = 0; i < count; i++)
        v[i] = choose(&g->c, 4) ? i : an_axis(g, n);
    return count;
}

static int permutation(graph *g, const node *n, int64_t *v)
{
    for (int i = 0; i < n->x.rank; i++)
        v[i] = i;
    for (int i = n->x.rank - 1; i > 0; i--) {
        const int k = choose(&g->c, i + 1);
        const int64_t swap = v[i];
        v[i] = v[k];
        v[k] = swap;
    }
    return n->x.rank;
}

/* The input's numbers in other dimensions: some are joined with the next, some cut in two. */
static int other_shape(graph *g, const node *n, int64_t *v)
{
    int64_t dim[DV_MAX_RANK + 1];
    int count = n->x.rank, used = 0;
    for (int i = 0; i < count; i++)
        dim[i] = n->x.dim[i];
    if (count == 0)
        dim[count++] = 1;
    for (int i = 0; i < count && used < DV_MAX_RANK; i++) {
        const int how = choose(&g->c, 8);
        if (how == 1 && i + 1 < count) {
            dim[i + 1] *= dim[i];
        } else if (how == 2 && used + 1 < DV_MAX_RANK) {
            const int64_t part = dim[i] % 2 == 0 ? 2 : dim[i] % 3 == 0 ? 3 : 1;
            v[used++] = part;
            v[used++] = dim[i] / part;
        } else {
            v[used++] = how == 3 ? 0 : how == 4 ? -1 : dim[i];
        }
    }
    return used;
}

/* Parts that add up to an axis of the input. */
static int parts(graph *g, const node *n, int64_t *v)
{
    int64_t left = n->x.rank ? n->x.dim[choose(&g->c, n->x.rank)] : 1;
    int used = 0;
    while (left > 0 && used < MOST_OUTPUTS) {
        v[used] = used + 1 == MOST_OUTPUTS ? left : 1 + choose(&g->c, (int)(left < 64 ? left : 64));
        left -= v[used++];
    }
    return used;
}

static int sizes(graph *g, const node *n, int64_t *v)
{
    for (int i = 0; i < n->x.rank; i++)
        v[i] = choose(&g->c, 2) ? choose_size(&g->c) : n->x.dim[i];
    return n->x.rank;
}

static int indices(graph *g, const node *n, int64_t *v)
{
    const int count = choose(&g->c, 4) + 1;
    for (int i = 0; i < count; i++)
        v[i] =
            choose(&g->c, 4) ? choose(&g->c, n->x.rank ? n->x.dim[0] : 1) : choose_integer(&g->c);
    return count;
}

static int some_integers(graph *g, int count, int64_t *v)
{
    for (int i = 0; i < count; i++)
        v[i] = choose_integer(&g->c);
    return count;
}

/* How long lists are: so many numbers, and so many more for each axis of the input, or of its map.
 */
typedef struct length {
    const char *name;
    int per_axis, per_map_axis;
    int (*make)(graph *g, const node *n, int64_t *v);
} length;

static const length lengths[] = {
    { "kernel_shape", 0, 1, NULL }, { "strides", 0, 1, NULL },
    { "dilations", 0, 1, NULL },    { "output_padding", 0, 1, NULL },
    { "output_shape", 0, 1, NULL }, { "pads", 0, 2, NULL },
    { "perm", 0, 0, permutation },  { "axes", 0, 0, axes },
    { "shape", 0, 0, other_shape }, { "split", 0, 0, parts },
    { "repeats", 0, 0, sizes },     { "sizes", 0, 0, sizes },
    { "indices", 0, 0, indices },   { "starts", 1, 0, NULL },
    { "ends", 1, 0, NULL },         { "steps", 1, 0, NULL },
    { NULL, 1, 0, NULL },
};

/* v: room for MOST_LIST. */
static int list_called(graph *g, const node *n, const char *name, int64_t *v)
{
    const length *l = lengths;
    while (l->name && strcmp(l->name, name) != 0)
        l++;
    if (choose(&g->c, 16) == 15)
        return some_integers(g, choose(&g->c, MOST_LIST + 1), v);
    if (strcmp(n->op->name, "Expand") == 0)
        return sizes(g, n, v);
    if (l->make)
        return l->make(g, n, v);
    const bool wide = strcmp(n->op->name, "Pad") == 0 && l->per_map_axis == 2;
    return some_integers(
        g, wide ? 2 * n->x.rank : l->per_axis * n->x.rank + l->per_map_axis * n->map, v);
}

/* -- attributes ------------------------------------------------------------------------------- */

static int64_t integer_for(graph *g, const node *n, const dv_attr_row *r)
{
    if (strcmp(r->name, "axis") == 0)
        return an_axis(g, n);
    if (strcmp(r->name, "group") == 0)
        return n->group;
    if (r->need == DV_ATTR_FIXED && choose(&g->c, 16) < 15)
        return r->otherwise.i;
    return choose_integer(&g->c);
}

static void set_attr(graph *g, node *n, const dv_attr_row *r)
{
    dv_attr a = { .name = r->name, .kind = r->kind };
    int64_t v[MOST_LIST];
    float f[MOST_LIST];
    switch (r->kind) {
    case DV_ATTR_INT:
        a.v.i = integer_for(g, n, r);
        break;
    case DV_ATTR_FLOAT:
        a.v.f = choose_float(&g->c);
        break;
    case DV_ATTR_TEXT:
        for (a.n = 0; r->words && r->words[a.n];)
            a.n++;
        a.v.text = a.n && choose(&g->c, 16) < 15 ? r->words[choose(&g->c, a.n)] : "no such word";
        a.n = 0;
        break;
    case DV_ATTR_INTS:
        a.n = list_called(g, n, r->name, v);
        a.v.ints = arena_copy(g, v, (size_t)a.n * sizeof *v);
        break;
    case DV_ATTR_FLOATS:
        a.n = n->x.rank;
        for (int i = 0; i < a.n; i++)
            f[i] = choose_scale(&g->c);
        a.v.floats = arena_copy(g, f, (size_t)a.n * sizeof *f);
        break;
    case DV_ATTR_ARRAY:
    case DV_ATTR_BRANCH:
        return;
    }
    n->attrs[n->n_attrs++] = a;
}

static void set_attrs(graph *g, node *n)
{
    for (const dv_attr_row *r = n->op->attrs; r && r->name && n->n_attrs < 16; r++) {
        const bool grouped = strcmp(r->name, "group") == 0 && n->group != 1;
        const bool old = r->need == DV_ATTR_BY_HAND || r->need == DV_ATTR_HARMLESS;
        if (r->need == DV_ATTR_REQUIRED || grouped || choose(&g->c, old ? 8 : 2) == 1)
            set_attr(g, n, r);
    }
}

/* -- inputs ----------------------------------------------------------------------------------- */

static const char *activation(graph *g)
{
    const int last = g->n_ends - 1;
    return g->ends[choose(&g->c, 4) ? last : choose(&g->c, g->n_ends)];
}

static dv_shape list_of(int32_t n)
{
    return (dv_shape){ 1, { n } };
}

static int32_t dimension(const node *n, int i)
{
    return i >= 0 && i < n->x.rank ? n->x.dim[i] : 1;
}

/* Weights of a convolution, which sets what comes out of it. */
static dv_shape kernel(graph *g, node *n)
{
    dv_shape s = { .rank = n->map + 2 };
    const bool transposed = strcmp(n->op->name, "ConvTranspose") == 0;
    const int32_t in = dimension(n, 1), times = 1 + choose(&g->c, 4);
    const int32_t out = n->group > 1 << 24 ? n->group : n->group * times;
    s.dim[0] = transposed ? in : out;
    s.dim[1] = transposed ? out / n->group : in / n->group;
    for (int i = 0; i < n->map; i++)
        s.dim[2 + i] = 1 + choose(&g->c, 5);
    n->channels = out;
    return s;
}

/* Of the input's shape, with some dimensions missing or 1, now and then with another. */
static dv_shape broadcast(graph *g, const node *n)
{
    dv_shape s = { .rank = n->x.rank - (n->x.rank ? choose(&g->c, n->x.rank + 1) : 0) };
    for (int i = 0; i < s.rank; i++) {
        const int how = choose(&g->c, 8);
        s.dim[i] = how < 3 ? 1 : how < 7 ? dimension(n, n->x.rank - s.rank + i) : 2;
    }
    return s;
}

static dv_shape product(graph *g, node *n)
{
    const int32_t inner = dimension(n, n->x.rank - 1);
    n->channels = 1 + choose(&g->c, 8);
    for (int i = 0; i < n->n_attrs; i++)
        if (strcmp(n->attrs[i].name, "transB") == 0 && n->attrs[i].v.i)
            return (dv_shape){ 2, { n->channels, inner } };
    return (dv_shape){ 2, { inner, n->channels } };
}

static const char *constant_called(graph *g, node *n, int i, const char *name)
{
    int64_t v[MOST_LIST];
    const bool sliding = n->op->weight_layer && strcmp(name, "W") == 0;
    if (sliding)
        return floats(g, kernel(g, n));
    if (n->op->weight_layer)
        return floats(g, i == 1 ? product(g, n) : list_of(n->channels));
    if (n->op->normalisation || strcmp(n->op->name, "InstanceNormalization") == 0)
        return floats(g, list_of(dimension(n, 1)));
    if (strcmp(name, "scales") == 0 || strcmp(name, "roi") == 0) {
        float scale[DV_MAX_RANK];
        for (int k = 0; k < n->x.rank; k++)
            scale[k] = choose_scale(&g->c);
        return constant(g, DV_F32, list_of(n->x.rank),
                        arena_copy(g, scale, (size_t)n->x.rank * sizeof *scale));
    }
    for (const length *l = lengths; l->name; l++)
        if (strcmp(l->name, name) == 0)
            return integers(g, list_called(g, n, name, v), v);
    if (strcmp(name, "min") == 0 || strcmp(name, "max") == 0 || strstr(name, "value")) {
        const float f = choose_float(&g->c);
        return constant(g, DV_F32, (dv_shape){ 0 }, arena_copy(g, &f, sizeof f));
    }
    return floats(g, broadcast(g, n));
}

/* A constant without regard to what it is for. */
static const char *any_constant(graph *g)
{
    int64_t v[MOST_LIST];
    dv_shape s = { .rank = choose(&g->c, 6) };
    for (int i = 0; i < s.rank; i++)
        s.dim[i] = choose(&g->c, 8);
    return choose(&g->c, 2) ? floats(g, s)
                            : integers(g, some_integers(g, choose(&g->c, MOST_LIST + 1), v), v);
}

static const char *input(graph *g, node *n, int i)
{
    static const char *const absent = "";
    const char *name = i < DV_NAMED_INPUTS && n->op->inputs[0] ? n->op->inputs[i] : NULL;
    const int how = choose(&g->c, 16);
    if (how == 15)
        return any_constant(g);
    if (how == 14)
        return activation(g);
    if (name && i >= n->op->min_in && how >= 8)
        return absent;
    if (name && strcmp(name, "A") != 0 && !(strcmp(name, "B") == 0 && how % 2))
        return constant_called(g, n, i, name);
    return how % 4 == 3 ? floats(g, broadcast(g, n)) : activation(g);
}

/* -- the graph -------------------------------------------------------------------------------- */

static void note_outputs(graph *g, const node *n, int n_out)
{
    for (int o = 0; o < n_out && n->out[o]; o++) {
        const int v = dv_model_value(g->m, n->out[o]);
        if (v >= 0 && !g->m->values[v].constant && g->m->values[v].shape.rank >= 0)
            g->ends[g->n_ends++] = n->out[o];
    }
}

static int choose_inputs(graph *g, node *n)
{
    const int most = n->op->max_in < 0 || n->op->max_in > MOST_INPUTS ? MOST_INPUTS : n->op->max_in;
    const int least = n->op->min_in > 1 ? n->op->min_in : 1;
    const bool named = n->op->inputs[0] && n->op->inputs[1];
    const int count = named || most <= least ? most : least + choose(&g->c, most - least + 1);
    for (int i = 1; i < count; i++)
        n->in[i] = input(g, n, i);
    return count;
}

static void add_node(graph *g)
{
    static const int opsets[] = { 13, 7, 9, 11, 18, 21 };
    int n_ops = 0;
    while (dv_op_at(n_ops))
        n_ops++;
    node n = { .op = dv_op_at(choose(&g->c, n_ops)), .group = 1, .channels = 1 };
    n.in[0] = activation(g);
    if (choose(&g->c, 32) == 31)
        n.in[0] = any_constant(g);
    const int v = n.in[0] ? dv_model_value(g->m, n.in[0]) : DV_NO_VALUE;
    if (v < 0)
        return;
    n.x = g->m->values[v].shape;
    n.map = n.x.rank > 2 ? n.x.rank - 2 : 0;
    if (n.map > 3)
        n.map = 3;
    if (n.op->weight_layer && choose(&g->c, 4) == 3)
        n.group = choose(&g->c, 2) && dimension(&n, 1) > 0 ? dimension(&n, 1) : 2;
    const int opset = opsets[choose(&g->c, sizeof opsets / sizeof opsets[0])];
    set_attrs(g, &n);
    const int n_in = choose_inputs(g, &n);
    const int n_out = n.op->max_out == 1 ? 1 : 1 + choose(&g->c, MOST_OUTPUTS);
    for (int o = 0; o < n_out; o++)
        n.out[o] = new_name(g, "t");
    const dv_node_words w = { .name = n.out[0],
                              .op = n.op->name,
                              .opset = opset,
                              .n_attrs = n.n_attrs,
                              .attrs = arena_copy(g, n.attrs, sizeof n.attrs),
                              .n_in = n_in,
                              .n_out = n_out,
                              .in = arena_copy(g, n.in, sizeof n.in),
                              .out = arena_copy(g, n.out, sizeof n.out) };
    dv_error err = { 0 };
    if (dv_net_add_nodes(g->m, &w, 1, &g->budget, &err))
        note_outputs(g, &n, n_out);
    else
        exercise_failure(&err);
}

static bool add_input(graph *g)
{
    dv_shape s = { .rank = (choose(&g->c, 5) + 3) % 5 + 1 };
    for (int i = 0; i < s.rank; i++)
        s.dim[i] = i == 0 && choose(&g->c, 16) < 15 ? 1 : (int32_t)choose_size(&g->c);
    g->ends[g->n_ends++] = "x";
    return dv_model_add_input(g->m, "x", &s, NULL);
}

static void fill(graph *g)
{
    dv_error err = { 0 };
    if (!add_input(g))
        return;
    const uint32_t seed = choose_byte(&g->c);
    for (int i = 0; i < MOST_NODES && choices_left(&g->c); i++)
        add_node(g);
    if (!dv_model_finish(g->m, g->ends[g->n_ends - 1], &err))
        exercise_failure(&err);
    else
        exercise_model(g->m, seed);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    graph g = { .c = { data, data + size }, .budget = { 1 << 20 } };
    g.m = dv_model_new("fuzz.graph", NULL, NULL);
    if (g.m)
        fill(&g);
    dv_model_free(g.m);
    return 0;
}
