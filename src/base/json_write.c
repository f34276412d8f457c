#include "base/json_write.h"

#include <assert.h>
#include <math.h>
#include <string.h>

/* What stands between the value before and this one, and its key. */
static void begin(dv_json *w, const char *key)
{
    assert(!key == !(w->depth > 0 && w->close[w->depth - 1] == '}'));
    if (w->behind)
        dv_text_add(w->to, ",", 1);
    if (w->space)
        dv_text_add(w->to, w->space, strlen(w->space));
    w->space = NULL;
    w->behind = true;
    if (key) {
        dv_text_string(w->to, key);
        dv_text_add(w->to, ":", 1);
    }
}

static void open(dv_json *w, const char *key, const char *bracket, char close)
{
    assert(w->depth < DV_JSON_MAX_DEPTH);
    begin(w, key);
    dv_text_add(w->to, bracket, 1);
    w->close[w->depth++] = close;
    w->behind = false;
}

void dv_json_object(dv_json *w, const char *key)
{
    open(w, key, "{", '}');
}

void dv_json_list(dv_json *w, const char *key)
{
    open(w, key, "[", ']');
}

void dv_json_end(dv_json *w)
{
    assert(w->depth > 0);
    dv_text_add(w->to, &w->close[--w->depth], 1);
    w->behind = true;
}

void dv_json_space(dv_json *w, const char *space)
{
    w->space = space;
}

void dv_json_line(dv_json *w)
{
    assert(w->depth == 0);
    dv_text_add(w->to, "\n", 1);
    w->behind = false;
}

/* -- values ----------------------------------------------------------------------------------- */

static void put_word(dv_json *w, const char *key, const char *word)
{
    begin(w, key);
    dv_text_add(w->to, word, strlen(word));
}

void dv_json_put_null(dv_json *w, const char *key)
{
    put_word(w, key, "null");
}

void dv_json_put_bool(dv_json *w, const char *key, bool v)
{
    put_word(w, key, v ? "true" : "false");
}

void dv_json_put_text(dv_json *w, const char *key, const char *v)
{
    if (!v) {
        dv_json_put_null(w, key);
        return;
    }
    begin(w, key);
    dv_text_string(w->to, v);
}

void dv_json_put_int(dv_json *w, const char *key, int64_t v)
{
    begin(w, key);
    dv_text_int(w->to, v);
}

void dv_json_put_float(dv_json *w, const char *key, float v)
{
    begin(w, key);
    dv_text_float(w->to, v);
}

/* JSON has no word for what is not finite. */
static bool begin_real(dv_json *w, const char *key, double v)
{
    if (!isfinite(v))
        dv_json_put_null(w, key);
    else
        begin(w, key);
    return isfinite(v);
}

void dv_json_put_short(dv_json *w, const char *key, double v, int digits)
{
    if (begin_real(w, key, v))
        dv_text_format(w->to, "%.*g", digits, v);
}

void dv_json_put_fixed(dv_json *w, const char *key, double v, int digits)
{
    if (begin_real(w, key, v))
        dv_text_format(w->to, "%.*f", digits, v);
}

void dv_json_put_ints(dv_json *w, const char *key, const int32_t *v, int n)
{
    dv_json_list(w, key);
    for (int i = 0; i < n; i++)
        dv_json_put_int(w, NULL, v[i]);
    dv_json_end(w);
}

void dv_json_put_floats(dv_json *w, const char *key, const float *v, int n)
{
    dv_json_list(w, key);
    for (int i = 0; i < n; i++)
        dv_json_put_float(w, NULL, v[i]);
    dv_json_end(w);
}
