/* atlas_data_units.c - data/layer-K-units-J.js: all that the page of a unit tells. */
#include "atlas/atlas_data.h"
#include "index/index_build.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { UNITS_A_FILE = 32, MOST_CLASSES = 10 };

/* -- hits ------------------------------------------------------------------------------------- */

typedef struct hits {
    const dv_atlas_data *d;
    const dv_atlas_layer *layer;
    const dv_atlas_unit *unit;
    const dv_atlas_column *columns; /* (n) */
    int n;
    bool samples;
} hits;

static int place_of(const hits *h, int i)
{
    return dv_atlas_image_of(h->d->work, h->columns[i].hit.image);
}

/* The receptive field in pixels of the photograph, whole ones, rounded outwards. */
static bool put_box(dv_json *w, const hits *h, int i, dv_error *err)
{
    const dv_atlas_work *work = h->d->work;
    const dv_atlas_image *image = &work->images[place_of(h, i)];
    const dv_image_map *m = &image->map;
    const dv_hit *hit = &h->columns[i].hit;
    const dv_unit u = { h->layer->tensor, h->unit->channel, hit->y, hit->x };
    dv_box f;
    if (!image->there) {
        dv_json_put_null(w, NULL);
        return true;
    }
    if (!dv_model_field(work->model, u.tensor, dv_unit_box(work->model, &u), &f, err))
        return false;
    const int32_t box[4] = { (int32_t)floor((f.lo[DV_X] + m->offset[1]) * m->scale[1]),
                             (int32_t)floor((f.lo[DV_Y] + m->offset[0]) * m->scale[0]),
                             (int32_t)ceil((f.hi[DV_X] + m->offset[1]) * m->scale[1]),
                             (int32_t)ceil((f.hi[DV_Y] + m->offset[0]) * m->scale[0]) };
    dv_json_put_ints(w, NULL, box, 4);
    return true;
}

/* Rules by which some of these are projected, the first ones. */
static int rules_of(const hits *h)
{
    const dv_atlas_options *o = h->d->work->options;
    return h->samples ? o->samples_projected : o->compared > 0 ? DV_N_RULES : 1;
}

static bool is_projected(const hits *h, int i, int rule)
{
    return h->columns[i].size[DV_CELL_RULE + rule] > 0;
}

static void put_scales(dv_json *w, const hits *h)
{
    dv_json_object(w, "scale");
    for (int r = 0; r < rules_of(h); r++) {
        dv_json_list(w, dv_rule_name(dv_atlas_rules[r]));
        for (int i = 0; i < h->n; i++)
            if (is_projected(h, i, r))
                dv_json_put_float(w, NULL, h->columns[i].scale[r]);
            else
                dv_json_put_null(w, NULL);
        dv_json_end(w);
    }
    dv_json_end(w);
}

static void put_flat(dv_json *w, const hits *h)
{
    bool any = false;
    for (int r = 0; r < rules_of(h); r++)
        for (int i = 0; i < h->n; i++)
            any = any || (is_projected(h, i, r) && h->columns[i].scale[r] == 0);
    if (!any)
        return;
    dv_json_object(w, "flat");
    for (int r = 0; r < rules_of(h); r++) {
        dv_json_list(w, dv_rule_name(dv_atlas_rules[r]));
        for (int i = 0; i < h->n; i++)
            if (is_projected(h, i, r) && h->columns[i].scale[r] == 0)
                dv_json_put_int(w, NULL, i);
        dv_json_end(w);
    }
    dv_json_end(w);
}

static bool put_hits(dv_json *w, const char *key, const hits *h, dv_error *err)
{
    bool ok = true;
    dv_json_object(w, key);
    dv_json_list(w, "value");
    for (int i = 0; i < h->n; i++)
        dv_json_put_float(w, NULL, h->columns[i].hit.value);
    dv_json_end(w);
    dv_json_list(w, "image");
    for (int i = 0; i < h->n; i++)
        dv_json_put_int(w, NULL, place_of(h, i));
    dv_json_end(w);
    dv_json_list(w, "y");
    for (int i = 0; i < h->n; i++)
        dv_json_put_int(w, NULL, h->columns[i].hit.y);
    dv_json_end(w);
    dv_json_list(w, "x");
    for (int i = 0; i < h->n; i++)
        dv_json_put_int(w, NULL, h->columns[i].hit.x);
    dv_json_end(w);
    dv_json_list(w, "box");
    for (int i = 0; ok && i < h->n; i++)
        ok = put_box(w, h, i, err);
    dv_json_end(w);
    put_scales(w, h);
    put_flat(w, h);
    if (h->samples) {
        dv_json_list(w, "quantile");
        for (int i = 0; i < h->n; i++)
            dv_json_put_short(w, NULL, 1 - (i + 0.5) / h->n, 3);
        dv_json_end(w);
    }
    dv_json_end(w);
    return ok;
}

