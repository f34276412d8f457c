/* page_files.c - the page, out of the program: its own files and those that it shares with that of
 * an atlas. */
#include "serve/server.h"

#include <string.h>

/* Made by page_data.S. */
extern const uint8_t dv_page_files[];

static const char *type_of(const char *name)
{
    const char *dot = strrchr(name, '.');
    return dot && strcmp(dot, ".js") == 0    ? "text/javascript; charset=utf-8"
           : dot && strcmp(dot, ".css") == 0 ? "text/css; charset=utf-8"
                                             : "text/html; charset=utf-8";
}

const void *dv_page_file(const char *name, size_t *size, const char **type)
{
    const uint8_t *at = dv_page_files;
    while (*at) {
        const char *here = (const char *)at;
        const uintptr_t behind = (uintptr_t)at + strlen(here) + 1;
        const uint8_t *number = at + ((behind + 7) / 8 * 8 - (uintptr_t)at);
        uint64_t n;
        memcpy(&n, number, sizeof n);
        if (strcmp(here, name) == 0) {
            *size = (size_t)n;
            *type = type_of(name);
            return number + sizeof n;
        }
        at = number + sizeof n + n;
    }
    return NULL;
}
