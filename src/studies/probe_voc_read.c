#include "base/path.h"
#include "base/text.h"
#include "studies/probe_voc.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_CLASSES = 4096, MOST_BYTES = 1 << 28 };

/* -- rows by the names of their images -------------------------------------------------------- */

typedef struct stem {
    const char *name;
    size_t size;
    int32_t row;
} stem;

static int by_name(const void *a, const void *b)
{
    const stem *x = a, *y = b;
    const int first = memcmp(x->name, y->name, x->size < y->size ? x->size : y->size);
    return first != 0 ? first : (x->size > y->size) - (x->size < y->size);
}

/* "000012" of "VOC/JPEGImages/000012.jpg". */
static stem stem_of(const char *path, int32_t row)
{
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
    const char *dot = strrchr(name, '.');
    return (stem){ name, dot && dot > name ? (size_t)(dot - name) : strlen(name), row };
}

static stem *list_stems(dv_voc *v, const dv_probe_rows *d, dv_error *err)
{
    stem *all = dv_arena_array(&v->arena, (size_t)d->n, sizeof *all, err);
    if (!all)
        return NULL;
    for (int32_t i = 0; i < d->n; i++)
        all[i] = stem_of(d->images[i], i);
    qsort(all, (size_t)d->n, sizeof *all, by_name);
    for (int32_t i = 1; i < d->n; i++)
        if (by_name(&all[i - 1], &all[i]) == 0) {
            dv_fail(err, DV_BAD_DATA,
                    "%s: %s and %s have one name: which one a set means is not clear", d->path,
                    d->images[all[i - 1].row], d->images[all[i].row]);
            return NULL;
        }
    return all;
}

/* -- classes ---------------------------------------------------------------------------------- */

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static bool list_classes(dv_voc *v, const char *folder, const char *set, dv_error *err)
{
    DIR *dir = opendir(folder);
    dv_text ending = { 0 };
    bool ok = dir || dv_fail(err, dv_file_code(errno), "%s: %s", folder, strerror(errno));
    v->classes = ok ? dv_arena_array(&v->arena, MOST_CLASSES, sizeof *v->classes, err) : NULL;
    dv_text_format(&ending, "_%s.txt", set);
    ok = ok && v->classes && dv_text_ok(&ending, "the name of a set", err);
    for (const struct dirent *e; ok && (e = readdir(dir));) {
        const size_t n = strlen(e->d_name);
        if (n <= ending.size || strcmp(e->d_name + n - ending.size, ending.data) != 0)
            continue;
        if (v->n_classes == MOST_CLASSES)
            ok = dv_fail(err, DV_UNSUPPORTED, "%s: more than %d classes", folder, MOST_CLASSES);
        else
            ok = (v->classes[v->n_classes++] =
                      dv_arena_text(&v->arena, e->d_name, n - ending.size, err));
    }
    if (dir)
        closedir(dir);
    free(ending.data);
    if (ok && v->n_classes == 0)
        return dv_fail(err, DV_BAD_DATA, "%s has no file CLASS_%s.txt", folder, set);
    if (ok)
        qsort(v->classes, (size_t)v->n_classes, sizeof *v->classes, by_text);
    return ok;
}

/* -- sets ------------------------------------------------------------------------------------- */

/* What stands in a file: of each row of the features its sign, `ABSENT` where it is not listed. */
enum { ABSENT = 2 };

typedef struct reader {
    dv_voc *v;
    const dv_probe_rows *d;
    const stem *stems;
    signed char *all; /* (n_classes, rows) */
} reader;

static const char *word_of(const char **at, const char *end, size_t *size)
{
    while (*at < end && strchr(" \t\r", **at))
        ++*at;
    const char *word = *at;
    while (*at < end && !strchr(" \t\r", **at))
        ++*at;
    *size = (size_t)(*at - word);
    return word;
}

static bool read_line(reader *g, const char *at, const char *end, signed char *signs, dv_error *err)
{
    stem image = { .row = -1 };
    size_t size;
    image.name = word_of(&at, end, &image.size);
    if (image.size == 0)
        return true;
    const char *word = word_of(&at, end, &size);
    signed char sign = ABSENT;
    if (size == 1 && (*word == '1' || *word == '0'))
        sign = (signed char)(*word - '0');
    else if (size == 2 && memcmp(word, "-1", 2) == 0)
        sign = -1;
    const int shown = image.size < 100 ? (int)image.size : 100;
    if (sign == ABSENT)
        return dv_fail(err, DV_BAD_DATA, "behind %.*s stands neither 1, -1 nor 0", shown,
                       image.name);
    const stem *found = bsearch(&image, g->stems, (size_t)g->d->n, sizeof image, by_name);
    if (!found)
        return dv_fail(err, DV_BAD_DATA, "image %.*s is no row of %s", shown, image.name,
                       g->d->path);
    if (signs[found->row] != ABSENT)
        return dv_fail(err, DV_BAD_DATA, "image %.*s stands there twice", shown, image.name);
    signs[found->row] = sign;
    return true;
}

