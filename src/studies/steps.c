#include "studies/steps.h"

#include "deconvviz/draw.h"
#include "image/photo.h"
#include "run/crew.h"
#include "run/watch.h"
#include "studies/steps_draw.h"

#include <stdlib.h>

typedef struct study {
    dv_steps_walk walk;
    const char *image;
    dv_crew crew;
    dv_photo photo;
    dv_image seen;
} study;

static bool hire(study *s, int tensor, dv_error *err)
{
    const dv_steps_options *o = s->walk.o;
    int *keep = calloc((size_t)s->walk.model->n_values + 1, sizeof *keep);
    if (!keep)
        return dv_fail(err, DV_NO_MEMORY, "no memory for the stages");
    const dv_request r = { .n_keep = dv_steps_keep(s->walk.model, tensor, keep),
                           .keep = keep,
                           .rules = 1U << o->rule,
                           .rectify = o->rectify,
                           .exact = o->exact };
    const dv_crew_options c = { .request = &r, .pool = o->pool, .units = 1, .alone = true };
    const bool ok = dv_crew_hire(&s->crew, s->walk.model, &c, err);
    free(keep);
    return ok;
}

static bool draw(const study *s, const dv_unit *u, const char *layer, dv_error *err)
{
    const dv_steps_options *o = s->walk.o;
    const dv_model *m = s->walk.model;
    dv_box field;
    const dv_provenance says = { .model = dv_model_name(m),
                                 .model_sha256 = dv_model_sha256(m, err),
                                 .image = s->image,
                                 .image_sha256 = s->photo.sha256,
                                 .rule = dv_rule_name(o->rule),
                                 .rectify = o->rectify,
                                 .seed = o->seed == DV_SEED_ONE ? "one" : "value",
                                 .layer = layer,
                                 .tensor = dv_tensor_name(m, u->tensor),
                                 .unit = u,
                                 .shape = dv_tensor_shape(m, u->tensor),
                                 .value = s->walk.steps->value,
                                 .scale = dv_signal_scale(&s->walk.result) };
    return says.model_sha256 && dv_model_field(m, u->tensor, dv_unit_box(m, u), &field, err) &&
           dv_steps_draw(&s->walk, &s->seen, &field, &says, err);
}

static bool take_steps(study *s, dv_error *err)
{
    const dv_steps_options *o = s->walk.o;
    const dv_selection *layer = &o->units->layers[0];
    dv_unit u;
    if (!hire(s, layer->tensor, err))
        return false;
    const dv_worker *w = s->crew.workers;
    if (!dv_photo_read(&s->photo, s->image, NULL, &o->preprocess, w->input, err) ||
        !dv_draw_input(&s->seen, w->input, &o->preprocess, err) ||
        !dv_watch_goes_on(&o->watch, 0, 1, "units", err))
        return false;
    if (!dv_trace_forward(w->trace, w->input, err) ||
        !dv_select_units(w->trace, s->walk.model, layer, &o->position, &u, err) ||
        !dv_steps_walk_back(&s->walk, w->trace, w->projectors[0], &u, err))
        return dv_fail_in(err, "%s: layer %s", s->image, layer->layer);
    return !o->figure.path || draw(s, &u, layer->layer, err);
}

static bool check(const dv_steps_options *o, dv_error *err)
{
    if (o->maps < 1 || o->maps > DV_STEPS_MAPS)
        return dv_fail(err, DV_BAD_USAGE, "%d maps of a stage: 1 to %d are possible", o->maps,
                       DV_STEPS_MAPS);
    return !o->figure.path || dv_figure_check(&o->figure, err);
}

bool dv_steps_of(const dv_model *m, const char *image, const dv_steps_options *o, dv_steps *s,
                 dv_error *err)
{
    if (o->units->n != 1 || o->units->n_units != 1)
        return dv_fail(err, DV_BAD_USAGE, "the steps of %d units: one is shown at a time",
                       o->units->n_units);
    *s = (dv_steps){ .n = 0 };
    study t = { .walk = { .model = m, .o = o, .steps = s }, .image = image };
    const bool ok = check(o, err) && take_steps(&t, err);
    dv_image_free(&t.seen);
    dv_photo_free(&t.photo);
    dv_crew_dismiss(&t.crew);
    if (!ok)
        dv_steps_free(s);
    else if (o->figure.path)
        dv_watch_wrote(&o->watch, o->figure.path);
    return ok;
}

/* -- the table -------------------------------------------------------------------------------- */

enum { WAY, STAGE, OPERATOR, SHAPE, FIELD, LEAST, MOST, NORM, NONZERO, N_COLUMNS };

static const dv_column columns[N_COLUMNS] = {
    [WAY] = { .key = "way", .title = "way" },
    [STAGE] = { .key = "tensor", .title = "tensor" },
    [OPERATOR] = { .key = "operator", .title = "by" },
    [SHAPE] = { .key = "shape", .title = "shape", .kind = DV_COLUMN_INTS, .list = "x" },
    [FIELD] = { .key = "field", .title = "its field", .kind = DV_COLUMN_INTS, .list = "x" },
    [LEAST] = { .key = "min",
                .title = "min",
                .kind = DV_COLUMN_REAL,
                .right = true,
                .shown = { 'g', 3 } },
    [MOST] = { .key = "max",
               .title = "max",
               .kind = DV_COLUMN_REAL,
               .right = true,
               .shown = { 'g', 3 } },
    [NORM] = { .key = "norm",
               .title = "L2 norm",
               .kind = DV_COLUMN_REAL,
               .right = true,
               .shown = { 'g', 3 } },
    [NONZERO] = { .key = "nonzero",
                  .title = "not 0",
                  .kind = DV_COLUMN_REAL,
                  .right = true,
                  .shown = { 'f', 3 } },
};

static void add_row(dv_table *t, const char *way, const char *by, const dv_stage *s,
                    const dv_stage_numbers *n)
{
    const dv_box *b = &s->box;
    const int32_t field[] = { b->hi[DV_C] - b->lo[DV_C], b->hi[DV_Y] - b->lo[DV_Y],
                              b->hi[DV_X] - b->lo[DV_X] };
    dv_table_row(t);
    dv_table_text(t, WAY, way);
    dv_table_text(t, STAGE, s->tensor);
    dv_table_text(t, OPERATOR, by);
    dv_table_ints(t, SHAPE, s->shape.dim, s->shape.rank);
    dv_table_ints(t, FIELD, field, 3);
    dv_table_real(t, LEAST, (double)n->min);
    dv_table_real(t, MOST, (double)n->max);
    dv_table_real(t, NORM, n->norm);
    dv_table_real(t, NONZERO, n->nonzero);
}

dv_table dv_steps_table(const dv_steps *s)
{
    dv_table t = { .columns = columns, .n_columns = N_COLUMNS };
    for (int i = 0; i < s->n; i++)
        add_row(&t, "there", s->stages[i].op, &s->stages[i], &s->stages[i].there);
    for (int i = s->n - 1; i >= 0; i--)
        add_row(&t, "back", s->stages[i].back, &s->stages[i], &s->stages[i].signal);
    return t;
}
