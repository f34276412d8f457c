#include "image/png.h"

#include "base/file.h"
#include "base/utf8.h"
#include "deconvviz/image.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

/* What pack made last on this thread, until it is freed; stb_image_write does not where it has no
 * memory for the file. */
static _Thread_local unsigned char *packed;

static void let_go(void *block)
{
    if (block == packed)
        packed = NULL;
    free(block);
}

/* For stb_image_write; NULL when memory runs out. What is left of a picture behind PNG's filters
 * has runs and hardly other repetitions: not to look for those takes a quarter of the time, for
 * files a few per cent larger or smaller. */
static unsigned char *pack(const unsigned char *data, int size, int *bytes)
{
    z_stream z = { 0 };
    if (deflateInit2(&z, Z_DEFAULT_COMPRESSION, Z_DEFLATED, 15, 8, Z_RLE) != Z_OK)
        return NULL;
    z.avail_in = (uInt)size;
    z.avail_out = (uInt)deflateBound(&z, (uLong)size);
    unsigned char *to = malloc(z.avail_out);
    z.next_in = (z_const Bytef *)(uintptr_t)data;
    z.next_out = to;
    const bool done = to && deflate(&z, Z_FINISH) == Z_STREAM_END;
    *bytes = (int)z.total_out;
    deflateEnd(&z);
    if (!done) {
        free(to);
        to = NULL;
    }
    packed = to;
    return to;
}

#define STBIW_MALLOC(size)                              malloc(size)
#define STBIW_REALLOC(block, size)                      realloc((block), (size))
#define STBIW_FREE(block)                               let_go(block)
#define STBIW_ZLIB_COMPRESS(data, size, bytes, quality) pack((data), (size), (bytes))
#define STBIW_CRC32(data, size)                         (unsigned int)crc32(0, (data), (uInt)(size))
#define STBI_WRITE_NO_STDIO
#define STB_IMAGE_WRITE_STATIC
#define STB_IMAGE_WRITE_IMPLEMENTATION
#pragma GCC diagnostic ignored "-Wunused-function" /* its other formats */
#include <stb_image_write.h>

enum {
    HEAD = 8 + 12 + 13, /* signature and IHDR: texts come behind */
    FRAME = 12,         /* of a chunk: length, type, checksum */
    MAX_BYTES = INT_MAX / 2,
};

static void put32(uint8_t *to, uint32_t v)
{
    for (int i = 0; i < 4; i++)
        to[i] = (uint8_t)(v >> (24 - 8 * i));
}

enum coding { ASCII, UTF8, LATIN1 };

static enum coding coding_of(const char *s)
{
    enum coding c = ASCII;
    while (*s) {
        size_t n = dv_utf8_length(s);
        if (n == 0)
            return LATIN1;
        if (n > 1)
            c = UTF8;
        s += n;
    }
    return c;
}

/* What stands between key and value: tEXt a NUL; iTXt a NUL, no compression, no language, no
 * translated key. */
static size_t gap_of(const dv_png_text *t)
{
    return coding_of(t->value) == UTF8 ? 5 : 1;
}

static uint8_t *put_text(uint8_t *to, const dv_png_text *t)
{
    size_t key = strlen(t->key), gap = gap_of(t), value = strlen(t->value);
    put32(to, (uint32_t)(key + gap + value));
    memcpy(to + 4, gap > 1 ? "iTXt" : "tEXt", 4);
    memcpy(to + 8, t->key, key);
    memset(to + 8 + key, 0, gap);
    memcpy(to + 8 + key + gap, t->value, value);
    size_t n = 4 + key + gap + value;
    put32(to + 4 + n, (uint32_t)crc32(0, to + 4, (uInt)n));
    return to + 8 + n;
}

/* The bytes that all texts take. */
static bool measure_texts(const dv_png_text *texts, int n, size_t *bytes, dv_error *err)
{
    *bytes = 0;
    for (int i = 0; i < n; i++) {
        size_t key = strlen(texts[i].key);
        if (key < 1 || key > 79 || coding_of(texts[i].key) != ASCII)
            return dv_fail(err, DV_BAD_USAGE, "'%s' is no key of a PNG text: 1 to 79 characters",
                           texts[i].key);
        *bytes += FRAME + key + gap_of(&texts[i]) + strlen(texts[i].value);
        if (*bytes > MAX_BYTES)
            return dv_fail(err, DV_BAD_USAGE, "texts of more than %d bytes in a PNG", MAX_BYTES);
    }
    return true;
}

/* pHYs: pixels a metre, across and down. */
enum { DENSITY = FRAME + 9 };

static uint8_t *put_density(uint8_t *to, double dpi)
{
    const uint32_t a_metre = (uint32_t)(dpi / 0.0254 + 0.5);
    put32(to, DENSITY - FRAME);
    memcpy(to + 4, "pHYs", 4);
    put32(to + 8, a_metre);
    put32(to + 12, a_metre);
    to[16] = 1;
    put32(to + 17, (uint32_t)crc32(0, to + 4, DENSITY - 8));
    return to + DENSITY;
}

bool dv_png_encode_dense(uint8_t **png, size_t *size, int w, int h, int channels,
                         const uint8_t *pixels, double dpi, const dv_png_text *texts, int n_texts,
                         dv_error *err)
{
    size_t extra;
    if (channels != 1 && channels != 3)
        return dv_fail(err, DV_BAD_USAGE, "%d channels in a PNG: 1 or 3", channels);
    if (w < 1 || h < 1 || w > MAX_BYTES / channels - 1 || h > MAX_BYTES / (w * channels + 1))
        return dv_fail(err, DV_BAD_USAGE, "a PNG of %d x %d pixels cannot be made", w, h);
    if (!measure_texts(texts, n_texts, &extra, err))
        return false;
    extra += dpi > 0 ? DENSITY : 0;
    int plain;
    uint8_t *body = stbi_write_png_to_mem(pixels, w * channels, w, h, channels, &plain);
    uint8_t *all = body ? realloc(body, (size_t)plain + extra) : NULL;
    if (!all) {
        let_go(packed);
        free(body);
        return dv_fail(err, DV_NO_MEMORY, "out of memory for a PNG of %d x %d pixels", w, h);
    }
    memmove(all + HEAD + extra, all + HEAD, (size_t)plain - HEAD);
    uint8_t *to = dpi > 0 ? put_density(all + HEAD, dpi) : all + HEAD;
    for (int i = 0; i < n_texts; i++)
        to = put_text(to, &texts[i]);
    *png = all;
    *size = (size_t)plain + extra;
    return true;
}

bool dv_png_encode(uint8_t **png, size_t *size, int w, int h, int channels, const uint8_t *pixels,
                   const dv_png_text *texts, int n_texts, dv_error *err)
{
    return dv_png_encode_dense(png, size, w, h, channels, pixels, 0, texts, n_texts, err);
}

bool dv_png_write(const char *path, int w, int h, int channels, const uint8_t *pixels,
                  const dv_png_text *texts, int n_texts, dv_error *err)
{
    uint8_t *png = NULL;
    size_t size = 0;
    if (!dv_png_encode(&png, &size, w, h, channels, pixels, texts, n_texts, err))
        return dv_fail_in(err, "%s", path);
    bool ok = dv_file_write(path, png, size, err);
    free(png);
    return ok;
}

bool dv_image_write(const dv_image *im, const char *path, dv_error *err)
{
    return dv_png_write(path, im->width, im->height, 3, im->rgb, NULL, 0, err);
}
