/* load.h - from a model file to a model. */
#ifndef DV_LOAD_H
#define DV_LOAD_H

#include "deconvviz/api.h"
#include "deconvviz/model.h"

DV_BEGIN

typedef struct dv_load_options {
    const char *weights; /* safetensors for a network in JSON; NULL: what the network names, or the
                            file of the same name beside it */
    int size[2];         /* (H,W) of the input in place of the file's; 0: the file's */
} dv_load_options;

/* The name of the built-in model that stands for no model at all: ZFNet at 64x64, trained by this
 * project, see models/README.md. */
#define DV_DEFAULT_MODEL "zfnet64"

/* Whether `name` is a built-in model; then the size (H,W) of the input that suits targets that are
 * maps: convolutional layers run at any size, and photographs are larger than 64 pixels. */
bool dv_builtin_map_size(const char *name, int size[2]);

/* Opens a built-in model by its name; or ONNX (.onnx), a JSON network, or a safetensors file with
 * the JSON network of its name beside it; told apart by content. options may be NULL. NULL with err
 * set: one line that names the file, the node, the value and the limit. The caller frees the model
 * with dv_model_free. */
dv_model *dv_model_open(const char *path, const dv_load_options *options,
                        dv_error *err) DV_MUST_CHECK;

/* The same network for images of another size (H,W): a model of its own, which shares with `m` the
 * mapped files and all that was made of the weights. Layers that do not fit images of that size,
 * such as fully connected ones, are left out. Either may be freed first. The same failures. */
dv_model *dv_model_resized(const dv_model *m, const int size[2], dv_error *err) DV_MUST_CHECK;

DV_END

#endif
