/* checkpoint_titles.c - what checkpoints are called: what tells one from the others in its path,
 * "epoch 10" of models/zfnet64-epoch10.safetensors. */
#include "studies/evolve.h"

#include "base/text.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MOST = 64 /* words of a path that are looked at, the last ones */ };

/* A run of digits, or one of other characters, in a path without its extension; what parts words
 * is in neither. */
typedef struct word {
    const char *at;
    size_t n;
    bool number;
} word;

typedef struct words {
    int n;
    word word[MOST];
} words;

static bool parts(char c)
{
    return strchr("/-_. =", c) != NULL;
}

static bool is_digit(char c)
{
    return isdigit((unsigned char)c) != 0;
}

static const char *last_part(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

static const char *stem_end(const char *path)
{
    const char *dot = strrchr(last_part(path), '.');
    return dot && dot != last_part(path) ? dot : path + strlen(path);
}

static void split(const char *path, words *w)
{
    const char *at = path, *end = stem_end(path);
    w->n = 0;
    while (at < end) {
        const char *from = at;
        if (parts(*at)) {
            at++;
            continue;
        }
        while (at < end && !parts(*at) && is_digit(*at) == is_digit(*from))
            at++;
        if (w->n == MOST)
            memmove(w->word, w->word + 1, (size_t)--w->n * sizeof *w->word);
        w->word[w->n++] = (word){ from, (size_t)(at - from), is_digit(*from) };
    }
}

static bool same(const word *a, const word *b)
{
    return a->n == b->n && memcmp(a->at, b->at, a->n) == 0;
}

/* -- what they have in common ----------------------------------------------------------------- */

/* How many words all paths begin and end with; together no more than any has. */
static void common(const dv_checkpoints *c, const words *first, int *lead, int *trail)
{
    words w;
    *lead = *trail = first->n;
    for (int i = 1; i < c->n; i++) {
        int n = 0, m = 0;
        split(c->list[i].path, &w);
        while (n < *lead && n < w.n && same(&first->word[n], &w.word[n]))
            n++;
        *lead = n;
        while (m < *trail && m < w.n - n && m < first->n - n &&
               same(&first->word[first->n - 1 - m], &w.word[w.n - 1 - m]))
            m++;
        *trail = m;
    }
}

/* -- titles ----------------------------------------------------------------------------------- */

/* 07 as 7. */
static void add_number(dv_text *t, const word *w)
{
    size_t zeros = 0;
    while (zeros + 1 < w->n && w->at[zeros] == '0')
        zeros++;
    dv_text_add(t, w->at + zeros, w->n - zeros);
}

/* The word that a number is of, and where the number stands in what is left; false: it does not
 * begin with one. */
static bool counted(const words *w, int lead, int end, const word **what, const word **number)
{
    const bool named = lead + 1 < end && !w->word[lead].number && w->word[lead + 1].number;
    *what = named ? &w->word[lead] : lead > 0 ? &w->word[lead - 1] : NULL;
    if (*what && (*what)->number)
        *what = NULL;
    *number = named ? &w->word[lead + 1] : &w->word[lead];
    return lead < end && (*number)->number && (*number)->n <= 15;
}

/* whole: all that is left of the path, where numbers alone do not tell. */
static char *title_of(dv_checkpoint *c, int lead, int trail, bool whole, dv_text *counts)
{
    words w;
    dv_text t = { 0 };
    const word *what, *number;
    split(c->path, &w);
    const int end = w.n - trail;
    c->number = (double)NAN;
    if (lead >= end) {
        const char *part = last_part(c->path);
        dv_text_add(&t, part, (size_t)(stem_end(c->path) - part));
    } else if (!whole && counted(&w, lead, end, &what, &number)) {
        c->number = strtod(number->at, NULL);
        if (what) {
            dv_text_add(&t, what->at, what->n);
            dv_text_add(&t, " ", 1);
            counts->size = 0;
            dv_text_add(counts, what->at, what->n);
        }
        add_number(&t, number);
    } else {
        const word *last = &w.word[end - 1];
        dv_text_add(&t, w.word[lead].at, (size_t)(last->at + last->n - w.word[lead].at));
    }
    if (!t.failed)
        return t.data;
    free(t.data);
    return NULL;
}

static bool all_differ(const dv_checkpoints *c)
{
    for (int i = 0; i < c->n; i++)
        for (int k = 0; k < i; k++)
            if (strcmp(c->list[i].title, c->list[k].title) == 0)
                return false;
    return true;
}

static bool numbers_rise(const dv_checkpoints *c)
{
    for (int i = 0; i < c->n; i++)
        if (isnan(c->list[i].number) || (i > 0 && !(c->list[i].number > c->list[i - 1].number)))
            return false;
    return c->n > 0;
}

static bool name_all(dv_checkpoints *c, int lead, int trail, bool whole, dv_text *counts,
                     dv_error *err)
{
    for (int i = 0; i < c->n; i++) {
        char *title = title_of(&c->list[i], lead, trail, whole, counts);
        if (!title)
            return dv_fail(err, DV_NO_MEMORY, "no memory for the names of checkpoints");
        free((void *)(uintptr_t)c->list[i].title);
        c->list[i].title = title;
    }
    return true;
}

bool dv_checkpoints_name(dv_checkpoints *c, dv_error *err)
{
    words first;
    int lead, trail;
    dv_text counts = { 0 };
    free((void *)(uintptr_t)c->word);
    c->word = NULL;
    if (c->n == 0)
        return true;
    split(c->list[0].path, &first);
    common(c, &first, &lead, &trail);
    bool ok = name_all(c, lead, trail, false, &counts, err) &&
              (all_differ(c) || name_all(c, lead, trail, true, &counts, err));
    if (ok && numbers_rise(c)) {
        c->word = counts.size > 0 ? strndup(counts.data, counts.size) : strdup("checkpoint");
        ok = c->word || dv_fail(err, DV_NO_MEMORY, "no memory for the names of checkpoints");
    }
    free(counts.data);
    return ok;
}
