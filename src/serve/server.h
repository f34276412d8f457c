/* server.h - a server's parts, and what it can be asked: a function and a row each. */
#ifndef DV_SERVE_SERVER_H
#define DV_SERVE_SERVER_H

#include "deconvviz/serve.h"
#include "serve/gate.h"
#include "serve/http_library.h"
#include "serve/ranking.h"
#include "serve/reply.h"
#include "serve/shelf.h"
#include "serve/sights.h"
#include "serve/turnstile.h"

#include <stdatomic.h>

/* What there is one turnstile for each of: images that are decoded are large, and networks are for
 * one thread at a time. */
typedef enum dv_works { DV_WORKS_ON_IMAGES, DV_WORKS_ON_NETWORKS, DV_N_WORKS } dv_works;

typedef struct dv_server {
    const dv_serve_options *o;
    const dv_http_library *http;
    dv_gate gate;
    char token[DV_SERVE_TOKEN_MAX];
    dv_shelf shelf;
    dv_turnstile turnstiles[DV_N_WORKS];
    dv_sights sights;        /* behind the turnstile of networks */
    atomic_size_t coming_in; /* bytes that bodies take which are not on the shelf yet */
    struct dv_callers *callers;
} dv_server;

/* A request that has been let in. */
typedef struct dv_question {
    dv_asked asked;
    void *body; /* owned; whoever takes it over sets it to NULL */
    size_t size;
} dv_question;

/* Fails with what is told to who asked. */
typedef bool dv_endpoint_call(dv_server *s, dv_question *q, dv_reply *r, dv_error *err);

typedef struct dv_endpoint {
    const char *name; /* behind "api/" */
    bool post;
    dv_works works; /* DV_N_WORKS: it needs to wait for nothing */
    dv_endpoint_call *answer;
} dv_endpoint;

/* NULL: there is none of that name. */
const dv_endpoint *dv_endpoint_find(const char *name);

dv_endpoint_call dv_answer_state, dv_answer_images, dv_answer_image;
dv_endpoint_call dv_answer_input, dv_answer_predict, dv_answer_strongest, dv_answer_maps,
    dv_answer_map, dv_answer_shift;
dv_endpoint_call dv_answer_project, dv_answer_command;
dv_endpoint_call dv_answer_unusual, dv_answer_hits, dv_answer_hit;

/* The sight that is asked for, and the layer in it; a unit within it where one is needed. NULL: it
 * cannot be had. layer may be NULL. */
dv_sight *dv_question_sight(dv_server *s, const dv_question *q, const dv_served_layer **layer,
                            dv_error *err) DV_MUST_CHECK;

/* {"layer","unit","value","y","x"} of a unit. */
void dv_put_ranked(dv_json *w, const dv_ranked *r);

/* A file of the page by its name, *type of it; NULL: there is none. The bytes are the program's. */
const void *dv_page_file(const char *name, size_t *size, const char **type);

/* -- HTTP ------------------------------------------------------------------------------------- */

/* Connections: how much time each has left, so that none takes for ever. */
struct dv_callers *dv_callers_new(dv_error *err) DV_MUST_CHECK;
void dv_callers_free(struct dv_callers *c);
void dv_callers_come(struct dv_callers *c, int socket);
void dv_callers_leave(struct dv_callers *c, int socket);
/* It begins anew: to ask, or to take an answer of so many bytes. */
void dv_callers_begin(struct dv_callers *c, int socket, size_t bytes);
/* So many bytes of what it sends have come. */
void dv_callers_sent(struct dv_callers *c, int socket, size_t bytes);
/* It is the server that works, for as long as it takes. */
void dv_callers_wait(struct dv_callers *c, int socket);
/* Shuts the sockets that have taken too long. */
void dv_callers_hurry(struct dv_callers *c);

/* libmicrohttpd's calls: the handler of requests, what ends one, what comes and leaves. */
enum MHD_Result dv_http_answer(void *server, struct MHD_Connection *connection, const char *url,
                               const char *method, const char *version, const char *body,
                               size_t *size, void **request);
void dv_http_completed(void *server, struct MHD_Connection *connection, void **request,
                       enum MHD_RequestTerminationCode how);
void dv_http_connected(void *server, struct MHD_Connection *connection, void **of_connection,
                       enum MHD_ConnectionNotificationCode what);

#endif
