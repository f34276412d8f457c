/* atlas_pictures.c - the images of an atlas are read once each, run as far as the deepest of its
 * layers, and projected from all the units that they are hits or samples of; then run once more
 * without colours. */
#include "atlas/atlas_cells.h"
#include "atlas/hit_pictures.h"
#include "base/file.h"
#include "base/text.h"
#include "image/resize.h"
#include "run/watch.h"

#include <stdlib.h>
#include <string.h>

enum { PHOTO_SIDE = 256 };

/* What one image came to. */
typedef struct slot {
    dv_atlas_column *columns; /* (n) */
    int n, room;
    dv_text cells;
    dv_shown_image shown;
    dv_error error; /* code is not DV_OK: it could not be shown */
    bool of_run;    /* and that is not the image's own affair */
} slot;

typedef struct pass {
    dv_atlas_work *work;
    dv_spool *spool;
    int first; /* image that is run first */
    slot *slots;
    int64_t done, total; /* projections */
} pass;

/* -- one image -------------------------------------------------------------------------------- */

static bool write_photo(const dv_atlas_work *w, const dv_atlas_image *image, const dv_image *photo,
                        dv_error *err)
{
    const int longer = photo->width > photo->height ? photo->width : photo->height;
    const int side = longer < PHOTO_SIDE ? longer : PHOTO_SIDE;
    int width = photo->width * side / longer, height = photo->height * side / longer;
    width = width < 1 ? 1 : width;
    height = height < 1 ? 1 : height;
    dv_image small;
    dv_jpeg jpeg = { 0 };
    if (!dv_picture_new(&small, width, height, DV_GREY, err))
        return false;
    char *path = dv_atlas_path(w, err, "photos/%d/%d.jpg", (int)(image - w->images) / 1000,
                               (int)(image - w->images));
    const bool ok =
        path && dv_resize(photo, width, height, (dv_part){ 0, 0, width, height }, small.rgb, err) &&
        dv_jpeg_encode(&jpeg, &small, w->options->quality, err) &&
        dv_file_write(path, jpeg.data, jpeg.size, err);
    free(path);
    free(jpeg.data);
    dv_image_free(&small);
    return ok;
}

/* What the network gets of the image without colours: of each pixel its luma, as ITU-R 601 has it.
 */
static void make_grey(float *input, const dv_preprocess *p)
{
    static const float luma[3] = { 0.299F, 0.587F, 0.114F };
    const size_t plane = (size_t)p->size[0] * (size_t)p->size[1];
    for (size_t i = 0; i < plane; i++) {
        float grey = 0;
        for (int c = 0; c < 3; c++) {
            const int at = p->bgr ? 2 - c : c;
            grey += luma[c] * (input[(size_t)at * plane + i] * p->std[at] + p->mean[at]);
        }
        for (int c = 0; c < 3; c++)
            input[(size_t)c * plane + i] = (grey - p->mean[c]) / p->std[c];
    }
}

/* The values of the hits where they are, without colours. */
static bool ask_grey(const pass *p, slot *s, const dv_worker *w, dv_error *err)
{
    const dv_atlas_work *work = p->work;
    if (work->index->preprocess.channels != 3)
        return true;
    make_grey(w->input, &work->index->preprocess);
    if (!dv_trace_forward(w->trace, w->input, err))
        return false;
    for (int i = 0; i < s->n; i++) {
        dv_atlas_column *c = &s->columns[i];
        const dv_atlas_unit *u = &work->units[c->unit];
        const dv_unit unit = { work->layers[u->layer].tensor, u->channel, c->hit.y, c->hit.x };
        c->grey = dv_unit_value(w->trace, &unit);
    }
    return true;
}

static bool make_columns(const pass *p, slot *s, const dv_worker *w, const dv_atlas_image *image,
                         dv_error *err)
{
    dv_image seen;
    if (!dv_draw_input(&seen, w->input, &p->work->index->preprocess, err))
        return false;
    const dv_column_maker m = { p->work, w, &seen, &s->cells };
    bool ok = true;
    for (int i = image->first; ok && i < image[1].first; i++, s->n++)
        ok = dv_make_column(&m, p->work->by_image[i], &s->columns[s->n],
                            s->n > 0 ? &s->columns[s->n - 1] : NULL, err);
    dv_image_free(&seen);
    return ok && dv_text_ok(&s->cells, "the cells of an image", err) && ask_grey(p, s, w, err);
}

static bool show_image(const pass *p, slot *s, const dv_worker *w, const dv_atlas_image *image,
                       dv_error *err)
{
    const dv_atlas_work *work = p->work;
    const dv_index_file *f = dv_index_file_of(work->index, image->image);
    dv_photo photo;
    bool ok = dv_hit_image(&photo, work->index, f, work->options->root, w->input, err);
    if (ok && work->options->context)
        s->of_run = !(ok = write_photo(work, image, &photo.image, err));
    s->shown.width = photo.image.width;
    s->shown.height = photo.image.height;
    s->shown.map = photo.map;
    dv_photo_free(&photo);
    return ok && dv_trace_forward(w->trace, w->input, err) && make_columns(p, s, w, image, err);
}

