/* steps_toy.c - a network that can be followed by hand.
 *
 *     x (6x6)  conv1 3x3 -> 4x4  relu1  pool1 2x2 -> 2x2  conv2 2x2 -> 1x1  relu2
 *
 * The maxima of the four windows stand in different places, each alone; one weight of conv2 is
 * below 0, so that on the way back there is something to rectify. Nothing is rounded. */
#include "graph/model.h"
#include "run/watch.h"
#include "studies/steps_draw.h"

#include <stdlib.h>

static const float image[36] = {
    1, 1, 2, 3, 1, 2, /**/
    0, 1, 3, 0, 1, 1, /**/
    2, 3, 2, 3, 1, 2, /**/
    0, 2, 1, 2, 2, 1, /**/
    1, 2, 0, 1, 0, 0, /**/
    1, 0, 0, 1, 3, 1,
};

static const float weights1[9] = {
    1, 0, -1, /**/
    2, 0, -2, /**/
    1, 0, -1,
};

static const float weights2[4] = {
    1,
    -1, /**/
    2,
    1,
};

static const dv_array constants[2] = {
    { DV_F32, { 4, { 1, 1, 3, 3 } }, weights1 },
    { DV_F32, { 4, { 1, 1, 2, 2 } }, weights2 },
};

static bool add(dv_model *m, const char *op, const char *name, const char *in, const char *weights,
                int n_attrs, const dv_attr *attrs, dv_error *err)
{
    const dv_node_words w = { .name = name,
                              .op = op,
                              .opset = 17,
                              .n_attrs = n_attrs,
                              .attrs = attrs,
                              .n_in = weights ? 2 : 1,
                              .n_out = 1,
                              .in = (const char *[]){ in, weights },
                              .out = &name };
    return dv_model_add_node(m, &w, err);
}

static dv_model *make(dv_error *err)
{
    static const int64_t two[] = { 2, 2 };
    static const dv_attr pool[] = { { "kernel_shape", DV_ATTR_INTS, 2, { .ints = two } },
                                    { "strides", DV_ATTR_INTS, 2, { .ints = two } } };
    const dv_shape in = { 4, { 1, 1, 6, 6 } };
    dv_model *m = dv_model_new("toy", NULL, err);
    if (m && dv_model_add_input(m, "x", &in, err) &&
        dv_model_add_constant(m, "conv1.weight", &constants[0], err) &&
        dv_model_add_constant(m, "conv2.weight", &constants[1], err) &&
        add(m, "Conv", "conv1", "x", "conv1.weight", 0, NULL, err) &&
        add(m, "Relu", "relu1", "conv1", NULL, 0, NULL, err) &&
        add(m, "MaxPool", "pool1", "relu1", NULL, 2, pool, err) &&
        add(m, "Conv", "conv2", "pool1", "conv2.weight", 0, NULL, err) &&
        add(m, "Relu", "relu2", "conv2", NULL, 0, NULL, err) && dv_model_finish(m, "relu2", err))
        return m;
    dv_model_free(m);
    return NULL;
}

static bool walk(dv_steps_walk *w, dv_error *err)
{
    int keep[16];
    const dv_unit u = { dv_model_output(w->model), 0, 0, 0 };
    const dv_request r = { .n_keep = dv_steps_keep(w->model, u.tensor, keep),
                           .keep = keep,
                           .rules = 1U << w->o->rule,
                           .exact = true };
    dv_plan *plan = dv_plan_new(w->model, &r, NULL, err);
    dv_trace *trace = plan ? dv_trace_new(plan, NULL, err) : NULL;
    dv_projector *p = trace ? dv_projector_new(trace, NULL, err) : NULL;
    const dv_provenance says = { .model = "toy",
                                 .rule = dv_rule_name(w->o->rule),
                                 .seed = w->o->seed == DV_SEED_ONE ? "one" : "value" };
    const bool ok = p && dv_trace_forward(trace, image, err) &&
                    dv_steps_walk_back(w, trace, p, &u, err) &&
                    (!w->o->figure.path || dv_steps_draw_toy(w, &says, err));
    dv_projector_free(p);
    dv_trace_free(trace);
    dv_plan_free(plan);
    return ok;
}

bool dv_steps_toy(const dv_steps_options *o, dv_steps *s, dv_error *err)
{
    *s = (dv_steps){ .n = 0 };
    if (o->figure.path && !dv_figure_check(&o->figure, err))
        return false;
    dv_steps_options one = *o;
    one.maps = 1;
    dv_model *m = make(err);
    dv_steps_walk w = { .model = m, .o = &one, .steps = s };
    const bool ok = m && walk(&w, err);
    dv_model_free(m);
    if (!ok)
        dv_steps_free(s);
    else if (o->figure.path)
        dv_watch_wrote(&o->watch, o->figure.path);
    return ok;
}
