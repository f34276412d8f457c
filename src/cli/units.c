#include "cli/units.h"

#include <stdlib.h>
#include <string.h>

static bool fail_channel(const char *text, const cli_selection *s, int32_t channels, dv_error *err)
{
    return dv_fail(err, DV_BAD_USAGE,
                   "--channel %s: layer %s has channels 0 to %d (12, 0-15, 3,7,9, all or top:9)",
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
static bool parse_list(const char *text, cli_selection *s, int32_t channels, dv_error *err)
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

bool cli_select(const dv_model *m, const char *layer, const char *channels, cli_selection *s,
                dv_error *err)
{
    *s = (cli_selection){ .layer = layer };
    dv_word(layer, s->word, sizeof s->word);
    if (!dv_model_find(m, layer, &s->tensor, err))
        return false;
    int32_t count = dv_box_whole(dv_tensor_shape(m, s->tensor)).hi[DV_C];
    if (strncmp(channels, "top:", 4) == 0) {
        char *end;
        long n = strtol(channels + 4, &end, 10);
        if (end == channels + 4 || *end || n < 1)
            return fail_channel(channels, s, count, err);
        s->n = n < count ? (int32_t)n : count;
        return true;
    }
    char all[32];
    snprintf(all, sizeof all, "0-%d", (int)count - 1);
    if (parse_list(strcmp(channels, "all") == 0 ? all : channels, s, count, err))
        return true;
    free(s->channel);
    s->channel = NULL;
    return false;
}

bool cli_parse_position(const char *text, cli_position *p, dv_error *err)
{
    *p = (cli_position){ .strongest = strcmp(text, "max") == 0, .whole = strcmp(text, "all") == 0 };
    if (p->strongest || p->whole)
        return true;
    double v[2];
    const cli_range range = { 0, DV_MAX_ELEMENTS - 1, true };
    if (cli_read_numbers(text, "--position", range, 2, v, NULL) != 2)
        return dv_fail(err, DV_BAD_USAGE,
                       "--position takes max, all or Y,X, whole numbers from 0, not '%s'", text);
    p->y = (int32_t)v[0];
    p->x = (int32_t)v[1];
    return true;
}

bool cli_check_position(const dv_model *m, const cli_selection *s, const cli_position *p,
                        dv_error *err)
{
    dv_box map = dv_box_whole(dv_tensor_shape(m, s->tensor));
    if (p->strongest || p->whole || (p->y < map.hi[DV_Y] && p->x < map.hi[DV_X]))
        return true;
    return dv_fail(err, DV_BAD_USAGE, "--position %d,%d: layer %s has positions 0,0 to %d,%d",
                   (int)p->y, (int)p->x, s->layer, (int)map.hi[DV_Y] - 1, (int)map.hi[DV_X] - 1);
}

typedef struct ranked {
    float value;
    int32_t channel;
} ranked;

static int by_value(const void *a, const void *b)
{
    const ranked *p = a, *q = b;
    if (p->value != q->value)
        return p->value > q->value ? -1 : 1;
    return (p->channel > q->channel) - (p->channel < q->channel);
}

/* The s->n strongest channels of the image, into the units. */
static bool rank_channels(const dv_trace *t, const dv_model *m, const cli_selection *s,
                          dv_unit *units, dv_error *err)
{
    int32_t count = dv_box_whole(dv_tensor_shape(m, s->tensor)).hi[DV_C];
    ranked *r = malloc((size_t)count * sizeof *r);
    if (!r)
        return dv_fail(err, DV_NO_MEMORY, "no memory for channels");
    for (int32_t c = 0; c < count; c++) {
        dv_unit u = { .tensor = s->tensor, .channel = c };
        r[c] = (ranked){ dv_strongest(t, &u), c };
    }
    qsort(r, (size_t)count, sizeof *r, by_value);
    for (int32_t i = 0; i < s->n; i++)
        units[i].channel = r[i].channel;
    free(r);
    return true;
}

bool cli_units(const dv_trace *t, const dv_model *m, const cli_selection *s, const cli_position *p,
               dv_unit *units, dv_error *err)
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
