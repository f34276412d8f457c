#include "base/utf8.h"
#include "plot/canvas.h"
#include "plot/drawing_library.h"

#include <math.h>
#include <string.h>

/* Of a text that is shortened, so many bytes a line are looked at, half of them from its end. */
enum { LINE_BYTES = 300 };

/* Adds what Pango takes without a word: UTF-8, no controls but newlines; in one line, without. */
static void add_clean(dv_text *to, const char *s, const char *end, bool one_line)
{
    while (s < end) {
        const size_t n = dv_utf8_length(s);
        if (*s == '\n' || *s == '\t')
            dv_text_add(to, one_line || *s == '\t' ? " " : "\n", 1);
        else if (n == 0 || (unsigned char)*s < ' ' || *s == 0x7f)
            dv_text_add(to, "\xef\xbf\xbd", 3);
        else
            dv_text_add(to, s, n);
        s += n ? n : 1;
    }
}

static bool continues(char c)
{
    return ((unsigned char)c & 0xc0) == 0x80;
}

static const char *clean(dv_canvas *c, const char *text, int lines)
{
    const size_t size = strlen(text), most = lines > 0 ? (size_t)lines * LINE_BYTES : size;
    const char *end = text + size, *first = end, *rest = end;
    c->words.size = 0;
    dv_text_add(&c->words, "", 0);
    if (size > most) {
        for (first = text + most / 2; continues(*first);)
            first++;
        for (rest = end - most / 2; continues(*rest);)
            rest++;
    }
    add_clean(&c->words, text, first, lines == 1);
    if (rest < end)
        dv_text_add(&c->words, "\u2026", 3);
    add_clean(&c->words, rest, end, lines == 1);
    if (!dv_canvas_ok(c, dv_text_ok(&c->words, "a text of the figure", c->err)))
        return "";
    return c->words.data;
}

static void lay(dv_canvas *c, const char *text, const dv_letters *l)
{
    const dv_drawing_library *lib = c->lib;
    const char *words = clean(c, text, l->lines);
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

/* -- sizes ------------------------------------------------------------------------------------
 * While places are found the same short texts are measured again and again. Their sizes, where
 * nothing limits them, are remembered, the last one of all that share a slot. */

enum { SLOTS = 1024, SHORT = 40 };

struct dv_measured {
    char text[SHORT];
    double size;
    bool bold;
    dv_extent extent;
};

/* Where the size of a text is remembered, if it is; NULL for a long one. */
static struct dv_measured *slot_of(dv_canvas *c, const char *text, const dv_letters *l,
                                   size_t *length)
{
    uint32_t hash = (uint32_t)(l->size * 64) * 2 + l->bold;
    size_t n = 0;
    for (; n < SHORT && text[n]; n++)
        hash = (hash ^ (unsigned char)text[n]) * 16777619U;
    *length = n;
    if (n == SHORT || strchr(text, '\n'))
        return NULL;
    if (!c->measured) {
        c->measured = dv_arena_array(&c->arena, SLOTS, sizeof *c->measured, c->err);
        if (!dv_canvas_ok(c, c->measured))
            return NULL;
    }
    return &c->measured[(hash ^ hash >> 16) % SLOTS];
}

static dv_extent measure(dv_canvas *c, const char *text, const dv_letters *l)
{
    PangoRectangle r;
    lay(c, text, l);
    c->lib->pango_layout_get_extents(c->layout, NULL, &r);
    return (dv_extent){ (double)r.width / PANGO_SCALE, (double)r.height / PANGO_SCALE };
}

dv_extent dv_canvas_measure(dv_canvas *c, const char *text, const dv_letters *l)
{
    if (!text || !*text || c->failed)
        return (dv_extent){ 0, 0 };
    size_t length;
    struct dv_measured *m = slot_of(c, text, l, &length);
    if (!m)
        return measure(c, text, l);
    if (strcmp(m->text, text) != 0 || m->size != l->size || m->bold != l->bold) {
        const dv_letters free_of_limits = { .size = l->size, .bold = l->bold };
        m->extent = measure(c, text, &free_of_limits);
        memcpy(m->text, text, length + 1);
        m->size = l->size;
        m->bold = l->bold;
    }
    return l->width > 0 && m->extent.w > l->width ? measure(c, text, l) : m->extent;
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
