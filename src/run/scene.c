#include "run/scene.h"

#include "draw/provenance.h"
#include "tensor/npy.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool dv_unit_has_position(const dv_model *m, const dv_unit *u)
{
    return u->y != DV_ALL && dv_tensor_shape(m, u->tensor)->rank >= 3;
}

/* -- pictures --------------------------------------------------------------------------------- */

bool dv_scene_draw(dv_image *out, const dv_scene *s, const dv_result *r, dv_error *err)
{
    const dv_preprocess *p = s->preprocess;
    dv_rect rect = dv_view_rect(s->view, r->field, p->size);
    int zoom = s->zoom;
    if (zoom == 0)
        zoom = s->view == DV_VIEW_FULL ? 1 : dv_view_zoom(rect, s->side);
    dv_look look = { .view = s->view, .zoom = zoom, .scale = r->scale, .bgr = p->bgr };
    return dv_draw_view(out, &s->seen, &r->signal, rect, &look, err);
}

/* What every picture of an image says. */
static dv_provenance provenance_of(const dv_scene *s)
{
    return (dv_provenance){ .model = dv_model_name(s->model),
                            .model_sha256 = s->model_sha256,
                            .image = s->image,
                            .image_sha256 = s->image_sha256,
                            .rule = dv_rule_name(s->rule),
                            .rectify = s->rectify,
                            .seed = s->seed == DV_SEED_ONE ? "one" : "value" };
}

static bool draw_with_words(const dv_scene *s, const dv_result *r, dv_image *picture,
                            dv_provenance *p, dv_error *err)
{
    *p = provenance_of(s);
    p->layer = r->layer;
    p->tensor = dv_tensor_name(s->model, r->unit.tensor);
    p->unit = &r->unit;
    p->shape = dv_tensor_shape(s->model, r->unit.tensor);
    p->value = r->value;
    p->scale = r->scale;
    return dv_scene_draw(picture, s, r, err);
}

bool dv_scene_encode_png(uint8_t **png, size_t *size, const dv_scene *s, const dv_result *r,
                         dv_error *err)
{
    dv_provenance p;
    dv_image picture;
    if (!draw_with_words(s, r, &picture, &p, err))
        return false;
    const bool ok = dv_picture_encode(png, size, &picture, &p, err);
    dv_image_free(&picture);
    return ok;
}

bool dv_scene_write_png(const char *path, const dv_scene *s, const dv_result *r, dv_error *err)
{
    dv_provenance p;
    dv_image picture;
    if (!draw_with_words(s, r, &picture, &p, err))
        return false;
    bool ok = dv_picture_write(path, &picture, &p, err);
    dv_image_free(&picture);
    return ok;
}

bool dv_scene_write_sheet(const char *path, const dv_scene *s, const dv_image *picture,
                          const dv_result *r, int n, dv_error *err)
{
    dv_text units = { 0 };
    for (int i = 0; i < n; i++) {
        dv_text_format(&units, "%s%s channel %d position ", i ? "\n" : "", r[i].layer,
                       (int)r[i].unit.channel);
        if (dv_unit_has_position(s->model, &r[i].unit))
            dv_text_format(&units, "%d,%d", (int)r[i].unit.y, (int)r[i].unit.x);
        else
            dv_text_format(&units, r[i].unit.y == DV_ALL ? "all" : "none");
        dv_text_format(&units, " value %.9g scale %.9g", (double)r[i].value, (double)r[i].scale);
    }
    bool ok = dv_text_ok(&units, "the texts of a sheet", err);
    if (ok) {
        const dv_png_text more = { "Units", units.data };
        dv_provenance p = provenance_of(s);
        p.n_more = 1;
        p.more = &more;
        ok = dv_picture_write(path, picture, &p, err);
    }
    free(units.data);
    return ok;
}

float *dv_scene_array(const dv_scene *s, const dv_result *r, dv_shape *shape, dv_error *err)
{
    const dv_shape *in = dv_tensor_shape(s->model, dv_model_input(s->model));
    dv_box whole = dv_box_whole(in);
    *shape = (dv_shape){ 3, { whole.hi[DV_C], whole.hi[DV_Y], whole.hi[DV_X] } };
    float *data = calloc(dv_shape_count(shape), sizeof *data);
    if (!data) {
        dv_fail(err, DV_NO_MEMORY, "no memory for a projection of %zu values",
                dv_shape_count(shape));
        return NULL;
    }
    dv_signal all = { whole, data };
    const dv_box *b = &r->signal.box;
    size_t row = dv_box_empty(b) ? 0 : (size_t)(b->hi[DV_X] - b->lo[DV_X]) * sizeof *data;
    for (int32_t c = b->lo[DV_C]; row && c < b->hi[DV_C]; c++)
        for (int32_t y = b->lo[DV_Y]; y < b->hi[DV_Y]; y++)
            memcpy(dv_signal_at(&all, c, y, b->lo[DV_X]),
                   dv_signal_at(&r->signal, c, y, b->lo[DV_X]), row);
    return data;
}

bool dv_scene_write_npy(const char *path, const dv_scene *s, const dv_result *r, dv_error *err)
{
    dv_shape shape;
    float *data = dv_scene_array(s, r, &shape, err);
    bool ok = data && dv_npy_write(path, &shape, data, err);
    free(data);
    return ok;
}

/* -- words ------------------------------------------------------------------------------------ */

void dv_text_unit(dv_text *to, const dv_model *m, const char *layer, const dv_unit *u, float value)
{
    if (layer)
        dv_text_format(to, "%s%s ", isdigit((unsigned char)layer[0]) ? "layer " : "", layer);
    dv_text_format(to, "c%d ", (int)u->channel);
    if (dv_unit_has_position(m, u))
        dv_text_format(to, "(%d,%d) ", (int)u->y, (int)u->x);
    dv_text_format(to, "%.3g", (double)value);
}

const char *dv_scene_warning(const dv_scene *s, const dv_result *r, char text[DV_WARNING_MAX])
{
    const char *says = NULL;
    if (r->value == 0 && s->seed == DV_SEED_VALUE)
        says = "it is 0 on this image: there is nothing to project, and the picture is grey";
    else if (r->own_scale == 0 && s->rule == DV_RULE_GRADIENT)
        says = "no path back to the image is open: the projection is 0 everywhere";
    else if (r->own_scale == 0)
        says = "rectification leaves nothing of it on the way back: the projection is 0 everywhere";
    else if (r->value == 0)
        says = "it is 0 on this image: the projection is of what it could see, not of what it saw";
    if (says)
        snprintf(text, DV_WARNING_MAX, "%s", says);
    else if (r->value < 0)
        snprintf(text, DV_WARNING_MAX,
                 "its value is %.4g, below 0 (the tensor is not rectified): the projection shows "
                 "what inhibits it",
                 (double)r->value);
    else if (dv_signal_flat(&r->signal, r->scale))
        snprintf(text, DV_WARNING_MAX,
                 "its projection is too weak to be seen at a scale of %.4g (its own: %.4g)",
                 (double)r->scale, (double)r->own_scale);
    else
        return NULL;
    return text;
}
