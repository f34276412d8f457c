#include "base/file.h"
#include "base/json_write.h"
#include "index/index_build.h"
#include "index/sum.h"
#include "run/identity.h"
#include "run/preprocess.h"

#include <stdlib.h>

static void write_head(dv_json *w, const dv_index *x)
{
    dv_json_put_text(w, "format", "deconvviz index");
    dv_json_put_int(w, "version", 1);
    dv_json_put_text(w, "program", x->program);
    dv_json_space(w, "\n");
    dv_json_object(w, "model");
    dv_identity_write(w, &x->model);
    dv_json_end(w);
    dv_json_space(w, "\n");
    dv_json_object(w, "preprocess");
    dv_preprocess_write(w, &x->preprocess);
    dv_json_end(w);
    dv_json_space(w, "\n");
    dv_json_object(w, "options");
    dv_json_put_int(w, "k", x->k);
    dv_json_put_int(w, "per_image", x->per_image);
    dv_json_put_bool(w, "exact", x->exact);
    if (x->sample > 0)
        dv_json_put_int(w, "sample", x->sample);
    dv_json_end(w);
}

/* [number, text, text] on a line of its own. */
static void write_row(dv_json *w, int32_t image, const char *path, const char *text)
{
    dv_json_space(w, "\n");
    dv_json_list(w, NULL);
    dv_json_put_int(w, NULL, image);
    dv_json_put_text(w, NULL, path);
    dv_json_put_text(w, NULL, text);
    dv_json_end(w);
}

static void write_images(dv_json *w, const dv_index *x)
{
    dv_json_space(w, "\n");
    dv_json_object(w, "images");
    dv_json_put_int(w, "count", x->count);
    dv_json_put_text(w, "list", x->list);
    dv_json_put_int(w, "read", x->read);
    dv_json_put_int(w, "skipped", x->skipped);
    dv_json_list(w, "reasons");
    for (int i = 0; i < x->n_skips; i++)
        write_row(w, x->skips[i].image, x->skips[i].path, x->skips[i].reason);
    dv_json_end(w);
    dv_json_end(w);
}

/* What is not of the whole list. */
static void write_part(dv_json *w, const dv_index *x)
{
    bool all = true;
    for (int i = 0; i < x->shards; i++)
        all = all && x->have[i];
    if (!all) {
        dv_json_space(w, "\n");
        dv_json_object(w, "shards");
        dv_json_put_int(w, "of", x->shards);
        dv_json_list(w, "have");
        for (int i = 0; i < x->shards; i++)
            if (x->have[i])
                dv_json_put_int(w, NULL, i + 1);
        dv_json_end(w);
        dv_json_end(w);
    }
    if (x->done != x->count) {
        dv_json_space(w, "\n");
        dv_json_put_int(w, "done", x->done);
    }
}

void dv_index_put_histogram(dv_json *w, const dv_index_unit *u)
{
    int first = 0, end = DV_INDEX_BINS;
    while (first < end && u->histogram[first] == 0)
        first++;
    while (end > first && u->histogram[end - 1] == 0)
        end--;
    dv_json_list(w, "histogram");
    if (first < end)
        dv_json_put_int(w, NULL, first - DV_INDEX_BINS / 2);
    for (int i = first; i < end; i++)
        dv_json_put_int(w, NULL, u->histogram[i]);
    dv_json_end(w);
}

static void write_hits(dv_json *w, const char *key, const dv_hit *hits, int n)
{
    dv_json_list(w, key);
    for (int i = 0; i < n; i++) {
        const dv_hit *h = &hits[i];
        dv_json_list(w, NULL);
        dv_json_put_float(w, NULL, h->value);
        dv_json_put_int(w, NULL, h->image);
        dv_json_put_int(w, NULL, h->y);
        dv_json_put_int(w, NULL, h->x);
        dv_json_end(w);
    }
    dv_json_end(w);
}

static float fraction(double part, double whole)
{
    return whole > 0 ? (float)(part / whole) : 0.0F;
}

static void write_unit(dv_json *w, const dv_index *x, const dv_index_layer *l, int channel)
{
    const dv_index_unit *u = &l->units[channel];
    double values = (double)x->read * l->size[DV_Y] * l->size[DV_X];
    char sum[DV_SUM_TEXT_MAX];
    dv_json_object(w, NULL);
    dv_json_put_int(w, "channel", channel);
    if (x->read > 0)
        dv_json_put_float(w, "mean", (float)(dv_sum_value(u->sum) / values));
    else
        dv_json_put_null(w, "mean");
    dv_json_put_float(w, "max", u->max);
    dv_json_put_float(w, "active_images", fraction((double)u->active_images, x->read));
    dv_json_put_float(w, "active_positions", fraction((double)u->active_positions, values));
    dv_json_list(w, "exact");
    dv_json_put_text(w, NULL, dv_sum_text(u->sum, sum));
    dv_json_put_int(w, NULL, u->active_images);
    dv_json_put_int(w, NULL, u->active_positions);
    dv_json_end(w);
    dv_index_put_histogram(w, u);
    write_hits(w, "hits", u->hits, u->n_hits);
    if (x->sample > 0)
        write_hits(w, "sample", u->sample, u->n_sample);
    dv_json_end(w);
}

static void write_layer(dv_json *w, const dv_index *x, const dv_index_layer *l)
{
    dv_json_object(w, NULL);
    dv_json_put_text(w, "layer", l->layer);
    dv_json_put_text(w, "name", l->name);
    dv_json_put_text(w, "tensor", l->tensor);
    dv_json_put_ints(w, "shape", l->shape.dim, l->shape.rank);
    dv_json_list(w, "units");
    for (int c = 0; c < l->size[DV_C]; c++) {
        dv_json_space(w, "\n");
        write_unit(w, x, l, c);
    }
    dv_json_end(w);
    dv_json_end(w);
}

static void write_document(dv_json *w, const dv_index *x)
{
    dv_json_object(w, NULL);
    write_head(w, x);
    write_images(w, x);
    write_part(w, x);
    dv_json_space(w, "\n");
    dv_json_list(w, "layers");
    for (int i = 0; i < x->n_layers; i++) {
        dv_json_space(w, "\n");
        write_layer(w, x, &x->layers[i]);
    }
    dv_json_end(w);
    dv_json_space(w, "\n");
    dv_json_list(w, "files");
    for (int i = 0; i < x->n_files; i++)
        write_row(w, x->files[i].image, x->files[i].path, x->files[i].sha256);
    dv_json_end(w);
    dv_json_end(w);
    dv_json_line(w);
}

char *dv_index_text(dv_index *x, size_t *size, dv_error *err)
{
    if (!dv_index_drop_files(x, err))
        return NULL;
    dv_text t = { 0 };
    write_document(&(dv_json){ .to = &t }, x);
    if (!dv_text_ok(&t, "the index", err)) {
        free(t.data);
        return NULL;
    }
    *size = t.size;
    return t.data;
}

bool dv_index_write(dv_index *x, const char *path, dv_error *err)
{
    size_t size;
    char *text = dv_index_text(x, &size, err);
    bool ok = text && dv_file_write_synced(path, text, size, err);
    free(text);
    return ok;
}
