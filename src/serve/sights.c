#include "serve/sights.h"
#include "image/frame.h"
#include "run/scores.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* -- networks --------------------------------------------------------------------------------- */

static void keep_tensor(dv_served *m, int tensor)
{
    for (int i = 0; i < m->n_keep; i++)
        if (m->keep[i] == tensor)
            return;
    m->keep[m->n_keep++] = tensor;
}

static bool open_model(dv_served *m, const dv_serve_model *is, dv_error *err)
{
    *m = (dv_served){ .is = is, .model = is->model, .preprocess = &is->preprocess };
    const int n = dv_model_n_layers(is->model);
    m->layers = calloc((size_t)n + 1, sizeof *m->layers);
    m->keep = calloc((size_t)n + 2, sizeof *m->keep);
    if (!m->layers || !m->keep)
        return dv_fail(err, DV_NO_MEMORY, "no memory for %d layers", n);
    for (int i = 0; i < n; i++) {
        dv_served_layer *l = &m->layers[m->n_layers++];
        l->layer = dv_model_layer(is->model, i);
        snprintf(l->id, sizeof l->id, "%d", l->layer->number);
        const dv_box box = dv_box_whole(dv_tensor_shape(is->model, l->layer->tensor));
        memcpy(l->size, box.hi, sizeof l->size);
        keep_tensor(m, l->layer->tensor);
    }
    keep_tensor(m, dv_model_output(is->model));
    m->n_classes = dv_model_classes(is->model);
    return n > 0 ||
           dv_fail(err, DV_UNSUPPORTED, "%s has no weight layer: there is nothing to look at",
                   dv_model_name(is->model));
}

const dv_served_layer *dv_served_find(const dv_served *m, const char *text, dv_error *err)
{
    for (int i = 0; i < m->n_layers; i++)
        if (strcmp(m->layers[i].id, text) == 0)
            return &m->layers[i];
    for (int i = 0; i < m->n_layers; i++)
        if (strcmp(m->layers[i].layer->name, text) == 0)
            return &m->layers[i];
    dv_fail(err, DV_BAD_USAGE, "layer '%.60s': %s has 1 to %d", text, dv_model_name(m->model),
            m->n_layers);
    return NULL;
}

static const dv_plan *plan_of(const dv_sights *s, dv_served *m, dv_rectify rectify, dv_error *err)
{
    const dv_request r = { .n_keep = m->n_keep,
                           .keep = m->keep,
                           .rules = (1U << DV_N_RULES) - 1,
                           .rectify = rectify,
                           .exact = s->o->exact,
                           .boxes = true,
                           .images = 1000 };
    if (!m->plans[rectify])
        m->plans[rectify] = dv_plan_new(m->model, &r, s->o->pool, err);
    return m->plans[rectify];
}

bool dv_sights_open(dv_sights *s, const dv_serve_options *o, dv_shelf *shelf, dv_error *err)
{
    memset(s, 0, sizeof *s);
    s->o = o;
    s->shelf = shelf;
    for (int i = 0; i < o->n_models; i++, s->n_models++)
        if (!open_model(&s->models[i], &o->models[i], err))
            return false;
    return true;
}

/* -- sights ----------------------------------------------------------------------------------- */

/* The image goes, its memory stays. */
static void empty(dv_sight *t)
{
    t->image[0] = '\0';
    free(t->name);
    free(t->path);
    t->name = t->path = NULL;
    dv_image_free(&t->seen);
}

static void release(dv_sight *t)
{
    empty(t);
    dv_projector_free(t->projector);
    dv_trace_free(t->trace);
    free(t->input);
    free(t);
}

void dv_sights_close(dv_sights *s)
{
    for (int i = 0; i < s->n; i++)
        release(s->sights[i]);
    for (int i = 0; i < s->n_models; i++) {
        for (int k = 0; k < 2; k++)
            dv_plan_free(s->models[i].plans[k]);
        free(s->models[i].layers);
        free(s->models[i].keep);
    }
}

