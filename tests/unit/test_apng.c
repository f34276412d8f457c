/* Animated PNGs: their chunks, and frames that come back as they were. */
#include "image/apng.h"

#include "album.h"
#include "base/file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include <cmocka.h>

enum { WIDTH = 19, HEIGHT = 7, FRAMES = 4, DELAY = 250 };

static const dv_png_text texts[] = { { "Software", "deconvviz" }, { "Images", "蝸牛.jpg" } };

static int set_up(void **state)
{
    (void)state;
    album_begin();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    album_end();
    return 0;
}

/* Frame i in memory of its own. */
static dv_image picture(int i)
{
    dv_image im = { WIDTH, HEIGHT, malloc((size_t)WIDTH * HEIGHT * 3) };
    assert_non_null(im.rgb);
    for (int k = 0; k < WIDTH * HEIGHT * 3; k++)
        im.rgb[k] = (uint8_t)(k * (i + 3) + i);
    return im;
}

static void write_frames(const char *path)
{
    dv_apng a;
    dv_error err;
    assert_true(dv_apng_begin(&a, WIDTH, HEIGHT, FRAMES, &err));
    for (int i = 0; i < FRAMES; i++) {
        dv_image im = picture(i);
        assert_true(dv_apng_add(&a, &im, DELAY + i, texts, 2, &err));
        dv_image_free(&im);
    }
    assert_true(dv_apng_write(&a, path, &err));
    dv_apng_free(&a);
}

static uint32_t get32(const uint8_t *b)
{
    return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
}

static void put32(uint8_t *to, uint32_t v)
{
    for (int i = 0; i < 4; i++)
        to[i] = (uint8_t)(v >> (24 - 8 * i));
}

static bool is(const uint8_t *chunk, const char *type)
{
    return memcmp(chunk + 4, type, 4) == 0;
}

static void chunks_are_those_of_the_specification(void **state)
{
    (void)state;
    static const char *const want[] = { "IHDR", "acTL", "tEXt", "iTXt", "fcTL", "IDAT", "fcTL",
                                        "fdAT", "fcTL", "fdAT", "fcTL", "fdAT", "IEND" };
    dv_file f;
    dv_error err;
    size_t at = 8;
    uint32_t sequence = 0;
    int frames = 0;
    write_frames("a.png");
    assert_true(dv_file_read(&f, "a.png", DV_FILE_MAX_READ, &err));
    for (size_t i = 0; i < sizeof want / sizeof *want; i++) {
        const uint8_t *chunk = f.data + at, *data = chunk + 8;
        const uint32_t n = get32(chunk);
        assert_true(is(chunk, want[i]));
        assert_int_equal(get32(data + n), crc32(0, chunk + 4, n + 4));
        if (is(chunk, "acTL")) {
            assert_int_equal(get32(data), FRAMES);
            assert_int_equal(get32(data + 4), 0); /* for ever */
        }
        if (is(chunk, "fcTL") || is(chunk, "fdAT"))
            assert_int_equal(get32(data), sequence++);
        if (is(chunk, "fcTL")) {
            assert_int_equal(n, 26);
            assert_int_equal(get32(data + 4), WIDTH);
            assert_int_equal(get32(data + 8), HEIGHT);
            assert_int_equal(data[20] << 8 | data[21], DELAY + frames++);
            assert_int_equal(data[22] << 8 | data[23], 1000);
        }
        at += 12 + n;
    }
    assert_int_equal(at, f.size);
    dv_file_unmap(&f);
}

static uint8_t *put_chunk(uint8_t *to, const char *type, const uint8_t *data, uint32_t n)
{
    put32(to, n);
    memcpy(to + 4, type, 4);
    if (n > 0)
        memcpy(to + 8, data, n);
    put32(to + 8 + n, (uint32_t)crc32(0, to + 4, n + 4));
    return to + 12 + n;
}

