#include "cli/cli.h"

#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const cli_option *find_short(const cli_option *table, char letter)
{
    for (const cli_option *o = table; o->name; o++)
        if (o->letter == letter)
            return o;
    return NULL;
}

static const cli_option *find_long(const cli_option *table, const char *name, size_t len)
{
    for (const cli_option *o = table; o->name; o++)
        if (strlen(o->name) == len && memcmp(o->name, name, len) == 0)
            return o;
    return NULL;
}

/* The option that begins as `word` does, for a hint; NULL when there is none. */
static const cli_option *near_option(const cli_option *table, const char *word)
{
    for (size_t len = strlen(word); len > 1; len--)
        for (const cli_option *o = table; o->name; o++)
            if (strncmp(o->name, word, len) == 0)
                return o;
    return NULL;
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
    case CLI_LIST:
        list = at;
        if (list->n == CLI_LIST_MAX)
            return dv_fail(err, DV_BAD_USAGE, "--%s can be given %d times", o->name, CLI_LIST_MAX);
        list->text[list->n++] = text;
        return true;
    }
    return dv_fail(err, DV_BAD_USAGE, "--%s: unknown kind", o->name);
}

/* The option that `word` names; *value: what stands behind it in the same word, or NULL. */
static const cli_option *look_up(const cli_option *table, const char *word, const char **value,
                                 dv_error *err)
{
    const cli_option *o;
    if (word[1] == '-') {
        const char *eq = strchr(word, '=');
        o = find_long(table, word + 2, strcspn(word + 2, "="));
        *value = eq ? eq + 1 : NULL;
    } else {
        o = find_short(table, word[1]);
        *value = word[2] ? word + 2 : NULL;
    }
    if (!o) {
        const cli_option *near = word[1] == '-' ? near_option(table, word + 2) : NULL;
        dv_fail(err, DV_BAD_USAGE, "unknown option '%s'%s%s%s", word,
                near ? " (did you mean --" : "", near ? near->name : "", near ? "?)" : "");
    } else if (o->kind == CLI_FLAG && *value) {
        dv_fail(err, DV_BAD_USAGE, "--%s takes no value", o->name);
        return NULL;
    }
    return o;
}

int cli_parse(const cli_option *table, void *options, int argc, char **argv, dv_error *err)
{
    int n_args = 0;
    bool only_args = false;
    for (int i = 0; i < argc; i++) {
        char *word = argv[i];
        if (only_args || word[0] != '-' || word[1] == '\0') {
            argv[n_args++] = word;
            continue;
        }
        if (strcmp(word, "--") == 0) {
            only_args = true;
            continue;
        }
        const char *value = NULL;
        const cli_option *o = look_up(table, word, &value, err);
        if (!o)
            return -1;
        if (o->kind != CLI_FLAG && !value && ++i == argc) {
            dv_fail(err, DV_BAD_USAGE, "--%s needs a value", o->name);
            return -1;
        }
        if (!store(o, options, value || o->kind == CLI_FLAG ? value : argv[i], err))
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
            return dv_fail(err, DV_BAD_USAGE, "%s takes %d number%s separated by commas, not '%s'",
                           option, n, n > 1 ? "s" : "", text);
        at = end + 1;
    }
    return true;
}

void cli_print_help(FILE *to, const cli_command *cmd)
{
    fprintf(to, "usage: deconvviz %s %s\n%s.\n\n", cmd->name, cmd->usage, cmd->summary);
    for (const cli_option *o = cmd->options; o->name; o++) {
        char left[64];
        snprintf(left, sizeof left, "--%s%s%s", o->name, o->arg ? " " : "", o->arg ? o->arg : "");
        if (o->letter)
            fprintf(to, "  -%c, %-22s %s\n", o->letter, left, o->help);
        else
            fprintf(to, "      %-22s %s\n", left, o->help);
    }
}
