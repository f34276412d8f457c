/* warnings.c - what a loader passes over and its user may want to know. */
#include "graph/model.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

bool dv_model_warn(dv_model *m, dv_error *err, const char *fmt, ...)
{
    dv_error one_line; /* whose message is made safe to print */
    char text[sizeof one_line.message];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    if (m->n_warnings >= DV_MAX_WARNINGS) {
        snprintf(m->more_warnings, sizeof m->more_warnings, "and %d warnings more",
                 ++m->n_further_warnings);
        return true;
    }
    dv_fail(&one_line, DV_OK, "%s", text);
    const char *line = dv_arena_text(&m->arena, one_line.message, strlen(one_line.message), err);
    if (!line)
        return false;
    m->warnings[m->n_warnings++] = line;
    return true;
}

int dv_model_n_warnings(const dv_model *m)
{
    return m->n_warnings + (m->n_further_warnings > 0);
}

const char *dv_model_warning(const dv_model *m, int i)
{
    return i < m->n_warnings ? m->warnings[i] : m->more_warnings;
}
