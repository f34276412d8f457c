/* http_library.h - libmicrohttpd, which speaks HTTP: opened when a server starts, so that what
 * serves nothing starts no slower. */
#ifndef DV_SERVE_HTTP_LIBRARY_H
#define DV_SERVE_HTTP_LIBRARY_H

#include "deconvviz/error.h"

#include <microhttpd.h>

/* All that is called of it, by the names and types of its own header. */
#define DV_HTTP_CALLS(X)               \
    X(MHD_add_response_header)         \
    X(MHD_create_response_from_buffer) \
    X(MHD_destroy_response)            \
    X(MHD_get_connection_info)         \
    X(MHD_get_connection_values)       \
    X(MHD_get_daemon_info)             \
    X(MHD_lookup_connection_value)     \
    X(MHD_queue_response)              \
    X(MHD_start_daemon)                \
    X(MHD_stop_daemon)

typedef struct dv_http_library {
#define DV_HTTP_MEMBER(name) __typeof__(name) *name;
    DV_HTTP_CALLS(DV_HTTP_MEMBER)
#undef DV_HTTP_MEMBER
} dv_http_library;

/* NULL with err set (DV_UNSUPPORTED) when it is missing. For one thread. */
const dv_http_library *dv_http_library_open(dv_error *err);

#endif
