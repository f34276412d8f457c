/* sidecar.h - what a JSON file says of a model besides its nodes: "preprocess" and "labels". */
#ifndef DV_LOAD_SIDECAR_H
#define DV_LOAD_SIDECAR_H

#include "graph/model.h"

struct cJSON;

/* Reads them out of an object into a model that has its input:
 *     "preprocess": "imagenet" | "caffe" | "unit" | "none", or an object with any of
 *         "resize" (pixels, for the input's own size), "size" (of the input), "scale", "mean",
 *         "std", "order" ("rgb", "bgr"); the rest as "unit" has it
 *     "labels": a list of texts, or the name of a file in `folder` with one a line
 * own_size: (H,W) of the input that the file speaks of, while the model's may have been set
 * otherwise; 0: what "size" says, or the model's.
 * folder NULL: no file is opened. */
bool dv_sidecar_apply(dv_model *m, const struct cJSON *object, const char *folder,
                      const int own_size[2], dv_error *err) DV_MUST_CHECK;

/* The same from MODEL.json beside MODEL.onnx; fine when there is none. A network in JSON (which has
 * the key "format") will do: its nodes are passed over. */
bool dv_sidecar_find(dv_model *m, dv_error *err) DV_MUST_CHECK;

#endif
