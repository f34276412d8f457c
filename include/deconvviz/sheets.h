/* sheets.h - pictures of an index: for each unit its strongest patches and what it sees in them.
 *
 * Figure 2 of Zeiler & Fergus 2013: the projections of the nine strongest activations of a feature
 * map over a validation set, beside the patches of the images. The projections are computed anew,
 * from the index, the model and the images. */
#ifndef DV_SHEETS_H
#define DV_SHEETS_H

#include "deconvviz/api.h"
#include "deconvviz/index.h"
#include "deconvviz/project.h"
#include "deconvviz/watch.h"

DV_BEGIN

typedef struct dv_sheets_pick {
    const dv_index_layer *layer;
    int32_t n;               /* channels */
    const int32_t *channels; /* (n) */
} dv_sheets_pick;

typedef struct dv_sheets_options {
    const char *folder; /* made when it is not there */
    const char *root;   /* where relative paths of images begin; NULL: the current folder */
    int n_picks;
    const dv_sheets_pick *picks;
    int most; /* hits to show of each unit */
    dv_rule rule;
    dv_rectify rectify;
    dv_seed seed;
    bool common_scale;    /* one scale for all projections of a unit; else each its own */
    bool contact_only;    /* no sheets of single units */
    int side;             /* of a patch on a unit's sheet, in pixels, about; 16 to 512 */
    struct dv_pool *pool; /* may be NULL */
    int64_t memory;       /* bytes of pictures that are made in one go, about; 0: 384 MB */

    dv_watch watch; /* on the calling thread; progress is in hits */
} dv_sheets_options;

/* Writes FOLDER/layerN.png (a contact sheet of the layer's units; -1.png, -2.png … where there are
 * more than fit) and FOLDER/layerN/cCHANNEL.png for each unit with hits. Each image is read and run
 * once for all of its hits, or once for as many of them as their pictures have memory for: the
 * number of units asks for none. A contact sheet is written as soon as its last unit is. *missing:
 * images that could not be shown, because they are gone or have changed; their places are marked.
 * Fails (DV_BAD_USAGE) when the model is not the one that was mined. */
bool dv_sheets(const dv_model *m, const dv_index *x, const dv_sheets_options *o, int *missing,
               dv_error *err) DV_MUST_CHECK;

DV_END

#endif
