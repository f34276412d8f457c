#include "cli/unit_output.h"

#include "draw/provenance.h"
#include "tensor/npy.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const dv_model *model_of(const cli_scene *s)
{
    return s->network->model;
}

/* Whether the unit is one of several in its channel. */
static bool has_position(const cli_scene *s, const cli_result *r)
{
    return r->unit.y != DV_ALL && dv_tensor_shape(model_of(s), r->unit.tensor)->rank >= 3;
}

/* -- pictures --------------------------------------------------------------------------------- */

bool cli_draw_unit(dv_image *out, const cli_scene *s, const cli_result *r, dv_error *err)
{
    const dv_preprocess *p = &s->network->prepare;
    dv_rect rect = dv_view_rect(s->view, r->field, p->size);
    int zoom = s->zoom;
    if (zoom == 0)
        zoom = s->view == DV_VIEW_FULL ? 1 : dv_view_zoom(rect, s->side);
    dv_look look = { .view = s->view, .zoom = zoom, .scale = r->scale, .bgr = p->bgr };
    return dv_draw_view(out, &s->seen, &r->signal, rect, &look, err);
}

/* What every picture of an image says. */
static dv_provenance provenance_of(const cli_scene *s)
{
    return (dv_provenance){ .model = dv_model_name(model_of(s)),
                            .model_sha256 = s->model_sha256,
                            .image = s->image,
                            .image_sha256 = s->image_sha256,
                            .rule = dv_rule_name(s->rule),
                            .seed = s->seed == DV_SEED_ONE ? "one" : "value" };
}

bool cli_write_unit_png(const char *path, const cli_scene *s, const cli_result *r, dv_error *err)
{
    dv_provenance p = provenance_of(s);
    p.layer = r->layer;
    p.tensor = dv_tensor_name(model_of(s), r->unit.tensor);
    p.unit = &r->unit;
    p.shape = dv_tensor_shape(model_of(s), r->unit.tensor);
    p.value = r->value;
    p.scale = r->scale;
    dv_image picture;
    if (!cli_draw_unit(&picture, s, r, err))
        return false;
    bool ok = dv_picture_write(path, &picture, &p, err);
    dv_image_free(&picture);
    return ok;
}

