/* print.c - what goes to standard output: bytes as they are, but on a terminal nothing that it
 * would obey, for names of images and labels may hold anything. */
#include "base/text.h"
#include "base/utf8.h"
#include "cli/cli.h"
#include "report/table.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void add_shown(dv_text *to, const char *text, size_t size)
{
    char piece[DV_SHOWN_MAX];
    for (const char *s = text, *end = text + size; s < end;) {
        const size_t newline = *s == '\n' ? 1 : *s == '\r' && s[1] == '\n' ? 2 : 0;
        if (newline) {
            dv_text_add(to, s, newline);
            s += newline;
        } else {
            s += dv_utf8_show(s, piece);
            dv_text_add(to, piece, strlen(piece));
        }
    }
}

static bool write_out(const char *text, size_t size, dv_error *err)
{
    return size == 0 || fwrite(text, 1, size, stdout) == size ||
           dv_fail(err, DV_IO, "cannot write to standard output: %s", strerror(errno));
}

bool cli_print_text(const dv_text *text, const char *what, dv_error *err)
{
    if (!dv_text_ok(text, what, err))
        return false;
    cli_progress_clear();
    if (!isatty(STDOUT_FILENO))
        return write_out(text->data, text->size, err);
    dv_text shown = { 0 };
    add_shown(&shown, text->data, text->size);
    bool ok = dv_text_ok(&shown, what, err) && write_out(shown.data, shown.size, err);
    free(shown.data);
    return ok;
}

bool cli_print_table(const dv_table *table, bool json, bool csv, dv_error *err)
{
    dv_text t = { 0 };
    if (json && csv)
        return dv_fail(err, DV_BAD_USAGE, "--json or --csv: one of them is possible");
    if (json)
        dv_table_print_json(table, &t);
    else if (csv)
        dv_table_print_csv(table, &t);
    else
        dv_table_print_text(table, &t);
    bool ok = cli_print_text(&t, "the table", err);
    free(t.data);
    return ok;
}

void cli_print(const char *fmt, ...)
{
    dv_text line = { 0 };
    va_list args;
    va_start(args, fmt);
    dv_text_vformat(&line, fmt, args);
    va_end(args);
    (void)!cli_print_text(&line, "a line", NULL); /* main asks stdout how it is */
    free(line.data);
}
