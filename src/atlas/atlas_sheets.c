/* atlas_sheets.c - cells become files: of each unit one with all its rows, and of sixteen units one
 * with the best projection of each, and one with the best patch. */
#include "atlas/atlas_work.h"
#include "base/file.h"
#include "base/text.h"
#include "deconvviz/pool.h"
#include "draw/provenance.h"
#include "run/watch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { UNITS_A_TURN = 256 };

int dv_sheet_rows(const dv_atlas_work *w, dv_sheet_row rows[DV_SHEET_ROWS])
{
    int n = 0;
    rows[n++] = (dv_sheet_row){ DV_CELL_PATCH, false, "patch" };
    for (int i = 0; i < (w->options->compared > 0 ? DV_N_RULES : 1); i++)
        rows[n++] = (dv_sheet_row){ DV_CELL_RULE + i, false, dv_rule_name(dv_atlas_rules[i]) };
    if (w->index->sample > 0) {
        rows[n++] = (dv_sheet_row){ DV_CELL_PATCH, true, "sample" };
        if (w->options->samples_projected)
            rows[n++] = (dv_sheet_row){ DV_CELL_RULE, true, "sample-deconvnet" };
    }
    return n;
}

/* -- cells of a unit -------------------------------------------------------------------------- */

/* A cell in which there is nothing. */
static bool make_blank(dv_jpeg *out, int side, int quality, dv_error *err)
{
    dv_image grey;
    if (!dv_picture_new(&grey, side, side, DV_GREY, err))
        return false;
    const bool ok = dv_jpeg_encode_cell(out, &grey, quality, err);
    dv_image_free(&grey);
    return ok;
}

/* Where in a column's bytes a cell is. */
static dv_jpeg cell_of(const dv_atlas_column *c, uint8_t *bytes, int cell)
{
    size_t at = 0;
    for (int i = 0; i < cell; i++)
        at += (size_t)c->size[i];
    return (dv_jpeg){ bytes + at, (size_t)c->size[cell] };
}

/* What the file says of itself; channel: -1: none. */
static bool say(dv_text *t, const dv_atlas_work *w, const dv_atlas_layer *l, int channel,
                const char *rows, dv_error *err)
{
    char number[16];
    dv_png_text more[] = { { "Rows", rows }, { "Channel", number } };
    snprintf(number, sizeof number, "%d", channel);
    const dv_provenance p = { .model = w->index->model.name,
                              .model_sha256 = w->index->model.sha256,
                              .rectify = w->options->rectify,
                              .seed = "value",
                              .layer = l->mined->layer,
                              .tensor = l->mined->tensor,
                              .scales = "tile",
                              .n_more = channel < 0 ? 1 : 2,
                              .more = more };
    dv_provenance_texts texts;
    dv_provenance_say(&texts, &p);
    for (int i = 0; i < texts.n; i++)
        dv_text_format(t, "%s: %s\n", texts.text[i].key, texts.text[i].value);
    return dv_text_ok(t, "a comment", err);
}

static bool join_sheet(const dv_atlas_work *w, const dv_atlas_unit *u, uint8_t *const *bytes,
                       const dv_jpeg *blank, dv_jpeg *out, dv_error *err)
{
    const dv_atlas_layer *l = &w->layers[u->layer];
    dv_jpeg cells[DV_SHEET_ROWS * DV_ATLAS_HITS];
    dv_sheet_row rows[DV_SHEET_ROWS];
    dv_text names = { 0 }, comment = { 0 };
    const int n = dv_sheet_rows(w, rows);
    for (int r = 0; r < n; r++) {
        const int first = rows[r].sample ? u->n_hits : 0;
        const int there = rows[r].sample ? u->n_samples : u->n_hits;
        dv_text_format(&names, "%s%s", r ? " " : "", rows[r].name);
        for (int i = 0; i < DV_ATLAS_HITS; i++) {
            dv_jpeg *cell = &cells[r * DV_ATLAS_HITS + i];
            const dv_atlas_column *c = &u->columns[first + i];
            *cell = i < there && c->size[rows[r].cell] > 0
                        ? cell_of(c, bytes[first + i], rows[r].cell)
                        : *blank;
        }
    }
    const bool ok =
        dv_text_ok(&names, "a comment", err) &&
        say(&comment, w, l, (int)u->channel, names.data, err) &&
        dv_jpeg_join(out, l->cell, DV_ATLAS_HITS, n, w->options->quality, cells, comment.data, err);
    free(names.data);
    free(comment.data);
    return ok;
}

bool dv_atlas_sheet(const dv_atlas_work *w, const dv_spool *s, int unit, dv_jpeg *out,
                    dv_error *err)
{
    const dv_atlas_unit *u = &w->units[unit];
    const int n = u->n_hits + u->n_samples;
    uint8_t *bytes[2 * DV_ATLAS_HITS] = { NULL };
    dv_jpeg blank;
    if (!make_blank(&blank, w->layers[u->layer].cell, w->options->quality, err))
        return false;
    bool ok = true;
    for (int i = 0; ok && i < n; i++)
        ok = dv_spool_read(s, &u->columns[i], &bytes[i], err);
    ok = ok && join_sheet(w, u, bytes, &blank, out, err);
    for (int i = 0; i < n; i++)
        free(bytes[i]);
    free(blank.data);
    return ok;
}

/* -- grids ------------------------------------------------------------------------------------ */

