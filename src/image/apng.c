/* apng.c - each frame is encoded as a PNG of its own, and its chunks are taken over: those of the
 * first stay IDAT, those of the others become fdAT. */
#include "image/apng.h"

#include "base/file.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

enum { SIGNATURE = 8, FRAME = 12 /* of a chunk: length, type, checksum */ };

static void put32(uint8_t *to, uint32_t v)
{
    for (int i = 0; i < 4; i++)
        to[i] = (uint8_t)(v >> (24 - 8 * i));
}

static uint32_t get32(const uint8_t *b)
{
    return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
}

/* -- chunks ----------------------------------------------------------------------------------- */

/* A chunk whose data is `head` and `data`, one after the other. */
static void add_chunk(dv_apng *a, const char *type, const uint8_t *head, size_t n_head,
                      const uint8_t *data, size_t n)
{
    uint8_t word[4];
    uLong sum = crc32_z(0, (const Bytef *)type, 4);
    put32(word, (uint32_t)(n_head + n));
    dv_text_add(&a->bytes, word, 4);
    dv_text_add(&a->bytes, type, 4);
    if (n_head > 0) {
        sum = crc32_z(sum, head, n_head);
        dv_text_add(&a->bytes, head, n_head);
    }
    if (n > 0) {
        sum = crc32_z(sum, data, n);
        dv_text_add(&a->bytes, data, n);
    }
    put32(word, (uint32_t)sum);
    dv_text_add(&a->bytes, word, 4);
}

/* How many frames, and how often they are played: 0, for ever. */
static void add_animation(dv_apng *a)
{
    uint8_t data[8] = { 0 };
    put32(data, (uint32_t)a->n_frames);
    add_chunk(a, "acTL", NULL, 0, data, sizeof data);
}

/* A frame that covers the picture, in place of what is there (dispose 0, blend 0). */
static void add_control(dv_apng *a, int delay)
{
    uint8_t data[26] = { 0 };
    put32(data, a->sequence++);
    put32(data + 4, (uint32_t)a->width);
    put32(data + 8, (uint32_t)a->height);
    data[20] = (uint8_t)(delay >> 8);
    data[21] = (uint8_t)delay;
    data[22] = 1000 >> 8; /* the delay is in thousandths of a second */
    data[23] = 1000 & 255;
    add_chunk(a, "fcTL", NULL, 0, data, sizeof data);
}

static void add_pixels(dv_apng *a, const uint8_t *data, size_t n)
{
    uint8_t number[4];
    if (a->n == 0) {
        add_chunk(a, "IDAT", NULL, 0, data, n);
        return;
    }
    put32(number, a->sequence++);
    add_chunk(a, "fdAT", number, sizeof number, data, n);
}

/* The chunks of a PNG, which dv_png_encode has made: head and texts of the first one alone. */
static void take_over(dv_apng *a, const uint8_t *png, size_t size, int delay)
{
    bool controlled = false;
    if (a->n == 0)
        dv_text_add(&a->bytes, png, SIGNATURE);
    for (size_t at = SIGNATURE; at + FRAME <= size; at += FRAME + get32(png + at)) {
        const uint8_t *chunk = png + at, *type = chunk + 4;
        const size_t n = get32(chunk);
        if (memcmp(type, "IDAT", 4) == 0) {
            if (!controlled)
                add_control(a, delay);
            controlled = true;
            add_pixels(a, chunk + 8, n);
        } else if (a->n == 0 && memcmp(type, "IEND", 4) != 0) {
            dv_text_add(&a->bytes, chunk, FRAME + n);
            if (memcmp(type, "IHDR", 4) == 0)
                add_animation(a);
        }
    }
}

/* -- a file ----------------------------------------------------------------------------------- */

bool dv_apng_begin(dv_apng *a, int width, int height, int n_frames, dv_error *err)
{
    *a = (dv_apng){ .width = width, .height = height, .n_frames = n_frames };
    return (n_frames >= 1 && n_frames <= DV_APNG_MAX_FRAMES) ||
           dv_fail(err, DV_BAD_USAGE, "an animated PNG of %d frames: 1 to %d are possible",
                   n_frames, DV_APNG_MAX_FRAMES);
}

bool dv_apng_add(dv_apng *a, const dv_image *frame, int delay, const dv_png_text *texts,
                 int n_texts, dv_error *err)
{
    uint8_t *png;
    size_t size;
    if (a->n == a->n_frames)
        return dv_fail(err, DV_BAD_USAGE, "more than %d frames", a->n_frames);
    if (frame->width != a->width || frame->height != a->height)
        return dv_fail(err, DV_BAD_USAGE, "frame %d is of %dx%d pixels, the picture of %dx%d",
                       a->n + 1, frame->width, frame->height, a->width, a->height);
    if (delay < 0 || delay > DV_APNG_MAX_DELAY)
        return dv_fail(err, DV_BAD_USAGE, "a frame is shown for 0 to %d ms, not %d",
                       DV_APNG_MAX_DELAY, delay);
    if (!dv_png_encode(&png, &size, frame->width, frame->height, 3, frame->rgb, texts,
                       a->n == 0 ? n_texts : 0, err))
        return false;
    take_over(a, png, size, delay);
    free(png);
    a->n++;
    return dv_text_ok(&a->bytes, "an animated PNG", err);
}

bool dv_apng_write(dv_apng *a, const char *path, dv_error *err)
{
    if (a->n != a->n_frames)
        return dv_fail(err, DV_BAD_USAGE, "%s: %d of %d frames are there", path, a->n, a->n_frames);
    add_chunk(a, "IEND", NULL, 0, NULL, 0);
    return (dv_text_ok(&a->bytes, "an animated PNG", err) || dv_fail_in(err, "%s", path)) &&
           dv_file_write(path, a->bytes.data, a->bytes.size, err);
}

void dv_apng_free(dv_apng *a)
{
    free(a->bytes.data);
    *a = (dv_apng){ .n = 0 };
}
