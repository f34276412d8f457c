#include "base/temporary.h"

#include "base/folder.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

typedef struct temporary {
    struct temporary *next;
    bool folder;
    char path[];
} temporary;

static pthread_mutex_t holding = PTHREAD_MUTEX_INITIALIZER; /* the end; taken before the other */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;    /* of the list */
static temporary *all;

static temporary *named(const char *path, bool folder)
{
    const size_t n = strlen(path) + 1;
    temporary *t = malloc(sizeof *t + n);
    if (t) {
        t->folder = folder;
        memcpy(t->path, path, n);
    }
    return t;
}

/* Made and listed in one step for those who remove all. */
static int make(const char *path, bool folder, int flags)
{
    temporary *t = named(path, folder);
    if (!t) {
        errno = ENOMEM;
        return -1;
    }
    pthread_mutex_lock(&lock);
    const int made = folder ? mkdir(path, 0777) : open(path, flags | O_CREAT, 0666);
    if (made >= 0) {
        t->next = all;
        all = t;
    }
    pthread_mutex_unlock(&lock);
    if (made < 0) {
        const int problem = errno;
        free(t);
        errno = problem;
    }
    return made;
}

int dv_temporary_file(const char *path, int flags)
{
    return make(path, false, flags);
}

int dv_temporary_folder(const char *path)
{
    return make(path, true, 0);
}

void dv_temporary_forget(const char *path)
{
    pthread_mutex_lock(&lock);
    temporary **at = &all, *found;
    while (*at && strcmp((*at)->path, path) != 0)
        at = &(*at)->next;
    found = *at;
    if (found)
        *at = found->next;
    pthread_mutex_unlock(&lock);
    free(found);
}

/* Others may give a file in it its name meanwhile, each one before it comes to wait. */
static void remove_folder(const char *path)
{
    const struct timespec pause = { .tv_nsec = 1000000 };
    for (int attempt = 0; attempt < 50; attempt++) {
        dv_folder_remove(path);
        if (access(path, F_OK) != 0)
            return;
        nanosleep(&pause, NULL);
    }
}

void dv_temporary_hold_end(void)
{
    pthread_mutex_lock(&holding);
}

void dv_temporary_let_end(void)
{
    pthread_mutex_unlock(&holding);
}

void dv_temporary_remove_all(void)
{
    pthread_mutex_lock(&holding); /* both for good */
    pthread_mutex_lock(&lock);
    for (const temporary *t = all; t; t = t->next)
        if (t->folder)
            remove_folder(t->path);
        else
            unlink(t->path);
}
