/* atlas_data_names.c - data/classes.js and data/images.js, and what stands behind each of them. */
#include "atlas/atlas_data.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    CLASSES_A_FILE = 64,
    IMAGES_A_FILE = 256,
    MOST_UNITS = 48,
    MOST_SHOWN = 24,
    MOST_HITS = 200
};

/* -- classes ---------------------------------------------------------------------------------- */

/* A unit and the class that it prefers. */
typedef struct preference {
    int32_t class, layer, unit;
    float score; /* class selectivity */
} preference;

static int by_class(const void *a, const void *b)
{
    const preference *p = a, *q = b;
    if (p->class != q->class)
        return p->class < q->class ? -1 : 1;
    if (p->layer != q->layer)
        return p->layer < q->layer ? -1 : 1;
    if (p->score != q->score)
        return p->score > q->score ? -1 : 1;
    return (p->unit > q->unit) - (p->unit < q->unit);
}

/* The units that have a class, by class; *n of them. The caller frees it; NULL with err set. */
static preference *list_preferences(const dv_atlas_data *d, int *n, dv_error *err)
{
    const dv_atlas_work *w = d->work;
    preference *list = malloc(((size_t)w->n_units + 1) * sizeof *list);
    *n = 0;
    if (!list) {
        dv_fail(err, DV_NO_MEMORY, "no memory for the classes of %d units", w->n_units);
        return NULL;
    }
    for (int i = 0; i < w->n_units; i++) {
        const double class = dv_number_of(d, i, DV_NUMBER_BEST_CLASS);
        const double score = dv_number_of(d, i, DV_NUMBER_CLASS_SELECTIVITY);
        const int32_t layer = w->units[i].layer;
        if (!isnan(class))
            list[(*n)++] = (preference){ (int32_t) class, layer, i - w->layers[layer].first,
                                         isnan(score) ? 0 : (float)score };
    }
    qsort(list, (size_t)*n, sizeof *list, by_class);
    return list;
}

/* Those of one layer: list[0 .. n). */
static void put_preferences(dv_json *w, const preference *list, int n)
{
    n = n < MOST_UNITS ? n : MOST_UNITS;
    dv_json_list(w, NULL);
    dv_json_put_int(w, NULL, list->layer);
    dv_json_list(w, NULL);
    for (int i = 0; i < n; i++)
        dv_json_put_int(w, NULL, list[i].unit);
    dv_json_end(w);
    dv_json_list(w, NULL);
    for (int i = 0; i < n; i++)
        dv_json_put_short(w, NULL, (double)list[i].score, 4);
    dv_json_end(w);
    dv_json_end(w);
}

/* images: places of images by class. */
static void put_class(dv_json *w, const preference *list, int n, const int32_t *images,
                      int n_images, int of_run)
{
    dv_json_space(w, "\n");
    dv_json_object(w, NULL);
    dv_json_put_int(w, "images", of_run);
    dv_json_list(w, "units");
    for (int i = 0, end; i < n; i = end) {
        for (end = i; end < n && list[end].layer == list[i].layer;)
            end++;
        put_preferences(w, list + i, end - i);
    }
    dv_json_end(w);
    dv_json_put_ints(w, "shown", images, n_images < MOST_SHOWN ? n_images : MOST_SHOWN);
    dv_json_end(w);
}

/* The places of images by their class: places (n_images), first (n + 1) of each class; next: (n)
 * room. */
static void sort_images(const dv_atlas_work *w, int n, int32_t *places, int32_t *first,
                        int32_t *next)
{
    for (int i = 0; i < w->n_images; i++)
        if (w->images[i].class >= 0)
            first[w->images[i].class + 1]++;
    for (int c = 0; c < n; c++) {
        first[c + 1] += first[c];
        next[c] = first[c];
    }
    for (int i = 0; i < w->n_images; i++)
        if (w->images[i].class >= 0)
            places[next[w->images[i].class]++] = i;
}

static bool write_class_files(const dv_atlas_data *d, const preference *list, int n_list,
                              const int32_t *places, const int32_t *first, const int32_t *of_run,
                              dv_error *err)
{
    const int n = d->work->options->labels->n;
    bool ok = true;
    for (int from = 0, at = 0; ok && from < n; from += CLASSES_A_FILE) {
        dv_data_file f;
        char name[40];
        dv_data_begin(&f);
        dv_json_list(&f.json, NULL);
        for (int c = from; c < n && c < from + CLASSES_A_FILE; c++) {
            int end = at;
            while (end < n_list && list[end].class == c)
                end++;
            put_class(&f.json, list + at, end - at, places + first[c], first[c + 1] - first[c],
                      of_run[c]);
            at = end;
        }
        dv_json_end(&f.json);
        snprintf(name, sizeof name, "classes-%d.js", from / CLASSES_A_FILE);
        ok = dv_data_end(d, &f, ok, name, err);
    }
    return ok;
}

