#include "image/decode.h"

#include "deconvviz/image.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

/* No block is larger than the largest image needs (16 bits of RGBA), whatever a file claims: a few
 * kilobytes of PNG can unpack to gigabytes. */
#define MAX_BLOCK ((size_t)DV_IMAGE_MAX_PIXELS * 8 + (1 << 20))

/* Zeroed, so that what a damaged file leaves unset is the same each time. */
static void *block_alloc(size_t size)
{
    return size <= MAX_BLOCK ? calloc(1, size) : NULL;
}

static void *block_grow(void *block, size_t size)
{
    return size <= MAX_BLOCK ? realloc(block, size) : NULL;
}

/* An empty chunk of a PNG makes stb_image copy nothing to nowhere, which memcpy does not allow. */
static void copy(void *to, const void *from, size_t n)
{
    if (n)
        memcpy(to, from, n);
}

#define STBI_MALLOC(size)         block_alloc(size)
#define STBI_REALLOC(block, size) block_grow((block), (size))
#define STBI_FREE(block)          free(block)
#define STBI_NO_STDIO
#define STBI_NO_LINEAR
#define STBI_NO_JPEG
#define STBI_NO_HDR
#define STBI_NO_PIC
#define STBI_FAILURE_USERMSG
#if defined(__aarch64__)
#define STBI_NEON
#endif
#define STB_IMAGE_STATIC
#define STB_IMAGE_IMPLEMENTATION
#pragma GCC diagnostic ignored "-Wunused-function" /* it declares one that it never defines */
#define memcpy(to, from, n) copy((to), (from), (n))
#include <stb_image.h>
#undef memcpy

/* stb_image takes zeros for what is missing at the end of a file. Given the bytes in portions, it
 * shows when it wants more than there are. */
struct source {
    const uint8_t *bytes;
    size_t size, at;
    const char *buffer; /* its own, which it fills ahead of need */
    bool cut;           /* it wanted more */
};

static int source_read(void *user, char *to, int wanted)
{
    struct source *s = user;
    size_t n = s->size - s->at;
    if (!s->buffer)
        s->buffer = to;
    if (n < (size_t)wanted && (n == 0 || to != s->buffer))
        s->cut = true;
    if (n > (size_t)wanted)
        n = (size_t)wanted;
    memcpy(to, s->bytes + s->at, n);
    s->at += n;
    return (int)n;
}

static void source_skip(void *user, int n)
{
    struct source *s = user;
    if (n < 0) { /* back, which its interface allows */
        s->at -= (size_t)-n < s->at ? (size_t)-n : s->at;
    } else if ((size_t)n > s->size - s->at) {
        s->cut = true;
        s->at = s->size;
    } else {
        s->at += (size_t)n;
    }
}

static int source_eof(void *user)
{
    const struct source *s = user;
    return s->at == s->size;
}

/* The size that the file states. */
static bool find_size(const uint8_t *bytes, int size, int *w, int *h)
{
    static const uint8_t png[] = { 0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n' };
    if (size < 24 || memcmp(bytes, png, sizeof png) != 0)
        return stbi_info_from_memory(bytes, size, w, h, NULL);
    uint32_t side[2] = { 0, 0 }; /* of a PNG that is too large stb_image says only that it failed */
    for (int i = 0; i < 8; i++)
        side[i / 4] = side[i / 4] << 8 | bytes[16 + i];
    *w = side[0] < INT_MAX ? (int)side[0] : INT_MAX;
    *h = side[1] < INT_MAX ? (int)side[1] : INT_MAX;
    return true;
}

bool dv_decode_limit(int64_t width, int64_t height, int64_t most, dv_error *err)
{
    long long w = width, h = height;
    if (w < 1 || h < 1)
        return dv_fail(err, DV_BAD_DATA, "the image is damaged (%lld x %lld pixels)", w, h);
    if (w > DV_IMAGE_MAX_SIDE || h > DV_IMAGE_MAX_SIDE)
        return dv_fail(err, DV_UNSUPPORTED, "%lld x %lld pixels: a side may have 1 to %d", w, h,
                       DV_IMAGE_MAX_SIDE);
    if (w * h > most)
        return dv_fail(err, DV_UNSUPPORTED, "%lld x %lld pixels: at most %d million in all", w, h,
                       (int)(most / 1000000));
    return true;
}

/* Of one that stb_image gave up, which may have been for want of memory: errno, set to 0 before,
 * says so. */
static bool fail_given_up(const char *what, const char *why, dv_error *err)
{
    if (errno == ENOMEM)
        return dv_fail(err, DV_NO_MEMORY, "no memory for the image");
    return dv_fail(err, DV_BAD_DATA, "%s%s%s%s", what, why ? " (" : "", why ? why : "",
                   why ? ")" : "");
}

static bool check_size(const uint8_t *bytes, int size, int64_t most, dv_error *err)
{
    int w, h;
    errno = 0;
    if (!find_size(bytes, size, &w, &h))
        return fail_given_up("not an image that can be read", NULL, err);
    if (!dv_decode_limit(w, h, most, err))
        return false;
    /* stb_image takes the bytes of each number in the wrong order */
    if (bytes[0] == 'P' && stbi_is_16_bit_from_memory(bytes, size))
        return dv_fail(err, DV_UNSUPPORTED, "PNM of more than 8 bits a channel");
    return true;
}

/* stb_image itself loses the pixels of 16 bits where there is no memory for those of 8. */
static uint8_t *load(struct source *s, dv_pixels *found)
{
    static const stbi_io_callbacks io = { source_read, source_skip, source_eof };
    int *w = &found->width, *h = &found->height, *channels = &found->channels;
    if (s->bytes[0] != 0x89 || !stbi_is_16_bit_from_memory(s->bytes, (int)s->size))
        return stbi_load_from_callbacks(&io, s, w, h, channels, 0);
    uint16_t *wide = stbi_load_16_from_callbacks(&io, s, w, h, channels, 0);
    uint8_t *to = (uint8_t *)wide;
    const size_t n = wide ? (size_t)*w * (size_t)*h * (size_t)*channels : 0;
    for (size_t i = 0; i < n; i++)
        to[i] = (uint8_t)(wide[i] >> 8);
    return to;
}

bool dv_decode(dv_pixels *p, const void *bytes, size_t size, int64_t most, dv_error *err)
{
    static const uint8_t jpeg[] = { 0xff, 0xd8, 0xff };
    if (size == 0)
        return dv_fail(err, DV_BAD_DATA, "the file is empty");
    if (size > INT_MAX)
        return dv_fail(err, DV_UNSUPPORTED, "%zu bytes are too many for an image", size);
    if (size >= sizeof jpeg && memcmp(bytes, jpeg, sizeof jpeg) == 0)
        return dv_decode_jpeg(p, bytes, size, most, err);
    if (!check_size(bytes, (int)size, most, err))
        return false;
    struct source s = { .bytes = bytes, .size = size };
    dv_pixels found = { .orientation = 1 };
    errno = 0;
    found.data = load(&s, &found);
    if (s.cut || !found.data) {
        const char *why = s.cut ? "the file is cut short" : stbi_failure_reason();
        free(found.data);
        return fail_given_up("the image is damaged", why ? why : "unknown", err);
    }
    *p = found;
    return true;
}
