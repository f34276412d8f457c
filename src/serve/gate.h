/* gate.h - who may ask: pages of this server and nobody else's, so that no other site that is open
 * in the browser can, nor a name that was made to point here (DNS rebinding). */
#ifndef DV_SERVE_GATE_H
#define DV_SERVE_GATE_H

#include <stdbool.h>

typedef struct dv_gate {
    const char *listen; /* an address that is no loopback, by which it may be called, too; NULL */
    const char *host;   /* a name by which a proxy calls it; NULL: none */
    const char *token;  /* that must be known; NULL: none is needed */
} dv_gate;

/* What a request says of where it comes from; NULL: it does not. */
typedef struct dv_caller {
    const char *host;   /* Host */
    const char *origin; /* Origin */
    const char *site;   /* Sec-Fetch-Site */
    const char *token;  /* out of its address or its cookie */
    bool page;          /* it asks for the page itself, where one may come from anywhere */
} dv_caller;

/* NULL: it may; else why not. The name in Host must be one of ours: exactly localhost, 127.0.0.1 or
 * [::1] with any port, as tunnels have others; or what the gate says. */
const char *dv_gate_refuses(const dv_gate *g, const dv_caller *c);

#endif
