#include "base/word.h"

#include "base/file.h"

#include <assert.h>
#include <string.h>

enum { DIGITS = 8, MARK = 1 + DIGITS };

static bool is_plain(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '-' || c == '_';
}

bool dv_is_word(const char *name)
{
    if (!name[0] || name[0] == '.')
        return false;
    for (; *name; name++)
        if (!is_plain(*name) && *name != '~')
            return false;
    return true;
}

const char *dv_word(const char *name, char *to, size_t size)
{
    size_t n = strlen(name);
    if (n >= size || !dv_is_word(name) || strchr(name, '~'))
        return dv_word_marked(name, to, size);
    memcpy(to, name, n + 1);
    return to;
}

const char *dv_word_marked(const char *name, char *to, size_t size)
{
    assert(size >= DV_WORD_MIN);
    char sha256[DV_DIGEST_TEXT_MAX];
    size_t n = 0;
    for (; name[n] && n + MARK + 1 < size; n++) {
        to[n] = '_';
        if (is_plain(name[n]) && (n > 0 || name[n] != '.'))
            to[n] = name[n];
    }
    dv_sha256(name, strlen(name), sha256);
    to[n++] = '~';
    memcpy(to + n, sha256, DIGITS);
    to[n + DIGITS] = '\0';
    return to;
}
