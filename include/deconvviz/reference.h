/* clang-format off */
/* reference.h - projections recorded once, to be compared with what a model, a library or a machine
 * makes of the same images later.
 *
 * A folder of references holds
 *
 *     manifest.json     what follows
 *     NAME.npy          the window of a unit's projection: float16 (C,h,w), divided by `scale`
 *     NAME.png          the same for the eye, beside the patch of the image
 *     images/FILE       the images, where they were copied
 *
 * The manifest (UTF-8, one object, a line for each image and unit), for instance:
 *
 *     {"format": "deconvviz references", "version": 1, "program": "0.1.0",
 *      "model": {"name": "zfnet64", "path": "models/zfnet64.json",
 *       "sha256": "f707300b06d4ec6b0ebd87d59b2a2a4d2bf0de22bacabc2f229d736c5099ea27",
 *       "parts": [
 *        {"role": "network", "name": "zfnet64.json",
 *         "sha256": "74d6f746aedb0a7669014665b79374076a99deeaf33840ddcd4ad5352030b452"},
 *        {"role": "weights", "name": "zfnet64.safetensors",
 *         "sha256": "0c2eb77a3bdf215ea1f86f7ef867c2e547d78ec6ef0166a099a6c87e8cac83ac"}]},
 *      "preprocess": {"from": "model", "resize": 64, "size": [64, 64], "channels": 3,
 *       "scale": 0.003921569, "mean": [0.48, 0.448, 0.398], "std": [0.277, 0.269, 0.282],
 *       "order": "rgb"},
 *      "options": {"rule": "deconvnet", "seed": "value"},
 *      "images": [
 *       {"file": "images/1.ppm", "copied": true,
 *        "sha256": "90fd745d6569afa74b70097efef80aaca84cb5b308bdb23b44593e8b022000e3"}],
 *      "units": [
 *       {"image": 0, "layer": "1", "tensor": "relu1", "shape": [1, 64, 32, 32], "channel": 38,
 *        "at": "max", "position": [8, 31], "value": 14.269499, "mean": 1.7433916,
 *        "active": 0.5214844, "rms": 1.4234282, "window": [59, 13, 64, 20], "norm": 28.99203,
 *        "scale": 8, "array": "1-1-c38.npy", "picture": "1-1-c38.png",
 *        "ambiguity": 2.6539004e-07, "sensitivity": 3.1216874e-05,
 *        "value_sensitivity": 3.121104e-05}]}
 *
 *     version      a reader refuses any but 1
 *     program      the version of deconvviz that wrote it
 *     model        path: as it was given. sha256: see dv_model_sha256; it covers the parts, each a
 *                  file with its role ("network", "weights", "external data", "sidecar") and its own
 *                  SHA-256. Without parts, as older versions wrote it, it is that of the weights, or
 *                  of the network's file where the weights are inside
 *     preprocess   from: "model", what the model itself says, so that a model that says something
 *                  else is found; or "options", for any model. size: (H,W). mean, std: one a
 *                  channel. order: "rgb", "bgr"
 *     options      rule: "deconvnet", "gradient", "guided"; seed: "value", "one"; rectify: "relu"
 *                  (where it is missing) or "all", see rule.h
 *     images       file: the path as it was given, or (copied) one inside of the folder
 *     units        those of one image stand together, in the order of the images
 *       image        its number in images, from 0
 *       layer        what -l takes for it
 *       channel      from 0
 *       at           "max": where the channel was strongest; "given"; or "all": its whole map
 *       position     [y,x]; null for "all"
 *       value        of the unit; for "all" the largest
 *       mean, active of the channel: its mean, and the fraction of positions above 0
 *       rms          of all values of the tensor: the root of their mean square
 *       window       [x0,y0,x1,y1] of the network's input, half-open: outside, the projection is 0
 *       norm         of the projection: the root of its sum of squares
 *       scale        a power of two; projection = scale * array
 *       array        NAME.npy
 *       picture      NAME.png, or null
 *       ambiguity    how far rounding alone moves the projection (relative L2)
 *       sensitivity  how far rounding the weights to float16 does; both: see dv_references_record
 *       value_sensitivity  the same of the value, relative to the larger of itself and rms */