/* The small cell of a unit's best hit, which may be the large one; NULL with err set. */
static uint8_t *small_cell(const dv_atlas_work *w, const dv_spool *s, const dv_atlas_unit *u,
                           bool patch, dv_jpeg *cell, dv_error *err)
{
    const dv_atlas_layer *l = &w->layers[u->layer];
    const dv_atlas_column *c = u->columns;
    const bool own = l->small != l->cell;
    uint8_t *bytes = NULL;
    if (!dv_spool_read(s, c, &bytes, err))
        return NULL;
    *cell = cell_of(c, bytes,
                    patch ? (own ? DV_CELL_SMALL_PATCH : DV_CELL_PATCH)
                          : (own ? DV_CELL_SMALL : DV_CELL_RULE));
    return bytes;
}

static bool join_grid(const dv_atlas_work *w, const dv_spool *s, const dv_atlas_layer *l, int first,
                      bool patch, const dv_jpeg *blank, dv_jpeg *out, dv_error *err)
{
    const int n = l->n - first < DV_GRID_UNITS ? l->n - first : DV_GRID_UNITS;
    const int down = (n + DV_GRID_ACROSS - 1) / DV_GRID_ACROSS;
    uint8_t *bytes[DV_GRID_UNITS] = { NULL };
    dv_jpeg cells[DV_GRID_UNITS];
    bool ok = true;
    for (int i = 0; ok && i < down * DV_GRID_ACROSS; i++) {
        const dv_atlas_unit *u = &w->units[l->first + first + i];
        cells[i] = *blank;
        if (i >= n || u->n_hits == 0 || !u->columns->shown)
            continue;
        bytes[i] = small_cell(w, s, u, patch, &cells[i], err);
        ok = bytes[i] != NULL;
    }
    dv_text comment = { 0 };
    ok = ok && say(&comment, w, l, -1, patch ? "patch" : "deconvnet", err) &&
         dv_jpeg_join(out, l->small, DV_GRID_ACROSS, down, w->options->quality, cells, comment.data,
                      err);
    free(comment.data);
    for (int i = 0; i < DV_GRID_UNITS; i++)
        free(bytes[i]);
    return ok;
}

bool dv_atlas_grid(const dv_atlas_work *w, const dv_spool *s, int layer, int first, bool patch,
                   dv_jpeg *out, dv_error *err)
{
    const dv_atlas_layer *l = &w->layers[layer];
    dv_jpeg blank;
    if (!make_blank(&blank, l->small, w->options->quality, err))
        return false;
    const bool ok = join_grid(w, s, l, first, patch, &blank, out, err);
    free(blank.data);
    return ok;
}

/* -- files ------------------------------------------------------------------------------------ */

/* Units that are written together, each on some thread. */
typedef struct turn {
    dv_atlas_work *work;
    const dv_spool *spool;
    int layer, first, n; /* units of the layer, from its first on */
    dv_error errors[UNITS_A_TURN];
    int64_t sheets[UNITS_A_TURN], grids[UNITS_A_TURN]; /* bytes */
} turn;

static bool write_file(const dv_atlas_work *w, dv_jpeg *jpeg, int64_t *bytes, dv_error *err,
                       const char *name, int layer, int number)
{
    char *path = dv_atlas_path(w, err, "pictures/layer-%d/%s-%d.jpg", layer, name, number);
    const bool ok = path && dv_file_write(path, jpeg->data, jpeg->size, err);
    *bytes += (int64_t)jpeg->size;
    free(path);
    free(jpeg->data);
    return ok;
}

/* The two grids that begin with unit `first` of the layer. */
static bool write_grids(turn *t, int first, int64_t *bytes, dv_error *err)
{
    dv_jpeg jpeg;
    bool ok = true;
    for (int patch = 0; ok && patch < 2; patch++)
        ok = dv_atlas_grid(t->work, t->spool, t->layer, first, patch, &jpeg, err) &&
             write_file(t->work, &jpeg, bytes, err, patch ? "patches" : "grid", t->layer,
                        first / DV_GRID_UNITS);
    return ok;
}

static void write_unit(void *ctx, int i, int worker)
{
    (void)worker;
    turn *t = ctx;
    const int unit = t->first + i;
    dv_error *err = &t->errors[i];
    dv_jpeg sheet;
    t->sheets[i] = t->grids[i] = 0;
    if (dv_atlas_sheet(t->work, t->spool, t->work->layers[t->layer].first + unit, &sheet, err) &&
        write_file(t->work, &sheet, &t->sheets[i], err, "units", t->layer, unit) &&
        (unit % DV_GRID_UNITS || write_grids(t, unit, &t->grids[i], err)))
        err->code = DV_OK;
}

static bool write_turn(turn *t, dv_error *err)
{
    const dv_atlas_work *w = t->work;
    if (!dv_watch_goes_on(&w->options->watch, t->first, w->layers[t->layer].n, "units", err))
        return false;
    dv_pool_run(w->options->pool, t->n, write_unit, t);
    for (int i = 0; i < t->n; i++) {
        w->result->of_sheets += t->sheets[i];
        w->result->of_grids += t->grids[i];
        if (t->errors[i].code != DV_OK) {
            *err = t->errors[i];
            return false;
        }
    }
    return true;
}

bool dv_atlas_write_sheets(dv_atlas_work *w, const dv_spool *s, dv_error *err)
{
    turn *t = calloc(1, sizeof *t);
    bool ok = t || dv_fail(err, DV_NO_MEMORY, "no memory to write pictures");
    for (int i = 0; ok && i < w->n_layers; i++) {
        char *path = dv_atlas_path(w, err, "pictures/layer-%d", i);
        ok = path && dv_folder_make(path, err);
        free(path);
        *t = (turn){ .work = w, .spool = s, .layer = i };
        for (; ok && t->first < w->layers[i].n; t->first += UNITS_A_TURN) {
            const int left = w->layers[i].n - t->first;
            t->n = left < UNITS_A_TURN ? left : UNITS_A_TURN;
            ok = write_turn(t, err);
        }
    }
    free(t);
    return ok;
}
