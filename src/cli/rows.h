/* rows.h - what several commands have in their option tables, each in one wording.
 *
 * `type` is the command's options struct, with the members that a macro names; `kind` a cli_type;
 * `more` goes behind the help. */
#ifndef DV_CLI_ROWS_H
#define DV_CLI_ROWS_H

#include "cli/network.h"
#include "deconvviz/figure.h"

/* clang-format off */
#define CLI_GROUP_ROW(title) { "", 0, CLI_GROUP, 0, NULL, title }

/* -- which units: layers, channels, position ------------------------------------------------------ */

/* What -l takes, wherever it names several layers. */
#define CLI_LAYERS_ROW(type, kind, more)                                                           \
    { "layer", 'l', kind, offsetof(type, layers), "LAYERS",                                        \
      "numbers of weight layers, as in 1,5,8-10, or the exact name of a node or tensor, which is " \
      "tried first; may be repeated; 'deconvviz layers' lists them" more }
#define CLI_CHANNELS_ROW(type, kind, more)                                                         \
    { "channel", 'c', kind, offsetof(type, channels), "CHANNELS",                                  \
      "from 0: 12, 0-15, 3,7,9 or all" more }

#define CLI_UNIT_ROWS(type)                                                                        \
    CLI_LAYERS_ROW(type, CLI_NEEDED_LIST(LAYER), ""),                                                  \
    CLI_CHANNELS_ROW(type, CLI_NEEDED(TEXT), "; or top:9, the strongest on the image"),            \
    { "position", 'p', CLI_TEXT, offsetof(type, position), "max|Y,X|all",                          \
      "where the channel is strongest, one place, or its whole map" }

/* -- the way back --------------------------------------------------------------------------------- */

#define CLI_SEED_ROW(type)                                                                         \
    { "seed", 0, CLI_CHOICE, offsetof(type, seed), "value|one",                                    \
      "what the unit starts as: its value, or 1" }

#define CLI_RECTIFY_ROW(type)                                                                      \
    { "rectify", 0, CLI_CHOICE, offsetof(type, rectify), "relu|all",                               \
      "where deconvnet and guided do so: at ReLUs, as in the papers, or at every activation (GELU, " \
      "SiLU, HardSwish …), an extension" }

#define CLI_RULE_ROWS(type)                                                                        \
    { "rule", 0, CLI_CHOICE, offsetof(type, rule), "deconvnet|gradient|guided",                    \
      "through a ReLU: max(R,0), R where it was on, or both" },                                    \
    CLI_RECTIFY_ROW(type),                                                                         \
    CLI_SEED_ROW(type)

/* -- a table, of text unless ----------------------------------------------------------------------- */

#define CLI_TABLE_ROWS(type)                                                                       \
    { "json", 0, CLI_FLAG, offsetof(type, json), NULL, "one JSON object a line" },                 \
    { "csv", 0, CLI_FLAG, offsetof(type, csv), NULL, "comma-separated values" }

/* -- a study's figure: the members `figure` and `no_figure` ------------------------------------------ */

#define CLI_FIGURE_SIZE_ROWS(type)                                                                 \
    { "width", 0, CLI_REAL(40, 1000), offsetof(type, figure.width), "MM",                          \
      "of the figure; its text has the size for that (180)" },                                     \
    { "dpi", 0, CLI_REAL(50, 1200), offsetof(type, figure.dpi), "N",                               \
      "pixels an inch of a PNG, and of pictures in the others (200)" }
#define CLI_NO_FIGURE_ROW(type)                                                                    \
    { "no-figure", 0, CLI_FLAG, offsetof(type, no_figure), NULL, "only the table" }
#define CLI_FIGURE_ROWS(type)                                                                      \
    { "out", 'o', CLI_WRITES, offsetof(type, figure.path), "FILE",                                 \
      "the figure: .png, .svg or .pdf" },                                                          \
    CLI_FIGURE_SIZE_ROWS(type),                                                                    \
    CLI_NO_FIGURE_ROW(type)

/* -- the network: the member `network` ------------------------------------------------------------ */

#define CLI_MODEL_ROW(type, help)                                                                  \
    { "model", 'm', CLI_MODEL, offsetof(type, network.model), "MODEL", help }
#define CLI_WEIGHTS_ROW(type)                                                                      \
    { "weights", 0, CLI_FILE, offsetof(type, network.weights), "FILE",                             \
      "safetensors for a JSON network (those beside it)" }

#define CLI_MODEL_HELP                                                                             \
    "ONNX, JSON network or safetensors, or the name of a built-in one ($DECONVVIZ_MODEL, else "    \
    DV_DEFAULT_MODEL ")"
#define CLI_INPUT_SIZE_ROW(type)                                                                   \
    { "size", 0, CLI_SIZE(DV_IMAGE_MAX_SIDE), offsetof(type, network.size), "S|H,W",               \
      "size of its input in pixels (the model's)" }

#define CLI_MODEL_ROWS(type)                                                                       \
    CLI_GROUP_ROW("The network:"),                                                                 \
    CLI_MODEL_ROW(type, CLI_MODEL_HELP),                                                           \
    CLI_WEIGHTS_ROW(type),                                                                         \
    CLI_INPUT_SIZE_ROW(type)

#define CLI_PREPROCESS_ROWS(type)                                                                  \
    CLI_GROUP_ROW("How an image becomes its input:"),                                              \
    { "preprocess", 0, CLI_WORD, offsetof(type, network.preprocess), "imagenet|caffe|unit|none",   \
      "all of the following at once (the model's own, else imagenet)" },                           \
    { "resize", 0, CLI_INT(0, DV_IMAGE_MAX_SIDE), offsetof(type, network.resize), "N",             \
      "shorter side before the centre is cut; 0: stretch, cut nothing" },                          \
    { "pixel-scale", 0, CLI_REAL(-1e6, 1e6), offsetof(type, network.pixel_scale), "V",             \
      "what pixels of 0..255 are multiplied by" },                                                 \
    { "mean", 0, CLI_REALS(-1e6, 1e6), offsetof(type, network.mean), "A,B,C",                      \
      "what is then subtracted from each channel" },                                               \
    { "std", 0, CLI_REALS(-1e6, 1e6), offsetof(type, network.std), "A,B,C",                        \
      "what each channel is then divided by" },                                                    \
    { "order", 0, CLI_WORD, offsetof(type, network.order), "rgb|bgr", "order of the channels" }

/* -- how it runs ---------------------------------------------------------------------------------- */

#define CLI_THREADS_ROW(type, member)                                                              \
    { "threads", 0, CLI_INT(0, CLI_MAX_THREADS), offsetof(type, member), "N",                      \
      "worker threads; any number gives the same bytes (one a processor)" }
#define CLI_QUIET_ROW(type, member)                                                                \
    { "quiet", 'q', CLI_FLAG, offsetof(type, member), NULL,                                        \
      "nothing but results, warnings and errors" }

#define CLI_RUN_ROWS(type)                                                                         \
    CLI_GROUP_ROW("How it runs:"),                                                                 \
    CLI_THREADS_ROW(type, network.threads),                                                        \
    { "exact", 0, CLI_FLAG, offsetof(type, network.exact), NULL,                                   \
      "the kernels with the smallest rounding error" },                                            \
    CLI_QUIET_ROW(type, network.quiet)

#define CLI_NETWORK_ROWS(type)                                                                     \
    CLI_MODEL_ROWS(type), CLI_PREPROCESS_ROWS(type), CLI_RUN_ROWS(type)
/* clang-format on */

#endif
