#include "image/jpeg_write.h"
#include "base/text.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jerror.h>
#include <jpeglib.h>

enum { BUFFER = 4096, MAX_SIDE = 65500 };

typedef struct encoder {
    struct jpeg_compress_struct jpeg;
    struct jpeg_error_mgr messages;
    struct jpeg_destination_mgr to;
    jmp_buf failed; /* where libjpeg's fatal errors lead */
    uint8_t buffer[BUFFER];
    dv_text bytes;
    dv_error *err;
} encoder;

/* -- libjpeg's ways out ----------------------------------------------------------------------- */

static void fatal(j_common_ptr jpeg)
{
    encoder *e = jpeg->client_data;
    char why[JMSG_LENGTH_MAX];
    jpeg->err->format_message(jpeg, why);
    dv_fail(e->err, jpeg->err->msg_code == JERR_OUT_OF_MEMORY ? DV_NO_MEMORY : DV_UNSUPPORTED,
            "cannot be encoded (%s)", why);
    longjmp(e->failed, 1);
}

static void silent(j_common_ptr jpeg, int level)
{
    (void)jpeg, (void)level;
}

static void begin_output(j_compress_ptr jpeg)
{
    encoder *e = jpeg->client_data;
    e->to.next_output_byte = e->buffer;
    e->to.free_in_buffer = BUFFER;
}

static boolean empty_buffer(j_compress_ptr jpeg)
{
    encoder *e = jpeg->client_data;
    dv_text_add(&e->bytes, e->buffer, BUFFER);
    begin_output(jpeg);
    return TRUE;
}

static void end_output(j_compress_ptr jpeg)
{
    encoder *e = jpeg->client_data;
    dv_text_add(&e->bytes, e->buffer, BUFFER - e->to.free_in_buffer);
}

/* -- encoding --------------------------------------------------------------------------------- */

/* What is done between the beginning and the end; libjpeg leaves it by longjmp. */
static void encode(encoder *e, const dv_image *im, int quality, bool cell)
{
    struct jpeg_compress_struct *j = &e->jpeg;
    jpeg_create_compress(j);
    j->dest = &e->to;
    j->image_width = (JDIMENSION)im->width;
    j->image_height = (JDIMENSION)im->height;
    j->input_components = 3;
    j->in_color_space = JCS_RGB;
    jpeg_set_defaults(j);
    jpeg_set_quality(j, quality, TRUE);
    j->optimize_coding = !cell; /* cells share their tables */
    if (cell)
        j->restart_interval = (unsigned)(im->width / DV_JPEG_BLOCK);
    jpeg_start_compress(j, TRUE);
    while (j->next_scanline < j->image_height) {
        JSAMPROW row = im->rgb + (size_t)j->next_scanline * (size_t)im->width * 3;
        jpeg_write_scanlines(j, &row, 1);
    }
    jpeg_finish_compress(j);
}

static bool run_encoder(dv_jpeg *out, const dv_image *im, int quality, bool cell, dv_error *err)
{
    if (im->width > MAX_SIDE || im->height > MAX_SIDE)
        return dv_fail(err, DV_UNSUPPORTED, "a JPEG of %d x %d pixels: %d at most", im->width,
                       im->height, MAX_SIDE);
    encoder *e = calloc(1, sizeof *e);
    if (!e)
        return dv_fail(err, DV_NO_MEMORY, "no memory to encode a picture");
    e->err = err;
    e->jpeg.err = jpeg_std_error(&e->messages);
    e->messages.error_exit = fatal;
    e->messages.emit_message = silent;
    e->jpeg.client_data = e;
    e->to = (struct jpeg_destination_mgr){ .init_destination = begin_output,
                                           .empty_output_buffer = empty_buffer,
                                           .term_destination = end_output };
    bool ok = false;
    if (!setjmp(e->failed)) {
        encode(e, im, quality, cell);
        ok = true;
    }
    jpeg_destroy_compress(&e->jpeg);
    ok = ok && dv_text_ok(&e->bytes, "a JPEG", err);
    if (ok)
        *out = (dv_jpeg){ (uint8_t *)e->bytes.data, e->bytes.size };
    else
        free(e->bytes.data);
    free(e);
    return ok;
}

bool dv_jpeg_encode(dv_jpeg *out, const dv_image *im, int quality, dv_error *err)
{
    return run_encoder(out, im, quality, false, err);
}

/* -- cells ------------------------------------------------------------------------------------ */

enum { MARK = 0xff, SOF0 = 0xc0, RST0 = 0xd0, RST7 = 0xd7, EOI = 0xd9, SOS = 0xda, COM = 0xfe };

