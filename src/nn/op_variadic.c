/* op_variadic.c - any number of tensors made into one, with broadcasting: Sum, Mean, Max, Min. */
#include "kernel/isa.h"
#include "nn/broadcast.h"
#include "nn/channel_epilogue.h"
#include "nn/elementwise.h"
#include "nn/piece.h"

#include <string.h>

typedef struct job {
    const dv_call *c;
    dv_binary f;
} job;

/* y = the first input, then f(y, x) for those behind it, in order. */
static void apply_broadcast(const dv_call *c, dv_binary f)
{
    const dv_isa *isa = dv_isa_best();
    const dv_box wanted = dv_wanted(c, 0);
    for (int i = 0; i < c->n_in; i++) {
        const dv_tensor *t = &c->in[i];
        dv_shape shape = c->out[0].shape;
        dv_layout to = dv_layout_whole(&shape);
        dv_layout from = dv_layout_broadcast(&t->shape, dv_layout_whole(&t->shape), &shape);
        if (!c->boxes)
            dv_merge_axes(&shape, 2, (dv_layout *[]){ &to, &from });
        dv_run r = dv_run_over(&shape, c->boxes ? wanted : dv_box_whole(&shape));
        while (dv_run_next(&r)) {
            const float *x = t->data + dv_layout_at(&from, r.index, r.rank);
            float *y = c->out[0].data + dv_layout_at(&to, r.index, r.rank);
            const ptrdiff_t step = from.step[r.last];
            if (i > 0)
                isa->combine(f, r.n, y, false, x, step == 0, y);
            else
                for (int32_t k = 0; k < r.n; k++)
                    y[k] = x[k * step];
        }
    }
}

/* The same where no input is repeated. */
static void apply_part(void *ctx, int i, int worker)
{
    (void)worker;
    const job *j = ctx;
    const dv_call *c = j->c;
    const dv_isa *isa = dv_isa_best();
    for (dv_stretch s = dv_stretch_of(c, i); s.n > 0; dv_stretch_next(&s)) {
        float *y = c->out[0].data + s.at;
        if (c->n_in == 1)
            memcpy(y, c->in[0].data + s.at, s.n * sizeof *y);
        for (int k = 1; k < c->n_in; k++)
            isa->combine(j->f, (int)s.n, k == 1 ? c->in[0].data + s.at : y, false,
                         c->in[k].data + s.at, false, y);
    }
}

static void apply(const dv_call *c, dv_binary f)
{
    job j = { c, f };
    bool repeats = false;
    for (int i = 0; i < c->n_in; i++)
        repeats |= dv_shape_count(&c->in[i].shape) != dv_shape_count(&c->out[0].shape);
    if (repeats)
        apply_broadcast(c, f);
    else
        dv_pool_run(c->pool, dv_stretch_parts(c), apply_part, &j);
}

static void sum_forward(const dv_call *c)
{
    apply(c, DV_COMBINE_ADD);
    for (int i = 0; i < dv_stretch_parts(c); i++)
        for (dv_stretch s = dv_stretch_of(c, i); s.n > 0; dv_stretch_next(&s))
            dv_channel_epilogue_apply_part(&c->ep, &c->out[0], s.at, s.n);
}

static void mean_forward(const dv_call *c)
{
    const float n = (float)c->n_in;
    apply(c, DV_COMBINE_ADD);
    for (int i = 0; i < dv_stretch_parts(c); i++)
        for (dv_stretch s = dv_stretch_of(c, i); s.n > 0; dv_stretch_next(&s)) {
            float *y = c->out[0].data + s.at;
            dv_isa_best()->combine(DV_COMBINE_DIV, (int)s.n, y, false, &n, true, y);
        }
}

static void max_forward(const dv_call *c)
{
    apply(c, DV_COMBINE_MAX);
}

static void min_forward(const dv_call *c)
{
    apply(c, DV_COMBINE_MIN);
}

