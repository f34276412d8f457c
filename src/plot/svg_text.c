#include "plot/svg_text.h"

#include "base/utf8.h"

#include <stdlib.h>
#include <string.h>

/* -- texts ------------------------------------------------------------------------------------ */

static void add(dv_text *to, const char *s)
{
    dv_text_add(to, s, strlen(s));
}

static void add_escaped(dv_text *to, const char *s)
{
    while (*s) {
        const size_t n = dv_utf8_length(s);
        const bool control = (unsigned char)*s < ' ' && *s != '\n' && *s != '\t';
        /* U+FFFE and U+FFFF are no characters of XML */
        const bool none = n == 3 && memcmp(s, "\xef\xbf", 2) == 0 && (unsigned char)s[2] >= 0xbe;
        if (*s == '<')
            add(to, "&lt;");
        else if (*s == '>')
            add(to, "&gt;");
        else if (*s == '&')
            add(to, "&amp;");
        else if (n == 0 || control || none)
            add(to, "\xef\xbf\xbd");
        else
            dv_text_add(to, s, n);
        s += n ? n : 1;
    }
}

static void add_metadata(dv_text *to, const char *title, const dv_png_text *texts, int n_texts)
{
    if (title) {
        add(to, "\n<title>");
        add_escaped(to, title);
        add(to, "</title>");
    }
    add(to, "\n<metadata>");
    for (int i = 0; i < n_texts; i++) {
        add(to, "\n");
        add_escaped(to, texts[i].key);
        add(to, ": ");
        add_escaped(to, texts[i].value);
    }
    add(to, "\n</metadata>");
}

/* -- names ------------------------------------------------------------------------------------ */

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* A name of letters and a number: image12, source-5. The bytes before the number; 0 for another. */
static size_t numbered(const char *s, size_t *digits)
{
    size_t n = 0;
    while (is_letter(s[n]))
        n++;
    if (n == 0)
        return 0;
    n += s[n] == '-';
    *digits = strspn(s + n, "0123456789");
    const char end = s[n + *digits];
    return *digits > 0 && (end == '"' || end == ')') ? n : 0;
}

/* Names that were met, in their order: where each begins in the text. */
typedef struct names {
    dv_text at; /* size_t each */
    const char *svg;
} names;

/* The number of a name of `size` bytes, which is its place among those that begin alike. */
static size_t number_of(names *known, const char *name, size_t size, size_t before)
{
    const size_t n = known->at.size / sizeof(size_t), at = (size_t)(name - known->svg);
    size_t alike = 0;
    for (size_t i = 0; i < n; i++) {
        size_t other, digits;
        memcpy(&other, known->at.data + i * sizeof other, sizeof other);
        const char *s = known->svg + other;
        const size_t letters = numbered(s, &digits);
        if (letters != before || memcmp(s, name, before) != 0)
            continue;
        if (letters + digits == size && memcmp(s, name, size) == 0)
            return alike;
        alike++;
    }
    dv_text_add(&known->at, &at, sizeof at);
    return alike;
}

/* Where a name may begin: id="…", href="#…", url(#…). */
static const char *name_after(const char *s)
{
    static const char *const signs[] = { " id=\"", "href=\"#", "url(#" };
    for (int i = 0; i < 3; i++)
        if (strncmp(s, signs[i], strlen(signs[i])) == 0)
            return s + strlen(signs[i]);
    return NULL;
}

static void add_renamed(dv_text *to, const char *svg, const char *s, const char *end)
{
    names known = { .svg = svg };
    const char *done = s;
    while (s < end) {
        const char *name = *s == ' ' || *s == 'h' || *s == 'u' ? name_after(s) : NULL;
        size_t digits;
        const size_t before = name ? numbered(name, &digits) : 0;
        if (before == 0) {
            s++;
            continue;
        }
        dv_text_add(to, done, (size_t)(name - done) + before);
        dv_text_format(to, "%zu", number_of(&known, name, before + digits, before));
        s = done = name + before + digits;
    }
    dv_text_add(to, done, (size_t)(end - done));
    to->failed = to->failed || known.at.failed;
    free(known.at.data);
}

void dv_svg_finish(dv_text *to, const dv_text *svg, const char *title, const dv_png_text *texts,
                   int n_texts)
{
    const char *s = svg->data ? svg->data : "", *tag = strstr(s, "<svg");
    const char *behind = tag ? strchr(tag, '>') : NULL;
    behind = behind ? behind + 1 : s;
    dv_text_add(to, s, (size_t)(behind - s));
    if (tag)
        add_metadata(to, title, texts, n_texts);
    add_renamed(to, s, behind, s + svg->size);
}
