/* Images and boxes of their parts, out of any bytes: boxes have a size and are where images may be,
 * every image has all parts, and a failure is told in one line. */
#define _GNU_SOURCE /* memfd_create */
#include "deconvviz/correspond.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const dv_parts *p)
{
    if (p->images.count < DV_PARTS_MIN_IMAGES || p->images.count > DV_PARTS_MAX_IMAGES ||
        p->n_parts < 1 || p->n_parts > DV_PARTS_MAX)
        abort();
    for (int k = 0; k < p->n_parts; k++)
        for (int i = 0; i < k; i++)
            if (strcmp(p->names[i], p->names[k]) == 0)
                abort();
    for (int i = 0; i < p->images.count * p->n_parts; i++) {
        const dv_rect b = p->boxes[i];
        if (b.x0 < 0 || b.y0 < 0 || b.x0 >= b.x1 || b.y0 >= b.y1 || b.x1 > DV_IMAGE_MAX_SIDE ||
            b.y1 > DV_IMAGE_MAX_SIDE)
            abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char path[64];
    dv_parts p;
    dv_error err = { 0 };
    const int fd = memfd_create("parts", 0);
    if (fd < 0 || write(fd, data, size) != (ssize_t)size)
        abort();
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    if (dv_parts_read(&p, path, "nowhere", &err))
        check(&p);
    else if (err.code == DV_OK || !err.message[0] || strchr(err.message, '\n'))
        abort();
    dv_parts_free(&p);
    close(fd);
    return 0;
}
