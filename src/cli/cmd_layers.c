/* cmd_layers.c - `deconvviz layers`: what the network is made of. */
#include "cli/rows.h"
#include "graph/model.h"
#include "report/table.h"

typedef struct layers_options {
    cli_network_options network;
    bool all, json, csv;
} layers_options;

static const cli_option options[] = {
    CLI_GROUP_ROW("What is listed:"),
    { "all", 'a', CLI_FLAG, offsetof(layers_options, all), NULL,
      "every tensor that -l takes, not the weight layers alone" },
    CLI_TABLE_ROWS(layers_options),
    CLI_MODEL_ROWS(layers_options),
    { 0 },
};

static const cli_example examples[] = {
    { "deconvviz layers", "The layers of the built-in network" },
    { "deconvviz layers -m model.onnx --all", "Every tensor of another one" },
    { 0 },
};

enum {
    NUMBER,
    NAME,
    OPERATOR,
    TENSOR,
    SHAPE,
    FIELD,
    STRIDE,
    PARAMETERS,
    SHOWN_TENSOR, /* where people want it, at the end */
    N_COLUMNS
};

static const dv_column columns[N_COLUMNS] = {
    [NUMBER] = { .key = "number", .title = "#", .kind = DV_COLUMN_INT, .right = true },
    [NAME] = { .key = "name", .title = "name" },
    [OPERATOR] = { .key = "operator", .title = "operator" },
    [TENSOR] = { .key = "tensor" },
    [SHAPE] = { .key = "shape", .title = "shape", .kind = DV_COLUMN_INTS, .list = "(,)" },
    [FIELD] = { .key = "receptive_field",
                .title = "field",
                .kind = DV_COLUMN_INTS,
                .right = true,
                .list = "x" },
    [STRIDE] = { .key = "stride",
                 .title = "stride",
                 .kind = DV_COLUMN_INTS,
                 .right = true,
                 .list = "x" },
    [PARAMETERS] = { .key = "parameters",
                     .title = "parameters",
                     .kind = DV_COLUMN_INT,
                     .right = true },
    [SHOWN_TENSOR] = { .title = "tensor" },
};

/* Height and width of a unit's receptive field, and the stride; a unit in the middle stands for
 * all. */
static bool measure(const dv_model *m, int id, int32_t field[2], int32_t stride[2], dv_error *err)
{
    dv_box unit = dv_box_whole(dv_tensor_shape(m, id)), in;
    for (int a = 0; a < 3; a++) {
        unit.lo[a] = (unit.hi[a] - 1) / 2;
        unit.hi[a] = unit.lo[a] + 1;
    }
    if (!dv_model_field(m, id, unit, &in, err) || !dv_model_stride(m, id, stride, err))
        return false;
    field[0] = in.hi[DV_Y] - in.lo[DV_Y];
    field[1] = in.hi[DV_X] - in.lo[DV_X];
    return true;
}

/* What of a tensor `id` comes from its shape. */
static bool add_geometry(dv_table *t, const dv_model *m, int id, dv_error *err)
{
    const dv_shape *shape = dv_tensor_shape(m, id);
    const bool here = shape->rank >= 0; /* else not for an input of this size */
    int32_t field[2] = { 0 }, stride[2] = { 0 };
    if (here && !measure(m, id, field, stride, err))
        return false;
    dv_table_ints(t, SHAPE, shape->dim, here ? shape->rank : 0);
    dv_table_ints(t, FIELD, field, 2);
    dv_table_ints(t, STRIDE, stride, 2);
    if (!here)
        dv_table_show(t, SHAPE, "-");
    if (field[0] <= 0)
        dv_table_show(t, FIELD, "-");
    if (stride[0] <= 0 && stride[1] <= 0)
        dv_table_show(t, STRIDE, "-");
    return true;
}

/* A row about the tensor `id` of a node; l: the weight layer that it stands for, or NULL. */
static bool add_row(dv_table *t, const dv_model *m, int id, const char *name, const char *op,
                    const dv_layer *l, dv_error *err)
{
    dv_table_row(t);
    if (l)
        dv_table_int(t, NUMBER, l->number);
    else
        dv_table_null(t, NUMBER);
    dv_table_text(t, NAME, name);
    dv_table_text(t, OPERATOR, op);
    dv_table_text(t, TENSOR, dv_tensor_name(m, id));
    dv_table_text(t, SHOWN_TENSOR, dv_tensor_name(m, id));
    dv_table_int(t, PARAMETERS, l ? (int64_t)l->parameters : 0);
    if (!l || l->parameters == 0)
        dv_table_show(t, PARAMETERS, "%s", "");
    return add_geometry(t, m, id, err);
}

/* The layer for which the tensor is taken, or NULL. */
static const dv_layer *layer_of(const dv_model *m, int id)
{
    for (int i = 0; i < dv_model_n_layers(m); i++)
        if (dv_model_layer(m, i)->tensor == id)
            return dv_model_layer(m, i);
    return NULL;
}

/* All activations behind the input. */
static bool add_tensors(dv_table *t, const dv_model *m, dv_error *err)
{
    for (int i = 0; i < m->n_nodes; i++)
        for (int k = 0; k < m->nodes[i].n_out; k++) {
            const dv_node *node = &m->nodes[i];
            int id = node->out[k];
            if (id == DV_NO_VALUE || m->values[id].constant || m->values[id].shape.rank < 0)
                continue;
            if (!add_row(t, m, id, node->name, node->op->name, layer_of(m, id), err))
                return false;
        }
    return true;
}

static bool add_layers(dv_table *t, const dv_model *m, dv_error *err)
{
    for (int i = 0; i < dv_model_n_layers(m); i++) {
        const dv_layer *l = dv_model_layer(m, i);
        if (!add_row(t, m, l->tensor, l->name, l->op, l, err))
            return false;
    }
    return true;
}

static bool list(const dv_model *m, const layers_options *o, dv_error *err)
{
    dv_table t = { .columns = columns, .n_columns = N_COLUMNS };
    bool ok = (o->all ? add_tensors : add_layers)(&t, m, err) &&
              cli_print_table(&t, o->json, o->csv, err);
    dv_table_free(&t);
    return ok;
}

static bool run(const void *opts, int n_args, char **args, dv_error *err)
{
    const layers_options *o = opts;
    (void)n_args;
    (void)args;
    cli_network_options quiet = o->network;
    quiet.quiet = true;
    quiet.threads = 1;
    cli_network n;
    bool ok = cli_network_open(&n, &quiet, NULL, err) && list(n.model, o, err);
    cli_network_close(&n);
    return ok;
}

const cli_command cmd_layers = {
    .name = "layers",
    .summary = "List the weight layers with their shapes and receptive fields",
    .description =
        "The numbers and names are what -l takes in the other commands. A layer stands for what "
        "comes out behind its activation function. The receptive field is that of a unit in the "
        "middle of the map.",
    .options = options,
    .examples = examples,
    .defaults = &(const layers_options){ .network = CLI_NETWORK_DEFAULTS },
    .options_size = sizeof(layers_options),
    .run = run,
};
