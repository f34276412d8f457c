#include "draw/fit.h"

#include "deconvviz/draw.h"

#include <stdlib.h>
#include <string.h>

static bool continues(char c)
{
    return ((unsigned char)c & 0xc0) == 0x80;
}

static size_t copy(char *to, const char *from, size_t n)
{
    memcpy(to, from, n);
    to[n] = '\0';
    return n;
}

/* About so many bytes of a line, from both its ends. Returns the length of what it writes. */
static size_t keep_ends(char *to, const char *line, size_t n, size_t kept)
{
    size_t front = (kept + 1) / 2, back = n - kept / 2;
    while (front > 0 && continues(line[front]))
        front--;
    while (back < n && continues(line[back]))
        back++;
    size_t at = copy(to, line, front);
    at += copy(to + at, "...", 3);
    return at + copy(to + at, line + back, n - back);
}

/* A line of n bytes, shortened where it is too wide; to: room for n + 4. Returns its length. */
static size_t shorten(char *to, const char *line, size_t n, int width, int size)
{
    if (copy(to, line, n) == 0 || dv_text_width(to, size) <= width)
        return n;
    size_t fits = 0, too_many = n;
    while (too_many - fits > 1) {
        const size_t middle = fits + (too_many - fits) / 2;
        keep_ends(to, line, n, middle);
        if (dv_text_width(to, size) <= width)
            fits = middle;
        else
            too_many = middle;
    }
    return keep_ends(to, line, n, fits);
}

/* The bytes of the line that make whole words no wider than `width`; 0: not even the first. to: for
 * measuring. */
static size_t whole_words(char *to, const char *line, size_t n, int width, int size)
{
    size_t fit = 0;
    for (size_t end = 0; end < n;) {
        while (end < n && line[end] == ' ')
            end++;
        while (end < n && line[end] != ' ')
            end++;
        copy(to, line, end);
        if (dv_text_width(to, size) > width)
            break;
        fit = end;
    }
    return fit;
}

/* The same as shorten, of several lines where blanks allow it. */
static size_t wrap(char *to, const char *line, size_t n, int width, int size)
{
    size_t at = 0, wrote = 0;
    while (at < n) {
        size_t words = whole_words(to + wrote, line + at, n - at, width, size);
        if (words == 0)
            words = strcspn(line + at + 1, " \n") + 1;
        wrote += shorten(to + wrote, line + at, words, width, size);
        at += words;
        while (at < n && line[at] == ' ')
            at++;
        if (at < n)
            to[wrote++] = '\n';
    }
    return wrote;
}

/* Each line of the text as `fit` makes it. */
static char *fit_lines(const char *text, int width, int size,
                       size_t (*fit)(char *to, const char *line, size_t n, int width, int size),
                       dv_error *err)
{
    const size_t room = 5 * strlen(text) + 5; /* a word may be one letter */
    char *to = malloc(room);
    if (!to) {
        dv_fail(err, DV_NO_MEMORY, "no memory for a text of %zu bytes", room);
        return NULL;
    }
    size_t wrote = 0;
    for (const char *line = text;; line++) {
        const size_t n = strcspn(line, "\n");
        wrote += fit(to + wrote, line, n, width, size);
        line += n;
        if (!*line)
            break;
        to[wrote++] = '\n';
    }
    to[wrote] = '\0';
    return to;
}

char *dv_text_wrapped(const char *text, int width, int size, dv_error *err)
{
    return fit_lines(text, width, size, wrap, err);
}

char *dv_text_shortened(const char *text, int width, int size, dv_error *err)
{
    return fit_lines(text, width, size, shorten, err);
}
