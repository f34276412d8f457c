#include "base/utf8.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* The same as dv_utf8_length, and which character it is. */
static size_t decode(const char *s, uint32_t *code)
{
    static const uint32_t smallest[] = { 0, 0, 0x80, 0x800, 0x10000 };
    const unsigned char *u = (const unsigned char *)s;
    *code = u[0];
    if (u[0] < 0x80)
        return 1;
    if (u[0] < 0xc0 || u[0] >= 0xf8)
        return 0;
    size_t n = u[0] < 0xe0 ? 2 : u[0] < 0xf0 ? 3 : 4;
    *code = u[0] & (0xff >> (n + 1));
    for (size_t i = 1; i < n; i++) {
        if ((u[i] & 0xc0) != 0x80)
            return 0;
        *code = *code << 6 | (u[i] & 0x3f);
    }
    bool surrogate = *code >= 0xd800 && *code < 0xe000;
    return *code >= smallest[n] && *code <= 0x10ffff && !surrogate ? n : 0;
}

size_t dv_utf8_length(const char *s)
{
    uint32_t code;
    return decode(s, &code);
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

/* Unicode's East_Asian_Width W and F, and marks, in blocks. */
static int width_of(uint32_t code)
{
    static const struct {
        uint32_t first, last;
        int width;
    } blocks[] = {
        { 0x300, 0x36f, 0 },     { 0x1100, 0x115f, 2 },   { 0x200b, 0x200f, 0 },
        { 0x20d0, 0x20ff, 0 },   { 0x2e80, 0x303e, 2 },   { 0x3041, 0xa4cf, 2 },
        { 0xac00, 0xd7a3, 2 },   { 0xf900, 0xfaff, 2 },   { 0xfe00, 0xfe0f, 0 },
        { 0xfe30, 0xfe6f, 2 },   { 0xff00, 0xff60, 2 },   { 0xffe0, 0xffe6, 2 },
        { 0x1f300, 0x1f64f, 2 }, { 0x1f680, 0x1f6ff, 2 }, { 0x1f900, 0x1faff, 2 },
        { 0x20000, 0x3fffd, 2 },
    };
    for (size_t i = 0; i < sizeof blocks / sizeof blocks[0]; i++)
        if (code >= blocks[i].first && code <= blocks[i].last)
            return blocks[i].width;
    return 1;
}

int dv_utf8_width(const char *s)
{
    int width = 0;
    for (size_t n; *s; s += n ? n : 1) {
        uint32_t code;
        n = decode(s, &code);
        width += n ? width_of(code) : 1;
    }
    return width;
}
