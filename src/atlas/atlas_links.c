/* atlas_links.c - which units a unit reads from, and which read it, by the norm of the weights
 * between them. */
#include "atlas/atlas_links.h"
#include "graph/channel_factors.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* -- where channels come from ----------------------------------------------------------------- */

/* Channels of a value that are looked for: n runs of `per` numbers of what is read, from `at` on,
 * are its channels from `lo` on. */
typedef struct want {
    int value;
    int32_t lo, n, at, per;
} want;

typedef struct search {
    const dv_atlas_work *work;
    int self; /* the layer that reads */
    int n_wants, n_parts, steps;
    want wants[DV_MOST_READINGS];
    dv_reading *parts;
} search;

static int layer_of(const search *s, int value)
{
    for (int i = 0; i < s->work->n_layers; i++)
        if (s->work->layers[i].tensor == value && i != s->self)
            return i;
    return -1;
}

static void push(search *s, want w)
{
    if (s->n_wants < DV_MOST_READINGS && w.n > 0)
        s->wants[s->n_wants++] = w;
}

static void found(search *s, int layer, const want *w)
{
    if (s->n_parts < DV_MOST_READINGS)
        s->parts[s->n_parts++] =
            (dv_reading){ .layer = layer, .first = w->lo, .at = w->at, .n = w->n, .per = w->per };
}

static int32_t channels_of(const dv_model *m, int value)
{
    const dv_shape *s = &m->values[value].shape;
    return s->rank >= 2 ? s->dim[1] : 0;
}

/* Through Concat along the channels, into those of its inputs that they are of. */
static void push_parts(search *s, const dv_node *n, const want *w)
{
    const dv_model *m = s->work->model;
    int32_t from = 0;
    for (int i = 0; i < n->n_in; i++) {
        const int32_t to = from + channels_of(m, n->in[i]);
        const int32_t lo = w->lo > from ? w->lo : from;
        const int32_t hi = w->lo + w->n < to ? w->lo + w->n : to;
        if (hi > lo && !m->values[n->in[i]].constant)
            push(s, (want){ n->in[i], lo - from, hi - lo, w->at + (lo - w->lo) * w->per, w->per });
        from = to;
    }
}

/* Whether a map (1,C,Y,X) becomes a list (1,C*Y*X) in this node. */
static bool flattens(const dv_shape *in, const dv_shape *out, int32_t *plane)
{
    const dv_box b = dv_box_whole(in);
    *plane = b.hi[DV_Y] * b.hi[DV_X];
    return in->rank >= 3 && in->dim[0] == 1 && in->dim[1] == b.hi[DV_C] && out->rank == 2 &&
           (int64_t)in->dim[1] * *plane == out->dim[1];
}

static bool mixes(const dv_node *n)
{
    static const char *const names[] = { "Transpose",    "Slice",        "Split",  "Gather", "Tile",
                                         "DepthToSpace", "SpaceToDepth", "Expand", "MatMul", "Gemm",
                                         "Conv",         "ConvTranspose" };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strcmp(n->op->name, names[i]) == 0)
            return true;
    return false;
}

static void push_inputs(search *s, const dv_node *n, const want *w)
{
    const dv_model *m = s->work->model;
    const int out = n->out[0];
    int32_t plane = 1;
    if (strcmp(n->op->name, "Concat") == 0 && channels_of(m, out) != channels_of(m, n->in[0])) {
        push_parts(s, n, w);
        return;
    }
    for (int i = 0; i < n->n_in && !mixes(n); i++) {
        const int in = n->in[i];
        if (in == DV_NO_VALUE || m->values[in].constant)
            continue;
        if (channels_of(m, in) == channels_of(m, out) && m->values[out].shape.rank >= 2)
            push(s, (want){ in, w->lo, w->n, w->at, w->per });
        else if (flattens(&m->values[in].shape, &m->values[out].shape, &plane) &&
                 w->lo % plane == 0 && w->n % plane == 0)
            push(s, (want){ in, w->lo / plane, w->n / plane, w->at, w->per * plane });
    }
}

int dv_atlas_readings(const dv_atlas_work *w, int layer, dv_reading *parts)
{
    enum { MOST_STEPS = 100000 };
    const dv_model *m = w->model;
    const dv_atlas_layer *l = &w->layers[layer];
    const int producer = m->values[l->tensor].producer;
    search *s = calloc(1, sizeof *s);
    if (!s)
        return -1;
    *s = (search){ .work = w, .self = layer, .parts = parts };
    if (l->node >= 0) {
        const int in = m->nodes[l->node].in[0];
        push(s, (want){ in, 0, channels_of(m, in), 0, 1 });
    } else if (producer >= 0) {
        push_inputs(s, &m->nodes[producer],
                    &(want){ l->tensor, 0, channels_of(m, l->tensor), 0, 1 });
    }
    while (s->n_wants > 0 && s->steps++ < MOST_STEPS) {
        const want next = s->wants[--s->n_wants];
        const int at = layer_of(s, next.value);
        if (at >= 0)
            found(s, at, &next);
        else if (next.value == m->input)
            found(s, DV_FROM_INPUT, &next);
        else if (m->values[next.value].producer >= 0)
            push_inputs(s, &m->nodes[m->values[next.value].producer], &next);
    }
    const int n = s->n_parts;
    free(s);
    return n;
}

