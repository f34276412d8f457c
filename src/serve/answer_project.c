/* answer_project.c - one unit back in pixel space: the very bytes that `deconvviz project` writes.
 */
#include "base/file.h"
#include "base/folder.h"
#include "base/path.h"
#include "base/shell_word.h"
#include "plot/figure.h"
#include "run/scene.h"
#include "serve/server.h"
#include "tensor/npy.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { PICTURE_SIDE = 224 /* of a picture that suits the eye, as `project` has it */ };

/* -- the unit --------------------------------------------------------------------------------- */

static bool find_unit(const dv_question *q, const dv_sight *t, const dv_served_layer *l, dv_unit *u,
                      dv_error *err)
{
    const dv_position *at = &q->asked.at;
    if (q->asked.unit < 0)
        return dv_fail(err, DV_BAD_USAGE, "no unit was said");
    *u = (dv_unit){ l->layer->tensor, q->asked.unit, at->y, at->x };
    if (at->strongest)
        (void)dv_strongest(t->trace, u);
    else if (at->whole)
        u->y = u->x = DV_ALL;
    const dv_box box = dv_unit_box(t->of->model, u);
    return !dv_box_empty(&box) ||
           dv_fail(err, DV_BAD_USAGE, "position %d,%d: the maps of layer %s are %d x %d", (int)u->y,
                   (int)u->x, l->id, (int)l->size[DV_Y], (int)l->size[DV_X]);
}

typedef struct projected {
    dv_sight *sight;
    dv_scene scene;
    dv_result result;
} projected;

static bool project(dv_server *s, const dv_question *q, projected *p, dv_error *err)
{
    const dv_asked *a = &q->asked;
    const dv_served_layer *l;
    dv_sight *t = p->sight = dv_question_sight(s, q, &l, err);
    dv_result *r = &p->result;
    *r = (dv_result){ .layer = a->layer };
    if (!t || !find_unit(q, t, l, &r->unit, err) ||
        !dv_model_field(t->of->model, r->unit.tensor, dv_unit_box(t->of->model, &r->unit),
                        &r->field, err) ||
        !dv_project(t->projector, &r->unit, a->rule, a->seed, &r->signal, err))
        return false;
    r->value = dv_unit_value(t->trace, &r->unit);
    r->own_scale = dv_signal_scale(&r->signal);
    r->scale = a->scale > 0 ? a->scale : r->own_scale;
    p->scene = (dv_scene){ .model = t->of->model,
                           .preprocess = t->of->preprocess,
                           .image = t->path ? t->path : t->name,
                           .image_sha256 = t->sha256,
                           .model_sha256 = dv_model_sha256(t->of->model, err),
                           .seen = t->seen,
                           .rule = a->rule,
                           .rectify = a->rectify,
                           .seed = a->seed,
                           .view = a->view,
                           .zoom = a->zoom,
                           .side = PICTURE_SIDE };
    return p->scene.model_sha256 != NULL;
}

/* -- what is made of it ----------------------------------------------------------------------- */

static bool answer_png(const projected *p, dv_reply *r, dv_error *err)
{
    uint8_t *png;
    size_t size;
    if (!dv_scene_encode_png(&png, &size, &p->scene, &p->result, err))
        return false;
    dv_reply_bytes(r, "image/png", png, size);
    return true;
}

static bool answer_npy(const projected *p, dv_reply *r, dv_error *err)
{
    dv_shape shape;
    char header[DV_NPY_HEADER_MAX];
    float *data = dv_scene_array(&p->scene, &p->result, &shape, err);
    if (!data)
        return false;
    const size_t head = dv_npy_header(&shape, header);
    const size_t body = dv_shape_count(&shape) * sizeof *data;
    uint8_t *bytes = malloc(head + body);
    if (bytes) {
        memcpy(bytes, header, head);
        memcpy(bytes + head, data, body);
        dv_reply_bytes(r, "application/octet-stream", bytes, head + body);
    }
    free(data);
    return bytes || dv_fail(err, DV_NO_MEMORY, "no memory for an array");
}

