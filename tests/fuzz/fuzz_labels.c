/* Labels, and lines "PATH CLASS", out of any bytes: what is read names classes that there are. */
#define _GNU_SOURCE /* memfd_create */
#include "deconvviz/classify.h"
#include "deconvviz/load.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_truth(const char *path)
{
    static char tench[] = "n01 tench", goldfish[] = "n02 goldfish, gold", nameless[] = "";
    char *names[] = { tench, goldfish, nameless };
    const dv_labels labels = { 3, names };
    dv_truth t;
    dv_error err = { 0 };
    if (dv_truth_read(&t, path, &labels, &err))
        for (int i = 0; i < t.n; i++)
            if (dv_truth_of(&t, t.lines[i].path) < 0 && !strrchr(t.lines[i].path, '/') && t.n == 1)
                abort();
    if (err.code != DV_OK && (!err.message[0] || strchr(err.message, '\n')))
        abort();
    dv_truth_free(&t);
}

static void read_labels(const char *path)
{
    static dv_model *m;
    dv_labels l;
    dv_error err = { 0 };
    if (!m && !(m = dv_model_open(DV_DEFAULT_MODEL, NULL, &err)))
        abort();
    if (!dv_labels_read(&l, path, m, &err) && (!err.message[0] || strchr(err.message, '\n')))
        abort();
    dv_labels_free(&l);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char path[64];
    const int fd = memfd_create("labels", 0);
    if (fd < 0 || write(fd, data, size) != (ssize_t)size)
        abort();
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    read_truth(path);
    read_labels(path);
    close(fd);
    return 0;
}
