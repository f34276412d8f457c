/* cmd_layers.c - `deconvviz layers`: what the network is made of. */
#include "base/text.h"
#include "cli/rows.h"
#include "graph/model.h"

#include <stdlib.h>
#include <string.h>

typedef struct layers_options {
    cli_network_options network;
    bool all, json;
} layers_options;

static const cli_option options[] = {
    CLI_GROUP_ROW("What is listed:"),
    { "all", 'a', CLI_FLAG, offsetof(layers_options, all), NULL,
      "every tensor that -l takes, not the weight layers alone" },
    { "json", 0, CLI_FLAG, offsetof(layers_options, json), NULL, "one JSON object a line" },
    CLI_MODEL_ROWS(layers_options),
    { 0 },
};

static const cli_example examples[] = {
    { "deconvviz layers", "The layers of the built-in network" },
    { "deconvviz layers -m model.onnx --all", "Every tensor of another one" },
    { 0 },
};

typedef struct row {
    int number;            /* of the weight layer that the tensor stands for; 0: none */
    const char *name, *op; /* of the node */
    const char *tensor;
    char shape[DV_SHAPE_TEXT_MAX];
    const dv_shape *dims;
    int field[2]; /* height, width of a unit's receptive field */
    int32_t stride[2];
    size_t parameters;
} row;

/* Completes a row about the tensor `id`: a unit in its middle stands for all. */
static bool look_at(const dv_model *m, int id, row *r, dv_error *err)
{
    r->tensor = dv_tensor_name(m, id);
    r->dims = dv_tensor_shape(m, id);
    if (r->dims->rank < 0) {
        snprintf(r->shape, sizeof r->shape, "-"); /* not for an input of this size */
        return true;
    }
    dv_shape_text(r->dims, r->shape);
    dv_box unit = dv_box_whole(r->dims), in;
    for (int a = 0; a < 3; a++) {
        unit.lo[a] = (unit.hi[a] - 1) / 2;
        unit.hi[a] = unit.lo[a] + 1;
    }
    if (!dv_model_field(m, id, unit, &in, err) || !dv_model_stride(m, id, r->stride, err))
        return false;
    r->field[0] = in.hi[DV_Y] - in.lo[DV_Y];
    r->field[1] = in.hi[DV_X] - in.lo[DV_X];
    return true;
}

/* The layer for which the tensor is taken, or NULL. */
static const dv_layer *layer_of(const dv_model *m, int id)
{
    for (int i = 0; i < dv_model_n_layers(m); i++)
        if (dv_model_layer(m, i)->tensor == id)
            return dv_model_layer(m, i);
    return NULL;
}

/* Rows of all activations behind the input; returns their number, -1 with err set. */
static int list_tensors(const dv_model *m, row *rows, dv_error *err)
{
    int n = 0;
    for (int i = 0; i < m->n_nodes; i++)
        for (int k = 0; k < m->nodes[i].n_out; k++) {
            int id = m->nodes[i].out[k];
            if (id == DV_NO_VALUE || m->values[id].constant || m->values[id].shape.rank < 0)
                continue;
            const dv_layer *l = layer_of(m, id);
            rows[n] = (row){ .number = l ? l->number : 0,
                             .name = m->nodes[i].name,
                             .op = m->nodes[i].op->name,
                             .parameters = l ? l->parameters : 0 };
            if (!look_at(m, id, &rows[n++], err))
                return -1;
        }
    return n;
}

static int list_layers(const dv_model *m, row *rows, dv_error *err)
{
    int n = dv_model_n_layers(m);
    for (int i = 0; i < n; i++) {
        const dv_layer *l = dv_model_layer(m, i);
        rows[i] =
            (row){ .number = l->number, .name = l->name, .op = l->op, .parameters = l->parameters };
        if (!look_at(m, l->tensor, &rows[i], err))
            return -1;
    }
    return n;
}

/* -- the table -------------------------------------------------------------------------------- */

enum { NUMBER, NAME, OPERATOR, SHAPE, FIELD, STRIDE, PARAMETERS, TENSOR, N_COLUMNS };

