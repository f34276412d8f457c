#include "cli/cli.h"

#include "base/spelling.h"

#include <stdlib.h>
#include <string.h>

static const cli_option *find_short(const cli_option *table, char letter)
{
    for (const cli_option *o = table; o->name; o++)
        if (o->letter == letter && o->type.kind != CLI_KIND_GROUP)
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
        if (o->type.kind != CLI_KIND_GROUP && distance <= least && (!nearest || distance < least)) {
            nearest = o;
            least = distance;
        }
    }
    return nearest;
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
    if (o->type.kind != CLI_KIND_FLAG && !value) {
        if (w->at == w->n)
            return dv_fail(err, DV_BAD_USAGE, "--%s needs a value: %s", o->name, o->arg);
        value = w->word[w->at++];
    }
    return cli_store(o, options, value, err);
}

/* "--name", "--name=value" or "--name value". */
static bool take_long(const cli_option *table, const char *word, words *w, void *options,
                      dv_error *err)
{
    size_t len = strcspn(word + 2, "=");
    const char *value = word[2 + len] ? word + 2 + len + 1 : NULL;
    const cli_option *o = cli_find_option(table, word + 2, len);
    if (!o) {
        o = near_option(table, word + 2, len);
        return dv_fail(err, DV_BAD_USAGE, "unknown option '%.*s'%s%s%s", (int)(2 + len), word,
                       o ? " (did you mean --" : "", o ? o->name : "", o ? "?)" : "");
    }
    if (o->type.kind == CLI_KIND_FLAG && value)
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
        if (o->type.kind != CLI_KIND_FLAG)
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
