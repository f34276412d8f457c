#include "deconvviz/image.h"

#include "base/file.h"
#include "image/png.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include <cmocka.h>

#define STBI_WRITE_NO_STDIO
#define STB_IMAGE_WRITE_STATIC
#define STB_IMAGE_WRITE_IMPLEMENTATION
#pragma GCC diagnostic ignored "-Wunused-function"
#include <stb_image_write.h>

struct bytes {
    uint8_t data[8192];
    size_t size;
};

static void append(void *to, void *data, int n)
{
    struct bytes *b = to;
    assert_true(b->size + (size_t)n <= sizeof b->data);
    memcpy(b->data + b->size, data, (size_t)n);
    b->size += (size_t)n;
}

static void put32(uint8_t *to, uint32_t v)
{
    for (int i = 0; i < 4; i++)
        to[i] = (uint8_t)(v >> (24 - 8 * i));
}

static void chunk(struct bytes *b, const char *type, const uint8_t *data, size_t n)
{
    uint8_t *to = b->data + b->size;
    assert_true(b->size + n + 12 <= sizeof b->data);
    put32(to, (uint32_t)n);
    memcpy(to + 4, type, 4);
    if (n)
        memcpy(to + 8, data, n);
    put32(to + 8 + n, (uint32_t)crc32(0, to + 4, (uInt)n + 4));
    b->size += n + 12;
}

/* A PNG of any type: `rows` are (h, 1 + bytes of a row), each beginning with its filter, 0. */
static struct bytes png_of(uint32_t w, uint32_t h, uint8_t depth, uint8_t type, const uint8_t *rows,
                           size_t n, const uint8_t *trns, size_t n_trns)
{
    struct bytes b = { .size = 8 };
    uint8_t head[13], packed[2048];
    uLongf n_packed = sizeof packed;
    memcpy(b.data, "\x89PNG\r\n\x1a\n", 8);
    put32(head, w);
    put32(head + 4, h);
    memcpy(head + 8, (uint8_t[5]){ depth, type }, 5);
    chunk(&b, "IHDR", head, sizeof head);
    if (n_trns)
        chunk(&b, "tRNS", trns, n_trns);
    assert_int_equal(compress(packed, &n_packed, rows, n), Z_OK);
    chunk(&b, "IDAT", packed, n_packed);
    chunk(&b, "IEND", NULL, 0);
    return b;
}

static void check_pixels(const struct bytes *b, int w, int h, const uint8_t *rgb)
{
    dv_image im;
    dv_error err;
    if (!dv_image_decode(&im, b->data, b->size, "x", &err))
        fail_msg("%s", err.message);
    assert_int_equal(im.width, w);
    assert_int_equal(im.height, h);
    assert_memory_equal(im.rgb, rgb, (size_t)w * h * 3);
    dv_image_free(&im);
    assert_null(im.rgb);
}

static void refuse(const void *data, size_t size, dv_code code, const char *why)
{
    dv_image im;
    dv_error err = { 0 };
    assert_false(dv_image_decode(&im, data, size, "NAME", &err));
    if (!strstr(err.message, why) || strncmp(err.message, "NAME: ", 6) != 0)
        fail_msg("says '%s', not '%s'", err.message, why);
    assert_int_equal(err.code, code);
}

static void grey_is_spread(void **state)
{
    (void)state;
    const uint8_t rows[] = { 0, 10, 250, 0, 0, 99 };
    struct bytes b = png_of(2, 2, 8, 0, rows, sizeof rows, NULL, 0);
    check_pixels(&b, 2, 2, (uint8_t[]){ 10, 10, 10, 250, 250, 250, 0, 0, 0, 99, 99, 99 });
}

static void alpha_lies_on_white(void **state)
{
    (void)state;
    const uint8_t rows[] = { 0, 200, 100, 0, 255, 200, 100, 0, 0, 200, 100, 0, 51 };
    struct bytes b = png_of(3, 1, 8, 6, rows, sizeof rows, NULL, 0);
    /* 51 is a fifth: 200 / 5 + 4 * 255 / 5 = 244, and so on */
    check_pixels(&b, 3, 1, (uint8_t[]){ 200, 100, 0, 255, 255, 255, 244, 224, 204 });

    const uint8_t grey[] = { 0, 100, 255, 100, 51 };
    b = png_of(2, 1, 8, 4, grey, sizeof grey, NULL, 0);
    check_pixels(&b, 2, 1, (uint8_t[]){ 100, 100, 100, 224, 224, 224 });
}

