/* answer_look.c - what a network sees and says of an image: its input, classes, maps, strongest
 * units, and how far an edit has moved it all. */
#include "base/statistics.h"
#include "image/png.h"
#include "run/scores.h"
#include "serve/server.h"
#include "tensor/array.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

dv_sight *dv_question_sight(dv_server *s, const dv_question *q, const dv_served_layer **layer,
                            dv_error *err)
{
    const dv_asked *a = &q->asked;
    dv_sight *t = dv_sights_get(&s->sights, a->model, a->image, &a->edit, a->rectify, err);
    if (!t || !layer)
        return t;
    *layer = dv_served_find(t->of, a->layer, err);
    if (!*layer)
        return NULL;
    if (a->unit < (*layer)->size[DV_C])
        return t;
    dv_fail(err, DV_BAD_USAGE, "unit %d: layer %s has 0 to %d", a->unit, (*layer)->id,
            (int)(*layer)->size[DV_C] - 1);
    return NULL;
}

bool dv_answer_input(dv_server *s, dv_question *q, dv_reply *r, dv_error *err)
{
    const dv_sight *t = dv_question_sight(s, q, NULL, err);
    uint8_t *png;
    size_t size;
    if (!t ||
        !dv_png_encode(&png, &size, t->seen.width, t->seen.height, 3, t->seen.rgb, NULL, 0, err))
        return false;
    dv_reply_bytes(r, "image/png", png, size);
    dv_reply_header(r, "X-Map", "[%.9g,%.9g,%.9g,%.9g]", t->map.offset[1] * t->map.scale[1],
                    t->map.offset[0] * t->map.scale[0], t->map.scale[1], t->map.scale[0]);
    return true;
}

/* -- classes ---------------------------------------------------------------------------------- */

enum { CLASSES = 5 };

static void put_class(dv_json *w, const dv_served *m, int class, const float *score,
                      const dv_score_sum *sum)
{
    dv_json_object(w, NULL);
    dv_json_put_int(w, "class", class);
    dv_json_put_text(w, "label",
                     m->is->labels && class < m->is->labels->n ? dv_label(m->is->labels, class)
                                                               : "");
    dv_json_put_short(w, "p", dv_score_probability(sum, score[class]), 6);
    dv_json_put_float(w, "score", score[class]);
    dv_json_end(w);
}

bool dv_answer_predict(dv_server *s, dv_question *q, dv_reply *r, dv_error *err)
{
    const dv_sight *t = dv_question_sight(s, q, NULL, err);
    if (!t)
        return false;
    const int most = q->asked.n ? q->asked.n : CLASSES, of = t->of->n_classes;
    int best[DV_ASKED_MOST], n = 0;
    const float *score = dv_trace_tensor(t->trace, dv_model_output(t->of->model));
    for (int i = 0; i < of; i++) {
        int at = n < most ? n++ : n;
        if (at == n && !dv_score_before(score, i, best[n - 1]))
            continue;
        at = at == n ? n - 1 : at;
        for (; at > 0 && dv_score_before(score, i, best[at - 1]); at--)
            best[at] = best[at - 1];
        best[at] = i;
    }
    dv_reply_json j;
    dv_json *w = dv_reply_begin(&j);
    const dv_score_sum sum = n ? dv_score_add_up(score, (size_t)of) : (dv_score_sum){ true, 0, 0 };
    dv_json_object(w, NULL);
    dv_json_list(w, "top");
    for (int i = 0; i < n; i++)
        put_class(w, t->of, best[i], score, &sum);
    dv_json_end(w);
    dv_json_put_bool(w, "softmax", n && !sum.as_they_are);
    dv_json_end(w);
    return dv_reply_end(r, &j, true, err);
}

/* -- maps ------------------------------------------------------------------------------------- */

enum { MAP_SIDE = 64 };

static void put_u32(uint8_t *to, uint32_t v)
{
    for (int i = 0; i < 4; i++)
        to[i] = (uint8_t)(v >> (8 * i));
}

static void put_float(uint8_t *to, float v)
{
    uint32_t bits;
    memcpy(&bits, &v, sizeof bits);
    put_u32(to, bits);
}

