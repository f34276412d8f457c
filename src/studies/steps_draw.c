/* steps_draw.c - the figure of a projection: bands of stages, there above back. */
#include "studies/steps_draw.h"

#include "base/text.h"
#include "plot/colors.h"
#include "plot/figure.h"
#include "run/scene.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    MOST_STAGES = 40, /* that are drawn; those nearest the unit */
    MOSAIC = 300,     /* pixels of a stage's picture, about */
    GAP = 4,          /* pixels between its maps */
    PATCH = 320,      /* of the pictures of the first row */
    DOT = 3,          /* pixels of a map's cell from which on a switch is seen in it … */
    BACK_DOT = 7,     /* … beside the signal that it got */
};

#define STAGE_WIDTH 36.0 /* mm, of a column */

/* -- which ------------------------------------------------------------------------------------ */

/* Operators whose output shows nothing that their input does not. */
static bool is_told(const dv_steps_walk *w, int stage)
{
    static const char *const passing[] = {
        "Flatten", "Reshape",   "Identity", "Dropout",
        "Squeeze", "Unsqueeze", "Cast",     "BatchNormalization"
    };
    for (size_t i = 0; i < sizeof passing / sizeof passing[0]; i++)
        if (strcmp(w->steps->stages[stage].op, passing[i]) == 0)
            return stage == w->steps->n - 1;
    return stage > 0; /* the input has a row of its own */
}

/* Numbers of the stages to draw, to (w->steps->n); returns how many. */
static int choose_stages(const dv_steps_walk *w, int *to)
{
    int n = 0, left_out = 0;
    for (int i = 0; i < w->steps->n; i++)
        if (is_told(w, i))
            to[n++] = i;
    left_out = n > MOST_STAGES ? n - MOST_STAGES : 0;
    memmove(to, to + left_out, (size_t)(n - left_out) * sizeof *to);
    return n - left_out;
}

/* -- one stage's pictures --------------------------------------------------------------------- */

static float largest(const dv_stage_maps *m, const float *values)
{
    float most = 0;
    for (int i = 0; i < m->n * m->rows * m->columns; i++)
        if (fabsf(values[i]) > most) /* no NaN */
            most = fabsf(values[i]);
    return most;
}

/* Maps side by side, two by two or three by three. */
static int across(const dv_stage_maps *m)
{
    return m->n > 4 ? 3 : m->n > 1 ? 2 : 1;
}

static int zoom_of(const dv_stage_maps *m)
{
    const int side = (m->rows > m->columns ? m->rows : m->columns) * across(m);
    return side >= MOSAIC ? 1 : MOSAIC / side;
}

static void draw_switch(dv_image *to, int x, int y, int zoom)
{
    const int side = zoom / 3 > 2 ? zoom / 3 : 2, at = (zoom - side) / 2;
    const dv_rect dot = { x + at, y + at, x + at + side, y + at + side },
                  edge = { dot.x0 - 1, dot.y0 - 1, dot.x1 + 1, dot.y1 + 1 };
    if (zoom > 6)
        dv_draw_fill(to, edge, DV_WHITE);
    dv_draw_fill(to, dot, DV_INK);
}

static void draw_map(dv_image *to, int x0, int y0, int zoom, const dv_stage_maps *m, int i,
                     const float *values, float scale)
{
    const bool back = values == m->signal;
    const size_t from = (size_t)i * (size_t)m->rows * (size_t)m->columns;
    for (int y = 0; y < m->rows; y++)
        for (int x = 0; x < m->columns; x++) {
            const size_t at = from + (size_t)y * (size_t)m->columns + (size_t)x;
            const int px = x0 + x * zoom, py = y0 + y * zoom;
            if (isnan(values[at]))
                continue;
            dv_draw_fill(to, (dv_rect){ px, py, px + zoom, py + zoom },
                         dv_color_diverging(scale > 0 ? (double)(values[at] / scale) : 0));
            if (m->switches && m->switches[at] && zoom >= (back ? BACK_DOT : DOT) &&
                (!back || values[at] != 0))
                draw_switch(to, px, py, zoom);
        }
}

/* A line around a cell. */
static void draw_frame(dv_image *to, dv_rect r, int line, dv_rgb color)
{
    dv_draw_fill(to, (dv_rect){ r.x0 - line, r.y0 - line, r.x1 + line, r.y0 }, color);
    dv_draw_fill(to, (dv_rect){ r.x0 - line, r.y1, r.x1 + line, r.y1 + line }, color);
    dv_draw_fill(to, (dv_rect){ r.x0 - line, r.y0, r.x0, r.y1 }, color);
    dv_draw_fill(to, (dv_rect){ r.x1, r.y0, r.x1 + line, r.y1 }, color);
}

