#include "plot/drawing_library.h"

#include <dlfcn.h>
#include <pthread.h>

static pthread_once_t once = PTHREAD_ONCE_INIT;
static dv_drawing_library library;
static bool found;

/* Names are looked for in what a library needs, too: Cairo, Pango and GObject come with this one.
 * POSIX has it that a pointer from dlsym may be taken for a function's. */
static void find(void)
{
    void *opened = dlopen("libpangocairo-1.0.so.0", RTLD_NOW | RTLD_LOCAL);
    found = opened;
#define FIND(name) found = found && (*(void **)&library.name = dlsym(opened, #name));
    DV_DRAWING_CALLS(FIND)
#undef FIND
}

const dv_drawing_library *dv_drawing_library_open(dv_error *err)
{
    pthread_once(&once, find);
    if (found)
        return &library;
    dv_fail(err, DV_UNSUPPORTED,
            "figures are drawn by Cairo and Pango 1.44 or later, which are "
            "missing: Debian's package libpangocairo-1.0-0");
    return NULL;
}
