/* layer_list.h - the layers that the words behind -l name. */
#ifndef DV_CLI_LAYER_LIST_H
#define DV_CLI_LAYER_LIST_H

#include "cli/cli.h"
#include "deconvviz/model.h"

/* Each named once. Is not to be copied: text may point into number. */
typedef struct cli_layer_list {
    int n;
    const char *text[CLI_LIST_MAX]; /* as dv_model_find takes it */
    char number[CLI_LIST_MAX][21];  /* as a long has them */
} cli_layer_list;

/* A word that names a layer is that layer. One of digits, commas and hyphens that does not is
 * numbers and ranges, "1,5,8-10"; any other stays as it is. Fails (DV_BAD_USAGE) when a list cannot
 * be read, or holds more than CLI_LIST_MAX layers with those of the other words. */
bool cli_layers_expand(const cli_list *words, bool (*is_layer)(const void *ctx, const char *text),
                       const void *ctx, cli_layer_list *to, dv_error *err) DV_MUST_CHECK;

/* The same by the layers of a model; "all" alone: all weight layers. */
bool cli_layers_of(const dv_model *m, const cli_list *words, cli_layer_list *to,
                   dv_error *err) DV_MUST_CHECK;

/* Their tensors (n), as dv_mine takes them; tensors: room for CLI_LIST_MAX. *n is 0, which is what
 * all are to dv_mine, where there are no words, or "all" is one of them. */
bool cli_tensors_to_mine(const dv_model *m, const cli_list *words, int *tensors, int *n,
                         dv_error *err) DV_MUST_CHECK;

#endif
