/* sheet_draw.c - the sheet of one unit, and contact sheets of many. */
#include "atlas/shown.h"
#include "base/format.h"
#include "base/text.h"
#include "draw/fit.h"
#include "draw/provenance.h"
#include "image/resize.h"

#include <stdlib.h>
#include <string.h>

enum {
    TEXT_SIZE = 8,
    TITLE_SIZE = 10,
    GAP = 8, /* between the tiles of a unit's sheet */
};

static const dv_rgb faint = { 232, 232, 232 }; /* where there is nothing to show */
static const dv_rgb pale = { 150, 150, 150 };

static int columns_for(int n)
{
    int columns = 1;
    while (columns * columns < n)
        columns++;
    return columns;
}

/* -- tiles ------------------------------------------------------------------------------------ */

/* A copy of about `side` pixels: whole pixels where it is enlarged. */
static bool fit(dv_image *out, const dv_image *from, int side, dv_error *err)
{
    int longer = from->width > from->height ? from->width : from->height;
    if (longer <= side) {
        int zoom = dv_view_zoom((dv_rect){ 0, 0, from->width, from->height }, side);
        return dv_picture_zoom(out, from, zoom, err);
    }
    int w = from->width * side / longer, h = from->height * side / longer;
    w = w < 1 ? 1 : w;
    h = h < 1 ? 1 : h;
    if (!dv_picture_new(out, w, h, DV_GREY, err))
        return false;
    if (dv_resize(from, w, h, (dv_part){ 0, 0, w, h }, out->rgb, err))
        return true;
    dv_image_free(out);
    return false;
}

/* What stands for an image that is gone. */
static bool draw_missing(dv_image *out, int side, dv_error *err)
{
    if (!dv_picture_new(out, side, side, faint, err))
        return false;
    const char *text = side >= 60 ? "missing" : "?";
    dv_draw_text(out, (side - dv_text_width(text, TEXT_SIZE)) / 2, side / 2 - TEXT_SIZE / 2,
                 TEXT_SIZE, pale, text);
    return true;
}

static bool draw_one(dv_image *out, const dv_image *picture, int side, dv_error *err)
{
    return picture->rgb ? fit(out, picture, side, err) : draw_missing(out, side, err);
}

/* -- a unit's sheet --------------------------------------------------------------------------- */

/* A file's name without its ending, at most `width` pixels wide. The caller frees it. */
static char *name_image(const char *path, int width, dv_error *err)
{
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
    char *stem = strdup(name);
    if (!stem) {
        dv_fail(err, DV_NO_MEMORY, "no memory for a name");
        return NULL;
    }
    char *dot = strrchr(stem, '.');
    if (dot && dot != stem)
        *dot = '\0';
    char *fits = dv_text_shortened(stem, width, TEXT_SIZE, err);
    free(stem);
    return fits;
}

static char *name_value(float value, dv_error *err)
{
    char text[32];
    dv_format(text, sizeof text, "%.4g", (double)value);
    char *label = strdup(text);
    if (!label)
        dv_fail(err, DV_NO_MEMORY, "no memory for a label");
    return label;
}

typedef struct grid {
    dv_tile *tiles;
    char **labels; /* (n) owned */
    int n;
} grid;

static void free_grid(grid *g)
{
    for (int i = 0; g->tiles && i < g->n; i++)
        dv_image_free(&g->tiles[i].picture);
    for (int i = 0; g->labels && i < g->n; i++)
        free(g->labels[i]);
    free(g->tiles);
    free(g->labels);
}

static bool draw_grid(dv_image *out, const dv_showing *s, const dv_shown_unit *u, bool patches,
                      dv_error *err)
{
    grid g = { calloc((size_t)u->n, sizeof *g.tiles), calloc((size_t)u->n, sizeof *g.labels),
               u->n };
    bool ok = g.tiles && g.labels;
    if (!ok)
        dv_fail(err, DV_NO_MEMORY, "no memory for a sheet of %d hits", u->n);
    for (int i = 0; ok && i < u->n; i++) {
        const dv_shown *shown = &u->shown[i];
        ok =
            draw_one(&g.tiles[i].picture, patches ? &shown->patch : &shown->projection[DV_ON_SHEET],
                     s->options->side, err);
        if (!ok)
            break;
        g.labels[i] = patches ? name_image(dv_index_file_of(s->index, shown->hit->image)->path,
                                           g.tiles[i].picture.width, err)
                              : name_value(shown->hit->value, err);
        ok = g.labels[i] != NULL;
        g.tiles[i].label = g.labels[i];
    }
    dv_sheet sheet = {
        .columns = columns_for(u->n), .gap = GAP, .text_size = TEXT_SIZE, .paper = DV_WHITE
    };
    ok = ok && dv_draw_sheet(out, &sheet, u->n, g.tiles, err);
    free_grid(&g);
    return ok;
}

