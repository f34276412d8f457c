/* labels.c - what classes are called, and which one an image truly shows. */
#include "deconvviz/classify.h"

#include "base/file.h"
#include "run/classes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* -- labels ----------------------------------------------------------------------------------- */

bool dv_labels_add(dv_labels *l, const char *text, size_t n, dv_error *err)
{
    bool grow = (l->n & (l->n - 1)) == 0; /* room for 1, 2, 4, … */
    char **more = l->text;
    if (grow)
        more = realloc(l->text, (l->n ? 2 * (size_t)l->n : 1) * sizeof *more);
    if (more)
        l->text = more;
    char *copy = more ? strndup(text, n) : NULL;
    if (!copy)
        return dv_fail(err, DV_NO_MEMORY, "no memory for more than %d labels", l->n);
    l->text[l->n++] = copy;
    return true;
}

const char *dv_next_line(const char **at, const char *end, size_t *n)
{
    const char *line = *at;
    if (line >= end)
        return NULL;
    const char *eol = memchr(line, '\n', (size_t)(end - line));
    *n = (size_t)((eol ? eol : end) - line);
    *at = line + *n + 1;
    if (*n > 0 && line[*n - 1] == '\r')
        --*n;
    return line;
}

/* Labels of another network would be worse than none. */
static bool labels_fit(const dv_labels *l, const char *path, const dv_model *m, dv_error *err)
{
    const size_t n = dv_shape_count(dv_tensor_shape(m, dv_model_output(m)));
    return l->n == 0 || (size_t)l->n == n ||
           dv_fail(err, DV_BAD_USAGE, "%s: %d labels, but the network's output %s has %zu values",
                   path ? path : "the model", l->n, dv_tensor_name(m, dv_model_output(m)), n);
}

/* A class a line, out of a file. */
static bool read_labels(dv_labels *l, const char *path, dv_error *err)
{
    dv_file f;
    bool ok = true;
    if (!dv_file_read(&f, path, DV_FILE_MAX_READ, err))
        return false;
    const char *at = (const char *)f.data, *end = at + f.size, *line;
    size_t n;
    while (ok && (line = dv_next_line(&at, end, &n)))
        ok = dv_labels_add(l, line, n, err);
    dv_file_unmap(&f);
    while (ok && l->n > 0 && !l->text[l->n - 1][0])
        free(l->text[--l->n]);
    return ok && (l->n > 0 || dv_fail(err, DV_BAD_DATA, "%s: no labels in it", path));
}

bool dv_labels_read(dv_labels *l, const char *path, const dv_model *m, dv_error *err)
{
    *l = (dv_labels){ 0 };
    bool ok = !path || read_labels(l, path, err);
    for (int i = 0; ok && !path && i < dv_model_n_labels(m); i++) {
        const char *text = dv_model_label(m, i);
        ok = dv_labels_add(l, text, strlen(text), err);
    }
    return ok && labels_fit(l, path, m, err);
}

void dv_labels_free(dv_labels *l)
{
    for (int i = 0; i < l->n; i++)
        free(l->text[i]);
    free(l->text);
    *l = (dv_labels){ 0 };
}

const char *dv_label(const dv_labels *l, int i)
{
    return i < l->n ? l->text[i] : "";
}

/* The class whose label is the text of n bytes, or has it for its first word; -1: none. */
static int find_label(const dv_labels *l, const char *text, size_t n)
{
    for (int i = 0; i < l->n; i++) {
        const char *label = l->text[i];
        if (strnlen(label, n) == n && memcmp(label, text, n) == 0 &&
            (!label[n] || label[n] == ' ' || label[n] == '\t'))
            return i;
    }
    return -1;
}

/* The class that a word names: its number, or a label. */
static int find_class(const dv_labels *l, const char *text, size_t n)
{
    char *end;
    char word[16];
    if (n > 0 && n < sizeof word && strspn(text, "0123456789") >= n) {
        memcpy(word, text, n);
        word[n] = '\0';
        long number = strtol(word, &end, 10);
        return number < INT32_MAX ? (int)number : -1;
    }
    return n > 0 ? find_label(l, text, n) : -1;
}

/* Where the label's name begins: behind a WordNet id. */
static const char *name_of_label(const char *label)
{
    enum { DIGITS = 8 };
    const bool id = label[0] == 'n' && strspn(label + 1, "0123456789") == DIGITS;
    return id && label[1 + DIGITS] == ' ' ? label + 2 + DIGITS : label;
}