static bool write_class_names(const dv_atlas_data *d, dv_error *err)
{
    const dv_labels *labels = d->work->options->labels;
    dv_data_file f;
    dv_data_begin(&f);
    dv_json_object(&f.json, NULL);
    dv_json_list(&f.json, "names");
    for (int i = 0; i < labels->n; i++)
        dv_json_put_text(&f.json, NULL, dv_label_plain(dv_label(labels, i)));
    dv_json_end(&f.json);
    dv_json_end(&f.json);
    return dv_data_end(d, &f, true, "classes.js", err);
}

bool dv_data_classes(const dv_atlas_data *d, dv_error *err)
{
    const dv_atlas_work *w = d->work;
    if (!dv_atlas_has_classes(w))
        return true;
    const int n = w->options->labels->n;
    int n_list;
    preference *list = list_preferences(d, &n_list, err);
    int32_t *places = calloc((size_t)w->n_images + 1, sizeof *places);
    int32_t *first = calloc((size_t)n + 2, sizeof *first);
    int32_t *of_run = calloc((size_t)n + 1, sizeof *of_run);
    bool ok = list != NULL;
    if (ok && (!places || !first || !of_run))
        ok = dv_fail(err, DV_NO_MEMORY, "no memory for %d classes", n);
    if (ok) {
        sort_images(w, n, places, first, of_run);
        memset(of_run, 0, (size_t)n * sizeof *of_run);
        for (int32_t i = 0; i < w->index->n_files; i++)
            if (d->classes[i] >= 0)
                of_run[d->classes[i]]++;
        ok = write_class_names(d, err) &&
             write_class_files(d, list, n_list, places, first, of_run, err);
    }
    free(list);
    free(places);
    free(first);
    free(of_run);
    return ok;
}

/* -- images ----------------------------------------------------------------------------------- */

static int by_place(const void *a, const void *b)
{
    const int32_t *p = a, *q = b; /* (place, layer, unit) */
    for (int i = 0; i < 3; i++)
        if (p[i] != q[i])
            return p[i] < q[i] ? -1 : 1;
    return 0;
}

/* Units that the image is a hit of. room: (columns of the image, 3). */
static void put_image(dv_json *w, const dv_atlas_work *work, const dv_atlas_image *image,
                      int32_t (*room)[3])
{
    int n = 0;
    for (int i = image->first; i < image[1].first; i++) {
        const dv_atlas_column *c = work->by_image[i];
        const dv_atlas_unit *u = &work->units[c->unit];
        if (c->sample)
            continue;
        room[n][0] = (int32_t)(c - u->columns);
        room[n][1] = u->layer;
        room[n++][2] = c->unit - work->layers[u->layer].first;
    }
    qsort(room, (size_t)n, sizeof *room, by_place);
    dv_json_space(w, "\n");
    dv_json_object(w, NULL);
    dv_json_put_int(w, "w", image->width);
    dv_json_put_int(w, "h", image->height);
    if (image->class >= 0)
        dv_json_put_int(w, "class", image->class);
    else
        dv_json_put_null(w, "class");
    dv_json_put_bool(w, "photo", image->there && work->options->context);
    dv_json_list(w, "hits");
    for (int i = 0; i < n && i < MOST_HITS; i++) {
        const int32_t hit[3] = { room[i][1], room[i][2], room[i][0] };
        dv_json_put_ints(w, NULL, hit, 3);
    }
    dv_json_end(w);
    dv_json_put_int(w, "more", n > MOST_HITS ? n - MOST_HITS : 0);
    dv_json_end(w);
}

static bool write_image_names(const dv_atlas_data *d, dv_error *err)
{
    const dv_atlas_work *w = d->work;
    dv_data_file f;
    dv_data_begin(&f);
    dv_json_object(&f.json, NULL);
    dv_json_list(&f.json, "names");
    for (int i = 0; i < w->n_images; i++)
        dv_json_put_text(&f.json, NULL, dv_index_file_of(w->index, w->images[i].image)->path);
    dv_json_end(&f.json);
    dv_json_list(&f.json, "numbers");
    for (int i = 0; i < w->n_images; i++)
        dv_json_put_int(&f.json, NULL, w->images[i].image);
    dv_json_end(&f.json);
    dv_json_end(&f.json);
    return dv_data_end(d, &f, true, "images.js", err);
}

bool dv_data_images(const dv_atlas_data *d, dv_error *err)
{
    const dv_atlas_work *w = d->work;
    int32_t(*room)[3] = malloc(((size_t)w->n_columns + 1) * sizeof *room);
    if (!room)
        return dv_fail(err, DV_NO_MEMORY, "no memory for %d hits", w->n_columns);
    bool ok = write_image_names(d, err);
    for (int from = 0; ok && from < w->n_images; from += IMAGES_A_FILE) {
        dv_data_file f;
        char name[40];
        dv_data_begin(&f);
        dv_json_list(&f.json, NULL);
        for (int i = from; i < w->n_images && i < from + IMAGES_A_FILE; i++)
            put_image(&f.json, w, &w->images[i], room);
        dv_json_end(&f.json);
        snprintf(name, sizeof name, "images-%d.js", from / IMAGES_A_FILE);
        ok = dv_data_end(d, &f, ok, name, err);
    }
    free(room);
    return ok;
}
