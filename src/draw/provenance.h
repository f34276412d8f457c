/* provenance.h - what a PNG says of itself: the program that made it, the model, the image, the
 * unit, and how it was drawn. All pictures are written through here, so that all say it in the same
 * words and order:
 *
 *     Software Model Model-SHA256 Image Image-SHA256 Rule Rectify Seed Layer Tensor
 *     Rectify                           all; left out where ReLUs alone are rectified
 *     Channel Position Value Scale      of one unit: Y,X, all or none; numbers; Scale is the value
 *                                       of full colour, or tile or sheet where there are several
 *     Hits Units Comparison …           what one kind of picture has beside */
#ifndef DV_DRAW_PROVENANCE_H
#define DV_DRAW_PROVENANCE_H

#include "deconvviz/image.h"
#include "deconvviz/project.h"
#include "image/png.h"

/* What is NULL does not apply, and is left out. */
typedef struct dv_provenance {
    const char *model, *model_sha256;
    const char *image, *image_sha256;
    const char *rule, *seed;
    dv_rectify rectify; /* said where it is not as in the paper */
    const char *layer, *tensor;
    const dv_unit *unit;
    const dv_shape *shape; /* of its tensor */
    float value, scale;    /* of the unit */
    const char *scales;    /* without a unit: "tile", each projection has its own, or "sheet" */
    int n_more;
    const dv_png_text *more; /* (n_more) */
} dv_provenance;

enum { DV_PROVENANCE_MAX_MORE = 4 };

/* The same as keys and values, for what is no PNG. They point into itself and into p. */
typedef struct dv_provenance_texts {
    int n;
    dv_png_text text[15 + DV_PROVENANCE_MAX_MORE];
    char channel[16], position[32], value[32], scale[32];
} dv_provenance_texts;

void dv_provenance_say(dv_provenance_texts *t, const dv_provenance *p);

/* A picture as a PNG, which the caller frees. */
bool dv_picture_encode(uint8_t **png, size_t *size, const dv_image *picture, const dv_provenance *p,
                       dv_error *err) DV_MUST_CHECK;
/* Writes a picture. Fails with the path. */
bool dv_picture_write(const char *path, const dv_image *picture, const dv_provenance *p,
                      dv_error *err) DV_MUST_CHECK;

#endif