static size_t n_inputs(const dv_served *m)
{
    return dv_shape_count(dv_tensor_shape(m->model, dv_model_input(m->model)));
}

static dv_sight *make(dv_sights *s, const dv_plan *plan, dv_served *m, dv_rectify rectify,
                      dv_error *err)
{
    dv_sight *t = calloc(1, sizeof *t);
    if (!t) {
        dv_fail(err, DV_NO_MEMORY, "no memory for what a network makes of an image");
        return NULL;
    }
    t->of = m;
    t->rectify = rectify;
    t->input = malloc(n_inputs(m) * sizeof *t->input);
    t->trace = dv_trace_new(plan, s->o->pool, err);
    t->projector = t->trace ? dv_projector_new(t->trace, s->o->pool, err) : NULL;
    t->bytes = dv_plan_trace_bytes(plan, s->o->pool);
    if (t->projector && t->input)
        return t;
    if (t->projector)
        dv_fail(err, DV_NO_MEMORY, "no memory for an input");
    release(t);
    return NULL;
}

static dv_sight *oldest(dv_sights *s, const dv_served *m, int rectify)
{
    dv_sight *found = NULL;
    for (int i = 0; i < s->n; i++) {
        dv_sight *t = s->sights[i];
        const uint64_t used = *t->image ? t->used : 0;
        if ((!m || (t->of == m && (int)t->rectify == rectify)) &&
            (!found || used < (*found->image ? found->used : 0)))
            found = t;
    }
    return found;
}

static bool is_full(const dv_sights *s, size_t more)
{
    size_t bytes = more;
    for (int i = 0; i < s->n; i++)
        bytes += s->sights[i]->bytes;
    return s->n == DV_SIGHTS_MOST || (s->n > 1 && bytes > DV_SIGHTS_BYTES);
}

/* Memory for a sight of this kind: that of an empty one, a new one, or that of the sight which of
 * all kinds was not asked for longest. Never that which was asked for last. */
static dv_sight *find_memory(dv_sights *s, dv_served *m, dv_rectify rectify, dv_error *err)
{
    const dv_plan *plan = plan_of(s, m, rectify, err);
    if (!plan)
        return NULL;
    const size_t bytes = dv_plan_trace_bytes(plan, s->o->pool);
    dv_sight *t = oldest(s, m, (int)rectify);
    if (t && !*t->image)
        return t;
    while (is_full(s, bytes)) {
        int at = 0;
        t = oldest(s, NULL, 0);
        if (t->of == m && t->rectify == rectify)
            return t;
        while (s->sights[at] != t)
            at++;
        release(t);
        s->sights[at] = s->sights[--s->n];
    }
    t = make(s, plan, m, rectify, err);
    if (t)
        s->sights[s->n++] = t;
    return t;
}

/* -- one image -------------------------------------------------------------------------------- */

/* Fills t->input and t->map. */
static bool prepare(dv_sight *t, const dv_image *im, const dv_edit *e, float *to, dv_error *err)
{
    const dv_preprocess *p = t->of->preprocess;
    if (!dv_prepare(im, p, to, &t->map, err))
        return false;
    if (!*e->text)
        return true;
    dv_image view;
    if (!dv_edit_view(e, im, p, &view, err))
        return false;
    dv_pixels_prepare(view.rgb, p, to);
    dv_image_free(&view);
    return true;
}