/* -- the strongest ---------------------------------------------------------------------------- */

static bool before(const dv_link *a, const dv_link *b)
{
    if (a->norm != b->norm)
        return a->norm > b->norm;
    if (a->layer != b->layer)
        return a->layer < b->layer;
    return a->unit < b->unit;
}

static void insert(dv_link *list, int *n, dv_link l)
{
    if (*n == DV_MOST_LINKS && !before(&l, &list[*n - 1]))
        return;
    int at = *n < DV_MOST_LINKS ? (*n)++ : *n - 1;
    for (; at > 0 && before(&l, &list[at - 1]); at--)
        list[at] = list[at - 1];
    list[at] = l;
}

typedef struct linking {
    const dv_atlas_work *work;
    dv_links *links;
    int layer, n_parts;
    dv_reading parts[DV_MOST_READINGS];
    dv_kernel_rows rows;
    float *row;      /* (columns) */
    double *factors; /* (rows) */
} linking;

/* The kernel in the row between unit `unit` of the layer and the i-th run of a part. */
static void link_one(linking *k, int32_t unit, double factor, const dv_reading *p, int32_t i,
                     int64_t from)
{
    const dv_atlas_work *w = k->work;
    const int64_t n = p->per * k->rows.taps;
    const float *v = k->row + from;
    double squares = 0, sum = 0;
    for (int64_t t = 0; t < n; t++) {
        squares += (double)v[t] * (double)v[t];
        sum += (double)v[t];
    }
    const int32_t channel = p->first + i;
    int32_t source = channel;
    if (p->layer >= 0)
        source = w->layers[p->layer].place[channel];
    if (source < 0 || squares == 0)
        return;
    dv_link l = { p->layer, source, (float)(sqrt(squares) * fabs(factor)), (float)(sum * factor) };
    dv_links *own = &k->links[w->layers[k->layer].first + unit];
    insert(own->inputs, &own->n_inputs, l);
    if (p->layer < 0)
        return;
    dv_links *other = &k->links[w->layers[p->layer].first + source];
    l.layer = k->layer;
    l.unit = unit;
    insert(other->outputs, &other->n_outputs, l);
}

static void link_row(linking *k, int32_t unit, int64_t row)
{
    const dv_kernel_rows *r = &k->rows;
    const int64_t read = r->columns / r->taps; /* channels of the group */
    const int64_t begin = row / (r->rows / r->groups) * read;
    dv_kernel_rows_copy(r, row, k->row);
    for (int i = 0; i < k->n_parts; i++) {
        const dv_reading *p = &k->parts[i];
        for (int32_t c = 0; c < p->n; c++) {
            const int64_t at = p->at + (int64_t)c * p->per - begin;
            if (at >= 0 && at + p->per <= read)
                link_one(k, unit, k->factors[row], p, c, at * r->taps);
        }
    }
}

static bool link_layer(linking *k, int layer, dv_error *err)
{
    const dv_atlas_work *w = k->work;
    const dv_atlas_layer *l = &w->layers[layer];
    bool normalised;
    k->layer = layer;
    if (l->node < 0 || !dv_kernel_rows_of(w->model, &w->model->nodes[l->node], &k->rows) ||
        k->rows.rows != l->mined->size[DV_C])
        return true;
    k->n_parts = dv_atlas_readings(w, layer, k->parts);
    k->row = malloc((size_t)(k->rows.columns + 1) * sizeof *k->row);
    k->factors = malloc((size_t)(k->rows.rows + 1) * sizeof *k->factors);
    bool ok = (k->n_parts >= 0 && k->row && k->factors) ||
              dv_fail(err, DV_NO_MEMORY, "no memory for the weights of layer %s", l->mined->layer);
    ok = ok && dv_channel_factors(w->model, k->rows.node, (int)k->rows.rows, k->factors,
                                  &normalised, err);
    for (int32_t i = 0; ok && i < l->n; i++)
        link_row(k, i, l->channels[i]);
    free(k->row);
    free(k->factors);
    return ok;
}

bool dv_atlas_links(const dv_atlas_work *w, dv_links *links, dv_error *err)
{
    linking *k = calloc(1, sizeof *k);
    if (!k)
        return dv_fail(err, DV_NO_MEMORY, "no memory to follow weights");
    k->work = w;
    k->links = links;
    bool ok = true;
    for (int i = 0; ok && i < w->n_layers; i++)
        ok = link_layer(k, i, err);
    free(k);
    return ok && dv_atlas_twins(w, links, err);
}
