#include "cli/classify_print.h"

#include "base/json_write.h"
#include "base/statistics.h"

#include <stdlib.h>
#include <string.h>

/* -- words ------------------------------------------------------------------------------------ */

static void add_lines(dv_text *t, const cli_classify *w, const dv_classified *a)
{
    dv_text_format(t, "%s\n", a->path);
    for (int k = 0; k < a->n && k < w->o->top; k++)
        dv_text_format(t, "  %5.1f %%  %4d  %s\n", (double)a->probability[k] * 100, a->best[k],
                       dv_label(&w->labels, a->best[k]));
}

static void add_json(dv_text *t, const cli_classify *w, const dv_classified *a)
{
    dv_json j = { .to = t };
    dv_json_object(&j, NULL);
    dv_json_put_text(&j, "image", a->path);
    dv_json_list(&j, "classes");
    for (int k = 0; k < a->n && k < w->o->top; k++) {
        dv_json_object(&j, NULL);
        dv_json_put_int(&j, "class", a->best[k]);
        dv_json_put_text(&j, "label", dv_label(&w->labels, a->best[k]));
        dv_json_put_float(&j, "probability", a->probability[k]);
        dv_json_end(&j);
    }
    dv_json_end(&j);
    if (a->truth >= 0) {
        dv_json_put_int(&j, "truth", a->truth);
        dv_json_put_int(&j, "rank", a->rank);
    }
    dv_json_end(&j);
    dv_json_line(&j);
}

/* image,place,class,label,probability,truth,rank */
static void add_csv(dv_text *t, const cli_classify *w, const dv_classified *a)
{
    static const dv_column columns[] = {
        { .key = "image" },
        { .key = "place", .kind = DV_COLUMN_INT },
        { .key = "class", .kind = DV_COLUMN_INT },
        { .key = "label" },
        { .key = "probability", .kind = DV_COLUMN_REAL },
        { .key = "truth", .kind = DV_COLUMN_INT },
        { .key = "rank", .kind = DV_COLUMN_INT },
    };
    dv_table rows = { .columns = columns, .n_columns = (int)(sizeof columns / sizeof columns[0]) };
    dv_text csv = { 0 };
    for (int k = 0; k < a->n && k < w->o->top; k++) {
        dv_table_row(&rows);
        dv_table_text(&rows, 0, a->path);
        dv_table_int(&rows, 1, k + 1);
        dv_table_int(&rows, 2, a->best[k]);
        dv_table_text(&rows, 3, dv_label(&w->labels, a->best[k]));
        dv_table_real(&rows, 4, (double)a->probability[k]);
        if (a->truth >= 0) {
            dv_table_int(&rows, 5, a->truth);
            dv_table_int(&rows, 6, a->rank);
        }
    }
    dv_table_print_csv(&rows, &csv);
    const char *body = csv.data ? strchr(csv.data, '\n') : NULL; /* the keys stand there already */
    if (body)
        dv_text_add(t, body + 1, strlen(body + 1));
    t->failed = t->failed || csv.failed;
    free(csv.data);
    dv_table_free(&rows);
}

bool cli_classify_begin(const cli_classify *w, dv_error *err)
{
    const cli_classify_options *o = w->o;
    static const char keys[] = "image,place,class,label,probability,truth,rank\n";
    if (!o->csv || o->table != TABLE_IMAGES || o->top == 0)
        return true;
    dv_text t = { 0 };
    dv_text_add(&t, keys, sizeof keys - 1);
    const bool ok = dv_text_ok(&t, "results", err) && cli_print_text(&t, "results", err);
    free(t.data);
    return ok;
}

bool cli_classify_tell(void *ctx, const dv_classified *c, dv_error *err)
{
    cli_classify *w = ctx;
    const cli_classify_options *o = w->o;
    if (c->failed)
        cli_skip(c->failed);
    else
        dv_tally_add(&w->tally, c);
    if (c->failed || o->top == 0 || o->table != TABLE_IMAGES)
        return true;
    dv_text t = { 0 };
    (o->json ? add_json : o->csv ? add_csv : add_lines)(&t, w, c);
    bool ok = dv_text_ok(&t, "results", err) && cli_print_text(&t, "results", err);
    free(t.data);
    return ok;
}

