/* cmd_layers.c - `deconvviz layers`: what the network is made of. */
#include "cli/network.h"

#include <string.h>

typedef struct layers_options {
    cli_network_options network;
    bool json;
} layers_options;

static const cli_option options[] = {
    CLI_NETWORK_ROWS(layers_options),
    { "json", 0, CLI_FLAG, offsetof(layers_options, json), NULL, "one JSON object a line" },
    { 0 },
};

typedef struct row {
    const dv_layer *layer;
    const char *tensor;
    dv_shape shape;
    int field[2]; /* height, width of the receptive field; 0: none */
    int32_t stride[2];
} row;

static bool look(const dv_model *m, int i, row *r, dv_error *err)
{
    r->layer = dv_model_layer(m, i);
    r->tensor = dv_tensor_name(m, r->layer->tensor);
    r->shape = *dv_tensor_shape(m, r->layer->tensor);
    dv_box unit = dv_box_whole(&r->shape), in;
    for (int a = 0; a < 3; a++) {
        unit.lo[a] = (unit.hi[a] - 1) / 2;
        unit.hi[a] = unit.lo[a] + 1;
    }
    if (!dv_model_field(m, r->layer->tensor, unit, &in, err) ||
        !dv_model_stride(m, r->layer->tensor, r->stride, err))
        return false;
    r->field[0] = in.hi[DV_Y] - in.lo[DV_Y];
    r->field[1] = in.hi[DV_X] - in.lo[DV_X];
    return true;
}

/* "7x7"; "-" for 0. */
static const char *by(int a, int b, char text[32])
{
    if (a == 0 && b == 0)
        return "-";
    snprintf(text, 32, "%dx%d", a, b);
    return text;
}

static void print_row(const row *r, int name_width)
{
    char shape[DV_SHAPE_TEXT_MAX], field[32], stride[32];
    printf("%3d  %-*s  %-13s  %-16s  %9s  %7s  %10zu  %s\n", r->layer->number, name_width,
           r->layer->name, r->layer->op, dv_shape_text(&r->shape, shape),
           by(r->field[0], r->field[1], field), by(r->stride[0], r->stride[1], stride),
           r->layer->parameters, r->tensor);
}

static void print_text(const char *text)
{
    putchar('"');
    for (const unsigned char *c = (const unsigned char *)text; *c; c++)
        if (*c == '"' || *c == '\\')
            printf("\\%c", *c);
        else if (*c < 32)
            printf("\\u%04x", *c);
        else
            putchar(*c);
    putchar('"');
}

static void print_json(const row *r)
{
    printf("{\"number\":%d,\"name\":", r->layer->number);
    print_text(r->layer->name);
    printf(",\"operator\":\"%s\",\"tensor\":", r->layer->op);
    print_text(r->tensor);
    printf(",\"shape\":[");
    for (int i = 0; i < r->shape.rank; i++)
        printf("%s%d", i ? "," : "", (int)r->shape.dim[i]);
    printf("],\"receptive_field\":[%d,%d],\"stride\":[%d,%d],\"parameters\":%zu}\n", r->field[0],
           r->field[1], (int)r->stride[0], (int)r->stride[1], r->layer->parameters);
}

static bool print_all(const dv_model *m, bool json, dv_error *err)
{
    int width = 4;
    for (int i = 0; i < dv_model_n_layers(m); i++) {
        int len = (int)strlen(dv_model_layer(m, i)->name);
        width = len > width ? len : width;
    }
    width = width > 40 ? 40 : width;
    if (!json)
        printf("  #  %-*s  %-13s  %-16s  %9s  %7s  %10s  %s\n", width, "name", "operator", "shape",
               "field", "stride", "parameters", "tensor");
    for (int i = 0; i < dv_model_n_layers(m); i++) {
        row r;
        if (!look(m, i, &r, err))
            return false;
        if (json)
            print_json(&r);
        else
            print_row(&r, width);
    }
    return true;
}

static bool run(const void *opts, int n_args, char **args, dv_error *err)
{
    const layers_options *o = opts;
    if (n_args > 0)
        return dv_fail(err, DV_BAD_USAGE, "layers takes no argument '%s' (the model: -m FILE)",
                       args[0]);
    cli_network_options quiet = o->network;
    quiet.quiet = true;
    cli_network n;
    bool ok = cli_network_open(&n, &quiet, NULL, err) && print_all(n.model, o->json, err);
    cli_network_close(&n);
    return ok;
}

const cli_command cmd_layers = {
    .name = "layers",
    .summary = "List the weight layers: number, name, operator, shape, receptive field, stride",
    .usage = "[-m MODEL]",
    .options = options,
    .defaults = &(const layers_options){ .network = CLI_NETWORK_DEFAULTS },
    .options_size = sizeof(layers_options),
    .run = run,
};
