#include "atlas/atlas_settings.h"
#include "base/file.h"
#include "base/json.h"
#include "base/json_write.h"
#include "base/path.h"
#include "deconvviz/version.h"

#include <stdlib.h>
#include <string.h>

static void put_settings(dv_json *w, const dv_atlas_work *work)
{
    const dv_atlas_options *o = work->options;
    dv_json_object(w, NULL);
    dv_json_put_text(w, "format", "deconvviz atlas settings");
    dv_json_put_int(w, "version", 1);
    dv_json_put_text(w, "program", DV_VERSION);
    dv_json_put_text(w, "root", o->root);
    dv_json_put_text(w, "rectify", dv_rectify_name(o->rectify));
    dv_json_put_int(w, "compared", o->compared);
    dv_json_put_bool(w, "samples_projected", o->samples_projected);
    dv_json_put_int(w, "quality", o->quality);
    dv_json_put_bool(w, "context", o->context);
    dv_json_list(w, "layers");
    for (int i = 0; i < work->n_layers; i++) {
        const dv_atlas_layer *l = &work->layers[i];
        dv_json_space(w, "\n");
        dv_json_object(w, NULL);
        dv_json_put_text(w, "layer", l->mined->layer);
        if (l->all)
            dv_json_put_null(w, "channels");
        else
            dv_json_put_ints(w, "channels", l->channels, l->n);
        dv_json_end(w);
    }
    dv_json_end(w);
    dv_json_end(w);
    dv_json_line(w);
}

bool dv_atlas_settings_text(const dv_atlas_work *w, dv_text *t, dv_error *err)
{
    *t = (dv_text){ 0 };
    put_settings(&(dv_json){ .to = t }, w);
    return dv_text_ok(t, "the settings of an atlas", err);
}

/* -- reading ---------------------------------------------------------------------------------- */

static bool read_channels(const cJSON *o, dv_sheets_pick *p, dv_arena *a, dv_error *err)
{
    const int most = p->layer->size[DV_C];
    const cJSON *list = dv_json_get(o, "channels");
    const bool all = cJSON_IsNull(list);
    int n = most;
    if (!all && !dv_json_get_list(o, "channels", 1, most, &list, &n, err))
        return false;
    int32_t *channels = dv_arena_array(a, (size_t)n, sizeof *channels, err);
    const cJSON *item = all ? NULL : list->child;
    for (int i = 0; channels && i < n; i++, item = all ? NULL : item->next) {
        int64_t v = i;
        if (!all && !dv_json_int(item, "\"channels\"", 0, most - 1, &v, err))
            return false;
        channels[i] = (int32_t)v;
    }
    p->n = n;
    p->channels = channels;
    return channels != NULL;
}

static bool read_picks(const cJSON *doc, const dv_index *x, dv_atlas_options *o, dv_arena *a,
                       dv_error *err)
{
    const cJSON *list;
    int n;
    if (!dv_json_get_list(doc, "layers", 1, x->n_layers, &list, &n, err))
        return false;
    dv_sheets_pick *picks = dv_arena_array(a, (size_t)n, sizeof *picks, err);
    o->n_picks = 0;
    o->picks = picks;
    for (const cJSON *item = list->child; picks && item; item = item->next) {
        dv_sheets_pick *p = &picks[o->n_picks++];
        const char *layer;
        if (!dv_json_get_string(item, "layer", &layer, err))
            return false;
        p->layer = dv_index_find(x, layer);
        if (!p->layer)
            return dv_fail(err, DV_BAD_DATA, "layer '%.60s' is not in its index", layer);
        if (!read_channels(item, p, a, err))
            return false;
    }
    return picks != NULL;
}

static bool read_settings(const cJSON *doc, const dv_index *x, dv_atlas_options *o, dv_arena *a,
                          dv_error *err)
{
    static const char *const rectify[] = { "relu", "all", NULL };
    int which;
    if (!dv_json_check_format(doc, "deconvviz atlas settings", 1, "not the settings of an atlas",
                              err) ||
        !dv_json_get_choice(doc, "rectify", rectify, &which, err) ||
        !dv_json_get_int(doc, "compared", 0, DV_ATLAS_HITS, &o->compared, err) ||
        !dv_json_get_bool(doc, "samples_projected", &o->samples_projected, err) ||
        !dv_json_get_int(doc, "quality", 1, 100, &o->quality, err) ||
        !dv_json_get_bool(doc, "context", &o->context, err))
        return false;
    o->rectify = (dv_rectify)which;
    o->root = NULL;
    const cJSON *root = dv_json_get(doc, "root");
    if (cJSON_IsString(root) &&
        !(o->root = dv_arena_text(a, root->valuestring, strlen(root->valuestring), err)))
        return false;
    return read_picks(doc, x, o, a, err);
}

bool dv_atlas_settings_parse(const void *data, size_t size, const dv_index *x, dv_atlas_options *o,
                             dv_arena *a, dv_error *err)
{
    cJSON *doc = dv_json_parse(data, size, DV_JSON_MAX_VALUES, err);
    const bool ok = doc && read_settings(doc, x, o, a, err);
    cJSON_Delete(doc);
    return ok;
}

bool dv_atlas_settings_read(const char *folder, const dv_index *x, dv_atlas_options *o, dv_arena *a,
                            dv_error *err)
{
    dv_file f;
    char *path = dv_path_join(folder, "atlas.json", err);
    if (!path || !dv_file_read(&f, path, DV_FILE_MAX_READ, err)) {
        free(path);
        return false;
    }
    const bool ok =
        dv_atlas_settings_parse(f.data, f.size, x, o, a, err) || dv_fail_in(err, "%s", path);
    dv_file_unmap(&f);
    free(path);
    return ok;
}
