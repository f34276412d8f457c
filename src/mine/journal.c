#include "mine/journal.h"
#include "base/file.h"
#include "base/guard.h"
#include "base/locked.h"
#include "base/temporary.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

static const char magic[24] = "deconvviz journal 2\n";

enum { ALIGN = 8, FRAME_HEAD = 8, KIND = sizeof "deconvviz journal " - 1 /* of the magic */ };

struct dv_journal {
    char *path, *fresh; /* of the file, and of the one that is to take its place */
    int fd;             /* locked */
    int64_t begin, end; /* of the records, in the file */
    int64_t limit;
    dv_text frame; /* the one that is being put together */
};

/* What a record begins with in the file; then sum, active, changes, sampled, bin; or the reason. */
typedef struct record_head {
    int32_t image, n_units, n_changes;
    int32_t reason; /* bytes, 0: the image was read */
    int32_t n_sampled;
    char sha256[68];
} record_head;

static bool system_says(const dv_journal *j, const char *what, dv_error *err)
{
    return dv_fail(err, dv_file_code(errno), "%s: %s: %s", j->path, what, strerror(errno));
}

/* -- the file --------------------------------------------------------------------------------- */

dv_journal *dv_journal_open(const char *path, int64_t limit, dv_error *err)
{
    dv_journal *j = calloc(1, sizeof *j);
    size_t n = strlen(path) + sizeof ".new";
    if (j) {
        j->fd = -1;
        j->limit = limit;
        j->path = malloc(n);
        j->fresh = malloc(n);
    }
    if (!j || !j->path || !j->fresh) {
        dv_journal_close(j);
        dv_fail(err, DV_NO_MEMORY, "%s: out of memory", path);
        return NULL;
    }
    snprintf(j->path, n, "%s", path);
    snprintf(j->fresh, n, "%s.new", path);
    if (!dv_guard_allows(j->path, err) || !dv_guard_allows(j->fresh, err) ||
        (j->fd = dv_locked_open(j->path, err)) < 0) {
        dv_journal_close(j);
        return NULL;
    }
    return j;
}

void dv_journal_close(dv_journal *j)
{
    if (!j)
        return;
    if (j->fd >= 0)
        close(j->fd);
    free(j->path);
    free(j->fresh);
    free(j->frame.data);
    free(j);
}

bool dv_journal_is_empty(const dv_journal *j)
{
    struct stat st;
    return fstat(j->fd, &st) == 0 && st.st_size == 0;
}

void dv_journal_remove(dv_journal *j)
{
    unlink(j->fresh); /* of a process that was killed */
    unlink(j->path);
}

/* -- frames ----------------------------------------------------------------------------------- */

static void begin_frame(dv_text *t)
{
    t->size = 0;
    t->failed = false;
    dv_text_add(t, "\0\0\0\0\0\0\0\0", FRAME_HEAD);
}

static bool end_frame(dv_text *t, dv_error *err)
{
    size_t n = t->size - FRAME_HEAD;
    dv_text_add(t, "\0\0\0\0\0\0\0\0", -n % ALIGN);
    if (!dv_text_ok(t, "a journal's record", err))
        return false;
    if (n > UINT32_MAX / 2)
        return dv_fail(err, DV_UNSUPPORTED, "a journal's record of %zu bytes", n);
    uint32_t head[2] = { (uint32_t)n,
                         (uint32_t)crc32(0, (const Bytef *)t->data + FRAME_HEAD, (uInt)n) };
    memcpy(t->data, head, sizeof head);
    return true;
}

/* The frame at *at, which moves behind it; NULL: none, or none that is whole. */
static const char *next_frame(const char *data, size_t size, size_t *at, size_t *length)
{
    uint32_t head[2];
    if (size < *at || size - *at < FRAME_HEAD)
        return NULL;
    memcpy(head, data + *at, sizeof head);
    size_t padded = head[0] + -(size_t)head[0] % ALIGN;
    const char *bytes = data + *at + FRAME_HEAD;
    if (padded > size - *at - FRAME_HEAD || crc32(0, (const Bytef *)bytes, head[0]) != head[1])
        return NULL;
    *at += FRAME_HEAD + padded;
    *length = head[0];
    return bytes;
}

/* Maps the file; NULL with err set. The lock would be lost if it were opened a second time. */
static char *map(const dv_journal *j, size_t *size, dv_error *err)
{
    struct stat st;
    if (fstat(j->fd, &st) < 0) {
        system_says(j, "cannot read", err);
        return NULL;
    }
    *size = (size_t)st.st_size;
    char *data = mmap(NULL, *size, PROT_READ, MAP_PRIVATE, j->fd, 0);
    if (data == MAP_FAILED) {
        system_says(j, "cannot read", err);
        return NULL;
    }
    return data;
}

/* -- reading ---------------------------------------------------------------------------------- */

bool dv_journal_base(dv_journal *j, dv_index *x, dv_error *err)
{
    size_t size, at = sizeof magic, length;
    *x = (dv_index){ 0 };
    char *data = map(j, &size, err);
    if (!data)
        return false;
    const char *text = NULL;
    if (size >= sizeof magic && memcmp(data, magic, sizeof magic) == 0)
        text = next_frame(data, size, &at, &length);
    bool ok =
        text ? dv_index_parse(x, text, length, j->path, err)
        : size >= sizeof magic && memcmp(data, magic, KIND) == 0 && data[KIND] != magic[KIND]
            ? dv_fail(err, DV_UNSUPPORTED,
                      "%s: of another version of deconvviz: finish the run with that one, or "
                      "remove it",
                      j->path)
            : dv_fail(err, DV_BAD_DATA, "%s: not the journal of an index, or damaged", j->path);
    j->begin = j->end = (int64_t)at;
    munmap(data, size);
    return ok;
}

