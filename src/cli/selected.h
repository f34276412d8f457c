/* selected.h - the network opened at the size that suits the units that -l and -c name. */
#ifndef DV_CLI_SELECTED_H
#define DV_CLI_SELECTED_H

#include "cli/network.h"
#include "deconvviz/select.h"

/* Opens the network and finds the units in it. map_size: a size (H,W) of the input; NULL: the
 * model's own, or, where the model has a larger one for its maps and only those are named, that.
 * cli_network_close and dv_selections_free, also after a failure. */
bool cli_open_for(cli_network *n, const cli_network_options *o, const int *map_size,
                  const cli_list *layers, const char *channels, dv_selections *s,
                  dv_error *err) DV_MUST_CHECK;

#endif