static void a_transparent_colour_is_white(void **state)
{
    (void)state;
    const uint8_t rows[] = { 0, 1, 2, 3, 7, 8, 9 }, key[] = { 0, 7, 0, 8, 0, 9 };
    struct bytes b = png_of(2, 1, 8, 2, rows, sizeof rows, key, sizeof key);
    check_pixels(&b, 2, 1, (uint8_t[]){ 1, 2, 3, 255, 255, 255 });
}

static void sixteen_bits_become_the_upper_eight(void **state)
{
    (void)state;
    const uint8_t rows[] = { 0, 10, 255, 20, 0, 255, 255, 0, 128, 1, 2, 3, 4 };
    struct bytes b = png_of(2, 1, 16, 2, rows, sizeof rows, NULL, 0);
    check_pixels(&b, 2, 1, (uint8_t[]){ 10, 20, 255, 0, 1, 3 });
}

static const uint8_t four[] = { 1, 2, 3, 40, 50, 60, 7, 8, 9, 255, 0, 128 };

static void bmp_tga_and_pnm_are_read(void **state)
{
    (void)state;
    struct bytes b = { .size = 0 };
    assert_true(stbi_write_bmp_to_func(append, &b, 2, 2, 3, four));
    check_pixels(&b, 2, 2, four);
    b.size = 0;
    assert_true(stbi_write_tga_to_func(append, &b, 2, 2, 3, four));
    check_pixels(&b, 2, 2, four);
    b.size = 0;
    char head[] = "P6\n# a comment\n2 2\n255\n";
    append(&b, head, (int)strlen(head));
    memcpy(b.data + b.size, four, sizeof four);
    b.size += sizeof four;
    check_pixels(&b, 2, 2, four);
}

/* One red pixel; behind the codes come the end of the block list and the end of the file. */
static const uint8_t gif[] = "GIF89a\1\0\1\0\x80\0\0\xff\0\0\0\0\0,\0\0\0\0\1\0\1\0\0\2\2D\1\0;";

static void the_first_frame_of_a_gif_is_read(void **state)
{
    (void)state;
    struct bytes b = { .size = sizeof gif - 1 };
    memcpy(b.data, gif, b.size);
    check_pixels(&b, 1, 1, (uint8_t[]){ 255, 0, 0 });
}

enum { W = 32, H = 16 }; /* a JPEG in grey whose blocks of 8x8 are of one level each */

static uint8_t block_level(int row, int column)
{
    return (uint8_t)(20 + 25 * ((row / 8) * (W / 8) + column / 8));
}

static struct bytes read_bytes(const char *path)
{
    struct bytes b;
    dv_file f;
    dv_error err;
    assert_true(dv_file_map(&f, path, &err));
    assert_true(f.size <= sizeof b.data / 2);
    memcpy(b.data, f.data, f.size);
    b.size = f.size;
    dv_file_unmap(&f);
    return b;
}

/* Written by Pillow at quality 100. */
static struct bytes jpeg_of_blocks(void)
{
    return read_bytes("tests/data/blocks-32x16.jpg");
}

/* Puts an APP1 segment behind the first two bytes of a JPEG: an EXIF directory of two entries. */
static void insert_exif(struct bytes *b, bool big_endian, int type, int count, int value)
{
    static const uint8_t entry[12] = { 0x01, 0x0f, 0, 2, 0, 0, 0, 1, 'm', 0, 0, 0 }; /* the maker */
    uint8_t tag[12] = { 0x01, 0x12, 0, (uint8_t)type, 0, 0, 0, (uint8_t)count, 0, (uint8_t)value };
    if (type == 4)
        memcpy(tag + 8, (uint8_t[]){ 0, 0, 0, (uint8_t)value }, 4);
    uint8_t s[10 + 8 + 2 + 24 + 4] = { 0xff, 0xe1, 0, sizeof s - 2, 'E', 'x', 'i', 'f' };
    uint8_t *tiff = s + 10;
    memcpy(tiff, (uint8_t[10]){ 'M', 'M', 0, 42, 0, 0, 0, 8, 0, 2 }, 10);
    memcpy(tiff + 10, entry, 12);
    memcpy(tiff + 22, tag, 12);
    if (!big_endian) {
        static const uint8_t fields[][2] = { { 2, 2 },  { 4, 4 },  { 8, 2 },  { 10, 2 }, { 12, 2 },
                                             { 14, 4 }, { 22, 2 }, { 24, 2 }, { 26, 4 } };
        memcpy(tiff, "II", 2);
        for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
            for (int k = 0; k < fields[i][1] / 2; k++) {
                uint8_t *lo = tiff + fields[i][0] + k, *hi = lo + fields[i][1] - 1 - 2 * k, t = *lo;
                *lo = *hi;
                *hi = t;
            }
        if (type == 4)
            memcpy(tiff + 30, (uint8_t[]){ (uint8_t)value, 0, 0, 0 }, 4);
        else
            memcpy(tiff + 30, (uint8_t[]){ (uint8_t)value, 0 }, 2);
    }
    memmove(b->data + 2 + sizeof s, b->data + 2, b->size - 2);
    memcpy(b->data + 2, s, sizeof s);
    b->size += sizeof s;
}

