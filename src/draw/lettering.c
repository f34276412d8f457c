/* lettering.c - letters drawn with a round pen: how dark a pixel is follows from its distance to
 * the stroke, so every size is smooth. They stay beside the fonts of figures (src/plot) because a
 * sheet has the same bytes on every machine, needs no library, and does not wait the 12 ms in which
 * Pango and fontconfig start: a seventh of what a sheet of nine units takes. */
#include "deconvviz/draw.h"
#include "draw/glyphs.h"

#include <math.h>

/* In units of a glyph's grid, DV_GLYPH_BASE of which are a capital's height. */
enum { SPACE = 4, BETWEEN = 3, LINE = 15 };
enum { MAX_POINTS = 16, STEPS = 6 };

typedef struct point {
    float x, y;
} point;

/* A pen on a picture. */
typedef struct pen {
    dv_image *to;
    dv_rgb color;
    float radius;
} pen;

static float distance(point p, point a, point b)
{
    float dx = b.x - a.x, dy = b.y - a.y, length2 = dx * dx + dy * dy;
    float t = length2 > 0 ? ((p.x - a.x) * dx + (p.y - a.y) * dy) / length2 : 0;
    t = t < 0 ? 0 : t > 1 ? 1 : t;
    float ex = p.x - a.x - t * dx, ey = p.y - a.y - t * dy;
    return sqrtf(ex * ex + ey * ey);
}

static float distance_to_line(point p, const point *line, int n)
{
    float nearest = distance(p, line[0], line[0]);
    for (int i = 1; i < n; i++)
        nearest = fminf(nearest, distance(p, line[i - 1], line[i]));
    return nearest;
}

static uint8_t mix(uint8_t from, uint8_t to, float part)
{
    return (uint8_t)((float)from + ((float)to - (float)from) * part + 0.5F);
}

static void draw_line(const pen *p, const point *line, int n)
{
    if (n == 0)
        return;
    point lo = line[0], hi = line[0];
    for (int i = 1; i < n; i++) {
        lo = (point){ fminf(lo.x, line[i].x), fminf(lo.y, line[i].y) };
        hi = (point){ fmaxf(hi.x, line[i].x), fmaxf(hi.y, line[i].y) };
    }
    float reach = p->radius + 1;
    int x0 = (int)fmaxf(lo.x - reach, 0), x1 = (int)fminf(hi.x + reach, (float)p->to->width - 1);
    int y0 = (int)fmaxf(lo.y - reach, 0), y1 = (int)fminf(hi.y + reach, (float)p->to->height - 1);
    for (int y = y0; y <= y1; y++)
        for (int x = x0; x <= x1; x++) {
            float dark = p->radius + 0.5F -
                         distance_to_line((point){ (float)x + 0.5F, (float)y + 0.5F }, line, n);
            if (dark <= 0)
                continue;
            float part = fminf(dark, 1);
            uint8_t *rgb = p->to->rgb + ((size_t)y * (size_t)p->to->width + (size_t)x) * 3;
            rgb[0] = mix(rgb[0], p->color.r, part);
            rgb[1] = mix(rgb[1], p->color.g, part);
            rgb[2] = mix(rgb[2], p->color.b, part);
        }
}

static point halfway(point a, point b)
{
    return (point){ (a.x + b.x) / 2, (a.y + b.y) / 2 };
}

/* Appends the parabola from a to c whose tangents meet in b. */
static int bend(point *line, int n, point a, point b, point c)
{
    for (int i = n ? 1 : 0; i <= STEPS; i++) {
        float t = (float)i / STEPS, s = 1 - t;
        line[n++] = (point){ s * s * a.x + 2 * s * t * b.x + t * t * c.x,
                             s * s * a.y + 2 * s * t * b.y + t * t * c.y };
    }
    return n;
}

/* The curve of n control points as a line; returns its number of points. */
static int curve(point line[MAX_POINTS * STEPS + 1], const point *p, int n, bool closed)
{
    int made = 0;
    if (closed) {
        for (int i = 0; i < n; i++) {
            point before = p[(i + n - 1) % n], after = p[(i + 1) % n];
            made = bend(line, made, halfway(before, p[i]), p[i], halfway(p[i], after));
        }
        return made;
    }
    for (int i = 1; i + 1 < n; i++)
        made = bend(line, made, i == 1 ? p[0] : halfway(p[i - 1], p[i]), p[i],
                    i + 2 == n ? p[n - 1] : halfway(p[i], p[i + 1]));
    return made;
}

