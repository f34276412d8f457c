#include "studies/compare_rules.h"

#include "base/text.h"
#include "draw/provenance.h"
#include "image/photo.h"
#include "run/crew.h"
#include "run/scene.h"
#include "run/watch.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { TILES = 1 + DV_N_RULES /* of a row */, SIDE = 176 };

typedef struct study {
    const dv_model *model;
    const char *image;
    const dv_compare_rules_options *o;
    const dv_worker *worker;
    dv_photo photo;
    dv_image seen;
    dv_unit *units; /* (n_units) */
    dv_tile *tiles; /* (n_units, TILES) their pictures are owned */
    char **labels;  /* (n_units, TILES) theirs, owned */
    dv_compared_rules *results;
} study;

/* -- one unit --------------------------------------------------------------------------------- */

static float value_at(const dv_signal *s, int32_t c, int32_t y, int32_t x)
{
    const dv_box point = { .lo = { c, y, x }, .hi = { c + 1, y + 1, x + 1 } };
    const dv_box common = dv_box_intersect(s->box, point);
    return dv_box_empty(&common) ? 0 : *dv_signal_at(s, c, y, x);
}

/* Pearson's r of two signals over a box. */
static double correlate(const dv_signal *a, const dv_signal *b, const dv_box *over)
{
    const double n = (double)dv_box_count(over);
    double sum_a = 0, sum_b = 0, aa = 0, bb = 0, ab = 0;
    for (int32_t c = over->lo[DV_C]; c < over->hi[DV_C]; c++)
        for (int32_t y = over->lo[DV_Y]; y < over->hi[DV_Y]; y++)
            for (int32_t x = over->lo[DV_X]; x < over->hi[DV_X]; x++) {
                const double p = (double)value_at(a, c, y, x), q = (double)value_at(b, c, y, x);
                sum_a += p;
                sum_b += q;
                aa += p * p;
                bb += q * q;
                ab += p * q;
            }
    const double va = aa - sum_a * sum_a / n, vb = bb - sum_b * sum_b / n;
    return va > 0 && vb > 0 ? (ab - sum_a * sum_b / n) / sqrt(va * vb) : (double)NAN;
}

/* The signals are owned by the caller, also after a failure. */
static bool project(const study *s, const dv_unit *u, dv_signal signals[DV_N_RULES], dv_error *err)
{
    for (int rule = 0; rule < DV_N_RULES; rule++) {
        dv_signal now;
        if (!dv_project(s->worker->projectors[0], u, (dv_rule)rule, s->o->seed, &now, err))
            return false;
        const size_t n = dv_box_count(&now.box);
        signals[rule] = (dv_signal){ now.box, malloc((n + 1) * sizeof(float)) };
        if (!signals[rule].data)
            return dv_fail(err, DV_NO_MEMORY, "no memory for a projection of %zu values", n);
        if (n > 0)
            memcpy(signals[rule].data, now.data, n * sizeof(float));
    }
    return true;
}

static void measure(const study *s, const dv_unit *u, const dv_box *field,
                    const dv_signal signals[DV_N_RULES], dv_compared_rules *r)
{
    const dv_box whole = dv_box_whole(dv_tensor_shape(s->model, dv_model_input(s->model)));
    const dv_box seen = dv_box_intersect(*field, whole);
    r->unit = *u;
    r->value = dv_unit_value(s->worker->trace, u);
    for (int i = 0; i < DV_N_RULES; i++) {
        double squares = 0;
        for (size_t k = 0, n = dv_box_count(&signals[i].box); k < n; k++)
            squares += (double)signals[i].data[k] * (double)signals[i].data[k];
        r->norm[i] = (float)sqrt(squares);
        r->scale = fmaxf(r->scale, dv_signal_scale(&signals[i]));
        for (int k = 0; k < DV_N_RULES; k++)
            r->correlation[i][k] = correlate(&signals[i], &signals[k], &seen);
    }
}

/* -- the picture ------------------------------------------------------------------------------ */

/* "guided  r 0.93": with how much it is like the deconvnet's. NULL: no memory. */
static char *label_of(const study *s, const dv_compared_rules *r, int rule)
{
    dv_text t = { 0 };
    if (rule < 0) {
        dv_text_unit(&t, s->model, r->layer, &r->unit, r->value);
    } else {
        dv_text_format(&t, "%s", dv_rule_name((dv_rule)rule));
        if (rule != DV_RULE_DECONVNET && !isnan(r->correlation[DV_RULE_DECONVNET][rule]))
            dv_text_format(&t, "  r %.2f", r->correlation[DV_RULE_DECONVNET][rule]);
    }
    if (!t.failed)
        return t.data;
    free(t.data);
    return NULL;
}

