#include "base/text.h"
#include "base/decimal.h"
#include "base/format.h"
#include "base/utf8.h"

#include <math.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool make_room(dv_text *t, size_t more)
{
    if (t->failed || more > SIZE_MAX / 4 - t->size)
        t->failed = true;
    if (t->failed || t->size + more < t->room)
        return !t->failed;
    size_t room = t->room ? t->room : 4096;
    while (room <= t->size + more)
        room *= 2;
    char *grown = realloc(t->data, room);
    t->failed = !grown;
    if (grown) {
        t->data = grown;
        t->room = room;
    }
    return !t->failed;
}

void dv_text_add(dv_text *t, const void *bytes, size_t n)
{
    if (!make_room(t, n))
        return;
    if (n)
        memcpy(t->data + t->size, bytes, n);
    t->size += n;
    t->data[t->size] = '\0';
}

void dv_text_vformat(dv_text *t, const char *fmt, va_list args)
{
    va_list again;
    va_copy(again, args);
    int n = dv_vformat(NULL, 0, fmt, again);
    va_end(again);
    if (n < 0 || !make_room(t, (size_t)n))
        return;
    dv_vformat(t->data + t->size, t->room - t->size, fmt, args);
    t->size += (size_t)n;
}

void dv_text_format(dv_text *t, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    dv_text_vformat(t, fmt, args);
    va_end(args);
}

bool dv_is_utf8(const char *s)
{
    for (size_t n; *s; s += n)
        if ((n = dv_utf8_length(s)) == 0)
            return false;
    return true;
}

/* How many bytes from s on stand in a JSON string as they are, of ASCII. */
static size_t plain_length(const char *s)
{
    size_t n = 0;
    while (s[n] >= ' ' && s[n] < 0x7f && s[n] != '"' && s[n] != '\\')
        n++;
    return n;
}

/* One character that may not stand as it is, or is not of ASCII. Returns its bytes. */
static size_t add_character(dv_text *t, const char *s)
{
    const size_t n = dv_utf8_length(s);
    if (*s == '"' || *s == '\\')
        dv_text_format(t, "\\%c", *s);
    else if ((unsigned char)*s < ' ' || *s == 0x7f)
        dv_text_format(t, "\\u%04x", (unsigned)*s);
    else if (n > 0)
        dv_text_add(t, s, n);
    else
        dv_text_add(t, "\xef\xbf\xbd", 3);
    return n ? n : 1;
}

void dv_text_string(dv_text *t, const char *s)
{
    dv_text_add(t, "\"", 1);
    while (*s) {
        const size_t n = plain_length(s);
        dv_text_add(t, s, n);
        s += n > 0 ? n : add_character(t, s);
    }
    dv_text_add(t, "\"", 1);
}

void dv_text_int(dv_text *t, int64_t v)
{
    char digits[DV_DECIMAL_MAX];
    dv_text_add(t, digits, dv_decimal_int(v, digits));
}

void dv_text_float(dv_text *t, float v)
{
    char digits[DV_DECIMAL_MAX] = "null";
    dv_text_add(t, digits, isfinite(v) ? dv_decimal_float(v, digits) : strlen(digits));
}

bool dv_text_ok(const dv_text *t, const char *what, dv_error *err)
{
    return !t->failed ||
           dv_fail(err, DV_NO_MEMORY, "%s: no memory for more than %zu bytes", what, t->size);
}
