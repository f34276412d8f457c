#include "cli/verify_atlas.h"
#include "base/path.h"
#include "cli/index_picks.h"
#include "deconvviz/atlas.h"
#include "report/table.h"

#include <stdlib.h>

enum { PICTURE, VERDICT, MEAN, MOST, N_COLUMNS };

static const dv_column columns[N_COLUMNS] = {
    [PICTURE] = { .key = "picture", .title = "picture" },
    [VERDICT] = { .key = "verdict", .title = "verdict" },
    [MEAN] = { .key = "mean",
               .title = "mean difference of 255",
               .kind = DV_COLUMN_REAL,
               .right = true,
               .none = "-",
               .shown = { 'g', 3 } },
    [MOST] = { .key = "most",
               .title = "largest",
               .kind = DV_COLUMN_REAL,
               .right = true,
               .none = "-",
               .shown = { 'g', 3 } },
};

/* What is not the same: with --json a line for each, on standard output; else a table, where there
 * are some. */
static bool print(const cli_verify_atlas_options *o, const dv_atlas_verified *v, dv_error *err)
{
    dv_table t = { .columns = columns, .n_columns = N_COLUMNS };
    const int n = v->count[DV_PICTURE_SAME] + v->n;
    for (int i = 0; i < v->n; i++) {
        dv_table_row(&t);
        dv_table_text(&t, PICTURE, v->pictures[i].path);
        dv_table_text(&t, VERDICT, dv_picture_verdict_name(v->pictures[i].verdict));
        if (v->pictures[i].verdict == DV_PICTURE_MISSING)
            continue;
        dv_table_real(&t, MEAN, v->pictures[i].mean);
        dv_table_real(&t, MOST, v->pictures[i].most);
    }
    const bool ok = v->n == 0 || cli_print_table(&t, o->json, false, err);
    dv_table_free(&t);
    if (ok && !o->json)
        cli_print("%s: %d pictures of %d units: %d have the same bytes, %d are near, %d changed, "
                  "%d missing\n",
                  o->folder, n, v->n_units, v->count[DV_PICTURE_SAME], v->count[DV_PICTURE_NEAR],
                  v->count[DV_PICTURE_CHANGED], v->count[DV_PICTURE_MISSING]);
    return ok;
}

static bool judge(const cli_verify_atlas_options *o, const dv_atlas_verified *v, dv_error *err)
{
    const int bad = v->count[DV_PICTURE_CHANGED] + v->count[DV_PICTURE_MISSING];
    if (bad > 0)
        return dv_fail(err, DV_BAD_DATA, "%s: %d of %d pictures changed or missing", o->folder, bad,
                       v->count[DV_PICTURE_SAME] + v->n);
    return v->not_shown == 0 ||
           dv_fail(err, DV_BAD_USAGE, "%s: %d of %d units could not be made again", o->folder,
                   v->not_shown, v->n_units);
}

/* Whatever keeps it from being looked for is told as wrong usage is, by 2: as for references. */
static bool compare(const cli_verify_atlas_options *o, const dv_index *x, dv_atlas_verified *v,
                    dv_error *err)
{
    cli_network network = { .model = NULL };
    const char *scratch = getenv("TMPDIR");
    bool ok =
        cli_guard_images(x, o->root, err) && cli_network_of_index(&network, o->network, x, err);
    const dv_atlas_verify_options a = { .folder = o->folder,
                                        .root = o->root,
                                        .scratch = scratch && *scratch ? scratch : "/tmp",
                                        .all = o->all,
                                        .pool = network.pool,
                                        .watch = cli_watch };
    cli_progress_begin("projections", !o->network->quiet);
    ok = ok && dv_atlas_verify(network.model, x, &a, v, err);
    cli_progress_end();
    cli_network_close(&network);
    return ok;
}

static bool verify(const cli_verify_atlas_options *o, dv_error *err)
{
    dv_index x = { 0 };
    dv_atlas_verified v = { .n = 0 };
    char *path = dv_path_join(o->folder, "index.json", err);
    bool ok = path && dv_index_read(&x, path, err) && compare(o, &x, &v, err) && print(o, &v, err);
    free(path);
    if (ok)
        ok = judge(o, &v, err);
    else
        err->code = DV_BAD_USAGE;
    dv_atlas_verified_free(&v);
    dv_index_free(&x);
    return ok;
}

/* The other network's, where there is one, too; what is told is the first of them that is wrong. */
bool cli_verify_atlas(const cli_verify_atlas_options *o, dv_error *err)
{
    cli_network_options network = *o->network;
    cli_verify_atlas_options other = *o;
    dv_error later = { 0 };
    network.model = network.weights = NULL;
    other.network = &network;
    char *folder = dv_path_join(o->folder, "against", err);
    other.folder = folder;
    if (!folder)
        return false;
    bool ok = verify(o, err);
    if (dv_is_atlas(folder) && (ok || err->code == DV_BAD_DATA) && !verify(&other, &later)) {
        if (later.code == DV_BAD_USAGE)
            (void)dv_fail_in(&later, "%s, which -m and --weights are for by itself", folder);
        if (ok)
            *err = later;
        ok = false;
    }
    free(folder);
    return ok;
}
