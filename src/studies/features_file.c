#include "studies/features_file.h"

#include "base/file.h"
#include "base/guard.h"
#include "base/json.h"
#include "base/locked.h"
#include "base/path.h"
#include "tensor/npy.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

static bool system_says(const char *path, const char *what, int problem, dv_error *err)
{
    return dv_fail(err, dv_file_code(problem), "%s: %s: %s", path, what, strerror(problem));
}

/* Bytes before the rows. */
static size_t header_size(size_t values)
{
    char header[DV_NPY_HEADER_MAX];
    return dv_npy_header(&(dv_shape){ 2, { 0, (int32_t)values } }, header);
}

static int64_t row_at(const dv_features_file *f, int32_t row)
{
    return (int64_t)(header_size(f->values) + (size_t)row * f->values * sizeof(float));
}

static uint32_t checksum(const float *row, size_t values)
{
    uLong crc = crc32(0, NULL, 0);
    return (uint32_t)crc32_z(crc, (const Bytef *)row, values * sizeof *row);
}

/* -- names ------------------------------------------------------------------------------------ */

char *dv_features_beside(const char *output, const char *extension, dv_error *err)
{
    dv_arena a = { 0 };
    const char *path = dv_path_with(&a, output, extension, err);
    char *copy = path ? strdup(path) : NULL;
    if (path && !copy)
        dv_fail(err, DV_NO_MEMORY, "%s: out of memory", output);
    dv_arena_release(&a);
    return copy;
}

static char *behind(const char *output, const char *what, dv_error *err)
{
    const size_t n = strlen(output) + strlen(what) + 1;
    char *path = malloc(n);
    if (path)
        snprintf(path, n, "%s%s", output, what);
    else
        dv_fail(err, DV_NO_MEMORY, "%s: out of memory", output);
    return path;
}

/* -- what the rows are of --------------------------------------------------------------------- */

static bool is_among(const char *key, const char *const *words)
{
    for (; *words; words++)
        if (strcmp(key, *words) == 0)
            return true;
    return false;
}

static bool equal(const cJSON *a, const cJSON *b)
{
    if (strcmp(a->string, "model") == 0) {
        a = dv_json_get(a, "sha256");
        b = dv_json_get(b, "sha256");
    }
    return cJSON_Compare(a, b, true);
}

const char *dv_features_differing(const cJSON *a, const cJSON *b, const char *const *but)
{
    const cJSON *member = NULL;
    cJSON_ArrayForEach(member, a)
    {
        const cJSON *other = dv_json_get(b, member->string);
        if (!is_among(member->string, but) && (!other || !equal(member, other)))
            return member->string;
    }
    return NULL;
}

/* The journal's first line of n bytes, against that of this run. */
static bool check_head(const dv_features_file *f, const char *line, size_t n, const dv_text *head,
                       dv_error *err)
{
    static const char *const none[] = { NULL };
    if (n == head->size && memcmp(line, head->data, n) == 0)
        return true;
    cJSON *theirs = dv_json_parse(line, n, DV_JSON_MAX_VALUES, NULL);
    cJSON *ours = dv_json_parse(head->data, head->size, DV_JSON_MAX_VALUES, err);
    const char *what = ours ? dv_features_differing(ours, theirs, none) : NULL;
    if (ours && !theirs)
        dv_fail(err, DV_BAD_DATA, "%s: not the journal of features, or damaged", f->journal);
    else if (what)
        dv_fail(
            err, DV_BAD_USAGE,
            "%s is of an unfinished run with other \"%s\" (finish it as it began, or remove it)",
            f->journal, what);
    cJSON_Delete(theirs);
    cJSON_Delete(ours);
    return ours && theirs && !what;
}

/* -- beginning, or going on ------------------------------------------------------------------- */

