#define _DEFAULT_SOURCE /* madvise */
#include "base/file.h"
#include "base/guard.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

dv_code dv_file_code(int problem)
{
    return problem == ENOMEM ? DV_NO_MEMORY : DV_IO;
}

static bool system_says(dv_error *err, const char *path, int problem)
{
    return dv_fail(err, dv_file_code(problem), "%s: %s", path, strerror(problem));
}

/* Reads to the end, which is expected at `expected`; no more than `max` bytes. */
static bool read_to_end(dv_file *f, int fd, const char *path, size_t expected, size_t max,
                        dv_error *err)
{
    uint8_t *data = NULL;
    size_t size = 0, room = 0;
    for (;;) {
        if (size > max) {
            free(data);
            return dv_fail(err, DV_UNSUPPORTED, "%s: longer than %zu bytes", path, max);
        }
        if (size == room) {
            room = room ? 2 * room : expected + 1; /* one more, to see that it is the end */
            uint8_t *grown = realloc(data, room);
            if (!grown) {
                free(data);
                return dv_fail(err, DV_NO_MEMORY, "%s: out of memory for %zu bytes", path, room);
            }
            data = grown;
        }
        ssize_t got = read(fd, data + size, room - size);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0) {
            free(data);
            return system_says(err, path, errno);
        }
        if (got == 0)
            break;
        size += (size_t)got;
    }
    *f = (dv_file){ .data = data, .size = size, .heap = data };
    return true;
}

/* Opens what can be read: no folder. Returns its descriptor, -1 with err set. */
static int open_to_read(const char *path, struct stat *st, dv_error *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC), problem = 0;
    if (fd < 0 || fstat(fd, st) < 0)
        problem = errno;
    else if (S_ISDIR(st->st_mode))
        problem = EISDIR;
    if (!problem) {
        dv_guard_note(st);
        return fd;
    }
    if (fd >= 0)
        close(fd);
    system_says(err, path, problem);
    return -1;
}

enum { STREAM = 64 * 1024 - 1 }; /* bytes that are expected of what has no size */

bool dv_file_read(dv_file *f, const char *path, size_t max, dv_error *err)
{
    struct stat st;
    int fd = open_to_read(path, &st, err);
    if (fd < 0)
        return false;
    bool ok, sized = S_ISREG(st.st_mode) && st.st_size > 0;
    if (sized && (uintmax_t)st.st_size > max)
        ok = dv_fail(err, DV_UNSUPPORTED, "%s: %jd bytes, at most %zu are read", path,
                     (intmax_t)st.st_size, max);
    else
        ok = read_to_end(f, fd, path, sized ? (size_t)st.st_size : STREAM, max, err);
    close(fd);
    return ok;
}

bool dv_file_map(dv_file *f, const char *path, dv_error *err)
{
    static const uint8_t nothing[1];
    struct stat st;
    int fd = open_to_read(path, &st, err);
    if (fd < 0)
        return false;
    bool ok = true;
    if (!S_ISREG(st.st_mode)) {
        ok = read_to_end(f, fd, path, STREAM, DV_FILE_MAX_READ, err);
    } else if (st.st_size == 0) {
        *f = (dv_file){ .data = nothing };
    } else if ((uintmax_t)st.st_size > PTRDIFF_MAX) {
        ok = system_says(err, path, EFBIG);
    } else {
        void *data = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
        if (data == MAP_FAILED)
            ok = system_says(err, path, errno);
        else
            *f = (dv_file){ .data = data, .size = (size_t)st.st_size };
    }
    close(fd);
    return ok;
}

/* For munmap and madvise, which take a pointer that is not const and do not write through it. */
static void *not_const(const void *mapped)
{
    union {
        const void *mapped;
        void *data;
    } u = { .mapped = mapped };
    return u.data;
}

void dv_file_unmap(dv_file *f)
{
    if (f->heap)
        free(f->heap);
    else if (f->size)
        munmap(not_const(f->data), f->size);
    *f = (dv_file){ 0 };
}

void dv_file_forget(const dv_file *f, const void *data, size_t size)
{
    const uint8_t *from = data;
    if (f->heap || size > f->size || from < f->data || from - f->data > (ptrdiff_t)(f->size - size))
        return;
    const size_t page = (size_t)sysconf(_SC_PAGESIZE), at = (size_t)(from - f->data);
    const size_t lo = (at + page - 1) / page * page, hi = (at + size) / page * page;
    if (lo < hi)
        (void)madvise(not_const(f->data + lo), hi - lo, MADV_DONTNEED); /* a hint */
}

bool dv_file_exists(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0;
}

bool dv_folder_exists(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static int make_one(const char *path)
{
    if (mkdir(path, 0777) == 0)
        return 0;
    int problem = errno;
    if (dv_folder_exists(path))
        return 0;
    return problem == EEXIST ? ENOTDIR : problem;
}

bool dv_folder_make(const char *path, dv_error *err)
{
    size_t n = strlen(path);
    char *above = malloc(n + 1);
    if (!above)
        return dv_fail(err, DV_NO_MEMORY, "%s: out of memory", path);
    memcpy(above, path, n + 1);
    int problem = 0;
    for (size_t i = 1; i < n && !problem; i++) {
        if (above[i] != '/' || above[i - 1] == '/')
            continue;
        above[i] = '\0';
        problem = make_one(above);
        above[i] = '/';
    }
    free(above);
    if (!problem)
        problem = make_one(path);
    if (problem)
        return dv_fail(err, dv_file_code(problem), "%s: cannot make the folder: %s", path,
                       strerror(problem));
    return true;
}
