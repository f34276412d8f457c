#include "tensor/npy.h"

#include "base/file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ALIGN = 64 };

static const char magic[6] = { '\x93', 'N', 'U', 'M', 'P', 'Y' };

/* What is left of the header. */
struct text {
    const char *at, *end;
};

static void skip_space(struct text *t)
{
    while (t->at < t->end && (*t->at == ' ' || *t->at == '\n' || *t->at == '\t'))
        t->at++;
}

/* Takes `word` off the front, behind any space; false where something else stands. */
static bool take(struct text *t, const char *word)
{
    size_t n = strlen(word);
    skip_space(t);
    if ((size_t)(t->end - t->at) < n || memcmp(t->at, word, n) != 0)
        return false;
    t->at += n;
    return true;
}

/* Takes 'text' or "text", of at most room - 1 bytes. */
static bool take_string(struct text *t, char *string, size_t room)
{
    skip_space(t);
    char quote = t->at < t->end ? *t->at : '\0';
    if (quote != '\'' && quote != '"')
        return false;
    const char *from = t->at + 1, *to = memchr(from, quote, (size_t)(t->end - from));
    if (!to || (size_t)(to - from) >= room)
        return false;
    memcpy(string, from, (size_t)(to - from));
    string[to - from] = '\0';
    t->at = to + 1;
    return true;
}

static bool take_number(struct text *t, int64_t *number)
{
    skip_space(t);
    const char *from = t->at;
    int64_t n = 0;
    for (; t->at < t->end && *t->at >= '0' && *t->at <= '9'; t->at++)
        n = n > INT64_MAX / 16 ? INT64_MAX / 16 : n * 10 + (*t->at - '0'); /* far past any limit */
    *number = n;
    return t->at > from;
}

static bool take_shape(struct text *t, dv_shape *shape, dv_error *err)
{
    int64_t dim[DV_MAX_RANK];
    int rank = 0;
    bool open = take(t, "(");
    while (open && !take(t, ")")) {
        int64_t n;
        if (!take_number(t, &n) || (!take(t, ",") && (t->at == t->end || *t->at != ')')))
            open = false;
        else if (rank == DV_MAX_RANK)
            return dv_fail(err, DV_UNSUPPORTED, "more than %d dimensions", DV_MAX_RANK);
        else
            dim[rank++] = n;
    }
    if (!open)
        return dv_fail(err, DV_BAD_DATA, "its header has no shape of numbers");
    return dv_shape_set(shape, rank, dim, "array", err);
}

static bool take_type(struct text *t, dv_dtype *type, dv_error *err)
{
    static const struct {
        const char *descr;
        dv_dtype type;
    } known[] = { { "<f4", DV_F32 }, { "<f8", DV_F64 }, { "<f2", DV_F16 } };
    char descr[16];
    if (!take_string(t, descr, sizeof descr))
        return dv_fail(err, DV_UNSUPPORTED, "its elements are not plain numbers");
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (strcmp(descr, known[i].descr) == 0) {
            *type = known[i].type;
            return true;
        }
    return dv_fail(err, DV_UNSUPPORTED, "its elements are '%s'; '<f4', '<f8' or '<f2' are needed",
                   descr);
}

/* The dict, its keys in any order; reads a->type and a->shape. */
static bool parse_header(struct text t, dv_array *a, dv_error *err)
{
    bool type = false, order = false, shape = false;
    bool ok = take(&t, "{");
    while (ok && !take(&t, "}")) {
        char key[16];
        ok = take_string(&t, key, sizeof key) && take(&t, ":");
        if (ok && strcmp(key, "descr") == 0) {
            type = true;
            if (!take_type(&t, &a->type, err))
                return false;
        } else if (ok && strcmp(key, "shape") == 0) {
            shape = true;
            if (!take_shape(&t, &a->shape, err))
                return false;
        } else if (ok && strcmp(key, "fortran_order") == 0) {
            order = true;
            if (take(&t, "True"))
                return dv_fail(err, DV_UNSUPPORTED, "it is in Fortran order; C order is needed");
            ok = take(&t, "False");
        } else {
            ok = false;
        }
        skip_space(&t);
        ok = ok && (take(&t, ",") || (t.at < t.end && *t.at == '}'));
    }
    skip_space(&t);
    if (!ok || !type || !order || !shape || t.at != t.end)
        return dv_fail(err, DV_BAD_DATA, "its header is not that of a .npy file");
    return true;
}

