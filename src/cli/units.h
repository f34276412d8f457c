/* units.h - from the words of -l, -c and -p to units. */
#ifndef DV_CLI_UNITS_H
#define DV_CLI_UNITS_H

#include "base/word.h"
#include "cli/cli.h"
#include "deconvviz/project.h"

/* Which units are wanted of one layer. */
typedef struct cli_selection {
    const char *layer;      /* as the user said it */
    char word[DV_WORD_MAX]; /* that in a file's name; of all layers selected, no two are the same */
    int tensor;
    int32_t n;        /* channels */
    int32_t *channel; /* (n) owned; NULL: the n strongest of the image */
} cli_selection;

/* Where in its channel a unit stands. */
typedef struct cli_position {
    bool strongest, whole; /* neither: (y,x) */
    int32_t y, x;
} cli_position;

/* Finds the layer and its channels: "12", "0-15", "3,7,9", "all", "top:9". The caller frees
 * s->channel. */
bool cli_select(const dv_model *m, const char *layer, const char *channels, cli_selection *s,
                dv_error *err) DV_MUST_CHECK;

/* "max", "all" or "Y,X". */
bool cli_parse_position(const char *text, cli_position *p, dv_error *err) DV_MUST_CHECK;

/* Fails when the position lies outside the tensor's map. */
bool cli_check_position(const dv_model *m, const cli_selection *s, const cli_position *p,
                        dv_error *err) DV_MUST_CHECK;

/* The units of a selection on one image: units (s->n). */
bool cli_units(const dv_trace *t, const dv_model *m, const cli_selection *s, const cli_position *p,
               dv_unit *units, dv_error *err) DV_MUST_CHECK;

#endif
