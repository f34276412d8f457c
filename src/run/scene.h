/* scene.h - what a projected unit becomes: a picture, an array, words. */
#ifndef DV_RUN_SCENE_H
#define DV_RUN_SCENE_H

#include "base/text.h"
#include "deconvviz/projections.h"

/* What all units of one image share. */
typedef struct dv_scene {
    const dv_model *model;
    const dv_preprocess *preprocess;
    const char *image;        /* path */
    const char *image_sha256; /* these two only where a picture is written */
    const char *model_sha256;
    dv_image seen; /* the network's input as pixels; only where a picture is drawn */
    dv_rule rule;
    dv_rectify rectify;
    dv_seed seed;
    dv_view view;
    int zoom; /* 0: what makes a picture about `side` pixels large */
    int side;
} dv_scene;

/* One unit, projected. */
typedef struct dv_result {
    dv_unit unit;
    const char *layer; /* as it was said */
    const char *word;  /* that in a file's name */
    float value;
    dv_signal signal; /* of the projector: until it projects the next one */
    float own_scale;  /* 0: the signal is 0 everywhere */
    float scale;      /* that it is drawn with */
    dv_box field;     /* not clipped */
} dv_result;

bool dv_scene_draw(dv_image *out, const dv_scene *s, const dv_result *r,
                   dv_error *err) DV_MUST_CHECK;

/* The picture with its text chunks; the caller frees *png. */
bool dv_scene_encode_png(uint8_t **png, size_t *size, const dv_scene *s, const dv_result *r,
                         dv_error *err) DV_MUST_CHECK;
bool dv_scene_write_png(const char *path, const dv_scene *s, const dv_result *r,
                        dv_error *err) DV_MUST_CHECK;

/* A picture of n units of one image, with theirs. */
bool dv_scene_write_sheet(const char *path, const dv_scene *s, const dv_image *picture,
                          const dv_result *r, int n, dv_error *err) DV_MUST_CHECK;

/* The whole projection (C,H,W), zero outside the receptive field; the caller frees it. */
float *dv_scene_array(const dv_scene *s, const dv_result *r, dv_shape *shape,
                      dv_error *err) DV_MUST_CHECK;
bool dv_scene_write_npy(const char *path, const dv_scene *s, const dv_result *r,
                        dv_error *err) DV_MUST_CHECK;

/* Why the picture shows nothing, or something else than the user may think; written to `text`.
 * NULL: it is fine. */
enum { DV_WARNING_MAX = 256 };
const char *dv_scene_warning(const dv_scene *s, const dv_result *r, char text[DV_WARNING_MAX]);

/* Whether a unit is one of several in its channel. */
bool dv_unit_has_position(const dv_model *m, const dv_unit *u);

/* Adds "layer 5 c12 (6,7) 3.41"; layer NULL: "c12 (6,7) 3.41". */
void dv_text_unit(dv_text *to, const dv_model *m, const char *layer, const dv_unit *u, float value);

#endif
