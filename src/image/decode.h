/* decode.h - the bytes of an image file to pixels as they are stored. */
#ifndef DV_IMAGE_DECODE_H
#define DV_IMAGE_DECODE_H

#include "deconvviz/image.h"

#include <stddef.h>
#include <stdint.h>

typedef struct dv_pixels {
    int width, height;
    int channels;    /* 1 grey, 2 grey and alpha, 3 RGB, 4 RGB and alpha */
    int orientation; /* as dv_exif_orientation has it; 1 for most */
    uint8_t *data;   /* (height, width, channels), from malloc */
} dv_pixels;

/* Decodes JPEG, PNG, BMP, GIF (first frame), TGA, PSD, PNM; 16 bits a channel become 8. The size is
 * held against DV_IMAGE_MAX_SIDE and `most` pixels in all before anything is decoded. Fails without
 * a name, also for a file that ends too early. The caller frees data. */
bool dv_decode(dv_pixels *p, const void *bytes, size_t size, int64_t most,
               dv_error *err) DV_MUST_CHECK;

/* The same for JPEG alone. */
bool dv_decode_jpeg(dv_pixels *p, const uint8_t *bytes, size_t size, int64_t most,
                    dv_error *err) DV_MUST_CHECK;

/* Fails with the size and the limit when an image may not be so large. */
bool dv_decode_limit(int64_t width, int64_t height, int64_t most, dv_error *err) DV_MUST_CHECK;

/* dv_image_decode for who has less room: images of at most `most` pixels. */
bool dv_image_decode_within(dv_image *im, const void *data, size_t size, int64_t most,
                            const char *name, dv_error *err) DV_MUST_CHECK;

#endif
