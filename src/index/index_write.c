#include "base/file.h"
#include "base/text.h"
#include "index/index_build.h"
#include "index/sum.h"
#include "run/identity.h"
#include "run/preprocess.h"

#include <inttypes.h>
#include <stdlib.h>

static void write_head(dv_text *t, const dv_index *x)
{
    dv_text_format(t, "{\"format\":\"deconvviz index\",\"version\":1,\"program\":");
    dv_text_string(t, x->program);
    dv_text_format(t, ",\n\"model\":{");
    dv_text_identity(t, &x->model);
    dv_text_format(t, "},\n\"preprocess\":{");
    dv_text_preprocess(t, &x->preprocess);
    dv_text_format(t, "},\n");
    dv_text_format(t, "\"options\":{\"k\":%d,\"per_image\":%d,\"exact\":%s},\n", x->k, x->per_image,
                   x->exact ? "true" : "false");
}

static void write_images(dv_text *t, const dv_index *x)
{
    dv_text_format(t,
                   "\"images\":{\"count\":%" PRId32 ",\"list\":\"%s\",\"read\":%" PRId32
                   ",\"skipped\":%" PRId32 ",\"reasons\":[",
                   x->count, x->list, x->read, x->skipped);
    for (int i = 0; i < x->n_skips; i++) {
        dv_text_format(t, "%s\n[%" PRId32 ",", i ? "," : "", x->skips[i].image);
        dv_text_string(t, x->skips[i].path);
        dv_text_add(t, ",", 1);
        dv_text_string(t, x->skips[i].reason);
        dv_text_add(t, "]", 1);
    }
    dv_text_format(t, "]},\n");
    bool all = true;
    for (int i = 0; i < x->shards; i++)
        all = all && x->have[i];
    if (!all) {
        dv_text_format(t, "\"shards\":{\"of\":%d,\"have\":[", x->shards);
        for (int i = 0, n = 0; i < x->shards; i++)
            if (x->have[i])
                dv_text_format(t, "%s%d", n++ ? "," : "", i + 1);
        dv_text_format(t, "]},\n");
    }
    if (x->done != x->count)
        dv_text_format(t, "\"done\":%" PRId32 ",\n", x->done);
}

static void write_histogram(dv_text *t, const dv_index_unit *u)
{
    int first = 0, end = DV_INDEX_BINS;
    while (first < end && u->histogram[first] == 0)
        first++;
    while (end > first && u->histogram[end - 1] == 0)
        end--;
    dv_text_format(t, ",\"histogram\":[");
    if (first < end)
        dv_text_format(t, "%d", first - DV_INDEX_BINS / 2);
    for (int i = first; i < end; i++)
        dv_text_format(t, ",%" PRIu32, u->histogram[i]);
    dv_text_add(t, "]", 1);
}

static float fraction(double part, double whole)
{
    return whole > 0 ? (float)(part / whole) : 0.0F;
}

static void write_unit(dv_text *t, const dv_index *x, const dv_index_layer *l, int channel)
{
    const dv_index_unit *u = &l->units[channel];
    double values = (double)x->read * l->size[DV_Y] * l->size[DV_X];
    char sum[DV_SUM_TEXT_MAX];
    dv_text_format(t, "{\"channel\":%d,\"mean\":", channel);
    if (x->read > 0)
        dv_text_float(t, (float)(dv_sum_value(u->sum) / values));
    else
        dv_text_format(t, "null");
    dv_text_format(t, ",\"max\":");
    dv_text_float(t, u->max);
    dv_text_format(t, ",\"active_images\":");
    dv_text_float(t, fraction((double)u->active_images, x->read));
    dv_text_format(t, ",\"active_positions\":");
    dv_text_float(t, fraction((double)u->active_positions, values));
    dv_text_format(t, ",\"exact\":[\"%s\",%" PRId64 ",%" PRId64 "]", dv_sum_text(u->sum, sum),
                   u->active_images, u->active_positions);
    write_histogram(t, u);
    dv_text_format(t, ",\"hits\":[");
    for (int i = 0; i < u->n_hits; i++) {
        const dv_hit *h = &u->hits[i];
        dv_text_format(t, "%s[", i ? "," : "");
        dv_text_float(t, h->value);
        dv_text_format(t, ",%" PRId32 ",%" PRId32 ",%" PRId32 "]", h->image, h->y, h->x);
    }
    dv_text_format(t, "]}");
}

static void write_layer(dv_text *t, const dv_index *x, const dv_index_layer *l)
{
    dv_text_format(t, "{\"layer\":");
    dv_text_string(t, l->layer);
    dv_text_format(t, ",\"name\":");
    dv_text_string(t, l->name);
    dv_text_format(t, ",\"tensor\":");
    dv_text_string(t, l->tensor);
    dv_text_format(t, ",\"shape\":[");
    for (int i = 0; i < l->shape.rank; i++)
        dv_text_format(t, "%s%" PRId32, i ? "," : "", l->shape.dim[i]);
    dv_text_format(t, "],\"units\":[");
    for (int c = 0; c < l->size[DV_C]; c++) {
        dv_text_format(t, "%s\n", c ? "," : "");
        write_unit(t, x, l, c);
    }
    dv_text_format(t, "]}");
}

char *dv_index_text(dv_index *x, size_t *size, dv_error *err)
{
    if (!dv_index_drop_files(x, err))
        return NULL;
    dv_text t = { 0 };
    write_head(&t, x);
    write_images(&t, x);
    dv_text_format(&t, "\"layers\":[");
    for (int i = 0; i < x->n_layers; i++) {
        dv_text_format(&t, "%s\n", i ? "," : "");
        write_layer(&t, x, &x->layers[i]);
    }
    dv_text_format(&t, "],\n\"files\":[");
    for (int i = 0; i < x->n_files; i++) {
        dv_text_format(&t, "%s\n[%" PRId32 ",", i ? "," : "", x->files[i].image);
        dv_text_string(&t, x->files[i].path);
        dv_text_format(&t, ",\"%s\"]", x->files[i].sha256);
    }
    dv_text_format(&t, "]}\n");
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
