#include "cli/layer_list.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

enum { HIGHEST = 999999 }; /* a number that fits */

static bool add(cli_layer_list *to, const char *text, dv_error *err)
{
    for (int i = 0; i < to->n; i++)
        if (strcmp(to->text[i], text) == 0)
            return true;
    if (to->n == CLI_LIST_MAX)
        return dv_fail(err, DV_BAD_USAGE, "--layer names more than %d layers", CLI_LIST_MAX);
    to->text[to->n++] = text;
    return true;
}

static bool add_number(cli_layer_list *to, long number, dv_error *err)
{
    char text[sizeof *to->number];
    snprintf(text, sizeof text, "%ld", number);
    int before = to->n;
    if (!add(to, text, err))
        return false;
    if (to->n > before)
        to->text[before] = memcpy(to->number[before], text, sizeof text);
    return true;
}

/* One number at *at, which moves behind it; -1: there is none. */
static long read_number(const char **at)
{
    char *end;
    if (!isdigit((unsigned char)**at))
        return -1;
    long n = strtol(*at, &end, 10);
    *at = end;
    return n <= HIGHEST ? n : -1;
}

/* "1,5,8-10" */
static bool add_list(cli_layer_list *to, const char *text, dv_error *err)
{
    const char *at = text;
    do {
        long first = read_number(&at), last = first;
        if (*at == '-') {
            at++;
            last = read_number(&at);
        }
        if (first < 0 || last < first || (*at && *at != ','))
            return dv_fail(err, DV_BAD_USAGE,
                           "--layer '%s': a list is numbers and ranges, as in 1,5,8-10", text);
        for (long n = first; n <= last; n++)
            if (!add_number(to, n, err))
                return false;
    } while (*at++ == ',');
    return true;
}

bool cli_layers_expand(const cli_list *words, bool (*is_layer)(const void *ctx, const char *text),
                       const void *ctx, cli_layer_list *to, dv_error *err)
{
    to->n = 0;
    for (int i = 0; i < words->n; i++) {
        const char *text = words->text[i];
        bool list = strpbrk(text, ",-") && strspn(text, "0123456789,-") == strlen(text);
        if (!(list && !is_layer(ctx, text) ? add_list : add)(to, text, err))
            return false;
    }
    return true;
}

static bool is_in_model(const void *m, const char *text)
{
    int tensor;
    return dv_model_find(m, text, &tensor, NULL);
}

/* All weight layers, where "all" is no tensor's name and names nothing else beside. */
static bool add_all(const dv_model *m, cli_layer_list *to, dv_error *err)
{
    to->n = 0;
    for (int i = 0; i < dv_model_n_layers(m); i++)
        if (!add_number(to, i + 1, err))
            return false;
    return true;
}

bool cli_layers_of(const dv_model *m, const cli_list *words, cli_layer_list *to, dv_error *err)
{
    if (words->n == 1 && strcmp(words->text[0], "all") == 0 && !is_in_model(m, "all"))
        return add_all(m, to, err);
    return cli_layers_expand(words, is_in_model, m, to, err);
}

bool cli_tensors_to_mine(const dv_model *m, const cli_list *words, int *tensors, int *n,
                         dv_error *err)
{
    cli_layer_list layers;
    *n = 0;
    if (!cli_layers_of(m, words, &layers, err))
        return false;
    for (int i = 0; i < layers.n; i++) {
        if (strcmp(layers.text[i], "all") == 0) {
            *n = 0;
            return true;
        }
        if (!dv_model_find(m, layers.text[i], &tensors[(*n)++], err))
            return false;
    }
    return true;
}