static int digit(char c)
{
    return c <= '9' ? c - '0' : c - 'a' + 10;
}

static const char *glyph_of(unsigned char c)
{
    return c >= DV_GLYPH_FIRST && c <= DV_GLYPH_LAST ? dv_glyphs[c - DV_GLYPH_FIRST]
                                                     : dv_glyph_unknown;
}

/* The stroke at *at and past it: its kind, and its points in grid units. 0 points at the end. */
static int next_stroke(const char **at, char *kind, point p[MAX_POINTS])
{
    const char *s = *at;
    if (!*s)
        return 0;
    *kind = *s++;
    int n = 0;
    for (; *s && *s != ' ' && n < MAX_POINTS; s += 2) {
        int y = digit(s[1]);
        p[n++] = (point){ (float)digit(s[0]), (float)(y == 15 ? -1 : y) };
    }
    *at = *s == ' ' ? s + 1 : s;
    return n;
}

static void draw_glyph(const pen *p, const char *glyph, float x, float y, float unit)
{
    char kind;
    point s[MAX_POINTS];
    for (int n; (n = next_stroke(&glyph, &kind, s)) > 0;) {
        for (int i = 0; i < n; i++)
            s[i] = (point){ x + s[i].x * unit, y + s[i].y * unit };
        point line[MAX_POINTS * STEPS + 1] = { { 0 } };
        if (n == 1) {
            pen dot = *p;
            dot.radius *= 1.3F;
            draw_line(&dot, s, n);
        } else if (kind == '-')
            draw_line(p, s, n);
        else
            draw_line(p, line, curve(line, s, n, kind == 'o'));
    }
}

static int glyph_width(const char *glyph)
{
    int width = 0;
    char kind;
    point s[MAX_POINTS];
    for (int n; (n = next_stroke(&glyph, &kind, s)) > 0;)
        for (int i = 0; i < n; i++)
            width = s[i].x > (float)width ? (int)s[i].x : width;
    return width;
}

/* Of UTF-8, a character's first byte stands for all of it. */
static bool continues(unsigned char c)
{
    return (c & 0xc0) == 0x80;
}

static int advance(unsigned char c)
{
    return continues(c) ? 0 : c == ' ' ? SPACE : glyph_width(glyph_of(c)) + BETWEEN;
}

static float pen_radius(int size)
{
    return fmaxf(0.55F, (float)size * 0.055F);
}

void dv_draw_text(dv_image *to, int x, int y, int size, dv_rgb color, const char *text)
{
    float unit = (float)size / DV_GLYPH_BASE, radius = pen_radius(size);
    pen p = { to, color, radius };
    int column = 0, line = 0;
    for (const char *s = text; *s; s++) {
        unsigned char c = (unsigned char)*s;
        if (c == '\n') {
            column = 0;
            line += LINE;
        } else if (c != ' ' && !continues(c))
            draw_glyph(&p, glyph_of(c), (float)x + radius + (float)column * unit,
                       (float)y + radius + (float)line * unit, unit);
        column += c == '\n' ? 0 : advance(c);
    }
}

int dv_text_width(const char *text, int size)
{
    int widest = 0, column = 0;
    for (const char *s = text; *s; s++) {
        column = *s == '\n' ? 0 : column + advance((unsigned char)*s);
        widest = column > widest ? column : widest;
    }
    if (widest == 0)
        return 0;
    float unit = (float)size / DV_GLYPH_BASE;
    return (int)ceilf((float)(widest - BETWEEN) * unit + 2 * pen_radius(size) + 0.5F);
}

int dv_text_height(const char *text, int size)
{
    int lines = 0;
    for (const char *s = text; *s; s++)
        lines += *s == '\n';
    float unit = (float)size / DV_GLYPH_BASE;
    return (int)ceilf((float)(lines * LINE + DV_GLYPH_FOOT) * unit + 2 * pen_radius(size));
}
