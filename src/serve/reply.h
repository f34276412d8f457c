/* reply.h - what a request is answered with. */
#ifndef DV_SERVE_REPLY_H
#define DV_SERVE_REPLY_H

#include "base/json_write.h"
#include "deconvviz/error.h"

enum { DV_REPLY_HEADERS = 4, DV_REPLY_HEADER_MAX = 128 };

/* Starts out as { 0 }. */
typedef struct dv_reply {
    int status;       /* of HTTP; 0: 200 */
    const char *type; /* of the body */
    void *data;       /* owned (malloc) */
    size_t size;
    bool lasts; /* the same request has the same answer for as long as the server runs */
    int n_headers;
    struct {
        const char *name;
        char value[DV_REPLY_HEADER_MAX];
    } headers[DV_REPLY_HEADERS];
} dv_reply;

void dv_reply_free(dv_reply *r);

/* The bytes are taken over. */
void dv_reply_bytes(dv_reply *r, const char *type, void *data, size_t size);

void dv_reply_header(dv_reply *r, const char *name, const char *fmt, ...) DV_PRINTF(3, 4);

/* A document that is written to r->data at the end. */
typedef struct dv_reply_json {
    dv_text text;
    dv_json json;
} dv_reply_json;
dv_json *dv_reply_begin(dv_reply_json *j);
bool dv_reply_end(dv_reply *r, dv_reply_json *j, bool ok, dv_error *err) DV_MUST_CHECK;

/* {"error": message}, with a status by the error's code. */
void dv_reply_error(dv_reply *r, int status, const char *message);

#endif