static void describe_layer(dv_text *t, const dv_index_layer *l)
{
    if (strcmp(l->layer, l->name) == 0)
        dv_text_format(t, "%s", l->name);
    else
        dv_text_format(t, "layer %s (%s)", l->layer, l->name);
}

/* No wider than the grids below it, or DV_TITLE_WIDTH. The caller frees it. */
static char *title_unit(const dv_showing *s, const dv_shown_unit *u, int width, dv_error *err)
{
    const dv_index *x = s->index;
    const dv_index_unit *unit = &u->layer->units[u->channel];
    const int least = DV_TITLE_WIDTH * TITLE_SIZE;
    dv_text t = { 0 };
    describe_layer(&t, u->layer);
    dv_text_format(
        &t, ", channel %d\n%s, %s: the %d strongest of %d images, %.3g %% of which excite it",
        (int)u->channel, x->model.name, dv_rule_title(s->options->rule, s->options->rectify), u->n,
        (int)x->read, 100.0 * (double)unit->active_images / x->read);
    char *title = NULL;
    if (dv_text_ok(&t, "a title", err))
        title = dv_text_wrapped(t.data, width > least ? width : least, TITLE_SIZE, err);
    free(t.data);
    return title;
}

/* The two grids side by side below the title. */
static bool join(dv_image *out, const dv_image *left, const dv_image *right, const char *title,
                 dv_error *err)
{
    int top = GAP + dv_text_height(title, TITLE_SIZE), width = left->width + right->width;
    int wanted = dv_text_width(title, TITLE_SIZE) + 2 * GAP;
    int height = left->height > right->height ? left->height : right->height;
    if (!dv_picture_new(out, wanted > width ? wanted : width, top + height, DV_WHITE, err))
        return false;
    dv_draw_text(out, GAP, GAP, TITLE_SIZE, DV_INK, title);
    dv_draw_picture(out, 0, top, left);
    dv_draw_picture(out, left->width, top, right);
    return true;
}

static bool draw_unit_sheet(dv_image *out, const dv_showing *s, const dv_shown_unit *u,
                            dv_error *err)
{
    dv_image left = { 0 }, right = { 0 };
    char *title = NULL;
    bool ok = draw_grid(&left, s, u, false, err) && draw_grid(&right, s, u, true, err) &&
              (title = title_unit(s, u, left.width + right.width - 2 * GAP, err)) &&
              join(out, &left, &right, title, err);
    free(title);
    dv_image_free(&left);
    dv_image_free(&right);
    return ok;
}

/* One line a hit: value, position, scale, SHA-256 and path of the image. */
static void list_hit(dv_text *t, const dv_showing *s, const dv_hit *h, float scale)
{
    const dv_index_file *f = dv_index_file_of(s->index, h->image);
    dv_text_float(t, h->value);
    dv_text_format(t, " %d,%d ", (int)h->y, (int)h->x);
    dv_text_float(t, scale);
    dv_text_format(t, " %s %s\n", f->sha256, f->path);
}

/* more: what the picture has beside. */
static bool write_sheet(const char *path, const dv_image *picture, const dv_showing *s,
                        const dv_index_layer *l, int n_more, const dv_png_text *more, dv_error *err)
{
    const dv_provenance p = { .model = s->index->model.name,
                              .model_sha256 = s->index->model.sha256,
                              .rule = dv_rule_name(s->options->rule),
                              .rectify = s->options->rectify,
                              .seed = s->options->seed == DV_SEED_ONE ? "one" : "value",
                              .layer = l->layer,
                              .tensor = l->tensor,
                              .scales = s->options->common_scale ? "sheet" : "tile",
                              .n_more = n_more,
                              .more = more };
    return dv_picture_write(path, picture, &p, err);
}

bool dv_write_unit_sheet(const dv_showing *s, const dv_shown_unit *u, const char *path,
                         dv_error *err)
{
    char channel[16];
    dv_format(channel, sizeof channel, "%d", (int)u->channel);
    dv_image picture;
    dv_text hits = { 0 };
    for (int i = 0; i < u->n; i++)
        list_hit(&hits, s, u->shown[i].hit, u->shown[i].scale[DV_ON_SHEET]);
    if (!dv_text_ok(&hits, path, err) || !draw_unit_sheet(&picture, s, u, err)) {
        free(hits.data);
        return false;
    }
    const dv_png_text more[] = { { "Channel", channel }, { "Hits", hits.data } };
    bool ok = write_sheet(path, &picture, s, u->layer, 2, more, err);
    dv_image_free(&picture);
    free(hits.data);
    return ok;
}

