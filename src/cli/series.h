/* series.h - the checkpoints that a command is about, and the network that they are weights of. */
#ifndef DV_CLI_SERIES_H
#define DV_CLI_SERIES_H

#include "cli/cli.h"
#include "deconvviz/evolve.h"

/* Is not to be copied: network may point into it. */
typedef struct cli_series {
    const char *network; /* see dv_checkpoint_open */
    const char *ending;  /* of the files that count in a folder */
    char beside[4096];   /* the network of a file of weights */
} cli_series;

/* model: what -m says, or NULL; places: those of the checkpoints, of which there may be none. */
bool cli_series_settle(cli_series *s, const char *model, const cli_list *places,
                       dv_error *err) DV_MUST_CHECK;

/* The checkpoints at the places; where none are named, those beside the network: NETWORK-*, of a
 * built-in model in models/, or where they are installed. Fails where there are none. */
bool cli_series_find(const cli_series *s, const cli_list *places, dv_checkpoints *c,
                     dv_error *err) DV_MUST_CHECK;

#endif
