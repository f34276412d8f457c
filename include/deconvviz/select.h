/* select.h - from words to units: which layers, which of their channels, and where in those. */
#ifndef DV_SELECT_H
#define DV_SELECT_H

#include "deconvviz/api.h"
#include "deconvviz/project.h"

DV_BEGIN

enum { DV_LAYER_WORD_MAX = 128 };

/* Which channels are wanted of one layer. */
typedef struct dv_selection {
    const char *layer;            /* as it was said; the caller's */
    char word[DV_LAYER_WORD_MAX]; /* that in a file's name; of all layers selected together, no two
                                     are the same */
    int tensor;
    int32_t n;        /* channels */
    int32_t *channel; /* (n) owned; NULL: the n strongest of each image */
} dv_selection;

/* channels: "12", "0-15", "3,7,9", "all", "top:9". Fails (DV_BAD_USAGE) with what the layer has.
 * The caller frees it with dv_selection_free. */
bool dv_select(const dv_model *m, const char *layer, const char *channels, dv_selection *s,
               dv_error *err) DV_MUST_CHECK;
void dv_selection_free(dv_selection *s);

/* The same of several layers; one that is named twice counts once. */
typedef struct dv_selections {
    int n;
    dv_selection *layers; /* (n) owned */
    int n_units;          /* of one image */
} dv_selections;

/* The caller frees it with dv_selections_free, also after a failure. */
bool dv_select_layers(const dv_model *m, int n, const char *const *layers, const char *channels,
                      dv_selections *s, dv_error *err) DV_MUST_CHECK;
void dv_selections_free(dv_selections *s);

/* Where in its channel a unit stands. */
typedef struct dv_position {
    bool strongest, whole; /* neither: (y,x) */
    int32_t y, x;
} dv_position;

/* "max", "all" or "Y,X". */
bool dv_position_parse(const char *text, dv_position *p, dv_error *err) DV_MUST_CHECK;

/* Fails (DV_BAD_USAGE) when the position lies outside the map of one of the layers. */
bool dv_position_check(const dv_model *m, const dv_selections *s, const dv_position *p,
                       dv_error *err) DV_MUST_CHECK;

/* The units of a selection after a forward pass that keeps its tensor: units (s->n). */
bool dv_select_units(const dv_trace *t, const dv_model *m, const dv_selection *s,
                     const dv_position *p, dv_unit *units, dv_error *err) DV_MUST_CHECK;

DV_END

#endif
