/* checkpoints.c - which files are checkpoints, and in which order. */
#include "studies/evolve.h"

#include "base/path.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

enum { MOST = 10000 };

static void free_one(const dv_checkpoint *c)
{
    free((void *)(uintptr_t)c->path);
    free((void *)(uintptr_t)c->title);
}

void dv_checkpoints_free(dv_checkpoints *c)
{
    for (int i = 0; i < c->n; i++)
        free_one(&c->list[i]);
    free(c->list);
    free((void *)(uintptr_t)c->word);
    *c = (dv_checkpoints){ .n = 0 };
}

void dv_checkpoints_cut(dv_checkpoints *c, int n)
{
    while (c->n > n)
        free_one(&c->list[--c->n]);
}

/* -- order ------------------------------------------------------------------------------------ */

/* Compares two runs of digits as numbers, and moves behind them. */
static int compare_numbers(const char **a, const char **b)
{
    *a += strspn(*a, "0");
    *b += strspn(*b, "0");
    const size_t n = strspn(*a, "0123456789"), m = strspn(*b, "0123456789");
    const int order = n != m ? (n > m) - (n < m) : memcmp(*a, *b, n);
    *a += n;
    *b += m;
    return order;
}

int dv_natural_order(const char *a, const char *b)
{
    const char *p = a, *q = b;
    while (*p && *q) {
        int order = (unsigned char)*p - (unsigned char)*q;
        if (isdigit((unsigned char)*p) && isdigit((unsigned char)*q))
            order = compare_numbers(&p, &q);
        else
            p++, q++;
        if (order)
            return order;
    }
    return *p ? 1 : *q ? -1 : strcmp(a, b);
}

static int by_path(const void *a, const void *b)
{
    const dv_checkpoint *p = a, *q = b;
    return dv_natural_order(p->path, q->path);
}

/* -- files ------------------------------------------------------------------------------------ */

/* Takes the path over, also after a failure. A file that is there already counts once: as one that
 * was named, if it was. */
static bool add(dv_checkpoints *c, char *path, bool found, dv_error *err)
{
    struct stat st, other;
    const bool there = stat(path, &st) == 0;
    for (int i = 0; there && i < c->n; i++)
        if (stat(c->list[i].path, &other) == 0 && other.st_dev == st.st_dev &&
            other.st_ino == st.st_ino) {
            c->list[i].found &= found;
            free(path);
            return true;
        }
    if (c->n == c->room) {
        const int room = 2 * c->room + 16;
        dv_checkpoint *grown = c->n < MOST ? realloc(c->list, (size_t)room * sizeof *grown) : NULL;
        if (!grown) {
            free(path);
            return c->n < MOST ? dv_fail(err, DV_NO_MEMORY, "no memory for %d checkpoints", room)
                               : dv_fail(err, DV_BAD_USAGE, "more than %d checkpoints", MOST);
        }
        c->list = grown;
        c->room = room;
    }
    c->list[c->n++] = (dv_checkpoint){ .path = path, .number = (double)NAN, .found = found };
    return true;
}

static bool ends_in(const char *text, const char *end)
{
    const size_t n = strlen(text), m = strlen(end);
    return n > m && strcasecmp(text + n - m, end) == 0;
}

/* stem "": any name. */
static bool is_wanted(const char *name, const char *stem, const char *ending)
{
    return name[0] != '.' && ends_in(name, ending) && strncmp(name, stem, strlen(stem)) == 0;
}

static bool add_folder(dv_checkpoints *c, const char *folder, const char *stem, const char *ending,
                       dv_error *err)
{
    DIR *dir = opendir(folder[0] ? folder : ".");
    if (!dir)
        return dv_fail(err, dv_file_code(errno), "%s: %s", folder, strerror(errno));
    bool ok = true;
    const struct dirent *e;
    while (ok && (e = readdir(dir))) {
        if (!is_wanted(e->d_name, stem, ending))
            continue;
        char *path = dv_path_join(folder, e->d_name, err);
        ok = path && (dv_folder_exists(path) ? (free(path), true) : add(c, path, true, err));
    }
    closedir(dir);
    return ok;
}

static bool in_order(dv_checkpoints *c, dv_error *err)
{
    if (c->n > 1)
        qsort(c->list, (size_t)c->n, sizeof *c->list, by_path);
    return dv_checkpoints_name(c, err);
}

bool dv_checkpoints_find(dv_checkpoints *c, int n_places, const char *const *places,
                         const char *ending, dv_error *err)
{
    *c = (dv_checkpoints){ .n = 0 };
    for (int i = 0; i < n_places; i++) {
        if (dv_folder_exists(places[i])) {
            if (!add_folder(c, places[i], "", ending, err))
                return false;
            continue;
        }
        char *path = strdup(places[i]);
        if (!path)
            return dv_fail(err, DV_NO_MEMORY, "no memory for a path");
        if (!dv_file_exists(path)) {
            dv_fail(err, DV_IO, "%s: %s", path, strerror(ENOENT));
            free(path);
            return false;
        }
        if (!add(c, path, false, err))
            return false;
    }
    return in_order(c, err);
}

bool dv_checkpoints_beside(dv_checkpoints *c, const char *folder, const char *stem,
                           const char *ending, dv_error *err)
{
    *c = (dv_checkpoints){ .n = 0 };
    if (!dv_folder_exists(folder[0] ? folder : "."))
        return true;
    return add_folder(c, folder, stem, ending, err) && in_order(c, err);
}
