/* answer_state.c - what there is: networks, layers, images; and images that come in and go out. */
#include "deconvviz/version.h"
#include "graph/model.h"
#include "image/jpeg_write.h"
#include "image/resize.h"
#include "serve/server.h"

#include <stdlib.h>
#include <string.h>

/* -- the state -------------------------------------------------------------------------------- */

static void put_pair(dv_json *w, const char *key, int32_t a, int32_t b)
{
    const int32_t v[] = { a, b };
    dv_json_put_ints(w, key, v, 2);
}

/* Where the receptive field of position (y,x) lies: first + stride * (y,x), of `size`. */
static bool put_field(dv_json *w, const dv_served *m, const dv_served_layer *l, dv_error *err)
{
    const dv_unit u = { l->layer->tensor, 0, 0, 0 };
    int32_t stride[2];
    dv_box field;
    if (!dv_model_field(m->model, u.tensor, dv_unit_box(m->model, &u), &field, err) ||
        !dv_model_stride(m->model, u.tensor, stride, err))
        return false;
    if (dv_box_empty(&field)) {
        dv_json_put_null(w, "field");
        return true;
    }
    dv_json_object(w, "field");
    put_pair(w, "size", field.hi[DV_Y] - field.lo[DV_Y], field.hi[DV_X] - field.lo[DV_X]);
    put_pair(w, "stride", stride[0], stride[1]);
    put_pair(w, "first", field.lo[DV_Y], field.lo[DV_X]);
    dv_json_end(w);
    return true;
}

static bool put_layer(dv_json *w, const dv_served *m, const dv_served_layer *l, dv_error *err)
{
    const dv_shape *shape = dv_tensor_shape(m->model, l->layer->tensor);
    dv_json_space(w, "\n");
    dv_json_object(w, NULL);
    dv_json_put_text(w, "id", l->id);
    dv_json_put_text(w, "name", l->layer->name);
    dv_json_put_text(w, "tensor", dv_tensor_name(m->model, l->layer->tensor));
    dv_json_put_text(w, "op", l->layer->op);
    dv_json_put_ints(w, "shape", shape->dim, shape->rank);
    dv_json_put_int(w, "units", l->size[DV_C]);
    dv_json_put_bool(w, "maps", (int64_t)l->size[DV_Y] * l->size[DV_X] > 1);
    const bool ok = put_field(w, m, l, err);
    dv_json_end(w);
    return ok;
}

static bool put_model(dv_json *w, const dv_served *m, int number, dv_error *err)
{
    const dv_shape *in = dv_tensor_shape(m->model, dv_model_input(m->model));
    bool ok = true;
    dv_json_space(w, "\n");
    dv_json_object(w, NULL);
    dv_json_put_int(w, "id", number);
    dv_json_put_text(w, "name", dv_model_name(m->model));
    dv_json_put_text(w, "path", dv_model_path(m->model));
    dv_json_put_ints(w, "input", in->dim, in->rank);
    dv_json_put_bool(w, "labels", m->is->labels && m->is->labels->n > 0);
    dv_json_put_int(w, "n_classes", m->n_classes);
    dv_json_put_text(w, "warn",
                     dv_model_n_warnings(m->model) > 0 ? dv_model_warning(m->model, 0) : NULL);
    dv_json_list(w, "layers");
    for (int i = 0; ok && i < m->n_layers; i++)
        ok = put_layer(w, m, &m->layers[i], err);
    dv_json_end(w);
    dv_json_end(w);
    return ok;
}

static void put_image(dv_json *w, const dv_shelf_image *i)
{
    dv_json_object(w, NULL);
    dv_json_put_text(w, "id", i->id);
    dv_json_put_text(w, "name", i->name);
    dv_json_put_int(w, "width", i->width);
    dv_json_put_int(w, "height", i->height);
    dv_json_end(w);
}

static void put_index(dv_json *w, const dv_index *x)
{
    if (!x) {
        dv_json_put_null(w, "index");
        return;
    }
    dv_json_object(w, "index");
    dv_json_put_int(w, "model", 0);
    dv_json_put_int(w, "images", x->read);
    dv_json_list(w, "layers");
    for (int i = 0; i < x->n_layers; i++)
        dv_json_put_text(w, NULL, x->layers[i].layer);
    dv_json_end(w);
    dv_json_end(w);
}

