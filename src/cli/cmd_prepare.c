/* cmd_prepare.c - `deconvviz prepare`: the input tensor that the network gets. */
#include "base/file.h"
#include "cli/rows.h"
#include "deconvviz/draw.h"
#include "draw/provenance.h"
#include "tensor/npy.h"

#include <stdlib.h>

typedef struct prepare_options {
    cli_network_options network;
    const char *npy, *png;
} prepare_options;

static const cli_option options[] = {
    CLI_GROUP_ROW("What is written:"),
    { "npy", 0, CLI_WRITES, offsetof(prepare_options, npy), "FILE",
      "the tensor, float32 (1,C,H,W)" },
    { "png", 0, CLI_WRITES, offsetof(prepare_options, png), "FILE", "what the network sees" },
    CLI_NETWORK_ROWS(prepare_options),
    { 0 },
};

static const cli_example examples[] = {
    { "deconvviz prepare --png seen.png img.jpg", "What is left of a photograph" },
    { "deconvviz prepare --preprocess caffe --npy x.npy img.jpg",
      "A tensor for another program, or for forward --input" },
    { 0 },
};

/* image: path of what the input was made of. */
static bool write_picture(const cli_network *n, const char *path, const char *image,
                          const float *input, dv_error *err)
{
    dv_image seen;
    char sha256[DV_DIGEST_TEXT_MAX];
    const dv_provenance p = { .model = dv_model_name(n->model),
                              .model_sha256 = dv_model_sha256(n->model, err),
                              .image = image,
                              .image_sha256 = sha256 };
    if (!p.model_sha256 || !dv_sha256_file(image, sha256, err) ||
        !dv_draw_input(&seen, input, &n->prepare, err))
        return false;
    bool ok = dv_picture_write(path, &seen, &p, err);
    dv_image_free(&seen);
    return ok;
}

static bool prepare(const cli_network *n, const char *path, const prepare_options *o, dv_error *err)
{
    const dv_shape *s = dv_tensor_shape(n->model, dv_model_input(n->model));
    float *input = malloc(dv_shape_count(s) * sizeof *input);
    if (!input)
        return dv_fail(err, DV_NO_MEMORY, "no memory for the input");
    bool ok = cli_read_input(n, path, false, input, NULL, err) &&
              (!o->npy || dv_npy_write(o->npy, s, input, err)) &&
              (!o->png || write_picture(n, o->png, path, input, err));
    free(input);
    return ok;
}

static bool run(const void *opts, int n_args, char **args, dv_error *err)
{
    const prepare_options *o = opts;
    (void)n_args;
    cli_network n;
    bool ok = cli_network_open(&n, &o->network, NULL, err) && cli_network_takes_images(&n, err) &&
              prepare(&n, args[0], o, err);
    cli_network_close(&n);
    return ok;
}

const cli_command cmd_prepare = {
    .name = "prepare",
    .summary = "Write the input tensor that the network gets for an image",
    .description =
        "Decodes, turns, resizes, cuts and scales the image as every other command does before the "
        "network runs.",
    .arguments = { CLI_IMAGE, .least = 1, .most = 1 },
    .one_of = "npy|png",
    .options = options,
    .examples = examples,
    .defaults = &(const prepare_options){ .network = CLI_NETWORK_DEFAULTS },
    .options_size = sizeof(prepare_options),
    .run = run,
};
