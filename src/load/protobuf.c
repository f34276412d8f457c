#include "load/protobuf.h"

#include "base/name.h"

#include <string.h>

enum { MAX_VARINT_BYTES = 10 };

static bool fail_at(const dv_pb *m, dv_error *err, const char *what)
{
    return dv_fail(err, DV_BAD_DATA, "byte %zu: %s", (size_t)(m->at - m->file), what);
}

/* False, with *at unchanged, where there is none. */
static bool varint(const uint8_t **at, const uint8_t *end, uint64_t *v)
{
    uint64_t value = 0;
    const uint8_t *p = *at;
    for (int i = 0; i < MAX_VARINT_BYTES && p < end; i++, p++) {
        value |= (uint64_t)(*p & 0x7f) << (7 * i);
        if (*p < 0x80) {
            *v = value;
            *at = p + 1;
            return true;
        }
    }
    return false;
}

static uint64_t little_endian(const uint8_t *p, int n)
{
    uint64_t v = 0;
    for (int i = n; i-- > 0;)
        v = v << 8 | p[i];
    return v;
}

static bool take_bytes(dv_pb *m, dv_pb *bytes, dv_error *err)
{
    uint64_t n;
    dv_pb before = *m;
    if (!varint(&m->at, m->end, &n))
        return fail_at(m, err, "the file ends inside a length (truncated?)");
    if (n > (uint64_t)(m->end - m->at))
        return dv_fail(
            err, DV_BAD_DATA, "byte %zu: a field of %llu bytes where %zu are left (truncated?)",
            (size_t)(before.at - m->file), (unsigned long long)n, (size_t)(m->end - m->at));
    *bytes = (dv_pb){ m->at, m->at + n, m->file };
    m->at += n;
    return true;
}

bool dv_pb_next(dv_pb *m, dv_pb_field *f, dv_error *err)
{
    uint64_t tag;
    dv_pb begin = *m;
    if (!varint(&m->at, m->end, &tag))
        return fail_at(m, err, "the file ends inside a field (truncated?)");
    if (tag >> 3 == 0 || tag >> 3 > 0x1fffffff)
        return fail_at(&begin, err, "no field has such a number: not the format, or damaged");
    *f = (dv_pb_field){ .number = (uint32_t)(tag >> 3), .wire = (dv_pb_wire)(tag & 7) };
    size_t left = (size_t)(m->end - m->at);
    switch (f->wire) {
    case DV_PB_VARINT:
        if (!varint(&m->at, m->end, &f->value))
            return fail_at(m, err, "the file ends inside a number (truncated?)");
        return true;
    case DV_PB_BYTES:
        return take_bytes(m, &f->bytes, err);
    case DV_PB_64:
    case DV_PB_32: {
        size_t n = f->wire == DV_PB_64 ? 8 : 4;
        if (left < n)
            return fail_at(m, err, "the file ends inside a number (truncated?)");
        f->value = little_endian(m->at, (int)n);
        m->at += n;
        return true;
    }
    }
    return dv_fail(err, DV_BAD_DATA, "byte %zu: wire type %d is not in use",
                   (size_t)(begin.at - m->file), (int)(tag & 7));
}

static bool fail_wire(const char *what, dv_pb_wire got, dv_pb_wire wanted, dv_error *err)
{
    return dv_fail(err, DV_BAD_DATA, "%s has wire type %d instead of %d", what, (int)got,
                   (int)wanted);
}

bool dv_pb_message(const dv_pb_field *f, const char *what, dv_pb *v, dv_error *err)
{
    if (f->wire != DV_PB_BYTES)
        return fail_wire(what, f->wire, DV_PB_BYTES, err);
    *v = f->bytes;
    return true;
}

bool dv_pb_int(const dv_pb_field *f, const char *what, int64_t *v, dv_error *err)
{
    if (f->wire != DV_PB_VARINT)
        return fail_wire(what, f->wire, DV_PB_VARINT, err);
    *v = (int64_t)f->value;
    return true;
}

bool dv_pb_float(const dv_pb_field *f, const char *what, float *v, dv_error *err)
{
    if (f->wire != DV_PB_32)
        return fail_wire(what, f->wire, DV_PB_32, err);
    uint32_t bits = (uint32_t)f->value;
    memcpy(v, &bits, sizeof bits);
    return true;
}

bool dv_pb_text(const dv_pb_field *f, const char *what, dv_arena *a, const char **v, dv_error *err)
{
    if (f->wire != DV_PB_BYTES)
        return fail_wire(what, f->wire, DV_PB_BYTES, err);
    size_t n = (size_t)(f->bytes.end - f->bytes.at);
    const char *text = (const char *)f->bytes.at;
    if (!dv_name_check(text, n, what, err))
        return false;
    *v = dv_arena_text(a, text, n, err);
    return *v != NULL;
}

bool dv_pb_count(const dv_pb_field *f, const char *what, dv_pb_wire wire, size_t *n, dv_error *err)
{
    *n = 1;
    if (f->wire == wire)
        return true;
    if (f->wire != DV_PB_BYTES)
        return fail_wire(what, f->wire, wire, err);
    const uint8_t *at = f->bytes.at, *end = f->bytes.end;
    size_t bytes = (size_t)(end - at), size = wire == DV_PB_64 ? 8 : 4;
    *n = bytes / size;
    if (wire != DV_PB_VARINT)
        return bytes % size == 0 ||
               dv_fail(err, DV_BAD_DATA, "%s has %zu bytes: a multiple of %zu is needed", what,
                       bytes, size);
    for (*n = 0; at < end; ++*n) {
        uint64_t v;
        if (!varint(&at, end, &v))
            return dv_fail(err, DV_BAD_DATA, "%s ends inside a number", what);
    }
    return true;
}

uint64_t dv_pb_number(const dv_pb_field *f, dv_pb_wire wire, dv_pb *rest)
{
    if (f->wire != DV_PB_BYTES)
        return f->value;
    uint64_t v = 0;
    if (wire == DV_PB_VARINT) {
        (void)varint(&rest->at, rest->end, &v);
        return v;
    }
    int n = wire == DV_PB_64 ? 8 : 4;
    v = little_endian(rest->at, n);
    rest->at += n;
    return v;
}
