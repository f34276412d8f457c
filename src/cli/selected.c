#include "cli/selected.h"

#include "deconvviz/load.h"

#include <stdlib.h>
#include <string.h>

static bool already_selected(const cli_selected *s, const char *layer)
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

static void tell_words_apart(cli_selected *s)
{
    for (int i = 0; i < s->n; i++)
        for (int k = 0; k < s->n; k++)
            if (ends_as(s->layers[i].word, s->layers[k].word))
                dv_word_marked(s->layers[i].layer, s->layers[i].word, sizeof s->layers[i].word);
}

static bool select_units(const dv_model *m, const cli_list *layers, const char *channels,
                         cli_selected *s, dv_error *err)
{
    int64_t n_units = 0;
    *s = (cli_selected){ .n = 0 };
    for (int i = 0; i < layers->n; i++) {
        if (already_selected(s, layers->text[i]))
            continue;
        cli_selection *one = &s->layers[s->n++];
        if (!cli_select(m, layers->text[i], channels, one, err))
            return false;
        n_units += one->n;
    }
    if (n_units > 1000000)
        return dv_fail(err, DV_BAD_USAGE, "%lld units of an image: at most 1000000",
                       (long long)n_units);
    s->n_units = (int)n_units;
    tell_words_apart(s);
    return true;
}

void cli_selected_free(cli_selected *s)
{
    for (int i = 0; i < s->n; i++)
        free(s->layers[i].channel);
    s->n = s->n_units = 0;
}

/* Whether every layer asked for is a map, which can be computed at another size of the input. */
static bool all_are_maps(const dv_model *m, const cli_selected *s)
{
    for (int i = 0; i < s->n; i++) {
        dv_box map = dv_box_whole(dv_tensor_shape(m, s->layers[i].tensor));
        if (map.hi[DV_Y] == 1 && map.hi[DV_X] == 1)
            return false;
    }
    return true;
}

bool cli_open_for(cli_network *n, const cli_network_options *o, const int *map_size,
                  const cli_list *layers, const char *channels, cli_selected *s, dv_error *err)
{
    cli_network_options quiet = *o;
    int size[2];
    quiet.quiet = true;
    bool larger = !map_size && o->size.n == 0 && dv_builtin_map_size(cli_network_model(o), size);
    if (!cli_network_open(n, larger ? &quiet : o, map_size, err) ||
        !select_units(n->model, layers, channels, s, err))
        return false;
    if (!larger)
        return true;
    const bool maps = all_are_maps(n->model, s);
    cli_selected_free(s);
    return cli_network_settle(n, o, maps ? size : NULL, err) &&
           select_units(n->model, layers, channels, s, err);
}
