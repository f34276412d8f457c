#include "net_run.h"

#include "net.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

net_run net_run_keeping(const dv_model *m, float size, int n, const int *keep)
{
    const size_t count = dv_shape_count(&m->values[m->input].shape);
    float *x = malloc(count * sizeof *x);
    uint32_t seed = 3;
    assert_non_null(x);
    for (size_t i = 0; i < count; i++)
        x[i] = size * net_random(&seed);
    dv_error err = { 0 };
    dv_request r = { .n_keep = n, .keep = keep, .rules = (1u << DV_N_RULES) - 1 };
    net_run it = { .plan = dv_plan_new(m, &r, NULL, &err) };
    it.trace = it.plan ? dv_trace_new(it.plan, NULL, &err) : NULL;
    if (!it.trace || !dv_trace_forward(it.trace, x, &err))
        fail_msg("%s", err.message);
    free(x);
    return it;
}

void net_run_end(net_run it)
{
    dv_trace_free(it.trace);
    dv_plan_free(it.plan);
}

void net_run_project(const dv_model *m, float size, const dv_unit *u, dv_rule rule, float *to)
{
    const dv_shape *in = &m->values[m->input].shape;
    net_run it = net_run_keeping(m, size, 1, &u->tensor);
    dv_error err = { 0 };
    dv_projector *p = dv_projector_new(it.trace, NULL, &err);
    dv_signal s;
    if (!p || !dv_project(p, u, rule, DV_SEED_ONE, &s, &err))
        fail_msg("%s", err.message);
    memset(to, 0, dv_shape_count(in) * sizeof *to);
    for (int32_t c = s.box.lo[0]; c < s.box.hi[0]; c++)
        for (int32_t y = s.box.lo[1]; y < s.box.hi[1]; y++)
            for (int32_t x = s.box.lo[2]; x < s.box.hi[2]; x++)
                to[(c * in->dim[2] + y) * in->dim[3] + x] = *dv_signal_at(&s, c, y, x);
    dv_projector_free(p);
    net_run_end(it);
}
