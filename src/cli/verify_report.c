#include "cli/verify_report.h"

#include "deconvviz/version.h"
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

/* "layer 5 c12 (6,7)". */
static const char *unit_name(const dv_verified *v, char to[160])
{
    const dv_reference_unit *u = v->unit;
    char at[32] = "";
    if (u->at == DV_AT_ALL)
        snprintf(at, sizeof at, " all");
    else if (u->shape.rank >= 3)
        snprintf(at, sizeof at, " (%d,%d)", (int)u->y, (int)u->x);
    snprintf(to, 160, "%s%.100s c%d%s", isdigit((unsigned char)u->layer[0]) ? "layer " : "",
             u->layer, (int)u->channel, at);
    return to;
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

enum { COLUMNS = 8, CELL = 160 };

typedef struct row {
    char cell[COLUMNS][CELL];
} row;

static const row head = { { "", "unit", "image", "rel. L2", "allowed", "cosine", "activation",
                            "strongest" } };

static int add_percent(char *to, size_t room, double p)
{
    return snprintf(to, room, " (%+.*f %%)", fabs(p) < 1 ? 2 : fabs(p) < 10 ? 1 : 0, p);
}

static void fill_row(row *r, const dv_verified *v)
{
    const dv_difference *d = &v->difference;
    snprintf(r->cell[0], CELL, "%s",
             v->verdict == DV_REGRESSED ? "REGRESSED" : verdicts[v->verdict]);
    unit_name(v, r->cell[1]);
    snprintf(r->cell[2], CELL, "%.*s", CELL - 1, file_name(v));
    if (v->verdict == DV_FAILED)
        return;
    snprintf(r->cell[3], CELL, "%.2g", d->relative);
    snprintf(r->cell[4], CELL, "%.2g", v->allowed);
    snprintf(r->cell[5], CELL, "%.4f", d->cosine);
    double was = (double)v->unit->value, is = (double)v->value;
    int n = snprintf(r->cell[6], CELL, "%.4g -> %.4g", was, is);
    if (was != 0)
        n += add_percent(r->cell[6] + n, CELL - (size_t)n, 100 * (is - was) / was);
    if (v->value_change > v->value_allowed)
        snprintf(r->cell[6] + n, CELL - (size_t)n, ", %.2g %% allowed", 100 * v->value_allowed);
    if (has_moved(v))
        snprintf(r->cell[7], CELL, "now (%d,%d)", (int)v->y, (int)v->x);
}

/* Columns of width 0 are left out. */
static void add_row(dv_text *t, const row *r, const int width[COLUMNS], const char *reason)
{
    int last = COLUMNS - 1;
    while (last > 0 && (!r->cell[last][0] || width[last] == 0))
        last--;
    dv_text_format(t, " ");
    for (int i = 0; i <= last; i++)
        if (width[i] > 0)
            dv_text_format(t, " %-*s%s", i < last || reason ? width[i] : 0, r->cell[i],
                           i < last || reason ? " " : "");
    dv_text_format(t, "%s%s\n", reason ? " " : "", reason ? reason : "");
}

static void add_rows(dv_text *t, const cli_verify_report *r, const row *rows, int n)
{
    int width[COLUMNS] = { 0 };
    for (int c = 0; c < COLUMNS; c++) {
        for (int i = 0; i < n; i++) {
            int len = (int)strlen(rows[i].cell[c]);
            width[c] = len > width[c] ? len : width[c];
        }
        int len = (int)strlen(head.cell[c]);
        width[c] = width[c] > 0 && len > width[c] ? len : width[c];
    }
    add_row(t, &head, width, NULL);
    for (int i = 0; i < n; i++)
        add_row(t, &rows[i], width,
                r->results[i].verdict == DV_FAILED ? r->results[i].reason : NULL);
}

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
    int n = r->n - r->count[DV_AGREES]; /* they stand in front */
    row *rows = calloc((size_t)n + 1, sizeof *rows);
    t->failed = t->failed || !rows;
    if (!rows)
        return;
    add_differences(t, r);
    for (int i = 0; i < n; i++)
        fill_row(&rows[i], &r->results[i]);
    if (n > 0)
        add_rows(t, r, rows, n);
    cli_verify_counts(counts, sizeof counts, r);
    dv_text_format(t, "%s: %s\n", r->folder, counts);
    free(rows);
}

/* -- JSON ------------------------------------------------------------------------------------- */

static void add_pair(dv_text *t, const char *key, float was, float is)
{
    dv_text_format(t, ",\"%s\":[", key);
    dv_text_float(t, was);
    dv_text_add(t, ",", 1);
    dv_text_float(t, is);
    dv_text_add(t, "]", 1);
}

