/* spec.c - what a node says of itself: attributes and constant inputs, checked as they are read. */
#include "nn/op.h"

#include <string.h>

static const char *const kind_names[] = {
    [DV_ATTR_INT] = "an integer",
    [DV_ATTR_FLOAT] = "a float",
    [DV_ATTR_TEXT] = "a text",
    [DV_ATTR_INTS] = "a list of integers",
    [DV_ATTR_FLOATS] = "a list of floats",
    [DV_ATTR_ARRAY] = "a tensor",
    [DV_ATTR_BRANCH] = "a graph",
};

static const dv_attr *find(const dv_node_spec *s, const char *name)
{
    for (int i = 0; i < s->n_attrs; i++)
        if (strcmp(s->attrs[i].name, name) == 0)
            return &s->attrs[i];
    return NULL;
}

static bool wrong_kind(const dv_attr *a, dv_attr_kind wanted, dv_error *err)
{
    return dv_fail(err, DV_BAD_DATA, "attribute %s is %s: %s is needed", a->name,
                   kind_names[a->kind], kind_names[wanted]);
}

static bool too_many(const char *what, size_t n, int max, dv_error *err)
{
    return dv_fail(err, DV_BAD_DATA, "%s holds %zu numbers, at most %d are possible", what, n, max);
}

bool dv_spec_has(const dv_node_spec *s, const char *name)
{
    return find(s, name) != NULL;
}

bool dv_spec_int(const dv_node_spec *s, const char *name, int64_t *v, dv_error *err)
{
    const dv_attr *a = find(s, name);
    if (!a)
        return true;
    if (a->kind != DV_ATTR_INT)
        return wrong_kind(a, DV_ATTR_INT, err);
    *v = a->v.i;
    return true;
}

bool dv_spec_float(const dv_node_spec *s, const char *name, float *v, dv_error *err)
{
    const dv_attr *a = find(s, name);
    if (!a)
        return true;
    if (a->kind == DV_ATTR_INT) /* a network in JSON writes 1 for 1.0 */
        *v = (float)a->v.i;
    else if (a->kind == DV_ATTR_FLOAT)
        *v = a->v.f;
    else
        return wrong_kind(a, DV_ATTR_FLOAT, err);
    return true;
}

bool dv_spec_text(const dv_node_spec *s, const char *name, const char **v, dv_error *err)
{
    const dv_attr *a = find(s, name);
    if (!a)
        return true;
    if (a->kind != DV_ATTR_TEXT)
        return wrong_kind(a, DV_ATTR_TEXT, err);
    *v = a->v.text;
    return true;
}

bool dv_spec_ints(const dv_node_spec *s, const char *name, int max, int64_t *to, int *n,
                  dv_error *err)
{
    const dv_attr *a = find(s, name);
    if (!a)
        return true;
    if (a->kind != DV_ATTR_INTS)
        return wrong_kind(a, DV_ATTR_INTS, err);
    if (a->n > max)
        return too_many(name, (size_t)a->n, max, err);
    for (int i = 0; i < a->n; i++)
        to[i] = a->v.ints[i];
    *n = a->n;
    return true;
}

bool dv_spec_floats(const dv_node_spec *s, const char *name, int max, float *to, int *n,
                    dv_error *err)
{
    const dv_attr *a = find(s, name);
    if (!a)
        return true;
    if (a->kind != DV_ATTR_FLOATS && a->kind != DV_ATTR_INTS)
        return wrong_kind(a, DV_ATTR_FLOATS, err);
    if (a->n > max)
        return too_many(name, (size_t)a->n, max, err);
    for (int i = 0; i < a->n; i++)
        to[i] = a->kind == DV_ATTR_FLOATS ? a->v.floats[i] : (float)a->v.ints[i];
    *n = a->n;
    return true;
}

bool dv_spec_has_input(const dv_node_spec *s, int i)
{
    return i < s->n_in && s->in[i].shape.rank >= 0;
}

/* The constant input i as a short list: *a is NULL where it is absent. */
static bool input_list(const dv_node_spec *s, int i, int max, const dv_array **a, size_t *n,
                       dv_error *err)
{
    *a = NULL;
    if (!dv_spec_has_input(s, i))
        return true;
    if (!s->in[i].constant)
        return dv_fail(err, DV_UNSUPPORTED,
                       "input %d is computed by the network: a constant is needed", i);
    char what[24] = "input ";
    what[6] = (char)('0' + i % 10);
    *n = dv_shape_count(&s->in[i].constant->shape);
    if (s->in[i].constant->shape.rank > 1)
        return dv_fail(err, DV_BAD_DATA, "%s has %d dimensions: a list is needed", what,
                       s->in[i].constant->shape.rank);
    if (*n > (size_t)max)
        return too_many(what, *n, max, err);
    *a = s->in[i].constant;
    return true;
}

bool dv_spec_input_ints(const dv_node_spec *s, int i, int max, int64_t *to, int *n, dv_error *err)
{
    const dv_array *a;
    size_t count = 0;
    if (!input_list(s, i, max, &a, &count, err))
        return false;
    if (!a)
        return true;
    if (dv_dtype_is_float(a->type))
        return dv_fail(err, DV_BAD_DATA, "input %d is %s: integers are needed", i,
                       dv_dtype_name(a->type));
    for (size_t k = 0; k < count; k++)
        to[k] = dv_array_int(a, k);
    *n = (int)count;
    return true;
}

bool dv_spec_input_floats(const dv_node_spec *s, int i, int max, float *to, int *n, dv_error *err)
{
    const dv_array *a;
    size_t count = 0;
    if (!input_list(s, i, max, &a, &count, err))
        return false;
    if (!a)
        return true;
    for (size_t k = 0; k < count; k++)
        to[k] = (float)dv_array_number(a, k);
    *n = (int)count;
    return true;
}

bool dv_spec_input_float(const dv_node_spec *s, int i, float *v, dv_error *err)
{
    int n = 1;
    if (!dv_spec_input_floats(s, i, 1, v, &n, err))
        return false;
    return n == 1 || dv_fail(err, DV_BAD_DATA, "input %d is empty: a number is needed", i);
}