const char *dv_label_short(const dv_labels *l, int i, char to[DV_LABEL_SHORT_MAX])
{
    const char *name = name_of_label(dv_label(l, i));
    size_t n = strcspn(name, ",");
    if (n >= DV_LABEL_SHORT_MAX) {
        n = DV_LABEL_SHORT_MAX - 1;
        while (n > 0 && ((unsigned char)name[n] & 0xC0) == 0x80) /* no half of a UTF-8 character */
            n--;
    }
    if (n > 0)
        snprintf(to, DV_LABEL_SHORT_MAX, "%.*s", (int)n, name);
    else
        snprintf(to, DV_LABEL_SHORT_MAX, "class %d", i);
    return to;
}

bool dv_label_find(const dv_labels *l, const char *text, int n, int *number, dv_error *err)
{
    char name[DV_LABEL_SHORT_MAX];
    *number = find_class(l, text, strlen(text));
    for (int i = 0; i < l->n && *number < 0; i++)
        if (strcmp(dv_label_short(l, i, name), text) == 0)
            *number = i;
    if (*number >= n)
        return dv_fail(err, DV_BAD_USAGE, "class %s: the network has classes 0 to %d", text, n - 1);
    return *number >= 0 || dv_fail(err, DV_BAD_USAGE, "no class is called '%s'%s", text,
                                   l->n == 0 ? ", for there are no labels" : "");
}

bool dv_labels_match(const dv_labels *l, const dv_labels *of, int *classes, dv_error *err)
{
    if (l->n != of->n)
        return dv_fail(err, DV_BAD_USAGE, "%d labels, and %d of the first network", l->n, of->n);
    bool *taken = calloc((size_t)of->n + 1, sizeof *taken);
    bool ok = taken || dv_fail(err, DV_NO_MEMORY, "no memory for %d labels", of->n);
    for (int i = 0; ok && i < l->n; i++) {
        const char *text = l->text[i];
        classes[i] = find_label(of, text, strlen(text));
        if (classes[i] < 0)
            classes[i] = find_label(of, text, strcspn(text, " \t"));
        ok = classes[i] >= 0 && !taken[classes[i]];
        if (!ok)
            dv_fail(err, DV_BAD_USAGE, "class %d, '%s', is %s of the first network's", i, text,
                    classes[i] < 0 ? "none" : "a second time one");
        else
            taken[classes[i]] = true;
    }
    free(taken);
    return ok;
}

/* -- truth out of a file ---------------------------------------------------------------------- */

static const char *name_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

/* Splits "PATH CLASS" at the first blank behind which a class stands; either may hold blanks.
 * Returns the class, or -1; *path_length. */
static int split_line(const dv_labels *l, const char *line, size_t n, size_t *path_length)
{
    for (size_t i = 1; i + 1 < n; i++) {
        if (line[i] != ' ' && line[i] != '\t')
            continue;
        size_t begin = i;
        while (begin < n && (line[begin] == ' ' || line[begin] == '\t'))
            begin++;
        int class = find_class(l, line + begin, n - begin);
        if (class >= 0) {
            *path_length = i;
            return class;
        }
        i = begin - 1;
    }
    return -1;
}

static bool add_line(dv_truth *t, const char *path, int number, dv_error *err)
{
    if ((t->n & (t->n - 1)) == 0) { /* room for 1, 2, 4, … */
        size_t room = t->n ? 2 * (size_t)t->n : 1;
        dv_truth_line *grown = realloc(t->lines, room * sizeof *grown);
        if (!grown)
            return dv_fail(err, DV_NO_MEMORY, "no memory for the classes of %d images", t->n);
        t->lines = grown;
    }
    t->lines[t->n++] = (dv_truth_line){ path, number };
    return true;
}

static int by_path(const void *a, const void *b)
{
    return strcmp(((const dv_truth_line *)a)->path, ((const dv_truth_line *)b)->path);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(name_of(((const dv_truth_line *)a)->path),
                  name_of(((const dv_truth_line *)b)->path));
}