/* box: the field, which is framed where more is drawn. */
static bool draw_stage(dv_image *out, const dv_stage_maps *m, const dv_box *box,
                       const float *values, dv_error *err)
{
    const int zoom = zoom_of(m), columns = across(m), rows = (m->n + columns - 1) / columns;
    const int w = m->columns * zoom, h = m->rows * zoom;
    const float scale = largest(m, values);
    if (!dv_picture_new(out, columns * w + (columns - 1) * GAP, rows * h + (rows - 1) * GAP,
                        DV_GREY, err))
        return false;
    for (int i = 0; i < m->n; i++)
        draw_map(out, i % columns * (w + GAP), i / columns * (h + GAP), zoom, m, i, values, scale);
    const dv_rect all = { 0, 0, out->width, out->height };
    draw_frame(out, (dv_rect){ 1, 1, all.x1 - 1, all.y1 - 1 }, 1, DV_GREY);
    if (!m->vector && !dv_box_equal(m->view, *box))
        draw_frame(out,
                   (dv_rect){ box->lo[DV_X] * zoom, box->lo[DV_Y] * zoom, box->hi[DV_X] * zoom,
                              box->hi[DV_Y] * zoom },
                   2, DV_INK);
    return true;
}

/* "-3.1 to 4.2", which no line break parts; with the sign that is as wide as a plus. */
static void add_range(dv_text *t, const dv_stage_numbers *n)
{
    const double ends[] = { (double)n->min, (double)n->max };
    for (int i = 0; i < (n->min < n->max ? 2 : 1); i++)
        dv_text_format(t, "%s%s%.3g", i ? "\u00a0to\u00a0" : "", ends[i] < 0 ? "\u2212" : "",
                       fabs(ends[i]));
}

/* Names as exporters make them, "/features/features.3/squeeze/Conv", by their end: "squeeze/Conv".
 */
static void add_short(dv_text *t, const char *words)
{
    for (const char *word = words; *word;) {
        const size_t n = strcspn(word, " ");
        const char *from = word + n;
        for (int slashes = 0; from > word && slashes < 2; from--)
            slashes += from[-1] == '/';
        from += from > word || *from == '/';
        dv_text_add(t, from, (size_t)(word + n - from));
        word += n;
        if (*word) {
            dv_text_add(t, " ", 1);
            word++;
        }
    }
}

/* What stands over a stage: its node, for a tensor is often called after it. */
static char *name_of(dv_steps *s, const dv_stage *stage, dv_error *err)
{
    dv_text t = { 0 };
    add_short(&t, stage->node ? stage->node : stage->tensor);
    char *name =
        dv_text_ok(&t, "a name", err) ? dv_steps_say(s, err, "%s", t.data ? t.data : "") : NULL;
    free(t.data);
    return name;
}

/* "Conv 64x128x128: -3.1 to 4.2" */
static char *label_of(dv_steps *s, const dv_stage *stage, bool there, dv_error *err)
{
    const dv_box whole = dv_box_whole(&stage->shape);
    dv_text t = { 0 };
    if (!there)
        add_short(&t, stage->back);
    else if (whole.hi[DV_Y] == 1 && whole.hi[DV_X] == 1)
        dv_text_format(&t, "%s %d", stage->op, (int)whole.hi[DV_C]);
    else
        dv_text_format(&t, "%s %d\u00d7%d\u00d7%d", stage->op, (int)whole.hi[DV_C],
                       (int)whole.hi[DV_Y], (int)whole.hi[DV_X]);
    dv_text_format(&t, ": ");
    add_range(&t, there ? &stage->there : &stage->signal);
    char *label = dv_text_ok(&t, "a label", err) ? dv_steps_say(s, err, "%s", t.data) : NULL;
    free(t.data);
    return label;
}

/* -- bands ------------------------------------------------------------------------------------ */

typedef struct band {
    int n;
    dv_shown *shown; /* (2, n) */
    const char **titles;
} band;

static bool fill_band(const dv_steps_walk *w, const int *stages, band *b, dv_error *err)
{
    bool ok = true;
    for (int i = 0; ok && i < 2 * b->n; i++) {
        const bool there = i < b->n;
        const int stage = stages[i % b->n];
        const dv_stage_maps *m = &w->maps[stage];
        b->titles[i % b->n] = name_of(w->steps, &w->steps->stages[stage], err);
        b->shown[i].label = label_of(w->steps, &w->steps->stages[stage], there, err);
        ok = b->shown[i].label && b->titles[i % b->n] &&
             draw_stage(&b->shown[i].picture, m, &w->steps->stages[stage].box,
                        there ? m->there : m->signal, err);
    }
    return ok;
}

/* side: mm of a picture. */
static bool add_band(dv_figure *f, const dv_steps_walk *w, const int *stages, int n, double side,
                     dv_error *err)
{
    static const char *const rows[] = { "there", "back" };
    band b = { .n = n,
               .shown = calloc(2 * (size_t)n, sizeof *b.shown),
               .titles = calloc((size_t)n, sizeof *b.titles) };
    const bool ok = b.shown && b.titles
                        ? fill_band(w, stages, &b, err)
                        : dv_fail(err, DV_NO_MEMORY, "no memory for a band of %d stages", n);
    if (ok) {
        dv_figure_row(f, NULL);
        dv_figure_grid(f, &(dv_grid){ .n = 2 * n,
                                      .shown = b.shown,
                                      .columns = n,
                                      .row_titles = rows,
                                      .column_titles = b.titles,
                                      .side = side });
    }
    for (int i = 0; b.shown && i < 2 * n; i++)
        dv_image_free(&b.shown[i].picture);
    free(b.shown);
    free(b.titles);
    return ok;
}

