#include "serve/server.h"

#include <string.h>

static const dv_endpoint endpoints[] = {
    { "state", false, DV_N_WORKS, dv_answer_state },
    { "images", true, DV_WORKS_ON_IMAGES, dv_answer_images },
    { "image", false, DV_WORKS_ON_IMAGES, dv_answer_image },
    { "input", false, DV_WORKS_ON_NETWORKS, dv_answer_input },
    { "predict", false, DV_WORKS_ON_NETWORKS, dv_answer_predict },
    { "strongest", false, DV_WORKS_ON_NETWORKS, dv_answer_strongest },
    { "maps", false, DV_WORKS_ON_NETWORKS, dv_answer_maps },
    { "map", false, DV_WORKS_ON_NETWORKS, dv_answer_map },
    { "shift", false, DV_WORKS_ON_NETWORKS, dv_answer_shift },
    { "project", false, DV_WORKS_ON_NETWORKS, dv_answer_project },
    { "command", false, DV_N_WORKS, dv_answer_command },
    { "unusual", false, DV_WORKS_ON_NETWORKS, dv_answer_unusual },
    { "hits", false, DV_N_WORKS, dv_answer_hits },
    { "hit", false, DV_WORKS_ON_NETWORKS, dv_answer_hit },
};

const dv_endpoint *dv_endpoint_find(const char *name)
{
    for (size_t i = 0; i < sizeof endpoints / sizeof endpoints[0]; i++)
        if (strcmp(name, endpoints[i].name) == 0)
            return &endpoints[i];
    return NULL;
}
