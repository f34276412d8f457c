#include "base/utf8.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

size_t dv_utf8_length(const char *s)
{
    static const uint32_t smallest[] = { 0, 0, 0x80, 0x800, 0x10000 };
    const unsigned char *u = (const unsigned char *)s;
    if (u[0] < 0x80)
        return 1;
    if (u[0] < 0xc0 || u[0] >= 0xf8)
        return 0;
    size_t n = u[0] < 0xe0 ? 2 : u[0] < 0xf0 ? 3 : 4;
    uint32_t code = u[0] & (0xff >> (n + 1));
    for (size_t i = 1; i < n; i++) {
        if ((u[i] & 0xc0) != 0x80)
            return 0;
        code = code << 6 | (u[i] & 0x3f);
    }
    bool surrogate = code >= 0xd800 && code < 0xe000;
    return code >= smallest[n] && code <= 0x10ffff && !surrogate ? n : 0;
}

size_t dv_utf8_show(const char *s, char to[DV_SHOWN_MAX])
{
    const unsigned char *u = (const unsigned char *)s;
    const size_t n = dv_utf8_length(s);
    if (n == 0 || u[0] < ' ' || u[0] == 0x7f) {
        snprintf(to, DV_SHOWN_MAX, "\\x%02x", u[0]);
        return 1;
    }
    if (u[0] == 0xc2 && u[1] < 0xa0) { /* C1 controls */
        snprintf(to, DV_SHOWN_MAX, "\\u%04x", u[1]);
        return n;
    }
    memcpy(to, s, n);
    to[n] = '\0';
    return n;
}
