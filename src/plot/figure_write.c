#include "base/file.h"
#include "plot/drawing_library.h"
#include "plot/figure_place.h"
#include "plot/svg_text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define WIDTH         180.0 /* mm, unless another is asked for */
#define DPI           200.0
#define LEAST_WIDTH   20.0
#define LARGEST_WIDTH 3000.0
#define LEAST_DPI     20.0
#define LARGEST_DPI   2400.0
#define HIGHEST       5000.0 /* mm: what a page of a PDF may have */

typedef enum format { PNG, SVG, PDF, N_FORMATS } format;

static bool format_of(const char *path, format *found)
{
    static const char *const endings[N_FORMATS] = { ".png", ".svg", ".pdf" };
    const size_t n = strlen(path);
    for (int i = 0; i < N_FORMATS; i++)
        if (n >= 4 && strcasecmp(path + n - 4, endings[i]) == 0) {
            *found = (format)i;
            return true;
        }
    return false;
}

static double width_of(const dv_figure_file *f)
{
    return f->width != 0 ? f->width : WIDTH;
}

static double dpi_of(const dv_figure_file *f)
{
    return f->dpi != 0 ? f->dpi : DPI;
}

static bool check_size(const dv_figure_file *f, dv_error *err)
{
    const double width = width_of(f), dpi = dpi_of(f);
    if (!(width >= LEAST_WIDTH && width <= LARGEST_WIDTH))
        return dv_fail(err, DV_BAD_USAGE, "a figure %g mm wide: %g to %g", width, LEAST_WIDTH,
                       LARGEST_WIDTH);
    if (!(dpi >= LEAST_DPI && dpi <= LARGEST_DPI))
        return dv_fail(err, DV_BAD_USAGE, "a figure of %g pixels an inch: %g to %g", dpi, LEAST_DPI,
                       LARGEST_DPI);
    return true;
}

bool dv_figure_check(const dv_figure_file *f, dv_error *err)
{
    format unused;
    if (!f->path)
        return true;
    if (!format_of(f->path, &unused))
        return dv_fail(err, DV_BAD_USAGE, "%s: a figure ends in .png, .svg or .pdf", f->path);
    return check_size(f, err) && dv_drawing_library_open(err);
}

/* -- from a description to a drawing ---------------------------------------------------------- */

/* Opens the canvas and finds a place for everything. It is closed when that fails. */
static bool lay_out(const dv_figure *f, const dv_figure_file *to, dv_canvas *c, dv_figure_layout *l,
                    dv_error *err)
{
    if (f->failed)
        return dv_fail(err, DV_NO_MEMORY, "no memory for what the figure shows");
    if (!check_size(to, err) || !dv_canvas_open(c, dpi_of(to), err))
        return false;
    dv_figure_lay_out(f, width_of(to) * DV_MM, c, l);
    l->height = ceil(l->height / c->pixel) * c->pixel;
    const double w = l->width / c->pixel, h = l->height / c->pixel;
    bool ok = !c->failed;
    if (ok && (l->height > HIGHEST * DV_MM || w * h > DV_IMAGE_MAX_PIXELS ||
               fmax(w, h) > DV_IMAGE_MAX_SIDE))
        ok = dv_fail(
            err, DV_UNSUPPORTED,
            "a figure of %.0f x %.0f mm, at %g pixels an inch %.0f x %.0f: at most %.0f mm, "
            "%d on a side and %d million in all",
            width_of(to), l->height / DV_MM, dpi_of(to), ceil(w), ceil(h), HIGHEST,
            DV_IMAGE_MAX_SIDE, DV_IMAGE_MAX_PIXELS / 1000000);
    if (!ok)
        dv_canvas_close(c);
    return ok;
}

/* What Cairo has not been able to do. */
static bool surface_ok(const dv_drawing_library *lib, cairo_status_t status, dv_error *err)
{
    return status == CAIRO_STATUS_SUCCESS ||
           dv_fail(err, status == CAIRO_STATUS_NO_MEMORY ? DV_NO_MEMORY : DV_UNSUPPORTED,
                   "the figure was not drawn: %s", lib->cairo_status_to_string(status));
}

