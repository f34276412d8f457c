#include "serve/reply.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void dv_reply_free(dv_reply *r)
{
    free(r->data);
    *r = (dv_reply){ .status = 0 };
}

void dv_reply_bytes(dv_reply *r, const char *type, void *data, size_t size)
{
    free(r->data);
    r->type = type;
    r->data = data;
    r->size = size;
}

void dv_reply_header(dv_reply *r, const char *name, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    r->headers[r->n_headers].name = name;
    vsnprintf(r->headers[r->n_headers].value, DV_REPLY_HEADER_MAX, fmt, args);
    r->n_headers++;
    va_end(args);
}

dv_json *dv_reply_begin(dv_reply_json *j)
{
    j->text = (dv_text){ 0 };
    j->json = (dv_json){ .to = &j->text };
    return &j->json;
}

bool dv_reply_end(dv_reply *r, dv_reply_json *j, bool ok, dv_error *err)
{
    ok = ok && dv_text_ok(&j->text, "an answer", err);
    if (ok)
        dv_reply_bytes(r, "application/json", j->text.data, j->text.size);
    else
        free(j->text.data);
    return ok;
}

void dv_reply_error(dv_reply *r, int status, const char *message)
{
    dv_reply_json j;
    dv_json *w = dv_reply_begin(&j);
    dv_reply_free(r);
    r->status = status;
    dv_json_object(w, NULL);
    dv_json_put_text(w, "error", message);
    dv_json_end(w);
    if (!dv_reply_end(r, &j, true, NULL))
        dv_reply_bytes(r, "application/json", NULL, 0);
}
