/* project_image.h - one image of dv_project_images. */
#ifndef DV_RUN_PROJECT_IMAGE_H
#define DV_RUN_PROJECT_IMAGE_H

#include "deconvviz/projections.h"
#include "run/crew.h"
#include "run/scene.h"

#include <stdatomic.h>

/* What all images share. */
typedef struct dv_projecting {
    const dv_model *model;
    const dv_projections_options *options;
    const dv_list *images;
    char **stems;         /* (images->count) what the outputs of each begin with */
    atomic_llong stepped; /* units: projected, or of images that failed */
} dv_projecting;

/* What became of one image, kept until its turn. */
typedef struct dv_project_report {
    dv_projected_image image;
    dv_projected *units; /* of the image */
    int n_texts;
    char **texts; /* (n_texts) owned: theirs, and the path of the sheet */
    dv_image_map map;
    bool failed;   /* error says why */
    bool hopeless; /* what failed is not the image, but where the results go, or memory */
    dv_error error;
} dv_project_report;

/* Projects all units of an image and writes what is wanted of them. The caller frees the report. */
void dv_project_image(dv_projecting *p, const dv_worker *w, int32_t image, dv_project_report *r);
void dv_project_report_free(dv_project_report *r);

#endif
