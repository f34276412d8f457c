/* verify_atlas.h - `deconvviz verify ATLAS`. */
#ifndef DV_CLI_VERIFY_ATLAS_H
#define DV_CLI_VERIFY_ATLAS_H

#include "cli/network.h"

typedef struct cli_verify_atlas_options {
    const char *folder, *root;
    const cli_network_options *network;
    bool all, json;
} cli_verify_atlas_options;

/* Fails (DV_BAD_DATA) when a picture has changed, (DV_BAD_USAGE) when one could not be compared. */
bool cli_verify_atlas(const cli_verify_atlas_options *o, dv_error *err) DV_MUST_CHECK;

#endif
