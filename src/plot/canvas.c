#include "plot/canvas.h"

#include "plot/drawing_library.h"

#include <math.h>
#include <stdlib.h>

/* -- the canvas ------------------------------------------------------------------------------- */

/* Letters are neither bent to pixels nor put on whole ones, so that a text is as wide in a PNG as
 * in a PDF. The language decides on the shapes of Han characters: not that of the machine. */
static void make_layout(dv_canvas *c)
{
    const dv_drawing_library *lib = c->lib;
    cairo_font_options_t *options = lib->cairo_font_options_create();
    lib->cairo_font_options_set_antialias(options, CAIRO_ANTIALIAS_GRAY);
    lib->cairo_font_options_set_hint_style(options, CAIRO_HINT_STYLE_NONE);
    lib->cairo_font_options_set_hint_metrics(options, CAIRO_HINT_METRICS_OFF);
    c->fonts = lib->pango_cairo_font_map_new();
    c->context = lib->pango_font_map_create_context(c->fonts);
    lib->pango_cairo_context_set_font_options(c->context, options);
    lib->pango_cairo_context_set_resolution(c->context, 72);
    lib->pango_context_set_round_glyph_positions(c->context, FALSE);
    lib->pango_context_set_language(c->context, lib->pango_language_from_string("en"));
    lib->cairo_font_options_destroy(options);
    c->layout = lib->pango_layout_new(c->context);
    lib->pango_layout_set_wrap(c->layout, PANGO_WRAP_WORD_CHAR);
    PangoAttrList *attributes = lib->pango_attr_list_new(); /* names are broken as they are */
    lib->pango_attr_list_insert(attributes, lib->pango_attr_insert_hyphens_new(FALSE));
    lib->pango_layout_set_attributes(c->layout, attributes);
    lib->pango_attr_list_unref(attributes);
    c->face = lib->pango_font_description_new();
    lib->pango_font_description_set_family(c->face, "DejaVu Sans");
}

bool dv_canvas_open(dv_canvas *c, double dpi, dv_error *err)
{
    *c = (dv_canvas){ .lib = dv_drawing_library_open(err), .pixel = 72 / dpi, .err = err };
    if (!c->lib)
        return false;
    make_layout(c);
    return true;
}

void dv_canvas_close(dv_canvas *c)
{
    if (c->face)
        c->lib->pango_font_description_free(c->face);
    if (c->layout)
        c->lib->g_object_unref(c->layout);
    if (c->context)
        c->lib->g_object_unref(c->context);
    if (c->fonts)
        c->lib->g_object_unref(c->fonts);
    free(c->words.data);
    dv_arena_release(&c->arena);
    *c = (dv_canvas){ .lib = NULL };
}

bool dv_canvas_ok(dv_canvas *c, bool ok)
{
    c->failed = c->failed || !ok;
    return ok;
}

double dv_canvas_snap(const dv_canvas *c, double v)
{
    return round(v / c->pixel) * c->pixel;
}

dv_area dv_canvas_snap_area(const dv_canvas *c, dv_area a)
{
    const double x = dv_canvas_snap(c, a.x), y = dv_canvas_snap(c, a.y);
    return (dv_area){ x, y, fmax(dv_canvas_snap(c, a.w), c->pixel),
                      fmax(dv_canvas_snap(c, a.h), c->pixel) };
}

/* -- lines and shapes ------------------------------------------------------------------------- */

void dv_canvas_move(dv_canvas *c, double x, double y)
{
    c->lib->cairo_move_to(c->cr, x, y);
}

void dv_canvas_line(dv_canvas *c, double x, double y)
{
    c->lib->cairo_line_to(c->cr, x, y);
}

void dv_canvas_close_path(dv_canvas *c)
{
    c->lib->cairo_close_path(c->cr);
}

void dv_canvas_circle(dv_canvas *c, double x, double y, double radius)
{
    c->lib->cairo_new_sub_path(c->cr);
    c->lib->cairo_arc(c->cr, x, y, radius, 0, 2 * acos(-1));
    c->lib->cairo_close_path(c->cr);
}

