#define _GNU_SOURCE /* renameat2, nftw; NOLINT(bugprone-reserved-identifier) */
#include "base/folder.h"

#include "base/file.h"
#include "base/temporary.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The length of what stands before the last part of a path; slashes at its end do not count. */
static size_t parent_length(const char *path)
{
    size_t n = strlen(path);
    while (n > 1 && path[n - 1] == '/')
        n--;
    while (n > 0 && path[n - 1] != '/')
        n--;
    return n;
}

static bool make_parent(const char *path, dv_error *err)
{
    size_t n = parent_length(path);
    if (n == 0)
        return true;
    char *parent = strndup(path, n);
    bool ok = parent ? dv_folder_make(parent, err) : dv_fail(err, DV_NO_MEMORY, "no memory");
    free(parent);
    return ok;
}

/* Where a path leads, links followed; what is not there, as it is given. NULL with err set. */
static char *follow(const char *path, dv_error *err)
{
    struct stat st;
    char *real = realpath(path, NULL);
    if (!real && errno != ENOMEM && lstat(path, &st) == 0 && S_ISLNK(st.st_mode)) {
        dv_fail(err, DV_IO, "%s: a link that leads nowhere", path);
        return NULL;
    }
    if (!real && !(real = strdup(path)))
        dv_fail(err, DV_NO_MEMORY, "no memory for a path");
    return real;
}

/* A folder that others are mounted on has no place that another could take. */
static bool is_mounted(const char *path, const char *beside)
{
    struct stat there, here;
    return stat(path, &there) == 0 && stat(beside, &here) == 0 && there.st_dev != here.st_dev;
}

static char *make_beside(const char *path, dv_error *err)
{
    static atomic_uint counter;
    size_t parent = parent_length(path), room = parent + 64;
    char *name = malloc(room);
    if (!name || !make_parent(path, err)) {
        if (!name)
            dv_fail(err, DV_NO_MEMORY, "no memory for a path");
        free(name);
        return NULL;
    }
    for (int attempt = 0; attempt < 100; attempt++) {
        snprintf(name, room, "%.*s" DV_TEMPORARY_PREFIX "%ld-%u.d", (int)parent, path,
                 (long)getpid(), atomic_fetch_add(&counter, 1));
        if (dv_temporary_folder(name) == 0)
            return name;
        if (errno != EEXIST)
            break;
    }
    dv_fail(err, dv_file_code(errno), "%s: cannot write: %s", path, strerror(errno));
    free(name);
    return NULL;
}

char *dv_folder_beside(const char *path, dv_error *err)
{
    char *real = follow(path, err), *name = real ? make_beside(real, err) : NULL;
    if (name && is_mounted(real, name)) {
        dv_fail(err, DV_IO, "%s: another file system begins here: a folder in it is needed", path);
        rmdir(name);
        free(name);
        name = NULL;
    }
    free(real);
    return name;
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *where)
{
    (void)st, (void)kind, (void)where;
    (void)!remove(path);
    return 0;
}

void dv_folder_remove(const char *path)
{
    (void)!nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static int remove_half(const char *path, const struct stat *st, int kind, struct FTW *where)
{
    (void)kind;
    if (S_ISREG(st->st_mode) &&
        strncmp(path + where->base, DV_TEMPORARY_PREFIX, strlen(DV_TEMPORARY_PREFIX)) == 0)
        unlink(path);
    return 0;
}

void dv_folder_sweep(const char *path)
{
    (void)!nftw(path, remove_half, 16, FTW_PHYS);
}

void dv_folder_discard(const char *path)
{
    dv_folder_remove(path);
    dv_temporary_forget(path);
}

/* Swaps two folders in one step; 0, or errno where that cannot be had. */
static int exchange(const char *a, const char *b)
{
#ifdef RENAME_EXCHANGE
    return renameat2(AT_FDCWD, a, AT_FDCWD, b, RENAME_EXCHANGE) < 0 ? errno : 0;
#else
    (void)a, (void)b;
    return ENOSYS;
#endif
}

/* The same in three steps; 0, or errno. */
static int exchange_by_steps(const char *a, const char *b, dv_error *err)
{
    char *aside = dv_folder_beside(b, err);
    if (!aside)
        return EIO;
    dv_temporary_forget(aside); /* in between, none of the two may be lost */
    dv_temporary_forget(a);
    int problem = rename(b, aside) < 0 ? errno : 0;
    if (!problem && rename(a, b) < 0) {
        problem = errno;
        (void)!rename(aside, b);
    }
    if (!problem)
        (void)!rename(aside, a);
    else
        rmdir(aside); /* which is empty */
    free(aside);
    return problem;
}

/* 0, or errno. */
static int put_in_place(const char *from, const char *to, bool *swapped, dv_error *err)
{
    *swapped = false;
    if (rename(from, to) == 0) /* takes the place of an empty folder, or of nothing */
        return 0;
    if (errno != ENOTEMPTY && errno != EEXIST)
        return errno;
    *swapped = true;
    int problem = exchange(from, to);
    return problem == EINVAL || problem == ENOSYS ? exchange_by_steps(from, to, err) : problem;
}

static int sync_one(const char *path, const struct stat *st, int kind, struct FTW *where)
{
    (void)kind, (void)where;
    return S_ISREG(st->st_mode) || S_ISDIR(st->st_mode) ? dv_file_sync(path) : 0;
}

static bool cannot_write(const char *path, int problem, dv_error *err)
{
    return dv_fail(err, dv_file_code(problem), "%s: cannot write: %s", path, strerror(problem));
}

bool dv_folder_sync(const char *path, const char *name, dv_error *err)
{
    const int problem = nftw(path, sync_one, 16, FTW_DEPTH | FTW_PHYS);
    return problem == 0 || cannot_write(name, problem < 0 ? errno : problem, err);
}

bool dv_folder_swap(const char *from, const char *path, dv_error *err)
{
    char *real = realpath(path, NULL); /* a symbolic link stays one */
    const char *to = real ? real : path;
    bool swapped;
    if (!real && errno == ENOMEM)
        return cannot_write(path, ENOMEM, err);
    int problem = put_in_place(from, to, &swapped, err);
    const int unsure = problem ? 0 : dv_file_sync_above(from); /* which is beside it */
    if (unsure) {
        problem = unsure;
        (void)!(swapped ? exchange(from, to) : rename(to, from));
    }
    if (!problem)
        dv_temporary_forget(from);
    free(real);
    return !problem || cannot_write(path, problem, err);
}