/* A frame of the file as a PNG of its own: the head, and its pixels. */
static size_t taken_out(const dv_file *f, int frame, uint8_t *to)
{
    uint8_t *end = to;
    int now = -1;
    memcpy(end, f->data, 8 + 25);
    end += 8 + 25;
    for (size_t at = 8; at < f->size; at += 12 + get32(f->data + at)) {
        const uint8_t *chunk = f->data + at;
        const uint32_t n = get32(chunk), number = is(chunk, "fdAT") ? 4 : 0;
        now += is(chunk, "fcTL");
        if (now == frame && (is(chunk, "IDAT") || is(chunk, "fdAT")))
            end = put_chunk(end, "IDAT", chunk + 8 + number, n - number);
    }
    return (size_t)(put_chunk(end, "IEND", NULL, 0) - to);
}

static void frames_come_back_as_they_were(void **state)
{
    (void)state;
    uint8_t alone[4096];
    dv_file f;
    dv_image im, first;
    dv_error err;
    write_frames("a.png");
    assert_true(dv_file_read(&f, "a.png", DV_FILE_MAX_READ, &err));
    for (int i = 0; i < FRAMES; i++) {
        dv_image want = picture(i);
        assert_true(dv_image_decode(&im, alone, taken_out(&f, i, alone), "frame", &err));
        assert_int_equal(im.width, WIDTH);
        assert_int_equal(im.height, HEIGHT);
        assert_memory_equal(im.rgb, want.rgb, (size_t)WIDTH * HEIGHT * 3);
        if (i == 0) { /* who knows nothing of animation sees the first */
            assert_true(dv_image_load(&first, "a.png", &err));
            assert_memory_equal(first.rgb, want.rgb, (size_t)WIDTH * HEIGHT * 3);
            dv_image_free(&first);
        }
        dv_image_free(&im);
        dv_image_free(&want);
    }
    dv_file_unmap(&f);
}

static void texts_are_found_again(void **state)
{
    (void)state;
    dv_arena arena = { 0 };
    dv_png_text *found;
    dv_file f;
    dv_error err;
    int n;
    write_frames("a.png");
    assert_true(dv_file_read(&f, "a.png", DV_FILE_MAX_READ, &err));
    assert_true(dv_png_texts(&arena, f.data, f.size, &found, &n, &err));
    assert_int_equal(n, 2);
    for (int i = 0; i < n; i++) {
        assert_string_equal(found[i].key, texts[i].key);
        assert_string_equal(found[i].value, texts[i].value);
    }
    dv_arena_release(&arena);
    dv_file_unmap(&f);
}

static void what_does_not_fit_is_refused(void **state)
{
    (void)state;
    dv_apng a;
    dv_error err;
    dv_image im = picture(0), small = { WIDTH, HEIGHT - 1, im.rgb };
    assert_false(dv_apng_begin(&a, WIDTH, HEIGHT, 0, &err));
    assert_true(dv_apng_begin(&a, WIDTH, HEIGHT, 1, &err));
    assert_false(dv_apng_add(&a, &small, DELAY, NULL, 0, &err));
    assert_string_equal(err.message, "frame 1 is of 19x6 pixels, the picture of 19x7");
    assert_false(dv_apng_add(&a, &im, DV_APNG_MAX_DELAY + 1, NULL, 0, &err));
    assert_false(dv_apng_write(&a, "half.png", &err));
    assert_string_equal(err.message, "half.png: 0 of 1 frames are there");
    assert_true(dv_apng_add(&a, &im, DELAY, NULL, 0, &err));
    assert_false(dv_apng_add(&a, &im, DELAY, NULL, 0, &err));
    assert_int_not_equal(access("half.png", F_OK), 0);
    dv_apng_free(&a);
    dv_image_free(&im);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(chunks_are_those_of_the_specification),
        cmocka_unit_test(frames_come_back_as_they_were),
        cmocka_unit_test(texts_are_found_again),
        cmocka_unit_test(what_does_not_fit_is_refused),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
