#include "image/png.h"

#include "base/file.h"
#include "deconvviz/image.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include <cmocka.h>

static const dv_png_text texts[] = {
    { "Software", "deconvviz" }, { "Title", "" },         { "Source", "Größe 日本語.jpg" },
    { "Comment", "two\nlines" }, { "Software", "twice" },
};
enum { N_TEXTS = sizeof texts / sizeof *texts };

struct png {
    uint8_t *bytes;
    size_t size;
};

static void fill(uint8_t *pixels, size_t n, unsigned seed)
{
    for (size_t i = 0; i < n; i++) {
        seed = seed * 1664525 + 1013904223;
        pixels[i] = (uint8_t)(seed >> 24);
    }
}

static struct png encode(int w, int h, int channels, const uint8_t *pixels, int n_texts)
{
    struct png p;
    dv_error err;
    assert_true(dv_png_encode(&p.bytes, &p.size, w, h, channels, pixels, texts, n_texts, &err));
    return p;
}

static void pixels_come_back_as_they_were(void **state)
{
    (void)state;
    static const int sizes[][2] = { { 1, 1 }, { 1, 9 }, { 31, 1 }, { 17, 23 }, { 64, 64 } };
    for (size_t k = 0; k < sizeof sizes / sizeof *sizes; k++)
        for (int channels = 1; channels <= 3; channels += 2) {
            int w = sizes[k][0], h = sizes[k][1];
            uint8_t pixels[64 * 64 * 3];
            fill(pixels, sizeof pixels, (unsigned)k);
            struct png p = encode(w, h, channels, pixels, N_TEXTS);
            dv_image im;
            dv_error err;
            assert_true(dv_image_decode(&im, p.bytes, p.size, "x", &err));
            assert_int_equal(im.width, w);
            assert_int_equal(im.height, h);
            for (int i = 0; i < w * h * 3; i++)
                assert_int_equal(im.rgb[i], pixels[channels == 3 ? i : i / 3]);
            dv_image_free(&im);
            free(p.bytes);
        }
}

static uint32_t get32(const uint8_t *b)
{
    return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
}

static void chunks_are_in_order_and_checksums_hold(void **state)
{
    (void)state;
    static const char *const want[] = { "IHDR", "tEXt", "tEXt", "iTXt",
                                        "tEXt", "tEXt", "IDAT", "IEND" };
    uint8_t pixels[12] = { 1, 2, 3 };
    struct png p = encode(2, 2, 3, pixels, N_TEXTS);
    size_t at = 8;
    for (size_t i = 0; i < sizeof want / sizeof *want; i++) {
        assert_true(p.size - at >= 12);
        size_t n = get32(p.bytes + at);
        assert_memory_equal(p.bytes + at + 4, want[i], 4);
        assert_true(n <= p.size - at - 12);
        assert_int_equal(get32(p.bytes + at + 8 + n), crc32(0, p.bytes + at + 4, (uInt)n + 4));
        at += 12 + n;
    }
    assert_int_equal(at, p.size);
    free(p.bytes);
}

static void texts_come_back_in_order(void **state)
{
    (void)state;
    uint8_t pixels[4] = { 0 };
    struct png p = encode(2, 2, 1, pixels, N_TEXTS);
    dv_arena a = { 0 };
    dv_png_text *got;
    int n;
    dv_error err;
    assert_true(dv_png_texts(&a, p.bytes, p.size, &got, &n, &err));
    assert_int_equal(n, N_TEXTS);
    for (int i = 0; i < n; i++) {
        assert_string_equal(got[i].key, texts[i].key);
        assert_string_equal(got[i].value, texts[i].value);
    }
    dv_arena_release(&a);
    free(p.bytes);
}

/* A file name may be in no encoding at all. */
static void what_is_not_utf8_comes_back_from_latin1(void **state)
{
    (void)state;
    const dv_png_text odd = { "Source", "M\xfc"
                                        "ller \xe9.jpg" };
    uint8_t pixel = 0;
    struct png p;
    dv_arena a = { 0 };
    dv_png_text *got;
    int n;
    dv_error err;
    assert_true(dv_png_encode(&p.bytes, &p.size, 1, 1, 1, &pixel, &odd, 1, &err));
    assert_true(dv_png_texts(&a, p.bytes, p.size, &got, &n, &err));
    assert_int_equal(n, 1);
    assert_string_equal(got[0].value, "Müller é.jpg");
    dv_arena_release(&a);
    free(p.bytes);
}

static void the_same_picture_gives_the_same_bytes(void **state)
{
    (void)state;
    uint8_t pixels[40 * 30 * 3];
    fill(pixels, sizeof pixels, 5);
    struct png p = encode(40, 30, 3, pixels, N_TEXTS), q = encode(40, 30, 3, pixels, N_TEXTS);
    assert_int_equal(p.size, q.size);
    assert_memory_equal(p.bytes, q.bytes, p.size);
    free(p.bytes);
    free(q.bytes);
}

