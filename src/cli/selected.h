/* selected.h - the network opened at the size that suits the units that -l and -c name. */
#ifndef DV_CLI_SELECTED_H
#define DV_CLI_SELECTED_H

#include "cli/layer_list.h"
#include "cli/network.h"
#include "deconvviz/select.h"

/* Is not to be copied: the units are of layers whose names may be held here. */
typedef struct cli_selected {
    cli_layer_list names;
    dv_selections units;
} cli_selected;

/* Opens the network and finds the units in it. map_size: a size (H,W) of the input; NULL: the
 * model's own, or, where the model has a larger one for its maps and only those are named, that.
 * cli_network_close and cli_selected_free, also after a failure. */
bool cli_open_for(cli_network *n, const cli_network_options *o, const int *map_size,
                  const cli_list *layers, const char *channels, cli_selected *to,
                  dv_error *err) DV_MUST_CHECK;
void cli_selected_free(cli_selected *s);

#endif
