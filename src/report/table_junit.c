/* table_junit.c - a table as a JUnit document, as CI systems read it. */
#include "base/utf8.h"
#include "report/table.h"

#include <string.h>

/* Text in XML 1.0: what that cannot hold becomes '?', what is not UTF-8 U+FFFD. */
static void add_xml(dv_text *to, const char *text)
{
    for (size_t n; *text; text += n ? n : 1) {
        n = dv_utf8_length(text);
        if (*text == '<')
            dv_text_format(to, "&lt;");
        else if (*text == '>')
            dv_text_format(to, "&gt;");
        else if (*text == '&')
            dv_text_format(to, "&amp;");
        else if (*text == '"')
            dv_text_format(to, "&quot;");
        else if (n == 0)
            dv_text_add(to, "\xef\xbf\xbd", 3);
        else if ((n == 1 && (unsigned char)*text < ' ') || strncmp(text, "\xef\xbf\xbe", 3) == 0 ||
                 strncmp(text, "\xef\xbf\xbf", 3) == 0)
            dv_text_add(to, "?", 1);
        else
            dv_text_add(to, text, n);
    }
}

/* The value of the first column with this role, NULL where there is none. */
static const char *value_of(const dv_table *t, const dv_cell *cells, dv_column_role role)
{
    for (int c = 0; c < t->n_columns; c++)
        if (t->columns[c].role == role && t->columns[c].kind == DV_COLUMN_TEXT &&
            cells[c].is == DV_CELL_VALUE)
            return cells[c].v.text;
    return NULL;
}

static void add_attribute(dv_text *to, const char *name, const char *value)
{
    dv_text_format(to, " %s=\"", name);
    add_xml(to, value ? value : "");
    dv_text_add(to, "\"", 1);
}

static void add_case(dv_text *to, const dv_table *t, int row)
{
    const dv_cell *cells = dv_table_cells(t, row);
    const char *output = value_of(t, cells, DV_ROLE_OUTPUT);
    dv_text_format(to, "  <testcase");
    add_attribute(to, "classname", value_of(t, cells, DV_ROLE_CLASS));
    add_attribute(to, "name", value_of(t, cells, DV_ROLE_NAME));
    dv_text_format(to, " time=\"0\">");
    if (t->rows[row].outcome != DV_ROW_PASSED) {
        dv_text_format(to, t->rows[row].outcome == DV_ROW_ERROR ? "<error" : "<failure");
        add_attribute(to, "message", t->rows[row].reason);
        dv_text_format(to, "/>");
    }
    if (output) {
        dv_text_format(to, "<system-out>");
        add_xml(to, output);
        dv_text_format(to, "</system-out>");
    }
    dv_text_format(to, "</testcase>\n");
}

void dv_table_print_junit(const dv_table *t, const char *suite, dv_text *to)
{
    int count[DV_ROW_ERROR + 1] = { 0 };
    to->failed = to->failed || t->failed;
    if (to->failed)
        return;
    for (int row = 0; row < t->n_rows; row++)
        count[t->rows[row].outcome]++;
    dv_text_format(to, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n<testsuite");
    add_attribute(to, "name", suite);
    dv_text_format(to, " tests=\"%d\" failures=\"%d\" errors=\"%d\" time=\"0\">\n", t->n_rows,
                   count[DV_ROW_FAILED], count[DV_ROW_ERROR]);
    for (int row = 0; row < t->n_rows; row++)
        add_case(to, t, row);
    dv_text_format(to, "</testsuite>\n</testsuites>\n");
}
