/* atlas_units.c - what is in an atlas: layers in the order of the network, their units, the columns
 * of each unit's sheet, and the images that these are of. */
#include "atlas/atlas_work.h"
#include "base/text.h"
#include "graph/model.h"

#include <limits.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

const dv_rule dv_atlas_rules[DV_N_RULES] = { DV_RULE_DECONVNET, DV_RULE_GUIDED, DV_RULE_GRADIENT };

/* A cell is as large as the part of the input that it shows, from the one to the other; what is
 * smaller is enlarged. */
enum { LEAST_CELL = 48, LARGE_CELL = 80, SMALL_CELL = 48 };

enum { MAX_COLUMNS = 20 * 1000 * 1000 };

char *dv_atlas_path(const dv_atlas_work *w, dv_error *err, const char *fmt, ...)
{
    dv_text t = { 0 };
    va_list args;
    dv_text_format(&t, "%s/", w->folder);
    va_start(args, fmt);
    dv_text_vformat(&t, fmt, args);
    va_end(args);
    if (dv_text_ok(&t, "the name of a file", err))
        return t.data;
    free(t.data);
    return NULL;
}

/* -- layers ----------------------------------------------------------------------------------- */

/* The node whose weights make the tensor; -1: it is no weight layer's. */
static int weights_of(const dv_model *m, int tensor)
{
    for (int i = 0; i < dv_model_n_layers(m); i++) {
        const dv_layer *l = dv_model_layer(m, i);
        if (l->tensor != tensor)
            continue;
        for (int n = 0; n < m->n_nodes; n++)
            if (dv_is_weight_layer(m, &m->nodes[n]) && dv_node_title(m, &m->nodes[n]) == l->name)
                return n;
    }
    return -1;
}

static bool measure_layer(const dv_atlas_work *w, dv_atlas_layer *l, dv_error *err)
{
    const int *size = w->index->preprocess.size;
    const dv_unit u = { l->tensor, l->channels[0], 0, 0 };
    dv_box field;
    if (!dv_model_field(w->model, l->tensor, dv_unit_box(w->model, &u), &field, err) ||
        !dv_model_stride(w->model, l->tensor, l->stride, err))
        return false;
    l->field[0] = field.hi[DV_Y] - field.lo[DV_Y];
    l->field[1] = field.hi[DV_X] - field.lo[DV_X];
    const dv_rect r = dv_view_rect(DV_VIEW_CROP, field, size);
    const int width = r.x1 - r.x0, height = r.y1 - r.y0;
    l->side = width > height ? width : height;
    const int fits = (l->side + DV_JPEG_BLOCK - 1) / DV_JPEG_BLOCK * DV_JPEG_BLOCK;
    l->cell = fits < LEAST_CELL ? LEAST_CELL : fits > LARGE_CELL ? LARGE_CELL : fits;
    l->small = SMALL_CELL;
    return true;
}

static bool set_layer(dv_atlas_work *w, dv_atlas_layer *l, const dv_sheets_pick *p, dv_error *err)
{
    const int32_t channels = p->layer->size[DV_C];
    *l = (dv_atlas_layer){ .mined = p->layer,
                           .n = p->n,
                           .channels = p->channels,
                           .all = p->n == channels,
                           .maps = (int64_t)p->layer->size[DV_Y] * p->layer->size[DV_X] > 1 };
    if (!dv_model_find(w->model, p->layer->layer, &l->tensor, err))
        return false;
    if (!dv_shape_equal(dv_tensor_shape(w->model, l->tensor), &p->layer->shape))
        return dv_fail(err, DV_BAD_USAGE, "layer %s has another shape than in the index",
                       p->layer->layer);
    l->place = dv_arena_array(&w->arena, (size_t)channels, sizeof *l->place, err);
    if (!l->place)
        return false;
    memset(l->place, 0xff, (size_t)channels * sizeof *l->place);
    for (int32_t i = 0; i < p->n; i++) {
        const int32_t c = p->channels[i];
        if (c < 0 || c >= channels)
            return dv_fail(err, DV_BAD_USAGE, "layer %s has channels 0 to %d, not %d",
                           p->layer->layer, (int)channels - 1, (int)c);
        l->place[c] = i;
        l->all = l->all && c == i;
    }
    l->node = weights_of(w->model, l->tensor);
    return p->n > 0 && measure_layer(w, l, err);
}

/* Where in the network a tensor is made: what comes first stands first. */
static int producer(const dv_atlas_work *w, const dv_atlas_layer *l)
{
    return w->model->values[l->tensor].producer;
}

static bool list_layers(dv_atlas_work *w, dv_error *err)
{
    const dv_atlas_options *o = w->options;
    w->n_layers = o->n_picks;
    w->layers = dv_arena_array(&w->arena, (size_t)o->n_picks, sizeof *w->layers, err);
    for (int i = 0; w->layers && i < o->n_picks; i++) {
        dv_atlas_layer l;
        if (!set_layer(w, &l, &o->picks[i], err))
            return false;
        int at = i;
        for (; at > 0 && producer(w, &w->layers[at - 1]) > producer(w, &l); at--)
            w->layers[at] = w->layers[at - 1];
        w->layers[at] = l;
    }
    return w->layers != NULL;
}

/* -- units and columns ------------------------------------------------------------------------ */

