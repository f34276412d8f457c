#include "serve/server.h"

#include <string.h>

/* What is not behind the turnstile makes no use of the networks. */
static const dv_endpoint endpoints[] = {
    { .name = "state", .answer = dv_answer_state },
    { .name = "images", .answer = dv_answer_images, .post = true },
    { .name = "image", .answer = dv_answer_image },
    { .name = "input", .answer = dv_answer_input, .works = true },
    { .name = "predict", .answer = dv_answer_predict, .works = true },
    { .name = "strongest", .answer = dv_answer_strongest, .works = true },
    { .name = "maps", .answer = dv_answer_maps, .works = true },
    { .name = "map", .answer = dv_answer_map, .works = true },
    { .name = "shift", .answer = dv_answer_shift, .works = true },
    { .name = "project", .answer = dv_answer_project, .works = true },
    { .name = "command", .answer = dv_answer_command },
    { .name = "unusual", .answer = dv_answer_unusual, .works = true },
    { .name = "hits", .answer = dv_answer_hits },
    { .name = "hit", .answer = dv_answer_hit, .works = true },
};

const dv_endpoint *dv_endpoint_find(const char *name)
{
    for (size_t i = 0; i < sizeof endpoints / sizeof endpoints[0]; i++)
        if (strcmp(name, endpoints[i].name) == 0)
            return &endpoints[i];
    return NULL;
}
