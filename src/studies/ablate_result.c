/* ablate_result.c - what was counted, as shares with their intervals. */
#include "base/statistics.h"
#include "studies/ablate_parts.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* -- shares ---------- ------------------------------------------------------------------------- */

typedef struct counted {
    int64_t right1, right5, lost, won;
} counted;

static dv_ablated_share share_of(int64_t hits, int64_t n)
{
    double i[2];
    dv_share_interval(hits, n, i);
    return (dv_ablated_share){ (double)hits / (double)n, i[0], i[1] };
}

static void put_counts(dv_ablated *p, counted c, int64_t n)
{
    double i[2];
    dv_change_interval(c.won, c.lost, n, i);
    p->top1 = share_of(c.right1, n);
    p->top5 = share_of(c.right5, n);
    p->change = (dv_ablated_share){ (double)(c.won - c.lost) / (double)n, i[0], i[1] };
}

static counted counted_of(const dv_ablating *a, int mark)
{
    return (counted){ a->right1[mark], a->right5[mark], a->lost[mark], a->won[mark] };
}

static dv_ablated_share mean_of(const dv_sample *s, double least, double most)
{
    const double half = dv_sample_error(s);
    return (dv_ablated_share){ s->mean, fmax(least, s->mean - half), fmin(most, s->mean + half) };
}

/* Over the draws of a share. */
static void put_draws(const dv_ablating *a, const dv_silenced *s, int share, dv_ablated *p)
{
    const double n = a->of.n;
    dv_sample top1 = { 0 }, top5 = { 0 }, change = { 0 };
    if (a->o->draws < 2) {
        put_counts(p, counted_of(a, s->first + share), a->of.n);
        return;
    }
    for (int k = 0; k < a->o->draws; k++) {
        const counted c = counted_of(a, s->first + k * a->o->n_shares + share);
        dv_sample_add(&top1, (double)c.right1 / n);
        dv_sample_add(&top5, (double)c.right5 / n);
        dv_sample_add(&change, (double)(c.won - c.lost) / n);
    }
    p->top1 = mean_of(&top1, 0, 1);
    p->top5 = mean_of(&top5, 0, 1);
    p->change = mean_of(&change, -1, 1);
}

static dv_ablated *new_part(dv_ablating *a, dv_ablated_how how, const char *layers, dv_cost cost,
                            dv_error *err)
{
    dv_ablated *p = &a->r->parts[a->r->n];
    *p = (dv_ablated){ .how = how,
                       .layer = -1,
                       .parameters = cost.parameters,
                       .multiply_adds = cost.multiply_adds,
                       .milliseconds = (double)NAN };
    if (layers && !(p->layers = strdup(layers))) {
        dv_fail(err, DV_NO_MEMORY, "no memory for what was done to layer %s", layers);
        return NULL;
    }
    a->r->n++;
    return p;
}

static bool add_share(dv_ablating *a, int layer, int order, int share, dv_cost all, dv_error *err)
{
    const dv_silenced *s = &a->silenced[layer];
    const dv_ablate_order of = dv_silenced_order(a->o, order);
    dv_cost saved;
    if (!dv_cost_of_channels(a->model, s->tensor, s->counts[share], &saved, err))
        return false;
    all.parameters -= saved.parameters;
    all.multiply_adds -= saved.multiply_adds;
    dv_ablated *p = new_part(a, DV_ABLATED_SILENCED, s->name, all, err);
    if (!p)
        return false;
    p->layer = layer;
    p->order = of;
    p->share = a->o->shares[share];
    p->units = s->counts[share];
    p->channels = s->channels;
    if (of == DV_ABLATE_RANDOM)
        put_draws(a, s, share, p);
    else
        put_counts(p, counted_of(a, s->first + order * a->o->n_shares + share), a->of.n);
    return true;
}

static bool add_silenced_parts(dv_ablating *a, dv_cost all, dv_error *err)
{
    for (int i = 0; i < a->n_silenced; i++)
        for (int k = 0; k < a->silenced[i].n_orders; k++) {
            if (k > 0 && dv_silenced_order(a->o, k) == DV_ABLATE_RANDOM)
                continue; /* with the first */
            for (int s = 0; s < a->o->n_shares; s++)
                if (!add_share(a, i, k, s, all, err))
                    return false;
        }
    return true;
}

static bool add_skipped_parts(dv_ablating *a, dv_error *err)
{
    for (int i = 0; i < a->n_skips; i++) {
        const dv_skip *s = &a->skips[i];
        dv_ablated *p =
            new_part(a, DV_ABLATED_SKIPPED, s->name, dv_cost_without(a->model, &s->group), err);
        if (!p)
            return false;
        put_counts(p, counted_of(a, a->first_skip + i), a->of.n);
    }
    return true;
}

/* The number of the layer whose tensor it is, or its name. */
static const char *name_of(const dv_model *m, int tensor, char *to, size_t size)
{
    for (int i = 0; i < m->n_layers; i++)
        if (m->layers[i].tensor == tensor) {
            snprintf(to, size, "%d", i + 1);
            return to;
        }
    return dv_tensor_name(m, tensor);
}

