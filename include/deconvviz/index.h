/* clang-format off */
/* index.h - what mining found: the strongest activations of every unit of some layers over a set of
 * images, with statistics of each unit. In memory, and as a JSON document.
 *
 * The document (UTF-8, one object, written without spaces but for one line a layer and a unit), for
 * instance:
 *
 *     {"format": "deconvviz index", "version": 1, "program": "0.1.0",
 *      "model": {"name": "zfnet64", "path": "models/zfnet64.json",
 *       "sha256": "f707300b06d4ec6b0ebd87d59b2a2a4d2bf0de22bacabc2f229d736c5099ea27",
 *       "parts": [
 *        {"role": "network", "name": "zfnet64.json",
 *         "sha256": "74d6f746aedb0a7669014665b79374076a99deeaf33840ddcd4ad5352030b452"},
 *        {"role": "weights", "name": "zfnet64.safetensors",
 *         "sha256": "0c2eb77a3bdf215ea1f86f7ef867c2e547d78ec6ef0166a099a6c87e8cac83ac"}]},
 *      "preprocess": {"resize": 64, "size": [64, 64], "channels": 3, "scale": 0.003921569,
 *       "mean": [0.48, 0.448, 0.398], "std": [0.277, 0.269, 0.282], "order": "rgb"},
 *      "options": {"k": 9, "per_image": 1, "exact": false, "sample": 32},
 *      "images": {"count": 6,
 *       "list": "63eaec359aba1f9e76fdad38662896ec781efdc8beaee3fadd443d7b923aebd4",
 *       "read": 2, "skipped": 1,
 *       "reasons": [[3, "img/3.png", "img/3.png: not a picture"]]},
 *      "shards": {"of": 2, "have": [2]},
 *      "layers": [
 *       {"layer": "1", "name": "conv1", "tensor": "relu1", "shape": [1, 1, 2, 4], "units": [
 *        {"channel": 0, "mean": 0.265625, "max": 2, "active_images": 1, "active_positions": 0.375,
 *         "exact": ["0x44p-4", 2, 6], "histogram": [-1, 1, 0, 0, 1],
 *         "hits": [[2, 5, 1, 3], [0.75, 1, 0, 2]],
 *         "sample": [[2, 5, 1, 3], [0.75, 1, 0, 2]]}]}],
 *      "files": [
 *       [1, "img/1.png", "90fd745d6569afa74b70097efef80aaca84cb5b308bdb23b44593e8b022000e3"],
 *       [5, "img/5.png", "bab74b803a77b56d06efad7e936dd802bed15b3b2336eab7b7cff7f47caa84f6"]]}
 *
 *     version      a reader refuses any but 1
 *     program      the version of deconvviz that wrote it
 *     model        path: as it was given. sha256: see dv_model_sha256; it covers the parts, each a
 *                  file with its role ("network", "weights", "external data", "sidecar") and its own
 *                  SHA-256. Without parts, as older versions wrote it, it is that of the weights, or
 *                  of the network's file where the weights are inside
 *     preprocess   size: (H,W). mean, std: one a channel. order: "rgb", "bgr"
 *     options      k, per_image, exact: the most hits a unit has; the most of them that one image
 *                  gives; whether the kernels with the smallest rounding error ran.
 *                  sample: the size of each unit's sample; absent where there are none, as in what
 *                  older versions wrote
 *     images       count, list, read, skipped, reasons: images in the list; a digest of it (see
 *                  dv_list_digest); how many of them were read, how many were not; for the first
 *                  1000 of the latter [number, path, reason]
 *     shards       of, have: absent where every image was visited. Shard k of N visits the images
 *                  whose number i, from 0 over the whole list, has i mod N = k - 1
 *     done         only inside a journal: images of the list with a smaller number were visited
 *     layers       layer, name, tensor, shape: what -l takes for it, the node's name, the tensor's,
 *                  its shape with N = 1; then its channels in order:
 *       channel           from 0
 *       mean              of all its values over all images read; null where none was
 *       max               the largest value; null where no image was read
 *       active_images     fraction of the images read that have a value > 0
 *       active_positions  fraction of all its values that are > 0
 *       exact             [sum, images, positions]: the same as a sum and two counts, from which
 *                         indices are merged without rounding. The sum is a hexadecimal number,
 *                         "0x1a2bp-40", as C and Python's float.fromhex read it: of each image's
 *                         sum, rounded to float32
 *       histogram         [first, n, n, …]: of the active images, how many have their maximum in
 *                         bin first, first + 1, …; [] where none is active. Bin 2j holds
 *                         [2^j, 1.5 * 2^j), bin 2j + 1 [1.5 * 2^j, 2^(j+1)); the lowest, -32, and
 *                         the highest, 31, also hold what lies beyond
 *       hits              [[value, image, y, x], …]: float32 values > 0, largest first; of equal
 *                         ones the smaller image number, then the first position in row-major order
 *       sample            as hits, the maximum of each image: of the active images those that come
 *                         first in an order that is drawn by lot and the same for all units and
 *                         runs (see index/index_sample.c), in that order. Absent where options
 *                         has no sample
 *     files        [number, path, sha256] of each image that occurs in hits or samples
 *
 * Numbers are written with the fewest digits that give the same float32 again. Equal indices are
 * equal files, byte for byte. */