static const struct {
    const char *title;
    bool right; /* numbers stand at the right */
} columns[N_COLUMNS] = {
    [NUMBER] = { "#", true },
    [NAME] = { "name", false },
    [OPERATOR] = { "operator", false },
    [SHAPE] = { "shape", false },
    [FIELD] = { "field", true },
    [STRIDE] = { "stride", true },
    [PARAMETERS] = { "parameters", true },
    [TENSOR] = { "tensor", false },
};

/* What stands in a column of a row; buffer is for what has to be written first. */
static const char *cell(const row *r, int column, char *buffer, size_t size)
{
    buffer[0] = '\0';
    switch (column) {
    case NUMBER:
        if (r->number)
            snprintf(buffer, size, "%d", r->number);
        return buffer;
    case NAME:
        return r->name;
    case OPERATOR:
        return r->op;
    case SHAPE:
        return r->shape;
    case FIELD:
        snprintf(buffer, size, "%dx%d", r->field[0], r->field[1]);
        return r->field[0] > 0 ? buffer : "-";
    case STRIDE:
        snprintf(buffer, size, "%dx%d", (int)r->stride[0], (int)r->stride[1]);
        return r->stride[0] > 0 || r->stride[1] > 0 ? buffer : "-";
    case PARAMETERS:
        if (r->parameters)
            snprintf(buffer, size, "%zu", r->parameters);
        return buffer;
    default:
        return r->tensor;
    }
}

static void add_cells(dv_text *t, const char *const cells[N_COLUMNS], const int width[N_COLUMNS])
{
    for (int c = 0; c < N_COLUMNS; c++)
        dv_text_format(t, "%s%*s", c ? "  " : "",
                       columns[c].right ? width[c]
                       : c == TENSOR    ? 0
                                        : -width[c],
                       cells[c]);
    dv_text_add(t, "\n", 1);
}

static void add_table(dv_text *t, const row *rows, int n)
{
    int width[N_COLUMNS];
    char buffer[N_COLUMNS][32];
    const char *cells[N_COLUMNS];
    for (int c = 0; c < N_COLUMNS; c++) {
        cells[c] = columns[c].title;
        width[c] = (int)strlen(columns[c].title);
        for (int i = 0; i < n; i++) {
            int w = (int)strlen(cell(&rows[i], c, buffer[0], sizeof *buffer));
            width[c] = w > width[c] ? w : width[c];
        }
    }
    add_cells(t, cells, width);
    for (int i = 0; i < n; i++) {
        for (int c = 0; c < N_COLUMNS; c++)
            cells[c] = cell(&rows[i], c, buffer[c], sizeof *buffer);
        add_cells(t, cells, width);
    }
}

static void add_json(dv_text *t, const row *rows, int n)
{
    for (int i = 0; i < n; i++) {
        const row *r = &rows[i];
        dv_text_format(
            t, r->number ? "{\"number\":%d,\"name\":" : "{\"number\":null,\"name\":", r->number);
        dv_text_string(t, r->name);
        dv_text_format(t, ",\"operator\":\"%s\",\"tensor\":", r->op);
        dv_text_string(t, r->tensor);
        dv_text_format(t, ",\"shape\":[");
        for (int d = 0; d < r->dims->rank; d++)
            dv_text_format(t, "%s%d", d ? "," : "", (int)r->dims->dim[d]);
        dv_text_format(t, "],\"receptive_field\":[%d,%d],\"stride\":[%d,%d],\"parameters\":%zu}\n",
                       r->field[0], r->field[1], (int)r->stride[0], (int)r->stride[1],
                       r->parameters);
    }
}

static bool list(const dv_model *m, const layers_options *o, dv_error *err)
{
    size_t most = (size_t)m->n_values + (size_t)dv_model_n_layers(m);
    row *rows = calloc(most, sizeof *rows);
    if (!rows)
        return dv_fail(err, DV_NO_MEMORY, "no memory for %zu rows", most);
    int n = (o->all ? list_tensors : list_layers)(m, rows, err);
    bool ok = n >= 0;
    dv_text t = { 0 };
    if (ok)
        (o->json ? add_json : add_table)(&t, rows, n);
    ok = ok && cli_print_text(&t, "the list", err);
    free(t.data);
    free(rows);
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
