#include "cli/verify_report.h"

#include "base/format.h"
#include "base/json_write.h"
#include "report/table.h"
#include "run/identity.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const verdicts[] = { [DV_AGREES] = "agrees",
                                        [DV_CHANGED] = "changed",
                                        [DV_REGRESSED] = "regressed",
                                        [DV_FAILED] = "failed" };

/* -- order ------------------------------------------------------------------------------------ */

static int rank(const dv_verified *v)
{
    static const int order[] = {
        [DV_REGRESSED] = 0, [DV_FAILED] = 1, [DV_CHANGED] = 2, [DV_AGREES] = 3
    };
    return order[v->verdict];
}

static int worst_first(const void *a, const void *b)
{
    const dv_verified *v = a, *w = b;
    if (rank(v) != rank(w))
        return rank(v) - rank(w);
    if (v->badness != w->badness)
        return v->badness > w->badness ? -1 : 1;
    return v->unit < w->unit ? -1 : v->unit > w->unit;
}

void cli_verify_sort(cli_verify_report *r, dv_verified *results, int n)
{
    qsort(results, (size_t)n, sizeof *results, worst_first);
    r->results = results;
    r->n = n;
    memset(r->count, 0, sizeof r->count);
    for (int i = 0; i < n; i++)
        r->count[results[i].verdict]++;
}

/* -- words ------------------------------------------------------------------------------------ */

static const char *file_name(const dv_verified *v)
{
    const char *slash = strrchr(v->image->file, '/');
    return slash ? slash + 1 : v->image->file;
}

static bool has_moved(const dv_verified *v)
{
    return v->unit->at == DV_AT_STRONGEST && v->y != DV_ALL &&
           (v->y != v->unit->y || v->x != v->unit->x);
}

void cli_verify_counts(char *to, size_t size, const cli_verify_report *r)
{
    static const struct {
        dv_verdict verdict;
        const char *one, *many;
    } words[] = {
        { DV_AGREES, "unit agrees", "units agree" },
        { DV_CHANGED, "changed within its tolerance", "changed within their tolerance" },
        { DV_REGRESSED, "regressed", "regressed" },
        { DV_FAILED, "could not be compared", "could not be compared" },
    };
    size_t at = 0;
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        int n = r->count[words[i].verdict];
        if (n == 0 && i > 0)
            continue;
        int wrote = snprintf(to + at, size - at, "%s%d %s", at ? ", " : "", n,
                             n == 1 ? words[i].one : words[i].many);
        at = wrote > 0 && at + (size_t)wrote < size ? at + (size_t)wrote : size - 1;
    }
}

/* -- the table -------------------------------------------------------------------------------- */

enum {
    VERDICT,
    UNIT,
    FILE_NAME,
    IMAGE,
    LAYER,
    CHANNEL,
    POSITION,
    REASON,
    RELATIVE,
    ALLOWED,
    COSINE,
    VALUE,
    VALUE_CHANGE,
    VALUE_ALLOWED,
    MEAN,
    STRONGEST,
    AMBIGUITY,
    SENSITIVITY,
    OUTPUT,
    N_COLUMNS
};

/* clang-format off */
#define SIX { 'g', 6 }
static const dv_column columns[N_COLUMNS] = {
    [VERDICT] = { .key = "verdict", .title = "" },
    [UNIT] = { .title = "unit", .role = DV_ROLE_NAME },
    [FILE_NAME] = { .title = "image", .role = DV_ROLE_CLASS },
    [IMAGE] = { .key = "image" },
    [LAYER] = { .key = "layer" },
    [CHANNEL] = { .key = "channel", .kind = DV_COLUMN_INT },
    [POSITION] = { .key = "position", .kind = DV_COLUMN_INTS },
    [REASON] = { .key = "reason" },
    [RELATIVE] = { .key = "relative_l2", .title = "rel. L2", .kind = DV_COLUMN_REAL,
                   .digits = SIX, .shown = { 'g', 2 }, .optional = true },
    [ALLOWED] = { .key = "allowed", .title = "allowed", .kind = DV_COLUMN_REAL,
                  .digits = SIX, .shown = { 'g', 2 }, .optional = true },
    [COSINE] = { .key = "cosine", .title = "cosine", .kind = DV_COLUMN_REAL,
                 .digits = { 'f', 6 }, .shown = { 'f', 4 }, .optional = true },
    [VALUE] = { .key = "value", .title = "activation", .kind = DV_COLUMN_REALS, .optional = true },
    [VALUE_CHANGE] = { .key = "value_change", .kind = DV_COLUMN_REAL, .digits = SIX },
    [VALUE_ALLOWED] = { .key = "value_allowed", .kind = DV_COLUMN_REAL, .digits = SIX },
    [MEAN] = { .key = "mean", .kind = DV_COLUMN_REALS },
    [STRONGEST] = { .key = "strongest", .title = "strongest", .kind = DV_COLUMN_INTS,
                    .optional = true },
    [AMBIGUITY] = { .key = "ambiguity", .kind = DV_COLUMN_REAL, .digits = SIX },
    [SENSITIVITY] = { .key = "sensitivity", .kind = DV_COLUMN_REAL, .digits = SIX },
    [OUTPUT] = { .role = DV_ROLE_OUTPUT },
};
/* clang-format on */

