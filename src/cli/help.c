#include "cli/help.h"

#include "deconvviz/version.h"

#include <string.h>

enum { WIDTH = 80, HELP_COLUMN = 29, EXAMPLE_COLUMN = 6 };

/* Where on the page the next word goes; a new line begins at the indent. */
typedef struct page {
    FILE *to;
    int column, indent;
} page;

static void begin_line(page *p)
{
    fprintf(p->to, "\n%*s", p->indent, "");
    p->column = p->indent;
}

/* What is not to be broken. */
static void print_item(page *p, const char *text, size_t n)
{
    if (p->column > p->indent) {
        if (p->column + 1 + (int)n >= WIDTH)
            begin_line(p);
        else
            p->column += fprintf(p->to, " ");
    }
    p->column += fprintf(p->to, "%.*s", (int)n, text);
}

/* The words of n bytes of text, in as many lines as it takes. */
static void print_words(page *p, const char *text, size_t n)
{
    for (const char *end = text + n; text < end;) {
        size_t len = strcspn(text, " ");
        len = len < (size_t)(end - text) ? len : (size_t)(end - text);
        print_item(p, text, len);
        text += len + (len < (size_t)(end - text));
    }
}

/* -- one command ------------------------------------------------------------------------------ */

static void print_value(page *p, const cli_option *o)
{
    char text[64];
    cli_option_usage(o, text, sizeof text);
    print_item(p, text, strlen(text));
}

/* "--npy FILE|--png FILE" */
static void print_one_of(page *p, const cli_command *cmd)
{
    const char *word;
    char text[128] = "", one[64];
    size_t len, n = 0;
    for (int i = 0; (word = cli_nth_word(cmd->one_of, i, &len)); i++) {
        const cli_option *o = cli_find_option(cmd->options, word, len);
        n += (size_t)snprintf(text + n, sizeof text - n, "%s%s", i ? "|" : "",
                              cli_option_usage(o, one, sizeof one));
    }
    if (n > 0)
        print_item(p, text, n);
}

static void print_arguments(page *p, const cli_arguments *a)
{
    char text[64];
    if (a->what == CLI_NO_ARGUMENT)
        return;
    int n = snprintf(text, sizeof text, "%s%s%s%s", a->least ? "" : "[", cli_argument_name(a->what),
                     a->most == 1 ? "" : "...", a->least ? "" : "]");
    print_item(p, text, (size_t)n);
}

/* How the command is called: with its arguments, or with the option that may stand in their
 * place. */
static void print_usage(FILE *to, const cli_command *cmd, const char *name, bool instead)
{
    const char *other = cmd->arguments.instead;
    page p = { to, 7, 7 + (int)strlen("deconvviz ") };
    p.column += fprintf(to, "deconvviz %s", name);
    if (cli_has_model_beside(cmd))
        print_item(&p, "[-m MODEL]", strlen("[-m MODEL]"));
    for (const cli_option *o = cmd->options; o->name; o++)
        if (o->type.required)
            print_value(&p, o);
    print_one_of(&p, cmd);
    print_item(&p, "[options]", strlen("[options]"));
    if (instead)
        print_value(&p, cli_find_option(cmd->options, other, strlen(other)));
    else
        print_arguments(&p, &cmd->arguments);
    fputc('\n', to);
}

static void print_option(FILE *to, const cli_option *o, const void *defaults)
{
    char value[64], bracketed[72], letter[8] = "    ";
    if (o->letter)
        snprintf(letter, sizeof letter, "-%c, ", o->letter);
    int column =
        fprintf(to, "  %s--%s%s%s", letter, o->name, o->arg ? " " : "", o->arg ? o->arg : "");
    page p = { to, column, HELP_COLUMN };
    if (column >= HELP_COLUMN)
        begin_line(&p);
    else
        p.column += fprintf(to, "%*s", HELP_COLUMN - column, "");
    print_words(&p, o->help, strlen(o->help));
    if (cli_default_text(o, defaults, value, sizeof value)[0]) {
        snprintf(bracketed, sizeof bracketed, "(%s)", value);
        print_words(&p, bracketed, strlen(bracketed));
    }
    fputc('\n', to);
}

static void print_examples(FILE *to, const cli_command *cmd)
{
    fputs("\nFor example:\n", to);
    for (const cli_example *e = cmd->examples; e->line; e++) {
        fprintf(to, "  %s\n%*s", e->line, EXAMPLE_COLUMN, "");
        page p = { to, EXAMPLE_COLUMN, EXAMPLE_COLUMN };
        print_words(&p, e->what, strlen(e->what));
        fputc('\n', to);
    }
}

static void print_statuses(FILE *to, const cli_command *cmd)
{
    fputs("\nExit status:\n", to);
    for (const cli_status *s = cmd->statuses; s->status; s++)
        fprintf(to, "  %-6s %s\n", s->status, s->meaning);
}

void cli_help_command(FILE *to, const cli_command *cmd)
{
    const char *end = strstr(cmd->description, "\n\n");
    page p = { to, 0, 0 };
    fputs("usage: ", to);
    print_usage(to, cmd, cmd->name, false);
    if (cmd->arguments.instead) {
        fprintf(to, "%7s", "");
        print_usage(to, cmd, cmd->name, true);
    }
    fprintf(to, "\n%s.\n\n", cmd->summary);
    print_words(&p, cmd->description,
                end ? (size_t)(end - cmd->description) : strlen(cmd->description));
    fputc('\n', to);
    for (const cli_option *o = cmd->options; o->name; o++)
        if (o->type.kind == CLI_KIND_GROUP)
            fprintf(to, "\n%s\n", o->help);
        else
            print_option(to, o, cmd->defaults);
    print_examples(to, cmd);
    if (cmd->statuses)
        print_statuses(to, cmd);
}

/* -- all commands ----------------------------------------------------------------------------- */

void cli_help_commands(FILE *to)
{
    fputs("deconvviz " DV_VERSION ": what a unit of a trained CNN responds to\n\nusage: ", to);
    print_usage(to, cli_commands[0], "[project]", false);
    fputs("       deconvviz COMMAND [options] ...\n       deconvviz -V\n\ncommands:\n", to);
    int widest = 0;
    for (int i = 0; cli_commands[i]; i++) {
        const int width = (int)strlen(cli_commands[i]->name);
        widest = width > widest ? width : widest;
    }
    for (int i = 0; cli_commands[i]; i++)
        fprintf(to, "  %-*s %s\n", widest, cli_commands[i]->name, cli_commands[i]->summary);
    fputs("\n'deconvviz help COMMAND' lists its options.\n", to);
}
