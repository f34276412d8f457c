/* selected.h - all units that -l and -c name, and the network opened at the size that suits them.
 */
#ifndef DV_CLI_SELECTED_H
#define DV_CLI_SELECTED_H

#include "cli/network.h"
#include "cli/units.h"

typedef struct cli_selected {
    int n, n_units; /* n_units: of one image */
    cli_selection layers[CLI_LIST_MAX];
} cli_selected;

/* Opens the network and finds the units in it; a layer that is named twice counts once. map_size:
 * a size (H,W) of the input; NULL: the model's own, or, where the model has a larger one for its
 * maps and only those are named, that. cli_network_close and cli_selected_free, also after a
 * failure. */
bool cli_open_for(cli_network *n, const cli_network_options *o, const int *map_size,
                  const cli_list *layers, const char *channels, cli_selected *s,
                  dv_error *err) DV_MUST_CHECK;
void cli_selected_free(cli_selected *s);

#endif
