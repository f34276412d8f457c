/* attributes.c - what a node's attributes say goes into the params, by the operator's table. */
#include "nn/op.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

enum { MOST = 2 * DV_MAX_RANK }; /* numbers in a list */

const dv_attr_row *dv_op_attr(const dv_op *op, const char *name)
{
    for (const dv_attr_row *r = op->attrs; r && r->name; r++)
        if (strcmp(r->name, name) == 0)
            return r;
    return NULL;
}

/* The i-th of the row's numbers in the params. */
static void put_int(const dv_attr_row *r, char *params, int i, int64_t v)
{
    const bool flag = v != 0;
    const int32_t narrow = (int32_t)v;
    const void *from = r->one == sizeof flag     ? (const void *)&flag
                       : r->one == sizeof narrow ? (const void *)&narrow
                                                 : (const void *)&v;
    if (r->one)
        memcpy(params + r->at + (size_t)i * r->one, from, r->one);
}

static bool check_range(const dv_attr_row *r, const char *verb, int64_t v, dv_error *err)
{
    if ((r->min == 0 && r->max == 0) || (v >= r->min && v <= r->max))
        return true;
    return dv_fail(err, DV_BAD_DATA, "%s %s %lld: %lld to %lld is possible", r->name, verb,
                   (long long)v, (long long)r->min, (long long)r->max);
}

static bool read_int(const dv_node_spec *s, const dv_attr_row *r, char *params, dv_error *err)
{
    int64_t v = r->otherwise.i;
    if (!dv_spec_int(s, r->name, &v, err) || !check_range(r, "is", v, err))
        return false;
    if (r->need == DV_ATTR_FIXED && v != r->otherwise.i)
        return dv_fail(err, DV_UNSUPPORTED, "%s is %lld: only %lld is supported", r->name,
                       (long long)v, (long long)r->otherwise.i);
    put_int(r, params, 0, v);
    return true;
}

/* The words of a row as "a, b or c". */
static const char *list_words(const dv_attr_row *r, char *text, size_t room)
{
    size_t used = 0;
    text[0] = '\0';
    for (int i = 0; r->words[i] && used < room; i++) {
        const char *between = i == 0 ? "" : r->words[i + 1] ? ", " : " or ";
        used += (size_t)snprintf(text + used, room - used, "%s%s", between, r->words[i]);
    }
    return text;
}

static bool read_word(const dv_node_spec *s, const dv_attr_row *r, char *params, dv_error *err)
{
    const char *word = r->words[r->otherwise.i];
    char list[200];
    if (!dv_spec_text(s, r->name, &word, err))
        return false;
    for (int i = 0; r->words[i]; i++)
        if (strcmp(r->words[i], word) == 0) {
            put_int(r, params, 0, i);
            return true;
        }
    return dv_fail(err, DV_UNSUPPORTED, "%s is '%.40s': %s is supported", r->name, word,
                   list_words(r, list, sizeof list));
}

static bool read_ints(const dv_node_spec *s, const dv_attr_row *r, char *params, dv_error *err)
{
    int64_t v[MOST];
    int n = (int)r->otherwise.i, most = (int)(r->size / r->one);
    assert(most <= MOST);
    if (!dv_spec_ints(s, r->name, most, v, &n, err))
        return false;
    for (int i = 0; i < n; i++) {
        if (!check_range(r, "holds", v[i], err))
            return false;
        put_int(r, params, i, v[i]);
    }
    memcpy(params + r->n_at, &n, sizeof n);
    return true;
}

static bool read_floats(const dv_node_spec *s, const dv_attr_row *r, char *params, dv_error *err)
{
    float v[MOST];
    int n = (int)r->otherwise.i, most = (int)(r->size / r->one);
    assert(most <= MOST);
    if (!dv_spec_floats(s, r->name, most, v, &n, err))
        return false;
    if (n > 0)
        memcpy(params + r->at, v, (size_t)n * sizeof *v);
    memcpy(params + r->n_at, &n, sizeof n);
    return true;
}

static bool read_row(const dv_node_spec *s, const dv_attr_row *r, char *params, dv_error *err)
{
    float v = r->otherwise.f;
    if (r->need == DV_ATTR_HARMLESS || r->need == DV_ATTR_BY_HAND)
        return true;
    if (r->need == DV_ATTR_REQUIRED && !dv_spec_has(s, r->name))
        return dv_fail(err, DV_BAD_DATA, "the attribute %s is missing", r->name);
    switch (r->kind) {
    case DV_ATTR_INT:
        return read_int(s, r, params, err);
    case DV_ATTR_TEXT:
        return read_word(s, r, params, err);
    case DV_ATTR_INTS:
        return read_ints(s, r, params, err);
    case DV_ATTR_FLOATS:
        return read_floats(s, r, params, err);
    case DV_ATTR_FLOAT:
        if (!dv_spec_float(s, r->name, &v, err))
            return false;
        memcpy(params + r->at, &v, sizeof v);
        return true;
    case DV_ATTR_ARRAY:
    case DV_ATTR_BRANCH:
        break; /* by hand alone */
    }
    return true;
}

bool dv_op_parse(const dv_op *op, const dv_node_spec *s, void *params, dv_error *err)
{
    for (const dv_attr_row *r = op->attrs; r && r->name; r++)
        if (!read_row(s, r, params, err))
            return false;
    return !op->parse || op->parse(s, params, err);
}