/* -- of all images ---------------------------------------------------------------------------- */

static void add_errors_json(dv_text *t, const cli_classify *w, const dv_classify_result *r,
                            const double i1[2], const double i5[2])
{
    const double n = r->counted;
    dv_json j = { .to = t };
    dv_json_object(&j, NULL);
    dv_json_put_int(&j, "images", r->counted);
    dv_json_put_int(&j, "right_top1", r->right1);
    dv_json_put_int(&j, "right_top5", r->right5);
    dv_json_put_short(&j, "top1_error", 1 - r->right1 / n, 6);
    dv_json_put_short(&j, "top5_error", 1 - r->right5 / n, 6);
    dv_json_list(&j, "top1_error_95");
    dv_json_put_short(&j, NULL, i1[0], 6);
    dv_json_put_short(&j, NULL, i1[1], 6);
    dv_json_end(&j);
    dv_json_list(&j, "top5_error_95");
    dv_json_put_short(&j, NULL, i5[0], 6);
    dv_json_put_short(&j, NULL, i5[1], 6);
    dv_json_end(&j);
    dv_json_put_short(&j, "calibration_error", dv_tally_calibration_error(&w->tally), 6);
    dv_json_end(&j);
    dv_json_line(&j);
}

/* Errors, and the 95 % intervals that they lie in. */
static bool tell_errors(const cli_classify *w, const dv_classify_result *r, dv_error *err)
{
    const double n = r->counted, top1 = r->right1 / n, top5 = r->right5 / n;
    double i1[2], i5[2];
    dv_text t = { 0 };
    if (w->o->csv)
        return true;
    dv_share_interval(r->counted - r->right1, r->counted, i1);
    dv_share_interval(r->counted - r->right5, r->counted, i5);
    if (w->o->json)
        add_errors_json(&t, w, r, i1, i5);
    else
        dv_text_format(
            &t,
            "%d images: top-1 error %.2f %% (95 %%: %.2f to %.2f; %d right, %.2f %%), top-5 error "
            "%.2f %% (%.2f to %.2f; %d right, %.2f %%)\n",
            r->counted, 100 - 100 * top1, 100 * i1[0], 100 * i1[1], r->right1, 100 * top1,
            100 - 100 * top5, 100 * i5[0], 100 * i5[1], r->right5, 100 * top5);
    bool ok = cli_print_text(&t, "the error", err);
    free(t.data);
    return ok;
}

static bool print_table(cli_classify *w, dv_error *err)
{
    dv_table t;
    switch (w->o->table) {
    case TABLE_CLASSES:
        t = dv_tally_classes_table(&w->tally);
        break;
    case TABLE_CONFUSIONS:
        t = dv_tally_confusions_table(&w->tally);
        break;
    case TABLE_CALIBRATION:
        t = dv_tally_calibration_table(&w->tally);
        break;
    default:
        return true;
    }
    const bool ok = cli_print_table(&t, w->o->json, w->o->csv, err);
    dv_table_free(&t);
    return ok;
}

static bool draw(const cli_classify *w, const dv_classify_result *r, dv_error *err)
{
    const dv_model *m = w->networks[0].model;
    if (!w->o->figure.path)
        return true;
    const dv_provenance says = { .model = dv_model_name(m),
                                 .model_sha256 = dv_model_sha256(m, err) };
    if (!says.model_sha256 || !dv_tally_draw(&w->tally, r, &w->o->figure, &says, err))
        return false;
    if (!w->o->network.quiet)
        cli_say("%s", w->o->figure.path);
    return true;
}

bool cli_classify_end(cli_classify *w, const dv_classify_result *r, dv_error *err)
{
    if (r->counted == 0)
        return true;
    return dv_tally_close(&w->tally, err) && print_table(w, err) && tell_errors(w, r, err) &&
           draw(w, r, err);
}
