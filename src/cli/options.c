#include "cli/cli.h"

#include "base/spelling.h"

#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const cli_option *find_short(const cli_option *table, char letter)
{
    for (const cli_option *o = table; o->name; o++)
        if (o->letter == letter && o->kind != CLI_GROUP)
            return o;
    return NULL;
}

static const cli_option *find_long(const cli_option *table, const char *name, size_t len)
{
    for (const cli_option *o = table; o->name; o++)
        if (strlen(o->name) == len && memcmp(o->name, name, len) == 0 && o->kind != CLI_GROUP)
            return o;
    return NULL;
}

/* The option that the user may have meant by `word`: one that begins as it does, or is spelled
 * nearly so; NULL: none. */
static const cli_option *near_option(const cli_option *table, const char *word, size_t len)
{
    const cli_option *nearest = NULL;
    char name[64];
    snprintf(name, sizeof name, "%.*s", (int)(len < sizeof name ? len : sizeof name - 1), word);
    int least = 1 + (int)strlen(name) / 3;
    for (const cli_option *o = table; o->name; o++) {
        bool begins = len > 1 && strncmp(o->name, name, len) == 0;
        int distance = begins ? 0 : dv_spelling_distance(name, o->name);
        if (o->kind != CLI_GROUP && distance <= least && (!nearest || distance < least)) {
            nearest = o;
            least = distance;
        }
    }
    return nearest;
}

static bool store_int(const cli_option *o, int *at, const char *text, dv_error *err)
{
    char *end = NULL;
    errno = 0;
    long v = strtol(text, &end, 10);
    if (end == text || *end || errno || v < INT_MIN || v > INT_MAX)
        return dv_fail(err, DV_BAD_USAGE, "--%s takes a whole number, not '%s'", o->name, text);
    *at = (int)v;
    return true;
}

static bool store_real(const cli_option *o, double *at, const char *text, dv_error *err)
{
    char *end = NULL;
    double v = strtod(text, &end);
    if (end == text || *end || !isfinite(v))
        return dv_fail(err, DV_BAD_USAGE, "--%s takes a number, not '%s'", o->name, text);
    *at = v;
    return true;
}

/* The n-th of words apart by '|', and its length; NULL when there are fewer. */
static const char *nth_word(const char *words, int n, size_t *len)
{
    for (; n > 0 && words; n--) {
        words = strchr(words, '|');
        words += words != NULL;
    }
    *len = words ? strcspn(words, "|") : 0;
    return words;
}

static bool store_choice(const cli_option *o, int *at, const char *text, dv_error *err)
{
    size_t len;
    const char *word;
    for (int i = 0; (word = nth_word(o->arg, i, &len)); i++)
        if (strlen(text) == len && memcmp(text, word, len) == 0) {
            *at = i;
            return true;
        }
    return dv_fail(err, DV_BAD_USAGE, "--%s takes %s, not '%s'", o->name, o->arg, text);
}

static bool store(const cli_option *o, void *options, const char *text, dv_error *err)
{
    void *at = (char *)options + o->offset;
    cli_list *list;
    switch (o->kind) {
    case CLI_FLAG:
        *(bool *)at = true;
        return true;
    case CLI_TEXT:
        *(const char **)at = text;
        return true;
    case CLI_INT:
        return store_int(o, at, text, err);
    case CLI_REAL:
        return store_real(o, at, text, err);
    case CLI_CHOICE:
        return store_choice(o, at, text, err);
    case CLI_LIST:
        list = at;
        if (list->n == CLI_LIST_MAX)
            return dv_fail(err, DV_BAD_USAGE, "--%s can be given %d times", o->name, CLI_LIST_MAX);
        list->text[list->n++] = text;
        return true;
    case CLI_GROUP:
        break;
    }
    return dv_fail(err, DV_BAD_USAGE, "--%s: unknown kind", o->name);
}

/* The words still to be looked at. */
typedef struct words {
    int n, at;
    char **word;
} words;

/* Stores the option o. value: what stands behind it in the same word, or NULL: the next word is
 * taken where one is needed. */
static bool take(const cli_option *o, const char *value, words *w, void *options, dv_error *err)
{
    if (o->kind != CLI_FLAG && !value) {
        if (w->at == w->n)
            return dv_fail(err, DV_BAD_USAGE, "--%s needs a value: %s", o->name, o->arg);
        value = w->word[w->at++];
    }
    return store(o, options, value, err);
}

