/* select.c - layers, channels and positions out of words. */
#include "deconvviz/select.h"

#include "base/rank.h"
#include "base/word.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool fail_channel(const char *text, const dv_selection *s, int32_t channels, dv_error *err)
{
    return dv_fail(err, DV_BAD_USAGE,
                   "channel %s: layer %s has channels 0 to %d (12, 0-15, 3,7,9, all or top:9)",
                   text, s->layer, (int)channels - 1);
}

/* One "12" or "0-15" at *at, which moves behind it. */
static bool parse_range(const char **at, int32_t channels, long *lo, long *hi)
{
    char *end = NULL;
    *lo = *hi = strtol(*at, &end, 10);
    if (end == *at)
        return false;
    if (*end == '-') {
        const char *second = end + 1;
        *hi = strtol(second, &end, 10);
        if (end == second)
            return false;
    }
    *at = end;
    return *lo >= 0 && *lo <= *hi && *hi < channels;
}

/* Marks the channels of a list, "3,7,9-12", in wanted (channels). */
static bool mark_list(const char *text, bool *wanted, int32_t channels)
{
    const char *at = text;
    do {
        long lo, hi;
        if (!parse_range(&at, channels, &lo, &hi) || (*at && *at != ','))
            return false;
        for (long c = lo; c <= hi; c++)
            wanted[c] = true;
    } while (*at++ == ',');
    return true;
}

/* The channels of the list, each once, in their order. */
static bool parse_list(const char *text, dv_selection *s, int32_t channels, dv_error *err)
{
    bool *wanted = calloc((size_t)channels, sizeof *wanted);
    s->channel = malloc((size_t)channels * sizeof *s->channel);
    bool ok = wanted && s->channel;
    if (!ok)
        dv_fail(err, DV_NO_MEMORY, "no memory for %d channels", (int)channels);
    else if (!mark_list(text, wanted, channels))
        ok = fail_channel(text, s, channels, err);
    for (int32_t c = 0; ok && c < channels; c++)
        if (wanted[c])
            s->channel[s->n++] = c;
    free(wanted);
    return ok;
}

void dv_selection_free(dv_selection *s)
{
    free(s->channel);
    s->channel = NULL;
}

/* "top:9". */
static bool parse_top(const char *text, dv_selection *s, int32_t channels, dv_error *err)
{
    char *end;
    const long n = strtol(text + 4, &end, 10);
    if (end == text + 4 || *end || n < 1)
        return fail_channel(text, s, channels, err);
    s->n = n < channels ? (int32_t)n : channels;
    return true;
}

bool dv_select(const dv_model *m, const char *layer, const char *channels, dv_selection *s,
               dv_error *err)
{
    *s = (dv_selection){ .layer = layer };
    dv_word(layer, s->word, sizeof s->word);
    if (!dv_model_find(m, layer, &s->tensor, err))
        return false;
    const int32_t count = dv_box_whole(dv_tensor_shape(m, s->tensor)).hi[DV_C];
    if (strncmp(channels, "top:", 4) == 0)
        return parse_top(channels, s, count, err);
    char all[32];
    snprintf(all, sizeof all, "0-%d", (int)count - 1);
    if (parse_list(strcmp(channels, "all") == 0 ? all : channels, s, count, err))
        return true;
    dv_selection_free(s);
    return false;
}

/* -- several layers --------------------------------------------------------------------------- */

static bool is_selected(const dv_selections *s, const char *layer)
{
    for (int i = 0; i < s->n; i++)
        if (strcmp(s->layers[i].layer, layer) == 0)
            return true;
    return false;
}

/* IMAGE-1-5 could be layer 1-5, or layer 5 of another image, IMAGE-1. */
static bool ends_as(const char *word, const char *other)
{
    size_t n = strlen(word), m = strlen(other);
    return n > m && word[n - m - 1] == '-' && strcmp(word + n - m, other) == 0;
}

static void tell_words_apart(dv_selections *s)
{
    for (int i = 0; i < s->n; i++)
        for (int k = 0; k < s->n; k++)
            if (ends_as(s->layers[i].word, s->layers[k].word))
                dv_word_marked(s->layers[i].layer, s->layers[i].word, sizeof s->layers[i].word);
}

