/* classes.c - classes that nobody has listed. */
#include "run/classes.h"

#include "base/file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Where in the sorted labels a text of n bytes stands, or would. */
static int place_of(const dv_labels *l, const char *text, size_t n, bool *there)
{
    int lo = 0, hi = l->n;
    *there = false;
    while (lo < hi && !*there) {
        const int mid = lo + (hi - lo) / 2;
        int order = strncmp(l->text[mid], text, n);
        if (order == 0)
            order = l->text[mid][n] != '\0';
        *there = order == 0;
        if (order < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    return hi;
}

/* Each once. */
static bool insert(dv_labels *l, const char *text, size_t n, dv_error *err)
{
    bool there;
    const int at = place_of(l, text, n, &there);
    if (there)
        return true;
    if (l->n == DV_LABELS_MAX)
        return dv_fail(err, DV_BAD_USAGE, "more than %d classes", DV_LABELS_MAX);
    if (!dv_labels_add(l, text, n, err))
        return false;
    char *added = l->text[l->n - 1];
    memmove(&l->text[at + 1], &l->text[at], (size_t)(l->n - 1 - at) * sizeof *l->text);
    l->text[at] = added;
    return true;
}

/* -- lines of a file -------------------------------------------------------------------------- */

/* What stands behind the last tab, or else blank; NULL: nothing. */
static const char *last_word(const char *line, size_t *n)
{
    static const char *const gaps[] = { "\t", " " };
    for (int i = 0; i < 2; i++)
        for (size_t at = *n; at > 1; at--)
            if (line[at - 1] == gaps[i][0] && at < *n) {
                *n -= at;
                return line + at;
            }
    return NULL;
}

static bool collect_lines(dv_labels *l, const char *path, dv_error *err)
{
    dv_file f;
    if (!dv_file_read(&f, path, DV_FILE_MAX_READ, err))
        return dv_fail_in(err, "--labels-from is dirs, names or a file");
    const char *at = (const char *)f.data, *end = at + f.size, *line;
    size_t n;
    bool ok = true;
    while (ok && (line = dv_next_line(&at, end, &n))) {
        const char *word = last_word(line, &n);
        ok = !word || insert(l, word, n, err);
    }
    dv_file_unmap(&f);
    return ok;
}

/* Where all are numbers: one for each up to the largest. */
static bool count_up(dv_labels *l, dv_error *err)
{
    long most = -1;
    for (int i = 0; i < l->n; i++) {
        char *end;
        const long v = strtol(l->text[i], &end, 10);
        if (*end || !l->text[i][0] || v < 0)
            return true;
        most = v > most ? v : most;
    }
    if (most >= DV_LABELS_MAX)
        return dv_fail(err, DV_BAD_USAGE, "class %ld: at most %d are possible", most,
                       DV_LABELS_MAX);
    dv_labels_free(l);
    for (long v = 0; v <= most; v++) {
        char text[16];
        if (!dv_labels_add(l, text, (size_t)snprintf(text, sizeof text, "%ld", v), err))
            return false;
    }
    return true;
}

/* -- all of them ------------------------------------------------------------------------------ */

bool dv_labels_collect(dv_labels *l, const char *words, const dv_list *images, dv_error *err)
{
    const int from = dv_truth_source(words);
    *l = (dv_labels){ 0 };
    if (from == DV_TRUTH_FILE && (!collect_lines(l, words, err) || !count_up(l, err)))
        return false;
    for (int32_t i = 0; from != DV_TRUTH_FILE && i < images->count; i++) {
        size_t n;
        const char *word = dv_class_word(from, dv_list_path(images, i), &n);
        if (word && !insert(l, word, n, err))
            return false;
    }
    return l->n > 0 || dv_fail(err, DV_BAD_USAGE, "no classes by --labels-from %s", words);
}
