/* projections.h - many units of many images: projected, drawn, written. */
#ifndef DV_PROJECTIONS_H
#define DV_PROJECTIONS_H

#include "deconvviz/api.h"
#include "deconvviz/draw.h"
#include "deconvviz/list.h"
#include "deconvviz/select.h"
#include "deconvviz/watch.h"

DV_BEGIN

/* Where outputs go: a file, for one, or a folder for several. */
typedef struct dv_place {
    const char *file;   /* NULL: it is a folder */
    const char *folder; /* which is there; "": the current one */
} dv_place;

/* What became of one unit of an image. */
typedef struct dv_projected {
    dv_unit unit;
    const char *layer; /* of its selection */
    float value;
    float scale;           /* what is drawn as full colour */
    dv_box field;          /* its receptive field in the network's input, not clipped */
    const char *png, *npy; /* what was written; NULL: nothing */
    const char *warning;   /* why the picture shows nothing, or something else than one may think;
                              NULL: it is fine */
} dv_projected;

/* What became of an image. */
typedef struct dv_projected_image {
    const char *path;
    const dv_image_map *map; /* where the input lies in it; NULL: it is a tensor */
    const char *sheet;       /* that was written of all units; NULL: none */
    int n;
    const dv_projected *units; /* (n) all, or, where the image failed, those that were written */
    const dv_error *failed;    /* NULL: it did not; else it is left out */
} dv_projected_image;

typedef struct dv_projections_options {
    const dv_selections *units;
    dv_position position;
    dv_rule rule;
    dv_rectify rectify;
    dv_seed seed;
    bool exact;               /* see dv_request */
    dv_preprocess preprocess; /* of the model's input size */
    bool prepared;            /* the images are .npy files: what the network gets */

    bool pictures; /* PNG files, one a unit, to `place` */
    bool sheet;    /* one an image instead, with all its units */
    bool arrays;   /* .npy files: the whole projection (C,H,W) of each unit, to `array_place` */
    dv_place place, array_place; /* IMAGE-LAYER-cCHANNEL in a folder */
    dv_view view;
    int zoom;          /* 0: as suits the eye */
    bool common_scale; /* of all units of an image: the largest of theirs */
    float fixed_scale; /* 0: none */

    struct dv_pool *pool; /* over images, or over the units of one, whichever keeps it busy; NULL:
                             one thread */
    /* Called for each image in the order of the list, on any thread; what it is given ends with the
     * call. False, with err set: the run ends. */
    void *ctx;
    bool (*projected)(void *ctx, const dv_projected_image *image, dv_error *err);
    dv_watch watch; /* progress is in units, on any thread; nothing else but `cancelled` is used */
} dv_projections_options;

/* Projects the units of each image. An image that fails is left out, and told as such; the run ends
 * when it is the only one, or what failed would fail again with the next one (files cannot be
 * written, memory has run out). */
bool dv_project_images(const dv_model *m, const dv_list *images, const dv_projections_options *o,
                       dv_error *err) DV_MUST_CHECK;

DV_END

#endif
