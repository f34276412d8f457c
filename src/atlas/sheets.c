/* sheets.c - which units are shown together, and where they are written. */
#include "deconvviz/sheets.h"
#include "atlas/mined_model.h"
#include "atlas/shown.h"
#include "base/file.h"
#include "base/text.h"
#include "base/word.h"
#include "deconvviz/pool.h"
#include "run/watch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { UNITS_A_PAGE = 256, MEMORY = 384 << 20 };

typedef char layer_word[DV_WORD_MAX];

typedef struct work {
    dv_showing showing;
    layer_word *words; /* (n_picks) what the layers' files are called */
    int n_units;
    dv_shown_unit *units; /* layer by layer, in the order of the picks */
    int layer, page;      /* first units of the layer and of the contact sheet that come next */
    int first;            /* of the units that are shown in one go, with what follows */
    dv_shown *shown;      /* of their hits */
    dv_error *errors;     /* of each of them, drawn on some thread */
} work;

/* -- units ------------------------------------------------------------------------------------ */

static bool is_number(const char *text)
{
    return text[strspn(text, "0123456789")] == '\0';
}

/* Whether a layer with the one word would write a file of a layer with the other, of which there
 * may be numbered pages. */
static bool clash(const char *word, const char *other)
{
    size_t n = strlen(other);
    return strncmp(word, other, n) == 0 &&
           (!word[n] || (word[n] == '-' && word[n + 1] && is_number(word + n + 1)));
}

/* "layer5", or a name's word, marked where another layer's files have such names. */
static bool name_layers(work *w, dv_error *err)
{
    const dv_sheets_options *o = w->showing.options;
    w->words = calloc((size_t)o->n_picks + 1, sizeof *w->words);
    if (!w->words)
        return dv_fail(err, DV_NO_MEMORY, "no memory for %d layers", o->n_picks);
    for (int i = 0; i < o->n_picks; i++) {
        const char *layer = o->picks[i].layer->layer;
        if (is_number(layer))
            snprintf(w->words[i], sizeof *w->words, "layer%.100s", layer);
        else
            dv_word(layer, w->words[i], sizeof *w->words);
    }
    for (int i = 0; i < o->n_picks; i++) {
        const dv_index_layer *l = o->picks[i].layer;
        for (int k = 0; k < o->n_picks && !is_number(l->layer); k++)
            if (o->picks[k].layer != l && clash(w->words[i], w->words[k])) {
                dv_word_marked(l->layer, w->words[i], sizeof *w->words);
                break;
            }
    }
    return true;
}

/* The units of a pick, from w->units[w->n_units] on. */
static bool add_pick(work *w, int number, dv_error *err)
{
    const dv_sheets_pick *pick = &w->showing.options->picks[number];
    const dv_index_layer *l = pick->layer;
    int tensor;
    if (!dv_model_find(w->showing.model, l->layer, &tensor, err))
        return false;
    if (!dv_shape_equal(dv_tensor_shape(w->showing.model, tensor), &l->shape))
        return dv_fail(err, DV_BAD_USAGE, "layer %s has another shape than in the index", l->layer);
    for (int32_t i = 0; i < pick->n; i++) {
        int32_t c = pick->channels[i];
        if (c < 0 || c >= l->size[DV_C])
            return dv_fail(err, DV_BAD_USAGE, "layer %s has channels 0 to %d, not %d", l->layer,
                           (int)l->size[DV_C] - 1, (int)c);
        int n = l->units[c].n_hits, most = w->showing.options->most;
        w->units[w->n_units++] = (dv_shown_unit){ .layer = l,
                                                  .word = w->words[number],
                                                  .tensor = tensor,
                                                  .channel = c,
                                                  .n = n < most ? n : most };
    }
    return true;
}