static bool readable(const uint8_t *bytes, size_t size, dv_error *err)
{
    dv_arena a = { 0 };
    dv_png_text *got;
    int n;
    bool ok = dv_png_texts(&a, bytes, size, &got, &n, err);
    dv_arena_release(&a);
    return ok;
}

static void a_file_cut_anywhere_or_changed_anywhere_is_refused(void **state)
{
    (void)state;
    uint8_t pixels[4] = { 9 };
    struct png p = encode(2, 2, 1, pixels, N_TEXTS);
    dv_error err;
    for (size_t n = 0; n < p.size; n++) {
        uint8_t *cut = malloc(n ? n : 1);
        assert_non_null(cut);
        memcpy(cut, p.bytes, n);
        assert_false(readable(cut, n, &err));
        assert_int_equal(err.code, DV_BAD_DATA);
        free(cut);
    }
    for (size_t i = 0; i < p.size; i++) {
        p.bytes[i] ^= 0x20;
        assert_false(readable(p.bytes, p.size, &err));
        p.bytes[i] ^= 0x20;
    }
    assert_true(readable(p.bytes, p.size, &err));
    free(p.bytes);
}

static uint8_t *put_chunk(uint8_t *to, const char *type, const void *data, size_t n)
{
    for (int i = 0; i < 4; i++)
        to[i] = (uint8_t)(n >> (24 - 8 * i));
    memcpy(to + 4, type, 4);
    memcpy(to + 8, data, n);
    uint32_t sum = (uint32_t)crc32(0, to + 4, (uInt)n + 4);
    for (int i = 0; i < 4; i++)
        to[8 + n + i] = (uint8_t)(sum >> (24 - 8 * i));
    return to + 12 + n;
}

static void odd_texts_are_passed_over(void **state)
{
    (void)state;
    uint8_t file[1024];
    memcpy(file, "\x89PNG\r\n\x1a\n", 8);
    uint8_t *end = put_chunk(file + 8, "tEXt", "no end of the key", 17);
    end = put_chunk(end, "tEXt", "", 0);
    end = put_chunk(end, "iTXt", "key\0\1\0\0\0packed", 14);
    end = put_chunk(end, "iTXt", "key\0\0\0en\0name", 13); /* no NUL behind the name */
    end = put_chunk(end, "iTXt", "key\0", 4);
    end = put_chunk(end, "zTXt", "key\0\0packed", 11);
    end = put_chunk(end, "iTXt", "key\0\0\0en\0name\0value", 19);
    end = put_chunk(end, "IEND", "", 0);
    dv_arena a = { 0 };
    dv_png_text *got;
    int n;
    dv_error err;
    assert_true(dv_png_texts(&a, file, (size_t)(end - file), &got, &n, &err));
    assert_int_equal(n, 1);
    assert_string_equal(got[0].key, "key");
    assert_string_equal(got[0].value, "value");
    dv_arena_release(&a);
}

static void senseless_requests_are_refused(void **state)
{
    (void)state;
    static const struct {
        int w, h, channels;
        const char *key;
    } bad[] = {
        { 0, 1, 1, "a" },
        { 1, 0, 3, "a" },
        { 1, 1, 2, "a" },
        { 1 << 20, 1 << 20, 3, "a" },
        { 1, 1, 1, "" },
        { 1, 1, 1, "ä" },
        { 1, 1, 1,
          "0123456789012345678901234567890123456789012345678901234567890123456789"
          "0123456789" },
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        const uint8_t pixels[3] = { 0 };
        const dv_png_text t = { bad[i].key, "x" };
        struct png p;
        dv_error err = { 0 };
        assert_false(dv_png_encode(&p.bytes, &p.size, bad[i].w, bad[i].h, bad[i].channels, pixels,
                                   &t, 1, &err));
        assert_int_equal(err.code, DV_BAD_USAGE);
    }
}

static void a_full_disk_is_told(void **state)
{
    (void)state;
    uint8_t pixel = 0;
    dv_error err = { 0 };
    if (access("/dev/full", W_OK) != 0)
        skip();
    assert_false(dv_png_write("/dev/full", 1, 1, 1, &pixel, NULL, 0, &err));
    assert_int_equal(err.code, DV_IO);
    assert_string_equal(err.message, "/dev/full: cannot write: No space left on device");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pixels_come_back_as_they_were),
        cmocka_unit_test(chunks_are_in_order_and_checksums_hold),
        cmocka_unit_test(texts_come_back_in_order),
        cmocka_unit_test(what_is_not_utf8_comes_back_from_latin1),
        cmocka_unit_test(the_same_picture_gives_the_same_bytes),
        cmocka_unit_test(a_file_cut_anywhere_or_changed_anywhere_is_refused),
        cmocka_unit_test(odd_texts_are_passed_over),
        cmocka_unit_test(senseless_requests_are_refused),
        cmocka_unit_test(a_full_disk_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
