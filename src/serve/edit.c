#include "serve/edit.h"
#include "image/frame.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* -- words ------------------------------------------------------------------------------------ */

enum { FARTHEST = 4096 /* pixels */ };

/* A number and what stands behind it. */
static bool read_number(const char **at, const char *word, double least, double most, double *v,
                        dv_error *err)
{
    char *end;
    *v = strtod(*at, &end);
    if (end == *at || !isfinite(*v) || !(*v >= least) || !(*v <= most))
        return dv_fail(err, DV_BAD_USAGE, "edit: %s takes numbers from %g to %g, not '%.20s'", word,
                       least, most, *at);
    *at = end;
    return true;
}

static int digit(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

static bool read_mask(const char **at, dv_cover cover, dv_edit *e, dv_error *err)
{
    dv_edit_mask *m = &e->masks[e->n_masks++];
    *m = (dv_edit_mask){ .cover = cover };
    for (int i = 0; i < DV_EDIT_HEX; i++, ++*at) {
        const int v = digit(**at);
        if (v < 0)
            return dv_fail(err, DV_BAD_USAGE,
                           "edit: a mask of %d hexadecimal digits: %d are needed", i, DV_EDIT_HEX);
        m->bits[i / 2] |= (uint8_t)(i % 2 ? v : v << 4);
    }
    return true;
}

static bool begins(const char **at, const char *word)
{
    const size_t n = strlen(word);
    if (strncmp(*at, word, n) != 0 || (*at)[n] != ':')
        return false;
    *at += n + 1;
    return true;
}

static bool read_step(const char **at, dv_edit *e, dv_error *err)
{
    dv_transform *t = &e->moved;
    double v, w;
    if (begins(at, "grey"))
        return read_mask(at, DV_COVER_GREY, e, err);
    if (begins(at, "blur"))
        return read_mask(at, DV_COVER_BLUR, e, err);
    e->moves = true;
    if (begins(at, "move")) {
        if (!read_number(at, "move", -FARTHEST, FARTHEST, &v, err))
            return false;
        *at += **at == ',';
        if (!read_number(at, "move", -FARTHEST, FARTHEST, &w, err))
            return false;
        t->shift[1] += v;
        t->shift[0] += w;
        return true;
    }
    if (begins(at, "turn")) {
        if (!read_number(at, "turn", -360, 360, &v, err))
            return false;
        t->degrees += v;
        return true;
    }
    if (!begins(at, "scale"))
        return dv_fail(err, DV_BAD_USAGE,
                       "edit: move:DX,DY, turn:DEGREES, scale:FACTOR, grey:HEX or blur:HEX, not "
                       "'%.20s'",
                       *at);
    if (!read_number(at, "scale", DV_TRANSFORM_SMALLEST, DV_TRANSFORM_LARGEST, &v, err))
        return false;
    t->scale *= v;
    return (t->scale >= DV_TRANSFORM_SMALLEST && t->scale <= DV_TRANSFORM_LARGEST) ||
           dv_fail(err, DV_BAD_USAGE, "edit: a scale of %g in all: %g to %g are possible", t->scale,
                   DV_TRANSFORM_SMALLEST, DV_TRANSFORM_LARGEST);
}

bool dv_edit_parse(dv_edit *e, const char *text, dv_error *err)
{
    const size_t n = strlen(text);
    *e = (dv_edit){ .moved = dv_transform_none() };
    if (n >= sizeof e->text)
        return dv_fail(err, DV_BAD_USAGE, "edit: %zu characters: %d at most", n,
                       DV_EDIT_TEXT_MAX - 1);
    memcpy(e->text, text, n + 1);
    const char *at = text;
    for (int steps = 0; *at; steps++) {
        if (steps == DV_EDIT_STEPS)
            return dv_fail(err, DV_BAD_USAGE, "edit: more than %d steps", DV_EDIT_STEPS);
        if (!read_step(&at, e, err))
            return false;
        if (*at && *at != ';')
            return dv_fail(err, DV_BAD_USAGE, "edit: ';' between steps, not '%.20s'", at);
        at += *at == ';';
    }
    return true;
}

/* -- pixels ----------------------------------------------------------------------------------- */

static bool move(const dv_edit *e, const dv_image *im, const dv_preprocess *p, dv_image *out,
                 dv_error *err)
{
    dv_frame f;
    const int margin = dv_transform_reach(&e->moved, p->size[1], p->size[0]);
    bool ok = dv_frame_make(&f, im, p, margin, err);
    *out = (dv_image){ p->size[1], p->size[0], NULL };
    if (ok && !(out->rgb = malloc(3 * (size_t)p->size[0] * (size_t)p->size[1])))
        ok = dv_fail(err, DV_NO_MEMORY, "no memory for a view of %d x %d", p->size[1], p->size[0]);
    if (ok)
        (void)dv_transform_view(&f.image, f.view, &e->moved, DV_FILL_MEAN, out->rgb);
    dv_frame_free(&f);
    return ok;
}

static bool is_set(const dv_edit_mask *m, int cell)
{
    return m->bits[cell / 8] >> (7 - cell % 8) & 1;
}

static bool paint(const dv_edit_mask *m, dv_image *im, dv_error *err)
{
    dv_image cover;
    if (!dv_cover_all(&cover, im, m->cover, err))
        return false;
    for (int i = 0; i < DV_EDIT_CELLS * DV_EDIT_CELLS; i++) {
        const int y = i / DV_EDIT_CELLS, x = i % DV_EDIT_CELLS;
        if (is_set(m, i))
            dv_cover_box(im, &cover, x * im->width / DV_EDIT_CELLS, y * im->height / DV_EDIT_CELLS,
                         (x + 1) * im->width / DV_EDIT_CELLS, (y + 1) * im->height / DV_EDIT_CELLS);
    }
    dv_image_free(&cover);
    return true;
}

bool dv_edit_view(const dv_edit *e, const dv_image *im, const dv_preprocess *p, dv_image *out,
                  dv_error *err)
{
    *out = (dv_image){ .rgb = NULL };
    bool ok = e->moves ? move(e, im, p, out, err) : dv_prepare_view(im, p, out, err);
    for (int i = 0; ok && i < e->n_masks; i++)
        ok = paint(&e->masks[i], out, err);
    if (!ok)
        dv_image_free(out);
    return ok;
}