static bool list_units(work *w, dv_error *err)
{
    const dv_sheets_options *o = w->showing.options;
    size_t n = 0;
    int64_t n_hits = 0;
    for (int i = 0; i < o->n_picks; i++)
        n += (size_t)o->picks[i].n;
    w->units = calloc(n + 1, sizeof *w->units);
    if (!w->units)
        return dv_fail(err, DV_NO_MEMORY, "no memory for %zu units", n);
    for (int i = 0; i < o->n_picks; i++)
        if (!add_pick(w, i, err))
            return false;
    for (int u = 0; u < w->n_units; u++)
        n_hits += w->units[u].n;
    w->showing.total = n_hits * (1 + o->common_scale);
    return n_hits > 0 || dv_fail(err, DV_BAD_DATA, "none of these units is ever active");
}

/* -- files ------------------------------------------------------------------------------------ */

/* FOLDER/layer5 and what is behind that; the caller frees it. */
static char *path_of(const work *w, const dv_shown_unit *u, const char *behind, dv_error *err)
{
    dv_text path = { 0 };
    dv_text_format(&path, "%s/%s%s", w->showing.options->folder, u->word, behind);
    if (dv_text_ok(&path, "the name of a file", err))
        return path.data;
    free(path.data);
    return NULL;
}

static char *path_of_unit(const work *w, const dv_shown_unit *u, dv_error *err)
{
    char behind[32];
    snprintf(behind, sizeof behind, "/c%03d.png", (int)u->channel);
    return path_of(w, u, behind, err);
}

static void draw_task(void *ctx, int i, int worker)
{
    (void)worker;
    work *w = ctx;
    dv_shown_unit *u = &w->units[w->first + i];
    dv_error *err = &w->errors[i];
    bool wanted = u->n > 0 && !w->showing.options->contact_only;
    char *path = wanted ? path_of_unit(w, u, err) : NULL;
    if (dv_showing_goes_on(&w->showing, err) &&
        (!wanted || (path && dv_write_unit_sheet(&w->showing, u, path, err))) &&
        dv_draw_cell(u, err))
        err->code = DV_OK;
    free(path);
}

/* The folders for the sheets of the units up to `end`. */
static bool make_folders(const work *w, int end, dv_error *err)
{
    for (int u = w->first; u < end; u++) {
        if (u > w->first && w->units[u].layer == w->units[u - 1].layer)
            continue;
        char *path = path_of(w, &w->units[u], "", err);
        bool ok = path && dv_folder_make(path, err);
        free(path);
        if (!ok)
            return false;
    }
    return true;
}

/* What became of a unit that was drawn; its sheet, if it has one, is told. */
static bool tell_unit(const work *w, int unit, dv_error *err)
{
    const dv_sheets_options *o = w->showing.options;
    const dv_error *why = &w->errors[unit - w->first];
    if (why->code != DV_OK && err)
        *err = *why;
    if (why->code != DV_OK || w->units[unit].n == 0 || o->contact_only)
        return why->code == DV_OK;
    char *path = path_of_unit(w, &w->units[unit], err);
    const bool ok = path != NULL;
    if (ok)
        dv_watch_wrote(&o->watch, path);
    free(path);
    return ok;
}

/* Draws and writes the sheets of the units up to `end`, whose hits have been made into pictures. */
static bool write_units(work *w, int end, dv_error *err)
{
    const dv_sheets_options *o = w->showing.options;
    if (!o->contact_only && !make_folders(w, end, err))
        return false;
    dv_pool_run(o->pool, end - w->first, draw_task, w);
    bool ok = true;
    for (int u = w->first; u < end; u++) /* what was written is told, whatever became of the rest */
        ok = tell_unit(w, u, ok ? err : NULL) && ok;
    return ok;
}

/* The unit behind the last one of the layer that begins with unit `first`. */
static int layer_end(const work *w, int first)
{
    int end = first;
    while (end < w->n_units && w->units[end].layer == w->units[first].layer)
        end++;
    return end;
}

static bool write_page(const work *w, int from, int n, int page, dv_error *err)
{
    char behind[32] = ".png";
    if (page > 0)
        snprintf(behind, sizeof behind, "-%d.png", page);
    char *path = path_of(w, &w->units[from], behind, err);
    bool ok = path && dv_write_contact_sheet(&w->showing, n, &w->units[from], path, err);
    if (ok)
        dv_watch_wrote(&w->showing.options->watch, path);
    free(path);
    return ok;
}

