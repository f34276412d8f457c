/* man.c - manual pages in mdoc, from the commands' tables. */
#include "cli/help.h"

#include "deconvviz/version.h"

#include <ctype.h>
#include <string.h>

static const char revised[] = "November 25, 2026"; /* what the pages say */

/* n bytes of text as they stand, wherever in a line. The hyphens of an option, or of a command
 * line, are none to a formatter: they may be copied. */
static void put(FILE *to, const char *text, size_t n, bool command_line)
{
    bool option = false;
    for (size_t i = 0; i < n && text[i]; i++) {
        bool inside = i > 0 && isalnum((unsigned char)text[i - 1]);
        option = text[i] != ' ' && (option || (text[i] == '-' && !inside));
        if (text[i] == '\\')
            fputs("\\e", to);
        else if (text[i] == '-' && (option || command_line))
            fputs("\\-", to);
        else if (text[i] == '\'')
            fputs("\\(aq", to);
        else
            fputc(text[i], to);
    }
}

/* Sentences, each in lines of its own, as mdoc has them; behind the last, `end`. */
static void put_text(FILE *to, const char *text, size_t n, const char *end)
{
    for (const char *stop = text + n; text < stop;) {
        const char *next = strstr(text, ". ");
        size_t len = next && next < stop ? (size_t)(next - text) + 1 : (size_t)(stop - text);
        put(to, text, len, false);
        text += len;
        text += text < stop;
        fputs(text < stop ? "\n" : end, to);
    }
}

static void put_paragraphs(FILE *to, const char *text)
{
    for (const char *end; (end = strstr(text, "\n\n")); text = end + 2)
        put_text(to, text, (size_t)(end - text), "\n.Pp\n");
    put_text(to, text, strlen(text), "\n");
}

/* "Find images" becomes "find images": what a page is about has a small letter. */
static void put_summary(FILE *to, const char *summary)
{
    fprintf(to, ".Nd %c", tolower((unsigned char)summary[0]));
    put(to, summary + 1, strlen(summary) - 1, false);
    fputc('\n', to);
}

static void put_head(FILE *to, const char *title)
{
    fprintf(to, ".\\\" Printed by deconvviz help --man.\n.Dd %s\n.Dt ", revised);
    for (; *title; title++)
        fputc(toupper((unsigned char)*title), to);
    fprintf(to, " 1\n.Os deconvviz %s\n.Sh NAME\n", DV_VERSION);
}

/* -- synopsis --------------------------------------------------------------------------------- */

/* As cli_option_usage has it. */
static void put_flag(FILE *to, const cli_option *o)
{
    char usage[64];
    cli_option_usage(o, usage, sizeof usage);
    size_t len = strcspn(usage, " ");
    fprintf(to, "Fl %.*s Ar%s", (int)len - 1, usage + 1, usage + len);
}

static void put_one_of(FILE *to, const cli_command *cmd)
{
    const char *word;
    size_t len;
    for (int i = 0; (word = cli_nth_word(cmd->one_of, i, &len)); i++) {
        fputs(i ? " | " : ".", to);
        put_flag(to, cli_find_option(cmd->options, word, len));
    }
    fputs(cmd->one_of ? "\n" : "", to);
}

static void put_arguments(FILE *to, const cli_arguments *a)
{
    if (a->what != CLI_NO_ARGUMENT)
        fprintf(to, ".%sAr %s%s\n", a->least ? "" : "Op ", cli_argument_name(a->what),
                a->most == 1 ? "" : " ...");
}

static void put_usage(FILE *to, const cli_command *cmd, bool instead)
{
    const char *other = cmd->arguments.instead;
    if (cmd == cli_commands[0])
        fprintf(to, ".Nm deconvviz\n.Op Cm %s\n", cmd->name);
    else
        fprintf(to, ".Nm deconvviz\n.Cm %s\n", cmd->name);
    if (cli_has_model_beside(cmd))
        fputs(".Op Fl m Ar MODEL\n", to);
    for (const cli_option *o = cmd->options; o->name; o++)
        if (o->type.required) {
            fputc('.', to);
            put_flag(to, o);
            fputc('\n', to);
        }
    put_one_of(to, cmd);
    fputs(".Op Ar options\n", to);
    if (!instead) {
        put_arguments(to, &cmd->arguments);
        return;
    }
    fputc('.', to);
    put_flag(to, cli_find_option(cmd->options, other, strlen(other)));
    fputc('\n', to);
}

/* -- lists ------------------------------------------------------------------------------------ */