/* A copy of the lines, sorted; NULL: no memory. */
static dv_truth_line *sorted(const dv_truth *t, int (*compare)(const void *, const void *))
{
    size_t n = (size_t)t->n;
    dv_truth_line *copy = calloc(n + 1, sizeof *copy);
    if (copy && n > 0) {
        memcpy(copy, t->lines, n * sizeof *copy);
        qsort(copy, n, sizeof *copy, compare);
    }
    return copy;
}

/* Reads t->text, of `size` bytes, line by line; a NUL goes behind each path. */
static bool parse_lines(dv_truth *t, size_t size, const char *name, dv_error *err)
{
    const char *at = t->text, *end = at + size, *line;
    size_t n, path_length = 0;
    for (int number = 1; (line = dv_next_line(&at, end, &n)); number++) {
        int class = n > 0 ? split_line(t->labels, line, n, &path_length) : 0;
        if (class < 0)
            return dv_fail(err, DV_BAD_DATA, "%s:%d: PATH CLASS is needed, not '%.*s'", name,
                           number, (int)(n < 200 ? n : 200), line);
        if (n > 0 && !add_line(t, line, class, err))
            return false;
        if (n > 0)
            t->text[(size_t)(line - t->text) + path_length] = '\0';
    }
    return true;
}

static bool read_lines(dv_truth *t, const char *path, dv_error *err)
{
    dv_file f;
    if (!dv_file_read(&f, path, DV_FILE_MAX_READ, err))
        return dv_fail_in(err, "--labels-from is dirs, names or a file");
    size_t size = f.size;
    t->text = malloc(size + 1);
    if (t->text) {
        memcpy(t->text, f.data, size);
        t->text[size] = '\0';
    }
    dv_file_unmap(&f);
    if (t->text && !parse_lines(t, size, path, err))
        return false;
    t->by_path = sorted(t, by_path);
    t->by_name = sorted(t, by_name);
    return (t->text && t->by_path && t->by_name) ||
           dv_fail(err, DV_NO_MEMORY, "no memory for the classes of %d images", t->n);
}

int dv_truth_source(const char *words)
{
    return strcmp(words, "dirs") == 0    ? DV_TRUTH_DIRS
           : strcmp(words, "names") == 0 ? DV_TRUTH_NAMES
                                         : DV_TRUTH_FILE;
}

bool dv_truth_read(dv_truth *t, const char *words, const dv_labels *labels, dv_error *err)
{
    *t = (dv_truth){ .labels = labels };
    if (!words)
        return true;
    t->from = dv_truth_source(words);
    if (t->from == DV_TRUTH_FILE)
        return read_lines(t, words, err);
    return labels->n > 0 ||
           dv_fail(err, DV_BAD_USAGE, "--labels-from %s needs labels: --labels FILE", words);
}

void dv_truth_free(dv_truth *t)
{
    free(t->text);
    free(t->lines);
    free(t->by_path);
    free(t->by_name);
    *t = (dv_truth){ 0 };
}

/* -- the class of an image -------------------------------------------------------------------- */

static int find_line(const dv_truth *t, const char *path)
{
    const dv_truth_line key = { path, 0 };
    size_t n = (size_t)t->n;
    const dv_truth_line *found = bsearch(&key, t->by_path, n, sizeof key, by_path);
    if (found)
        return found->number;
    found = bsearch(&key, t->by_name, n, sizeof key, by_name);
    bool alone = found && (found == t->by_name || by_name(found - 1, &key) != 0) &&
                 (found + 1 == t->by_name + n || by_name(found + 1, &key) != 0);
    return alone ? found->number : -1;
}

const char *dv_class_word(int from, const char *path, size_t *n)
{
    const char *name = name_of(path), *folder = name;
    if (from == DV_TRUTH_NAMES) {
        *n = strcspn(name, "_-.");
        return *n > 0 ? name : NULL;
    }
    if (from != DV_TRUTH_DIRS || name == path)
        return NULL;
    folder--; /* the slash */
    *n = 0;
    while (folder > path && folder[-1] != '/') {
        folder--;
        ++*n;
    }
    return *n > 0 ? folder : NULL;
}

int dv_truth_of(const dv_truth *t, const char *path)
{
    size_t n;
    if (t->from == DV_TRUTH_FILE)
        return t->n > 0 ? find_line(t, path) : -1;
    const char *word = dv_class_word((int)t->from, path, &n);
    return word ? find_label(t->labels, word, n) : -1;
}
