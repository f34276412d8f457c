/* atlas.h - every unit of a network in a folder of pictures, and a page that shows them: no server,
 * no connection, only a browser.
 *
 * The folder:
 *
 *     index.html …            the page; its files are in src/atlas/site, and what it reads of the
 *                             data in src/atlas/site/README.md
 *     data/                   what the page shows, in JavaScript that a browser loads from a disk
 *     pictures/, photos/      of units; of the photographs that are hits or samples
 *     index.json              the index that all comes from
 *     atlas.json              how it was made, for dv_atlas_verify
 *     against/                of an atlas of two networks: that of the other, without a page */
#ifndef DV_ATLAS_H
#define DV_ATLAS_H

#include "deconvviz/api.h"
#include "deconvviz/classify.h"
#include "deconvviz/index.h"
#include "deconvviz/project.h"
#include "deconvviz/sheets.h"
#include "deconvviz/watch.h"

DV_BEGIN

/* How units of two networks find each other. */
typedef enum dv_atlas_match {
    DV_MATCH_FITTING,   /* by number where the networks have the same layers, else by responses */
    DV_MATCH_NUMBER,    /* each with that of its layer and channel */
    DV_MATCH_RESPONSES, /* each with the one of the other's layer whose responses correlate most
                           with its own: the one-sided matching of Li et al., "Convergent learning",
                           2016 */
} dv_atlas_match;

/* Another network, or another checkpoint of it, beside the one of the atlas. Its layers are those
 * of the same name and as many channels where it has all of the atlas's; else to each of the
 * atlas's the one whose responses are most like its own as a whole, by linear CKA (Kornblith et
 * al., "Similarity of neural network representations revisited", 2019). */
typedef struct dv_atlas_against {
    const dv_model *model;
    dv_index *index;      /* of it */
    const char *projects; /* as dv_atlas_options has it */
    dv_atlas_match match;
} dv_atlas_against;

enum { DV_ATLAS_HITS = 9, DV_ATLAS_QUALITY = 65, DV_ATLAS_COMPARED = 3 };

typedef struct dv_atlas_options {
    const char *folder; /* of the atlas: empty, not there, or an atlas, which is replaced */
    const char *root;   /* where relative paths of images begin; NULL: the current folder */
    int n_picks;
    const dv_sheets_pick *picks;
    dv_rectify rectify;
    int compared; /* hits of a unit, 0 to DV_ATLAS_HITS, that are projected by the other rules,
                     too; all are by the deconvnet */
    bool samples_projected;          /* by the deconvnet; else they are patches alone */
    int quality;                     /* of the JPEGs, 1 to 100 */
    bool context;                    /* the photographs, too */
    const dv_labels *labels;         /* of classes; NULL: none are known */
    const dv_truth *truth;           /* which images are of which; NULL: none is known */
    const char *command, *projects;  /* for the page: the command that makes this atlas; what
                                        projects a unit, "deconvviz -m MODEL …", to which layer,
                                        channel, position, rule and image are added */
    const dv_atlas_against *against; /* NULL: none */
    bool mined_there; /* the index is FOLDER.unfinished/index.json already; else it is written */
    struct dv_pool *pool; /* may be NULL */
    dv_watch watch;       /* on any thread; progress is in projections */
} dv_atlas_options;

typedef struct dv_atlas_result {
    int n_layers, n_units, n_dead;
    int missing;   /* hits and samples that could not be shown: images gone or changed */
    int resumed;   /* images taken over from a run that did not finish */
    int64_t bytes; /* of the folder */
    int64_t of_sheets, of_grids, of_photos, of_data; /* of those: pictures of units, large and
                                                        small; photographs; data */
    int n_matched; /* units that have a counterpart in the other network */
    double change; /* their mean change: 0, the same responses, to 1; a NaN where none is known */
    const char *changed; /* the layer that changed most, of the index; NULL: none */
    double most;         /* its mean change */
} dv_atlas_result;

/* The folder that is filled before it gets its name, FOLDER.unfinished: what a run that was stopped
 * leaves, and the same run goes on from. What is there of another atlas, that was replaced when the
 * run was stopped, is removed. The caller frees it. NULL with err set, also (DV_BAD_USAGE) where
 * what is at `folder` is no atlas. */
char *dv_atlas_unfinished(const char *folder, dv_error *err) DV_MUST_CHECK;

/* Writes the atlas, whole or not at all. The same bytes for any number of threads, and whether or
 * not it was stopped in between. Fails (DV_BAD_USAGE) when the model is not the one that was mined,
 * what is at `folder` is no atlas, or an unfinished run was another one. */
bool dv_atlas(const dv_model *m, dv_index *x, const dv_atlas_options *o, dv_atlas_result *r,
              dv_error *err) DV_MUST_CHECK;

/* -- verifying -------------------------------------------------------------------------------- */

/* Whether a folder is an atlas, by what is in it. */
bool dv_is_atlas(const char *folder);

typedef enum dv_picture_verdict {
    DV_PICTURE_SAME, /* the same bytes */
    DV_PICTURE_NEAR, /* other bytes, as another machine's rounding or another libjpeg makes them:
                        pixels differ by at most 2 of 255 on average */
    DV_PICTURE_CHANGED,
    DV_PICTURE_MISSING, /* the file is not there, or no picture */
    DV_N_PICTURE_VERDICTS,
} dv_picture_verdict;

/* "same", "near", "changed", "missing". */
const char *dv_picture_verdict_name(dv_picture_verdict v);

/* A picture that is not the same. */
typedef struct dv_verified_picture {
    char *path; /* in the folder */
    dv_picture_verdict verdict;
    double mean, most; /* differences of pixels, of 255; a NaN where it is missing */
} dv_verified_picture;

typedef struct dv_atlas_verify_options {
    const char *folder;  /* of the atlas */
    const char *root;    /* where relative paths of images begin; NULL: as when it was made */
    const char *scratch; /* a folder for temporary files */
    bool all;            /* every picture; else those of about 64 units, spread over the layers */
    struct dv_pool *pool;
    dv_watch watch; /* as in dv_atlas_options */
} dv_atlas_verify_options;

typedef struct dv_atlas_verified {
    int count[DV_N_PICTURE_VERDICTS];
    int n_units;
    int not_shown; /* units that could not be made again: images gone or changed */
    int n;
    dv_verified_picture *pictures; /* (n) that are not the same, in the order of the layers */
} dv_atlas_verified;

/* Makes pictures of the atlas of an index again, from the images, and compares them with its files:
 * units, grids and photographs. The caller frees *v with dv_atlas_verified_free, also after a
 * failure. */
bool dv_atlas_verify(const dv_model *m, const dv_index *x, const dv_atlas_verify_options *o,
                     dv_atlas_verified *v, dv_error *err) DV_MUST_CHECK;
void dv_atlas_verified_free(dv_atlas_verified *v);

DV_END

#endif