/* -- the rest --------------------------------------------------------------------------------- */

static void put_stats(dv_json *w, const dv_atlas_data *d, int unit)
{
    dv_json_object(w, "stats");
    for (int i = 0; i < DV_N_NUMBERS; i++) {
        const double v = dv_number_of(d, unit, i);
        if (!isnan(v))
            dv_json_put_short(w, dv_number_table[i].key, v, 6);
    }
    dv_json_end(w);
}

static void put_classes(dv_json *w, const dv_atlas_data *d, const dv_atlas_unit *u)
{
    if (!dv_atlas_has_classes(d->work)) {
        dv_json_put_null(w, "classes");
        return;
    }
    dv_class_share *shares = malloc((size_t)d->work->index->k * sizeof *shares);
    if (!shares) {
        w->to->failed = true;
        return;
    }
    int classed;
    const int n = dv_atlas_class_mix(d->work, u, d->classes, shares, &classed);
    dv_json_list(w, "classes");
    for (int i = 0; i < n && i < MOST_CLASSES; i++) {
        dv_json_list(w, NULL);
        dv_json_put_int(w, NULL, shares[i].class);
        dv_json_put_int(w, NULL, shares[i].hits);
        dv_json_end(w);
    }
    dv_json_end(w);
    dv_json_put_int(w, "classed", classed);
    free(shares);
}

static void put_links(dv_json *w, const char *key, const dv_link *links, int n)
{
    dv_json_list(w, key);
    for (int i = 0; i < n; i++) {
        dv_json_list(w, NULL);
        dv_json_put_int(w, NULL, links[i].layer);
        dv_json_put_int(w, NULL, links[i].unit);
        dv_json_put_short(w, NULL, (double)links[i].norm, 4);
        dv_json_put_short(w, NULL, (double)links[i].sum, 4);
        dv_json_end(w);
    }
    dv_json_end(w);
}

static void put_twins(dv_json *w, const dv_links *l)
{
    dv_json_list(w, "twins");
    for (int i = 0; i < l->n_twins; i++) {
        dv_json_list(w, NULL);
        dv_json_put_int(w, NULL, l->twins[i].unit);
        if (isnan(l->twins[i].cosine))
            dv_json_put_null(w, NULL);
        else
            dv_json_put_short(w, NULL, (double)l->twins[i].cosine, 4);
        dv_json_put_short(w, NULL, (double)l->twins[i].overlap, 4);
        dv_json_end(w);
    }
    dv_json_end(w);
}

static bool put_unit(dv_json *w, const dv_atlas_data *d, int unit, dv_error *err)
{
    const dv_atlas_work *work = d->work;
    const dv_atlas_unit *u = &work->units[unit];
    hits h = { d, &work->layers[u->layer], u, u->columns, u->n_hits, false };
    hits s = { d, h.layer, u, u->columns + u->n_hits, u->n_samples, true };
    const dv_links *links = &d->links[unit];
    dv_json_space(w, "\n");
    dv_json_object(w, NULL);
    put_stats(w, d, unit);
    dv_index_put_histogram(w, u->mined);
    bool ok = put_hits(w, "hits", &h, err);
    if (work->index->sample > 0)
        ok = ok && put_hits(w, "samples", &s, err);
    else
        dv_json_put_null(w, "samples");
    put_classes(w, d, u);
    if (h.layer->node < 0 && links->n_inputs == 0)
        dv_json_put_null(w, "inputs");
    else
        put_links(w, "inputs", links->inputs, links->n_inputs);
    put_links(w, "outputs", links->outputs, links->n_outputs);
    put_twins(w, links);
    dv_json_end(w);
    return ok;
}

bool dv_data_units(const dv_atlas_data *d, int layer, dv_error *err)
{
    const dv_atlas_layer *l = &d->work->layers[layer];
    bool ok = true;
    for (int from = 0; ok && from < l->n; from += UNITS_A_FILE) {
        dv_data_file f;
        char name[48];
        dv_data_begin(&f);
        dv_json_list(&f.json, NULL);
        for (int i = from; ok && i < l->n && i < from + UNITS_A_FILE; i++)
            ok = put_unit(&f.json, d, l->first + i, err);
        dv_json_end(&f.json);
        snprintf(name, sizeof name, "layer-%d-units-%d.js", layer, from / UNITS_A_FILE);
        ok = dv_data_end(d, &f, ok, name, err);
    }
    return ok;
}
