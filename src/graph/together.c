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

/* Bytes that a step reads of weights, or (not) reads and writes of activations. */
static size_t traffic(const dv_model *m, const dv_step *s, bool weights)
{
    const dv_node *n = &m->nodes[s->node];
    size_t bytes = weights ? 0 : bytes_of(m, s->out);
    for (int i = 0; i < n->n_in; i++)
        if (n->in[i] != DV_NO_VALUE && (m->values[n->in[i]].constant != NULL) == weights)
            bytes = dv_size_add(bytes, bytes_of(m, n->in[i]));
    return bytes;
}

void dv_plan_mark_together(dv_plan *p)
{
    const dv_model *m = p->model;
    for (int i = 0; i < p->n_steps; i++) {
        dv_step *s = &p->steps[i];
        s->together = !s->view && m->nodes[s->node].op->forward_many &&
                      traffic(m, s, true) > traffic(m, s, false);
    }
}

/* A single trace stays in the cache from image to image, more or less; many do not. So the weights
 * that they share have to be more than what each has of its own. */
int dv_plan_together(const dv_plan *p)
{
    size_t shared = 0;
    for (int i = 0; i < p->n_steps; i++)
        if (p->steps[i].together)
            shared = dv_size_add(shared, traffic(p->model, &p->steps[i], true));
    const size_t one =
        dv_size_add((size_t)p->n_units * DV_PLACE_UNIT, bytes_of(p->model, p->model->input));
    const size_t fit = MOST_BYTES / (one > 0 ? one : 1);
    return shared <= one || fit < 1 ? 1 : fit < DV_TOGETHER ? (int)fit : DV_TOGETHER;
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

static int step_of(const int *steps, int i)
{
    return steps ? steps[i] : i;
}

/* Those of n_steps from the i-th on that one trace can run by itself: to behind the last of them.
 */
static int run_apart(dv_trace *t, const int *steps, int n_steps, int i)
{
    const dv_plan *p = t->plan;
    for (; i < n_steps && !p->steps[step_of(steps, i)].together; i++)
        dv_trace_run_step(t, step_of(steps, i), NULL);
    return i;
}

void dv_traces_run(dv_trace *const *t, int n, const int *steps, int n_steps)
{
    for (int i = 0, next; n > 0 && i < n_steps; i = next) {
        next = i + 1;
        if (t[0]->plan->steps[step_of(steps, i)].together)
            run_together(t, n, step_of(steps, i));
        else
            for (int k = 0; k < n; k++)
                next = run_apart(t[k], steps, n_steps, i);
    }
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
    if (m > 0)
        dv_traces_run(going, m, NULL, t[0]->plan->n_steps);
    for (int i = 0; i < n; i++)
        ok[i] = ok[i] && dv_trace_end(t[i], &err[i]);
}