/* The largest of a map (rows, columns) in squares of `factor`, as a byte of `full`. */
static void shrink(const float *map, int rows, int columns, int factor, float full, uint8_t *to)
{
    for (int y = 0; y < rows; y += factor)
        for (int x = 0; x < columns; x += factor) {
            float most = 0;
            for (int i = y; i < rows && i < y + factor; i++)
                for (int k = x; k < columns && k < x + factor; k++)
                    most = fmaxf(most, map[(size_t)i * (size_t)columns + (size_t)k]);
            *to++ = full > 0 ? (uint8_t)lrintf(fminf(255, most / full * 255)) : 0;
        }
}

bool dv_answer_maps(dv_server *s, dv_question *q, dv_reply *r, dv_error *err)
{
    const dv_served_layer *l;
    const dv_sight *t = dv_question_sight(s, q, &l, err);
    if (!t)
        return false;
    const int channels = l->size[DV_C], rows = l->size[DV_Y], columns = l->size[DV_X];
    const int longer = rows > columns ? rows : columns;
    const int factor = (longer + MAP_SIDE - 1) / MAP_SIDE;
    const size_t n = (size_t)rows * (size_t)columns;
    const size_t small =
        (size_t)((rows + factor - 1) / factor) * (size_t)((columns + factor - 1) / factor);
    const size_t size = 12 + (size_t)channels * (4 + small);
    const float *maps = dv_trace_tensor(t->trace, l->layer->tensor);
    uint8_t *bytes = malloc(size);
    if (!bytes)
        return dv_fail(err, DV_NO_MEMORY, "no memory for %d maps", channels);
    put_u32(bytes, (uint32_t)channels);
    put_u32(bytes + 4, (uint32_t)((rows + factor - 1) / factor));
    put_u32(bytes + 8, (uint32_t)((columns + factor - 1) / factor));
    float full = 0;
    for (int c = 0; c < channels; c++) {
        float most = maps[(size_t)c * n];
        for (size_t i = 1; i < n; i++)
            most = fmaxf(most, maps[(size_t)c * n + i]);
        put_float(bytes + 12 + 4 * (size_t)c, most);
        full = fmaxf(full, most);
    }
    uint8_t *to = bytes + 12 + 4 * (size_t)channels;
    for (int c = 0; c < channels; c++)
        shrink(maps + (size_t)c * n, rows, columns, factor, full, to + (size_t)c * small);
    dv_reply_bytes(r, "application/octet-stream", bytes, size);
    return true;
}

bool dv_answer_map(dv_server *s, dv_question *q, dv_reply *r, dv_error *err)
{
    const dv_served_layer *l;
    const dv_sight *t = dv_question_sight(s, q, &l, err);
    if (!t)
        return false;
    const size_t n = (size_t)l->size[DV_Y] * (size_t)l->size[DV_X];
    const int unit = q->asked.unit < 0 ? 0 : q->asked.unit;
    const float *map = dv_trace_tensor(t->trace, l->layer->tensor) + (size_t)unit * n;
    uint8_t *bytes = malloc(8 + 2 * n);
    if (!bytes)
        return dv_fail(err, DV_NO_MEMORY, "no memory for a map");
    put_u32(bytes, (uint32_t)l->size[DV_Y]);
    put_u32(bytes + 4, (uint32_t)l->size[DV_X]);
    for (size_t i = 0; i < n; i++) {
        const uint16_t half = dv_half_from_float(map[i]);
        bytes[8 + 2 * i] = (uint8_t)half;
        bytes[9 + 2 * i] = (uint8_t)(half >> 8);
    }
    dv_reply_bytes(r, "application/octet-stream", bytes, 8 + 2 * n);
    return true;
}

/* -- strongest units -------------------------------------------------------------------------- */

void dv_put_ranked(dv_json *w, const dv_ranked *r)
{
    dv_json_put_text(w, "layer", r->layer->id);
    dv_json_put_int(w, "unit", r->unit.channel);
    dv_json_put_float(w, "value", r->value);
    dv_json_put_int(w, "y", r->unit.y);
    dv_json_put_int(w, "x", r->unit.x);
}

/* Of one layer by value; `relative`, of several by how far they are above the root mean square of
 * the layer's strongest values. */
