/* fold_layout.c - nodes that only move numbers, over constants of any type and size: by the
 * operator's own parse, infer and pieces. */
#include "load/fold.h"
#include "nn/rearrange.h"

/* Parses and infers; sets up a call without data. */
static bool understand(dv_fold *f, const dv_op *op, dv_call *c, dv_error *err)
{
    const dv_node_spec *s = &f->spec;
    void *params = dv_arena_alloc(f->arena, op->params_size, err);
    dv_tensor *t = dv_arena_array(f->arena, (size_t)(s->n_in + s->n_out), sizeof *t, err);
    dv_shape *shapes = dv_arena_array(f->arena, (size_t)s->n_out, sizeof *shapes, err);
    if (!params || !t || !shapes || !dv_op_parse(op, s, params, err) ||
        !op->infer(s, params, shapes, err))
        return false;
    for (int i = 0; i < s->n_in; i++)
        t[i].shape = s->in[i].shape;
    for (int o = 0; o < s->n_out; o++)
        t[s->n_in + o].shape = shapes[o];
    *c = (dv_call){
        .op = op, .params = params, .n_in = s->n_in, .n_out = s->n_out, .in = t, .out = t + s->n_in
    };
    return true;
}

/* What is read must be of input 0's type. The outputs may be as large as that. */
static bool look_at_what_is_read(dv_fold *f, const dv_call *c, dv_error *err)
{
    const dv_dtype type = f->spec.in[0].constant->type;
    size_t n = 0;
    for (int i = 0; i < c->n_in; i++) {
        const dv_array *a = f->spec.in[i].constant;
        if (!dv_rearrange_reads(c, i))
            continue;
        if (a->type != type)
            return dv_fail(err, DV_BAD_DATA, "input %d is %s, input 0 %s", i,
                           dv_dtype_name(a->type), dv_dtype_name(type));
        n += dv_shape_count(&a->shape);
    }
    f->most = n > f->most ? n : f->most;
    return true;
}

bool dv_fold_rearrange(dv_fold *f, const dv_op *op, dv_array *out, dv_error *err)
{
    dv_call c;
    if (!understand(f, op, &c, err) || !look_at_what_is_read(f, &c, err))
        return false;
    const dv_dtype type = f->spec.in[0].constant->type;
    /* A weight is not copied to be called otherwise. */
    if (c.n_out == 1 && dv_rearrange_is_view(&c)) {
        *out = (dv_array){ type, c.out[0].shape, f->spec.in[0].constant->data };
        return true;
    }
    for (int o = 0; o < c.n_out; o++) {
        void *data;
        if (!dv_fold_make(f, type, &c.out[o].shape, &data, err))
            return false;
        for (int i = 0; i < c.n_in; i++)
            if (dv_rearrange_reads(&c, i) &&
                !dv_rearrange_array(&c, i, o, type, f->spec.in[i].constant->data, data))
                return dv_fail(err, DV_UNSUPPORTED, "the value to fill with is not %s",
                               dv_dtype_name(type));
        out[o] = f->out;
    }
    return true;
}
