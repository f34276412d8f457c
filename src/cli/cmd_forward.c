/* cmd_forward.c - `deconvviz forward`: the activations of one tensor. */
#include "cli/rows.h"
#include "deconvviz/trace.h"
#include "run/input.h"
#include "tensor/npy.h"

#include <stdlib.h>

typedef struct forward_options {
    cli_network_options network;
    const char *layer, *npy, *input;
} forward_options;

static const cli_option options[] = {
    CLI_GROUP_ROW("What is computed and written:"),
    { "layer", 'l', CLI_LAYER, offsetof(forward_options, layer), "LAYER",
      "the number of a weight layer, or the name of a node or tensor (the output)" },
    { "npy", 0, CLI_WRITES, offsetof(forward_options, npy), "FILE", "the activations, float32" },
    { "input", 0, CLI_FILE, offsetof(forward_options, input), "X.npy",
      "a prepared float32 tensor (1,C,H,W) in place of the image" },
    CLI_NETWORK_ROWS(forward_options),
    { 0 },
};

static const cli_example examples[] = {
    { "deconvviz forward -l 5 --npy activations.npy img.jpg", "All activations of a layer" },
    { "deconvviz forward --input x.npy", "The range of the output, for a tensor from elsewhere" },
    { 0 },
};

static void summarise(const char *name, const dv_shape *s, const float *x)
{
    size_t n = dv_shape_count(s);
    float lo = x[0], hi = x[0];
    double sum = 0;
    for (size_t i = 0; i < n; i++) {
        lo = x[i] < lo ? x[i] : lo;
        hi = x[i] > hi ? x[i] : hi;
        sum += (double)x[i];
    }
    char text[DV_SHAPE_TEXT_MAX];
    cli_print("%s %s min %.6g max %.6g mean %.6g\n", name, dv_shape_text(s, text), (double)lo,
              (double)hi, sum / (double)n);
}

static bool forward(const cli_network *n, const forward_options *o, const char *path, dv_error *err)
{
    int tensor = dv_model_output(n->model);
    if (o->layer && !dv_model_find(n->model, o->layer, &tensor, err))
        return false;
    dv_request request = { .n_keep = 1, .keep = &tensor, .exact = o->network.exact };
    size_t count = dv_shape_count(dv_tensor_shape(n->model, dv_model_input(n->model)));
    float *input = malloc(count * sizeof *input);
    dv_plan *plan = dv_plan_new(n->model, &request, n->pool, err);
    dv_trace *trace = plan ? dv_trace_new(plan, n->pool, err) : NULL;
    bool ok = trace && (input || dv_fail(err, DV_NO_MEMORY, "no memory for the input"));
    ok = ok && cli_read_input(n, path, o->input != NULL, input, NULL, err) &&
         (dv_trace_forward(trace, input, err) || dv_fail_in(err, "%s", path));
    if (ok) {
        const dv_shape *s = dv_tensor_shape(n->model, tensor);
        const float *x = dv_trace_tensor(trace, tensor);
        summarise(dv_tensor_name(n->model, tensor), s, x);
        ok = !o->npy || dv_npy_write(o->npy, s, x, err);
    }
    dv_trace_free(trace);
    dv_plan_free(plan);
    free(input);
    return ok;
}

static bool run(const void *opts, int n_args, char **args, dv_error *err)
{
    const forward_options *o = opts;
    (void)n_args;
    int size[2];
    if (o->input && !dv_input_size(o->input, size, err))
        return false;
    cli_network n;
    bool ok = cli_network_open(&n, &o->network, o->input ? size : NULL, err) &&
              (o->input || cli_network_takes_images(&n, err)) &&
              forward(&n, o, o->input ? o->input : args[0], err);
    cli_network_close(&n);
    return ok;
}

const cli_command cmd_forward = {
    .name = "forward",
    .summary = "Write the activations of one tensor",
    .description = "Prints the tensor's name, shape, least and largest value and mean; with --npy "
                   "writes the whole.",
    .arguments = { CLI_IMAGE, .least = 1, .most = 1, .instead = "input" },
    .options = options,
    .examples = examples,
    .defaults = &(const forward_options){ .network = CLI_NETWORK_DEFAULTS },
    .options_size = sizeof(forward_options),
    .run = run,
};
