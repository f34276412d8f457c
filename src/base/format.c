#include "base/format.h"

#include <locale.h>
#include <pthread.h>
#include <stdio.h>

static locale_t plain;

static void make_plain(void)
{
    plain = newlocale(LC_ALL_MASK, "C", (locale_t)0); /* for good; 0 without memory */
}

void *dv_locale_plain(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, make_plain);
    return (void *)uselocale(plain); /* 0 leaves it as it is */
}

void dv_locale_restore(void *before)
{
    uselocale((locale_t)before);
}

int dv_vformat(char *to, size_t room, const char *fmt, va_list args)
{
    void *before = dv_locale_plain();
    const int n = vsnprintf(to, room, fmt, args);
    dv_locale_restore(before);
    return n;
}

int dv_format(char *to, size_t room, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    const int n = dv_vformat(to, room, fmt, args);
    va_end(args);
    return n;
}
