/* mine.h - one pass over many images: the strongest activations of every unit, and statistics.
 *
 * Workers take image after image, each with a trace of its own; what an image says of the units is
 * committed in the order of the list, whatever the order in which workers finish. So the index has
 * the same bytes for any number of threads. Memory does not grow with the number of images, but for
 * their list. */
#ifndef DV_MINE_H
#define DV_MINE_H

#include "deconvviz/api.h"
#include "deconvviz/index.h"
#include "deconvviz/list.h"
#include "deconvviz/model.h"
#include "deconvviz/watch.h"

DV_BEGIN

/* What suits: nine quantiles out of so many are those of all images to within about 8 in a hundred;
 * it makes an index two to three times as large. */
enum { DV_MINE_SAMPLE = 32 };

typedef struct dv_mine_options {
    int n_tensors; /* 0: all weight layers */
    const int *tensors;
    dv_preprocess preprocess; /* of the model's input size */
    int k, per_image;         /* see index.h; 1 <= per_image <= k <= DV_INDEX_MAX_K */
    int sample;               /* see index.h; 0 to DV_INDEX_MAX_SAMPLE */
    bool sample_as_there;     /* with append: that of the index, whatever `sample` is */
    bool exact;               /* see dv_request */
    int shard, shards;        /* 1 <= shard <= shards */
    bool append;              /* add the images to the index that is there */
    struct dv_pool *pool;     /* its workers take the images; NULL: one */
    const char *output;       /* of the index; while mining, its journal is beside it: ".journal" */
    int64_t journal_limit;    /* bytes after which the journal is rewritten; 0: 64 MB */

    /* Called in the order of the list, on any thread. Progress is in images of this call (of its
     * shard); those that came out of the journal are done from the first time on. */
    dv_watch watch;
} dv_mine_options;

typedef struct dv_mine_result {
    int32_t read, skipped; /* images of the index */
    int32_t resumed;       /* taken over from a journal */
    int n_layers, n_units;
    int n_dead; /* units that no image makes > 0 */
} dv_mine_result;

/* Mines the images of the list and writes the index. An image that cannot be read is skipped and
 * counted. An unfinished run of the same model, options and list is taken up where it stopped; its
 * journal is kept when this one fails, is cancelled or killed. Fails (DV_BAD_USAGE) when the
 * journal, or the index to append to, is of other ones, saying what differs. */
bool dv_mine(const dv_model *m, const dv_mine_options *o, const dv_list *list,
             dv_mine_result *result, dv_error *err) DV_MUST_CHECK;

/* *there: whether o->output is the index that dv_mine would write. */
bool dv_mine_is_done(const dv_model *m, const dv_mine_options *o, const dv_list *list, bool *there,
                     dv_error *err) DV_MUST_CHECK;

DV_END

#endif
