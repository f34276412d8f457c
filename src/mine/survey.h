/* survey.h - what one image says of every unit of some layers. */
#ifndef DV_MINE_SURVEY_H
#define DV_MINE_SURVEY_H

#include "deconvviz/index.h"

enum { DV_NO_BIN = 255 };

typedef struct dv_peak {
    float value;
    int32_t at; /* position in the channel's map, row-major */
} dv_peak;

/* Arrays of one value a unit, the units of all layers one after the other. */
typedef struct dv_survey {
    int n_units, per_image;
    float *sum;       /* of the unit's map */
    uint32_t *active; /* values > 0 in it */
    uint8_t *bin;     /* of the histogram, for its maximum; DV_NO_BIN where that is not > 0 */
    dv_peak *peaks;   /* (n_units, per_image) its largest values, best first, of equal ones the
                         first position; value -INFINITY where the map has fewer */
} dv_survey;

bool dv_survey_new(dv_survey *s, int n_units, int per_image, dv_error *err) DV_MUST_CHECK;
void dv_survey_free(dv_survey *s); /* one that is all zero is fine */

/* Surveys `channels` maps of `n` values each, as units first, first + 1, …: maps (channels, n).
 * Sums do not depend on the machine. False when a sum or a value is not finite. */
bool dv_survey_maps(dv_survey *s, int first, int channels, const float *maps, size_t n);

#endif
