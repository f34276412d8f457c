#include "kernel/tail.h"

enum { CHUNK = 1024 }; /* numbers: arrays of so many stay in the L1 cache */

/* Elements of the run that this one begins and the input has side by side, or has one number for.
 */
static size_t run_length(const dv_tail_input *in, size_t at)
{
    const size_t row = in->size[in->rank - 1];
    return row - at % row;
}

static const float *element_at(const dv_tail_input *in, size_t at)
{
    const float *data = in->data;
    for (int k = in->rank - 1; k > 0; k--) {
        data += at % in->size[k] * in->step[k];
        at /= in->size[k];
    }
    return data + at * in->step[0];
}

/* One step over n outputs from y on, of which the inputs' elements begin at input[]. */
static void run_step(const dv_tail *t, const dv_tail_step *s, float *y,
                     const float *const input[DV_TAIL_INPUTS], float array[][CHUNK], int n)
{
    const dv_element *e = &s->element;
    const float *in[2] = { NULL, NULL };
    bool one[2] = { false, false };
    for (int k = 0; k < (e->binary ? 2 : 1); k++) {
        const int i = s->in[k].i;
        if (s->in[k].kind == DV_TAIL_INPUT) {
            in[k] = input[i];
            one[k] = t->inputs[i].step[t->inputs[i].rank - 1] == 0;
        } else {
            in[k] = s->in[k].kind == DV_TAIL_OUTPUT ? y : array[i];
        }
    }
    float *to = s->out.kind == DV_TAIL_OUTPUT ? y : array[s->out.i];
    if (e->binary)
        t->isa->combine(e->combine, n, in[0], one[0], in[1], one[1], to);
    else
        t->isa->map(e->map, n, in[0], e->a, e->b, to);
}

bool dv_tail_is_sum(const dv_tail *t, float *lo, float *hi)
{
    const dv_tail_step *sum = &t->steps[0], *clamp = &t->steps[1];
    const int other = sum->in[0].kind == DV_TAIL_OUTPUT; /* of its arguments */
    const bool clamped = t->n_steps == 2;
    if (t->n_steps < 1 || t->n_steps > 2 || t->n_inputs != 1 || !dv_tail_met(t, t->outputs))
        return false;
    if (!sum->element.binary || sum->element.combine != DV_COMBINE_ADD ||
        sum->in[1 - other].kind != DV_TAIL_OUTPUT || sum->in[other].kind != DV_TAIL_INPUT)
        return false;
    if (clamped && (clamp->element.binary || clamp->element.map != DV_MAP_CLAMP ||
                    clamp->in[0].kind != sum->out.kind || clamp->in[0].i != sum->out.i))
        return false;
    *lo = clamped ? clamp->element.a : -INFINITY;
    *hi = clamped ? clamp->element.b : INFINITY;
    return true;
}

void dv_tail_run(const dv_tail *t, float *y, size_t n)
{
    float array[DV_TAIL_ARRAYS][CHUNK];
    const float *input[DV_TAIL_INPUTS];
    size_t at = (size_t)(y - t->outputs);
    while (n > 0) {
        size_t some = n < CHUNK ? n : CHUNK;
        for (int i = 0; i < t->n_inputs; i++) {
            const size_t run = run_length(&t->inputs[i], at);
            some = run < some ? run : some;
            input[i] = element_at(&t->inputs[i], at);
        }
        for (int i = 0; i < t->n_steps; i++)
            run_step(t, &t->steps[i], y, input, array, (int)some);
        y += some;
        at += some;
        n -= some;
    }
}

void dv_tail_run_rows(const dv_tail *t, float *y, size_t pitch, int rows, size_t n)
{
    if (n == pitch)
        dv_tail_run(t, y, (size_t)rows * n);
    else
        for (int i = 0; i < rows; i++, y += pitch)
            dv_tail_run(t, y, n);
}
