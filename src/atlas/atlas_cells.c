/* atlas_cells.c - one column of a unit's sheet: its patch and its projections, drawn and encoded.
 */
#include "atlas/atlas_cells.h"
#include "atlas/hit_pictures.h"
#include "image/resize.h"

#include <stdlib.h>
#include <string.h>

/* -- cells ------------------------------------------------------------------------------------ */

/* Each pixel of the larger picture is the one below it. */
static void enlarge(const dv_image *from, dv_image *to, int x0, int y0, int width, int height)
{
    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++) {
            const int sy = y * from->height / height, sx = x * from->width / width;
            memcpy(to->rgb + ((size_t)(y0 + y) * (size_t)to->width + (size_t)(x0 + x)) * 3,
                   from->rgb + ((size_t)sy * (size_t)from->width + (size_t)sx) * 3, 3);
        }
}

/* A picture that is not larger, as a cell of `side` pixels: the longer side fills it. */
static bool fit_cell(dv_image *out, const dv_image *from, int side, dv_error *err)
{
    const int longer = from->width > from->height ? from->width : from->height;
    const int w = (from->width * side + longer / 2) / longer;
    const int h = (from->height * side + longer / 2) / longer;
    const int width = w < 1 ? 1 : w, height = h < 1 ? 1 : h;
    const int x = (side - width) / 2, y = (side - height) / 2;
    if (!dv_picture_new(out, side, side, DV_GREY, err))
        return false;
    if (longer <= DV_ZOOM_SQUARES || longer == side) {
        enlarge(from, out, x, y, width, height);
        return true;
    }
    dv_image fits;
    bool ok = dv_picture_new(&fits, width, height, DV_GREY, err);
    if (ok) {
        ok = dv_resize(from, width, height, (dv_part){ 0, 0, width, height }, fits.rgb, err);
        if (ok)
            dv_draw_picture(out, x, y, &fits);
        dv_image_free(&fits);
    }
    if (!ok)
        dv_image_free(out);
    return ok;
}

/* -- one column ------------------------------------------------------------------------------- */

/* What is known while a column is made. */
typedef struct making {
    const dv_column_maker *maker;
    const dv_atlas_layer *layer;
    const dv_atlas_column *of; /* the work's column, of which `column` is a copy */
    dv_atlas_column *column;
    dv_unit unit;
    dv_rect rect;
    dv_image small; /* owned: what becomes the small cell */
} making;

/* Adds a cell to the column's. */
static bool add_cell(const making *k, int cell, const dv_image *picture, dv_error *err)
{
    dv_jpeg jpeg;
    if (!dv_jpeg_encode_cell(&jpeg, picture, k->maker->work->options->quality, err))
        return false;
    dv_text_add(k->maker->cells, jpeg.data, jpeg.size);
    k->column->size[cell] = (int32_t)jpeg.size;
    free(jpeg.data);
    return true;
}

/* The patch as a cell of that side. */
static bool draw_patch(const making *k, int side, dv_image *out, dv_error *err)
{
    dv_image patch;
    if (!dv_hit_patch(&patch, k->maker->seen, k->rect, side, err))
        return false;
    const bool ok = fit_cell(out, &patch, side, err);
    dv_image_free(&patch);
    return ok;
}

/* A projection as a cell of that side; *scale: found. */
static bool draw_projection(const making *k, const dv_signal *signal, int side, dv_image *out,
                            float *scale, dv_error *err)
{
    const dv_index *x = k->maker->work->index;
    dv_signal shown;
    dv_rect part;
    float *own;
    dv_image drawn;
    if (!dv_hit_reduce(&shown, &part, &own, signal, k->rect, side, err))
        return false;
    *scale = shown.data ? dv_signal_scale(&shown) : 0;
    bool ok = dv_draw_signal(&drawn, &shown, part, *scale, x->preprocess.bgr, err);
    free(own);
    if (!ok)
        return false;
    ok = fit_cell(out, &drawn, side, err);
    dv_image_free(&drawn);
    return ok;
}