static void set_position(dv_table *t, int column, int32_t y, int32_t x)
{
    if (y == DV_ALL)
        dv_table_null(t, column);
    else
        dv_table_ints(t, column, (const int32_t[]){ y, x }, 2);
}

static void set_pair(dv_table *t, int column, float was, float is)
{
    dv_table_reals(t, column, (const float[]){ was, is }, 2);
}

/* "layer 5 c12 (6,7)". */
static void set_unit(dv_table *t, const dv_reference_unit *u)
{
    char at[32] = "";
    if (u->at == DV_AT_ALL)
        snprintf(at, sizeof at, " all");
    else if (u->shape.rank >= 3)
        snprintf(at, sizeof at, " (%d,%d)", (int)u->y, (int)u->x);
    dv_table_textf(t, UNIT, "%s%s c%d%s", isdigit((unsigned char)u->layer[0]) ? "layer " : "",
                   u->layer, (int)u->channel, at);
}

/* "2.5 -> 2.4 (-4.0 %), 1 % allowed". */
static void show_value(dv_table *t, const dv_verified *v)
{
    const double was = (double)v->unit->value, is = (double)v->value;
    const double percent = was != 0 ? 100 * (is - was) / was : 0, size = fabs(percent);
    char change[64] = "", allowed[64] = "";
    if (was != 0)
        dv_format(change, sizeof change, " (%+.*f %%)", size < 1 ? 2 : size < 10 ? 1 : 0, percent);
    if (v->value_change > v->value_allowed)
        dv_format(allowed, sizeof allowed, ", %.2g %% allowed", 100 * v->value_allowed);
    dv_table_show(t, VALUE, "%.4g -> %.4g%s%s", was, is, change, allowed);
}

/* What a unit that could be compared differs by. */
static void set_difference(dv_table *t, const dv_verified *v)
{
    const dv_reference_unit *u = v->unit;
    const dv_difference *d = &v->difference;
    dv_table_real(t, RELATIVE, d->relative);
    dv_table_real(t, ALLOWED, v->allowed);
    dv_table_real(t, COSINE, d->cosine);
    set_pair(t, VALUE, u->value, v->value);
    show_value(t, v);
    dv_table_real(t, VALUE_CHANGE, v->value_change);
    dv_table_real(t, VALUE_ALLOWED, v->value_allowed);
    set_pair(t, MEAN, u->mean, v->mean);
    set_position(t, STRONGEST, v->y, v->x);
    if (has_moved(v))
        dv_table_show(t, STRONGEST, "now (%d,%d)", (int)v->y, (int)v->x);
    else
        dv_table_show(t, STRONGEST, "%s", "");
    dv_table_real(t, AMBIGUITY, (double)u->ambiguity);
    dv_table_real(t, SENSITIVITY, (double)u->sensitivity);
    dv_table_textf(t, OUTPUT,
                   "relative L2 %.6g, allowed %.3g; cosine %.6f; activation %.6g, now %.6g",
                   d->relative, v->allowed, d->cosine, (double)u->value, (double)v->value);
}

static void add_unit(dv_table *t, const dv_verified *v)
{
    const dv_reference_unit *u = v->unit;
    dv_table_row(t);
    dv_table_text(t, VERDICT, verdicts[v->verdict]);
    set_unit(t, u);
    dv_table_text(t, FILE_NAME, file_name(v));
    dv_table_text(t, IMAGE, v->image->file);
    dv_table_text(t, LAYER, u->layer);
    dv_table_int(t, CHANNEL, u->channel);
    set_position(t, POSITION, u->y, u->x);
    dv_table_text(t, REASON, v->reason);
    if (v->verdict == DV_REGRESSED) {
        dv_table_show(t, VERDICT, "REGRESSED");
        dv_table_outcome(t, DV_ROW_FAILED, v->reason);
    }
    if (v->verdict == DV_FAILED)
        dv_table_outcome(t, DV_ROW_ERROR, v->reason);
    else
        set_difference(t, v);
}

