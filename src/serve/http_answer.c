/* http_answer.c - between libmicrohttpd and the endpoints: who may ask, what is asked, and the
 * answer with the headers that keep a browser from anything else. */
#include "serve/server.h"

#include <stdlib.h>
#include <string.h>

enum { COMING_IN = 8 * DV_SHELF_BODY /* bytes, of all bodies */ };

/* A request while its body comes in. */
typedef struct request {
    dv_question question;
    size_t room;    /* of the body */
    dv_error wrong; /* with a parameter, or too long; code is not DV_OK */
    int status;     /* for that */
    bool has_token;
} request;

/* -- connections ------------------------------------------------------------------------------ */

static int socket_of(const dv_server *s, struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *i =
        s->http->MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    return i ? i->connect_fd : -1;
}

/* -- answers ---------------------------------------------------------------------------------- */

/* Nothing but the server's own files and answers; nobody may put the page into a frame. */
static const char policy[] =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; "
    "connect-src 'self'; media-src 'self' blob:; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'";

static void add_headers(const dv_server *s, struct MHD_Response *response, const dv_reply *r)
{
    const dv_http_library *http = s->http;
    http->MHD_add_response_header(response, "Content-Security-Policy", policy);
    http->MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
    http->MHD_add_response_header(response, "Referrer-Policy", "no-referrer");
    http->MHD_add_response_header(response, "Cross-Origin-Resource-Policy", "same-origin");
    http->MHD_add_response_header(response, "Cross-Origin-Opener-Policy", "same-origin");
    http->MHD_add_response_header(response, "Cache-Control",
                                  r->lasts ? "private, max-age=3600" : "no-store");
    if (r->type)
        http->MHD_add_response_header(response, "Content-Type", r->type);
    for (int i = 0; i < r->n_headers; i++)
        http->MHD_add_response_header(response, r->headers[i].name, r->headers[i].value);
}

/* The reply's bytes go to the library. kept: they are the program's own. */
static enum MHD_Result respond(const dv_server *s, struct MHD_Connection *connection, dv_reply *r,
                               bool kept)
{
    struct MHD_Response *response = s->http->MHD_create_response_from_buffer(
        r->size, r->data, kept ? MHD_RESPMEM_PERSISTENT : MHD_RESPMEM_MUST_FREE);
    if (!response) {
        if (!kept)
            dv_reply_free(r);
        return MHD_NO;
    }
    add_headers(s, response, r);
    dv_callers_begin(s->callers, socket_of(s, connection), r->size);
    const enum MHD_Result sent = s->http->MHD_queue_response(
        connection, r->status ? (unsigned)r->status : MHD_HTTP_OK, response);
    s->http->MHD_destroy_response(response);
    return sent;
}

static enum MHD_Result refuse(const dv_server *s, struct MHD_Connection *connection, int status,
                              const char *why)
{
    dv_reply r = { .status = 0 };
    dv_reply_error(&r, status, why);
    return respond(s, connection, &r, false);
}

/* -- who asks --------------------------------------------------------------------------------- */

static const char *header(const dv_server *s, struct MHD_Connection *connection, const char *name)
{
    return s->http->MHD_lookup_connection_value(connection, MHD_HEADER_KIND, name);
}

static const char cookie_name[] = "deconvviz";

static const char *refusal(const dv_server *s, struct MHD_Connection *connection, const request *q,
                           bool page)
{
    const dv_caller c = {
        .host = header(s, connection, "Host"),
        .origin = header(s, connection, "Origin"),
        .site = header(s, connection, "Sec-Fetch-Site"),
        .token = q->has_token ? q->question.asked.token
                              : s->http->MHD_lookup_connection_value(connection, MHD_COOKIE_KIND,
                                                                     cookie_name),
        .page = page,
    };
    return dv_gate_refuses(&s->gate, &c);
}

/* -- what is asked ---------------------------------------------------------------------------- */

static enum MHD_Result take_parameter(void *ctx, enum MHD_ValueKind kind, const char *key,
                                      const char *value)
{
    request *q = ctx;
    (void)kind;
    q->has_token = q->has_token || strcmp(key, "token") == 0;
    if (dv_asked_take(&q->question.asked, key, value ? value : "", &q->wrong))
        return MHD_YES;
    q->status = MHD_HTTP_BAD_REQUEST;
    return MHD_NO;
}

