/* unit_output.h - what one projected unit becomes: a picture, an array, a line of JSON. */
#ifndef DV_CLI_UNIT_OUTPUT_H
#define DV_CLI_UNIT_OUTPUT_H

#include "base/text.h"
#include "cli/network.h"
#include "deconvviz/draw.h"
#include "deconvviz/project.h"

/* What all units of one image share. */
typedef struct cli_scene {
    const cli_network *network;
    const char *image;        /* path */
    const char *image_sha256; /* these two only where a picture is written */
    const char *model_sha256;
    bool prepared;    /* the image is a tensor: it has no pixels of its own */
    dv_image_map map; /* where it has */
    dv_image seen;    /* the network's input as pixels; only where a picture is drawn */
    dv_rule rule;
    dv_seed seed;
    dv_view view;
    int zoom; /* 0: what makes a picture about `side` pixels large */
    int side;
} cli_scene;

/* One unit, projected. */
typedef struct cli_result {
    dv_unit unit;
    const char *layer; /* as the user said it */
    const char *word;  /* that in a file's name */
    float value;
    dv_signal signal; /* of the projector: until it projects the next one */
    float own_scale;  /* 0: the signal is 0 everywhere */
    float scale;      /* that it is drawn with */
    dv_box field;     /* not clipped */
} cli_result;

bool cli_draw_unit(dv_image *out, const cli_scene *s, const cli_result *r,
                   dv_error *err) DV_MUST_CHECK;

/* The picture with its text chunks. */
bool cli_write_unit_png(const char *path, const cli_scene *s, const cli_result *r,
                        dv_error *err) DV_MUST_CHECK;

/* A picture of n units of one image, with theirs. */
bool cli_write_sheet_png(const char *path, const cli_scene *s, const dv_image *picture,
                         const cli_result *r, int n, dv_error *err) DV_MUST_CHECK;

/* The whole projection (C,H,W), zero outside the receptive field. */
bool cli_write_unit_npy(const char *path, const cli_scene *s, const cli_result *r,
                        dv_error *err) DV_MUST_CHECK;

/* Adds one JSON object and a newline; png and npy may be NULL. */
void cli_add_unit_json(dv_text *to, const cli_scene *s, const cli_result *r, const char *png,
                       const char *npy);

/* Adds "layer 5 c12 (6,7) 3.41", with_layer or without. */
void cli_add_unit_label(dv_text *to, const cli_scene *s, const cli_result *r, bool with_layer);

/* Why the picture shows nothing, or something else than the user may think; written to `text`.
 * NULL: it is fine. */
const char *cli_unit_warning(const cli_scene *s, const cli_result *r, char text[256]);

#endif
