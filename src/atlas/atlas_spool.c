/* atlas_spool.c - the cells of all units, image by image as they are made, in one file: what a run
 * that is killed goes on from, and what keeps the pictures out of memory.
 *
 * The file, in the byte order of the machine it stays on: a text that ends in a NUL, the run's key;
 * then for each image a head, its columns as they are in memory, and the bytes of their cells; the
 * CRC-32 of both is in the head. What is not whole at its end is made again. */
#include "atlas/atlas_work.h"
#include "base/file.h"
#include "base/locked.h"
#include "base/text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

struct dv_spool {
    char *path;
    int fd;
    int64_t end; /* of the last whole image */
};

typedef struct head {
    int32_t image, there, width, height, n;
    uint32_t sum;
    int64_t size; /* of the cells */
    dv_image_map map;
} head;

static bool system_says(const dv_spool *s, const char *what, dv_error *err)
{
    return dv_fail(err, dv_file_code(errno), "%s: %s: %s", s->path, what, strerror(errno));
}

static bool read_at(const dv_spool *s, void *to, size_t size, int64_t at, dv_error *err)
{
    uint8_t *bytes = to;
    while (size > 0) {
        const ssize_t n = pread(s->fd, bytes, size, at);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return system_says(s, "cannot read", err);
        if (n == 0)
            return dv_fail(err, DV_BAD_DATA, "%s: ends too early", s->path);
        bytes += n;
        at += n;
        size -= (size_t)n;
    }
    return true;
}

static uint32_t sum_of(const dv_atlas_column *columns, size_t n, const void *cells, size_t size)
{
    uLong sum = crc32(0, (const Bytef *)columns, (uInt)(n * sizeof *columns));
    for (size_t at = 0; at < size; at += INT32_MAX) {
        const size_t part = size - at < INT32_MAX ? size - at : INT32_MAX;
        sum = crc32(sum, (const Bytef *)cells + at, (uInt)part);
    }
    return (uint32_t)sum;
}

/* What was found of the image's columns goes to the work's. at: of the first cell. */
static void take_over(dv_atlas_work *w, int image, const dv_shown_image *shown, int64_t at)
{
    dv_atlas_image *i = &w->images[image];
    i->there = shown->there;
    i->width = shown->width;
    i->height = shown->height;
    i->map = shown->map;
    for (int k = 0; k < shown->n; k++) {
        dv_atlas_column *to = w->by_image[i->first + k];
        const dv_atlas_column *from = &shown->columns[k];
        to->shown = from->shown;
        memcpy(to->scale, from->scale, sizeof to->scale);
        to->grey = from->grey;
        to->told = from->told;
        memcpy(to->size, from->size, sizeof to->size);
        to->at = at + from->at;
    }
    if (!shown->there)
        w->result->missing += shown->n;
}

/* The next image of the file, if it is whole and the one that is expected. *ok: memory was there.
 */
static bool take_next(dv_spool *s, dv_atlas_work *w, int image, int64_t file, bool *ok,
                      dv_error *err)
{
    head h;
    const int n = w->images[image + 1].first - w->images[image].first;
    const int64_t columns = (int64_t)n * (int64_t)sizeof(dv_atlas_column);
    int64_t at = s->end + (int64_t)sizeof h;
    if (at > file || !read_at(s, &h, sizeof h, s->end, NULL) || h.image != w->images[image].image ||
        h.n != n || h.size < 0 || h.size > file - at || columns > file - at - h.size)
        return false;
    uint8_t *bytes = malloc((size_t)(columns + h.size) + 1);
    if (!bytes) {
        *ok = dv_fail(err, DV_NO_MEMORY, "%s: no memory for an image", s->path);
        return false;
    }
    dv_shown_image shown = { .there = h.there != 0,
                             .width = h.width,
                             .height = h.height,
                             .map = h.map,
                             .n = n,
                             .columns = (dv_atlas_column *)(void *)bytes,
                             .cells = bytes + columns,
                             .size = (size_t)h.size };
    bool whole = read_at(s, bytes, (size_t)(columns + h.size), at, NULL) &&
                 sum_of(shown.columns, (size_t)n, shown.cells, shown.size) == h.sum;
    if (whole) {
        take_over(w, image, &shown, at + columns);
        s->end = at + columns + h.size;
    }
    free(bytes);
    return whole;
}

