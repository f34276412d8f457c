/* index_picks.h - what of an index a command shows, and what it reads for that. */
#ifndef DV_CLI_INDEX_PICKS_H
#define DV_CLI_INDEX_PICKS_H

#include "cli/cli.h"
#include "cli/network.h"
#include "deconvviz/select.h"
#include "deconvviz/sheets.h"

/* Starts out as { 0 }. */
typedef struct cli_picks {
    int n;
    dv_selection *selections; /* (n) */
    dv_sheets_pick *picks;    /* (n) */
} cli_picks;

/* The layers that -l names, each once, by whatever name; those of the index where it names none, or
 * all. Of each the channels that -c names. The caller frees *to with cli_picks_free, also after a
 * failure. */
bool cli_picks_find(cli_picks *to, const dv_model *m, const dv_index *x, const cli_list *layers,
                    const char *channels, dv_error *err) DV_MUST_CHECK;
void cli_picks_free(cli_picks *p);

/* The model that was mined, as the options or the index name it, at the size that it was mined at.
 */
bool cli_network_of_index(cli_network *n, const cli_network_options *o, const dv_index *x,
                          dv_error *err) DV_MUST_CHECK;

/* The images, which are read as their turn comes: none of them is written over. */
bool cli_guard_images(const dv_index *x, const char *root, dv_error *err) DV_MUST_CHECK;

#endif