static bool answer_json(const projected *p, dv_reply *r, dv_error *err)
{
    const dv_box *b = &p->result.field;
    const int32_t box[] = { b->lo[DV_Y], b->lo[DV_X], b->hi[DV_Y], b->hi[DV_X] };
    dv_reply_json j;
    dv_json *w = dv_reply_begin(&j);
    dv_json_object(w, NULL);
    dv_json_put_float(w, "value", p->result.value);
    dv_json_put_int(w, "y", p->result.unit.y);
    dv_json_put_int(w, "x", p->result.unit.x);
    dv_json_put_ints(w, "box", box, 4);
    dv_json_put_float(w, "scale", p->result.scale);
    dv_json_end(w);
    return dv_reply_end(r, &j, true, err);
}

/* Patch and projection, as a figure for a paper. */
static bool draw_figure(const projected *p, dv_figure *f, const char *title, dv_error *err)
{
    const dv_preprocess *pre = p->scene.preprocess;
    const dv_rect rect = dv_view_rect(p->scene.view == DV_VIEW_FULL ? DV_VIEW_FULL : DV_VIEW_CROP,
                                      p->result.field, pre->size);
    dv_image patch = { .rgb = NULL }, drawn = { .rgb = NULL };
    const bool ok = dv_picture_crop(&patch, &p->scene.seen, rect, err) &&
                    dv_draw_signal(&drawn, &p->result.signal, rect, p->result.scale, pre->bgr, err);
    if (ok) {
        const dv_shown shown[] = { { .picture = patch, .label = "patch" },
                                   { .picture = drawn, .label = dv_rule_name(p->scene.rule) } };
        dv_figure_row(f, NULL);
        dv_figure_grid(
            f, &(dv_grid){ .title = title, .n = 2, .shown = shown, .columns = 2, .side = 40 });
    }
    dv_image_free(&patch);
    dv_image_free(&drawn);
    return ok;
}

static dv_provenance provenance_of(const projected *p)
{
    const dv_scene *s = &p->scene;
    return (dv_provenance){ .model = dv_model_name(s->model),
                            .model_sha256 = s->model_sha256,
                            .image = s->image,
                            .image_sha256 = s->image_sha256,
                            .rule = dv_rule_name(s->rule),
                            .rectify = s->rectify,
                            .seed = s->seed == DV_SEED_ONE ? "one" : "value",
                            .layer = p->result.layer,
                            .tensor = dv_tensor_name(s->model, p->result.unit.tensor),
                            .unit = &p->result.unit,
                            .shape = dv_tensor_shape(s->model, p->result.unit.tensor),
                            .value = p->result.value,
                            .scale = p->result.scale };
}

static bool read_back(const char *path, const char *type, dv_reply *r, dv_error *err)
{
    dv_file f;
    if (!dv_file_read(&f, path, DV_FILE_MAX_READ, err))
        return false;
    void *bytes = malloc(f.size + 1);
    if (bytes) {
        memcpy(bytes, f.data, f.size);
        dv_reply_bytes(r, type, bytes, f.size);
    }
    dv_file_unmap(&f);
    return bytes || dv_fail(err, DV_NO_MEMORY, "no memory for a figure");
}

/* By a file in a temporary folder: figures are written to files. */
static bool answer_figure(const projected *p, bool pdf, dv_reply *r, dv_error *err)
{
    const char *scratch = getenv("TMPDIR");
    char *name = dv_path_join(scratch && *scratch ? scratch : "/tmp", "deconvviz-serve", err);
    char *folder = name ? dv_folder_beside(name, err) : NULL;
    char *path = folder ? dv_path_join(folder, pdf ? "figure.pdf" : "figure.svg", err) : NULL;
    dv_text title = { 0 };
    dv_text_unit(&title, p->scene.model, p->result.layer, &p->result.unit, p->result.value);
    dv_figure f = { .title = NULL };
    const dv_provenance says = provenance_of(p);
    bool ok = path && dv_text_ok(&title, "a title", err) && draw_figure(p, &f, title.data, err) &&
              dv_figure_write(&f, &(dv_figure_file){ .path = path, .width = 90 }, &says, err) &&
              read_back(path, pdf ? "application/pdf" : "image/svg+xml", r, err);
    dv_figure_free(&f);
    if (folder)
        dv_folder_discard(folder);
    free(title.data);
    free(path);
    free(folder);
    free(name);
    return ok;
}

