/* A journal: hostile records behind a sound index, then a hostile file, both with checksums that
 * are right, so that what is behind these is reached. What is taken fits the index. */
#include "mine/journal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

enum { IMAGES = 40, HEAD = 24 /* of the file */ };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void begin_index(dv_index *x, dv_list *list)
{
    dv_error err;
    const dv_index_layer layers[] = {
        { .layer = "1", .name = "conv1", .tensor = "t1", .shape = { 4, { 1, 2, 3, 3 } } },
        { .layer = "fc", .name = "fc", .tensor = "fc", .shape = { 2, { 1, 2 } } },
    };
    *x = (dv_index){ .k = 2, .per_image = 2, .sample = 3, .count = IMAGES };
    x->preprocess = (dv_preprocess){
        .resize = 9, .size = { 8, 7 }, .channels = 3, .scale = 1, .std = { 1, 1, 1 }
    };
    if (!dv_index_begin(x, 2, layers, &err))
        abort();
    x->program = "0.1.0";
    x->model.name = "net";
    x->model.path = "net.onnx";
    memset(x->model.sha256, 'a', 64);
    for (int i = 0; i < IMAGES; i++) {
        char path[16];
        snprintf(path, sizeof path, "%d.png", i);
        if (!dv_list_add(list, path, &err))
            abort();
    }
    dv_list_digest(list, x->list);
}

/* Puts the checksums of the frames right, as far as their lengths make sense. */
static void mend(uint8_t *file, size_t size)
{
    for (size_t at = HEAD; at + 8 <= size;) {
        uint32_t head[2];
        memcpy(head, file + at, sizeof head);
        head[0] %= (uint32_t)(size - at - 8) + 1;
        head[1] = (uint32_t)crc32(0, file + at + 8, head[0]);
        memcpy(file + at, head, sizeof head);
        at += 8 + (head[0] + 7U) / 8 * 8;
    }
}

static void write_file(const char *path, const char *mode, const uint8_t *data, size_t size)
{
    FILE *f = fopen(path, mode);
    if (!f || fwrite(data, 1, size, f) != size || fclose(f) != 0)
        abort();
}

/* Reads the journal again; an index that comes of it is one that can be written and read. */
static void replay(const char *path, const dv_list *list)
{
    dv_index x, again;
    dv_error err = { 0 };
    dv_journal *j = dv_journal_open(path, DV_JOURNAL_LIMIT, &err);
    if (!j)
        abort();
    if (dv_journal_base(j, &x, &err)) {
        if (dv_journal_replay(j, &x, list, 0, &err)) {
            size_t n;
            char *text = dv_index_text(&x, &n, &err);
            if (text && !dv_index_parse(&again, text, n, "again", &err)) {
                fprintf(stderr, "%s\n", err.message);
                abort();
            }
            if (text)
                dv_index_free(&again);
            free(text);
        }
        dv_index_free(&x);
    }
    dv_journal_close(j);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char path[64];
    dv_error err;
    dv_index x;
    dv_list list = { 0 };
    snprintf(path, sizeof path, "/tmp/deconvviz-fuzz-%ld.journal", (long)getpid());
    begin_index(&x, &list);
    dv_journal *j = dv_journal_open(path, DV_JOURNAL_LIMIT, &err);
    uint8_t *file = calloc(1, size + HEAD);
    if (!j || !file || !dv_journal_restart(j, &x, &err))
        abort();
    dv_journal_close(j);
    memcpy(file + HEAD, data, size);
    mend(file, size + HEAD);
    write_file(path, "ab", file + HEAD, size);
    replay(path, &list);
    if (size >= HEAD) {
        memcpy(file, data, size);
        mend(file, size);
        write_file(path, "wb", file, size);
        replay(path, &list);
    }
    unlink(path);
    free(file);
    dv_index_free(&x);
    dv_list_free(&list);
    return 0;
}