/* "--name", "--name=value" or "--name value". */
static bool take_long(const cli_option *table, const char *word, words *w, void *options,
                      dv_error *err)
{
    size_t len = strcspn(word + 2, "=");
    const char *value = word[2 + len] ? word + 2 + len + 1 : NULL;
    const cli_option *o = find_long(table, word + 2, len);
    if (!o) {
        o = near_option(table, word + 2, len);
        return dv_fail(err, DV_BAD_USAGE, "unknown option '%.*s'%s%s%s", (int)(2 + len), word,
                       o ? " (did you mean --" : "", o ? o->name : "", o ? "?)" : "");
    }
    if (o->kind == CLI_FLAG && value)
        return dv_fail(err, DV_BAD_USAGE, "--%s takes no value", o->name);
    return take(o, value, w, options, err);
}

/* "-q", "-c12", "-c 12", and flags together: "-qc 12". */
static bool take_short(const cli_option *table, const char *word, words *w, void *options,
                       dv_error *err)
{
    for (const char *letter = word + 1; *letter; letter++) {
        const cli_option *o = find_short(table, *letter);
        if (!o)
            return dv_fail(err, DV_BAD_USAGE, "unknown option '-%c'%s%s%s", *letter,
                           word[2] ? " in '" : "", word[2] ? word : "", word[2] ? "'" : "");
        if (o->kind != CLI_FLAG)
            return take(o, letter[1] ? letter + 1 : NULL, w, options, err);
        if (!take(o, NULL, w, options, err))
            return false;
    }
    return true;
}

int cli_parse(const cli_option *table, void *options, int argc, char **argv, dv_error *err)
{
    words w = { argc, 0, argv };
    int n_args = 0;
    bool only_args = false;
    while (w.at < argc) {
        char *word = argv[w.at++];
        if (only_args || word[0] != '-' || word[1] == '\0')
            argv[n_args++] = word;
        else if (strcmp(word, "--") == 0)
            only_args = true;
        else if (!(word[1] == '-' ? take_long : take_short)(table, word, &w, options, err))
            return -1;
    }
    return n_args;
}

bool cli_numbers(const char *text, const char *option, int n, double *to, dv_error *err)
{
    const char *at = text;
    for (int i = 0; i < n; i++) {
        char *end = NULL;
        to[i] = strtod(at, &end);
        if (end == at || !isfinite(to[i]) || *end != (i + 1 < n ? ',' : '\0'))
            return dv_fail(err, DV_BAD_USAGE, "%s takes %d number%s%s, not '%s'", option, n,
                           n > 1 ? "s" : "", n > 1 ? " separated by commas" : "", text);
        at = end + 1;
    }
    return true;
}

/* -- help ------------------------------------------------------------------------------------- */

/* " (VALUE)" where the option starts out as something worth telling. */
static void format_default(const cli_option *o, const void *defaults, char *to, size_t size)
{
    const void *at = (const char *)defaults + o->offset;
    const char *text;
    size_t len;
    to[0] = '\0';
    switch (o->kind) {
    case CLI_TEXT:
        if ((text = *(const char *const *)at))
            snprintf(to, size, " (%s)", text);
        break;
    case CLI_CHOICE:
        if ((text = nth_word(o->arg, *(const int *)at, &len)))
            snprintf(to, size, " (%.*s)", (int)len, text);
        break;
    case CLI_INT:
        if (*(const int *)at > 0)
            snprintf(to, size, " (%d)", *(const int *)at);
        break;
    case CLI_FLAG:
    case CLI_REAL:
    case CLI_LIST:
    case CLI_GROUP:
        break;
    }
}

static void print_option(FILE *to, const cli_option *o, const void *defaults)
{
    enum { COLUMN = 22 };
    char left[96], value[64];
    snprintf(left, sizeof left, "--%s%s%s", o->name, o->arg ? " " : "", o->arg ? o->arg : "");
    format_default(o, defaults, value, sizeof value);
    char letter[8] = "    ";
    if (o->letter)
        snprintf(letter, sizeof letter, "-%c, ", o->letter);
    if (strlen(left) > COLUMN)
        fprintf(to, "  %s%s\n%*s", letter, left, COLUMN + 7, "");
    else
        fprintf(to, "  %s%-*s ", letter, COLUMN, left);
    for (const char *c = o->help; *c; c++) {
        fputc(*c, to);
        if (*c == '\n')
            fprintf(to, "%*s", COLUMN + 7, "");
    }
    fprintf(to, "%s\n", value);
}

void cli_print_help(FILE *to, const cli_command *cmd)
{
    fprintf(to, "usage: deconvviz %s %s\n%s.\n", cmd->name, cmd->usage, cmd->summary);
    if (cmd->options->kind != CLI_GROUP)
        fputc('\n', to);
    for (const cli_option *o = cmd->options; o->name; o++)
        if (o->kind == CLI_GROUP)
            fprintf(to, "\n%s\n", o->help);
        else
            print_option(to, o, cmd->defaults);
}