/* Reads the key, or writes it to a file that has none. */
static bool check_key(dv_spool *s, const char *key, int64_t file, dv_error *err)
{
    const size_t n = strlen(key) + 1;
    s->end = (int64_t)n;
    char *there = malloc(n);
    if (!there)
        return dv_fail(err, DV_NO_MEMORY, "no memory for a file's beginning");
    bool same = file >= (int64_t)n && read_at(s, there, n, 0, NULL) && memcmp(there, key, n) == 0;
    free(there);
    if (same)
        return true;
    if (file > 0)
        return dv_fail(err, DV_BAD_USAGE,
                       "%s is of an unfinished run with another index or other options (finish it "
                       "as it began, or remove its folder)",
                       s->path);
    const int problem = dv_write_at(s->fd, key, n, 0);
    errno = problem;
    return problem == 0 || system_says(s, "cannot write", err);
}

dv_spool *dv_spool_open(dv_atlas_work *w, const char *key, int *done, dv_error *err)
{
    struct stat st;
    dv_spool *s = calloc(1, sizeof *s);
    *done = 0;
    if (!s) {
        dv_fail(err, DV_NO_MEMORY, "no memory for a file of cells");
        return NULL;
    }
    s->fd = -1;
    bool ok = (s->path = dv_atlas_path(w, err, "cells")) &&
              (s->fd = dv_locked_open(s->path, err)) >= 0 &&
              (fstat(s->fd, &st) == 0 || system_says(s, "cannot read", err)) &&
              check_key(s, key, st.st_size, err);
    while (ok && *done < w->n_images && take_next(s, w, *done, st.st_size, &ok, err))
        ++*done;
    if (ok && ftruncate(s->fd, s->end) < 0)
        ok = system_says(s, "cannot write", err);
    if (ok)
        return s;
    dv_spool_close(s);
    return NULL;
}

bool dv_spool_add(dv_spool *s, dv_atlas_work *w, int image, const dv_shown_image *shown,
                  dv_error *err)
{
    const size_t columns = (size_t)shown->n * sizeof *shown->columns;
    const head h = { w->images[image].image,
                     shown->there,
                     shown->width,
                     shown->height,
                     shown->n,
                     sum_of(shown->columns, (size_t)shown->n, shown->cells, shown->size),
                     (int64_t)shown->size,
                     shown->map };
    int64_t at = s->end;
    int problem = dv_write_at(s->fd, &h, sizeof h, at);
    at += (int64_t)sizeof h;
    if (!problem)
        problem = dv_write_at(s->fd, shown->columns, columns, at);
    at += (int64_t)columns;
    if (!problem)
        problem = dv_write_at(s->fd, shown->cells, shown->size, at);
    if (problem) {
        (void)!ftruncate(s->fd, s->end);
        errno = problem;
        return system_says(s, "cannot write", err);
    }
    take_over(w, image, shown, at);
    s->end = at + (int64_t)shown->size;
    return true;
}

bool dv_spool_read(const dv_spool *s, const dv_atlas_column *c, uint8_t **bytes, dv_error *err)
{
    size_t size = 0;
    for (int i = 0; i < DV_N_CELLS; i++)
        size += (size_t)c->size[i];
    *bytes = malloc(size + 1);
    if (!*bytes)
        return dv_fail(err, DV_NO_MEMORY, "no memory for %zu bytes of pictures", size);
    if (read_at(s, *bytes, size, c->at, err))
        return true;
    free(*bytes);
    *bytes = NULL;
    return false;
}

void dv_spool_close(dv_spool *s)
{
    if (!s)
        return;
    if (s->fd >= 0)
        close(s->fd);
    free(s->path);
    free(s);
}

void dv_spool_remove(dv_spool *s)
{
    if (!s)
        return;
    unlink(s->path);
    dv_spool_close(s);
}