/* The box outside of which two inputs (C,H,W) are the same. */
static dv_box difference(const dv_served *m, const float *a, const float *b)
{
    const dv_box whole = dv_box_whole(dv_tensor_shape(m->model, dv_model_input(m->model)));
    const int32_t h = whole.hi[DV_Y], w = whole.hi[DV_X];
    dv_box box = { { 0, h, w }, { whole.hi[DV_C], 0, 0 } };
    for (int32_t c = 0; c < whole.hi[DV_C]; c++)
        for (int32_t y = 0; y < h; y++, a += w, b += w) {
            if (memcmp(a, b, (size_t)w * sizeof *a) == 0)
                continue;
            int32_t first = 0, last = w;
            while (first < w && a[first] == b[first])
                first++;
            while (last > first && a[last - 1] == b[last - 1])
                last--;
            box.lo[DV_Y] = y < box.lo[DV_Y] ? y : box.lo[DV_Y];
            box.hi[DV_Y] = y + 1 > box.hi[DV_Y] ? y + 1 : box.hi[DV_Y];
            box.lo[DV_X] = first < box.lo[DV_X] ? first : box.lo[DV_X];
            box.hi[DV_X] = last > box.hi[DV_X] ? last : box.hi[DV_X];
        }
    return box;
}

/* The pass for a new input, which takes the place of the old one: of what has changed alone where
 * that is a small part. known: the trace is that of the old input. */
static bool pass(dv_sight *t, float *input, bool known, dv_error *err)
{
    const dv_box whole = dv_box_whole(dv_tensor_shape(t->of->model, dv_model_input(t->of->model)));
    float *old = t->input;
    t->input = input;
    bool ok;
    if (known) {
        const dv_box box = difference(t->of, old, input);
        const int64_t part = (int64_t)(box.hi[DV_Y] - box.lo[DV_Y]) * (box.hi[DV_X] - box.lo[DV_X]);
        if (dv_box_empty(&box))
            ok = true;
        else if (2 * part < (int64_t)whole.hi[DV_Y] * whole.hi[DV_X])
            ok = dv_trace_forward_box(t->trace, input, box, err);
        else
            ok = dv_trace_forward(t->trace, input, err);
    } else {
        ok = dv_trace_forward(t->trace, input, err);
    }
    free(old);
    return ok;
}

static bool look(dv_sights *s, dv_sight *t, const char *image, const dv_edit *e, bool known,
                 dv_error *err)
{
    dv_image im;
    dv_shelf_image is;
    if (!dv_shelf_open(s->shelf, image, &im, &is, err))
        return false;
    float *input = malloc(n_inputs(t->of) * sizeof *input);
    bool ok = (input || dv_fail(err, DV_NO_MEMORY, "no memory for an input")) &&
              prepare(t, &im, e, input, err);
    dv_image_free(&im);
    empty(t);
    if (ok)
        ok =
            pass(t, input, known, err) && dv_draw_input(&t->seen, t->input, t->of->preprocess, err);
    else
        free(input);
    if (ok) {
        t->name = is.name;
        t->path = is.path;
        is.name = is.path = NULL;
        memcpy(t->sha256, is.sha256, sizeof t->sha256);
        memcpy(t->image, image, strlen(image) + 1);
        memcpy(t->edit, e->text, strlen(e->text) + 1);
    }
    dv_shelf_image_free(&is);
    return ok;
}

dv_sight *dv_sights_get(dv_sights *s, int model, const char *image, const dv_edit *edit,
                        dv_rectify rectify, dv_error *err)
{
    if (model < 0 || model >= s->n_models || !*image) {
        dv_fail(err, DV_BAD_USAGE, *image ? "model %d: there are 0 to %d" : "no image was said",
                model, s->n_models - 1);
        return NULL;
    }
    dv_served *m = &s->models[model];
    dv_sight *found = NULL, *edited = NULL;
    for (int i = 0; i < s->n && !found; i++) {
        dv_sight *t = s->sights[i];
        if (t->of != m || t->rectify != rectify || strcmp(t->image, image) != 0)
            continue;
        if (strcmp(t->edit, edit->text) == 0)
            found = t;
        else if (*t->edit)
            edited = t;
    }
    if (!found) {
        /* An edit takes the place of the one before it, from which it differs little. */
        const bool known = *edit->text && edited;
        found = known ? edited : find_memory(s, m, rectify, err);
        if (!found || !look(s, found, image, edit, known, err))
            return NULL;
    }
    found->used = ++s->uses;
    return found;
}
