/* features_file.h - rows on their way to a .npy file, and the journal of what is in them.
 *
 * OUTPUT.unfinished holds room for a header and the rows. OUTPUT.journal holds lines: what the rows
 * are of, then for each image, in order, "r CRC-32" of its row or "s REASON" why it has none. After
 * a kill both are good up to the last line that is whole and whose row is. */
#ifndef DV_STUDIES_FEATURES_FILE_H
#define DV_STUDIES_FEATURES_FILE_H

#include "base/arena.h"
#include "base/text.h"

#include <stdint.h>

/* An image without a row. */
typedef struct dv_features_skip {
    int32_t task; /* counted over the images of the shard */
    const char *reason;
} dv_features_skip;

typedef struct dv_features_file {
    const char *output; /* the caller's */
    char *unfinished, *journal;
    int rows_fd, journal_fd;
    size_t values;  /* of a row */
    int64_t end;    /* of the journal */
    int32_t images; /* that are in it … */
    int32_t rows;   /* … with a row */
    int n_skips, max_skips;
    dv_features_skip *skips; /* (n_skips) in order */
    dv_arena arena;          /* their reasons */
} dv_features_file;

/* Opens the files of an unfinished run, or begins them. head: one line that says what the rows are
 * of. Fails (DV_BAD_USAGE) when there is a journal of something else, with the name of the first
 * member that differs; and when another process is at work. dv_features_close, also after a
 * failure. */
bool dv_features_open(dv_features_file *f, const char *output, size_t values, const dv_text *head,
                      dv_error *err) DV_MUST_CHECK;
void dv_features_close(dv_features_file *f);

/* The next image: with its row (values), or without. */
bool dv_features_add(dv_features_file *f, const float *row, dv_error *err) DV_MUST_CHECK;
bool dv_features_skip_image(dv_features_file *f, const char *reason, dv_error *err) DV_MUST_CHECK;

/* The rows get their header and their name, `texts` and `about` theirs beside it; the journal goes.
 */
bool dv_features_finish(dv_features_file *f, const dv_text *texts, const dv_text *about,
                        dv_error *err) DV_MUST_CHECK;

/* "a.txt" of "a.npy" and ".txt". The caller frees it; NULL with err set. */
char *dv_features_beside(const char *output, const char *extension, dv_error *err) DV_MUST_CHECK;

/* The name of the first member in which two objects differ, apart from those in `but` (ends with a
 * NULL); NULL: none. Of "model" only the SHA-256 counts. */
struct cJSON;
const char *dv_features_differing(const struct cJSON *a, const struct cJSON *b,
                                  const char *const *but);

#endif
