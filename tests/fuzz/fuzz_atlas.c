/* The settings of an atlas: what is read of them can be made. */
#include "atlas/atlas_settings.h"
#include "base/file.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { CHANNELS = 6 };

/* Whether the settings are within what an atlas takes. */
static bool possible(const dv_atlas_options *o, const dv_index *x)
{
    if (o->quality < 1 || o->quality > 100 || o->compared < 0 || o->compared > DV_ATLAS_HITS ||
        o->n_picks < 1 || o->n_picks > x->n_layers)
        return false;
    for (int i = 0; i < o->n_picks; i++) {
        const dv_sheets_pick *p = &o->picks[i];
        if (p->layer < x->layers || p->layer >= x->layers + x->n_layers || p->n < 1 ||
            p->n > p->layer->size[DV_C])
            return false;
        for (int k = 0; k < p->n; k++)
            if (p->channels[k] < 0 || p->channels[k] >= p->layer->size[DV_C])
                return false;
    }
    return !o->root || strlen(o->root) < DV_FILE_MAX_READ;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    dv_index_layer layers[] = {
        { .layer = "1", .name = "a", .tensor = "a", .size = { CHANNELS, 3, 3 } },
        { .layer = "2", .name = "b", .tensor = "b", .size = { 1, 1, 1 } }
    };
    const dv_index x = { .n_layers = 2, .layers = layers };
    dv_arena a = { 0 };
    dv_atlas_options o = { .folder = "atlas" };
    dv_error err;
    if (dv_atlas_settings_parse(data, size, &x, &o, &a, &err) && !possible(&o, &x))
        abort();
    dv_arena_release(&a);
    return 0;
}