static bool draw_row(const study *s, const dv_box *field, const dv_signal signals[DV_N_RULES],
                     const dv_compared_rules *r, int row, dv_error *err)
{
    dv_tile *tiles = &s->tiles[row * TILES];
    const dv_preprocess *p = &s->o->preprocess;
    const dv_rect rect = dv_view_rect(DV_VIEW_CROP, *field, p->size);
    const dv_look look = {
        .view = DV_VIEW_CROP, .zoom = dv_view_zoom(rect, SIDE), .scale = r->scale, .bgr = p->bgr
    };
    for (int i = 0; i < TILES; i++) {
        tiles[i].new_row = i == 0;
        tiles[i].label = s->labels[row * TILES + i] = label_of(s, r, i - 1);
        if (!tiles[i].label)
            return dv_fail(err, DV_NO_MEMORY, "no memory for a label");
        if (i > 0 && !dv_draw_view(&tiles[i].picture, NULL, &signals[i - 1], rect, &look, err))
            return false;
    }
    dv_image patch;
    if (!dv_picture_crop(&patch, &s->seen, rect, err))
        return false;
    const bool ok = dv_picture_zoom(&tiles[0].picture, &patch, look.zoom, err);
    dv_image_free(&patch);
    return ok;
}

static bool write_picture(const study *s, dv_error *err)
{
    const dv_sheet sheet = { .columns = TILES, .gap = 12, .text_size = 10, .paper = DV_WHITE };
    const dv_provenance says = { .model = dv_model_name(s->model),
                                 .model_sha256 = dv_model_sha256(s->model, err),
                                 .image = s->image,
                                 .image_sha256 = s->photo.sha256,
                                 .rule = "all",
                                 .seed = s->o->seed == DV_SEED_ONE ? "one" : "value",
                                 .scales = "sheet" };
    dv_image picture;
    if (!says.model_sha256 ||
        !dv_draw_sheet(&picture, &sheet, s->o->units->n_units * TILES, s->tiles, err))
        return false;
    const bool ok = dv_picture_write(s->o->png, &picture, &says, err);
    dv_image_free(&picture);
    if (ok)
        dv_watch_wrote(&s->o->watch, s->o->png);
    return ok;
}

/* -- all of it -------------------------------------------------------------------------------- */

static bool compare_unit(study *s, int i, dv_error *err)
{
    const dv_unit *u = &s->units[i];
    dv_compared_rules *r = &s->results[i];
    dv_signal signals[DV_N_RULES] = { { .data = NULL } };
    dv_box field;
    bool ok = dv_watch_goes_on(&s->o->watch, i, s->o->units->n_units, "units", err) &&
              ((dv_model_field(s->model, u->tensor, dv_unit_box(s->model, u), &field, err) &&
                project(s, u, signals, err)) ||
               dv_fail_in(err, "%s: layer %s channel %d", s->image, r->layer, (int)u->channel));
    if (ok)
        measure(s, u, &field, signals, r);
    ok = ok && (!s->o->png || draw_row(s, &field, signals, r, i, err));
    for (int rule = 0; rule < DV_N_RULES; rule++)
        free(signals[rule].data);
    return ok;
}

/* The image through the network, and its units. */
static bool begin(study *s, dv_error *err)
{
    const dv_preprocess *p = &s->o->preprocess;
    const size_t n = (size_t)s->o->units->n_units;
    s->units = calloc(n + 1, sizeof *s->units);
    s->tiles = calloc(n * TILES + 1, sizeof *s->tiles);
    s->labels = calloc(n * TILES + 1, sizeof *s->labels);
    if (!s->units || !s->tiles || !s->labels)
        return dv_fail(err, DV_NO_MEMORY, "no memory for %zu units", n);
    if (!dv_photo_read(&s->photo, s->image, NULL, p, s->worker->input, err) ||
        !dv_draw_input(&s->seen, s->worker->input, p, err))
        return false;
    if (!dv_trace_forward(s->worker->trace, s->worker->input, err))
        return dv_fail_in(err, "%s", s->image);
    for (int i = 0, at = 0; i < s->o->units->n; i++) {
        const dv_selection *layer = &s->o->units->layers[i];
        if (!dv_select_units(s->worker->trace, s->model, layer, &s->o->position, &s->units[at],
                             err))
            return false;
        for (int k = 0; k < layer->n; k++)
            s->results[at++] = (dv_compared_rules){ .layer = layer->layer };
    }
    return true;
}

