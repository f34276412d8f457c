#include "serve/asked.h"

#include <errno.h>
#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

typedef struct parameter {
    const char *key;
    bool (*take)(dv_asked *a, const struct parameter *p, const char *value, dv_error *err);
    size_t at;                  /* of the member it goes to */
    int64_t least, most;        /* of a number; a text's room */
    const char *const *choices; /* of a word, which becomes its place; NULL behind the last */
} parameter;

static void *member(dv_asked *a, const parameter *p)
{
    return (char *)a + p->at;
}

static bool take_number(dv_asked *a, const parameter *p, const char *value, dv_error *err)
{
    char *end;
    errno = 0;
    const long long v = strtoll(value, &end, 10);
    if (end == value || *end || errno || v < p->least || v > p->most)
        return dv_fail(err, DV_BAD_USAGE, "%s takes a whole number from %lld to %lld, not '%.20s'",
                       p->key, (long long)p->least, (long long)p->most, value);
    *(int *)member(a, p) = (int)v;
    return true;
}

static bool take_turn(dv_asked *a, const parameter *p, const char *value, dv_error *err)
{
    char *end;
    errno = 0;
    const long long v = strtoll(value, &end, 10);
    if (end == value || *end || errno || v < 0)
        return dv_fail(err, DV_BAD_USAGE, "%s takes a whole number from 0 on, not '%.20s'", p->key,
                       value);
    a->turn = v;
    return true;
}

static bool take_text(dv_asked *a, const parameter *p, const char *value, dv_error *err)
{
    const size_t n = strlen(value);
    if ((int64_t)n >= p->most)
        return dv_fail(err, DV_BAD_USAGE, "%s of %zu bytes: %lld at most", p->key, n,
                       (long long)p->most - 1);
    memcpy(member(a, p), value, n + 1);
    return true;
}

static bool take_id(dv_asked *a, const parameter *p, const char *value, dv_error *err)
{
    const size_t n = strspn(value, "0123456789abcdef");
    if (value[n] || n != DV_ASKED_ID_MAX - 1)
        return dv_fail(err, DV_BAD_USAGE, "%s takes %d hexadecimal digits, not '%.40s'", p->key,
                       DV_ASKED_ID_MAX - 1, value);
    memcpy(member(a, p), value, n + 1);
    return true;
}

/* An enumeration is as large as an int, here and everywhere. */
static bool take_choice(dv_asked *a, const parameter *p, const char *value, dv_error *err)
{
    for (int i = 0; p->choices[i]; i++)
        if (strcmp(value, p->choices[i]) == 0) {
            *(int *)member(a, p) = i;
            return true;
        }
    return dv_fail(err, DV_BAD_USAGE, "%s: '%.20s' is none of those possible (%s, %s ...)", p->key,
                   value, p->choices[0], p->choices[1]);
}

static bool take_flag(dv_asked *a, const parameter *p, const char *value, dv_error *err)
{
    (void)err;
    *(bool *)member(a, p) = strcmp(value, "0") != 0;
    return true;
}

static bool take_position(dv_asked *a, const parameter *p, const char *value, dv_error *err)
{
    return dv_position_parse(value, &a->at, err) || dv_fail_in(err, "%s", p->key);
}

static bool take_scale(dv_asked *a, const parameter *p, const char *value, dv_error *err)
{
    char *end;
    a->scale = 0;
    if (strcmp(value, "tile") == 0)
        return true;
    const float v = strncmp(value, "abs:", 4) == 0 ? strtof(value + 4, &end) : 0;
    if (!(v > 0) || !isfinite(v) || *end)
        return dv_fail(err, DV_BAD_USAGE, "%s takes tile or abs:V with V above 0, not '%.20s'",
                       p->key, value);
    a->scale = v;
    return true;
}

static bool take_edit(dv_asked *a, const parameter *p, const char *value, dv_error *err)
{
    (void)p;
    return dv_edit_parse(&a->edit, value, err);
}

static const char *const rules[] = { "deconvnet", "gradient", "guided", NULL };
static const char *const seeds[] = { "value", "one", NULL };
static const char *const rectifies[] = { "relu", "all", NULL };
static const char *const views[] = { "pair", "crop", "full", NULL };
static const char *const formats[] = { "png", "npy", "json", "svg", "pdf", NULL };

/* clang-format off */
#define AT(member) offsetof(dv_asked, member)
static const parameter parameters[] = {
    { "model",   take_number,   AT(model), 0, 63, NULL },
    { "unit",    take_number,   AT(unit), 0, INT32_MAX, NULL },
    { "n",       take_number,   AT(n), 1, DV_ASKED_MOST, NULL },
    { "side",    take_number,   AT(side), 16, DV_ASKED_SIDE_MAX, NULL },
    { "zoom",    take_number,   AT(zoom), 0, 64, NULL },
    { "place",   take_number,   AT(place), 0, DV_ASKED_MOST, NULL },
    { "turn",    take_turn,     0, 0, 0, NULL },
    { "image",   take_id,       AT(image), 0, 0, NULL },
    { "layer",   take_text,     AT(layer), 0, DV_ASKED_NAME_MAX, NULL },
    { "name",    take_text,     AT(name), 0, DV_ASKED_NAME_MAX, NULL },
    { "lane",    take_text,     AT(lane), 0, DV_ASKED_LANE_MAX, NULL },
    { "token",   take_text,     AT(token), 0, DV_ASKED_LANE_MAX, NULL },
    { "at",      take_position, 0, 0, 0, NULL },
    { "rule",    take_choice,   AT(rule), 0, 0, rules },
    { "seed",    take_choice,   AT(seed), 0, 0, seeds },
    { "rectify", take_choice,   AT(rectify), 0, 0, rectifies },
    { "view",    take_choice,   AT(view), 0, 0, views },
    { "format",  take_choice,   AT(format), 0, 0, formats },
    { "scale",   take_scale,    0, 0, 0, NULL },
    { "live",    take_flag,     AT(live), 0, 0, NULL },
    { "edit",    take_edit,     0, 0, 0, NULL },
};
/* clang-format on */

void dv_asked_nothing(dv_asked *a)
{
    *a = (dv_asked){ .unit = -1, .at = { .strongest = true } };
    a->edit.moved = dv_transform_none();
}

bool dv_asked_take(dv_asked *a, const char *key, const char *value, dv_error *err)
{
    for (size_t i = 0; i < sizeof parameters / sizeof parameters[0]; i++)
        if (strcmp(key, parameters[i].key) == 0)
            return parameters[i].take(a, &parameters[i], value, err);
    return true;
}
