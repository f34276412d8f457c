/* exif.h - which way up a photograph is. */
#ifndef DV_IMAGE_EXIF_H
#define DV_IMAGE_EXIF_H

#include <stddef.h>
#include <stdint.h>

/* The orientation that an APP1 segment of a JPEG file states, 1 to 8 (EXIF 2.3, 4.6.4, tag 0x0112):
 * where the stored row 0 and column 0 belong. 0 where the segment holds no EXIF; 1, which is
 * upright, for EXIF that says nothing or makes no sense. */
int dv_exif_orientation(const uint8_t *segment, size_t size);

#endif