static void add_position(dv_text *t, int32_t y, int32_t x)
{
    if (y == DV_ALL)
        dv_text_format(t, "null");
    else
        dv_text_format(t, "[%d,%d]", (int)y, (int)x);
}

static void add_unit(dv_text *t, const dv_verified *v)
{
    const dv_reference_unit *u = v->unit;
    dv_text_format(t, "{\"verdict\":\"%s\",\"image\":", verdicts[v->verdict]);
    dv_text_string(t, v->image->file);
    dv_text_format(t, ",\"layer\":");
    dv_text_string(t, u->layer);
    dv_text_format(t, ",\"channel\":%d,\"position\":", (int)u->channel);
    add_position(t, u->y, u->x);
    dv_text_format(t, ",\"reason\":");
    dv_text_string(t, v->reason);
    if (v->verdict != DV_FAILED) {
        dv_text_format(t, ",\"relative_l2\":%.6g,\"allowed\":%.6g,\"cosine\":%.6f",
                       v->difference.relative, v->allowed, v->difference.cosine);
        add_pair(t, "value", u->value, v->value);
        dv_text_format(t, ",\"value_change\":%.6g,\"value_allowed\":%.6g", v->value_change,
                       v->value_allowed);
        add_pair(t, "mean", u->mean, v->mean);
        dv_text_format(t, ",\"strongest\":");
        add_position(t, v->y, v->x);
        dv_text_format(t, ",\"ambiguity\":%.6g,\"sensitivity\":%.6g", (double)u->ambiguity,
                       (double)u->sensitivity);
    }
    dv_text_format(t, "}\n");
}

void cli_verify_json(dv_text *t, const cli_verify_report *r)
{
    for (int i = 0; i < r->n; i++)
        add_unit(t, &r->results[i]);
    dv_text_format(t, "{\"summary\":{\"units\":%d", r->n);
    for (int i = 0; i <= DV_FAILED; i++)
        dv_text_format(t, ",\"%s\":%d", verdicts[i], r->count[i]);
    dv_text_format(t, ",\"model_sha256\":[\"%s\",\"%s\"]}}\n", r->refs->model.sha256,
                   r->model.sha256);
}

/* -- JUnit ------------------------------------------------------------------------------------ */

/* Text in XML: what XML 1.0 cannot hold becomes '?'. */
static void add_xml(dv_text *t, const char *text)
{
    const unsigned char most = dv_is_utf8(text) ? 0xff : 0x7f;
    for (const char *c = text; *c; c++)
        switch (*c) {
        case '<':
            dv_text_format(t, "&lt;");
            break;
        case '>':
            dv_text_format(t, "&gt;");
            break;
        case '&':
            dv_text_format(t, "&amp;");
            break;
        case '"':
            dv_text_format(t, "&quot;");
            break;
        default:
            dv_text_add(t, (unsigned char)*c < ' ' || (unsigned char)*c > most ? "?" : c, 1);
        }
}

static void add_case(dv_text *t, const dv_verified *v)
{
    char name[160];
    dv_text_format(t, "  <testcase classname=\"");
    add_xml(t, file_name(v));
    dv_text_format(t, "\" name=\"");
    add_xml(t, unit_name(v, name));
    dv_text_format(t, "\" time=\"0\">");
    if (v->verdict == DV_REGRESSED || v->verdict == DV_FAILED) {
        const char *kind = v->verdict == DV_FAILED ? "error" : "failure";
        dv_text_format(t, "<%s message=\"", kind);
        add_xml(t, v->reason);
        dv_text_format(t, "\"/>");
    }
    if (v->verdict != DV_FAILED)
        dv_text_format(t,
                       "<system-out>relative L2 %.6g, allowed %.3g; cosine %.6f; activation %.6g, "
                       "now %.6g</system-out>",
                       v->difference.relative, v->allowed, v->difference.cosine,
                       (double)v->unit->value, (double)v->value);
    dv_text_format(t, "</testcase>\n");
}

void cli_verify_junit(dv_text *t, const cli_verify_report *r)
{
    dv_text_format(t, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n"
                      "<testsuite name=\"deconvviz verify ");
    add_xml(t, r->folder);
    dv_text_format(t, "\" tests=\"%d\" failures=\"%d\" errors=\"%d\" time=\"0\">\n", r->n,
                   r->count[DV_REGRESSED], r->count[DV_FAILED]);
    for (int i = 0; i < r->n; i++)
        add_case(t, &r->results[i]);
    dv_text_format(t, "</testsuite>\n</testsuites>\n");
}