static bool note_skip(dv_features_file *f, const char *reason, size_t n, dv_error *err)
{
    if (f->n_skips == f->max_skips) {
        const size_t room = f->max_skips ? 2 * (size_t)f->max_skips : 16;
        dv_features_skip *grown = realloc(f->skips, room * sizeof *grown);
        if (!grown)
            return dv_fail(err, DV_NO_MEMORY, "no memory for %zu images", room);
        f->skips = grown;
        f->max_skips = (int)room;
    }
    const char *kept = dv_arena_text(&f->arena, reason, n, err);
    if (!kept)
        return false;
    f->skips[f->n_skips++] = (dv_features_skip){ f->images, kept };
    return true;
}

/* Whether the row that comes next is there, with this checksum. row: (values) */
static bool is_whole(const dv_features_file *f, const char *hex, float *row)
{
    const size_t size = f->values * sizeof *row;
    size_t have = 0;
    while (have < size) {
        const ssize_t got =
            pread(f->rows_fd, (char *)row + have, size - have, row_at(f, f->rows) + (int64_t)have);
        if (got <= 0)
            return false;
        have += (size_t)got;
    }
    char *end;
    return strtoul(hex, &end, 16) == checksum(row, f->values) && *end == '\n';
}

/* Takes up the lines of n bytes, up to the first that is not whole; f->end is then behind those
 * that are. */
static bool replay(dv_features_file *f, const char *lines, size_t n, dv_error *err)
{
    float *row = malloc((f->values + 1) * sizeof *row);
    bool ok = row || dv_fail(err, DV_NO_MEMORY, "no memory for %zu values", f->values);
    while (ok && f->images < INT32_MAX) {
        const char *end = memchr(lines, '\n', n);
        if (!end || end - lines < 2 || lines[1] != ' ')
            break;
        if (lines[0] == 's')
            ok = note_skip(f, lines + 2, (size_t)(end - lines) - 2, err);
        else if (lines[0] == 'r' && is_whole(f, lines + 2, row))
            f->rows++;
        else
            break;
        f->images++;
        f->end += end + 1 - lines;
        n -= (size_t)(end + 1 - lines);
        lines = end + 1;
    }
    free(row);
    return ok;
}

/* The whole journal, with a NUL behind it; through its descriptor, for the lock would be lost if it
 * were opened a second time. NULL with err set. */
static char *read_journal(const dv_features_file *f, size_t *size, dv_error *err)
{
    struct stat st;
    size_t have = 0;
    ssize_t got = 1;
    if (fstat(f->journal_fd, &st) < 0) {
        system_says(f->journal, "cannot read", errno, err);
        return NULL;
    }
    char *text = malloc((size_t)st.st_size + 1);
    if (!text) {
        dv_fail(err, DV_NO_MEMORY, "%s: out of memory for %zu bytes", f->journal,
                (size_t)st.st_size);
        return NULL;
    }
    while (got > 0 && have < (size_t)st.st_size) {
        got = pread(f->journal_fd, text + have, (size_t)st.st_size - have, (off_t)have);
        have += got > 0 ? (size_t)got : 0;
    }
    text[have] = '\0';
    *size = have;
    return text;
}

/* A journal that has no whole line yet begins with this one. */
static bool begin(dv_features_file *f, const dv_text *head, dv_error *err)
{
    const int problem = dv_write_at(f->journal_fd, head->data, head->size, 0);
    f->end = (int64_t)head->size;
    return !problem || system_says(f->journal, "cannot write", problem, err);
}

static bool take_up(dv_features_file *f, const dv_text *head, dv_error *err)
{
    size_t size;
    char *text = read_journal(f, &size, err);
    if (!text)
        return false;
    const char *line = head ? memchr(text, '\n', size) : NULL;
    bool ok = true;
    if (line) {
        f->end = line + 1 - text;
        ok = check_head(f, text, (size_t)f->end, head, err) &&
             replay(f, line + 1, size - (size_t)f->end, err);
    } else if (head) {
        ok = begin(f, head, err);
    }
    free(text);
    if (ok &&
        (ftruncate(f->journal_fd, f->end) < 0 || ftruncate(f->rows_fd, row_at(f, f->rows)) < 0))
        ok = system_says(f->journal, "cannot write", errno, err);
    return ok;
}

