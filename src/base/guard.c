#include "base/guard.h"

#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>

typedef struct file_id {
    bool used;
    dev_t dev;
    ino_t ino;
} file_id;

/* Open addressing, at most half full. */
static struct {
    pthread_mutex_t lock;
    bool on;
    size_t n, room; /* room: a power of two, or 0 */
    file_id *ids;
} guard = { .lock = PTHREAD_MUTEX_INITIALIZER };

/* Where a file is, or where it would be; NULL: there is no room. Called with the lock held. */
static file_id *find(dev_t dev, ino_t ino)
{
    uint64_t hash = ((uint64_t)ino ^ (uint64_t)dev << 32) * 0x9e3779b97f4a7c15;
    for (size_t k = 0; k < guard.room; k++) {
        file_id *id = &guard.ids[((hash >> 32) + k) & (guard.room - 1)];
        if (!id->used || (id->dev == dev && id->ino == ino))
            return id;
    }
    return NULL;
}

static void put(dev_t dev, ino_t ino)
{
    file_id *id = find(dev, ino);
    guard.n += !id->used;
    *id = (file_id){ true, dev, ino };
}

static bool make_room(void)
{
    if (2 * (guard.n + 1) <= guard.room)
        return true;
    size_t before = guard.room, room = before ? 2 * before : 64;
    file_id *old = guard.ids, *grown = calloc(room, sizeof *grown);
    if (!grown)
        return false;
    guard.ids = grown;
    guard.room = room;
    guard.n = 0;
    for (size_t i = 0; i < before; i++)
        if (old[i].used)
            put(old[i].dev, old[i].ino);
    free(old);
    return true;
}

void dv_guard_begin(void)
{
    pthread_mutex_lock(&guard.lock);
    guard.on = true;
    pthread_mutex_unlock(&guard.lock);
}

void dv_guard_end(void)
{
    pthread_mutex_lock(&guard.lock);
    free(guard.ids);
    guard.ids = NULL;
    guard.n = guard.room = 0;
    guard.on = false;
    pthread_mutex_unlock(&guard.lock);
}

/* False: no memory. */
static bool add(const struct stat *st)
{
    pthread_mutex_lock(&guard.lock);
    bool wanted = guard.on && S_ISREG(st->st_mode), ok = !wanted || make_room();
    if (wanted && ok)
        put(st->st_dev, st->st_ino);
    pthread_mutex_unlock(&guard.lock);
    return ok;
}

bool dv_guard_add(const char *path, dv_error *err)
{
    struct stat st;
    return stat(path, &st) != 0 || add(&st) ||
           dv_fail(err, DV_NO_MEMORY, "%s: no memory for the list of what is read", path);
}

void dv_guard_note(const struct stat *st)
{
    (void)add(st); /* it is in use in any case */
}

/* Those behind it in its chain are put in again. */
void dv_guard_remove(const char *path)
{
    struct stat st;
    if (stat(path, &st) != 0)
        return;
    pthread_mutex_lock(&guard.lock);
    file_id *id = find(st.st_dev, st.st_ino);
    if (id && id->used) {
        id->used = false;
        guard.n--;
        for (size_t i = (size_t)(id - guard.ids) + 1; guard.ids[i & (guard.room - 1)].used; i++) {
            file_id moved = guard.ids[i & (guard.room - 1)];
            guard.ids[i & (guard.room - 1)].used = false;
            guard.n--;
            put(moved.dev, moved.ino);
        }
    }
    pthread_mutex_unlock(&guard.lock);
}

bool dv_guard_allows(const char *path, dv_error *err)
{
    struct stat st;
    if (stat(path, &st) != 0)
        return true;
    pthread_mutex_lock(&guard.lock);
    const file_id *id = find(st.st_dev, st.st_ino);
    bool guarded = id && id->used;
    pthread_mutex_unlock(&guard.lock);
    return !guarded || dv_fail(err, DV_BAD_USAGE, "%s is an input: it would be overwritten", path);
}
