/* atlas_data_front.c - data/front.js: the network, its layers, and the settings of the run. */
#include "atlas/atlas_data.h"
#include "deconvviz/version.h"
#include "graph/model.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static void fact(dv_json *w, const char *key, const dv_text *value)
{
    dv_json_list(w, NULL);
    dv_json_put_text(w, NULL, key);
    dv_json_put_text(w, NULL, value->data ? value->data : "");
    dv_json_end(w);
}

static void say_preprocess(dv_text *t, const dv_preprocess *p)
{
    if (p->resize)
        dv_text_format(t, "shorter side to %d pixels, centre %d x %d", p->resize, p->size[0],
                       p->size[1]);
    else
        dv_text_format(t, "stretched to %d x %d", p->size[0], p->size[1]);
    dv_text_format(t, ", %s, times %.6g",
                   p->channels == 1 ? "grey"
                   : p->bgr         ? "BGR"
                                    : "RGB",
                   (double)p->scale);
    for (int i = 0; i < p->channels; i++)
        dv_text_format(t, "%s%.6g", i ? ", " : ", less ", (double)p->mean[i]);
    for (int i = 0; i < p->channels; i++)
        dv_text_format(t, "%s%.6g", i ? ", " : ", divided by ", (double)p->std[i]);
}

/* One text after the other goes into t. */
static void put_facts(dv_json *w, const dv_atlas_work *work, dv_text *t)
{
    const dv_index *x = work->index;
    dv_json_list(w, "facts");
#define FACT(key, ...) (t->size = 0, dv_text_format(t, __VA_ARGS__), fact(w, key, t))
    FACT("Images", "%d read, %d skipped", (int)x->read, (int)x->skipped);
    FACT("Hits", "%d a unit, at most %d an image", x->k, x->per_image);
    if (x->sample > 0)
        FACT("Samples", "%d a unit, of the images that excite it", x->sample);
    t->size = 0;
    say_preprocess(t, &x->preprocess);
    fact(w, "Preprocessing", t);
    FACT("Kernels", "%s", x->exact ? "with the smallest rounding error" : "fast");
    FACT("Way back", "from the unit's own value, %s",
         work->options->rectify == DV_RECTIFY_ALL ? "rectified at every activation"
                                                  : "rectified at ReLUs");
    if (work->options->compared > 0)
        FACT("Other rules", "of the %d best hits of a unit", work->options->compared);
    FACT("Pictures", "JPEG, quality %d", work->options->quality);
    FACT("Mined by", "deconvviz %s", x->program);
#undef FACT
    dv_json_end(w);
}

static void put_commands(dv_json *w, const dv_atlas_work *work, dv_text *t)
{
    const dv_atlas_options *o = work->options;
    const char *all = o->rectify == DV_RECTIFY_ALL ? " --rectify all" : "";
    dv_json_object(w, "commands");
    if (o->projects) {
        t->size = 0;
        dv_text_format(t, "%s -l {layer} -c {unit} -p {y},{x} --rule {rule}%s {image}", o->projects,
                       all);
        dv_json_put_text(w, "projection", t->data);
        t->size = 0;
        dv_text_format(t, "%s -l {layer} -c {unit} --rule {rule}%s {image}", o->projects, all);
        dv_json_put_text(w, "point", t->data);
    }
    if (o->command)
        dv_json_put_text(w, "atlas", o->command);
    dv_json_end(w);
}

static void put_columns(dv_json *w, const dv_atlas_data *d)
{
    dv_json_list(w, "columns");
    for (int i = 0; i < DV_N_NUMBERS; i++) {
        const dv_number_words *n = &dv_number_table[i];
        bool known = false;
        for (int u = 0; u < d->work->n_units && !known; u++)
            known = !isnan(dv_number_of(d, u, i));
        if (!known)
            continue;
        dv_json_object(w, NULL);
        dv_json_put_text(w, "key", n->key);
        dv_json_put_text(w, "title", n->title);
        dv_json_put_text(w, "kind", n->kind);
        dv_json_put_text(w, "group", n->group);
        dv_json_put_text(w, "about", n->about);
        dv_json_put_text(w, "source", n->source);
        dv_json_end(w);
    }
    dv_json_end(w);
}

/* -- layers ----------------------------------------------------------------------------------- */

/* The unit that stands for the layer: that which is most above its mean; where means are no
 * measure, the strongest. */
static int best_unit(const dv_atlas_data *d, const dv_atlas_layer *l)
{
    bool by_mean = true;
    int best = -1;
    double most = 0;
    for (int i = 0; i < l->n; i++)
        if (d->work->units[l->first + i].n_hits > 0)
            by_mean = by_mean && dv_number_of(d, l->first + i, DV_NUMBER_MEAN) > 0;
    for (int i = 0; i < l->n; i++) {
        const dv_atlas_unit *u = &d->work->units[l->first + i];
        if (u->n_hits == 0 || !u->columns->shown)
            continue;
        const double max = dv_number_of(d, l->first + i, DV_NUMBER_MAX);
        const double v = by_mean ? max / dv_number_of(d, l->first + i, DV_NUMBER_MEAN) : max;
        if (best < 0 || v > most) {
            best = i;
            most = v;
        }
    }
    return best;
}