bool dv_features_open(dv_features_file *f, const char *output, size_t values, const dv_text *head,
                      dv_error *err)
{
    struct stat st;
    *f = (dv_features_file){ .output = output, .rows_fd = -1, .journal_fd = -1, .values = values };
    if (stat(output, &st) == 0 && !S_ISREG(st.st_mode))
        return dv_fail(err, DV_IO, "%s: cannot write: it is no regular file", output);
    f->unfinished = behind(output, ".unfinished", err);
    f->journal = f->unfinished ? behind(output, ".journal", err) : NULL;
    if (!f->journal || !dv_guard_allows(output, err) || !dv_guard_allows(f->unfinished, err) ||
        !dv_guard_allows(f->journal, err))
        return false;
    f->journal_fd = dv_locked_open(f->journal, err);
    if (f->journal_fd < 0)
        return false;
    f->rows_fd = open(f->unfinished, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (f->rows_fd < 0)
        return system_says(f->unfinished, "cannot write", errno, err);
    return take_up(f, head, err);
}

void dv_features_close(dv_features_file *f)
{
    if (f->rows_fd >= 0)
        close(f->rows_fd);
    if (f->journal_fd >= 0)
        close(f->journal_fd);
    free(f->unfinished);
    free(f->journal);
    free(f->skips);
    dv_arena_release(&f->arena);
    *f = (dv_features_file){ .rows_fd = -1, .journal_fd = -1 };
}

/* -- image by image --------------------------------------------------------------------------- */

static bool add_line(dv_features_file *f, const char *line, size_t n, dv_error *err)
{
    const int problem = dv_write_at(f->journal_fd, line, n, f->end);
    if (problem)
        return system_says(f->journal, "cannot write", problem, err);
    f->end += (int64_t)n;
    f->images++;
    return true;
}

bool dv_features_add(dv_features_file *f, const float *row, dv_error *err)
{
    char line[16];
    const int problem = dv_write_at(f->rows_fd, row, f->values * sizeof *row, row_at(f, f->rows));
    if (problem)
        return system_says(f->unfinished, "cannot write", problem, err);
    const int n = snprintf(line, sizeof line, "r %08x\n", (unsigned)checksum(row, f->values));
    if (!add_line(f, line, (size_t)n, err))
        return false;
    f->rows++;
    return true;
}

bool dv_features_skip_image(dv_features_file *f, const char *reason, dv_error *err)
{
    dv_text line = { 0 };
    dv_text_format(&line, "s %s\n", reason);
    for (size_t i = 0; i + 1 < line.size; i++)
        if (line.data[i] == '\n')
            line.data[i] = ' ';
    const bool ok = dv_text_ok(&line, "a journal's line", err) &&
                    note_skip(f, line.data + 2, line.size - 3, err) &&
                    add_line(f, line.data, line.size, err);
    free(line.data);
    return ok;
}

/* -- the end ---------------------------------------------------------------------------------- */

static bool write_beside(const dv_features_file *f, const char *extension, const dv_text *text,
                         dv_error *err)
{
    char *path = dv_features_beside(f->output, extension, err);
    const bool ok =
        path && dv_file_write_synced(path, text->data ? text->data : "", text->size, err);
    free(path);
    return ok;
}

bool dv_features_finish(dv_features_file *f, const dv_text *texts, const dv_text *about,
                        dv_error *err)
{
    char header[DV_NPY_HEADER_MAX];
    const dv_shape shape = { 2, { f->rows, (int32_t)f->values } };
    int problem = dv_write_at(f->rows_fd, header, dv_npy_header(&shape, header), 0);
    if (!problem)
        problem = dv_file_sync(f->unfinished);
    if (problem)
        return system_says(f->unfinished, "cannot write", problem, err);
    if (!write_beside(f, ".txt", texts, err) || !write_beside(f, ".json", about, err))
        return false;
    if (rename(f->unfinished, f->output) < 0)
        return system_says(f->output, "cannot write", errno, err);
    problem = dv_file_sync_above(f->output);
    if (problem)
        return system_says(f->output, "cannot write", problem, err);
    unlink(f->journal);
    return true;
}
