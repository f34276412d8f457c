/* image.h - photographs, and how one becomes a network's input. */
#ifndef DV_IMAGE_H
#define DV_IMAGE_H

#include "deconvviz/api.h"
#include "deconvviz/error.h"

#include <stddef.h>
#include <stdint.h>

DV_BEGIN

enum {
    DV_IMAGE_MAX_SIDE = 32767,
    DV_IMAGE_MAX_PIXELS = 100 * 1000 * 1000, /* checked before anything is decoded */
};

/* Eight bits a channel, RGB, upright. */
typedef struct dv_image {
    int width, height;
    uint8_t *rgb; /* (height, width, 3), owned */
} dv_image;

/* Decodes JPEG, PNG, BMP, GIF (first frame), TGA, PSD, PNM. Grey is spread over R, G and B; alpha
 * is laid on white; the EXIF orientation is applied. Fails with the path, and with the size and the
 * limit where that is the trouble. The caller frees it with dv_image_free. */
bool dv_image_load(dv_image *im, const char *path, dv_error *err) DV_MUST_CHECK;
/* The same from `size` bytes in memory; `name` is for messages. */
bool dv_image_decode(dv_image *im, const void *data, size_t size, const char *name,
                     dv_error *err) DV_MUST_CHECK;
void dv_image_free(dv_image *im);

/* Writes a PNG file, whole or not at all. Fails with the path. */
bool dv_image_write(const dv_image *im, const char *path, dv_error *err) DV_MUST_CHECK;

/* How pixels become numbers: resize the shorter side to `resize` (bilinear with antialiasing, equal
 * to Pillow's), cut `size` from the centre, then (pixel * scale - mean) / std a channel. Where the
 * image so resized does not cover `size` (a network that is not square), it is made larger. */
typedef struct dv_preprocess {
    int resize;    /* of the shorter side, in pixels; 0: stretch to `size`, no crop */
    int size[2];   /* (H,W) of the network's input */
    int channels;  /* 3, or 1: grey by ITU-R 601 luma, mean[0] and std[0] */
    float scale;   /* what a pixel in 0..255 is multiplied with: 1/255, or 1 for Caffe */
    float mean[3]; /* in the network's channel order */
    float std[3];  /* not 0 */
    bool bgr;      /* channels in the order B, G, R */
} dv_preprocess;

/* Sets scale, mean, std, order and resize (in the proportion 256/224 of the shorter side of size,
 * for imagenet and caffe; the shorter side itself for unit and none) by name: imagenet caffe unit
 * none. size and channels must be set. False for another name. */
bool dv_preprocess_named(dv_preprocess *p, const char *name);

/* Whether images can be prepared so. Fails (DV_BAD_USAGE, of channels DV_UNSUPPORTED) with the
 * number that makes no sense: a resize below both sides of `size`, channels other than 1 and 3, std
 * 0 … */
bool dv_preprocess_check(const dv_preprocess *p, dv_error *err) DV_MUST_CHECK;

/* What is seen where an image that was moved does not reach. */
typedef enum dv_fill {
    DV_FILL_MEAN,    /* the mean colour of what the network saw of it before */
    DV_FILL_GREY,    /* 128 */
    DV_FILL_EDGE,    /* the nearest pixel of its edge */
    DV_FILL_REFLECT, /* the image itself, mirrored at its edge */
    DV_N_FILLS,
} dv_fill;

/* Where the network's input lies in the photograph: image x = (x + offset[1]) * scale[1], in pixel
 * edges; [0] is y. */
typedef struct dv_image_map {
    double offset[2], scale[2];
} dv_image_map;

/* Writes the input tensor (channels, size[0], size[1]) to `to`. map may be NULL. Fails when memory
 * runs out, and as dv_preprocess_check does. */
bool dv_prepare(const dv_image *im, const dv_preprocess *p, float *to, dv_image_map *map,
                dv_error *err) DV_MUST_CHECK;

/* Ten views of an image: its four corners (top left, top right, bottom left, bottom right), the
 * centre, which is that of dv_prepare, and the same five of its mirror image (Krizhevsky et al.
 * 2012, section 4.1; as torchvision's TenCrop). */
enum { DV_CROPS = 10, DV_CROP_CENTRE = 4 };

/* As dv_prepare, for view `crop` of the ten. */
bool dv_prepare_crop(const dv_image *im, const dv_preprocess *p, int crop, float *to,
                     dv_error *err) DV_MUST_CHECK;

/* The same pixels as dv_prepare, before they become numbers: what the network saw,
 * (size[0],size[1],3) RGB bytes. The caller frees *out with dv_image_free. */
bool dv_prepare_view(const dv_image *im, const dv_preprocess *p, dv_image *out,
                     dv_error *err) DV_MUST_CHECK;

DV_END

#endif
