/* atlas_site.c - the page, out of the program into a folder. */
#include "atlas/atlas_work.h"
#include "base/file.h"
#include "base/path.h"

#include <stdlib.h>
#include <string.h>

/* Made by site_data.S. */
extern const uint8_t dv_site_files[];

bool dv_atlas_write_site(const char *folder, dv_error *err)
{
    const uint8_t *at = dv_site_files;
    bool ok = true;
    while (ok && *at) {
        const char *name = (const char *)at;
        const uintptr_t behind = (uintptr_t)at + strlen(name) + 1;
        const uint8_t *size = at + ((behind + 7) / 8 * 8 - (uintptr_t)at);
        uint64_t n;
        memcpy(&n, size, sizeof n);
        char *path = dv_path_join(folder, name, err);
        ok = path && dv_file_write(path, size + sizeof n, (size_t)n, err);
        free(path);
        at = size + sizeof n + n;
    }
    return ok;
}
