#include "base/locked.h"

#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* A process that was killed just now may not be gone yet. */
bool dv_lock(int fd)
{
    struct flock whole = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
    const struct timespec pause = { .tv_nsec = 20000000 };
    for (int attempt = 0; fcntl(fd, F_SETLK, &whole) != 0; attempt++) {
        if (attempt == 50 || (errno != EACCES && errno != EAGAIN))
            return false;
        nanosleep(&pause, NULL);
    }
    return true;
}

/* Another process may have put a new file in the place of this one before it was locked. */
static bool is_still_there(int fd, const char *path)
{
    struct stat mine, theirs;
    return fstat(fd, &mine) == 0 && stat(path, &theirs) == 0 && mine.st_dev == theirs.st_dev &&
           mine.st_ino == theirs.st_ino;
}

static int system_says(const char *path, const char *what, dv_error *err)
{
    dv_fail(err, dv_file_code(errno), "%s: %s: %s", path, what, strerror(errno));
    return -1;
}

int dv_locked_open(const char *path, dv_error *err)
{
    for (int attempt = 0; attempt < 100; attempt++) {
        const int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
        if (fd < 0)
            return system_says(path, "cannot write", err);
        if (!dv_lock(fd)) {
            if (errno == EACCES || errno == EAGAIN)
                dv_fail(err, DV_IO, "%s: another process is at work on it", path);
            else
                system_says(path, "cannot lock", err);
            close(fd);
            return -1;
        }
        if (is_still_there(fd, path))
            return fd;
        close(fd);
    }
    dv_fail(err, DV_IO, "%s: cannot lock", path);
    return -1;
}

int dv_write_at(int fd, const void *data, size_t size, int64_t at)
{
    for (const char *from = data; size > 0;) {
        const ssize_t done = pwrite(fd, from, size, at);
        if (done < 0 && errno == EINTR)
            continue;
        if (done <= 0)
            return done < 0 ? errno : EIO;
        from += done;
        size -= (size_t)done;
        at += done;
    }
    return 0;
}