/* Writes the contact sheets of which all units up to the last have been drawn, and lets their cells
 * go. */
static bool write_pages(work *w, int end, dv_error *err)
{
    while (w->page < w->n_units) {
        int whole = layer_end(w, w->layer), to = w->page + UNITS_A_PAGE, number = 0;
        to = to < whole ? to : whole;
        if (to > end)
            return true;
        if (whole - w->layer > UNITS_A_PAGE)
            number = (w->page - w->layer) / UNITS_A_PAGE + 1;
        if (!write_page(w, w->page, to - w->page, number, err))
            return false;
        for (int u = w->page; u < to; u++)
            dv_image_free(&w->units[u].cell);
        w->page = to;
        w->layer = to == whole ? whole : w->layer;
    }
    return true;
}

/* -- all of it -------------------------------------------------------------------------------- */

/* The unit behind the last one whose pictures find room together with those of the first. */
static int choose_end(const work *w, dv_error *err)
{
    const int64_t most = w->showing.options->memory ? w->showing.options->memory : MEMORY;
    int64_t bytes = 0, each = 0;
    int u = w->first;
    for (; u < w->n_units; u++) {
        bool new_layer = u == w->first || w->units[u].layer != w->units[u - 1].layer;
        if (new_layer && !dv_shown_bytes(&w->showing, w->units[u].tensor, &each, err))
            return -1;
        bytes += each * w->units[u].n + DV_CELL_BYTES;
        if (bytes > most && u > w->first)
            break;
    }
    return u;
}

/* Room for what becomes of the units up to `end`. */
static bool make_room(work *w, int end, dv_error *err)
{
    size_t n_hits = 0;
    for (int u = w->first; u < end; u++)
        n_hits += (size_t)w->units[u].n;
    w->errors = calloc((size_t)(end - w->first), sizeof *w->errors);
    w->shown = calloc(n_hits + 1, sizeof *w->shown);
    if (!w->errors || !w->shown)
        return dv_fail(err, DV_NO_MEMORY, "no memory for %zu hits", n_hits);
    dv_shown *next = w->shown;
    for (int u = w->first; u < end; u++) {
        dv_shown_unit *unit = &w->units[u];
        unit->shown = next;
        next += unit->n;
        for (int i = 0; i < unit->n; i++)
            unit->shown[i].hit = &unit->layer->units[unit->channel].hits[i];
    }
    return true;
}

/* The units from the first on that find room. Moves on behind them. */
static bool write_some(work *w, dv_error *err)
{
    int end = choose_end(w, err);
    bool ok = end > 0 && make_room(w, end, err);
    if (ok && (ok = dv_show_hits(&w->showing, end - w->first, &w->units[w->first], err))) {
        ok = write_units(w, end, err);
        for (int u = w->first; u < end; u++)
            dv_shown_free(&w->units[u]);
    }
    free(w->shown);
    free(w->errors);
    w->shown = NULL;
    w->errors = NULL;
    w->first = end;
    return ok && write_pages(w, end, err);
}

static bool write_all(work *w, dv_error *err)
{
    bool ok = true;
    while (ok && w->first < w->n_units)
        ok = write_some(w, err);
    return ok;
}

bool dv_sheets(const dv_model *m, const dv_index *x, const dv_sheets_options *o, int *missing,
               dv_error *err)
{
    work w = { .showing = { .model = m, .index = x, .options = o } };
    if (o->most < 1 || o->side < 16 || o->side > 512)
        return dv_fail(err, DV_BAD_USAGE, "%d hits of %d pixels: from 1 of 16 to 512 are possible",
                       o->most, o->side);
    bool ok = dv_mined_model(m, x, err) && name_layers(&w, err) && list_units(&w, err) &&
              dv_folder_make(o->folder, err) && write_all(&w, err);
    for (int u = 0; w.units && u < w.n_units; u++)
        dv_image_free(&w.units[u].cell);
    free(w.words);
    free(w.units);
    *missing = w.showing.missing;
    return ok;
}
