#include "serve/gate.h"

#include <stddef.h>
#include <string.h>

/* How long the name in "NAME:PORT" or "[::1]:PORT" is; 0: it is none. */
static size_t name_length(const char *host)
{
    const size_t n =
        host[0] == '[' ? strcspn(host, "]") + (strchr(host, ']') != NULL) : strcspn(host, ":");
    const char *port = host + n;
    const size_t digits = port[0] == ':' ? strspn(port + 1, "0123456789") : 0;
    const bool whole =
        port[0] == '\0' || (port[0] == ':' && digits > 0 && port[1 + digits] == '\0');
    return whole ? n : 0;
}

static bool is(const char *host, size_t n, const char *name)
{
    return name && strlen(name) == n && strncmp(host, name, n) == 0;
}

/* The address with brackets where it has colons: "fe80::1" is called [fe80::1]. */
static bool is_address(const char *host, size_t n, const char *address)
{
    if (is(host, n, address))
        return true;
    return address && n >= 2 && host[0] == '[' && strlen(address) == n - 2 &&
           strncmp(host + 1, address, n - 2) == 0;
}

static bool is_ours(const dv_gate *g, const char *host)
{
    static const char *const loopback[] = { "localhost", "127.0.0.1", "[::1]" };
    const size_t n = name_length(host);
    for (size_t i = 0; n && i < sizeof loopback / sizeof loopback[0]; i++)
        if (is(host, n, loopback[i]))
            return true;
    return n && (is(host, n, g->host) || is_address(host, n, g->listen));
}

/* A page of the server that was called, or of the proxy's name. */
static bool same_origin(const dv_gate *g, const dv_caller *c)
{
    const char *host = strstr(c->origin, "://");
    if (!host || (strncmp(c->origin, "http://", 7) != 0 && strncmp(c->origin, "https://", 8) != 0))
        return false;
    host += 3;
    return strcmp(host, c->host) == 0 || (g->host && is(host, name_length(host), g->host));
}

/* As long for a wrong token as for one that is nearly right. */
static bool same_token(const char *a, const char *b)
{
    const size_t n = strlen(a);
    unsigned differ = strlen(b) != n;
    for (size_t i = 0; !differ && i < n; i++)
        differ |= (unsigned char)a[i] ^ (unsigned char)b[i];
    return !differ;
}

const char *dv_gate_refuses(const dv_gate *g, const dv_caller *c)
{
    if (!c->host || !is_ours(g, c->host))
        return "the name in Host is not one of this server's (see --host)";
    if (c->origin && !same_origin(g, c))
        return "pages of other origins may not ask";
    if (!c->page && c->site && strcmp(c->site, "same-origin") != 0 && strcmp(c->site, "none") != 0)
        return "pages of other sites may not ask";
    if (g->token && (!c->token || !same_token(g->token, c->token)))
        return "the token is missing or wrong: open the address that the server printed";
    return NULL;
}