/* clang-format on */
#ifndef DV_REFERENCE_H
#define DV_REFERENCE_H

#include "deconvviz/api.h"
#include "deconvviz/index.h"
#include "deconvviz/list.h"
#include "deconvviz/project.h"
#include "deconvviz/watch.h"

DV_BEGIN

enum {
    DV_REFERENCE_MAX_IMAGES = 10 * 1000,
    DV_REFERENCE_MAX_UNITS = 100 * 1000,
};

typedef struct dv_reference_image {
    const char *file;
    char sha256[DV_DIGEST_TEXT_MAX];
    bool copied;
} dv_reference_image;

typedef enum dv_reference_at {
    DV_AT_STRONGEST,
    DV_AT_GIVEN,
    DV_AT_ALL,
} dv_reference_at;

typedef struct dv_reference_unit {
    int image;
    const char *layer, *tensor;
    dv_shape shape;
    int32_t channel, y, x; /* y = x = DV_ALL: the whole map */
    dv_reference_at at;
    float value, mean, active, rms;
    dv_box window; /* all channels of the input */
    float norm, scale;
    const char *array, *picture; /* picture: NULL where there is none */
    float ambiguity, sensitivity, value_sensitivity;
} dv_reference_unit;

typedef struct dv_references {
    const char *program;
    dv_identity model;
    dv_preprocess preprocess;
    bool own_preprocess; /* it is the model's own */
    dv_rule rule;
    dv_rectify rectify;
    dv_seed seed;
    int n_images, n_units;
    dv_reference_image *images; /* (n_images) */
    dv_reference_unit *units; /* (n_units) those of one image stand together, in ascending order */
    struct dv_arena *arena;   /* all texts and lists */
} dv_references;

/* Reads FOLDER/manifest.json. One line names the file, the field, its value and the limit. The
 * caller frees it with dv_references_free. */
bool dv_references_read(dv_references *r, const char *folder, dv_error *err) DV_MUST_CHECK;
/* The same from memory; `name` is for messages. */
bool dv_references_parse(dv_references *r, const void *data, size_t size, const char *name,
                         dv_error *err) DV_MUST_CHECK;
/* The manifest as text, which the caller frees; *size without the NUL behind it. */
char *dv_references_text(const dv_references *r, size_t *size, dv_error *err) DV_MUST_CHECK;
void dv_references_free(dv_references *r); /* one that is all zero is fine */

/* -- recording -------------------------------------------------------------------------------- */

/* A unit that is wanted of an image. */
typedef struct dv_reference_pick {
    const char *layer; /* what -l takes for it */
    dv_unit unit;
    dv_reference_at at;
} dv_reference_pick;

typedef struct dv_record_options {
    const char *folder;
    bool replace; /* references that are there are replaced, else they are a failure */
    bool copy, pictures;
    dv_preprocess preprocess;
    bool own_preprocess;
    dv_rule rule;
    dv_rectify rectify;
    dv_seed seed;
    int n_tensors; /* of all units */
    const int *tensors;
    struct dv_pool *pool; /* may be NULL */

    void *ctx; /* for the two functions that follow */
    /* Chooses the units of an image, after a forward pass: picks (*n), at most max_picks. */
    int max_picks;
    bool (*pick)(void *ctx, int32_t image, const dv_trace *t, dv_reference_pick *picks, int *n,
                 dv_error *err);
    /* May be NULL. Called on the calling thread. */
    void (*recorded)(void *ctx, const dv_reference_unit *u, const dv_reference_image *i);
    /* On the calling thread. Progress is in images, and what is written is the folder. */
    dv_watch watch;
} dv_record_options;

