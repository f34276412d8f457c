/* cmd_prepare.c - `deconvviz prepare`: the input tensor that the network gets. */
#include "cli/network.h"
#include "tensor/npy.h"

#include <stdlib.h>

typedef struct prepare_options {
    cli_network_options network;
    const char *npy;
} prepare_options;

static const cli_option options[] = {
    { "npy", 0, CLI_TEXT, offsetof(prepare_options, npy), "FILE", "where the tensor goes" },
    CLI_NETWORK_ROWS(prepare_options),
    { 0 },
};

static bool prepare(const cli_network *n, const char *path, const char *npy, dv_error *err)
{
    const dv_shape *s = dv_tensor_shape(n->model, dv_model_input(n->model));
    float *input = malloc(dv_shape_count(s) * sizeof *input);
    if (!input)
        return dv_fail(err, DV_NO_MEMORY, "no memory for the input");
    bool ok = cli_read_input(n, path, false, input, NULL, err) && dv_npy_write(npy, s, input, err);
    free(input);
    return ok;
}

static bool run(const void *opts, int n_args, char **args, dv_error *err)
{
    const prepare_options *o = opts;
    if (n_args != 1)
        return dv_fail(err, DV_BAD_USAGE, "prepare takes one image, not %d", n_args);
    if (!o->npy)
        return dv_fail(err, DV_BAD_USAGE, "prepare needs --npy FILE");
    cli_network n;
    bool ok = cli_network_open(&n, &o->network, NULL, err) && prepare(&n, args[0], o->npy, err);
    cli_network_close(&n);
    return ok;
}

const cli_command cmd_prepare = {
    .name = "prepare",
    .summary = "Write the input tensor that the network gets for an image",
    .usage = "[-m MODEL] IMAGE --npy FILE",
    .options = options,
    .defaults = &(const prepare_options){ .network = CLI_NETWORK_DEFAULTS },
    .options_size = sizeof(prepare_options),
    .run = run,
};
