/* reference_write.c - the manifest as text. */
#include "base/json_write.h"
#include "refs/reference.h"
#include "run/identity.h"
#include "run/preprocess.h"

#include <stdlib.h>

static void write_head(dv_json *w, const dv_references *r)
{
    dv_json_put_text(w, "format", "deconvviz references");
    dv_json_put_int(w, "version", 1);
    dv_json_put_text(w, "program", r->program);
    dv_json_space(w, "\n");
    dv_json_object(w, "model");
    dv_identity_write(w, &r->model);
    dv_json_end(w);
    dv_json_space(w, "\n");
    dv_json_object(w, "preprocess");
    dv_json_put_text(w, "from", r->own_preprocess ? "model" : "options");
    dv_preprocess_write(w, &r->preprocess);
    dv_json_end(w);
    dv_json_space(w, "\n");
    dv_json_object(w, "options");
    dv_json_put_text(w, "rule", dv_rule_name(r->rule));
    dv_json_put_text(w, "seed", dv_seed_name(r->seed));
    if (r->rectify != DV_RECTIFY_RELU)
        dv_json_put_text(w, "rectify", dv_rectify_name(r->rectify));
    dv_json_end(w);
}

static void write_image(dv_json *w, const dv_reference_image *i)
{
    dv_json_object(w, NULL);
    dv_json_put_text(w, "file", i->file);
    dv_json_put_text(w, "sha256", i->sha256);
    dv_json_put_bool(w, "copied", i->copied);
    dv_json_end(w);
}

static void write_place(dv_json *w, const dv_reference_unit *u)
{
    dv_json_put_ints(w, "shape", u->shape.dim, u->shape.rank);
    dv_json_put_int(w, "channel", u->channel);
    dv_json_put_text(w, "at", dv_reference_at_name(u->at));
    if (u->at == DV_AT_ALL)
        dv_json_put_null(w, "position");
    else
        dv_json_put_ints(w, "position", (const int32_t[]){ u->y, u->x }, 2);
}

static void write_unit(dv_json *w, const dv_reference_unit *u)
{
    const dv_box *b = &u->window;
    const int32_t window[] = { b->lo[DV_X], b->lo[DV_Y], b->hi[DV_X], b->hi[DV_Y] };
    dv_json_object(w, NULL);
    dv_json_put_int(w, "image", u->image);
    dv_json_put_text(w, "layer", u->layer);
    dv_json_put_text(w, "tensor", u->tensor);
    write_place(w, u);
    dv_json_put_float(w, "value", u->value);
    dv_json_put_float(w, "mean", u->mean);
    dv_json_put_float(w, "active", u->active);
    dv_json_put_float(w, "rms", u->rms);
    dv_json_put_ints(w, "window", window, 4);
    dv_json_put_float(w, "norm", u->norm);
    dv_json_put_float(w, "scale", u->scale);
    dv_json_put_text(w, "array", u->array);
    dv_json_put_text(w, "picture", u->picture);
    dv_json_put_float(w, "ambiguity", u->ambiguity);
    dv_json_put_float(w, "sensitivity", u->sensitivity);
    dv_json_put_float(w, "value_sensitivity", u->value_sensitivity);
    dv_json_end(w);
}

static void write_document(dv_json *w, const dv_references *r)
{
    dv_json_object(w, NULL);
    write_head(w, r);
    dv_json_space(w, "\n");
    dv_json_list(w, "images");
    for (int i = 0; i < r->n_images; i++) {
        dv_json_space(w, "\n");
        write_image(w, &r->images[i]);
    }
    dv_json_end(w);
    dv_json_space(w, "\n");
    dv_json_list(w, "units");
    for (int i = 0; i < r->n_units; i++) {
        dv_json_space(w, "\n");
        write_unit(w, &r->units[i]);
    }
    dv_json_end(w);
    dv_json_end(w);
    dv_json_line(w);
}

char *dv_references_text(const dv_references *r, size_t *size, dv_error *err)
{
    dv_text t = { 0 };
    write_document(&(dv_json){ .to = &t }, r);
    if (!dv_text_ok(&t, "the manifest", err)) {
        free(t.data);
        return NULL;
    }
    *size = t.size;
    return t.data;
}
