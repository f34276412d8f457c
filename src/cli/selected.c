#include "cli/selected.h"

#include "deconvviz/load.h"

static bool select_units(const dv_model *m, const cli_list *layers, const char *channels,
                         cli_selected *to, dv_error *err)
{
    return cli_layers_of(m, layers, &to->names, err) &&
           dv_select_layers(m, to->names.n, to->names.text, channels, &to->units, err);
}

void cli_selected_free(cli_selected *s)
{
    dv_selections_free(&s->units);
}

/* Whether every layer asked for is a map, which can be computed at another size of the input. */
static bool all_are_maps(const dv_model *m, const dv_selections *s)
{
    for (int i = 0; i < s->n; i++) {
        dv_box map = dv_box_whole(dv_tensor_shape(m, s->layers[i].tensor));
        if (map.hi[DV_Y] == 1 && map.hi[DV_X] == 1)
            return false;
    }
    return true;
}

bool cli_open_for(cli_network *n, const cli_network_options *o, const int *map_size,
                  const cli_list *layers, const char *channels, cli_selected *to, dv_error *err)
{
    cli_network_options quiet = *o;
    int size[2];
    quiet.quiet = true;
    bool larger = !map_size && o->size.n == 0 && dv_builtin_map_size(cli_network_model(o), size);
    if (!cli_network_open(n, larger ? &quiet : o, map_size, err) ||
        !select_units(n->model, layers, channels, to, err))
        return false;
    if (!larger)
        return true;
    const bool maps = all_are_maps(n->model, &to->units);
    cli_selected_free(to);
    return cli_network_settle(n, o, maps ? size : NULL, err) &&
           select_units(n->model, layers, channels, to, err);
}
