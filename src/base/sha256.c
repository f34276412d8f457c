#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <nettle/sha2.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void finish(struct sha256_ctx *hash, char text[DV_DIGEST_TEXT_MAX])
{
    static const char digits[] = "0123456789abcdef";
    uint8_t sum[SHA256_DIGEST_SIZE];
    sha256_digest(hash, sizeof sum, sum);
    for (size_t i = 0; i < sizeof sum; i++) {
        text[2 * i] = digits[sum[i] >> 4];
        text[2 * i + 1] = digits[sum[i] & 15];
    }
    text[2 * sizeof sum] = '\0';
}

void dv_sha256(const void *data, size_t size, char text[DV_DIGEST_TEXT_MAX])
{
    struct sha256_ctx hash;
    sha256_init(&hash);
    sha256_update(&hash, size, data);
    finish(&hash, text);
}

bool dv_sha256_file(const char *path, char text[DV_DIGEST_TEXT_MAX], dv_error *err)
{
    enum { BLOCK = 1 << 20 };
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return dv_fail(err, dv_file_code(errno), "%s: %s", path, strerror(errno));
    uint8_t *block = malloc(BLOCK);
    if (!block) {
        close(fd);
        return dv_fail(err, DV_NO_MEMORY, "%s: out of memory", path);
    }
    struct sha256_ctx hash;
    sha256_init(&hash);
    ssize_t got;
    while ((got = read(fd, block, BLOCK)) > 0 || (got < 0 && errno == EINTR))
        if (got > 0)
            sha256_update(&hash, (size_t)got, block);
    int problem = got < 0 ? errno : 0;
    free(block);
    close(fd);
    if (problem)
        return dv_fail(err, dv_file_code(problem), "%s: %s", path, strerror(problem));
    finish(&hash, text);
    return true;
}
