/* reference_write.c - the manifest as text. */
#include "base/text.h"
#include "refs/reference.h"
#include "run/identity.h"
#include "run/preprocess.h"

#include <stdlib.h>

static void write_head(dv_text *t, const dv_references *r)
{
    dv_text_format(t, "{\"format\":\"deconvviz references\",\"version\":1,\"program\":");
    dv_text_string(t, r->program);
    dv_text_format(t, ",\n\"model\":{");
    dv_text_identity(t, &r->model);
    dv_text_format(t, "},\n\"preprocess\":{\"from\":\"%s\",",
                   r->own_preprocess ? "model" : "options");
    dv_text_preprocess(t, &r->preprocess);
    dv_text_format(t, "},\n\"options\":{\"rule\":\"%s\",\"seed\":\"%s\"},\n", dv_rule_name(r->rule),
                   dv_seed_name(r->seed));
}

static void write_image(dv_text *t, const dv_reference_image *i)
{
    dv_text_format(t, "{\"file\":");
    dv_text_string(t, i->file);
    dv_text_format(t, ",\"sha256\":\"%s\",\"copied\":%s}", i->sha256, i->copied ? "true" : "false");
}

static void write_number(dv_text *t, const char *key, float v)
{
    dv_text_format(t, ",\"%s\":", key);
    dv_text_float(t, v);
}

static void write_text(dv_text *t, const char *key, const char *text)
{
    dv_text_format(t, ",\"%s\":", key);
    if (text)
        dv_text_string(t, text);
    else
        dv_text_format(t, "null");
}

static void write_place(dv_text *t, const dv_reference_unit *u)
{
    dv_text_format(t, ",\"shape\":");
    for (int i = 0; i < u->shape.rank; i++)
        dv_text_format(t, "%c%d", i ? ',' : '[', (int)u->shape.dim[i]);
    dv_text_format(t, "%s],\"channel\":%d,\"at\":\"%s\",\"position\":", u->shape.rank ? "" : "[",
                   (int)u->channel, dv_reference_at_name(u->at));
    if (u->at == DV_AT_ALL)
        dv_text_format(t, "null");
    else
        dv_text_format(t, "[%d,%d]", (int)u->y, (int)u->x);
}

static void write_unit(dv_text *t, const dv_reference_unit *u)
{
    const dv_box *w = &u->window;
    dv_text_format(t, "{\"image\":%d", u->image);
    write_text(t, "layer", u->layer);
    write_text(t, "tensor", u->tensor);
    write_place(t, u);
    write_number(t, "value", u->value);
    write_number(t, "mean", u->mean);
    write_number(t, "active", u->active);
    write_number(t, "rms", u->rms);
    dv_text_format(t, ",\"window\":[%d,%d,%d,%d]", (int)w->lo[DV_X], (int)w->lo[DV_Y],
                   (int)w->hi[DV_X], (int)w->hi[DV_Y]);
    write_number(t, "norm", u->norm);
    write_number(t, "scale", u->scale);
    write_text(t, "array", u->array);
    write_text(t, "picture", u->picture);
    write_number(t, "ambiguity", u->ambiguity);
    write_number(t, "sensitivity", u->sensitivity);
    write_number(t, "value_sensitivity", u->value_sensitivity);
    dv_text_add(t, "}", 1);
}

char *dv_references_text(const dv_references *r, size_t *size, dv_error *err)
{
    dv_text t = { 0 };
    write_head(&t, r);
    dv_text_format(&t, "\"images\":[");
    for (int i = 0; i < r->n_images; i++) {
        dv_text_format(&t, "%s\n", i ? "," : "");
        write_image(&t, &r->images[i]);
    }
    dv_text_format(&t, "],\n\"units\":[");
    for (int i = 0; i < r->n_units; i++) {
        dv_text_format(&t, "%s\n", i ? "," : "");
        write_unit(&t, &r->units[i]);
    }
    dv_text_format(&t, "]}\n");
    if (!dv_text_ok(&t, "the manifest", err)) {
        free(t.data);
        return NULL;
    }
    *size = t.size;
    return t.data;
}