/* Points the record into the bytes of its frame. */
static bool parse_record(dv_record *r, const char *bytes, size_t length)
{
    record_head h;
    if (length < sizeof h)
        return false;
    memcpy(&h, bytes, sizeof h);
    const char *at = bytes + sizeof h;
    size_t rest = length - sizeof h;
    *r = (dv_record){
        .image = h.image, .n_units = h.n_units, .n_changes = h.n_changes, .n_sampled = h.n_sampled
    };
    if (h.reason != 0) {
        r->reason = at;
        return h.reason > 0 && rest == (size_t)h.reason && at[rest - 1] == '\0';
    }
    const void *sha256 = bytes + offsetof(record_head, sha256);
    r->sha256 = sha256;
    size_t n = (size_t)h.n_units, m = (size_t)h.n_changes, k = (size_t)h.n_sampled;
    if (h.n_units < 0 || h.n_changes < 0 || h.n_sampled < 0 || h.sha256[DV_DIGEST_TEXT_MAX - 1] ||
        rest != n * (sizeof *r->sum + sizeof *r->active + 1) + (m + k) * sizeof *r->changes)
        return false;
    r->sum = (const float *)(const void *)at;
    r->active = (const uint32_t *)(const void *)(at + n * sizeof *r->sum);
    r->changes = (const dv_change *)(const void *)(r->active + n);
    r->sampled = r->changes + m;
    r->bin = (const uint8_t *)(r->sampled + k);
    return true;
}

bool dv_journal_replay(dv_journal *j, dv_index *x, const dv_list *list, int32_t first,
                       dv_error *err)
{
    size_t size, at = (size_t)j->begin, length;
    char *data = map(j, &size, err);
    if (!data)
        return false;
    bool ok = true;
    const char *bytes;
    while (ok && (bytes = next_frame(data, size, &at, &length))) {
        dv_record r;
        ok = parse_record(&r, bytes, length) && r.image >= first && r.image - first < list->count;
        if (ok) {
            r.path = dv_list_path(list, r.image - first);
            ok = dv_record_apply(x, &r, err) || dv_fail_in(err, "%s", j->path);
        } else {
            dv_fail(err, DV_BAD_DATA, "%s: a record that makes no sense", j->path);
        }
        j->end = (int64_t)at;
    }
    munmap(data, size);
    if (ok && ftruncate(j->fd, j->end) < 0)
        ok = system_says(j, "cannot write", err);
    return ok;
}

/* -- writing ---------------------------------------------------------------------------------- */

bool dv_journal_restart(dv_journal *j, dv_index *x, dv_error *err)
{
    size_t size;
    char *text = dv_index_text(x, &size, err);
    dv_text t = { 0 };
    begin_frame(&t);
    if (text)
        dv_text_add(&t, text, size);
    free(text);
    if (!text || !end_frame(&t, err)) {
        free(t.data);
        return false;
    }
    int fd = dv_temporary_file(j->fresh, O_RDWR | O_TRUNC | O_CLOEXEC);
    int problem = fd < 0 || !dv_lock(fd) ? errno : 0;
    if (!problem)
        problem = dv_write_at(fd, magic, sizeof magic, 0);
    if (!problem)
        problem = dv_write_at(fd, t.data, t.size, sizeof magic);
    if (!problem && (fsync(fd) < 0 || rename(j->fresh, j->path) < 0))
        problem = errno;
    if (!problem)
        problem = dv_file_sync_above(j->path);
    if (problem && fd >= 0) {
        close(fd);
        unlink(j->fresh);
    }
    if (fd >= 0)
        dv_temporary_forget(j->fresh);
    if (problem) {
        free(t.data);
        return dv_fail(err, dv_file_code(problem), "%s: cannot write: %s", j->fresh,
                       strerror(problem));
    }
    close(j->fd);
    j->fd = fd;
    j->begin = j->end = (int64_t)(sizeof magic + t.size);
    free(t.data);
    return true;
}

bool dv_journal_write(dv_journal *j, const dv_record *r, dv_error *err)
{
    dv_text *t = &j->frame;
    record_head h = { .image = r->image };
    begin_frame(t);
    if (r->reason) {
        h.reason = (int32_t)strlen(r->reason) + 1;
        dv_text_add(t, &h, sizeof h);
        dv_text_add(t, r->reason, (size_t)h.reason);
    } else {
        size_t n = (size_t)r->n_units;
        h.n_units = r->n_units;
        h.n_changes = r->n_changes;
        h.n_sampled = r->n_sampled;
        memcpy(h.sha256, r->sha256, DV_DIGEST_TEXT_MAX);
        dv_text_add(t, &h, sizeof h);
        dv_text_add(t, r->sum, n * sizeof *r->sum);
        dv_text_add(t, r->active, n * sizeof *r->active);
        dv_text_add(t, r->changes, (size_t)r->n_changes * sizeof *r->changes);
        dv_text_add(t, r->sampled, (size_t)r->n_sampled * sizeof *r->sampled);
        dv_text_add(t, r->bin, n);
    }
    if (!end_frame(t, err))
        return false;
    int problem = dv_write_at(j->fd, t->data, t->size, j->end);
    if (problem) {
        (void)!ftruncate(j->fd, j->end); /* a part of a record would be dropped when read, too */
        return dv_fail(err, dv_file_code(problem), "%s: cannot write: %s", j->path,
                       strerror(problem));
    }
    j->end += (int64_t)t->size;
    return true;
}

bool dv_journal_is_long(const dv_journal *j)
{
    return j->end - j->begin > j->limit;
}