static bool add_probed_part(dv_ablating *a, dv_error *err)
{
    char number[16];
    dv_probed c;
    dv_cost cost;
    if (a->probe < 0)
        return true;
    if (!dv_ablate_probe(a, &c, err) || !dv_cost_up_to(a->model, a->probe, &cost, err))
        return false;
    cost.parameters += (int64_t)a->n_classes * ((int64_t)a->n_values + 1);
    cost.multiply_adds += (int64_t)a->n_classes * (int64_t)a->n_values;
    dv_ablated *p = new_part(a, DV_ABLATED_PROBED,
                             name_of(a->model, a->probe, number, sizeof number), cost, err);
    if (p)
        put_counts(p, (counted){ c.right1, c.right5, c.lost, c.won }, a->of.n);
    return p != NULL;
}

/* -- single units ----------------------------------------------------------------------------- */

/* The classes that lose most, of equal ones the smaller number first. */
static void find_classes(const int32_t *by_class, int n, dv_ablated_unit *u)
{
    for (int c = 0; c < n; c++) {
        int at = u->n_classes;
        if (by_class[c] <= 0)
            continue;
        for (; at > 0 && by_class[c] > u->of_class[at - 1]; at--)
            if (at < DV_ABLATED_CLASSES) {
                u->classes[at] = u->classes[at - 1];
                u->of_class[at] = u->of_class[at - 1];
            }
        if (at < DV_ABLATED_CLASSES) {
            u->classes[at] = c;
            u->of_class[at] = by_class[c];
            u->n_classes += u->n_classes < DV_ABLATED_CLASSES;
        }
    }
}

static int by_loss(const void *a, const void *b)
{
    const dv_ablated_unit *p = a, *q = b;
    const int more = (q->lost - q->won) - (p->lost - p->won);
    if (more != 0)
        return more;
    return p->layer != q->layer ? p->layer - q->layer : p->channel - q->channel;
}

static bool add_units(dv_ablating *a, dv_error *err)
{
    dv_ablation *r = a->r;
    const int first = a->n_marks - a->n_units;
    r->units = calloc((size_t)a->n_units + 1, sizeof *r->units);
    if (!r->units)
        return dv_fail(err, DV_NO_MEMORY, "no memory for %d units", a->n_units);
    for (int i = 0; a->n_units > 0 && i < a->n_silenced; i++)
        for (int32_t c = 0; c < a->silenced[i].channels; c++) {
            const int mark = a->silenced[i].first_unit + c;
            dv_ablated_unit *u = &r->units[r->n_units++];
            *u = (dv_ablated_unit){
                .layer = i, .channel = c, .lost = a->lost[mark], .won = a->won[mark]
            };
            find_classes(a->by_class + (size_t)(mark - first) * (size_t)a->n_classes, a->n_classes,
                         u);
        }
    qsort(r->units, (size_t)r->n_units, sizeof *r->units, by_loss);
    return true;
}

/* -- all of it ------------------------------------------------------------------------------- */

/* Without labels that of what the network says most often, else of the class that most images have.
 */
static bool find_chance(dv_ablating *a, dv_error *err)
{
    int32_t *n = calloc((size_t)a->n_classes, sizeof *n), most = 0;
    if (!n)
        return dv_fail(err, DV_NO_MEMORY, "no memory for %d classes", a->n_classes);
    for (int32_t i = 0; i < a->of.n; i++) {
        n[a->of.target[i]]++;
        most = n[a->of.target[i]] > most ? n[a->of.target[i]] : most;
    }
    a->r->chance = (double)most / a->of.n;
    free(n);
    return true;
}

static bool add_whole(dv_ablating *a, dv_cost all, dv_error *err)
{
    counted c = { 0 };
    for (int32_t i = 0; i < a->of.n; i++) {
        c.right1 += a->of.rank[i] == 1;
        c.right5 += a->of.rank[i] <= 5;
    }
    dv_ablated *p = new_part(a, DV_ABLATED_WHOLE, NULL, all, err);
    if (!p)
        return false;
    put_counts(p, c, a->of.n);
    p->change = (dv_ablated_share){ 0, 0, 0 };
    return true;
}

bool dv_ablate_results(dv_ablating *a, dv_error *err)
{
    const dv_cost all = dv_cost_without(a->model, NULL);
    const size_t most =
        2 + (size_t)a->n_skips + (size_t)a->n_silenced * DV_ABLATE_ORDERS * (size_t)a->o->n_shares;
    a->r->images = a->of.n;
    a->r->n_classes = a->n_classes;
    a->r->parts = calloc(most, sizeof *a->r->parts);
    if (!a->r->parts)
        return dv_fail(err, DV_NO_MEMORY, "no memory for the results");
    return find_chance(a, err) && add_whole(a, all, err) && add_silenced_parts(a, all, err) &&
           add_skipped_parts(a, err) && add_probed_part(a, err) && add_units(a, err);
}