/* Records units of all images (their paths, relative ones from `root` on where that is not NULL)
 * with the kernels of the smallest rounding error. All of it is written to a folder beside, which
 * then takes the place of o->folder at once. Fails, leaving everything as it was, when an image
 * cannot be read, when there is something in the folder that is not of references, or cancelled.
 *
 * Smooth images are full of pooling windows whose two largest values are nearly equal, and of
 * pre-activations next to 0. Which way those fall is decided by rounding, and then differs from one
 * correct program to another. Each unit's share in this is measured: its ambiguity is the largest
 * relative L2 change of its projection, the position held, over passes with a noise of 1e-6 (see
 * dv_trace_set_noise); its sensitivity the same with 3e-4, about what rounding all weights to
 * float16 does. */
bool dv_references_record(const dv_model *m, const dv_list *images, const char *root,
                          const dv_record_options *o, dv_error *err) DV_MUST_CHECK;

/* -- comparing -------------------------------------------------------------------------------- */

/* How much two signals of one input differ, over both boxes. */
typedef struct dv_difference {
    double norm[2];  /* root of the sum of squares of each */
    double relative; /* L2 norm of the difference over the first's, at most DV_RELATIVE_MAX, which
                        also stands for a change of what was 0 */
    double cosine;   /* 1 where both are 0, 0 where one is */
} dv_difference;

#define DV_RELATIVE_MAX 1e6

dv_difference dv_compare_signals(const dv_signal *a, const dv_signal *b);

typedef enum dv_verdict {
    DV_AGREES,    /* to within rounding */
    DV_CHANGED,   /* within its tolerance */
    DV_REGRESSED, /* beyond */
    DV_FAILED,    /* could not be compared */
} dv_verdict;

enum { DV_REASON_MAX = 512 };

/* What became of one unit. */
typedef struct dv_verified {
    const dv_reference_unit *unit;
    const dv_reference_image *image;
    dv_verdict verdict;
    char reason[DV_REASON_MAX]; /* why it regressed or failed; "" else */
    dv_difference difference;   /* recorded, now */
    double allowed;             /* of difference.relative */
    float value, mean;          /* now */
    double value_change;        /* of value, over the larger of the recorded one and rms */
    double value_allowed;       /* of value_change */
    dv_shape shape;             /* now */
    int32_t y, x;    /* where the channel is strongest now; DV_ALL where the whole map counts */
    float strongest; /* its value there */
    double badness;  /* by which they are sorted: 1 is at the limit */
} dv_verified;

typedef struct dv_verify_options {
    const char *folder;
    const char *root; /* where images that were not copied are looked for, by their path and then
                         by their name; NULL: the current folder */
    const char *pictures; /* folder for pictures of what changed; NULL: none. Made when needed */
    dv_preprocess preprocess;
    double tolerance, value_tolerance; /* the least that is allowed to any unit, relative; 0: what
                                          rounding does, and references being halves */
    bool exact;
    struct dv_pool *pool; /* may be NULL */
    dv_watch watch; /* on the calling thread; progress is in images, and pictures are written */
} dv_verify_options;

/* The tolerances that suit a change of machine, library and kernels, and of float32 to float16. */
extern const double dv_default_tolerance, dv_default_value_tolerance;

/* What relative L2 change a unit is allowed: `least`, or what its own ambiguity and sensitivity
 * make of it. */
double dv_reference_allowed(const dv_reference_unit *u, double least);

/* Projects the units of the references again, with the model as it is now, and compares: results
 * (r->n_units), in the order of the units. A unit whose image cannot be had, or has other bytes, or
 * whose layer is gone, is DV_FAILED with the reason. Fails as a whole when memory runs out, a
 * picture cannot be written, or it is cancelled; the results then say nothing. */
bool dv_references_verify(const dv_model *m, const dv_references *r, const dv_verify_options *o,
                          dv_verified *results, dv_error *err) DV_MUST_CHECK;

DV_END

#endif
