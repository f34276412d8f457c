#define _XOPEN_SOURCE 700 /* realpath */
#include "base/file.h"
#include "base/guard.h"

#include "base/temporary.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool cannot_write(dv_error *err, const char *path, int problem)
{
    bool name = problem == ENAMETOOLONG || problem == EILSEQ || problem == EISDIR;
    return dv_fail(err, name ? DV_UNSUPPORTED : dv_file_code(problem), "%s: cannot write: %s", path,
                   strerror(problem));
}

/* 0, or errno; what a file system cannot do it need not. */
static int sync_open(int fd)
{
    return fsync(fd) < 0 && errno != EINVAL && errno != ENOTSUP && errno != EROFS ? errno : 0;
}

int dv_file_sync(const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return errno == EACCES ? 0 : errno; /* a folder may be closed to those who write in it */
    int problem = sync_open(fd);
    close(fd);
    return problem;
}

int dv_file_sync_above(const char *path)
{
    const char *slash = strrchr(path, '/');
    char *folder = slash ? strndup(path, (size_t)(slash + 1 - path)) : strdup(".");
    int problem = folder ? dv_file_sync(folder) : ENOMEM;
    free(folder);
    return problem;
}

/* Writes everything and closes fd; 0, or errno. */
static int write_and_close(int fd, const void *data, size_t size, bool sync)
{
    const char *at = data;
    int problem = 0;
    while (size && !problem) {
        ssize_t done = write(fd, at, size);
        if (done > 0) {
            at += done;
            size -= (size_t)done;
        } else if (done == 0) {
            problem = EIO;
        } else if (errno != EINTR) {
            problem = errno;
        }
    }
    if (sync && !problem)
        problem = sync_open(fd);
    if (close(fd) < 0 && !problem) /* some file systems tell of a full disk only here */
        problem = errno;
    return problem;
}

/* Opens a new file in the folder of `path`, writes its name to temp (room for `room` bytes) and
 * returns its descriptor; -1 with errno set. Not mkstemp: its files are for the owner alone, and
 * the umask cannot be asked for without changing it for all threads. */
static int open_beside(const char *path, char *temp, size_t room)
{
    static atomic_uint counter;
    const char *slash = strrchr(path, '/');
    int folder = slash ? (int)(slash + 1 - path) : 0;
    for (int attempt = 0; attempt < 100; attempt++) {
        snprintf(temp, room, "%.*s" DV_TEMPORARY_PREFIX "%ld-%u", folder, path, (long)getpid(),
                 atomic_fetch_add(&counter, 1));
        int fd = dv_temporary_file(temp, O_WRONLY | O_EXCL | O_CLOEXEC);
        if (fd >= 0 || errno != EEXIST)
            return fd;
    }
    return -1;
}

/* 0, or errno. `mode` of the file that is to be replaced; 0: there is none. */
static int write_beside(const char *path, mode_t mode, const void *data, size_t size, bool sync)
{
    size_t room = strlen(path) + 64;
    char *temp = malloc(room);
    if (!temp)
        return ENOMEM;
    int fd = open_beside(path, temp, room), problem = fd < 0 ? errno : 0;
    if (fd >= 0) {
        if (mode)
            (void)!fchmod(fd, mode & 0777); /* as before where that can be had */
        problem = write_and_close(fd, data, size, sync);
        if (!problem && rename(temp, path) < 0)
            problem = errno;
        if (problem)
            unlink(temp);
        else if (sync)
            problem = dv_file_sync_above(path);
        dv_temporary_forget(temp);
    }
    free(temp);
    return problem;
}

static bool write_whole(const char *path, const void *data, size_t size, bool sync, dv_error *err)
{
    struct stat st;
    int problem;
    if (!dv_guard_allows(path, err))
        return false;
    if (stat(path, &st) < 0) {
        problem = write_beside(path, 0, data, size, sync);
    } else if (S_ISREG(st.st_mode)) {
        char *real = realpath(path, NULL); /* a symbolic link stays one */
        problem = real ? write_beside(real, st.st_mode, data, size, sync) : errno;
        free(real);
    } else {
        int fd = open(path, O_WRONLY | O_CLOEXEC);
        problem = fd < 0 ? errno : write_and_close(fd, data, size, false);
    }
    return problem ? cannot_write(err, path, problem) : true;
}

bool dv_file_write(const char *path, const void *data, size_t size, dv_error *err)
{
    return write_whole(path, data, size, false, err);
}

bool dv_file_write_synced(const char *path, const void *data, size_t size, dv_error *err)
{
    return write_whole(path, data, size, true, err);
}