static void rank_layer(const dv_sight *t, const dv_served_layer *l, bool relative, dv_ranking *r)
{
    double squares = 0;
    dv_unit u = { l->layer->tensor, 0, 0, 0 };
    for (u.channel = 0; relative && u.channel < l->size[DV_C]; u.channel++) {
        const double v = (double)dv_strongest(t->trace, &u);
        squares += v * v / l->size[DV_C];
    }
    for (u.channel = 0; u.channel < l->size[DV_C]; u.channel++) {
        const float v = dv_strongest(t->trace, &u);
        const double rank = !relative ? (double)v : squares > 0 ? (double)v / sqrt(squares) : 0;
        dv_ranking_add(r, (dv_ranked){ l, u, v, rank, 0 });
    }
}

enum { STRONGEST = 9 };

bool dv_answer_strongest(dv_server *s, dv_question *q, dv_reply *r, dv_error *err)
{
    const dv_served_layer *l = NULL;
    const bool all = !*q->asked.layer;
    const dv_sight *t = dv_question_sight(s, q, all ? NULL : &l, err);
    if (!t)
        return false;
    dv_ranking ranking = { .most = q->asked.n ? q->asked.n : STRONGEST };
    for (int i = 0; all && i < t->of->n_layers; i++)
        rank_layer(t, &t->of->layers[i], true, &ranking);
    if (!all)
        rank_layer(t, l, false, &ranking);
    dv_reply_json j;
    dv_json *w = dv_reply_begin(&j);
    dv_json_list(w, NULL);
    for (int i = 0; i < ranking.n; i++) {
        dv_json_object(w, NULL);
        dv_put_ranked(w, &ranking.best[i]);
        dv_json_end(w);
    }
    dv_json_end(w);
    return dv_reply_end(r, &j, true, err);
}

/* -- what an edit changes --------------------------------------------------------------------- */

/* |a - b| / |b|, as the study of invariance has it; a NaN where b is 0. */
static double distance(const float *a, const float *b, size_t n)
{
    const double length = dv_distance(b, NULL, n);
    return length > 0 ? dv_distance(a, b, n) / length : (double)NAN;
}

static void put_distance(dv_json *w, const dv_served *m, const dv_served_layer *l,
                         const dv_sight *now, const dv_sight *before)
{
    const int tensor = l->layer->tensor;
    dv_json_object(w, NULL);
    dv_json_put_text(w, "layer", l->id);
    dv_json_put_short(w, "distance",
                      distance(dv_trace_tensor(now->trace, tensor),
                               dv_trace_tensor(before->trace, tensor),
                               dv_shape_count(dv_tensor_shape(m->model, tensor))),
                      6);
    dv_json_end(w);
}

bool dv_answer_shift(dv_server *s, dv_question *q, dv_reply *r, dv_error *err)
{
    dv_question plain = *q;
    const dv_served_layer *l = NULL;
    const bool all = !*q->asked.layer;
    plain.asked.edit = (dv_edit){ .moved = dv_transform_none() };
    /* The second does not take the memory of the first, which was used last. */
    const dv_sight *before = dv_question_sight(s, &plain, NULL, err);
    const dv_sight *now = before ? dv_question_sight(s, q, all ? NULL : &l, err) : NULL;
    if (!now)
        return false;
    const dv_served *m = now->of;
    dv_reply_json j;
    dv_json *w = dv_reply_begin(&j);
    dv_json_object(w, NULL);
    dv_json_list(w, "distances");
    for (int i = 0; all && i < m->n_layers; i++)
        put_distance(w, m, &m->layers[i], now, before);
    if (!all)
        put_distance(w, m, l, now, before);
    dv_json_end(w);
    if (m->n_classes > 0) {
        const int output = dv_model_output(m->model);
        const size_t n = (size_t)m->n_classes;
        const int class = dv_score_best(dv_trace_tensor(before->trace, output), n);
        dv_json_put_int(w, "class", class);
        dv_json_put_short(w, "p", dv_probability_of(dv_trace_tensor(now->trace, output), n, class),
                          6);
    } else {
        dv_json_put_null(w, "p");
    }
    dv_json_end(w);
    return dv_reply_end(r, &j, true, err);
}
