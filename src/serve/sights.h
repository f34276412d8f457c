/* sights.h - what networks make of images: one trace for each network, image and edit, so that all
 * that is asked of them afterwards costs no forward pass. Bounded by number and bytes; who was not
 * asked for longest gives its memory to the next. For one thread at a time. */
#ifndef DV_SERVE_SIGHTS_H
#define DV_SERVE_SIGHTS_H

#include "deconvviz/project.h"
#include "deconvviz/serve.h"
#include "serve/shelf.h"

enum { DV_SIGHTS_MOST = 24 };
#define DV_SIGHTS_BYTES ((size_t)1 << 30) /* but two sights may be larger */

/* A weight layer that can be asked for. */
typedef struct dv_served_layer {
    char id[16]; /* its number, as -l takes it */
    const dv_layer *layer;
    int32_t size[3]; /* (C,Y,X) of its tensor */
} dv_served_layer;

typedef struct dv_served {
    const dv_serve_model *is;
    const dv_model *model;
    const dv_preprocess *preprocess;
    int n_layers;
    dv_served_layer *layers; /* (n_layers) */
    int n_keep, *keep;       /* (n_keep) tensors of the layers, and the output */
    int n_classes;           /* 0: its output is no list of scores */
    dv_plan *plans[2];       /* by dv_rectify, made when they are needed; NULL until then */
} dv_served;

typedef struct dv_sight {
    const dv_served *of;
    dv_rectify rectify;
    char image[DV_ASKED_ID_MAX]; /* "": nothing, its memory is free */
    char edit[DV_EDIT_TEXT_MAX];
    char sha256[DV_DIGEST_TEXT_MAX];
    char *name, *path; /* owned; path NULL: it was given */
    dv_image_map map;  /* of the input without an edit to the image upright */
    dv_image seen;     /* the input as pixels */
    float *input;
    dv_trace *trace;
    dv_projector *projector;
    size_t bytes;
    uint64_t used;
} dv_sight;

typedef struct dv_sights {
    const dv_serve_options *o;
    dv_shelf *shelf;
    int n_models;
    dv_served models[DV_SERVE_MODELS];
    int n;
    dv_sight *sights[DV_SIGHTS_MOST]; /* (n) */
    uint64_t uses;
} dv_sights;

/* dv_sights_close frees it, also after a failure. */
bool dv_sights_open(dv_sights *s, const dv_serve_options *o, dv_shelf *shelf,
                    dv_error *err) DV_MUST_CHECK;
void dv_sights_close(dv_sights *s);

/* Lasts until the next call. */
dv_sight *dv_sights_get(dv_sights *s, int model, const char *image, const dv_edit *edit,
                        dv_rectify rectify, dv_error *err) DV_MUST_CHECK;

/* The layer that `text` names: by number or, where there is none of that number, by name, as -l has
 * it. Fails with how many there are. */
const dv_served_layer *dv_served_find(const dv_served *m, const char *text,
                                      dv_error *err) DV_MUST_CHECK;

#endif
