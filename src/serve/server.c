/* server.c - from options to a server that answers, and its end. */
#include "serve/server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
    CONNECTIONS = 96,
    CONNECTION_BYTES = 49152, /* for the head of a request */
};

/* -- where ------------------------------------------------------------------------------------ */

typedef union address {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
} address;

static bool is_loopback(const address *a)
{
    return a->any.sa_family == AF_INET6 ? IN6_IS_ADDR_LOOPBACK(&a->v6.sin6_addr)
                                        : ntohl(a->v4.sin_addr.s_addr) >> 24 == 127;
}

static bool parse_address(address *a, const char *text, int port, dv_error *err)
{
    memset(a, 0, sizeof *a);
    a->v4.sin_family = AF_INET;
    a->v4.sin_port = htons((uint16_t)port);
    if (inet_pton(AF_INET, text, &a->v4.sin_addr) == 1)
        return true;
    memset(a, 0, sizeof *a);
    a->v6.sin6_family = AF_INET6;
    a->v6.sin6_port = htons((uint16_t)port);
    return inet_pton(AF_INET6, text, &a->v6.sin6_addr) == 1 ||
           dv_fail(err, DV_BAD_USAGE, "--listen %s: no IPv4 or IPv6 address", text);
}

/* 128 bits of chance. */
static bool make_token(char token[DV_SERVE_TOKEN_MAX], dv_error *err)
{
    uint8_t bytes[(DV_SERVE_TOKEN_MAX - 1) / 2];
    if (getrandom(bytes, sizeof bytes, 0) != (ssize_t)sizeof bytes)
        return dv_fail(err, DV_IO, "no random numbers for a token: %s", strerror(errno));
    for (size_t i = 0; i < sizeof bytes; i++)
        snprintf(token + 2 * i, 3, "%02x", bytes[i]);
    return true;
}

static int open_socket(const address *a, dv_error *err, const char *where, int port)
{
    const int on = 1, family = a->any.sa_family;
    const socklen_t size = family == AF_INET6 ? sizeof a->v6 : sizeof a->v4;
    const int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0)
        (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (fd >= 0 && bind(fd, &a->any, size) == 0 && listen(fd, 64) == 0)
        return fd;
    dv_fail(err, DV_IO, "cannot listen to %s, port %d: %s", where, port, strerror(errno));
    if (fd >= 0)
        close(fd);
    return -1;
}

static int port_of(int fd)
{
    address a;
    socklen_t size = sizeof a;
    memset(&a, 0, sizeof a);
    if (getsockname(fd, &a.any, &size) < 0)
        return 0;
    return ntohs(a.any.sa_family == AF_INET6 ? a.v6.sin6_port : a.v4.sin_port);
}

/* -- parts ------------------------------------------------------------------------------------ */

static bool open_parts(dv_server *s, dv_error *err)
{
    const dv_serve_options *o = s->o;
    s->http = dv_http_library_open(err);
    s->callers = s->http ? dv_callers_new(err) : NULL;
    if (!s->callers || !dv_sights_open(&s->sights, o, &s->shelf, err))
        return false;
    for (int32_t i = 0; o->images && i < o->images->count; i++) {
        char id[DV_ASKED_ID_MAX];
        dv_error why = { 0 };
        const char *path = dv_list_path(o->images, i);
        if (dv_shelf_add_file(&s->shelf, path, path, true, id, &why))
            continue;
        if (why.code == DV_NO_MEMORY) {
            *err = why;
            return false;
        }
        if (o->skipped)
            o->skipped(o->ctx, path, why.message);
    }
    return true;
}

static void close_parts(dv_server *s)
{
    dv_sights_close(&s->sights);
    dv_shelf_destroy(&s->shelf);
    for (int i = 0; i < DV_N_WORKS; i++)
        dv_turnstile_destroy(&s->turnstiles[i]);
    dv_callers_free(s->callers);
}

static void wait_for_end(const dv_server *s)
{
    const struct timespec moment = { 0, 100 * 1000 * 1000 };
    while (!s->o->stop || !s->o->stop(s->o->ctx)) {
        nanosleep(&moment, NULL);
        dv_callers_hurry(s->callers);
    }
}

static void tell(const dv_server *s, const char *where, int port)
{
    char url[160];
    const bool v6 = strchr(where, ':') != NULL;
    snprintf(url, sizeof url, "http://%s%.60s%s:%d/%s%s", v6 ? "[" : "", where, v6 ? "]" : "", port,
             s->gate.token ? "?token=" : "", s->gate.token ? s->gate.token : "");
    if (s->o->ready)
        s->o->ready(s->o->ctx, url);
}

static bool run(dv_server *s, int fd, const char *where, dv_error *err)
{
    struct MHD_Daemon *daemon = s->http->MHD_start_daemon(
        MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_THREAD_PER_CONNECTION | MHD_USE_POLL, 0, NULL,
        NULL, dv_http_answer, s, MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_CONNECTION_LIMIT,
        (unsigned)CONNECTIONS, MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_BYTES,
        MHD_OPTION_NOTIFY_COMPLETED, dv_http_completed, s, MHD_OPTION_NOTIFY_CONNECTION,
        dv_http_connected, s, MHD_OPTION_END);
    if (!daemon) {
        dv_fail(err, DV_IO, "the server cannot be started: %s", strerror(errno));
        close(fd);
        return false;
    }
    tell(s, where, port_of(fd));
    wait_for_end(s);
    for (int i = 0; i < DV_N_WORKS; i++)
        dv_turnstile_close(&s->turnstiles[i]);
    s->http->MHD_stop_daemon(daemon); /* closes the socket, too */
    return true;
}

bool dv_serve(const dv_serve_options *o, dv_error *err)
{
    dv_server s = { .o = o };
    address a;
    const char *where = o->listen ? o->listen : "127.0.0.1";
    if (!parse_address(&a, where, o->port, err))
        return false;
    const bool outside = !is_loopback(&a);
    s.gate = (dv_gate){ .listen = outside ? where : NULL, .host = o->host };
    if (outside && !make_token(s.token, err))
        return false;
    s.gate.token = outside ? s.token : NULL;
    dv_shelf_init(&s.shelf);
    for (int i = 0; i < DV_N_WORKS; i++)
        dv_turnstile_init(&s.turnstiles[i]);
    const int fd = open_socket(&a, err, where, o->port);
    bool ok = fd >= 0 && open_parts(&s, err);
    if (ok)
        ok = run(&s, fd, where, err);
    else if (fd >= 0)
        close(fd);
    close_parts(&s);
    return ok;
}