static void put_option(FILE *to, const cli_option *o, const void *defaults)
{
    char value[64];
    fputs(".It ", to);
    if (o->letter)
        fprintf(to, "Fl %c , ", o->letter);
    fprintf(to, "Fl -%s", o->name);
    fprintf(to, o->arg ? " Ar %s\n" : "\n", o->arg);
    put_text(to, o->help, strlen(o->help), "");
    if (cli_default_text(o, defaults, value, sizeof value)[0]) {
        fputs(" (", to);
        put(to, value, strlen(value), false);
        fputc(')', to);
    }
    fputc('\n', to);
}

static void put_options(FILE *to, const cli_command *cmd)
{
    bool open = false;
    for (const cli_option *o = cmd->options; o->name; o++) {
        if (o->type.kind != CLI_KIND_GROUP) {
            put_option(to, o, cmd->defaults);
            continue;
        }
        fprintf(to, "%s.Ss ", open ? ".El\n" : "");
        put(to, o->help, strcspn(o->help, ":"), false);
        fputs("\n.Bl -tag -width Ds\n", to);
        open = true;
    }
    fputs(".El\n", to);
}

static void put_statuses(FILE *to, const cli_status *s)
{
    fputs(".Sh EXIT STATUS\n.Bl -tag -width 128+N\n", to);
    for (; s->status; s++)
        fprintf(to, ".It %s\n%s\n", s->status, s->meaning);
    fputs(".El\n", to);
}

static void put_examples(FILE *to, const cli_command *cmd)
{
    fputs(".Sh EXAMPLES\n", to);
    for (const cli_example *e = cmd->examples; e->line; e++) {
        put(to, e->what, strlen(e->what), false);
        fputs(":\n.Bd -literal -offset indent\n", to);
        put(to, e->line, strlen(e->line), true);
        fprintf(to, "\n.Ed\n%s", e[1].line ? ".Pp\n" : "");
    }
}

/* -- pages ------------------------------------------------------------------------------------ */

static void put_command(FILE *to, const cli_command *cmd)
{
    char title[64];
    snprintf(title, sizeof title, "deconvviz-%s", cmd->name);
    put_head(to, title);
    fprintf(to, ".Nm %s\n", title);
    put_summary(to, cmd->summary);
    fputs(".Sh SYNOPSIS\n", to);
    put_usage(to, cmd, false);
    if (cmd->arguments.instead)
        put_usage(to, cmd, true);
    fputs(".Sh DESCRIPTION\n", to);
    put_paragraphs(to, cmd->description);
    put_options(to, cmd);
    put_statuses(to, cmd->statuses ? cmd->statuses : cli_statuses);
    put_examples(to, cmd);
    fputs(".Sh SEE ALSO\n.Xr deconvviz 1\n", to);
}

static void put_commands(FILE *to)
{
    fputs(".Bl -tag -width Ds\n", to);
    for (int i = 0; cli_commands[i]; i++) {
        fprintf(to, ".It Cm %s\n", cli_commands[i]->name);
        put(to, cli_commands[i]->summary, strlen(cli_commands[i]->summary), false);
        fprintf(to, ":\n.Xr deconvviz-%s 1 .\n", cli_commands[i]->name);
    }
    fputs(".El\n", to);
}

static void put_program(FILE *to)
{
    put_head(to, "deconvviz");
    fputs(".Nm deconvviz\n.Nd what a unit of a trained CNN responds to\n.Sh SYNOPSIS\n", to);
    put_usage(to, cli_commands[0], false);
    fputs(".Nm deconvviz\n.Ar COMMAND\n.Op Ar options\n.Ar ...\n"
          ".Nm deconvviz\n.Fl V\n"
          ".Sh DESCRIPTION\n"
          "The deconvnet of Zeiler and Fergus: a convolutional network is run forward, one\n"
          "activation is kept and taken back to pixel space by unpooling, rectification and the\n"
          "transposed filters.\n"
          "The commands are:\n",
          to);
    put_commands(to);
    fputs(".Pp\nWithout one of these words\n.Cm project\nis meant.\n"
          ".Fl V\nor\n.Fl -version\nprints the version,\n.Fl h\nor\n.Fl -help\nthe options.\n"
          ".Sh ENVIRONMENT\n.Bl -tag -width Ds\n.It Ev DECONVVIZ_MODEL\n"
          "The model where no\n.Fl m\nnames one.\n.El\n",
          to);
    put_statuses(to, cli_statuses);
    put_examples(to, cli_commands[0]);
    fputs(".Sh SEE ALSO\n.Rs\n.%A M. D. Zeiler\n.%A R. Fergus\n"
          ".%T Visualizing and Understanding Convolutional Networks\n.%D 2013\n.Re\n",
          to);
}

void cli_man_page(FILE *to, const cli_command *cmd)
{
    if (cmd)
        put_command(to, cmd);
    else
        put_program(to);
}