/* Where the coded numbers begin, behind all headers. 0: these are no bytes of ours. */
static size_t scan_begin(const uint8_t *b, size_t n)
{
    size_t at = 2;
    while (at + 4 <= n && b[at] == MARK) {
        const size_t length = (size_t)(b[at + 2] << 8 | b[at + 3]);
        const bool last = b[at + 1] == SOS;
        at += 2 + length;
        if (last)
            return at <= n ? at : 0;
    }
    return 0;
}

bool dv_jpeg_encode_cell(dv_jpeg *out, const dv_image *im, int quality, dv_error *err)
{
    dv_jpeg whole;
    if (!run_encoder(&whole, im, quality, true, err))
        return false;
    const size_t from = scan_begin(whole.data, whole.size);
    out->size = whole.size - from - 2; /* without the end's marker */
    memmove(whole.data, whole.data + from, out->size);
    out->data = whole.data;
    return true;
}

/* The bytes up to the next restart marker, or the end; *at moves behind it. */
static size_t next_part(const dv_jpeg *cell, size_t *at)
{
    const size_t from = *at;
    for (; *at + 1 < cell->size; ++*at)
        if (cell->data[*at] == MARK && cell->data[*at + 1] >= RST0 && cell->data[*at + 1] <= RST7) {
            *at += 2;
            return *at - 2 - from;
        }
    *at = cell->size;
    return cell->size - from;
}

static void put16(uint8_t *to, int v)
{
    to[0] = (uint8_t)(v >> 8);
    to[1] = (uint8_t)v;
}

/* The headers of one cell, which serve for all, with another size; the comment comes first. */
static bool write_head(dv_text *t, int side, int across, int down, int quality, const char *comment,
                       dv_error *err)
{
    const size_t pixels = (size_t)side * (size_t)side * 3;
    dv_image grey = { side, side, malloc(pixels) };
    dv_jpeg one;
    if (!grey.rgb)
        return dv_fail(err, DV_NO_MEMORY, "no memory for a cell of %d pixels", side);
    memset(grey.rgb, 128, pixels);
    const bool ok = run_encoder(&one, &grey, quality, true, err);
    free(grey.rgb);
    if (!ok)
        return false;
    const size_t head = scan_begin(one.data, one.size);
    for (size_t at = 2; at < head; at += 2 + (size_t)(one.data[at + 2] << 8 | one.data[at + 3]))
        if (one.data[at + 1] == SOF0) {
            put16(one.data + at + 5, side * down);
            put16(one.data + at + 7, side * across);
        }
    dv_text_add(t, one.data, 2);
    if (comment) {
        const size_t n = strlen(comment) < 60000 ? strlen(comment) : 60000;
        uint8_t mark[4] = { MARK, COM };
        put16(mark + 2, (int)n + 2);
        dv_text_add(t, mark, sizeof mark);
        dv_text_add(t, comment, n);
    }
    dv_text_add(t, one.data + 2, head - 2);
    free(one.data);
    return true;
}

bool dv_jpeg_join(dv_jpeg *out, int side, int across, int down, int quality, const dv_jpeg *cells,
                  const char *comment, dv_error *err)
{
    if (side * across > MAX_SIDE || side * down > MAX_SIDE)
        return dv_fail(err, DV_UNSUPPORTED, "a JPEG of %d x %d pixels: %d at most", side * across,
                       side * down, MAX_SIDE);
    dv_text t = { 0 };
    size_t *at = calloc((size_t)across, sizeof *at);
    bool ok = at || dv_fail(err, DV_NO_MEMORY, "no memory for a row of %d cells", across);
    ok = ok && write_head(&t, side, across, down, quality, comment, err);
    for (int y = 0, mark = 0; ok && y < down; y++) {
        memset(at, 0, (size_t)across * sizeof *at);
        for (int row = 0; row < side / DV_JPEG_BLOCK; row++)
            for (int x = 0; x < across; x++, mark++) {
                const dv_jpeg *cell = &cells[y * across + x];
                const uint8_t restart[2] = { MARK, (uint8_t)(RST0 + (mark - 1) % 8) };
                if (mark > 0)
                    dv_text_add(&t, restart, sizeof restart);
                const uint8_t *part = cell->data + at[x];
                dv_text_add(&t, part, next_part(cell, &at[x]));
            }
    }
    dv_text_add(&t, (const uint8_t[]){ MARK, EOI }, 2);
    free(at);
    ok = ok && dv_text_ok(&t, "a JPEG", err);
    if (ok)
        *out = (dv_jpeg){ (uint8_t *)t.data, t.size };
    else
        free(t.data);
    return ok;
}