/* Paints onto a surface, which is finished and destroyed where it is not an image. */
static bool paint(const dv_figure *f, const dv_figure_layout *l, dv_canvas *c, cairo_surface_t *s,
                  double scale, dv_error *err)
{
    const dv_drawing_library *lib = c->lib;
    c->cr = lib->cairo_create(s);
    lib->cairo_scale(c->cr, scale, scale);
    dv_figure_paint(f, l, c);
    lib->cairo_show_page(c->cr);
    const cairo_status_t status = lib->cairo_status(c->cr);
    lib->cairo_destroy(c->cr);
    c->cr = NULL;
    return !c->failed && surface_ok(lib, status, err);
}

/* -- PNG -------------------------------------------------------------------------------------- */

static bool pixels_of(const dv_drawing_library *lib, cairo_surface_t *s, dv_image *out, int w,
                      int h, dv_error *err)
{
    if (!dv_picture_new(out, w, h, DV_WHITE, err))
        return false;
    lib->cairo_surface_flush(s);
    const uint8_t *pixels = lib->cairo_image_surface_get_data(s);
    const size_t stride = (size_t)lib->cairo_image_surface_get_stride(s);
    for (int y = 0; y < h; y++)
        for (int x = 0; x < w; x++) {
            uint32_t pixel;
            uint8_t *to = out->rgb + ((size_t)y * (size_t)w + (size_t)x) * 3;
            memcpy(&pixel, pixels + (size_t)y * stride + (size_t)x * 4, 4);
            to[0] = (uint8_t)(pixel >> 16);
            to[1] = (uint8_t)(pixel >> 8);
            to[2] = (uint8_t)pixel;
        }
    return true;
}

bool dv_figure_draw(const dv_figure *f, const dv_figure_file *to, dv_image *out, dv_error *err)
{
    dv_canvas c;
    dv_figure_layout l;
    if (!lay_out(f, to, &c, &l, err))
        return false;
    const int w = (int)lround(l.width / c.pixel), h = (int)lround(l.height / c.pixel);
    cairo_surface_t *s = c.lib->cairo_image_surface_create(CAIRO_FORMAT_RGB24, w, h);
    const bool ok = surface_ok(c.lib, c.lib->cairo_surface_status(s), err) &&
                    paint(f, &l, &c, s, 1 / c.pixel, err) && pixels_of(c.lib, s, out, w, h, err);
    c.lib->cairo_surface_destroy(s);
    dv_canvas_close(&c);
    return ok;
}

/* What a figure says of itself: its title and its caption before what any picture does. */
typedef struct sayings {
    dv_provenance_texts of;
    int n;
    dv_png_text text[2 + sizeof((dv_provenance_texts *)0)->text / sizeof(dv_png_text)];
} sayings;

static void say(sayings *s, const dv_figure *f, const dv_provenance *says)
{
    dv_provenance_say(&s->of, says);
    s->n = 0;
    if (f->title)
        s->text[s->n++] = (dv_png_text){ "Title", f->title };
    if (f->caption)
        s->text[s->n++] = (dv_png_text){ "Description", f->caption };
    for (int i = 0; i < s->of.n; i++)
        s->text[s->n++] = s->of.text[i];
}

static bool write_png(const dv_figure *f, const dv_figure_file *to, const dv_provenance *says,
                      dv_error *err)
{
    sayings s;
    dv_image im;
    uint8_t *png;
    size_t size;
    say(&s, f, says);
    if (!dv_figure_draw(f, to, &im, err))
        return dv_fail_in(err, "%s", to->path);
    bool ok = dv_png_encode_dense(&png, &size, im.width, im.height, 3, im.rgb, dpi_of(to), s.text,
                                  s.n, err);
    dv_image_free(&im);
    if (!ok)
        return dv_fail_in(err, "%s", to->path);
    ok = dv_file_write(to->path, png, size, err);
    free(png);
    return ok;
}

/* -- SVG and PDF ------------------------------------------------------------------------------ */

