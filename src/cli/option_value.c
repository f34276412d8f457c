/* option_value.c - what stands behind an option, into its place. */
#include "cli/cli.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* "3 whole numbers from 0 to 10, separated by commas" as far as it is so. */
static const char *describe(cli_range r, int most, char *text, size_t size)
{
    char count[24] = "a";
    if (most > 1)
        snprintf(count, sizeof count, "up to %d", most);
    snprintf(text, size, "%s%s number%s from %.10g to %.10g%s", count, r.whole ? " whole" : "",
             most > 1 ? "s" : "", r.min, r.max, most > 1 ? ", separated by commas" : "");
    return text;
}

int cli_read_numbers(const char *text, const char *option, cli_range range, int most, double *to,
                     dv_error *err)
{
    char wanted[160];
    const char *at = text;
    for (int n = 0; n < most; at++) {
        char *end = NULL;
        double v = strtod(at, &end);
        bool fits = end != at && v >= range.min && v <= range.max && isfinite(v) &&
                    (!range.whole || v == rint(v));
        if (!fits || (*end && *end != ','))
            break;
        to[n++] = v;
        if (!*end)
            return n;
        at = end;
    }
    dv_fail(err, DV_BAD_USAGE, "%s takes %s, not '%s'", option,
            describe(range, most, wanted, sizeof wanted), text);
    return 0;
}

/* The numbers of an option of some kind; their count, 0 with err set. */
static int read_numbers(const cli_option *o, const char *text, int most, bool whole, double *to,
                        dv_error *err)
{
    char option[64];
    cli_range range = o->type.range;
    assert(range.min < range.max);
    range.whole |= whole;
    snprintf(option, sizeof option, "--%s", o->name);
    return cli_read_numbers(text, option, range, most, to, err);
}

static bool store_int(const cli_option *o, int *at, const char *text, dv_error *err)
{
    double v;
    if (!read_numbers(o, text, 1, true, &v, err))
        return false;
    *at = (int)v;
    return true;
}

/* So many places has "A,B,C". */
static int count_places(const char *arg)
{
    int n = 1;
    for (; *arg; arg++)
        n += *arg == ',';
    return n;
}

static bool store_numbers(const cli_option *o, cli_numbers *at, const char *text, dv_error *err)
{
    cli_numbers v = { .n = 0 };
    v.n = read_numbers(o, text, count_places(o->arg), false, v.v, err);
    if (v.n > 0)
        *at = v;
    return v.n > 0;
}

const char *cli_nth_word(const char *words, int n, size_t *len)
{
    for (; n > 0 && words; n--) {
        const char *bar = strchr(words, '|');
        words = bar ? bar + 1 : NULL;
    }
    *len = words ? strcspn(words, "|") : 0;
    return words;
}

static bool find_choice(const cli_option *o, int *at, const char *text, dv_error *err)
{
    size_t len;
    const char *word;
    for (int i = 0; (word = cli_nth_word(o->arg, i, &len)); i++)
        if (strlen(text) == len && memcmp(text, word, len) == 0) {
            *at = i;
            return true;
        }
    return dv_fail(err, DV_BAD_USAGE, "--%s takes %s, not '%s'", o->name, o->arg, text);
}

static bool store_word(const cli_option *o, const char **at, const char *text, dv_error *err)
{
    int i;
    if (!find_choice(o, &i, text, err))
        return false;
    *at = text;
    return true;
}

static bool add_to_list(const cli_option *o, cli_list *list, const char *text, dv_error *err)
{
    if (list->n == CLI_LIST_MAX)
        return dv_fail(err, DV_BAD_USAGE, "--%s can be given %d times", o->name, CLI_LIST_MAX);
    list->text[list->n++] = text;
    return true;
}

bool cli_store(const cli_option *o, void *options, const char *text, dv_error *err)
{
    void *at = (char *)options + o->offset;
    switch (o->type.kind) {
    case CLI_KIND_FLAG:
        *(bool *)at = true;
        return true;
    case CLI_KIND_TEXT:
    case CLI_KIND_LAYER:
    case CLI_KIND_MODEL:
    case CLI_KIND_FILE:
    case CLI_KIND_FOLDER:
    case CLI_KIND_WRITES:
    case CLI_KIND_FILLS:
    case CLI_KIND_PLACE:
        *(const char **)at = text;
        return true;
    case CLI_KIND_INT:
        return store_int(o, at, text, err);
    case CLI_KIND_REAL:
        return read_numbers(o, text, 1, false, at, err) > 0;
    case CLI_KIND_NUMBERS:
        return store_numbers(o, at, text, err);
    case CLI_KIND_CHOICE:
        return find_choice(o, at, text, err);
    case CLI_KIND_WORD:
        return store_word(o, at, text, err);
    case CLI_KIND_LAYERS:
    case CLI_KIND_FILES:
        return add_to_list(o, at, text, err);
    case CLI_KIND_GROUP:
        break;
    }
    return dv_fail(err, DV_BAD_USAGE, "--%s: unknown kind", o->name);
}