/* -- contact sheets --------------------------------------------------------------------------- */

/* A grid of small pictures without labels. */
static bool draw_small_grid(dv_image *cell, const dv_shown_unit *u, int n, bool patches, int x0,
                            dv_error *err)
{
    for (int i = 0; i < n; i++) {
        const dv_shown *shown = &u->shown[i];
        dv_image tile;
        if (!draw_one(&tile, patches ? &shown->patch : &shown->projection[DV_IN_CELL], DV_CELL_SIDE,
                      err))
            return false;
        dv_draw_picture(
            cell, x0 + i % 3 * (DV_CELL_SIDE + DV_CELL_GAP) + (DV_CELL_SIDE - tile.width) / 2,
            i / 3 * (DV_CELL_SIDE + DV_CELL_GAP) + (DV_CELL_SIDE - tile.height) / 2, &tile);
        dv_image_free(&tile);
    }
    return true;
}

bool dv_draw_cell(dv_shown_unit *u, dv_error *err)
{
    int n = u->n < DV_CELL_HITS ? u->n : DV_CELL_HITS;
    bool dead = n == 0;
    if (!dv_picture_new(&u->cell, DV_CELL_WIDTH, DV_CELL_HEIGHT, dead ? faint : DV_WHITE, err))
        return false;
    if (dead) {
        dv_draw_text(&u->cell, 8, DV_CELL_HEIGHT / 2, TEXT_SIZE, pale, "never active");
        return true;
    }
    for (int i = 0; i < n; i++)
        u->cell_scale[i] = u->shown[i].scale[DV_IN_CELL];
    return draw_small_grid(&u->cell, u, n, false, 0, err) &&
           draw_small_grid(&u->cell, u, n, true, DV_CELL_HEIGHT + 3 * DV_CELL_GAP, err);
}

/* As of a unit, with "c" and the channel in front. */
static void list_cell_hits(dv_text *t, const dv_showing *s, int n, const dv_shown_unit *units)
{
    for (int u = 0; u < n; u++)
        for (int i = 0; i < units[u].n && i < DV_CELL_HITS; i++) {
            dv_text_format(t, "c%d ", (int)units[u].channel);
            list_hit(t, s, &units[u].layer->units[units[u].channel].hits[i],
                     units[u].cell_scale[i]);
        }
}

bool dv_write_contact_sheet(const dv_showing *s, int n, const dv_shown_unit *units,
                            const char *path, dv_error *err)
{
    const dv_index *x = s->index;
    const dv_index_layer *l = units[0].layer;
    dv_text title = { 0 };
    dv_tile *tiles = calloc((size_t)n, sizeof *tiles);
    char(*labels)[48] = calloc((size_t)n, sizeof *labels);
    bool ok = tiles && labels;
    if (!ok)
        dv_fail(err, DV_NO_MEMORY, "no memory for a sheet of %d units", n);
    for (int i = 0; ok && i < n; i++) {
        const dv_index_unit *unit = &l->units[units[i].channel];
        dv_format(labels[i], sizeof labels[i], unit->n_hits ? "c%d   %.3g" : "c%d",
                  (int)units[i].channel, (double)unit->max);
        tiles[i] = (dv_tile){ .picture = units[i].cell, .label = labels[i] };
    }
    describe_layer(&title, l);
    dv_text_format(
        &title, "\n%s, %s: of each channel the %d strongest of %d images, projections and patches",
        x->model.name, dv_rule_title(s->options->rule, s->options->rectify),
        s->options->most < DV_CELL_HITS ? s->options->most : DV_CELL_HITS, (int)x->read);
    ok = ok && dv_text_ok(&title, "a title", err);
    dv_sheet sheet = {
        .title = title.data, .gap = 2 * GAP, .text_size = TEXT_SIZE, .paper = DV_WHITE
    };
    dv_image picture;
    dv_text hits = { 0 };
    list_cell_hits(&hits, s, n, units);
    ok = ok && dv_text_ok(&hits, path, err);
    if (ok && (ok = dv_draw_sheet(&picture, &sheet, n, tiles, err))) {
        const dv_png_text more = { "Hits", hits.data ? hits.data : "" };
        ok = write_sheet(path, &picture, s, l, 1, &more, err);
        dv_image_free(&picture);
    }
    free(hits.data);
    free(title.data);
    free(tiles);
    free(labels);
    return ok;
}
