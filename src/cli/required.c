/* required.c - what a command line lacks, or has too much of, by the tables of its command. */
#include "base/text.h"
#include "cli/cli.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static bool is_given(const cli_option *o, const void *options)
{
    const void *at = (const char *)options + o->offset;
    if (o->type.list)
        return ((const cli_list *)at)->n > 0;
    if (o->type.kind == CLI_KIND_FLAG)
        return *(const bool *)at;
    assert(o->type.kind >= CLI_KIND_TEXT && o->type.kind != CLI_KIND_CHOICE);
    return *(const char *const *)at != NULL;
}

static const cli_option *find_given(const cli_option *table, const char *name, size_t len,
                                    const void *options)
{
    const cli_option *o = cli_find_option(table, name, len);
    assert(o);
    return is_given(o, options) ? o : NULL;
}

/* The option that may stand in place of the arguments, if it does: "dirs" of "dirs|FILE" would be
 * about them, not in their place. */
static const cli_option *in_place(const cli_command *cmd, const void *options)
{
    const char *name = cmd->arguments.instead, *word;
    const cli_option *o = name ? find_given(cmd->options, name, strlen(name), options) : NULL;
    if (!o || o->type.kind == CLI_KIND_FLAG)
        return o;
    const char *value = *(const char *const *)(const void *)((const char *)options + o->offset);
    size_t len;
    for (int i = 0; (word = cli_nth_word(o->arg, i, &len)); i++)
        if (cli_is_literal(word, len) && strlen(value) == len && memcmp(value, word, len) == 0)
            return NULL;
    return o;
}

/* -- what is missing -------------------------------------------------------------------------- */

enum { MOST_MISSING = 8 };

typedef struct missing {
    int n;
    dv_text item[MOST_MISSING];
} missing;

static dv_text *next_item(missing *m)
{
    assert(m->n < MOST_MISSING);
    return &m->item[m->n++];
}

static void add_option(dv_text *t, const cli_option *o)
{
    char usage[64];
    dv_text_format(t, "%s", cli_option_usage(o, usage, sizeof usage));
}

/* "IMAGE (or --input X.npy)" */
static void miss_arguments(missing *m, const cli_command *cmd)
{
    const cli_arguments *a = &cmd->arguments;
    dv_text *t = next_item(m);
    dv_text_format(t, "%s%s", cli_argument_name(a->what), a->most == 1 ? "" : "...");
    if (!a->instead)
        return;
    dv_text_format(t, " (or ");
    add_option(t, cli_find_option(cmd->options, a->instead, strlen(a->instead)));
    dv_text_format(t, ")");
}

/* "--npy FILE or --png FILE", unless one of them is given. */
static void miss_one_of(missing *m, const cli_command *cmd, const void *options)
{
    const char *word;
    size_t len;
    for (int i = 0; (word = cli_nth_word(cmd->one_of, i, &len)); i++)
        if (find_given(cmd->options, word, len, options))
            return;
    dv_text *t = cmd->one_of ? next_item(m) : NULL;
    for (int i = 0; (word = cli_nth_word(cmd->one_of, i, &len)); i++) {
        dv_text_format(t, "%s", i ? " or " : "");
        add_option(t, cli_find_option(cmd->options, word, len));
    }
}

/* "A, B and C" */
static bool fail_missing(missing *m, const cli_command *cmd, dv_error *err)
{
    dv_text list = { 0 };
    for (int i = 0; i < m->n; i++) {
        const char *between = i == 0 ? "" : i + 1 < m->n ? ", " : " and ";
        if (dv_text_ok(&m->item[i], "what is missing", err))
            dv_text_format(&list, "%s%s", between, m->item[i].data);
        free(m->item[i].data);
    }
    if (dv_text_ok(&list, "what is missing", err))
        dv_fail(err, DV_BAD_USAGE, "%s needs %s", cmd->name, list.data);
    free(list.data);
    return false;
}

static bool check_missing(const cli_command *cmd, const void *options, int n_args, dv_error *err)
{
    missing m = { .n = 0 };
    for (const cli_option *o = cmd->options; o->name; o++)
        if (o->type.required && !is_given(o, options))
            add_option(next_item(&m), o);
    miss_one_of(&m, cmd, options);
    if (n_args < cmd->arguments.least && !in_place(cmd, options))
        miss_arguments(&m, cmd);
    return m.n == 0 || fail_missing(&m, cmd, err);
}

/* -- what is too much ------------------------------------------------------------------------- */

static bool fail_none_taken(const cli_command *cmd, const char *arg, dv_error *err)
{
    const cli_option *model = cli_option_of_kind(cmd->options, CLI_KIND_MODEL);
    return dv_fail(err, DV_BAD_USAGE, "%s takes no argument '%s'%s", cmd->name, arg,
                   model ? " (the model: -m MODEL)" : "");
}

static bool check_count(const cli_command *cmd, const void *options, int n_args, char **args,
                        dv_error *err)
{
    const cli_arguments *a = &cmd->arguments;
    if (n_args > 0 && a->what == CLI_NO_ARGUMENT)
        return fail_none_taken(cmd, args[0], err);
    if (a->most > 0 && n_args > a->most)
        return dv_fail(err, DV_BAD_USAGE, "%s takes %d %s, not %d", cmd->name, a->most,
                       cli_argument_name(a->what), n_args);
    const cli_option *o = n_args > 0 && !a->both ? in_place(cmd, options) : NULL;
    return !o ||
           dv_fail(err, DV_BAD_USAGE, "%s takes %s or --%s%s%s, not both", cmd->name,
                   cli_argument_name(a->what), o->name, o->arg ? " " : "", o->arg ? o->arg : "");
}

bool cli_check_given(const cli_command *cmd, const void *options, int n_args, char **args,
                     dv_error *err)
{
    return check_missing(cmd, options, n_args, err) && check_count(cmd, options, n_args, args, err);
}