static request *begin(const dv_server *s, struct MHD_Connection *connection)
{
    request *q = calloc(1, sizeof *q);
    if (!q)
        return NULL;
    dv_asked_nothing(&q->question.asked);
    s->http->MHD_get_connection_values(connection, MHD_GET_ARGUMENT_KIND, take_parameter, q);
    return q;
}

/* More of the body. */
static void take_body(dv_server *s, request *q, const char *bytes, size_t n)
{
    dv_question *to = &q->question;
    if (q->status)
        return;
    if (n > DV_SHELF_BODY - to->size) {
        q->status = MHD_HTTP_CONTENT_TOO_LARGE;
        dv_fail(&q->wrong, DV_BAD_USAGE, "a file of more than %d MB", DV_SHELF_BODY >> 20);
        return;
    }
    if (to->size + n > q->room) {
        const size_t room = 2 * (to->size + n), more = room - q->room;
        const bool much = atomic_fetch_add(&s->coming_in, more) + more > COMING_IN;
        void *grown = much ? NULL : realloc(to->body, room);
        if (!grown) {
            atomic_fetch_sub(&s->coming_in, more);
            q->status = MHD_HTTP_SERVICE_UNAVAILABLE;
            dv_fail(&q->wrong, DV_NO_MEMORY, "too many files come in at the same time");
            return;
        }
        to->body = grown;
        q->room = room;
    }
    memcpy((char *)to->body + to->size, bytes, n);
    to->size += n;
}

/* What is behind the last '/', or behind "/api/": a proxy may leave its own folders before it. */
static const char *last_part(const char *url, bool *api)
{
    const char *slash = strrchr(url, '/');
    const char *name = slash ? slash + 1 : url;
    *api = slash && slash - url >= 4 && strncmp(slash - 4, "/api", 4) == 0;
    return name;
}

/* -- answering -------------------------------------------------------------------------------- */

static int status_of(const dv_error *err, bool post)
{
    if (err->code == DV_NO_MEMORY)
        return MHD_HTTP_SERVICE_UNAVAILABLE;
    if (err->code == DV_IO)
        return MHD_HTTP_NOT_FOUND;
    return post && err->code != DV_BAD_USAGE ? MHD_HTTP_UNSUPPORTED_MEDIA_TYPE
                                             : MHD_HTTP_BAD_REQUEST;
}

static void answer(dv_server *s, const dv_endpoint *e, dv_question *q, dv_reply *r)
{
    dv_error err = { 0 };
    dv_turnstile *t = e->works == DV_N_WORKS ? NULL : &s->turnstiles[e->works];
    const char *lane = e->works == DV_WORKS_ON_NETWORKS ? q->asked.lane : "";
    const dv_passage passage = t ? dv_turnstile_enter(t, lane, q->asked.turn) : DV_PASSED;
    if (passage == DV_OVERTAKEN) {
        r->status = MHD_HTTP_NO_CONTENT;
    } else if (passage == DV_TOO_MANY) {
        dv_reply_error(r, MHD_HTTP_SERVICE_UNAVAILABLE, "too many requests wait");
        dv_reply_header(r, "Retry-After", "1");
    } else {
        const bool ok = e->answer(s, q, r, &err);
        if (t)
            dv_turnstile_leave(t);
        if (!ok)
            dv_reply_error(r, status_of(&err, e->post), err.message);
    }
}

static enum MHD_Result answer_page(dv_server *s, struct MHD_Connection *connection,
                                   const request *q, const char *name)
{
    size_t size;
    dv_reply r = { .status = 0 };
    const void *bytes = dv_page_file(*name ? name : "serve.html", &size, &r.type);
    if (!bytes)
        return refuse(s, connection, MHD_HTTP_NOT_FOUND, "there is no such page");
    r.data = (void *)(uintptr_t)bytes;
    r.size = size;
    if (s->gate.token && q->has_token)
        dv_reply_header(&r, "Set-Cookie", "%s=%s; SameSite=Strict; HttpOnly; Path=/", cookie_name,
                        s->gate.token);
    return respond(s, connection, &r, true);
}