/* clang-format on */
#ifndef DV_INDEX_H
#define DV_INDEX_H

#include "deconvviz/api.h"
#include "deconvviz/image.h"
#include "deconvviz/model.h"
#include "deconvviz/tensor.h"

DV_BEGIN

enum {
    DV_INDEX_MAX_K = 1000,
    DV_INDEX_MAX_UNITS = 1000 * 1000,
    DV_INDEX_MAX_HITS = 2 * 1000 * 1000, /* k * units */
    DV_INDEX_MAX_SAMPLE = 256,
    DV_INDEX_MAX_SAMPLES = 4 * 1000 * 1000, /* sample * units */
    DV_INDEX_MAX_SHARDS = 4096,
    DV_INDEX_MAX_REASONS = 1000,
    DV_INDEX_BINS = 64,
    DV_SUM_LIMBS = 10,
};

typedef struct dv_hit {
    float value;
    int32_t image, y, x;
} dv_hit;

typedef struct dv_index_unit {
    dv_hit *hits; /* (n_hits) best first; room for k */
    int n_hits, n_sample;
    dv_hit *sample;        /* (n_sample) see above, in the order of the lot; room for x->sample */
    uint64_t sample_end;   /* from this place in the lot on images do not come into it any more */
    float max;             /* -INFINITY before the first image */
    int64_t active_images; /* with a value > 0 */
    int64_t active_positions;          /* values > 0 */
    int64_t sum[DV_SUM_LIMBS];         /* of all values, exact; see index/sum.h */
    uint32_t histogram[DV_INDEX_BINS]; /* of the maxima > 0 */
} dv_index_unit;

typedef struct dv_index_layer {
    const char *layer;    /* what -l takes for it */
    const char *name;     /* of the node */
    const char *tensor;   /* of the tensor */
    dv_shape shape;       /* N = 1 */
    int32_t size[3];      /* (C,Y,X), see dv_box_whole */
    dv_index_unit *units; /* (C) */
} dv_index_layer;

typedef struct dv_index_file {
    int32_t image;
    char *path; /* owned */
    char sha256[DV_DIGEST_TEXT_MAX];
} dv_index_file;

typedef struct dv_index_skip {
    int32_t image;
    char *path, *reason; /* owned */
} dv_index_skip;

typedef struct dv_index {
    const char *program;
    dv_identity model;
    dv_preprocess preprocess;
    int k, per_image, sample;
    bool exact;

    int32_t count;                 /* images in the list */
    char list[DV_DIGEST_TEXT_MAX]; /* digest of the list */
    int32_t done;                  /* those below were visited by the shards that are here */
    int32_t read, skipped;
    int shards;
    bool *have; /* (shards) */

    int n_layers, n_units; /* units of all layers */
    dv_index_layer *layers;
    dv_index_unit *units; /* (n_units) those of the layers, one after the other */

    int32_t n_files, max_files; /* by image number; all images in hits and samples, maybe others */
    dv_index_file *files;
    int32_t n_skips, max_skips; /* by image number: the first DV_INDEX_MAX_REASONS skipped */
    dv_index_skip *skips;

    struct dv_arena *arena; /* of the layers, units and texts */
} dv_index;

/* Frees what it holds and zeroes it; one that is all zero is fine. */
void dv_index_free(dv_index *x);

/* Reads a document. Anything that breaks the schema fails (DV_BAD_DATA) with the path and the
 * place. The caller frees *x with dv_index_free. */
bool dv_index_read(dv_index *x, const char *path, dv_error *err) DV_MUST_CHECK;
/* The same from memory; `name` is for messages. */
bool dv_index_parse(dv_index *x, const void *data, size_t size, const char *name,
                    dv_error *err) DV_MUST_CHECK;

/* Writes it whole or not at all; drops the files that no hit and no sample names. */
bool dv_index_write(dv_index *x, const char *path, dv_error *err) DV_MUST_CHECK;
/* The document as text, which the caller frees; *size without the NUL behind it. */
char *dv_index_text(dv_index *x, size_t *size, dv_error *err) DV_MUST_CHECK;

/* Adds the shards of `from` to those of `to`. The result does not depend on the order in which
 * shards are merged; that of all shards equals the index of one run. Fails, leaving `to` as it
 * was, when they are not of the same run (model, options, list) or share a shard. */
bool dv_index_merge(dv_index *to, const dv_index *from, dv_error *err) DV_MUST_CHECK;

/* Whether the index holds every image of its list. */
bool dv_index_complete(const dv_index *x);

/* The layer that `text` names: as -l takes it, or the name of the node or tensor; NULL: none. */
const dv_index_layer *dv_index_find(const dv_index *x, const char *text);

/* The file of an image that occurs in hits or samples. */
const dv_index_file *dv_index_file_of(const dv_index *x, int32_t image);

/* Where bin i of a histogram begins, i from 0; it ends where the next one does. */
double dv_index_bin_begin(int i);

/* Hits at n quantiles of the activation over the unit's active images, (i + 1/2) / n for i from 0,
 * out of its sample, the largest first: hits (n). Returns how many there are: all of a sample that
 * is smaller. */
int dv_index_quantiles(const dv_index_unit *u, int n, dv_hit *hits);

DV_END

#endif
