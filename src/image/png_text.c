#include "image/png.h"

#include <string.h>
#include <zlib.h>

/* One chunk of the file; data points into it. */
struct chunk {
    char type[5];
    const uint8_t *data;
    size_t size;
};

static uint32_t get32(const uint8_t *b)
{
    return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
}

/* Takes the chunk at *at, which moves behind it. */
static bool next_chunk(struct chunk *c, const uint8_t *bytes, size_t size, size_t *at,
                       dv_error *err)
{
    size_t left = size - *at;
    if (left < 12 || get32(bytes + *at) > left - 12)
        return dv_fail(err, DV_BAD_DATA, "the PNG is cut short");
    const uint8_t *start = bytes + *at;
    c->size = get32(start);
    c->data = start + 8;
    memcpy(c->type, start + 4, 4);
    c->type[4] = '\0';
    uint32_t sum = (uint32_t)crc32_z(0, start + 4, c->size + 4);
    if (sum != get32(c->data + c->size))
        return dv_fail(err, DV_BAD_DATA, "chunk %s of the PNG has a wrong checksum", c->type);
    *at += 12 + c->size;
    return true;
}

/* Latin-1 to UTF-8. */
static char *widened(dv_arena *a, const uint8_t *text, size_t n, dv_error *err)
{
    char *utf8 = dv_arena_alloc(a, 2 * n + 1, err), *to = utf8;
    for (size_t i = 0; utf8 && i < n; i++) {
        if (text[i] >= 0x80)
            *to++ = (char)(0xc0 | text[i] >> 6);
        *to++ = (char)(text[i] < 0x80 ? text[i] : 0x80 | (text[i] & 0x3f));
    }
    return utf8;
}

/* The value of an iTXt chunk, from what follows the key's NUL: compressed or not, method, language,
 * NUL, translated key, NUL, value. NULL where it is compressed or broken. */
static const uint8_t *itxt_value(const uint8_t *rest, const uint8_t *end)
{
    if (end - rest < 2 || rest[0] != 0)
        return NULL;
    const uint8_t *language = memchr(rest + 2, 0, (size_t)(end - rest) - 2);
    const uint8_t *key = language ? memchr(language + 1, 0, (size_t)(end - language) - 1) : NULL;
    return key ? key + 1 : NULL;
}

/* Reads a chunk into *t if it is a text; *is_text says so. */
static bool read_text(dv_arena *a, const struct chunk *c, dv_png_text *t, bool *is_text,
                      dv_error *err)
{
    bool international = strcmp(c->type, "iTXt") == 0;
    const uint8_t *end = c->data + c->size, *value = NULL;
    const uint8_t *nul = c->size ? memchr(c->data, 0, c->size) : NULL;
    if (nul && international)
        value = itxt_value(nul + 1, end);
    else if (nul && strcmp(c->type, "tEXt") == 0)
        value = nul + 1;
    *is_text = value;
    if (!value)
        return true;
    size_t n = (size_t)(end - value);
    t->key = widened(a, c->data, (size_t)(nul - c->data), err);
    t->value =
        international ? dv_arena_text(a, (const char *)value, n, err) : widened(a, value, n, err);
    return t->key && t->value;
}

bool dv_png_texts(dv_arena *a, const void *bytes, size_t size, dv_png_text **texts, int *n_texts,
                  dv_error *err)
{
    static const uint8_t signature[8] = { 0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n' };
    if (size < sizeof signature || memcmp(bytes, signature, sizeof signature) != 0)
        return dv_fail(err, DV_BAD_DATA, "not a PNG");
    dv_png_text *found = dv_arena_array(a, DV_PNG_MAX_TEXTS, sizeof *found, err);
    if (!found)
        return false;
    size_t at = sizeof signature;
    struct chunk c = { .type = "" };
    int n = 0;
    while (strcmp(c.type, "IEND") != 0) {
        dv_png_text t;
        bool is_text;
        if (!next_chunk(&c, bytes, size, &at, err) || !read_text(a, &c, &t, &is_text, err))
            return false;
        if (is_text && n == DV_PNG_MAX_TEXTS)
            return dv_fail(err, DV_BAD_DATA, "more than %d texts in a PNG", DV_PNG_MAX_TEXTS);
        if (is_text)
            found[n++] = t;
    }
    *texts = found;
    *n_texts = n;
    return true;
}