bool dv_answer_state(dv_server *s, dv_question *q, dv_reply *r, dv_error *err)
{
    (void)q;
    dv_reply_json j;
    dv_json *w = dv_reply_begin(&j);
    bool ok = true;
    dv_json_object(w, NULL);
    dv_json_put_text(w, "program", DV_VERSION);
    dv_json_list(w, "models");
    for (int i = 0; ok && i < s->sights.n_models; i++)
        ok = put_model(w, &s->sights.models[i], i, err);
    dv_json_end(w);
    dv_json_list(w, "images");
    pthread_mutex_lock(&s->shelf.lock);
    for (int i = 0; i < s->shelf.n; i++)
        if (s->shelf.images[i].listed)
            put_image(w, &s->shelf.images[i]);
    pthread_mutex_unlock(&s->shelf.lock);
    dv_json_end(w);
    put_index(w, s->o->index);
    dv_json_object(w, "limits");
    dv_json_put_int(w, "body", DV_SHELF_BODY);
    dv_json_put_int(w, "pixels", DV_SHELF_PIXELS);
    dv_json_put_int(w, "images", DV_SHELF_IMAGES);
    dv_json_end(w);
    dv_json_list(w, "rules");
    for (int i = 0; i < DV_N_RULES; i++)
        dv_json_put_text(w, NULL, dv_rule_name((dv_rule)i));
    dv_json_end(w);
    dv_json_end(w);
    return dv_reply_end(r, &j, ok, err);
}

/* -- images ----------------------------------------------------------------------------------- */

bool dv_answer_images(dv_server *s, dv_question *q, dv_reply *r, dv_error *err)
{
    const dv_asked *a = &q->asked;
    dv_shelf_image copy;
    if (!q->size)
        return dv_fail(err, DV_BAD_DATA, "no bytes came");
    if (a->live && !*a->lane)
        return dv_fail(err, DV_BAD_USAGE, "a camera's frame needs a lane");
    void *body = q->body;
    q->body = NULL;
    if (!dv_shelf_add_bytes(&s->shelf, body, q->size, *a->name ? a->name : "image",
                            a->live ? a->lane : "", &copy, err))
        return false;
    dv_reply_json j;
    put_image(dv_reply_begin(&j), &copy);
    dv_shelf_image_free(&copy);
    return dv_reply_end(r, &j, true, err);
}

enum { IMAGE_SIDE = 1024, IMAGE_QUALITY = 88 };

/* The image upright, at most `side` large. */
static bool encode(const dv_image *im, int side, dv_jpeg *jpeg, dv_error *err)
{
    const int longer = im->width > im->height ? im->width : im->height;
    if (longer <= side)
        return dv_jpeg_encode(jpeg, im, IMAGE_QUALITY, err);
    int width = (int)((int64_t)im->width * side / longer);
    int height = (int)((int64_t)im->height * side / longer);
    width = width < 1 ? 1 : width;
    height = height < 1 ? 1 : height;
    dv_image small;
    if (!dv_picture_new(&small, width, height, DV_GREY, err))
        return false;
    const bool ok =
        dv_resize(im, width, height, (dv_part){ 0, 0, width, height }, small.rgb, err) &&
        dv_jpeg_encode(jpeg, &small, IMAGE_QUALITY, err);
    dv_image_free(&small);
    return ok;
}

bool dv_answer_image(dv_server *s, dv_question *q, dv_reply *r, dv_error *err)
{
    const dv_asked *a = &q->asked;
    dv_image im;
    dv_jpeg jpeg;
    if (!dv_shelf_open(&s->shelf, a->image, &im, NULL, err))
        return false;
    const bool ok = encode(&im, a->side ? a->side : IMAGE_SIDE, &jpeg, err);
    dv_image_free(&im);
    if (ok)
        dv_reply_bytes(r, "image/jpeg", jpeg.data, jpeg.size);
    r->lasts = ok;
    return ok;
}
