#include "cli/inputs.h"

#include "base/file.h"
#include "base/guard.h"

enum { MAX_OUTPUTS = 8 };

static struct {
    int n;
    const char *path[MAX_OUTPUTS];
    bool any; /* files get names of their own, or have one that is there already */
} outputs;

static void take_output(const cli_option *o, const void *options)
{
    const char *path = *(const char *const *)(const void *)((const char *)options + o->offset);
    bool named = path && outputs.n < MAX_OUTPUTS;
    if (named)
        outputs.path[outputs.n++] = path;
    outputs.any |= o->type.kind != CLI_KIND_WRITES || (named && dv_file_exists(path));
}

bool cli_inputs_begin(const cli_option *table, const void *options, int n_args, char **args,
                      dv_error *err)
{
    dv_guard_begin();
    for (const cli_option *o = table; o->name; o++)
        if (cli_is_output(o))
            take_output(o, options);
    for (int i = 0; i < n_args; i++)
        if (!dv_guard_add(args[i], err))
            return false;
    return cli_inputs_check(err);
}

bool cli_inputs_check(dv_error *err)
{
    for (int i = 0; i < outputs.n; i++)
        if (!dv_guard_allows(outputs.path[i], err))
            return false;
    return true;
}

bool cli_inputs_images(const dv_list *images, dv_error *err)
{
    for (int32_t i = 0; outputs.any && i < images->count; i++)
        if (!dv_guard_add(dv_list_path(images, i), err))
            return false;
    return cli_inputs_check(err);
}

bool cli_inputs_list(dv_list *images, const char *list, int n_args, char **args, dv_error *err)
{
    if (list && !dv_list_add_lines(images, list, err))
        return false;
    for (int i = 0; i < n_args; i++)
        if (!dv_list_add(images, args[i], err))
            return false;
    if (images->count == 0)
        return dv_fail(err, DV_BAD_USAGE, "images are needed: files, folders or --list FILE");
    return cli_inputs_images(images, err);
}

bool cli_inputs_labelled(dv_list *images, const dv_truth *truth, const char *labels_from,
                         int n_args, char **args, dv_error *err)
{
    for (int i = 0; i < n_args; i++)
        if (!dv_list_add(images, args[i], err))
            return false;
    for (int i = 0; n_args == 0 && i < truth->n; i++)
        if (!dv_list_add(images, truth->lines[i].path, err))
            return false;
    if (images->count == 0)
        return dv_fail(err, DV_BAD_DATA, "%s: no images in it", labels_from);
    return cli_inputs_images(images, err);
}
