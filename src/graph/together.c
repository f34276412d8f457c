/* together.c - several traces of one plan, one for each image, forward at once.
 *
 * What reads more of weights than of activations runs step by step over all traces, so that the
 * weights come from memory once. What lies between goes through one trace after the other, so that
 * its activations stay in the cache. */
#include "base/size.h"
#include "graph/plan.h"

enum { MOST_BYTES = 1 << 28 }; /* of the traces that go together */

static size_t bytes_of(const dv_model *m, int value)
{
    return value == DV_NO_VALUE ? 0 : dv_shape_count(&m->values[value].shape) * sizeof(float);
}

/* Whether a step reads more of weights than it reads and writes of activations. */
static bool is_heavy(const dv_model *m, const dv_step *s)
{
    const dv_node *n = &m->nodes[s->node];
    size_t weights = 0, activations = bytes_of(m, s->out);
    for (int i = 0; i < n->n_in; i++) {
        const bool constant = n->in[i] != DV_NO_VALUE && m->values[n->in[i]].constant;
        size_t *to = constant ? &weights : &activations;
        *to = dv_size_add(*to, bytes_of(m, n->in[i]));
    }
    return weights > activations;
}

void dv_plan_mark_together(dv_plan *p)
{
    for (int i = 0; i < p->n_steps; i++) {
        dv_step *s = &p->steps[i];
        s->together =
            !s->view && p->model->nodes[s->node].op->forward_many && is_heavy(p->model, s);
    }
}

int dv_plan_together(const dv_plan *p)
{
    bool any = false;
    for (int i = 0; i < p->n_steps; i++)
        any |= p->steps[i].together;
    const size_t one =
        dv_size_add((size_t)p->n_units * DV_PLACE_UNIT, bytes_of(p->model, p->model->input));
    const size_t fit = MOST_BYTES / (one > 0 ? one : 1);
    return !any || fit < 1 ? 1 : fit < DV_TOGETHER ? (int)fit : DV_TOGETHER;
}

/* One step of all traces. */
static void run_together(dv_trace *const *t, int n, int step)
{
    dv_call calls[DV_TOGETHER];
    const dv_call *c[DV_TOGETHER] = { NULL };
    const dv_plan *p = t[0]->plan;
    for (int i = 0; i < n; i++) {
        calls[i] = dv_trace_begin_step(t[i], step, NULL);
        c[i] = &calls[i];
    }
    p->model->nodes[p->steps[step].node].op->forward_many(c, n);
    for (int i = 0; i < n; i++)
        dv_trace_end_step(t[i], step, c[i]);
}

/* Steps from `first` on that one trace can run by itself: to behind the last of them. */
static int run_apart(dv_trace *t, int first)
{
    const dv_plan *p = t->plan;
    int i = first;
    for (; i < p->n_steps && !p->steps[i].together; i++)
        if (!p->steps[i].view)
            dv_trace_run_step(t, i, NULL);
    return i;
}

void dv_traces_forward(dv_trace *const *t, const float *const *inputs, int n, bool *ok,
                       dv_error *err)
{
    dv_trace *going[DV_TOGETHER];
    int m = 0;
    for (int i = 0; i < n; i++)
        if (ok[i]) {
            dv_trace_begin(t[i], inputs[i]);
            going[m++] = t[i];
        }
    const int n_steps = n > 0 ? t[0]->plan->n_steps : 0;
    for (int step = 0, next; m > 0 && step < n_steps; step = next) {
        next = step + 1;
        if (t[0]->plan->steps[step].together)
            run_together(going, m, step);
        else
            for (int i = 0; i < m; i++)
                next = run_apart(going[i], step);
    }
    for (int i = 0; i < n; i++)
        ok[i] = ok[i] && dv_trace_end(t[i], &err[i]);
}