static bool make_room(slot *s, int n, dv_error *err)
{
    s->n = 0;
    s->cells.size = 0;
    s->cells.failed = false;
    s->of_run = false;
    s->shown = (dv_shown_image){ .there = false };
    if (n <= s->room)
        return true;
    dv_atlas_column *grown = realloc(s->columns, (size_t)n * sizeof *grown);
    if (!grown)
        return dv_fail(err, DV_NO_MEMORY, "no memory for %d hits", n);
    s->columns = grown;
    s->room = n;
    return true;
}

/* Of an image that could not be shown: columns without cells. */
static void leave_out(const pass *p, slot *s, const dv_atlas_image *image)
{
    s->cells.size = 0;
    s->n = 0;
    for (int i = image->first; i < image[1].first; i++)
        s->columns[s->n++] = *p->work->by_image[i];
}

static bool work(void *ctx, dv_worker *w, int64_t task, int number, dv_error *err)
{
    const pass *p = ctx;
    slot *s = &p->slots[number];
    const dv_atlas_image *image = &p->work->images[p->first + task];
    if (!make_room(s, image[1].first - image->first, err))
        return false;
    s->error.code = DV_OK;
    if (show_image(p, s, w, image, &s->error)) {
        s->shown.there = true;
        s->error.code = DV_OK;
    } else if (s->error.code != DV_NO_MEMORY && !s->of_run) {
        leave_out(p, s, image);
    } else {
        *err = s->error;
        return false;
    }
    s->shown.n = s->n;
    s->shown.columns = s->columns;
    s->shown.cells = (const uint8_t *)s->cells.data;
    s->shown.size = s->cells.size;
    return true;
}

static int64_t projections_of(const dv_atlas_work *w, int image)
{
    int64_t n = 0;
    for (int i = w->images[image].first; i < w->images[image + 1].first; i++)
        for (int rule = 0; rule < DV_N_RULES; rule++)
            n += dv_atlas_column_has(w, w->by_image[i], DV_CELL_RULE + rule);
    return n;
}

static bool commit(void *ctx, int64_t task, int number, dv_error *err)
{
    pass *p = ctx;
    slot *s = &p->slots[number];
    dv_atlas_work *w = p->work;
    const int image = p->first + (int)task;
    if (!dv_spool_add(p->spool, w, image, &s->shown, err))
        return false;
    if (!s->shown.there) {
        const char *path = dv_index_file_of(w->index, w->images[image].image)->path;
        dv_watch_skipped(&w->options->watch, path, dv_watch_reason(path, s->error.message));
    }
    p->done += projections_of(w, image);
    dv_watch_progress(&w->options->watch, p->done, p->total);
    return true;
}

/* -- all of them ------------------------------------------------------------------------------ */

static bool hire(const pass *p, dv_crew *crew, dv_error *err)
{
    const dv_atlas_work *w = p->work;
    int *keep = calloc((size_t)w->n_layers + 1, sizeof *keep);
    if (!keep)
        return dv_fail(err, DV_NO_MEMORY, "no memory for %d layers", w->n_layers);
    for (int i = 0; i < w->n_layers; i++)
        keep[i] = w->layers[i].tensor;
    const dv_request r = { .n_keep = w->n_layers,
                           .keep = keep,
                           .rules = w->options->compared > 0 ? (1U << DV_N_RULES) - 1
                                                             : 1U << DV_RULE_DECONVNET,
                           .rectify = w->options->rectify,
                           .exact = w->index->exact };
    const dv_crew_options o = {
        .request = &r, .pool = w->options->pool, .tasks = w->n_images - p->first, .units = 1
    };
    const bool ok = dv_crew_hire(crew, w->model, &o, err);
    free(keep);
    return ok;
}

static bool make_folders(const dv_atlas_work *w, dv_error *err)
{
    bool ok = true;
    for (int i = 0; ok && w->options->context && i < w->n_images; i += 1000) {
        char *path = dv_atlas_path(w, err, "photos/%d", i / 1000);
        ok = path && dv_folder_make(path, err);
        free(path);
    }
    return ok;
}

bool dv_atlas_pictures(dv_atlas_work *w, dv_spool *s, int done, dv_error *err)
{
    pass p = { .work = w, .spool = s, .first = done };
    dv_crew crew = { .n_workers = 0 };
    for (int i = 0; i < w->n_images; i++) {
        p.total += projections_of(w, i);
        p.done += i < done ? projections_of(w, i) : 0;
    }
    if (done == w->n_images)
        return true;
    bool ok = make_folders(w, err) && hire(&p, &crew, err);
    p.slots = ok ? calloc((size_t)crew.n_slots, sizeof *p.slots) : NULL;
    if (ok && !p.slots)
        ok = dv_fail(err, DV_NO_MEMORY, "no memory for %d images at a time", crew.n_slots);
    const dv_tasks tasks = { .n = w->n_images - done,
                             .watch = &w->options->watch,
                             .what = "images",
                             .ctx = &p,
                             .work = work,
                             .commit = commit };
    ok = ok && dv_crew_run(&crew, &tasks, err);
    for (int i = 0; p.slots && i < crew.n_slots; i++) {
        free(p.slots[i].columns);
        free(p.slots[i].cells.data);
    }
    free(p.slots);
    dv_crew_dismiss(&crew);
    return ok;
}