/* Where EXIF says that a stored pixel is seen: the sides where row 0 and column 0 lie. */
static void seen_at(int orientation, int row, int column, int *y, int *x)
{
    static const char *const sides[] = { "", "TL", "TR", "BR", "BL", "LT", "RT", "RB", "LB" };
    for (int i = 0; i < 2; i++) {
        int at = i ? column : row, last = (i ? W : H) - 1;
        switch (sides[orientation][i]) {
        case 'T':
            *y = at;
            break;
        case 'B':
            *y = last - at;
            break;
        case 'L':
            *x = at;
            break;
        default:
            *x = last - at;
        }
    }
}

static void check_orientation(const struct bytes *b, int orientation)
{
    dv_image im;
    dv_error err;
    assert_true(dv_image_decode(&im, b->data, b->size, "x", &err));
    assert_int_equal(im.width, orientation < 5 ? W : H);
    assert_int_equal(im.height, orientation < 5 ? H : W);
    for (int row = 0; row < H; row++)
        for (int column = 0; column < W; column++) {
            int y = 0, x = 0;
            seen_at(orientation, row, column, &y, &x);
            int difference = im.rgb[3 * (y * im.width + x)] - block_level(row, column);
            assert_in_range(difference + 1, 0, 2);
        }
    dv_image_free(&im);
}

static void photographs_stand_upright(void **state)
{
    (void)state;
    for (int orientation = 1; orientation <= 8; orientation++)
        for (int big_endian = 0; big_endian < 2; big_endian++)
            for (int type = 3; type <= 4; type++) {
                struct bytes b = jpeg_of_blocks();
                insert_exif(&b, big_endian, type, 1, orientation);
                check_orientation(&b, orientation);
            }
}

static void an_orientation_that_makes_no_sense_is_none(void **state)
{
    (void)state;
    static const int odd[][3] = { { 3, 1, 0 }, { 3, 1, 9 }, { 3, 2, 6 }, { 2, 1, 6 } };
    for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) {
        struct bytes b = jpeg_of_blocks();
        insert_exif(&b, true, odd[i][0], odd[i][1], odd[i][2]);
        check_orientation(&b, 1);
    }
    for (size_t cut = 4; cut < 48; cut++) { /* the segment ends early: its length says so */
        struct bytes b = jpeg_of_blocks();
        insert_exif(&b, true, 3, 1, 6);
        uint8_t *segment = b.data + 2;
        memmove(segment + cut, segment + 48, b.size - 2 - 48);
        b.size -= 48 - cut;
        segment[3] = (uint8_t)(cut - 2);
        dv_image im;
        dv_error err;
        assert_true(dv_image_decode(&im, b.data, b.size, "x", &err));
        assert_true(im.width == W ? im.height == H : im.width == H && im.height == W);
        dv_image_free(&im);
    }
}

static void sizes_past_the_limit_are_refused_before_decoding(void **state)
{
    (void)state;
    const uint8_t row[] = { 0, 0 };
    struct bytes b = png_of(40000, 40000, 8, 0, row, sizeof row, NULL, 0);
    refuse(b.data, b.size, DV_UNSUPPORTED, "40000 x 40000 pixels: a side may have 1 to 32767");
    b = png_of(20000, 20000, 8, 2, row, sizeof row, NULL, 0);
    refuse(b.data, b.size, DV_UNSUPPORTED, "20000 x 20000 pixels: at most 100 million in all");
    b = png_of(32767, 1, 8, 0, row, sizeof row, NULL, 0); /* fine, but for what is missing */
    refuse(b.data, b.size, DV_BAD_DATA, "damaged");
    const char pnm[] = "P6 40000 2 255 ";
    refuse(pnm, sizeof pnm, DV_UNSUPPORTED, "40000 x 2 pixels");
}