void dv_canvas_rect(dv_canvas *c, dv_area a)
{
    c->lib->cairo_rectangle(c->cr, a.x, a.y, a.w, a.h);
}

static void set_color(dv_canvas *c, dv_rgb color, double opacity)
{
    c->lib->cairo_set_source_rgba(c->cr, color.r / 255.0, color.g / 255.0, color.b / 255.0,
                                  opacity);
}

void dv_canvas_stroke(dv_canvas *c, const dv_pen *pen)
{
    const double w = pen->width;
    const double dashes[][2] = {
        [DV_DASH_DASHED] = { 3.2 * w, 2 * w }, [DV_DASH_DOTTED] = { 0.01, 2 * w }
    };
    set_color(c, pen->color, pen->opacity > 0 ? pen->opacity : 1);
    c->lib->cairo_set_line_width(c->cr, w);
    c->lib->cairo_set_line_join(c->cr, CAIRO_LINE_JOIN_ROUND);
    c->lib->cairo_set_line_cap(c->cr, pen->dash == DV_DASH_DASHED ? CAIRO_LINE_CAP_BUTT
                                                                  : CAIRO_LINE_CAP_ROUND);
    c->lib->cairo_set_dash(c->cr, dashes[pen->dash], pen->dash == DV_DASH_NONE ? 0 : 2, 0);
    c->lib->cairo_stroke(c->cr);
}

void dv_canvas_fill(dv_canvas *c, dv_rgb color, double opacity)
{
    set_color(c, color, opacity);
    c->lib->cairo_fill(c->cr);
}

/* The pen's width in whole pixels. */
static double whole_width(const dv_canvas *c, double width)
{
    return fmax(round(width / c->pixel), 1) * c->pixel;
}

void dv_canvas_rule(dv_canvas *c, double x0, double y0, double x1, double y1, const dv_pen *pen)
{
    const double w = whole_width(c, pen->width), half = w / 2;
    if (pen->dash == DV_DASH_NONE) {
        const bool upright = fabs(x1 - x0) < fabs(y1 - y0);
        const double x = dv_canvas_snap(c, fmin(x0, x1) - (upright ? half : 0));
        const double y = dv_canvas_snap(c, fmin(y0, y1) - (upright ? 0 : half));
        const double length = dv_canvas_snap(c, upright ? fabs(y1 - y0) : fabs(x1 - x0));
        dv_canvas_rect(c, (dv_area){ x, y, upright ? w : length, upright ? length : w });
        dv_canvas_fill(c, pen->color, pen->opacity > 0 ? pen->opacity : 1);
        return;
    }
    dv_canvas_move(c, x0, y0);
    dv_canvas_line(c, x1, y1);
    dv_canvas_stroke(c, pen);
}

void dv_canvas_frame(dv_canvas *c, dv_area a, const dv_pen *pen)
{
    const double w = whole_width(c, pen->width);
    const double out = dv_canvas_snap(c, w / 2), in = w - out;
    const double x0 = dv_canvas_snap(c, a.x), x1 = dv_canvas_snap(c, a.x + a.w);
    const double y0 = dv_canvas_snap(c, a.y), y1 = dv_canvas_snap(c, a.y + a.h);
    const dv_area sides[4] = {
        { x0 - out, y0 - out, x1 - x0 + 2 * out, w },
        { x0 - out, y1 - in, x1 - x0 + 2 * out, w },
        { x0 - out, y0 + in, w, y1 - y0 - 2 * in },
        { x1 - in, y0 + in, w, y1 - y0 - 2 * in },
    };
    for (int i = 0; i < 4; i++)
        if (sides[i].h > 0)
            dv_canvas_rect(c, sides[i]);
    dv_canvas_fill(c, pen->color, pen->opacity > 0 ? pen->opacity : 1);
}

void dv_canvas_clip(dv_canvas *c, dv_area a)
{
    c->lib->cairo_save(c->cr);
    dv_canvas_rect(c, a);
    c->lib->cairo_clip(c->cr);
}

void dv_canvas_unclip(dv_canvas *c)
{
    c->lib->cairo_restore(c->cr);
}
