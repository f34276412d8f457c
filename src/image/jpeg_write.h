/* jpeg_write.h - JPEG files: photographs; and grids of cells that are encoded one by one, when they
 * come, and put together later without being decoded.
 *
 * The rows of blocks of a cell end in restart markers, behind which nothing depends on what was
 * before. So the parts between them can be put in another order, and the cells stand side by side.
 * That costs about a tenth of the bytes; to decode and to encode again would cost a time that is
 * worth more. */
#ifndef DV_IMAGE_JPEG_WRITE_H
#define DV_IMAGE_JPEG_WRITE_H

#include "deconvviz/image.h"

/* Bytes of a file, or of a part of one. */
typedef struct dv_jpeg {
    uint8_t *data; /* owned */
    size_t size;
} dv_jpeg;

/* A cell's side is a multiple of this: with colour at half the resolution, blocks are so large.
 * That saves a third of the bytes of a projection, whose colours change from pixel to pixel. */
enum { DV_JPEG_BLOCK = 16 };

/* A whole picture, with colour at half the resolution. quality: 1 to 100, as libjpeg has it. The
 * same arguments give the same bytes, with one version of libjpeg. Fails when memory runs out, or
 * the picture is larger than a JPEG can be. The caller frees out->data. */
bool dv_jpeg_encode(dv_jpeg *out, const dv_image *im, int quality, dv_error *err) DV_MUST_CHECK;

/* A cell: a square picture of a multiple of DV_JPEG_BLOCK pixels, colour likewise. */
bool dv_jpeg_encode_cell(dv_jpeg *out, const dv_image *im, int quality,
                         dv_error *err) DV_MUST_CHECK;

/* Cells in row-major order, as a picture of across x down of them; all of this side and quality.
 * cells: (across * down) what dv_jpeg_encode_cell gave. comment: goes into the file; NULL: none. */
bool dv_jpeg_join(dv_jpeg *out, int side, int across, int down, int quality, const dv_jpeg *cells,
                  const char *comment, dv_error *err) DV_MUST_CHECK;

#endif
