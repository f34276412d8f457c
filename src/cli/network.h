/* network.h - what every command has that runs a network: the model, and how images become its
 * input, from options (their rows: rows.h). */
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
