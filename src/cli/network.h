/* network.h - what every command has that runs a network: the model, and how images become its
 * input, from options. */
#ifndef DV_CLI_NETWORK_H
#define DV_CLI_NETWORK_H

#include "cli/cli.h"
#include "deconvviz/model.h"
#include "deconvviz/pool.h"

typedef struct cli_network_options {
    const char *model, *weights;
    const char *preprocess, *mean, *std, *order, *size;
    int resize;         /* -1: not given */
    double pixel_scale; /* 0: not given */
    int threads;        /* 0: as many as there are processors */
    bool exact, quiet;
} cli_network_options;

#define CLI_NETWORK_DEFAULTS \
    {                        \
        .resize = -1         \
    }

/* Rows of an option table for the member `network` of the struct `type`. */
#define CLI_NETWORK_ROWS(type)                                                                         \
    { "model",  'm',                                                                                   \
      CLI_TEXT, offsetof(type, network.model),                                                         \
      "FILE",   "ONNX, JSON network or safetensors, or a built-in's name (zfnet64)" },                 \
        { "weights", 0,                                                                                \
          CLI_TEXT,  offsetof(type, network.weights),                                                  \
          "FILE",    "safetensors for a JSON network" },                                               \
        { "preprocess", 0,                                                                             \
          CLI_TEXT,     offsetof(type, network.preprocess),                                            \
          "NAME",       "imagenet, caffe, unit or none (the model's own, else imagenet)" },            \
        { "size", 0, CLI_TEXT, offsetof(type, network.size), "S|H,W", "size of the network's input" }, \
        { "resize", 0,                                                                                 \
          CLI_INT,  offsetof(type, network.resize),                                                    \
          "N",      "shorter side before the centre is cut; 0: stretch" },                             \
        { "mean", 0, CLI_TEXT, offsetof(type, network.mean), "A,B,C", "subtracted from a channel" },   \
        { "std", 0, CLI_TEXT, offsetof(type, network.std), "A,B,C", "a channel is divided by it" },    \
        { "pixel-scale", 0,                                                                            \
          CLI_REAL,      offsetof(type, network.pixel_scale),                                          \
          "V",           "pixels of 0..255 are multiplied by it first" },                              \
        { "order", 0, CLI_TEXT, offsetof(type, network.order), "rgb|bgr", "order of the channels" },   \
        { "exact",  0,                                                                                 \
          CLI_FLAG, offsetof(type, network.exact),                                                     \
          NULL,     "kernels with the smallest rounding error" },                                      \
        { "threads", 0,                                                                                \
          CLI_INT,   offsetof(type, network.threads),                                                  \
          "N",       "worker threads (one a processor)" },                                             \
    {                                                                                                  \
        "quiet", 'q', CLI_FLAG, offsetof(type, network.quiet), NULL, "no notes on standard error"      \
    }

typedef struct cli_network {
    dv_model *model;
    dv_preprocess prepare;
    bool is_image; /* the input is an image: (1, 1 or 3, H, W) */
    dv_pool *pool;
} cli_network;

/* Opens the model and settles preprocessing; notes it on standard error unless quiet. map_size: a
 * size (H,W) of the input to use where the options give none; NULL: the model's own.
 * cli_network_close frees it, also after a failure. */
bool cli_network_open(cli_network *n, const cli_network_options *o, const int *map_size,
                      dv_error *err) DV_MUST_CHECK;
void cli_network_close(cli_network *n);

/* Reads what the network gets: an image, or (npy) a prepared float tensor of the input's shape.
 * input: as many floats as the input has. map may be NULL. */
bool cli_read_input(const cli_network *n, const char *path, bool npy, float *input,
                    dv_image_map *map, dv_error *err) DV_MUST_CHECK;

#endif
