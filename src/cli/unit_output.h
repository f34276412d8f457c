/* unit_output.h - what one projected unit becomes: a picture, an array, a line of JSON. */
#ifndef DV_CLI_UNIT_OUTPUT_H
#define DV_CLI_UNIT_OUTPUT_H

#include "cli/network.h"
#include "deconvviz/draw.h"
#include "deconvviz/project.h"

/* What all units of one image share. */
typedef struct cli_scene {
    const cli_network *network;
    const char *image;        /* path */
    const char *image_sha256; /* NULL: no picture is written */
    const char *model_sha256;
    dv_image_map map;
    dv_image seen; /* the network's input as pixels; only where it is an image */
    dv_rule rule;
    dv_seed seed;
    dv_view view;
    int zoom;    /* 0: what suits the eye */
    float scale; /* 0: each picture its own */
} cli_scene;

/* One unit, projected. */
typedef struct cli_result {
    dv_unit unit;
    const char *layer; /* as the user said it */
    float value;
    dv_signal signal; /* of the projector, or owned by whoever keeps it */
    float scale;      /* that it is drawn with; 0: all zero */
    dv_box field;     /* not clipped */
} cli_result;

bool cli_draw_unit(dv_image *out, const cli_scene *s, const cli_result *r,
                   dv_error *err) DV_MUST_CHECK;

/* The picture with its text chunks. */
bool cli_write_unit_png(const char *path, const cli_scene *s, const cli_result *r,
                        dv_error *err) DV_MUST_CHECK;

/* The whole projection (C,H,W), zero outside the receptive field. */
bool cli_write_unit_npy(const char *path, const cli_scene *s, const cli_result *r,
                        dv_error *err) DV_MUST_CHECK;

/* One JSON object without a newline; png and npy may be NULL. The caller frees it. NULL: no memory.
 */
char *cli_unit_json(const cli_scene *s, const cli_result *r, const char *png, const char *npy);

/* Why the picture shows nothing or means something else than the user may think; NULL: it is fine.
 */
const char *cli_unit_warning(const cli_result *r);

#endif