bool dv_select_layers(const dv_model *m, int n, const char *const *layers, const char *channels,
                      dv_selections *s, dv_error *err)
{
    enum { MAX_UNITS = 1000000 };
    int64_t n_units = 0;
    *s = (dv_selections){ .layers = calloc((size_t)n + 1, sizeof *s->layers) };
    if (!s->layers)
        return dv_fail(err, DV_NO_MEMORY, "no memory for %d layers", n);
    for (int i = 0; i < n; i++) {
        if (is_selected(s, layers[i]))
            continue;
        dv_selection *one = &s->layers[s->n++];
        if (!dv_select(m, layers[i], channels, one, err))
            return false;
        n_units += one->n;
    }
    if (n_units > MAX_UNITS)
        return dv_fail(err, DV_BAD_USAGE, "%lld units of an image: at most %d", (long long)n_units,
                       MAX_UNITS);
    s->n_units = (int)n_units;
    tell_words_apart(s);
    return true;
}

void dv_selections_free(dv_selections *s)
{
    for (int i = 0; i < s->n; i++)
        dv_selection_free(&s->layers[i]);
    free(s->layers);
    *s = (dv_selections){ .n = 0 };
}

/* -- positions -------------------------------------------------------------------------------- */

/* A whole number at *at, which moves behind it. */
static bool parse_coordinate(const char **at, int32_t *to)
{
    char *end = NULL;
    if (**at < '0' || **at > '9')
        return false;
    const long v = strtol(*at, &end, 10);
    *at = end;
    *to = (int32_t)(v < DV_MAX_ELEMENTS ? v : DV_MAX_ELEMENTS - 1);
    return v < DV_MAX_ELEMENTS;
}

bool dv_position_parse(const char *text, dv_position *p, dv_error *err)
{
    *p = (dv_position){ .strongest = strcmp(text, "max") == 0, .whole = strcmp(text, "all") == 0 };
    const char *at = text;
    if (p->strongest || p->whole ||
        (parse_coordinate(&at, &p->y) && *at++ == ',' && parse_coordinate(&at, &p->x) && !*at))
        return true;
    return dv_fail(err, DV_BAD_USAGE,
                   "a position is max, all or Y,X, whole numbers from 0, not '%s'", text);
}

bool dv_position_check(const dv_model *m, const dv_selections *s, const dv_position *p,
                       dv_error *err)
{
    for (int i = 0; i < s->n && !p->strongest && !p->whole; i++) {
        const dv_box map = dv_box_whole(dv_tensor_shape(m, s->layers[i].tensor));
        if (p->y >= map.hi[DV_Y] || p->x >= map.hi[DV_X])
            return dv_fail(err, DV_BAD_USAGE, "position %d,%d: layer %s has positions 0,0 to %d,%d",
                           (int)p->y, (int)p->x, s->layers[i].layer, (int)map.hi[DV_Y] - 1,
                           (int)map.hi[DV_X] - 1);
    }
    return true;
}

/* -- units ------------------------------------------------------------------------------------ */

/* The s->n strongest channels of the image, into the units. */
static bool rank_channels(const dv_trace *t, const dv_model *m, const dv_selection *s,
                          dv_unit *units, dv_error *err)
{
    int32_t count = dv_box_whole(dv_tensor_shape(m, s->tensor)).hi[DV_C];
    dv_ranked *r = malloc((size_t)count * sizeof *r);
    if (!r)
        return dv_fail(err, DV_NO_MEMORY, "no memory for channels");
    for (int32_t c = 0; c < count; c++) {
        dv_unit u = { .tensor = s->tensor, .channel = c };
        r[c] = (dv_ranked){ (double)dv_strongest(t, &u), c };
    }
    dv_rank(r, (size_t)count);
    for (int32_t i = 0; i < s->n; i++)
        units[i].channel = r[i].number;
    free(r);
    return true;
}

bool dv_select_units(const dv_trace *t, const dv_model *m, const dv_selection *s,
                     const dv_position *p, dv_unit *units, dv_error *err)
{
    if (!s->channel && !rank_channels(t, m, s, units, err))
        return false;
    dv_box map = dv_box_whole(dv_tensor_shape(m, s->tensor));
    bool one_position = map.hi[DV_Y] == 1 && map.hi[DV_X] == 1;
    for (int32_t i = 0; i < s->n; i++) {
        dv_unit *u = &units[i];
        u->tensor = s->tensor;
        if (s->channel)
            u->channel = s->channel[i];
        u->y = p->whole && !one_position ? DV_ALL : p->y;
        u->x = p->whole && !one_position ? DV_ALL : p->x;
        if (p->strongest || one_position)
            (void)dv_strongest(t, u);
    }
    return true;
}
