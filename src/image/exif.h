/* exif.h - which way up a photograph is. */
#ifndef DV_IMAGE_EXIF_H
#define DV_IMAGE_EXIF_H

#include <stddef.h>
#include <stdint.h>

/* The orientation that the EXIF data of a JPEG file states, 1 to 8 (EXIF 2.3, 4.6.4, tag 0x0112):
 * where the stored row 0 and column 0 belong. 1, which is upright, for whatever says nothing. */
int dv_exif_orientation(const void *bytes, size_t size);

#endif