bool dv_answer_project(dv_server *s, dv_question *q, dv_reply *r, dv_error *err)
{
    projected p;
    bool ok = project(s, q, &p, err);
    if (!ok)
        return false;
    switch (q->asked.format) {
    case DV_FORMAT_NPY:
        ok = answer_npy(&p, r, err);
        break;
    case DV_FORMAT_JSON:
        ok = answer_json(&p, r, err);
        break;
    case DV_FORMAT_SVG:
        ok = answer_figure(&p, false, r, err);
        break;
    case DV_FORMAT_PDF:
        ok = answer_figure(&p, true, r, err);
        break;
    case DV_FORMAT_PNG:
    case DV_N_FORMATS:
        ok = answer_png(&p, r, err);
        break;
    }
    if (!ok)
        return false;
    const dv_rect b = dv_view_rect(q->asked.view, p.result.field, p.scene.preprocess->size);
    dv_reply_header(r, "X-Unit", "%.9g %d %d", (double)p.result.value, (int)p.result.unit.y,
                    (int)p.result.unit.x);
    dv_reply_header(r, "X-Box", "%d %d %d %d", b.y0, b.x0, b.y1, b.x1);
    dv_reply_header(r, "X-Scale", "%.9g", (double)p.result.scale);
    return true;
}

/* -- the command ------------------------------------------------------------------------------ */

static void add_option(dv_text *t, const char *option, const char *value)
{
    dv_shell_word(t, option);
    dv_shell_word(t, value);
}

/* What was done to an image is in the picture of the input alone, which the page can save. The name
 * is anybody's choice: it must not be taken for an option. */
static void add_image(dv_text *t, const dv_shelf_image *image, bool edited)
{
    const char *file = image->path && !edited ? image->path : image->name;
    dv_text word = { 0 };
    dv_text_format(&word, "%s%s%s", *file == '-' ? "./" : "", file, edited ? "-input.png" : "");
    dv_shell_word(t, word.data ? word.data : "");
    free(word.data);
}

bool dv_answer_command(dv_server *s, dv_question *q, dv_reply *r, dv_error *err)
{
    static const char *const views[] = { "pair", "crop", "full" };
    const dv_asked *a = &q->asked;
    dv_shelf_image image;
    if (a->model >= s->sights.n_models)
        return dv_fail(err, DV_BAD_USAGE, "model %d: there are 0 to %d", a->model,
                       s->sights.n_models - 1);
    if (!dv_shelf_look(&s->shelf, a->image, &image, err))
        return false;
    dv_text t = { 0 };
    dv_text_format(&t, "%s", s->sights.models[a->model].is->projects);
    add_option(&t, "-l", a->layer);
    dv_text_format(&t, " -c %d", a->unit < 0 ? 0 : a->unit);
    if (a->at.whole)
        dv_text_format(&t, " -p all");
    else if (!a->at.strongest)
        dv_text_format(&t, " -p %d,%d", (int)a->at.y, (int)a->at.x);
    if (a->rule != DV_RULE_DECONVNET)
        add_option(&t, "--rule", dv_rule_name(a->rule));
    if (a->rectify != DV_RECTIFY_RELU)
        add_option(&t, "--rectify", "all");
    if (a->seed != DV_SEED_VALUE)
        add_option(&t, "--seed", "one");
    if (a->view != DV_VIEW_PAIR)
        add_option(&t, "--view", views[a->view]);
    if (a->zoom)
        dv_text_format(&t, " --zoom %d", a->zoom);
    if (a->scale > 0) {
        dv_text_format(&t, " --scale abs:");
        dv_text_float(&t, a->scale);
    }
    add_image(&t, &image, *a->edit.text != '\0');
    dv_shelf_image_free(&image);
    dv_reply_json j;
    dv_json *w = dv_reply_begin(&j);
    dv_json_object(w, NULL);
    dv_json_put_text(w, "command", t.data ? t.data : "");
    dv_json_end(w);
    const bool ok = dv_text_ok(&t, "a command line", err);
    free(t.data);
    return dv_reply_end(r, &j, ok, err);
}
