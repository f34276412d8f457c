#include "net.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

float net_random(uint32_t *state)
{
    *state = *state * 1664525u + 1013904223u;
    return (float)(*state >> 8) / (float)(1 << 23) - 1.0F;
}

dv_model *net_new(int c, int h, int w)
{
    dv_error err = { 0 };
    dv_model *m = dv_model_new("hand.made", NULL, &err);
    assert_non_null(m);
    dv_shape s = { 4, { 1, c, h, w } };
    assert_true(dv_model_add_input(m, "x", &s, &err));
    return m;
}

void net_constant(dv_model *m, const char *name, int d0, int d1, int d2, int d3,
                  float (*fill)(uint32_t *state), uint32_t seed)
{
    dv_error err = { 0 };
    dv_array *a = dv_arena_alloc(&m->arena, sizeof *a, &err);
    assert_non_null(a);
    int dims[4] = { d0, d1, d2, d3 };
    a->type = DV_F32;
    for (int i = 0; i < 4 && dims[i] > 0; i++)
        a->shape.dim[a->shape.rank++] = dims[i];
    size_t n = dv_shape_count(&a->shape);
    float *data = dv_arena_array(&m->arena, n, sizeof *data, &err);
    const char *kept = dv_arena_text(&m->arena, name, strlen(name), &err);
    assert_non_null(data);
    for (size_t i = 0; i < n; i++)
        data[i] = fill(&seed);
    a->data = data;
    assert_true(dv_model_add_constant(m, kept, a, &err));
}

/* Cuts `text` at blanks into copies in the model's arena. */
static int split(dv_model *m, const char *text, const char **names)
{
    int n = 0;
    while (text && *text) {
        size_t len = strcspn(text, " ");
        names[n++] = dv_arena_text(&m->arena, text, len, NULL);
        text += len + (text[len] == ' ');
    }
    return n;
}

bool net_try(dv_model *m, const char *op, const char *in, const char *out, const net_ints *attrs,
             dv_error *err)
{
    const char **names = dv_arena_array(&m->arena, 64, sizeof *names, err);
    dv_attr *list = dv_arena_array(&m->arena, 16, sizeof *list, err);
    assert_non_null(names);
    assert_non_null(list);
    int n_attrs = 0;
    for (; attrs && attrs->name; attrs++) {
        dv_attr *a = &list[n_attrs++];
        a->name = attrs->name;
        a->kind = attrs->n ? DV_ATTR_INTS : DV_ATTR_INT;
        a->n = attrs->n;
        int64_t *copy = dv_arena_array(&m->arena, 8, sizeof *copy, err);
        assert_non_null(copy);
        memcpy(copy, attrs->v, sizeof attrs->v);
        if (attrs->n)
            a->v.ints = copy;
        else
            a->v.i = attrs->v[0];
    }
    int n_in = split(m, in, names), n_out = split(m, out, names + 32);
    dv_node_words w = { .name = names[32],
                        .op = op,
                        .opset = 13,
                        .n_attrs = n_attrs,
                        .attrs = list,
                        .n_in = n_in,
                        .n_out = n_out,
                        .in = names,
                        .out = names + 32 };
    return dv_model_add_node(m, &w, err);
}

void net_add(dv_model *m, const char *op, const char *in, const char *out, const net_ints *attrs)
{
    dv_error err = { 0 };
    if (!net_try(m, op, in, out, attrs, &err))
        fail_msg("%s", err.message);
}

void net_conv(dv_model *m, const char *in, const char *out, int c_in, int c_out, int k, int s,
              int p, float (*fill)(uint32_t *state), uint32_t seed)
{
    char weight[64], inputs[128];
    snprintf(weight, sizeof weight, "%s.w", out);
    snprintf(inputs, sizeof inputs, "%s %s", in, weight);
    net_constant(m, weight, c_out, c_in, k, k, fill, seed);
    net_add(m, "Conv", inputs, out,
            (net_ints[]){ { "strides", 2, { s, s } }, { "pads", 4, { p, p, p, p } }, { 0 } });
}

void net_finish(dv_model *m, const char *output)
{
    dv_error err = { 0 };
    if (!dv_model_finish(m, output, &err))
        fail_msg("%s", err.message);
}
