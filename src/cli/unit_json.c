#include "cli/unit_json.h"

#include "base/json_write.h"
#include "run/scene.h"

#include <math.h>

static void put_box(dv_json *w, const char *key, double x0, double y0, double x1, double y1)
{
    const double at[] = { x0, y0, x1, y1 };
    dv_json_list(w, key);
    for (int i = 0; i < 4; i++)
        dv_json_put_short(w, NULL, at[i], 7);
    dv_json_end(w);
}

/* The receptive field, in pixels of the photograph whole ones, rounded outwards. */
static void put_field(dv_json *w, const dv_box *f, const dv_image_map *m)
{
    dv_json_object(w, "receptive_field");
    put_box(w, "input", f->lo[DV_X], f->lo[DV_Y], f->hi[DV_X], f->hi[DV_Y]);
    if (m)
        put_box(w, "image", floor((f->lo[DV_X] + m->offset[1]) * m->scale[1]),
                floor((f->lo[DV_Y] + m->offset[0]) * m->scale[0]),
                ceil((f->hi[DV_X] + m->offset[1]) * m->scale[1]),
                ceil((f->hi[DV_Y] + m->offset[0]) * m->scale[0]));
    else
        dv_json_put_null(w, "image");
    dv_json_end(w);
}

void cli_add_unit_json(dv_text *to, const dv_model *m, const dv_projections_options *o,
                       const dv_projected_image *image, const dv_projected *u)
{
    dv_json w = { .to = to };
    const dv_shape *shape = dv_tensor_shape(m, u->unit.tensor);
    const int32_t position[] = { u->unit.y, u->unit.x };
    dv_json_object(&w, NULL);
    dv_json_put_text(&w, "image", image->path);
    dv_json_put_text(&w, "layer", u->layer);
    dv_json_put_text(&w, "tensor", dv_tensor_name(m, u->unit.tensor));
    dv_json_put_ints(&w, "shape", shape->dim, shape->rank);
    dv_json_put_int(&w, "channel", u->unit.channel);
    if (dv_unit_has_position(m, &u->unit))
        dv_json_put_ints(&w, "position", position, 2);
    else
        dv_json_put_null(&w, "position");
    dv_json_put_float(&w, "value", u->value);
    dv_json_put_text(&w, "rule", dv_rule_name(o->rule));
    if (o->rectify != DV_RECTIFY_RELU)
        dv_json_put_text(&w, "rectify", dv_rectify_name(o->rectify));
    put_field(&w, &u->field, image->map);
    dv_json_put_float(&w, "scale", u->scale);
    dv_json_put_text(&w, "png", image->sheet ? image->sheet : u->png);
    dv_json_put_text(&w, "npy", u->npy);
    dv_json_end(&w);
    dv_json_line(&w);
}
