/* cmd_merge.c - `deconvviz merge`: the indices or features of shards into one. */
#include "cli/rows.h"
#include "deconvviz/features.h"
#include "deconvviz/index.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

typedef struct merge_options {
    const char *out;
    bool quiet;
} merge_options;

static const cli_option options[] = {
    CLI_GROUP_ROW("What is written:"),
    { "out", 'o', CLI_NEEDED(WRITES), offsetof(merge_options, out), "FILE",
      "the index, or the FEATURES.npy, to write" },
    CLI_QUIET_ROW(merge_options, quiet),
    { 0 },
};

static const cli_example examples[] = {
    { "deconvviz merge -o index.json shard-1.json shard-2.json",
      "One index of what two machines have mined" },
    { "deconvviz merge -o features.npy features-1.npy features-2.npy", "The same of features" },
    { 0 },
};

static bool merge_all(dv_index *to, int n, char **paths, dv_error *err)
{
    if (!dv_index_read(to, paths[0], err))
        return false;
    for (int i = 1; i < n; i++) {
        dv_index from;
        if (!dv_index_read(&from, paths[i], err))
            return false;
        bool ok = dv_index_merge(to, &from, err) ||
                  dv_fail_in(err, i == 1 ? "%s and %s" : "what begins with %s, and %s", paths[0],
                             paths[i]);
        dv_index_free(&from);
        if (!ok)
            return false;
    }
    return true;
}

static void tell_missing(const dv_index *x)
{
    int n = 0;
    for (int i = 0; i < x->shards; i++)
        n += x->have[i];
    cli_say("%d of %d shards: sheets and --append need all", n, x->shards);
}

static bool is_features(const char *path)
{
    const size_t n = strlen(path);
    return n > 4 && strcasecmp(path + n - 4, ".npy") == 0;
}

static bool merge_features(const merge_options *o, int n_args, char **args, dv_error *err)
{
    dv_features_result r;
    if (!dv_features_merge(n_args, (const char *const *)args, o->out, &r, err))
        return false;
    cli_print("%s: %d images of %d values\n", o->out, (int)r.rows, (int)r.values);
    return true;
}

static bool merge_indices(const merge_options *o, int n_args, char **args, dv_error *err)
{
    dv_index x = { 0 };
    bool ok = merge_all(&x, n_args, args, err) && dv_index_write(&x, o->out, err);
    if (ok && !dv_index_complete(&x) && !o->quiet)
        tell_missing(&x);
    if (ok)
        cli_print("%s: %d images, %d layers, %d units\n", o->out, (int)x.read, x.n_layers,
                  x.n_units);
    dv_index_free(&x);
    return ok;
}

static bool run(const void *opts, int n_args, char **args, dv_error *err)
{
    return (is_features(args[0]) ? merge_features : merge_indices)(opts, n_args, args, err);
}

const cli_command cmd_merge = {
    .name = "merge",
    .summary = "Put the indices or features of shards together",
    .description = "The result is what one run over all images would have written, once every "
                   "shard is in it; features need all at once.",
    .arguments = { CLI_INDEX, .least = 1 },
    .options = options,
    .examples = examples,
    .defaults = &(const merge_options){ 0 },
    .options_size = sizeof(merge_options),
    .run = run,
};
