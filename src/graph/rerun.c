#include "graph/rerun.h"

#include "graph/plan.h"

#include <stdlib.h>
#include <string.h>

/* -- which steps ------------------------------------------------------------------------------ */

/* Of one mark a tensor: whether one that the step reads has it. */
static bool any_input(const dv_plan *p, const dv_step *s, const bool *marks)
{
    const dv_model *m = p->model;
    const dv_node *n = &m->nodes[s->node];
    bool any = false;
    for (int k = 0; k < n->n_in; k++)
        any = any || (n->in[k] != DV_NO_VALUE && marks[n->in[k]]);
    for (int k = 0; s->tail && k < s->tail->program.n_inputs; k++)
        any = any || marks[s->tail->values[k]];
    return any;
}

static void mark_inputs(const dv_plan *p, const dv_step *s, bool *marks)
{
    const dv_node *n = &p->model->nodes[s->node];
    for (int k = 0; k < n->n_in; k++)
        if (n->in[k] != DV_NO_VALUE)
            marks[n->in[k]] = true;
    for (int k = 0; s->tail && k < s->tail->program.n_inputs; k++)
        marks[s->tail->values[k]] = true;
}

static int output_of(const dv_plan *p, const dv_step *s, int k)
{
    return k ? p->model->nodes[s->node].out[k] : s->out;
}

static bool any_output(const dv_plan *p, const dv_step *s, const bool *marks)
{
    bool any = false;
    for (int k = 0; k < p->model->nodes[s->node].n_out; k++)
        any = any || marks[output_of(p, s, k)];
    return any;
}

static void mark_outputs(const dv_plan *p, const dv_step *s, bool *marks)
{
    for (int k = 0; k < p->model->nodes[s->node].n_out; k++)
        marks[output_of(p, s, k)] = true;
}

/* Room for a list of all steps, and a mark for each tensor. NULL with err set. */
static bool *begin(dv_rerun *r, const dv_plan *p, dv_error *err)
{
    bool *marks = calloc((size_t)p->model->n_values + 1, sizeof *marks);
    *r = (dv_rerun){ .steps = malloc(((size_t)p->n_steps + 1) * sizeof *r->steps) };
    if (marks && r->steps)
        return marks;
    free(marks);
    dv_fail(err, DV_NO_MEMORY, "no memory for the steps of a pass");
    return NULL;
}

/* Goes backwards over the steps of r, which are those in question, and leaves those that the marked
 * tensors need; d as in dv_rerun_without. */
static void keep_needed(dv_rerun *r, const dv_plan *p, bool *marks, int n_detours,
                        const dv_detour *d)
{
    int first = r->n;
    for (int i = r->n - 1; i >= 0; i--) {
        const dv_step *s = &p->steps[r->steps[i]];
        for (int k = 0; k < n_detours; k++)
            if (marks[d[k].to]) {
                marks[d[k].to] = false;
                marks[d[k].from] = true;
            }
        if (!any_output(p, s, marks))
            continue;
        mark_inputs(p, s, marks);
        r->steps[--first] = r->steps[i];
    }
    r->n -= first;
    memmove(r->steps, r->steps + first, (size_t)r->n * sizeof *r->steps);
}

bool dv_rerun_behind(dv_rerun *r, const dv_plan *p, int tensor, dv_error *err)
{
    bool *marks = begin(r, p, err);
    if (!marks)
        return false;
    marks[tensor] = true;
    for (int i = 0; i < p->n_steps; i++) {
        const dv_step *s = &p->steps[i];
        if (!any_input(p, s, marks))
            continue;
        mark_outputs(p, s, marks);
        r->steps[r->n++] = i;
    }
    memset(marks, 0, (size_t)p->model->n_values * sizeof *marks);
    for (int i = 0; i < p->request.n_keep; i++)
        marks[p->request.keep[i]] = true;
    keep_needed(r, p, marks, 0, NULL);
    free(marks);
    return true;
}

bool dv_rerun_without(dv_rerun *r, const dv_plan *p, int wanted, int n, const dv_detour *d,
                      dv_error *err)
{
    bool *marks = begin(r, p, err);
    if (!marks)
        return false;
    marks[wanted] = true;
    for (; r->n < p->n_steps; r->n++)
        r->steps[r->n] = r->n;
    keep_needed(r, p, marks, n, d);
    free(marks);
    return true;
}

void dv_rerun_free(dv_rerun *r)
{
    free(r->steps);
    *r = (dv_rerun){ 0 };
}

/* -- running them ----------------------------------------------------------------------------- */

float *dv_trace_values(dv_trace *t, int tensor)
{
    const dv_request *r = &t->plan->request;
    for (int i = 0; r->boxes && i < r->n_keep; i++)
        if (r->keep[i] == tensor)
            return (float *)(uintptr_t)dv_trace_tensor(t, tensor); /* of this trace */
    return NULL;
}

void dv_traces_rerun(const dv_rerun *r, dv_trace *const *t, int n)
{
    dv_traces_run(t, n, r->steps, r->n);
}
