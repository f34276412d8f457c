#include "cli/unit_output.h"

#include "deconvviz/version.h"
#include "image/png.h"
#include "tensor/npy.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <stdlib.h>

enum { SIDE_FOR_THE_EYE = 224 };

static const dv_model *model_of(const cli_scene *s)
{
    return s->network->model;
}

bool cli_draw_unit(dv_image *out, const cli_scene *s, const cli_result *r, dv_error *err)
{
    const dv_preprocess *p = &s->network->prepare;
    if (!s->network->is_image)
        return dv_fail(err, DV_UNSUPPORTED, "the network's input is no image: use --npy --no-png");
    dv_rect rect = dv_view_rect(s->view, r->field, p->size);
    int zoom = s->zoom;
    if (zoom == 0)
        zoom = s->view == DV_VIEW_FULL ? 1 : dv_view_zoom(rect, SIDE_FOR_THE_EYE);
    dv_look look = { .view = s->view, .zoom = zoom, .scale = r->scale, .bgr = p->bgr };
    return dv_draw_view(out, &s->seen, &r->signal, rect, &look, err);
}

bool cli_write_unit_png(const char *path, const cli_scene *s, const cli_result *r, dv_error *err)
{
    char channel[16], position[32] = "all", value[32], scale[32];
    snprintf(channel, sizeof channel, "%d", (int)r->unit.channel);
    if (r->unit.y != DV_ALL)
        snprintf(position, sizeof position, "%d,%d", (int)r->unit.y, (int)r->unit.x);
    snprintf(value, sizeof value, "%.9g", (double)r->value);
    snprintf(scale, sizeof scale, "%.9g", (double)r->scale);
    const dv_png_text texts[] = {
        { "Software", "deconvviz " DV_VERSION },
        { "Model", dv_model_name(model_of(s)) },
        { "Model-SHA256", s->model_sha256 },
        { "Image", s->image },
        { "Image-SHA256", s->image_sha256 },
        { "Layer", r->layer },
        { "Tensor", dv_tensor_name(model_of(s), r->unit.tensor) },
        { "Channel", channel },
        { "Position", position },
        { "Value", value },
        { "Rule", dv_rule_name(s->rule) },
        { "Seed", s->seed == DV_SEED_ONE ? "one" : "value" },
        { "Scale", scale },
    };
    dv_image picture;
    if (!cli_draw_unit(&picture, s, r, err))
        return false;
    bool ok = dv_png_write(path, picture.width, picture.height, 3, picture.rgb, texts,
                           (int)(sizeof texts / sizeof texts[0]), err);
    dv_image_free(&picture);
    return ok;
}

bool cli_write_unit_npy(const char *path, const cli_scene *s, const cli_result *r, dv_error *err)
{
    const dv_shape *in = dv_tensor_shape(model_of(s), dv_model_input(model_of(s)));
    dv_box whole = dv_box_whole(in);
    dv_shape shape = { 3, { whole.hi[DV_C], whole.hi[DV_Y], whole.hi[DV_X] } };
    float *data = calloc(dv_shape_count(&shape), sizeof *data);
    if (!data)
        return dv_fail(err, DV_NO_MEMORY, "no memory for the projection");
    dv_signal all = { whole, data };
    const dv_box *b = &r->signal.box;
    for (int32_t c = b->lo[DV_C]; r->signal.data && c < b->hi[DV_C]; c++)
        for (int32_t y = b->lo[DV_Y]; y < b->hi[DV_Y]; y++)
            for (int32_t x = b->lo[DV_X]; x < b->hi[DV_X]; x++)
                *dv_signal_at(&all, c, y, x) = *dv_signal_at(&r->signal, c, y, x);
    bool ok = dv_npy_write(path, &shape, data, err);
    free(data);
    return ok;
}

static void add_number(cJSON *to, const char *key, float v)
{
    char text[32];
    snprintf(text, sizeof text, "%.9g", (double)v);
    cJSON_AddRawToObject(to, key, text);
}

static void add_ints(cJSON *to, const char *key, int n, const int *v)
{
    cJSON_AddItemToObject(to, key, cJSON_CreateIntArray(v, n));
}

/* The receptive field in pixels of the photograph, whole ones, cut to nothing. */
static void field_in_image(const cli_scene *s, const dv_box *f, int to[4])
{
    const dv_image_map *m = &s->map;
    to[0] = (int)floor((f->lo[DV_X] + m->offset[1]) * m->scale[1]);
    to[1] = (int)floor((f->lo[DV_Y] + m->offset[0]) * m->scale[0]);
    to[2] = (int)ceil((f->hi[DV_X] + m->offset[1]) * m->scale[1]);
    to[3] = (int)ceil((f->hi[DV_Y] + m->offset[0]) * m->scale[0]);
}

char *cli_unit_json(const cli_scene *s, const cli_result *r, const char *png, const char *npy)
{
    const dv_shape *shape = dv_tensor_shape(model_of(s), r->unit.tensor);
    cJSON *o = cJSON_CreateObject();
    int dims[DV_MAX_RANK], position[2] = { r->unit.y, r->unit.x };
    for (int i = 0; i < shape->rank; i++)
        dims[i] = shape->dim[i];
    cJSON_AddStringToObject(o, "image", s->image);
    cJSON_AddStringToObject(o, "layer", r->layer);
    cJSON_AddStringToObject(o, "tensor", dv_tensor_name(model_of(s), r->unit.tensor));
    add_ints(o, "shape", shape->rank, dims);
    cJSON_AddNumberToObject(o, "channel", r->unit.channel);
    if (r->unit.y == DV_ALL || shape->rank < 3)
        cJSON_AddNullToObject(o, "position");
    else
        add_ints(o, "position", 2, position);
    add_number(o, "value", r->value);
    cJSON_AddStringToObject(o, "rule", dv_rule_name(s->rule));
    cJSON *field = cJSON_AddObjectToObject(o, "receptive_field");
    int in[4] = { r->field.lo[DV_X], r->field.lo[DV_Y], r->field.hi[DV_X], r->field.hi[DV_Y] };
    add_ints(field, "input", 4, in);
    field_in_image(s, &r->field, in);
    add_ints(field, "image", 4, in);
    add_number(o, "scale", r->scale);
    if (png)
        cJSON_AddStringToObject(o, "png", png);
    if (npy)
        cJSON_AddStringToObject(o, "npy", npy);
    char *text = cJSON_PrintUnformatted(o);
    cJSON_Delete(o);
    return text;
}

static bool all_zero(const dv_signal *s)
{
    for (size_t i = 0, n = s->data ? dv_box_count(&s->box) : 0; i < n; i++)
        if (s->data[i] != 0)
            return false;
    return true;
}

const char *cli_unit_warning(const cli_result *r)
{
    if (r->value == 0)
        return "its activation is 0 on this image (a dead unit?): nothing to project";
    if (all_zero(&r->signal))
        return r->value < 0
                   ? "its value is negative, and nothing positive is left on the way back: "
                     "the projection is all zero"
                   : "nothing is left on the way back: the projection is all zero";
    if (r->value < 0)
        return "its value is negative (the tensor is not rectified): the projection shows what "
               "inhibits it";
    if (dv_signal_flat(&r->signal, r->scale))
        return "the picture is flat at this scale";
    return NULL;
}
