/* atlas_words.h - the options of `deconvviz atlas`, and its command lines as a shell takes them,
 * for the page to show. */
#ifndef DV_CLI_ATLAS_WORDS_H
#define DV_CLI_ATLAS_WORDS_H

#include "base/text.h"
#include "cli/network.h"
#include "deconvviz/index.h"

typedef struct cli_atlas_options {
    cli_network_options network;
    cli_list layers;
    const char *channels, *list, *root, *labels, *labels_from, *against, *against_model,
        *against_weights, *out;
    int hits, per_image, compared, quality, rectify, match;
    bool samples_projected, no_context;
} cli_atlas_options;

/* Whether the file is what `deconvviz mine` wrote, by its first bytes. */
bool cli_is_index(const char *path);

/* Whether the options say how images are prepared. */
bool cli_atlas_prepares(const cli_network_options *o);

/* "deconvviz -m MODEL …" for any unit of an open network, with images prepared so. The caller frees
 * it. */
bool cli_projects_words(dv_text *projects, const cli_network_options *o, const cli_network *n,
                        const dv_preprocess *p, dv_error *err) DV_MUST_CHECK;

/* "deconvviz -m MODEL …" for the units of the index of --against. The caller frees it. */
bool cli_atlas_other_words(dv_text *projects, const cli_atlas_options *o, const cli_network *n,
                           const dv_index *x, dv_error *err) DV_MUST_CHECK;

/* command: what was called, spelt anew; projects: "deconvviz -m MODEL …" for any unit of the index,
 * with images prepared as they were mined. The caller frees both. */
bool cli_atlas_words(dv_text *command, dv_text *projects, const cli_atlas_options *o,
                     const cli_network *n, const dv_index *x, bool mined, int n_args, char **args,
                     dv_error *err) DV_MUST_CHECK;

#endif
