#include "load/builtin.h"

#include "deconvviz/load.h"

#include <string.h>

/* Made by builtin_data.S. */
extern const uint8_t dv_zfnet64_json[], dv_zfnet64_json_end[];
extern const uint8_t dv_zfnet64_weights[], dv_zfnet64_weights_end[];
extern const uint8_t dv_tiny_imagenet_100_txt[], dv_tiny_imagenet_100_txt_end[];

typedef struct linked_file {
    const char *name;
    const uint8_t *begin, *end;
} linked_file;

static const linked_file files[] = {
    { "zfnet64.json", dv_zfnet64_json, dv_zfnet64_json_end },
    { "zfnet64.safetensors", dv_zfnet64_weights, dv_zfnet64_weights_end },
    { "tiny-imagenet-100.txt", dv_tiny_imagenet_100_txt, dv_tiny_imagenet_100_txt_end },
};

typedef struct linked_model {
    const char *name, *network, *weights;
    int map_size; /* of the input's sides for targets that are maps */
} linked_model;

static const linked_model models[] = {
    { DV_DEFAULT_MODEL, "zfnet64.json", "zfnet64.safetensors", 128 },
};

static const linked_model *find(const char *name)
{
    for (size_t i = 0; i < sizeof models / sizeof models[0]; i++)
        if (strcmp(models[i].name, name) == 0)
            return &models[i];
    return NULL;
}

dv_file dv_builtin_file(const char *name)
{
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++)
        if (strcmp(files[i].name, name) == 0)
            return (dv_file){ .data = files[i].begin,
                              .size = (size_t)(files[i].end - files[i].begin) };
    return (dv_file){ .data = NULL };
}

bool dv_builtin_model(const char *name, dv_file *network, dv_file *weights)
{
    const linked_model *m = find(name);
    if (!m)
        return false;
    *network = dv_builtin_file(m->network);
    *weights = dv_builtin_file(m->weights);
    return true;
}

bool dv_builtin_map_size(const char *name, int size[2])
{
    const linked_model *m = find(name);
    if (m)
        size[0] = size[1] = m->map_size;
    return m != NULL;
}