static void what_does_not_look_like_an_image_is_refused(void **state)
{
    (void)state;
    const char text[] = "Dear sir, this is a letter and not a picture.";
    refuse(text, sizeof text, DV_BAD_DATA, "not an image that can be read");
    refuse(text, 0, DV_BAD_DATA, "empty");
    refuse("P5 1 1 65535 ab", 15, DV_UNSUPPORTED, "more than 8 bits");
    const uint8_t row[] = { 0, 0 };
    struct bytes b = png_of(0, 3, 8, 0, row, sizeof row, NULL, 0);
    refuse(b.data, b.size, DV_BAD_DATA, "0 x 3 pixels");
}

/* The last scan of a progressive file, over and over: little to store, much to decode. */
static void a_jpeg_of_endless_scans_is_refused(void **state)
{
    (void)state;
    struct bytes b = read_bytes("tests/fuzz/corpus/image/progressive.jpg");
    size_t scan = 0;
    for (size_t i = 0; i + 1 < b.size; i++)
        if (b.data[i] == 0xff && b.data[i + 1] == 0xda)
            scan = i;
    size_t n = b.size - 2 - scan, most = 250;
    assert_true(scan);
    uint8_t *file = malloc(b.size + most * n);
    assert_non_null(file);
    memcpy(file, b.data, b.size - 2);
    for (size_t i = 0; i < most; i++)
        memcpy(file + b.size - 2 + i * n, b.data + scan, n);
    memcpy(file + b.size - 2 + most * n, b.data + b.size - 2, 2);
    refuse(file, b.size + most * n, DV_UNSUPPORTED, "more than 200 scans");
    free(file);
}

/* What follows the pixels (`tail` bytes) is not needed. */
static void check_cut(const uint8_t *data, size_t size, size_t tail)
{
    dv_error err;
    dv_image im;
    assert_true(dv_image_decode(&im, data, size, "x", &err));
    dv_image_free(&im);
    for (size_t n = 0; n < size - tail; n++) {
        uint8_t *cut = malloc(n ? n : 1); /* of exactly this size, for AddressSanitizer */
        assert_non_null(cut);
        memcpy(cut, data, n);
        refuse(cut, n, DV_BAD_DATA, "");
        free(cut);
    }
}

static void a_file_cut_anywhere_is_refused(void **state)
{
    (void)state;
    struct bytes b = jpeg_of_blocks();
    insert_exif(&b, false, 3, 1, 6);
    check_cut(b.data, b.size, 0);
    check_cut(gif, sizeof gif - 1, 2);
    b.size = 0;
    assert_true(stbi_write_bmp_to_func(append, &b, 2, 2, 3, four));
    check_cut(b.data, b.size, 0);
    b.size = 0;
    assert_true(stbi_write_tga_to_func(append, &b, 2, 2, 3, four));
    check_cut(b.data, b.size, 0);
    const char pnm[] = "P6 2 2 255 abcdefghijkl";
    check_cut((const uint8_t *)pnm, sizeof pnm - 1, 0);
    const uint8_t rows[] = { 0, 10, 250, 0, 0, 99 };
    b = png_of(2, 2, 8, 0, rows, sizeof rows, NULL, 0);
    check_cut(b.data, b.size, 0);
}

static void a_file_is_named_when_it_fails(void **state)
{
    (void)state;
    dv_image im;
    dv_error err;
    assert_false(dv_image_load(&im, "/nowhere/cat.jpg", &err));
    assert_string_equal(err.message, "/nowhere/cat.jpg: No such file or directory");
    assert_false(dv_image_load(&im, "/tmp", &err));
    assert_string_equal(err.message, "/tmp: Is a directory");
    assert_int_equal(err.code, DV_IO);
    assert_false(dv_image_load(&im, "/dev/null", &err));
    assert_string_equal(err.message, "/dev/null: the file is empty");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(grey_is_spread),
        cmocka_unit_test(alpha_lies_on_white),
        cmocka_unit_test(a_transparent_colour_is_white),
        cmocka_unit_test(sixteen_bits_become_the_upper_eight),
        cmocka_unit_test(bmp_tga_and_pnm_are_read),
        cmocka_unit_test(the_first_frame_of_a_gif_is_read),
        cmocka_unit_test(photographs_stand_upright),
        cmocka_unit_test(an_orientation_that_makes_no_sense_is_none),
        cmocka_unit_test(sizes_past_the_limit_are_refused_before_decoding),
        cmocka_unit_test(what_does_not_look_like_an_image_is_refused),
        cmocka_unit_test(a_jpeg_of_endless_scans_is_refused),
        cmocka_unit_test(a_file_cut_anywhere_is_refused),
        cmocka_unit_test(a_file_is_named_when_it_fails),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
