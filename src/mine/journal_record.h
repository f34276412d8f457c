/* journal_record.h - what one image changes in an index. The journal holds records; an index that
 * takes the records of all images in order is the same whether they come from the images or from a
 * journal.
 */
#ifndef DV_MINE_JOURNAL_RECORD_H
#define DV_MINE_JOURNAL_RECORD_H

#include "index/index_build.h"
#include "mine/survey.h"

/* A new hit, or (at = -1) a new maximum that is none. */
typedef struct dv_change {
    int32_t unit;
    float value;
    int32_t at; /* position in the unit's map, row-major */
} dv_change;

/* Points to memory of others. */
typedef struct dv_record {
    int32_t image;
    const char *path;   /* for an index; a journal does not hold it */
    const char *reason; /* of an image that was skipped, which has nothing below; else NULL */
    const char *sha256;
    int n_units, n_changes, n_sampled;
    const float *sum;         /* (n_units) this and what follows: see survey.h */
    const uint32_t *active;   /* (n_units) */
    const uint8_t *bin;       /* (n_units) */
    const dv_change *changes; /* (n_changes) in ascending order of units */
    const dv_change *sampled; /* (n_sampled) the same: what comes into their samples */
} dv_record;

/* What a survey of `image` would change in the index; changes: room for n_units * per_image.
 * Returns how many there are. */
int dv_record_changes(const dv_index *x, int32_t image, const dv_survey *s, dv_change *changes);

/* The units whose samples the image would come into; sampled: room for n_units. Returns how many.
 */
int dv_record_sampled(const dv_index *x, int32_t image, const dv_survey *s, dv_change *sampled);

/* Takes the record of an image that was not visited yet, with a greater number than any that was.
 * Fails when memory runs out, and for a record that does not fit the index. */
bool dv_record_apply(dv_index *x, const dv_record *r, dv_error *err) DV_MUST_CHECK;

#endif