/* The cell of a rule; by the first rule also what it tells, and the picture of the small cell. */
static bool add_projection(making *k, int rule, const dv_image *patch, dv_error *err)
{
    dv_atlas_column *c = k->column;
    dv_signal signal;
    dv_image drawn;
    float scale;
    if (!dv_project(k->maker->worker->projectors[0], &k->unit, dv_atlas_rules[rule], DV_SEED_VALUE,
                    &signal, err) ||
        !draw_projection(k, &signal, k->layer->cell, &drawn, &c->scale[rule], err))
        return false;
    bool ok = add_cell(k, DV_CELL_RULE + rule, &drawn, err);
    if (ok && rule == 0) {
        ok = dv_tell_projection(&c->told, &signal, err);
        dv_tell_colour(&c->told, &drawn, patch);
    }
    dv_image_free(&drawn);
    if (ok && rule == 0 && dv_atlas_column_has(k->maker->work, k->of, DV_CELL_SMALL))
        ok = draw_projection(k, &signal, k->layer->small, &k->small, &scale, err);
    return ok;
}

static bool add_small_cells(const making *k, dv_error *err)
{
    dv_image patch;
    if (!dv_atlas_column_has(k->maker->work, k->of, DV_CELL_SMALL))
        return true;
    if (!add_cell(k, DV_CELL_SMALL, &k->small, err) || !draw_patch(k, k->layer->small, &patch, err))
        return false;
    const bool ok = add_cell(k, DV_CELL_SMALL_PATCH, &patch, err);
    dv_image_free(&patch);
    return ok;
}

static bool make_cells(making *k, dv_error *err)
{
    dv_image patch;
    if (!draw_patch(k, k->layer->cell, &patch, err))
        return false;
    bool ok = add_cell(k, DV_CELL_PATCH, &patch, err);
    for (int rule = 0; ok && rule < DV_N_RULES; rule++)
        if (dv_atlas_column_has(k->maker->work, k->of, DV_CELL_RULE + rule))
            ok = add_projection(k, rule, &patch, err);
    dv_image_free(&patch);
    ok = ok && add_small_cells(k, err);
    dv_image_free(&k->small);
    return ok;
}

/* A sample that is a hit, too, has its cells already. */
static bool same_place(const dv_atlas_column *a, const dv_atlas_column *b)
{
    return a->unit == b->unit && a->hit.y == b->hit.y && a->hit.x == b->hit.x;
}

static void copy_cells(dv_text *cells, dv_atlas_column *to, const dv_atlas_column *from,
                       bool projected)
{
    const int64_t at = to->at;
    const size_t bytes =
        (size_t)(from->size[DV_CELL_PATCH] + (projected ? from->size[DV_CELL_RULE] : 0));
    const dv_hit hit = to->hit;
    *to = *from;
    to->hit = hit;
    to->sample = true;
    to->at = at;
    for (int i = DV_CELL_RULE + projected; i < DV_N_CELLS; i++)
        to->size[i] = 0;
    for (int i = projected; i < DV_N_RULES; i++)
        to->scale[i] = 0;
    char *copy = cells->failed ? NULL : malloc(bytes + 1); /* what is added to moves */
    if (copy) {
        memcpy(copy, cells->data + from->at, bytes);
        dv_text_add(cells, copy, bytes);
    }
    cells->failed = cells->failed || !copy;
    free(copy);
}

bool dv_make_column(const dv_column_maker *m, const dv_atlas_column *of, dv_atlas_column *c,
                    const dv_atlas_column *before, dv_error *err)
{
    const dv_atlas_work *w = m->work;
    const dv_atlas_unit *u = &w->units[of->unit];
    *c = *of;
    c->shown = true;
    c->at = (int64_t)m->cells->size;
    if (c->sample && before && !before->sample && same_place(before, c)) {
        copy_cells(m->cells, c, before, w->options->samples_projected);
        return true;
    }
    making k = { .maker = m, .layer = &w->layers[u->layer], .of = of, .column = c };
    k.unit = (dv_unit){ k.layer->tensor, u->channel, c->hit.y, c->hit.x };
    return dv_hit_agrees(m->worker->trace, &k.unit, k.layer->mined->layer, c->hit.value, err) &&
           dv_hit_rect(w->model, w->index->preprocess.size, &k.unit, &k.rect, err) &&
           make_cells(&k, err);
}