bool dv_npy_parse(dv_array *a, const void *bytes, size_t size, dv_error *err)
{
    const uint8_t *b = bytes;
    if (size < 10 || memcmp(b, magic, sizeof magic) != 0)
        return dv_fail(err, DV_BAD_DATA, "not a .npy file");
    if (b[6] < 1 || b[6] > 3)
        return dv_fail(err, DV_UNSUPPORTED, "version %d of .npy; 1 to 3 are known", b[6]);
    size_t start = b[6] == 1 ? 10 : 12, header = b[8] | (size_t)b[9] << 8;
    if (b[6] > 1 && size >= start)
        header |= (size_t)b[10] << 16 | (size_t)b[11] << 24;
    if (size < start || header > size - start)
        return dv_fail(err, DV_BAD_DATA, "cut short in its header");
    const char *text = (const char *)b + start;
    dv_array found = { .data = text + header };
    if (!parse_header((struct text){ text, text + header }, &found, err))
        return false;
    size_t have = size - start - header;
    size_t need = dv_shape_count(&found.shape) * dv_dtype_size(found.type);
    char shape[DV_SHAPE_TEXT_MAX];
    if (have != need)
        return dv_fail(err, DV_BAD_DATA, "%zu bytes of numbers; %s of %s are %zu", have,
                       dv_shape_text(&found.shape, shape), dv_dtype_name(found.type), need);
    *a = found;
    return true;
}

bool dv_npy_read(const char *path, dv_shape *shape, float **data, dv_error *err)
{
    dv_file file;
    dv_array a;
    if (!dv_file_read(&file, path, PTRDIFF_MAX, err))
        return false;
    float *floats = NULL;
    if (!dv_npy_parse(&a, file.data, file.size, err)) {
        dv_fail_in(err, "%s", path);
    } else {
        size_t n = dv_shape_count(&a.shape);
        floats = malloc(n ? n * sizeof *floats : 1);
        if (floats)
            dv_array_copy_floats(&a, 0, n, floats);
        else
            dv_fail(err, DV_NO_MEMORY, "%s: out of memory for %zu numbers", path, n);
    }
    dv_file_unmap(&file);
    if (!floats)
        return false;
    *shape = a.shape;
    *data = floats;
    return true;
}

static size_t print_header(const dv_shape *shape, const char *descr, char header[DV_NPY_HEADER_MAX])
{
    char dims[DV_SHAPE_TEXT_MAX + 2 * DV_MAX_RANK];
    int n = 0;
    dims[0] = '\0';
    for (int i = 0; i < shape->rank; i++)
        n += snprintf(dims + n, sizeof dims - (size_t)n, "%s%d", i ? ", " : "", shape->dim[i]);
    size_t at = sizeof magic + 4;
    at += (size_t)snprintf(header + at, DV_NPY_HEADER_MAX - at,
                           "{'descr': '%s', 'fortran_order': False, 'shape': (%s%s), }", descr,
                           dims, shape->rank == 1 ? "," : "");
    size_t whole = (at + 1 + ALIGN - 1) / ALIGN * ALIGN, text = whole - sizeof magic - 4;
    memset(header + at, ' ', whole - at);
    header[whole - 1] = '\n';
    const char version[4] = { 1, 0, (char)(text & 255), (char)(text >> 8) };
    memcpy(header, magic, sizeof magic);
    memcpy(header + sizeof magic, version, sizeof version);
    return whole;
}

size_t dv_npy_header(const dv_shape *shape, char header[DV_NPY_HEADER_MAX])
{
    return print_header(shape, "<f4", header);
}

static bool write_as(const char *path, const dv_shape *shape, const float *data, dv_dtype type,
                     dv_error *err)
{
    char header[DV_NPY_HEADER_MAX];
    size_t start = print_header(shape, type == DV_F16 ? "<f2" : "<f4", header);
    size_t n = dv_shape_count(shape), size = start + n * dv_dtype_size(type);
    char *bytes = malloc(size);
    if (!bytes)
        return dv_fail(err, DV_NO_MEMORY, "%s: out of memory for %zu bytes", path, size);
    memcpy(bytes, header, start);
    if (type == DV_F16) {
        uint16_t *half = (uint16_t *)(void *)(bytes + start);
        for (size_t i = 0; i < n; i++)
            half[i] = dv_half_from_float(data[i]);
    } else if (n) {
        memcpy(bytes + start, data, n * sizeof *data);
    }
    bool ok = dv_file_write(path, bytes, size, err);
    free(bytes);
    return ok;
}

bool dv_npy_write(const char *path, const dv_shape *shape, const float *data, dv_error *err)
{
    return write_as(path, shape, data, DV_F32, err);
}

bool dv_npy_write_half(const char *path, const dv_shape *shape, const float *data, dv_error *err)
{
    return write_as(path, shape, data, DV_F16, err);
}