static bool add_bands(dv_figure *f, const dv_steps_walk *w, dv_error *err)
{
    const double width = w->o->figure.width > 0 ? w->o->figure.width : 180;
    int columns = (int)(width / STAGE_WIDTH);
    columns = columns < 2 ? 2 : columns > 12 ? 12 : columns;
    int *stages = calloc((size_t)w->steps->n + 1, sizeof *stages);
    if (!stages)
        return dv_fail(err, DV_NO_MEMORY, "no memory for %d stages", w->steps->n);
    const int n = choose_stages(w, stages);
    const int bands = (n + columns - 1) / columns, longest = bands ? (n + bands - 1) / bands : 1;
    const double side = fmin((width - 14) / longest - 2, 40);
    bool ok = true;
    for (int i = 0; ok && i < bands; i++) {
        const int from = i * longest, left = n - from;
        ok = add_band(f, w, stages + from, left < longest ? left : longest, side, err);
    }
    free(stages);
    return ok;
}

/* -- the first row ---------------------------------------------------------------------------- */

static bool add_image(dv_figure *f, const dv_steps_walk *w, const dv_image *seen,
                      const dv_box *field, dv_error *err)
{
    const dv_preprocess *p = &w->o->preprocess;
    const dv_rect rect = dv_view_rect(DV_VIEW_CROP, *field, p->size);
    const dv_look look = { .view = DV_VIEW_CROP,
                           .zoom = dv_view_zoom(rect, PATCH),
                           .scale = dv_signal_scale(&w->result),
                           .bgr = p->bgr };
    const dv_box inside =
        dv_box_intersect(*field, dv_box_whole(dv_tensor_shape(w->model, dv_model_input(w->model))));
    dv_image patch = { .width = 0 };
    dv_shown shown[2] = { { .label = "what the unit sees" }, { .label = "its projection" } };
    const dv_shown whole = { .picture = *seen, .label = "the image, and the unit's field in it" };
    const bool ok = dv_picture_crop(&patch, seen, rect, err) &&
                    dv_picture_zoom(&shown[0].picture, &patch, look.zoom, err) &&
                    dv_draw_view(&shown[1].picture, NULL, &w->result, rect, &look, err);
    if (ok) {
        dv_figure_row(f, NULL);
        dv_figure_grid(f, &(dv_grid){ .n = 1, .shown = &whole, .columns = 1, .side = 45 });
        dv_figure_mark(f, &(dv_mark){ .as = DV_MARK_RECT,
                                      .x0 = inside.lo[DV_X],
                                      .y0 = inside.lo[DV_Y],
                                      .x1 = inside.hi[DV_X],
                                      .y1 = inside.hi[DV_Y] });
        dv_figure_grid(f, &(dv_grid){ .n = 2, .shown = shown, .columns = 2, .side = 45 });
    }
    dv_image_free(&patch);
    dv_image_free(&shown[0].picture);
    dv_image_free(&shown[1].picture);
    return ok;
}

static char *title_of(const dv_steps_walk *w, const char *layer, dv_error *err)
{
    const dv_unit *u = &w->steps->unit;
    char at[40] = "";
    if (u->y == DV_ALL)
        snprintf(at, sizeof at, ", the whole map");
    else if (dv_unit_has_position(w->model, u))
        snprintf(at, sizeof at, " at (%d,%d)", (int)u->y, (int)u->x);
    return dv_steps_say(w->steps, err, "%s, layer %s, channel %d%s: there and back by %s",
                        dv_model_name(w->model), layer, (int)u->channel, at,
                        dv_rule_title(w->o->rule, w->o->rectify));
}

static char *caption_of(const dv_steps_walk *w, dv_error *err)
{
    int drawn = 0;
    for (int i = 0; i < w->steps->n; i++)
        drawn += is_told(w, i);
    dv_text t = { 0 };
    if (drawn > MOST_STAGES)
        dv_text_format(&t, " Of %d stages the last %d are shown.", drawn, MOST_STAGES);
    char *caption = NULL;
    if (dv_text_ok(&t, "a caption", err))
        caption = dv_steps_say(
            w->steps, err,
            "Of each tensor the part in the unit's field, of the %d channels with most of the "
            "signal R. Above: their activations; below: R, once all that reads them has sent it "
            "back. Red is above 0, blue below; full colour is the largest value in a picture. "
            "Dots: switches, where a max-pool took its values; below, those with a signal.%s",
            w->o->maps, t.data ? t.data : "");
    free(t.data);
    return caption;
}

bool dv_steps_draw(const dv_steps_walk *w, const dv_image *seen, const dv_box *field,
                   const dv_provenance *says, dv_error *err)
{
    dv_figure f = { .title = title_of(w, says->layer, err), .caption = caption_of(w, err) };
    const bool ok = f.title && f.caption && add_image(&f, w, seen, field, err) &&
                    add_bands(&f, w, err) && dv_figure_write(&f, &w->o->figure, says, err);
    dv_figure_free(&f);
    return ok;
}