static int smaller(int64_t a, int b)
{
    return a < b ? (int)a : b;
}

static bool list_units(dv_atlas_work *w, dv_error *err)
{
    int64_t n_units = 0, n_columns = 0;
    for (int i = 0; i < w->n_layers; i++)
        n_units += w->layers[i].n;
    if (n_units > DV_INDEX_MAX_UNITS)
        return dv_fail(err, DV_BAD_USAGE, "an atlas of %lld units: %d at most", (long long)n_units,
                       DV_INDEX_MAX_UNITS);
    w->units = dv_arena_array(&w->arena, (size_t)n_units, sizeof *w->units, err);
    for (int i = 0; w->units && i < w->n_layers; i++) {
        dv_atlas_layer *l = &w->layers[i];
        l->first = w->n_units;
        for (int32_t k = 0; k < l->n; k++) {
            const dv_index_unit *mined = &l->mined->units[l->channels[k]];
            dv_atlas_unit *u = &w->units[w->n_units++];
            *u = (dv_atlas_unit){ .layer = i,
                                  .channel = l->channels[k],
                                  .mined = mined,
                                  .n_hits = smaller(mined->n_hits, DV_ATLAS_HITS),
                                  .n_samples = smaller(mined->n_sample, DV_ATLAS_HITS) };
            l->dead += mined->active_images == 0;
            n_columns += u->n_hits + u->n_samples;
        }
    }
    if (n_columns > MAX_COLUMNS)
        return dv_fail(err, DV_BAD_USAGE, "an atlas of %lld hits: %d at most", (long long)n_columns,
                       MAX_COLUMNS);
    w->n_columns = (int)n_columns;
    return w->units != NULL;
}

static bool list_columns(dv_atlas_work *w, dv_error *err)
{
    w->columns = dv_arena_array(&w->arena, (size_t)w->n_columns, sizeof *w->columns, err);
    dv_atlas_column *next = w->columns;
    for (int u = 0; next && u < w->n_units; u++) {
        dv_atlas_unit *unit = &w->units[u];
        dv_hit samples[DV_ATLAS_HITS];
        (void)dv_index_quantiles(unit->mined, DV_ATLAS_HITS, samples);
        unit->columns = next;
        for (int i = 0; i < unit->n_hits; i++)
            *next++ = (dv_atlas_column){ .hit = unit->mined->hits[i], .unit = u };
        for (int i = 0; i < unit->n_samples; i++)
            *next++ = (dv_atlas_column){ .hit = samples[i], .unit = u, .sample = true };
    }
    return next != NULL;
}

bool dv_atlas_column_has(const dv_atlas_work *w, const dv_atlas_column *c, int cell)
{
    const dv_atlas_unit *u = &w->units[c->unit];
    const dv_atlas_layer *l = &w->layers[u->layer];
    if (cell >= DV_CELL_SMALL)
        return c == u->columns && l->small != l->cell;
    if (c->sample)
        return cell == DV_CELL_PATCH || (cell == DV_CELL_RULE && w->options->samples_projected);
    return cell <= DV_CELL_RULE || c - u->columns < w->options->compared;
}

/* -- images ----------------------------------------------------------------------------------- */

static int by_image(const void *a, const void *b)
{
    const dv_atlas_column *c = *(dv_atlas_column *const *)a, *d = *(dv_atlas_column *const *)b;
    if (c->hit.image != d->hit.image)
        return c->hit.image < d->hit.image ? -1 : 1;
    return (c > d) - (c < d);
}

static bool list_images(dv_atlas_work *w, dv_error *err)
{
    const size_t n = (size_t)w->n_columns;
    w->by_image = dv_arena_array(&w->arena, n, sizeof(dv_atlas_column *), err);
    w->images = w->by_image ? dv_arena_array(&w->arena, n + 1, sizeof *w->images, err) : NULL;
    if (!w->images)
        return false;
    for (int i = 0; i < w->n_columns; i++)
        w->by_image[i] = &w->columns[i];
    qsort(w->by_image, n, sizeof(dv_atlas_column *), by_image);
    for (int i = 0; i < w->n_columns; i++) {
        const int32_t image = w->by_image[i]->hit.image;
        if (i > 0 && image == w->by_image[i - 1]->hit.image)
            continue;
        const dv_index_file *f = dv_index_file_of(w->index, image);
        const dv_truth *truth = w->options->truth;
        w->images[w->n_images++] = (dv_atlas_image){
            .image = image, .first = i, .class = truth ? dv_truth_of(truth, f->path) : -1
        };
    }
    w->images[w->n_images] = (dv_atlas_image){ .image = INT32_MAX, .first = w->n_columns };
    return true;
}

int dv_atlas_image_of(const dv_atlas_work *w, int32_t image)
{
    int lo = 0, hi = w->n_images;
    while (lo < hi) {
        const int mid = lo + (hi - lo) / 2;
        if (w->images[mid].image < image)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo < w->n_images && w->images[lo].image == image ? lo : -1;
}

bool dv_atlas_list(dv_atlas_work *w, dv_error *err)
{
    return list_layers(w, err) && list_units(w, err) && list_columns(w, err) && list_images(w, err);
}

void dv_atlas_release(dv_atlas_work *w)
{
    dv_arena_release(&w->arena);
}