static void sum_project(const dv_call *c, const dv_signal *out, const dv_signal *in)
{
    for (int i = 0; i < c->n_in; i++) {
        dv_piece v = dv_piece_broadcast(&c->in[i].shape, &c->out[0].shape);
        dv_piece_project(&v, &c->in[i].shape, &c->out[0].shape, &out[0], &in[i]);
    }
}

static size_t mean_project_scratch(const dv_call *c, const dv_signal *out)
{
    (void)c;
    return dv_box_count(&out[0].box) * sizeof(float);
}

static void mean_project(const dv_call *c, const dv_signal *out, const dv_signal *in)
{
    dv_signal share = { out[0].box, c->scratch };
    for (size_t i = 0, n = dv_box_count(&out[0].box); out[0].data && i < n; i++)
        share.data[i] = out[0].data[i] / (float)c->n_in;
    if (out[0].data)
        sum_project(c, &share, in);
}

/* What a tensor repeated to `shape` holds at an index of that. */
static float value_at(const dv_tensor *t, const dv_shape *shape, const int32_t *index)
{
    dv_layout l = dv_layout_broadcast(&t->shape, dv_layout_whole(&t->shape), shape);
    return t->data[dv_layout_at(&l, index, shape->rank)];
}

/* The first input that equals the output v. */
static int winner(const dv_call *c, const int32_t *index, float v)
{
    int i = 0;
    while (i + 1 < c->n_in && value_at(&c->in[i], &c->out[0].shape, index) != v)
        i++;
    return i;
}

static void project_winner(const dv_call *c, const dv_signal *out, const dv_signal *in, int i)
{
    const dv_shape *shape = &c->out[0].shape, *mine = &c->in[i].shape;
    dv_layout whole = dv_layout_whole(shape);
    dv_layout to = dv_layout_broadcast(mine, dv_layout_box(mine, &in->box), shape);
    const float *from = out->data;
    dv_run r = dv_run_over(shape, out->box);
    for (; dv_run_next(&r); from += r.n) {
        const float *y = c->out[0].data + dv_layout_at(&whole, r.index, r.rank);
        float *g = in->data + dv_layout_at(&to, r.index, r.rank);
        for (int32_t k = 0; k < r.n; k++, r.index[r.last]++)
            if (winner(c, r.index, y[k]) == i)
                g[k * to.step[r.last]] += from[k];
    }
}

static void winner_project(const dv_call *c, const dv_signal *out, const dv_signal *in)
{
    for (int i = 0; i < c->n_in; i++)
        if (out[0].data && in[i].data)
            project_winner(c, &out[0], &in[i], i);
}

#define VARIADIC_OP(NAME, ONNX_NAME, EPILOGUE, PROJECT, SCRATCH, KEEP) \
    const dv_op dv_op_##NAME = {                                       \
        .name = (ONNX_NAME),                                           \
        .min_in = 1,                                                   \
        .max_in = -1,                                                  \
        .max_out = 1,                                                  \
        .infer = dv_infer_broadcast,                                   \
        .forward = NAME##_forward,                                     \
        .reach = dv_reach_broadcast,                                   \
        .takes_epilogue = (EPILOGUE),                                  \
        .window = dv_window_broadcast,                                 \
        .project = (PROJECT),                                          \
        .project_scratch = (SCRATCH),                                  \
        .keeps = { (KEEP), (KEEP), (KEEP) },                           \
    }

VARIADIC_OP(sum, "Sum", true, sum_project, NULL, DV_KEEP_NOTHING);
VARIADIC_OP(mean, "Mean", false, mean_project, mean_project_scratch, DV_KEEP_NOTHING);
VARIADIC_OP(max, "Max", false, winner_project, NULL, DV_KEEP_IN | DV_KEEP_OUT);
VARIADIC_OP(min, "Min", false, winner_project, NULL, DV_KEEP_IN | DV_KEEP_OUT);