bool cli_write_sheet_png(const char *path, const cli_scene *s, const dv_image *picture,
                         const cli_result *r, int n, dv_error *err)
{
    dv_text units = { 0 };
    for (int i = 0; i < n; i++) {
        dv_text_format(&units, "%s%s channel %d position ", i ? "\n" : "", r[i].layer,
                       (int)r[i].unit.channel);
        if (has_position(s, &r[i]))
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

bool cli_write_unit_npy(const char *path, const cli_scene *s, const cli_result *r, dv_error *err)
{
    const dv_shape *in = dv_tensor_shape(model_of(s), dv_model_input(model_of(s)));
    dv_box whole = dv_box_whole(in);
    dv_shape shape = { 3, { whole.hi[DV_C], whole.hi[DV_Y], whole.hi[DV_X] } };
    float *data = calloc(dv_shape_count(&shape), sizeof *data);
    if (!data)
        return dv_fail(err, DV_NO_MEMORY, "no memory for a projection of %zu values",
                       dv_shape_count(&shape));
    dv_signal all = { whole, data };
    const dv_box *b = &r->signal.box;
    size_t row = dv_box_empty(b) ? 0 : (size_t)(b->hi[DV_X] - b->lo[DV_X]) * sizeof *data;
    for (int32_t c = b->lo[DV_C]; row && c < b->hi[DV_C]; c++)
        for (int32_t y = b->lo[DV_Y]; y < b->hi[DV_Y]; y++)
            memcpy(dv_signal_at(&all, c, y, b->lo[DV_X]),
                   dv_signal_at(&r->signal, c, y, b->lo[DV_X]), row);
    bool ok = dv_npy_write(path, &shape, data, err);
    free(data);
    return ok;
}

/* -- words ------------------------------------------------------------------------------------ */

static void add_box(dv_text *to, double x0, double y0, double x1, double y1)
{
    dv_text_format(to, "[%.7g,%.7g,%.7g,%.7g]", x0, y0, x1, y1);
}

/* The receptive field in pixels of the photograph: whole ones, rounded outwards. */
static void add_field_in_image(dv_text *to, const cli_scene *s, const dv_box *f)
{
    const dv_image_map *m = &s->map;
    add_box(to, floor((f->lo[DV_X] + m->offset[1]) * m->scale[1]),
            floor((f->lo[DV_Y] + m->offset[0]) * m->scale[0]),
            ceil((f->hi[DV_X] + m->offset[1]) * m->scale[1]),
            ceil((f->hi[DV_Y] + m->offset[0]) * m->scale[0]));
}

static void add_path(dv_text *to, const char *key, const char *path)
{
    dv_text_format(to, ",\"%s\":", key);
    if (path)
        dv_text_string(to, path);
    else
        dv_text_format(to, "null");
}

void cli_add_unit_json(dv_text *to, const cli_scene *s, const cli_result *r, const char *png,
                       const char *npy)
{
    const dv_shape *shape = dv_tensor_shape(model_of(s), r->unit.tensor);
    const dv_box *f = &r->field;
    dv_text_format(to, "{\"image\":");
    dv_text_string(to, s->image);
    dv_text_format(to, ",\"layer\":");
    dv_text_string(to, r->layer);
    dv_text_format(to, ",\"tensor\":");
    dv_text_string(to, dv_tensor_name(model_of(s), r->unit.tensor));
    dv_text_format(to, ",\"shape\":");
    for (int i = 0; i < shape->rank; i++)
        dv_text_format(to, "%c%d", i ? ',' : '[', (int)shape->dim[i]);
    dv_text_format(to, "%s],\"channel\":%d,\"position\":", shape->rank ? "" : "[",
                   (int)r->unit.channel);
    if (has_position(s, r))
        dv_text_format(to, "[%d,%d]", (int)r->unit.y, (int)r->unit.x);
    else
        dv_text_format(to, "null");
    dv_text_format(to, ",\"value\":");
    dv_text_float(to, r->value);
    dv_text_format(to, ",\"rule\":\"%s\",\"receptive_field\":{\"input\":", dv_rule_name(s->rule));
    add_box(to, f->lo[DV_X], f->lo[DV_Y], f->hi[DV_X], f->hi[DV_Y]);
    dv_text_format(to, ",\"image\":");
    if (s->prepared)
        dv_text_format(to, "null");
    else
        add_field_in_image(to, s, f);
    dv_text_format(to, "},\"scale\":");
    dv_text_float(to, r->scale);
    add_path(to, "png", png);
    add_path(to, "npy", npy);
    dv_text_format(to, "}\n");
}

void cli_add_unit_label(dv_text *to, const cli_scene *s, const cli_result *r, bool with_layer)
{
    if (with_layer)
        dv_text_format(to, "%s%s ", isdigit((unsigned char)r->layer[0]) ? "layer " : "", r->layer);
    dv_text_format(to, "c%d ", (int)r->unit.channel);
    if (has_position(s, r))
        dv_text_format(to, "(%d,%d) ", (int)r->unit.y, (int)r->unit.x);
    dv_text_format(to, "%.3g", (double)r->value);
}

const char *cli_unit_warning(const cli_scene *s, const cli_result *r, char text[256])
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
        snprintf(text, 256, "%s", says);
    else if (r->value < 0)
        snprintf(text, 256,
                 "its value is %.4g, below 0 (the tensor is not rectified): the projection shows "
                 "what inhibits it",
                 (double)r->value);
    else if (dv_signal_flat(&r->signal, r->scale))
        snprintf(text, 256,
                 "its projection is too weak to be seen at a scale of %.4g (its own: %.4g)",
                 (double)r->scale, (double)r->own_scale);
    else
        return NULL;
    return text;
}
