/* photo.h - a photograph's way from its file to a network's input: read, told by its SHA-256,
 * decoded, prepared. */
#ifndef DV_IMAGE_PHOTO_H
#define DV_IMAGE_PHOTO_H

#include "base/file.h"
#include "deconvviz/image.h"

typedef struct dv_photo {
    dv_file file; /* its bytes */
    char sha256[DV_DIGEST_TEXT_MAX];
    dv_image_map map; /* from the input to its pixels */
    dv_image image;   /* its pixels; of dv_photo_read none */
} dv_photo;

/* What is known of it; since: "recorded", for the message about one that has changed. */
typedef struct dv_photo_known {
    const char *sha256, *since;
} dv_photo_known;

/* Reads, checks and decodes it. known may be NULL. Fails with the path. The caller frees *photo
 * with dv_photo_free, also after a failure. */
bool dv_photo_open(dv_photo *photo, const char *path, const dv_photo_known *known,
                   dv_error *err) DV_MUST_CHECK;

/* The same, prepared. input: (channels, size[0], size[1]) of p. */
bool dv_photo_read(dv_photo *photo, const char *path, const dv_photo_known *known,
                   const dv_preprocess *p, float *input, dv_error *err) DV_MUST_CHECK;
void dv_photo_free(dv_photo *photo);

#endif
