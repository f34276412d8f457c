/* planes.h - the input of a convolution as planes in which the pixels that one tap sees lie side by
 * side.
 *
 * A convolution of one pixel is a sum over (channel, tap), each of them the input shifted by a
 * constant. There is one plane of a channel for each remainder of y and x by the stride, with the
 * padding around. A 1x1 convolution without stride reads the map as it stands; where the rows of a
 * small map would lie apart by a padding, each tap has a plane of its own, the columns of a matrix
 * product. */
#ifndef DV_KERNEL_PLANES_H
#define DV_KERNEL_PLANES_H

#include "kernel/conv_method.h"

enum { DV_MAX_PHASES = 8 };

/* How one axis of the map falls into planes. */
typedef struct dv_phases {
    int count;                /* remainders by the stride that some tap has */
    int size;                 /* of each plane on this axis */
    int first[DV_MAX_PHASES]; /* the remainders, ascending */
} dv_phases;

typedef struct dv_planes {
    bool pointwise; /* the input as it stands */
    bool columns;   /* a plane for each tap */
    bool dense;     /* pixels lie side by side from row to row as well */
    dv_phases y, x;
    size_t plane; /* floats of a plane */
    int pitch;    /* of pixels from row to row */
    int channel;  /* planes of a channel */
} dv_planes;

/* False: too many, or too large for 32 bits. */
bool dv_planes_of(const dv_conv *k, dv_planes *p);

/* Bytes of the planes of an image, a multiple of 64; 0: the input as it stands. */
size_t dv_planes_size(const dv_conv_shape *s, const dv_planes *p);

/* The offsets (channels of a group * taps) into the planes of a group. */
void dv_planes_offsets(const dv_conv_shape *s, const dv_planes *p, int32_t *offset);

/* Part `part` of the weights, `panels` to a group: a panel (depth, channel of the panel), its terms
 * in the order of the offsets, zeros behind the last channel of the group. */
void dv_planes_weights(const dv_conv *k, int part, int panel, int panels, float *packed);

/* The planes of the image x, those rows of them that these rows of outputs see. Returns them: x
 * itself, or `room`. */
const float *dv_planes_fill(const dv_conv *k, const dv_planes *p, dv_range outputs, const float *x,
                            float *room, dv_pool *pool);

#endif