static void end(study *s)
{
    for (int i = 0; s->tiles && s->labels && i < s->o->units->n_units * TILES; i++) {
        dv_image_free(&s->tiles[i].picture);
        free(s->labels[i]);
    }
    free(s->labels);
    free(s->tiles);
    free(s->units);
    dv_image_free(&s->seen);
    dv_photo_free(&s->photo);
}

static bool hire(dv_crew *crew, const dv_model *m, const dv_compare_rules_options *o, dv_error *err)
{
    int *keep = calloc((size_t)o->units->n + 1, sizeof *keep);
    if (!keep)
        return dv_fail(err, DV_NO_MEMORY, "no memory for %d layers", o->units->n);
    for (int i = 0; i < o->units->n; i++)
        keep[i] = o->units->layers[i].tensor;
    const dv_request r = {
        .n_keep = o->units->n, .keep = keep, .rules = (1U << DV_N_RULES) - 1, .exact = o->exact
    };
    const dv_crew_options c = { .request = &r, .pool = o->pool, .units = 1, .alone = true };
    const bool ok = dv_crew_hire(crew, m, &c, err);
    free(keep);
    return ok;
}

bool dv_compare_rules(const dv_model *m, const char *image, const dv_compare_rules_options *o,
                      dv_compared_rules *results, dv_error *err)
{
    dv_crew crew = { .n_workers = 0 };
    study s = { .model = m, .image = image, .o = o, .results = results };
    bool ok = hire(&crew, m, o, err);
    s.worker = crew.workers;
    ok = ok && begin(&s, err);
    for (int i = 0; ok && i < o->units->n_units; i++) {
        ok = compare_unit(&s, i, err);
        if (ok)
            dv_watch_progress(&o->watch, i + 1, o->units->n_units);
    }
    ok = ok && (!o->png || write_picture(&s, err));
    end(&s);
    dv_crew_dismiss(&crew);
    return ok;
}

/* -- the table -------------------------------------------------------------------------------- */

enum {
    LAYER,
    CHANNEL,
    POSITION,
    VALUE,
    DECONVNET_GRADIENT,
    DECONVNET_GUIDED,
    GRADIENT_GUIDED,
    N_COLUMNS
};

#define CORRELATION(rules, between)                                                           \
    {                                                                                         \
        .key = (rules), .title = (between), .kind = DV_COLUMN_REAL, .right = true, .shown = { \
            .by = 'f',                                                                        \
            .n = 2                                                                            \
        }                                                                                     \
    }

static const dv_column columns[N_COLUMNS] = {
    [LAYER] = { .key = "layer", .title = "layer", .kind = DV_COLUMN_TEXT },
    [CHANNEL] = { .key = "channel", .title = "channel", .kind = DV_COLUMN_INT, .right = true },
    [POSITION] = { .key = "position", .title = "position", .kind = DV_COLUMN_INTS, .none = "all" },
    [VALUE] = { .key = "value",
                .title = "value",
                .kind = DV_COLUMN_REAL,
                .right = true,
                .shown = { 'g', 3 } },
    [DECONVNET_GRADIENT] = CORRELATION("deconvnet_gradient", "deconvnet/gradient"),
    [DECONVNET_GUIDED] = CORRELATION("deconvnet_guided", "deconvnet/guided"),
    [GRADIENT_GUIDED] = CORRELATION("gradient_guided", "gradient/guided"),
};

static void add_row(dv_table *t, const dv_compared_rules *r)
{
    dv_table_row(t);
    dv_table_text(t, LAYER, r->layer);
    dv_table_int(t, CHANNEL, r->unit.channel);
    if (r->unit.y == DV_ALL)
        dv_table_null(t, POSITION);
    else
        dv_table_ints(t, POSITION, (const int32_t[]){ r->unit.y, r->unit.x }, 2);
    dv_table_real(t, VALUE, (double)r->value);
    dv_table_real(t, DECONVNET_GRADIENT, r->correlation[DV_RULE_DECONVNET][DV_RULE_GRADIENT]);
    dv_table_real(t, DECONVNET_GUIDED, r->correlation[DV_RULE_DECONVNET][DV_RULE_GUIDED]);
    dv_table_real(t, GRADIENT_GUIDED, r->correlation[DV_RULE_GRADIENT][DV_RULE_GUIDED]);
}

dv_table dv_compare_rules_table(int n, const dv_compared_rules *results)
{
    dv_table t = { .columns = columns, .n_columns = N_COLUMNS };
    for (int i = 0; i < n; i++)
        add_row(&t, &results[i]);
    return t;
}