static enum MHD_Result answer_call(dv_server *s, struct MHD_Connection *connection, request *q,
                                   const char *name, bool post)
{
    const dv_endpoint *e = dv_endpoint_find(name);
    dv_reply r = { .status = 0 };
    if (!e)
        return refuse(s, connection, MHD_HTTP_NOT_FOUND, "nothing of that name can be asked");
    if (e->post != post)
        return refuse(s, connection, MHD_HTTP_METHOD_NOT_ALLOWED,
                      e->post ? "this is sent, by POST" : "this is asked, by GET");
    dv_callers_wait(s->callers, socket_of(s, connection));
    answer(s, e, &q->question, &r);
    return respond(s, connection, &r, false);
}

/* A form, which a page of another site may send without being asked, has none of these types. */
static bool is_file(const dv_server *s, struct MHD_Connection *connection)
{
    const char *type = header(s, connection, "Content-Type");
    return type &&
           (strncmp(type, "image/", 6) == 0 || strncmp(type, "application/octet-stream", 24) == 0);
}

/* Whether the request may go on: else *sent is its answer. Asked before a body comes. */
static bool may_go_on(const dv_server *s, struct MHD_Connection *connection, request *q,
                      const char *name, bool api, const char *method, enum MHD_Result *sent)
{
    const bool post = strcmp(method, "POST") == 0, get = strcmp(method, "GET") == 0;
    const char *why = refusal(s, connection, q, !api && !*name);
    const char *length = header(s, connection, "Content-Length");
    if (why)
        *sent = refuse(s, connection, MHD_HTTP_FORBIDDEN, why);
    else if (!get && !(post && api) && strcmp(method, "HEAD") != 0)
        *sent = refuse(s, connection, MHD_HTTP_METHOD_NOT_ALLOWED, "GET, or POST of an image");
    else if (q->status)
        *sent = refuse(s, connection, q->status, q->wrong.message);
    else if (post && !is_file(s, connection))
        *sent = refuse(s, connection, MHD_HTTP_UNSUPPORTED_MEDIA_TYPE,
                       "the body is an image: Content-Type image/... or application/octet-stream");
    else if (post && length && strtoull(length, NULL, 10) > DV_SHELF_BODY)
        *sent = refuse(s, connection, MHD_HTTP_CONTENT_TOO_LARGE, "the file is too large");
    else
        return true;
    return false;
}

enum MHD_Result dv_http_answer(void *server, struct MHD_Connection *connection, const char *url,
                               const char *method, const char *version, const char *body,
                               size_t *size, void **state)
{
    dv_server *s = server;
    request *q = *state;
    enum MHD_Result sent;
    bool api;
    (void)version;
    const char *name = last_part(url, &api);
    if (!q) {
        *state = q = begin(s, connection);
        if (!q)
            return MHD_NO;
        dv_callers_begin(s->callers, socket_of(s, connection), 0);
        return may_go_on(s, connection, q, name, api, method, &sent) ? MHD_YES : sent;
    }
    if (*size > 0) {
        dv_callers_sent(s->callers, socket_of(s, connection), *size);
        take_body(s, q, body, *size);
        *size = 0;
        return MHD_YES;
    }
    if (q->status)
        return refuse(s, connection, q->status, q->wrong.message);
    if (!api)
        return answer_page(s, connection, q, name);
    return answer_call(s, connection, q, name, strcmp(method, "POST") == 0);
}

/* -- what comes and goes ---------------------------------------------------------------------- */

void dv_http_completed(void *server, struct MHD_Connection *connection, void **state,
                       enum MHD_RequestTerminationCode how)
{
    dv_server *s = server;
    request *q = *state;
    (void)how;
    if (q) {
        atomic_fetch_sub(&s->coming_in, q->room);
        free(q->question.body);
    }
    free(q);
    *state = NULL;
    dv_callers_begin(s->callers, socket_of(s, connection), 0);
}

void dv_http_connected(void *server, struct MHD_Connection *connection, void **of_connection,
                       enum MHD_ConnectionNotificationCode what)
{
    dv_server *s = server;
    (void)of_connection;
    if (what == MHD_CONNECTION_NOTIFY_STARTED)
        dv_callers_come(s->callers, socket_of(s, connection));
    else
        dv_callers_leave(s->callers, socket_of(s, connection));
}
