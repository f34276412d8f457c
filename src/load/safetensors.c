#include "load/safetensors.h"

#include "base/json.h"

#include <stdlib.h>
#include <string.h>

typedef struct entry {
    const char *name;
    const cJSON *item;
    size_t begin, end; /* in the data */
} entry;

struct dv_safetensors {
    cJSON *root;
    const uint8_t *data;
    int n;
    entry *entries; /* by name */
};

static const struct {
    const char *name;
    dv_dtype type;
} types[] = {
    { "F32", DV_F32 }, { "F16", DV_F16 },   { "BF16", DV_BF16 }, { "F64", DV_F64 },
    { "I64", DV_I64 }, { "I32", DV_I32 },   { "I16", DV_I16 },   { "I8", DV_I8 },
    { "U8", DV_U8 },   { "BOOL", DV_BOOL },
};

static uint64_t header_size(const uint8_t *data)
{
    uint64_t n = 0;
    for (int i = 8; i-- > 0;)
        n = n << 8 | data[i];
    return n;
}

bool dv_safetensors_sniff(const uint8_t *data, size_t size)
{
    return size >= 9 && data[8] == '{' && header_size(data) < (uint64_t)1 << 48;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const entry *)a)->name, ((const entry *)b)->name);
}

static bool read_entry(entry *e, size_t size, dv_error *err)
{
    static const char *const keys[] = { "dtype", "shape", "data_offsets", NULL };
    int64_t at[2];
    int n = 0;
    if (!dv_json_check_keys(e->item, keys, "it", err) ||
        !dv_json_ints(dv_json_get(e->item, "data_offsets"), "\"data_offsets\"", 0, INT64_MAX, 2, at,
                      &n, err))
        return false;
    if (n != 2 || at[0] > at[1])
        return dv_fail(err, DV_BAD_DATA, "\"data_offsets\" is no begin and end");
    if ((uint64_t)at[1] > size)
        return dv_fail(err, DV_BAD_DATA,
                       "its data ends at byte %lld of %zu bytes of data (truncated?)",
                       (long long)at[1], size);
    e->begin = (size_t)at[0];
    e->end = (size_t)at[1];
    return true;
}

static bool read_entries(dv_safetensors *s, size_t size, dv_error *err)
{
    if (!cJSON_IsObject(s->root))
        return dv_fail(err, DV_BAD_DATA, "the header is not an object");
    s->entries = calloc((size_t)cJSON_GetArraySize(s->root) + 1, sizeof *s->entries);
    if (!s->entries)
        return dv_fail(err, DV_NO_MEMORY, "no memory for the list of tensors");
    const cJSON *item;
    cJSON_ArrayForEach(item, s->root)
    {
        entry *e = &s->entries[s->n];
        if (strcmp(item->string, "__metadata__") == 0)
            continue;
        *e = (entry){ .name = item->string, .item = item };
        if (!read_entry(e, size, err))
            return dv_fail_in(err, "tensor '%s'", item->string);
        s->n++;
    }
    qsort(s->entries, (size_t)s->n, sizeof *s->entries, by_name);
    for (int i = 1; i < s->n; i++)
        if (strcmp(s->entries[i - 1].name, s->entries[i].name) == 0)
            return dv_fail(err, DV_BAD_DATA, "tensor '%s' is there twice", s->entries[i].name);
    return true;
}

static bool open_file(dv_safetensors *s, const uint8_t *data, size_t size, dv_error *err)
{
    if (size < 8)
        return dv_fail(err, DV_BAD_DATA, "%zu bytes are no safetensors file", size);
    uint64_t n = header_size(data);
    if (n > DV_SAFETENSORS_MAX_HEADER)
        return dv_fail(err, DV_BAD_DATA, "a header of %llu bytes: %d at most",
                       (unsigned long long)n, DV_SAFETENSORS_MAX_HEADER);
    if (n > size - 8)
        return dv_fail(err, DV_BAD_DATA, "a header of %llu bytes in a file of %zu (truncated?)",
                       (unsigned long long)n, size);
    s->root = dv_json_parse(data + 8, (size_t)n, DV_JSON_MAX_VALUES, err);
    if (!s->root)
        return dv_fail_in(err, "header");
    s->data = data + 8 + n;
    return read_entries(s, size - 8 - (size_t)n, err);
}

dv_safetensors *dv_safetensors_open(const uint8_t *data, size_t size, dv_error *err)
{
    dv_safetensors *s = calloc(1, sizeof *s);
    if (!s) {
        dv_fail(err, DV_NO_MEMORY, "no memory for the list of tensors");
        return NULL;
    }
    if (!open_file(s, data, size, err)) {
        dv_safetensors_close(s);
        return NULL;
    }
    return s;
}

void dv_safetensors_close(dv_safetensors *s)
{
    if (!s)
        return;
    cJSON_Delete(s->root);
    free(s->entries);
    free(s);
}

int dv_safetensors_count(const dv_safetensors *s)
{
    return s->n;
}

static const entry *find(const dv_safetensors *s, const char *name)
{
    entry key = { .name = name };
    return bsearch(&key, s->entries, (size_t)s->n, sizeof *s->entries, by_name);
}

bool dv_safetensors_has(const dv_safetensors *s, const char *name)
{
    return find(s, name) != NULL;
}

static bool read_type(const cJSON *item, dv_dtype *type, dv_error *err)
{
    const char *name = cJSON_IsString(item) ? item->valuestring : "";
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
        if (strcmp(types[i].name, name) == 0) {
            *type = types[i].type;
            return true;
        }
    return dv_fail(err, DV_UNSUPPORTED,
                   "\"dtype\" is \"%.20s\": F32, F16, BF16 and F64 are supported", name);
}

static bool view(const dv_safetensors *s, const entry *e, dv_array *out, dv_error *err)
{
    int64_t dim[DV_MAX_RANK];
    int rank = 0;
    char text[DV_SHAPE_TEXT_MAX];
    if (!read_type(dv_json_get(e->item, "dtype"), &out->type, err) ||
        !dv_json_ints(dv_json_get(e->item, "shape"), "\"shape\"", 0, DV_MAX_ELEMENTS, DV_MAX_RANK,
                      dim, &rank, err) ||
        !dv_shape_set(&out->shape, rank, dim, "\"shape\"", err))
        return false;
    size_t bytes = dv_shape_count(&out->shape) * dv_dtype_size(out->type);
    if (e->end - e->begin != bytes)
        return dv_fail(err, DV_BAD_DATA, "%zu bytes of data: %s of %s needs %zu", e->end - e->begin,
                       dv_shape_text(&out->shape, text), dv_dtype_name(out->type), bytes);
    out->data = s->data + e->begin;
    return true;
}

bool dv_safetensors_get(const dv_safetensors *s, const char *name, dv_array *out, dv_error *err)
{
    const entry *e = find(s, name);
    if (!e)
        return dv_fail(err, DV_BAD_DATA, "the weights have no tensor '%s' (%d others, as '%s')",
                       name, s->n, s->n ? s->entries[0].name : "");
    return view(s, e, out, err) || dv_fail_in(err, "tensor '%s'", name);
}
