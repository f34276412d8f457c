/* apng.h - pictures that move: PNG files with several frames (APNG, part of the PNG specification,
 * third edition, 2025). A reader that knows none of it shows the first frame. */
#ifndef DV_IMAGE_APNG_H
#define DV_IMAGE_APNG_H

#include "base/text.h"
#include "deconvviz/image.h"
#include "image/png.h"

#include <stdint.h>

enum {
    DV_APNG_MAX_FRAMES = 100000,
    DV_APNG_MAX_DELAY = 65535, /* ms */
};

/* A file in the making. Starts out as { 0 }. */
typedef struct dv_apng {
    int width, height; /* of every frame */
    int n_frames, n;   /* that there will be, and are */
    uint32_t sequence; /* number of the next fcTL or fdAT */
    dv_text bytes;     /* so far */
} dv_apng;

/* n_frames frames of this size, which are shown again and again. Fails for numbers that make no
 * sense. */
bool dv_apng_begin(dv_apng *a, int width, int height, int n_frames, dv_error *err) DV_MUST_CHECK;

/* The next frame, shown for so many ms; texts (n_texts) go into the file with the first. Fails as
 * dv_png_encode does, and for a picture of another size or one too many. */
bool dv_apng_add(dv_apng *a, const dv_image *frame, int delay, const dv_png_text *texts,
                 int n_texts, dv_error *err) DV_MUST_CHECK;

/* Writes the file, whole or not at all, once all frames are there. Fails with the path. */
bool dv_apng_write(dv_apng *a, const char *path, dv_error *err) DV_MUST_CHECK;

void dv_apng_free(dv_apng *a);

#endif
