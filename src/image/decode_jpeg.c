#include "image/decode.h"
#include "image/exif.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jerror.h>
#include <jpeglib.h>

/* Each scan of a progressive file goes through the whole image; a file of some kilobytes can hold
 * thousands. Encoders make about ten. */
enum { MAX_SCANS = 200 };

struct decoder {
    struct jpeg_decompress_struct jpeg;
    struct jpeg_error_mgr messages;
    struct jpeg_progress_mgr progress;
    jmp_buf failed; /* where libjpeg's fatal errors lead */
    bool cut;       /* the file ended too early */
    dv_pixels found;
    int64_t most; /* pixels */
    dv_error *err;
};

static struct decoder *of(j_common_ptr jpeg)
{
    return jpeg->client_data;
}

static void fatal(j_common_ptr jpeg)
{
    struct decoder *d = of(jpeg);
    char why[JMSG_LENGTH_MAX];
    jpeg->err->format_message(jpeg, why);
    dv_fail(d->err, jpeg->err->msg_code == JERR_OUT_OF_MEMORY ? DV_NO_MEMORY : DV_BAD_DATA,
            "cannot be decoded (%s)", why);
    longjmp(d->failed, 1);
}

/* Warnings are no matter, as for Pillow, but for the one that the rest was made up. */
static void warning(j_common_ptr jpeg, int level)
{
    if (level < 0 && jpeg->err->msg_code == JWRN_JPEG_EOF)
        of(jpeg)->cut = true;
}

static void scan_done(j_common_ptr jpeg)
{
    struct decoder *d = of(jpeg);
    if (d->jpeg.input_scan_number > MAX_SCANS) {
        dv_fail(d->err, DV_UNSUPPORTED, "a JPEG of more than %d scans", MAX_SCANS);
        longjmp(d->failed, 1);
    }
}

/* The first EXIF segment says which way is up. */
static int find_orientation(const struct jpeg_decompress_struct *jpeg)
{
    int orientation = 0;
    for (jpeg_saved_marker_ptr m = jpeg->marker_list; m && !orientation; m = m->next)
        orientation = dv_exif_orientation(m->data, m->data_length);
    return orientation ? orientation : 1;
}

/* Inverted CMYK, as all programs write it, to RGB with the rounding of Pillow. */
static void cmyk_to_rgb(const uint8_t *cmyk, int n, uint8_t *rgb)
{
    for (int i = 0; i < n; i++, cmyk += 4, rgb += 3)
        for (int c = 0; c < 3; c++) {
            int product = (255 - cmyk[c]) * cmyk[3] + 128;
            rgb[c] = (uint8_t)(cmyk[3] - ((product + (product >> 8)) >> 8));
        }
}

static void read_rows(struct decoder *d)
{
    struct jpeg_decompress_struct *jpeg = &d->jpeg;
    bool cmyk = jpeg->out_color_space == JCS_CMYK;
    size_t stride = (size_t)d->found.width * d->found.channels;
    JSAMPARRAY between =
        cmyk ? jpeg->mem->alloc_sarray((j_common_ptr)jpeg, JPOOL_IMAGE, 4 * jpeg->output_width, 1)
             : NULL;
    while (jpeg->output_scanline < jpeg->output_height) {
        uint8_t *row = d->found.data + jpeg->output_scanline * stride;
        jpeg_read_scanlines(jpeg, cmyk ? between : &row, 1);
        if (cmyk)
            cmyk_to_rgb(between[0], d->found.width, row);
    }
    jpeg_finish_decompress(jpeg);
}

/* Leaves by longjmp when libjpeg fails. */
static bool decode(struct decoder *d, const uint8_t *bytes, size_t size)
{
    struct jpeg_decompress_struct *jpeg = &d->jpeg;
    jpeg_mem_src(jpeg, bytes, size);
    jpeg_save_markers(jpeg, JPEG_APP0 + 1, 0xffff);
    jpeg_read_header(jpeg, TRUE);
    if (!dv_decode_limit(jpeg->image_width, jpeg->image_height, d->most, d->err))
        return false;
    if (jpeg->num_components == 2 || jpeg->num_components > 4)
        return dv_fail(d->err, DV_UNSUPPORTED, "a JPEG of %d channels", jpeg->num_components);
    bool grey = jpeg->num_components == 1, cmyk = jpeg->num_components == 4;
    jpeg->out_color_space = grey ? JCS_GRAYSCALE : cmyk ? JCS_CMYK : JCS_RGB;
    d->found.width = (int)jpeg->image_width;
    d->found.height = (int)jpeg->image_height;
    d->found.channels = grey ? 1 : 3;
    d->found.orientation = find_orientation(jpeg);
    d->found.data = malloc((size_t)d->found.width * d->found.height * d->found.channels);
    if (!d->found.data)
        return dv_fail(d->err, DV_NO_MEMORY, "out of memory for %d x %d pixels", d->found.width,
                       d->found.height);
    d->progress.progress_monitor = scan_done;
    jpeg->progress = &d->progress;
    jpeg_start_decompress(jpeg);
    read_rows(d);
    return !d->cut || dv_fail(d->err, DV_BAD_DATA, "the image is damaged (the file is cut short)");
}

/* Apart from dv_decode_jpeg, so that no variable of the function that calls setjmp is lost. */
static bool decode_or_return(struct decoder *d, const uint8_t *bytes, size_t size)
{
    if (setjmp(d->failed) != 0)
        return false;
    jpeg_create_decompress(&d->jpeg);
    return decode(d, bytes, size);
}

bool dv_decode_jpeg(dv_pixels *p, const uint8_t *bytes, size_t size, int64_t most, dv_error *err)
{
    struct decoder d = { .most = most, .err = err };
    d.jpeg.err = jpeg_std_error(&d.messages);
    d.jpeg.client_data = &d;
    d.messages.error_exit = fatal;
    d.messages.emit_message = warning;
    bool ok = decode_or_return(&d, bytes, size);
    jpeg_destroy_decompress(&d.jpeg);
    if (ok)
        *p = d.found;
    else
        free(d.found.data);
    return ok;
}
