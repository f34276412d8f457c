/* network.h - what every command has that runs a network: the model, and how images become its
 * input, from options. */
#ifndef DV_CLI_NETWORK_H
#define DV_CLI_NETWORK_H

#include "cli/cli.h"
#include "deconvviz/load.h"
#include "deconvviz/pool.h"

#include <math.h>

typedef struct cli_network_options {
    const char *model, *weights;
    const char *preprocess, *order;
    cli_numbers mean, std, size;
    int resize;         /* -1: not given */
    double pixel_scale; /* a NaN: not given */
    int threads;        /* 0: as many as there are processors */
    bool exact, quiet;
    /* No options: what the words above change in place of what the model says (NULL: that), or only
     * where it says nothing. */
    const dv_preprocess *base;
    bool model_first;
} cli_network_options;

enum { CLI_MAX_THREADS = 1024 };

#define CLI_NETWORK_DEFAULTS                     \
    {                                            \
        .resize = -1, .pixel_scale = (double)NAN \
    }

/* Rows of an option table for the member `network` of the struct `type`: which model, how images
 * become its input, how it runs; and all of them. */
/* clang-format off */
#define CLI_MODEL_ROWS(type)                                                                       \
    { "", 0, CLI_GROUP, 0, NULL, "The network:" },                                                 \
    { "model", 'm', CLI_TEXT, offsetof(type, network.model), "MODEL",                              \
      "ONNX, JSON network or safetensors, or the name of a built-in one\n"                         \
      "($DECONVVIZ_MODEL, else " DV_DEFAULT_MODEL ")" },                                           \
    { "weights", 0, CLI_TEXT, offsetof(type, network.weights), "FILE",                             \
      "safetensors for a JSON network (those beside it)" },                                        \
    { "size", 0, CLI_INTS(1, DV_IMAGE_MAX_SIDE), offsetof(type, network.size), "S|H,W",            \
      "size of its input in pixels (the model's)" }

#define CLI_PREPROCESS_ROWS(type)                                                                  \
    { "", 0, CLI_GROUP, 0, NULL, "How an image becomes its input:" },                              \
    { "preprocess", 0, CLI_TEXT, offsetof(type, network.preprocess), "NAME",                       \
      "imagenet, caffe, unit or none (the model's own, else imagenet)" },                          \
    { "resize", 0, CLI_INT(0, DV_IMAGE_MAX_SIDE), offsetof(type, network.resize), "N",             \
      "shorter side before the centre is cut; 0: stretch, cut nothing" },                          \
    { "pixel-scale", 0, CLI_REAL(-1e6, 1e6), offsetof(type, network.pixel_scale), "V",             \
      "what pixels of 0..255 are multiplied by" },                                                 \
    { "mean", 0, CLI_REALS(-1e6, 1e6), offsetof(type, network.mean), "A,B,C",                      \
      "what is then subtracted from each channel" },                                               \
    { "std", 0, CLI_REALS(-1e6, 1e6), offsetof(type, network.std), "A,B,C",                        \
      "what each channel is then divided by" },                                                    \
    { "order", 0, CLI_TEXT, offsetof(type, network.order), "rgb|bgr", "order of the channels" }

#define CLI_RUN_ROWS(type)                                                                         \
    { "", 0, CLI_GROUP, 0, NULL, "How it runs:" },                                                 \
    { "threads", 0, CLI_INT(0, CLI_MAX_THREADS), offsetof(type, network.threads), "N",             \
      "worker threads; any number gives the same bytes (one a processor)" },                       \
    { "exact", 0, CLI_FLAG, offsetof(type, network.exact), NULL,                                   \
      "the kernels with the smallest rounding error" },                                            \
    { "quiet", 'q', CLI_FLAG, offsetof(type, network.quiet), NULL,                                 \
      "nothing but results, warnings and errors" }

#define CLI_NETWORK_ROWS(type)                                                                     \
    CLI_MODEL_ROWS(type), CLI_PREPROCESS_ROWS(type), CLI_RUN_ROWS(type)
/* clang-format on */

typedef struct cli_network {
    dv_model *model;
    dv_preprocess prepare;
    bool is_image; /* the input is an image: (1, 1 or 3, H, W) */
    dv_pool *pool;
    struct cli_hash *hash; /* of the model, on a thread of its own */
} cli_network;

/* The model that the options, the environment or the default name. */
const char *cli_network_model(const cli_network_options *o);

/* Opens the model and settles preprocessing; notes that on standard error unless quiet, and what
 * the model warns of in any case. map_size: a size (H,W) of the input to use where the options give
 * none; NULL: the model's own. cli_network_close frees it, also after a failure. */
bool cli_network_open(cli_network *n, const cli_network_options *o, const int *map_size,
                      dv_error *err) DV_MUST_CHECK;
void cli_network_close(cli_network *n);

/* The same for an open model, at another size (H,W) of the input or at its own (NULL). */
bool cli_network_settle(cli_network *n, const cli_network_options *o, const int *size,
                        dv_error *err) DV_MUST_CHECK;

/* Fails (DV_BAD_USAGE) when no image can be made its input, whichever: the model takes none, or the
 * options say how it cannot be done. To be asked before the first is read. */
bool cli_network_takes_images(const cli_network *n, dv_error *err) DV_MUST_CHECK;

/* Whether images are prepared just as the model says by itself. */
bool cli_network_prepares_own(const cli_network *n);

/* Begins to read the model's files for dv_model_sha256 while other work goes on. */
void cli_network_begin_hash(cli_network *n);

/* Reads what the network gets: an image, or (npy) a prepared float tensor of the input's shape.
 * input: as many floats as the input has. map may be NULL. */
bool cli_read_input(const cli_network *n, const char *path, bool npy, float *input,
                    dv_image_map *map, dv_error *err) DV_MUST_CHECK;

#endif
