/* asked.h - a request's parameters, checked: whatever comes from the network goes through here. */
#ifndef DV_SERVE_ASKED_H
#define DV_SERVE_ASKED_H

#include "deconvviz/draw.h"
#include "deconvviz/select.h"
#include "serve/edit.h"

enum {
    DV_ASKED_ID_MAX = 33,    /* of an image: hexadecimal digits, with the NUL */
    DV_ASKED_NAME_MAX = 256, /* of a file, of a layer */
    DV_ASKED_LANE_MAX = 64,
    DV_ASKED_SIDE_MAX = 2048,
    DV_ASKED_MOST = 100, /* of what is listed */
};

typedef enum dv_asked_format {
    DV_FORMAT_PNG,
    DV_FORMAT_NPY,
    DV_FORMAT_JSON,
    DV_FORMAT_SVG,
    DV_FORMAT_PDF,
    DV_N_FORMATS,
} dv_asked_format;

/* Starts out as dv_asked_nothing says. */
typedef struct dv_asked {
    int model, unit, n, side, zoom, place; /* unit -1: none was said; n, side 0: as many as usual */
    char image[DV_ASKED_ID_MAX];           /* "": none */
    char layer[DV_ASKED_NAME_MAX];         /* "": none */
    char name[DV_ASKED_NAME_MAX];
    char lane[DV_ASKED_LANE_MAX]; /* "": none */
    char token[DV_ASKED_LANE_MAX];
    int64_t turn; /* in its lane */
    dv_position at;
    dv_rule rule;
    dv_seed seed;
    dv_rectify rectify;
    dv_view view;
    float scale; /* of full colour; 0: the projection's own */
    dv_asked_format format;
    bool live;
    dv_edit edit;
} dv_asked;

void dv_asked_nothing(dv_asked *a);

/* Takes one parameter over. Those that nobody knows are passed over. Fails (DV_BAD_USAGE) with the
 * key, the value and what is possible. value: "" where there is none. */
bool dv_asked_take(dv_asked *a, const char *key, const char *value, dv_error *err) DV_MUST_CHECK;

#endif