/* Of the first n units, as they are sorted. */
static dv_table table_of(const cli_verify_report *r, int n)
{
    dv_table t = { .columns = columns, .n_columns = N_COLUMNS, .indent = 2 };
    for (int i = 0; i < n; i++)
        add_unit(&t, &r->results[i]);
    return t;
}

/* -- forms ------------------------------------------------------------------------------------ */

static void add_floats(dv_text *t, const float *v, int n)
{
    for (int i = 0; i < n; i++)
        dv_text_format(t, "%s%.4g", i ? " " : "", (double)v[i]);
}

/* What is not as it was when the references were recorded. */
static void add_differences(dv_text *t, const cli_verify_report *r)
{
    const dv_preprocess *was = &r->refs->preprocess, *is = &r->preprocess;
    char part[DV_DIFFERING_MAX];
    if (!dv_identity_equal(&r->model, &r->refs->model))
        dv_text_format(t, "model: %s (%.12s), recorded with %s (%.12s)%s\n", r->model.path,
                       r->model.sha256, r->refs->model.path, r->refs->model.sha256,
                       dv_identity_differing(&r->model, &r->refs->model, part));
    if (r->silent)
        dv_text_format(t, "how images are prepared: the model says nothing, as recorded\n");
    if (is->bgr != was->bgr)
        dv_text_format(t, "order of the channels: %s, recorded with %s\n", is->bgr ? "bgr" : "rgb",
                       was->bgr ? "bgr" : "rgb");
    if (is->resize != was->resize || is->size[0] != was->size[0] || is->size[1] != was->size[1])
        dv_text_format(t, "size: %dx%d of %d, recorded with %dx%d of %d\n", is->size[1],
                       is->size[0], is->resize, was->size[1], was->size[0], was->resize);
    const struct {
        const char *name;
        const float *was, *is;
        int n;
    } lists[] = { { "mean", was->mean, is->mean, is->channels },
                  { "std", was->std, is->std, is->channels },
                  { "pixel scale", &was->scale, &is->scale, 1 } };
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
        if (memcmp(lists[i].was, lists[i].is, (size_t)lists[i].n * sizeof(float)) == 0)
            continue;
        dv_text_format(t, "%s: ", lists[i].name);
        add_floats(t, lists[i].is, lists[i].n);
        dv_text_format(t, ", recorded with ");
        add_floats(t, lists[i].was, lists[i].n);
        dv_text_format(t, "\n");
    }
}

void cli_verify_table(dv_text *t, const cli_verify_report *r)
{
    char counts[200];
    const int n = r->n - r->count[DV_AGREES]; /* they stand in front */
    dv_table table = table_of(r, n);
    add_differences(t, r);
    if (n > 0)
        dv_table_print_text(&table, t);
    cli_verify_counts(counts, sizeof counts, r);
    dv_text_format(t, "%s: %s\n", r->folder, counts);
    dv_table_free(&table);
}

void cli_verify_json(dv_text *t, const cli_verify_report *r)
{
    dv_table table = table_of(r, r->n);
    dv_json w = { .to = t };
    dv_table_print_json(&table, t);
    dv_table_free(&table);
    dv_json_object(&w, NULL);
    dv_json_object(&w, "summary");
    dv_json_put_int(&w, "units", r->n);
    for (int i = 0; i <= DV_FAILED; i++)
        dv_json_put_int(&w, verdicts[i], r->count[i]);
    dv_json_list(&w, "model_sha256");
    dv_json_put_text(&w, NULL, r->refs->model.sha256);
    dv_json_put_text(&w, NULL, r->model.sha256);
    dv_json_end(&w);
    dv_json_end(&w);
    dv_json_end(&w);
    dv_json_line(&w);
}

void cli_verify_junit(dv_text *t, const cli_verify_report *r)
{
    dv_text suite = { 0 };
    dv_table table = table_of(r, r->n);
    dv_text_format(&suite, "deconvviz verify %s", r->folder);
    t->failed = t->failed || suite.failed;
    if (!t->failed)
        dv_table_print_junit(&table, suite.data, t);
    dv_table_free(&table);
    free(suite.data);
}
