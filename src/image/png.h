/* png.h - PNG files with texts in them. */
#ifndef DV_IMAGE_PNG_H
#define DV_IMAGE_PNG_H

#include "base/arena.h"
#include "deconvviz/error.h"

#include <stddef.h>
#include <stdint.h>

/* A text chunk: key, 1 to 79 characters of ASCII; value, UTF-8. */
typedef struct dv_png_text {
    const char *key, *value;
} dv_png_text;

/* Encodes pixels (h, w, channels), 8 bits, channels 1 (grey) or 3 (RGB), with n_texts text chunks
 * in the order given, before the pixels. The same arguments give the same bytes (with one version
 * of zlib). A value in ASCII becomes tEXt, other UTF-8 iTXt; what is not UTF-8 goes into tEXt as
 * Latin-1. The caller frees *png. Fails when the image has no pixels or too many, or a key is not
 * one. */
bool dv_png_encode(uint8_t **png, size_t *size, int w, int h, int channels, const uint8_t *pixels,
                   const dv_png_text *texts, int n_texts, dv_error *err) DV_MUST_CHECK;

/* The same, for paper: with `dpi` pixels an inch in a pHYs chunk. */
bool dv_png_encode_dense(uint8_t **png, size_t *size, int w, int h, int channels,
                         const uint8_t *pixels, double dpi, const dv_png_text *texts, int n_texts,
                         dv_error *err) DV_MUST_CHECK;

/* The first into a file. Fails with the path. */
bool dv_png_write(const char *path, int w, int h, int channels, const uint8_t *pixels,
                  const dv_png_text *texts, int n_texts, dv_error *err) DV_MUST_CHECK;

enum { DV_PNG_MAX_TEXTS = 256 };

/* Finds the texts of a PNG file in memory: uncompressed tEXt and iTXt; the rest is passed over.
 * *texts: (*n_texts), in the order of the file, values in UTF-8, in the arena. Fails without a name
 * when the file is not a PNG, ends before its last chunk, or has a wrong checksum or more than
 * DV_PNG_MAX_TEXTS texts. */
bool dv_png_texts(dv_arena *a, const void *bytes, size_t size, dv_png_text **texts, int *n_texts,
                  dv_error *err) DV_MUST_CHECK;

#endif
