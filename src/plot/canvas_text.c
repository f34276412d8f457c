#include "base/utf8.h"
#include "plot/canvas.h"
#include "plot/drawing_library.h"

#include <math.h>
#include <string.h>

/* Of a text whose lines are counted, so many bytes are looked at. */
enum { MOST_BYTES = 4000 };

/* Text that Pango takes without a word: UTF-8, no controls but newlines; in one line, without. */
static const char *clean(dv_canvas *c, const char *text, bool one_line, bool bounded)
{
    c->words.size = 0;
    dv_text_add(&c->words, "", 0);
    for (const char *s = text; *s && !(bounded && c->words.size > MOST_BYTES);) {
        const size_t n = dv_utf8_length(s);
        if (n == 0)
            dv_text_add(&c->words, "\xef\xbf\xbd", 3);
        else if (*s == '\n' || *s == '\t')
            dv_text_add(&c->words, one_line || *s == '\t' ? " " : "\n", 1);
        else if ((unsigned char)*s < ' ' || *s == 0x7f)
            dv_text_add(&c->words, "\xef\xbf\xbd", 3);
        else
            dv_text_add(&c->words, s, n);
        s += n ? n : 1;
    }
    if (!dv_canvas_ok(c, dv_text_ok(&c->words, "a text of the figure", c->err)))
        return "";
    return c->words.data;
}

static void lay(dv_canvas *c, const char *text, const dv_letters *l)
{
    const dv_drawing_library *lib = c->lib;
    const char *words = clean(c, text, l->lines == 1, l->lines > 0);
    const bool cut = l->width > 0 && l->lines > 0;
    lib->pango_font_description_set_weight(c->face,
                                           l->bold ? PANGO_WEIGHT_BOLD : PANGO_WEIGHT_NORMAL);
    lib->pango_font_description_set_absolute_size(c->face, round(l->size * PANGO_SCALE));
    lib->pango_layout_set_font_description(c->layout, c->face);
    lib->pango_layout_set_width(c->layout,
                                l->width > 0 ? (int)fmin(l->width * PANGO_SCALE + 1, 1e8) : -1);
    lib->pango_layout_set_ellipsize(c->layout, !cut                  ? PANGO_ELLIPSIZE_NONE
                                               : l->shortened_behind ? PANGO_ELLIPSIZE_END
                                                                     : PANGO_ELLIPSIZE_MIDDLE);
    lib->pango_layout_set_height(c->layout, cut ? -l->lines : -1);
    lib->pango_layout_set_alignment(c->layout, l->ax < 0.25   ? PANGO_ALIGN_LEFT
                                               : l->ax > 0.75 ? PANGO_ALIGN_RIGHT
                                                              : PANGO_ALIGN_CENTER);
    lib->pango_layout_set_text(c->layout, words, -1);
}

dv_extent dv_canvas_measure(dv_canvas *c, const char *text, const dv_letters *l)
{
    if (!text || !*text || c->failed)
        return (dv_extent){ 0, 0 };
    lay(c, text, l);
    PangoRectangle r;
    c->lib->pango_layout_get_extents(c->layout, NULL, &r);
    return (dv_extent){ (double)r.width / PANGO_SCALE, (double)r.height / PANGO_SCALE };
}

void dv_canvas_text(dv_canvas *c, double x, double y, const char *text, const dv_letters *l)
{
    if (!text || !*text || c->failed)
        return;
    const dv_drawing_library *lib = c->lib;
    lay(c, text, l);
    PangoRectangle r;
    lib->pango_layout_get_extents(c->layout, NULL, &r);
    lib->cairo_save(c->cr);
    lib->cairo_translate(c->cr, x, y);
    if (l->turn != 0)
        lib->cairo_rotate(c->cr, -l->turn * acos(-1) / 180);
    lib->cairo_translate(c->cr, -(r.x + l->ax * r.width) / PANGO_SCALE,
                         -(r.y + l->ay * r.height) / PANGO_SCALE);
    if (l->halo) {
        lib->cairo_move_to(c->cr, 0, 0);
        lib->pango_cairo_layout_path(c->cr, c->layout);
        dv_canvas_stroke(c, &(dv_pen){ .color = DV_WHITE, .opacity = 0.85, .width = 2 });
    }
    lib->cairo_set_source_rgba(c->cr, l->color.r / 255.0, l->color.g / 255.0, l->color.b / 255.0,
                               1);
    lib->cairo_move_to(c->cr, 0, 0);
    lib->pango_cairo_show_layout(c->cr, c->layout);
    lib->cairo_new_path(c->cr);
    lib->cairo_restore(c->cr);
}

int dv_canvas_missing(dv_canvas *c, const char *text)
{
    lay(c, text, &(dv_letters){ .size = 8 });
    return c->lib->pango_layout_get_unknown_glyphs_count(c->layout);
}