static bool read_file(reader *g, const char *path, signed char *signs, dv_error *err)
{
    dv_file f = { 0 };
    if (!dv_file_read(&f, path, MOST_BYTES, err))
        return false;
    const char *at = (const char *)f.data, *end = at + f.size;
    bool ok = true;
    for (int line = 1; ok && at < end; line++) {
        const char *eol = memchr(at, '\n', (size_t)(end - at));
        ok = !memchr(at, '\0', (size_t)((eol ? eol : end) - at))
                 ? read_line(g, at, eol ? eol : end, signs, err)
                 : dv_fail(err, DV_BAD_DATA, "a NUL");
        if (!ok)
            dv_fail_in(err, "%s: line %d", path, line);
        at = (eol ? eol : end) + 1;
    }
    dv_file_unmap(&f);
    return ok;
}

static bool gather(reader *g, dv_voc_set *s, dv_error *err)
{
    const size_t rows = (size_t)g->d->n, classes = (size_t)g->v->n_classes;
    s->rows = dv_arena_array(&g->v->arena, rows, sizeof *s->rows, err);
    if (!s->rows)
        return false;
    for (size_t i = 0; i < rows; i++) {
        bool listed = false;
        for (size_t c = 0; c < classes && !listed; c++)
            listed = g->all[c * rows + i] != ABSENT;
        if (listed)
            s->rows[s->n++] = (int32_t)i;
    }
    s->signs = dv_arena_array(&g->v->arena, classes, (size_t)s->n, err);
    for (size_t c = 0; s->signs && c < classes; c++)
        for (int32_t i = 0; i < s->n; i++) {
            const signed char sign = g->all[c * rows + (size_t)s->rows[i]];
            s->signs[c * (size_t)s->n + (size_t)i] = sign == ABSENT ? 0 : sign;
        }
    return s->signs;
}

static bool read_set(reader *g, const char *folder, const char *set, dv_voc_set *s, dv_error *err)
{
    const size_t rows = (size_t)g->d->n;
    memset(g->all, ABSENT, (size_t)g->v->n_classes * rows);
    for (int c = 0; c < g->v->n_classes; c++) {
        dv_text path = { 0 };
        dv_text_format(&path, "%s/%s_%s.txt", folder, g->v->classes[c], set);
        const bool ok = dv_text_ok(&path, "the name of a set", err) &&
                        read_file(g, path.data, g->all + (size_t)c * rows, err);
        free(path.data);
        if (!ok)
            return false;
    }
    return gather(g, s, err);
}

static bool check_sets(const dv_voc *v, const dv_probe_rows *d, const dv_probe_options *o,
                       dv_error *err)
{
    for (int32_t i = 0, k = 0; i < v->train.n && k < v->test.n;) {
        if (v->train.rows[i] == v->test.rows[k])
            return dv_fail(err, DV_BAD_DATA, "%s: image %s is in both sets, %s and %s", o->voc,
                           d->images[v->train.rows[i]], o->voc_train, o->voc_test);
        if (v->train.rows[i] < v->test.rows[k])
            i++;
        else
            k++;
    }
    const dv_voc_set *sets[] = { &v->train, &v->test };
    for (int s = 0; s < 2; s++)
        for (int c = 0; c < v->n_classes; c++)
            if (sets[s]->n == 0 ||
                !memchr(sets[s]->signs + (size_t)c * (size_t)sets[s]->n, 1, (size_t)sets[s]->n))
                return dv_fail(err, DV_BAD_DATA, "%s: class %s has no positive image in set %s",
                               o->voc, v->classes[c], s == 0 ? o->voc_train : o->voc_test);
    return true;
}

bool dv_voc_read(dv_voc *v, const dv_probe_rows *d, const dv_probe_options *o, dv_error *err)
{
    *v = (dv_voc){ 0 };
    reader g = { .v = v, .d = d };
    const char *folder = dv_path_in(&v->arena, o->voc, "ImageSets/Main", err);
    return folder && list_classes(v, folder, o->voc_train, err) &&
           (g.stems = list_stems(v, d, err)) &&
           (g.all = dv_arena_array(&v->arena, (size_t)v->n_classes, (size_t)d->n, err)) &&
           read_set(&g, folder, o->voc_train, &v->train, err) &&
           read_set(&g, folder, o->voc_test, &v->test, err) && check_sets(v, d, o, err);
}

void dv_voc_free(dv_voc *v)
{
    dv_arena_release(&v->arena);
    *v = (dv_voc){ 0 };
}
