#include "run/linear_library.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdbool.h>

static pthread_once_t once = PTHREAD_ONCE_INIT;
static dv_linear_library library;
static bool found;

static void print_nothing(const char *text)
{
    (void)text;
}

/* The library whose structs are those of the header. */
static void *open_version(const char *name)
{
    void *opened = dlopen(name, RTLD_NOW | RTLD_LOCAL);
    const int *version = opened ? dlsym(opened, "liblinear_version") : NULL;
    if (version && *version == LIBLINEAR_VERSION)
        return opened;
    if (opened)
        dlclose(opened);
    return NULL;
}

/* POSIX has it that a pointer from dlsym may be taken for a function's. */
static void find(void)
{
    static const char *const names[] = { "liblinear.so.4", "liblinear.so.5", "liblinear.so.6" };
    void (*set_threads)(int) = NULL;
    void *opened = NULL;
    for (int i = 0; !opened && i < (int)(sizeof names / sizeof names[0]); i++)
        opened = open_version(names[i]);
    found = opened;
#define FIND(name) found = found && (*(void **)&library.name = dlsym(opened, #name));
    DV_LINEAR_CALLS(FIND)
#undef FIND
    if (!found)
        return;
    library.set_print_string_function(print_nothing);
    *(void **)&set_threads = dlsym(opened, "openblas_set_num_threads"); /* where that is its BLAS */
    if (set_threads)
        set_threads(1);
}

const dv_linear_library *dv_linear_library_open(dv_error *err)
{
    pthread_once(&once, find);
    if (found)
        return &library;
    dv_fail(
        err, DV_UNSUPPORTED,
        "classifiers are trained by liblinear %d.%d, which is missing: Debian's package liblinear4",
        LIBLINEAR_VERSION / 100, LIBLINEAR_VERSION % 100);
    return NULL;
}
