#include "serve/http_library.h"

#include <dlfcn.h>

const dv_http_library *dv_http_library_open(dv_error *err)
{
    static dv_http_library library;
    void *opened = dlopen("libmicrohttpd.so.12", RTLD_NOW | RTLD_LOCAL);
    bool found = opened != NULL;
/* POSIX has it that a pointer from dlsym may be taken for a function's. */
#define FIND(name) found = found && (*(void **)&library.name = dlsym(opened, #name));
    DV_HTTP_CALLS(FIND)
#undef FIND
    if (found)
        return &library;
    dv_fail(
        err, DV_UNSUPPORTED,
        "pages are served by libmicrohttpd, which is missing: Debian's package libmicrohttpd12");
    return NULL;
}
