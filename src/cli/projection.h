/* projection.h - the work of `deconvviz project`, once its words are understood. */
#ifndef DV_CLI_PROJECTION_H
#define DV_CLI_PROJECTION_H

#include "base/text.h"
#include "cli/network.h"
#include "cli/outputs.h"
#include "cli/units.h"
#include "deconvviz/draw.h"

typedef struct cli_projection {
    cli_network *network;
    bool exact, quiet;

    int n_selections, n_units; /* n_units: of one image */
    const cli_selection *selections;
    cli_position position;
    dv_rule rule;
    dv_seed seed;

    dv_view view;
    int zoom;          /* 0: as suits the eye */
    bool common_scale; /* of all units of an image: the largest of theirs */
    float fixed_scale; /* 0: none */
    bool png, sheet, npy, json;
    cli_place pictures, arrays;

    dv_list images;
    bool prepared; /* the images are tensors */
    char **stems;  /* (images.count) what the outputs of each begin with */
} cli_projection;

/* What one worker needs to project the units of one image after another. */
typedef struct cli_projecting {
    const cli_projection *job;
    dv_trace *trace;
    dv_pool *pool; /* over the units of the image; NULL: one after the other */
    int n_projectors;
    dv_projector **projectors; /* (n_projectors) one for each worker of the pool */
    float *input;
} cli_projecting;

/* What is to be said of one image, kept until its turn. */
typedef struct cli_report {
    dv_text out;      /* for standard output */
    dv_text warnings; /* lines */
    bool failed;      /* err says why */
    bool hopeless;    /* what failed is not the image, but where the results go */
    dv_error err;
} cli_report;

/* Projects all units of an image and writes what is wanted of them. */
void cli_project_image(cli_projecting *w, int32_t image, cli_report *report);

/* All images, over the workers of the network's pool; results are printed in the order of the
 * images, whatever the order in which they are done. Images that fail are reported and skipped. */
bool cli_project_images(const cli_projection *p, dv_error *err) DV_MUST_CHECK;

/* One unit of progress, of images times units; any thread. */
void cli_projection_step(const cli_projection *p, int units);

#endif