static cairo_status_t take(void *text, const unsigned char *bytes, unsigned n)
{
    dv_text *t = text;
    dv_text_add(t, bytes, n);
    return t->failed ? CAIRO_STATUS_NO_MEMORY : CAIRO_STATUS_SUCCESS;
}

/* Without a date: the same figure gives the same bytes. */
static bool set_pdf_metadata(const dv_drawing_library *lib, cairo_surface_t *s, const dv_figure *f,
                             const sayings *words, dv_error *err)
{
    dv_text subject = { 0 }, all = { 0 };
    lib->cairo_pdf_surface_set_metadata(s, CAIRO_PDF_METADATA_CREATE_DATE, NULL);
    lib->cairo_pdf_surface_set_metadata(s, CAIRO_PDF_METADATA_CREATOR, words->of.text[0].value);
    for (int i = 1; i < words->of.n; i++)
        dv_text_format(&all, "%s%s: %s", i > 1 ? "; " : "", words->of.text[i].key,
                       words->of.text[i].value);
    dv_text_format(&subject, "%s", f->caption ? f->caption : "");
    const bool ok = dv_text_ok(&subject, "a caption", err) && dv_text_ok(&all, "what it says", err);
    if (f->title && dv_is_utf8(f->title))
        lib->cairo_pdf_surface_set_metadata(s, CAIRO_PDF_METADATA_TITLE, f->title);
    if (subject.data && dv_is_utf8(subject.data))
        lib->cairo_pdf_surface_set_metadata(s, CAIRO_PDF_METADATA_SUBJECT, subject.data);
    if (all.data && dv_is_utf8(all.data))
        lib->cairo_pdf_surface_set_metadata(s, CAIRO_PDF_METADATA_KEYWORDS, all.data);
    free(subject.data);
    free(all.data);
    return ok;
}

static bool draw_vector(const dv_figure *f, const dv_figure_file *to, format as,
                        const sayings *words, dv_text *bytes, dv_error *err)
{
    dv_canvas c;
    dv_figure_layout l;
    if (!lay_out(f, to, &c, &l, err))
        return false;
    const dv_drawing_library *lib = c.lib;
    c.vector = true;
    bool ok = true;
    cairo_surface_t *s;
    if (as == PDF) {
        s = lib->cairo_pdf_surface_create_for_stream(take, bytes, l.width, l.height);
        ok = set_pdf_metadata(lib, s, f, words, err);
    } else {
        s = lib->cairo_svg_surface_create_for_stream(take, bytes, l.width, l.height);
        lib->cairo_svg_surface_set_document_unit(s, CAIRO_SVG_UNIT_PT);
    }
    ok = ok && surface_ok(lib, lib->cairo_surface_status(s), err) && paint(f, &l, &c, s, 1, err);
    lib->cairo_surface_finish(s);
    ok = ok && surface_ok(lib, lib->cairo_surface_status(s), err);
    lib->cairo_surface_destroy(s);
    dv_canvas_close(&c);
    return ok && dv_text_ok(bytes, "the figure", err);
}

static bool write_vector(const dv_figure *f, const dv_figure_file *to, format as,
                         const dv_provenance *says, dv_error *err)
{
    sayings words;
    dv_text drawn = { 0 }, whole = { 0 };
    say(&words, f, says);
    bool ok = draw_vector(f, to, as, &words, &drawn, err);
    if (ok && as == SVG) {
        dv_svg_finish(&whole, &drawn, f->title, words.text, words.n);
        ok = dv_text_ok(&whole, "the figure", err);
    }
    const dv_text *file = as == SVG ? &whole : &drawn;
    ok =
        ok ? dv_file_write(to->path, file->data, file->size, err) : dv_fail_in(err, "%s", to->path);
    free(drawn.data);
    free(whole.data);
    return ok;
}

bool dv_figure_write(const dv_figure *f, const dv_figure_file *to, const dv_provenance *says,
                     dv_error *err)
{
    format as;
    if (!format_of(to->path, &as))
        return dv_figure_check(to, err);
    return as == PNG ? write_png(f, to, says, err) : write_vector(f, to, as, says, err);
}
