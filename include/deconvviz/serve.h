/* serve.h - networks in a browser: photographs go in, activations and projections come out, while
 * one points at them. */
#ifndef DV_SERVE_H
#define DV_SERVE_H

#include "deconvviz/api.h"
#include "deconvviz/classify.h"
#include "deconvviz/index.h"
#include "deconvviz/list.h"
#include "deconvviz/model.h"

DV_BEGIN

enum { DV_SERVE_PORT = 8421, DV_SERVE_MODELS = 8, DV_SERVE_TOKEN_MAX = 33 };

typedef struct dv_serve_model {
    const dv_model *model;
    dv_preprocess preprocess; /* of the model's input size */
    const dv_labels *labels;  /* NULL, or none: classes are numbers */
    const char *projects;     /* what projects a unit: "deconvviz -m MODEL …", to which layer,
                                 channel, position, rule and image are added */
} dv_serve_model;

typedef struct dv_serve_options {
    int n_models; /* 1 to DV_SERVE_MODELS */
    const dv_serve_model *models;
    const dv_list *images; /* to begin with; those that cannot be read are left out, and told */
    const dv_index *index; /* of the first model; NULL: none */
    const char *root;      /* where relative paths of its images begin; NULL: the current folder */
    const char *listen;   /* an address; NULL: 127.0.0.1. Others can only be reached with a token */
    const char *host;     /* a name by which a proxy calls it; NULL: none */
    int port;             /* 0: any that is free */
    bool exact;           /* see dv_request */
    struct dv_pool *pool; /* for the work of one request at a time; NULL: one thread */
    /* On the thread of the call. ready: its address, "http://127.0.0.1:8421/", with the token where
     * there is one. stop: asked several times a second; true ends the call. */
    void *ctx;
    void (*ready)(void *ctx, const char *url);
    void (*skipped)(void *ctx, const char *path, const char *reason);
    bool (*stop)(void *ctx);
} dv_serve_options;

/* Answers until it is stopped. Fails (DV_IO) when the port is taken, (DV_UNSUPPORTED) without
 * libmicrohttpd. What is asked, and what is answered: src/serve/site/README.md. */
bool dv_serve(const dv_serve_options *o, dv_error *err) DV_MUST_CHECK;

DV_END

#endif