static bool put_from(dv_json *w, const dv_atlas_work *work, int layer, dv_error *err)
{
    dv_reading parts[DV_MOST_READINGS];
    const int n = dv_atlas_readings(work, layer, parts);
    if (n < 0)
        return dv_fail(err, DV_NO_MEMORY, "no memory to follow layers");
    dv_json_list(w, "from");
    for (int from = DV_FROM_INPUT; from < work->n_layers; from++) {
        bool reads = false;
        for (int i = 0; i < n; i++)
            reads = reads || parts[i].layer == from;
        if (reads)
            dv_json_put_int(w, NULL, from);
    }
    dv_json_end(w);
    return true;
}

static const char *operator_of(const dv_model *m, const dv_atlas_layer *l)
{
    const int producer = m->values[l->tensor].producer;
    return l->node >= 0    ? m->nodes[l->node].op->name
           : producer >= 0 ? m->nodes[producer].op->name
                           : "Input";
}

/* "3 x 3, stride 2, 4 groups" */
static void say_kernel(dv_text *t, const dv_model *m, const dv_atlas_layer *l)
{
    t->size = 0;
    if (l->node < 0)
        return;
    const dv_node *n = &m->nodes[l->node];
    const dv_shape *s = &m->values[n->in[1]].shape;
    for (int i = 2; i < s->rank; i++)
        dv_text_format(t, "%s%d", i > 2 ? " x " : "", (int)s->dim[i]);
    for (int i = 0; i < n->n_attrs; i++) {
        const dv_attr *a = &n->attrs[i];
        if (strcmp(a->name, "strides") == 0 && a->kind == DV_ATTR_INTS && a->n > 0 &&
            a->v.ints[0] > 1)
            dv_text_format(t, ", stride %d", (int)a->v.ints[0]);
        if (strcmp(a->name, "group") == 0 && a->kind == DV_ATTR_INT && a->v.i > 1)
            dv_text_format(t, ", %d groups", (int)a->v.i);
    }
}

static void put_pair(dv_json *w, const char *key, const int32_t v[2])
{
    if (v[0] > 0 && v[1] > 0)
        dv_json_put_ints(w, key, v, 2);
    else
        dv_json_put_null(w, key);
}

static bool put_layer(dv_json *w, const dv_atlas_data *d, int layer, dv_text *t, dv_error *err)
{
    const dv_atlas_work *work = d->work;
    const dv_atlas_layer *l = &work->layers[layer];
    const int best = best_unit(d, l);
    dv_json_space(w, "\n");
    dv_json_object(w, NULL);
    dv_json_put_text(w, "id", l->mined->layer);
    dv_json_put_text(w, "name", l->mined->name);
    dv_json_put_text(w, "tensor", l->mined->tensor);
    dv_json_put_text(w, "op", operator_of(work->model, l));
    say_kernel(t, work->model, l);
    if (t->size > 0)
        dv_json_put_text(w, "detail", t->data);
    dv_json_put_ints(w, "shape", l->mined->shape.dim, l->mined->shape.rank);
    put_pair(w, "field", l->field);
    put_pair(w, "stride", l->stride);
    dv_json_put_int(w, "units", l->n);
    dv_json_put_int(w, "dead", l->dead);
    if (best >= 0)
        dv_json_put_int(w, "best", best);
    else
        dv_json_put_null(w, "best");
    const bool ok = put_from(w, work, layer, err);
    dv_json_end(w);
    return ok;
}

bool dv_data_front(const dv_atlas_data *d, dv_error *err)
{
    const dv_atlas_work *work = d->work;
    const dv_identity *model = &work->index->model;
    dv_data_file f;
    dv_text t = { 0 };
    dv_data_begin(&f);
    dv_json *w = &f.json;
    dv_json_object(w, NULL);
    dv_json_put_text(w, "format", "deconvviz atlas");
    dv_json_put_int(w, "version", 1);
    dv_json_put_text(w, "program", DV_VERSION);
    dv_json_put_text(w, "title", model->name);
    dv_json_object(w, "model");
    dv_json_put_text(w, "path", model->path);
    dv_json_put_text(w, "sha256", model->sha256);
    dv_json_end(w);
    const dv_shape *in = dv_tensor_shape(work->model, dv_model_input(work->model));
    dv_json_put_ints(w, "input", in->dim, in->rank);
    put_facts(w, work, &t);
    put_commands(w, work, &t);
    dv_json_list(w, "rules");
    for (int i = 0; i < (work->options->compared > 0 ? DV_N_RULES : 1); i++)
        dv_json_put_text(w, NULL, dv_rule_name(dv_atlas_rules[i]));
    dv_json_end(w);
    if (work->options->against)
        dv_json_put_bool(w, "against", true);
    dv_json_put_int(w, "n_images", work->n_images);
    dv_json_put_int(w, "n_classes", dv_atlas_has_classes(work) ? work->options->labels->n : 0);
    put_columns(w, d);
    dv_json_list(w, "layers");
    bool ok = true;
    for (int i = 0; ok && i < work->n_layers; i++)
        ok = put_layer(w, d, i, &t, err);
    dv_json_end(w);
    dv_json_end(w);
    ok = ok && dv_text_ok(&t, "facts", err);
    free(t.data);
    return dv_data_end(d, &f, ok, "front.js", err);
}
