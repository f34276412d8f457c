/* answer_index.c - beside an image what the whole set of images says: a unit's strongest, and which
 * units are unusual here. */
#include "base/path.h"
#include "deconvviz/index.h"
#include "serve/server.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const dv_index_layer *find_layer(const dv_server *s, const dv_asked *a, dv_error *err)
{
    if (!s->o->index || a->model != 0) {
        dv_fail(err, DV_BAD_USAGE, "there is no index of this network (see --index)");
        return NULL;
    }
    const dv_index_layer *l = dv_index_find(s->o->index, a->layer);
    if (!l)
        dv_fail(err, DV_BAD_USAGE, "layer '%.60s' was not mined", a->layer);
    return l;
}

static const dv_index_unit *find_unit(const dv_server *s, const dv_asked *a, dv_error *err)
{
    const dv_index_layer *l = find_layer(s, a, err);
    if (!l)
        return NULL;
    if (a->unit >= 0 && a->unit < l->size[DV_C])
        return &l->units[a->unit];
    dv_fail(err, DV_BAD_USAGE, "unit %d: layer %s has 0 to %d", a->unit, l->layer,
            (int)l->size[DV_C] - 1);
    return NULL;
}

/* -- hits ------------------------------------------------------------------------------------- */

enum { HITS = 9 };

bool dv_answer_hits(dv_server *s, dv_question *q, dv_reply *r, dv_error *err)
{
    const dv_index_unit *u = find_unit(s, &q->asked, err);
    if (!u)
        return false;
    const dv_index *x = s->o->index;
    dv_reply_json j;
    dv_json *w = dv_reply_begin(&j);
    dv_json_object(w, NULL);
    dv_json_list(w, "hits");
    for (int i = 0; i < u->n_hits && i < HITS; i++) {
        const dv_hit *h = &u->hits[i];
        dv_json_object(w, NULL);
        dv_json_put_text(w, "image", dv_index_file_of(x, h->image)->path);
        dv_json_put_float(w, "value", h->value);
        dv_json_put_int(w, "y", h->y);
        dv_json_put_int(w, "x", h->x);
        dv_json_end(w);
    }
    dv_json_end(w);
    dv_json_object(w, "stats");
    dv_json_put_float(w, "max", u->n_hits > 0 ? u->max : 0);
    dv_json_put_short(w, "active_images", (double)u->active_images / x->read, 6);
    dv_json_put_int(w, "images", x->read);
    dv_json_end(w);
    dv_json_end(w);
    return dv_reply_end(r, &j, true, err);
}

/* The image of a hit comes to the others, without being listed; then it is asked as any. */
bool dv_answer_hit(dv_server *s, dv_question *q, dv_reply *r, dv_error *err)
{
    const dv_index_unit *u = find_unit(s, &q->asked, err);
    dv_asked *a = &q->asked;
    if (!u)
        return false;
    if (a->place >= u->n_hits)
        return dv_fail(err, DV_BAD_USAGE, "hit %d: there are 0 to %d", a->place, u->n_hits - 1);
    const dv_hit *h = &u->hits[a->place];
    const dv_index_file *f = dv_index_file_of(s->o->index, h->image);
    char *path = dv_path_below(s->o->root, f->path, err);
    const bool ok = path && dv_shelf_add_file(&s->shelf, path, f->path, false, a->image, err);
    free(path);
    if (!ok)
        return false;
    if (strncmp(a->image, f->sha256, DV_ASKED_ID_MAX - 1) != 0)
        return dv_fail(err, DV_BAD_DATA, "%s has changed since it was mined", f->path);
    a->edit = (dv_edit){ .moved = dv_transform_none() };
    a->at = (dv_position){ .y = h->y, .x = h->x };
    a->format = DV_FORMAT_PNG;
    r->lasts = dv_answer_project(s, q, r, err);
    return r->lasts;
}

/* -- what is unusual -------------------------------------------------------------------------- */

/* The share of the images whose largest value is below v, by the histogram: within a bin as if they
 * lay evenly. */
static double share_below(const dv_index_unit *u, int32_t read, double v)
{
    double below = (double)(read - u->active_images);
    for (int i = 0; i < DV_INDEX_BINS; i++) {
        const double low = dv_index_bin_begin(i), high = dv_index_bin_begin(i + 1);
        const double part = (v - low) / (high - low);
        below += u->histogram[i] * (part < 0 ? 0 : part > 1 ? 1 : part);
    }
    return below / read;
}

static const double unusual_from = 0.99;
enum { UNUSUAL = 20 };

/* By the share of images that are below, then by how far it is above all of them. */
static void rank_layer(const dv_server *s, const dv_sight *t, const dv_served_layer *l,
                       dv_ranking *r)
{
    const dv_index *x = s->o->index;
    const dv_index_layer *mined = dv_index_find(x, l->id);
    if (!mined || mined->size[DV_C] != l->size[DV_C])
        return;
    dv_unit u = { l->layer->tensor, 0, 0, 0 };
    for (u.channel = 0; u.channel < l->size[DV_C]; u.channel++) {
        const dv_index_unit *of = &mined->units[u.channel];
        const float v = dv_strongest(t->trace, &u);
        if (!(v > 0) || !(of->max > 0))
            continue;
        const double above = v >= of->max ? 1 : share_below(of, x->read, (double)v);
        if (above >= unusual_from)
            dv_ranking_add(r, (dv_ranked){ l, u, v, above, (double)v / (double)of->max });
    }
}

bool dv_answer_unusual(dv_server *s, dv_question *q, dv_reply *r, dv_error *err)
{
    const dv_asked *a = &q->asked;
    if (!s->o->index || a->model != 0)
        return dv_fail(err, DV_BAD_USAGE, "there is no index of this network (see --index)");
    const dv_sight *t = dv_question_sight(s, q, NULL, err);
    if (!t)
        return false;
    dv_ranking ranking = { .most = a->n ? a->n : UNUSUAL };
    for (int i = 0; i < t->of->n_layers; i++)
        rank_layer(s, t, &t->of->layers[i], &ranking);
    dv_reply_json j;
    dv_json *w = dv_reply_begin(&j);
    dv_json_list(w, NULL);
    for (int i = 0; i < ranking.n; i++) {
        dv_json_object(w, NULL);
        dv_put_ranked(w, &ranking.best[i]);
        dv_json_put_short(w, "above", ranking.best[i].rank, 6);
        dv_json_end(w);
    }
    dv_json_end(w);
    return dv_reply_end(r, &j, true, err);
}
