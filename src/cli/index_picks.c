#include "cli/index_picks.h"
#include "base/guard.h"
#include "base/path.h"
#include "cli/layer_list.h"

#include <stdlib.h>
#include <string.h>

bool cli_guard_images(const dv_index *x, const char *root, dv_error *err)
{
    bool ok = true;
    for (int32_t i = 0; ok && i < x->n_files; i++) {
        char *path = dv_path_below(root, x->files[i].path, err);
        ok = path && dv_guard_add(path, err);
        free(path);
    }
    return ok;
}

bool cli_network_of_index(cli_network *n, const cli_network_options *options, const dv_index *x,
                          dv_error *err)
{
    cli_network_options o = *options;
    if (!o.model)
        o.model = x->model.path;
    o.quiet = true; /* the preprocessing is the index's */
    o.resize = -1;
    return cli_network_open(n, &o, x->preprocess.size, err);
}

static bool pick_layer(cli_picks *to, const dv_model *m, const dv_index_layer *l,
                       const char *channels, dv_error *err)
{
    for (int i = 0; i < to->n; i++)
        if (to->picks[i].layer == l)
            return true;
    dv_selection *s = &to->selections[to->n];
    if (!dv_select(m, l->layer, channels, s, err))
        return false;
    to->picks[to->n++] = (dv_sheets_pick){ l, s->n, s->channel };
    return s->channel ||
           dv_fail(err, DV_BAD_USAGE, "--channel '%s': 12, 0-15, 3,7,9 or all", channels);
}

static bool is_in_index(const void *index, const char *text)
{
    return dv_index_find(index, text) != NULL;
}

bool cli_picks_find(cli_picks *to, const dv_model *m, const dv_index *x, const cli_list *layers,
                    const char *channels, dv_error *err)
{
    cli_layer_list named;
    if (!cli_layers_expand(layers, is_in_index, x, &named, err))
        return false;
    bool all = named.n == 0;
    for (int i = 0; i < named.n; i++)
        all |= strcmp(named.text[i], "all") == 0;
    int n = all ? x->n_layers : named.n;
    to->selections = calloc((size_t)n + 1, sizeof *to->selections);
    to->picks = calloc((size_t)n + 1, sizeof *to->picks);
    if (!to->selections || !to->picks)
        return dv_fail(err, DV_NO_MEMORY, "no memory for %d layers", n);
    for (int i = 0; i < n; i++) {
        const dv_index_layer *l = all ? &x->layers[i] : dv_index_find(x, named.text[i]);
        if (!l)
            return dv_fail(err, DV_BAD_USAGE, "layer '%s' was not mined", named.text[i]);
        if (!pick_layer(to, m, l, channels, err))
            return false;
    }
    return true;
}

void cli_picks_free(cli_picks *p)
{
    for (int i = 0; i < p->n; i++)
        dv_selection_free(&p->selections[i]);
    free(p->selections);
    free(p->picks);
    *p = (cli_picks){ 0 };
}
