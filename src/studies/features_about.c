#include "studies/features_about.h"

#include "base/json_write.h"
#include "deconvviz/version.h"
#include "run/identity.h"
#include "run/pooling.h"
#include "run/preprocess.h"

#include <string.h>

/* space: between members; NULL: they stand on one line. */
static bool write_head(dv_json *w, const dv_features_about *a, const char *space, dv_error *err)
{
    static const char *const truths[] = { [DV_TRUTH_NONE] = "none",
                                          [DV_TRUTH_DIRS] = "dirs",
                                          [DV_TRUTH_NAMES] = "names",
                                          [DV_TRUTH_FILE] = "file" };
    const dv_features_options *o = a->options;
    char pooling[DV_POOLING_TEXT_MAX], digest[DV_DIGEST_TEXT_MAX];
    dv_identity model;
    if (!dv_model_identity(a->model, &model, err))
        return false;
    dv_json_put_text(w, "format", "deconvviz features");
    dv_json_put_int(w, "version", 1);
    dv_json_put_text(w, "program", DV_VERSION);
    dv_json_space(w, space);
    dv_json_object(w, "model");
    dv_identity_write(w, &model);
    dv_json_end(w);
    dv_json_space(w, space);
    dv_json_object(w, "preprocess");
    dv_preprocess_write(w, &o->preprocess);
    dv_json_end(w);
    dv_json_space(w, space);
    dv_json_object(w, "options");
    dv_json_put_text(w, "pooling", dv_pooling_text(&o->pooling, pooling));
    dv_json_put_bool(w, "normalize", o->normalize);
    dv_json_put_bool(w, "exact", o->exact);
    dv_json_put_text(w, "classes", truths[o->truth ? o->truth->from : DV_TRUTH_NONE]);
    dv_json_end(w);
    dv_json_space(w, space);
    dv_json_list(w, "layers");
    for (int i = 0; i < a->n_layers; i++) {
        const dv_features_layer *l = &a->layers[i];
        const dv_shape *s = dv_tensor_shape(a->model, l->tensor);
        dv_json_space(w, space);
        dv_json_object(w, NULL);
        dv_json_put_text(w, "layer", l->layer);
        dv_json_put_text(w, "tensor", dv_tensor_name(a->model, l->tensor));
        dv_json_put_ints(w, "shape", s->dim, s->rank);
        dv_json_put_int(w, "first", (int64_t)l->first);
        dv_json_put_int(w, "count", (int64_t)l->count);
        dv_json_end(w);
    }
    dv_json_end(w);
    memset(digest, '0', sizeof digest - 1);
    digest[sizeof digest - 1] = '\0';
    dv_list_digest(a->images, digest);
    dv_json_space(w, space);
    dv_json_object(w, "images");
    dv_json_put_int(w, "count", a->images->count);
    dv_json_put_text(w, "list", digest);
    dv_json_end(w);
    dv_json_space(w, space);
    dv_json_put_ints(w, "shard", (const int32_t[]){ o->shard, o->shards }, 2);
    return true;
}

bool dv_features_head(dv_text *to, const dv_features_about *a, dv_error *err)
{
    dv_json w = { .to = to };
    dv_json_object(&w, NULL);
    if (!write_head(&w, a, NULL, err))
        return false;
    dv_json_end(&w);
    for (size_t i = 0; i < to->size; i++)
        if (to->data[i] == '\n') /* layout: in texts it is an escape */
            to->data[i] = ' ';
    dv_json_line(&w);
    return dv_text_ok(to, "what features are of", err);
}

bool dv_features_describe(dv_text *to, const dv_features_about *a, const dv_features_file *f,
                          dv_error *err)
{
    const dv_features_options *o = a->options;
    dv_json w = { .to = to };
    dv_json_object(&w, NULL);
    if (!write_head(&w, a, "\n", err))
        return false;
    dv_json_space(&w, "\n");
    dv_json_put_ints(&w, "npy", (const int32_t[]){ f->rows, (int32_t)a->values }, 2);
    dv_json_space(&w, "\n");
    dv_json_list(&w, "skipped");
    for (int i = 0; i < f->n_skips; i++) {
        const int32_t image = (o->shard - 1) + f->skips[i].task * o->shards;
        dv_json_space(&w, "\n");
        dv_json_list(&w, NULL);
        dv_json_put_int(&w, NULL, image);
        dv_json_put_text(&w, NULL, dv_list_path(a->images, image));
        dv_json_put_text(&w, NULL, f->skips[i].reason);
        dv_json_end(&w);
    }
    dv_json_end(&w);
    dv_json_end(&w);
    dv_json_line(&w);
    return dv_text_ok(to, "what features are of", err);
}
