/* What a browser, or anyone else, asks of a server: parameters "KEY=VALUE", a line each, and lines
 * "Host: …", "Origin: …" … of who asks. What is taken is within its limits. */
#include "serve/asked.h"
#include "serve/gate.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds)
        abort();
}

static void check(const dv_asked *a)
{
    require(a->model >= 0 && a->model < 64 && a->unit >= -1 && a->n >= 0 && a->n <= DV_ASKED_MOST);
    require(a->side >= 0 && a->side <= DV_ASKED_SIDE_MAX && a->turn >= 0);
    require(memchr(a->image, 0, sizeof a->image) && memchr(a->layer, 0, sizeof a->layer) &&
            memchr(a->name, 0, sizeof a->name) && memchr(a->lane, 0, sizeof a->lane));
    require((int)a->rule >= 0 && a->rule < DV_N_RULES && (int)a->format >= 0 &&
            a->format < DV_N_FORMATS);
    require(isfinite(a->scale) && a->scale >= 0);
}

/* What was parsed can be made: a small picture so. */
static void check_edit(const dv_edit *e)
{
    static uint8_t pixels[3 * 8 * 8];
    const dv_preprocess p = {
        .resize = 8, .size = { 8, 8 }, .channels = 3, .scale = 1, .std = { 1, 1, 1 }
    };
    const dv_image im = { 8, 8, pixels };
    dv_image seen;
    dv_error err;
    require(isfinite(e->moved.shift[0]) && isfinite(e->moved.shift[1]) &&
            isfinite(e->moved.degrees) && e->moved.scale >= DV_TRANSFORM_SMALLEST &&
            e->moved.scale <= DV_TRANSFORM_LARGEST && e->n_masks <= DV_EDIT_STEPS);
    if (dv_edit_view(e, &im, &p, &seen, &err))
        dv_image_free(&seen);
}

static void take_line(dv_asked *a, dv_caller *c, char *line)
{
    dv_error err = { 0 };
    char *value = strpbrk(line, "=:");
    if (!value)
        return;
    const bool header = *value == ':';
    *value++ = '\0';
    if (!header) {
        if (dv_asked_take(a, line, value, &err)) {
            check(a);
            if (strcmp(line, "edit") == 0)
                check_edit(&a->edit);
        } else {
            require(err.message[0] && !strchr(err.message, '\n'));
        }
    } else if (strcmp(line, "Host") == 0) {
        c->host = value;
    } else if (strcmp(line, "Origin") == 0) {
        c->origin = value;
    } else if (strcmp(line, "Site") == 0) {
        c->site = value;
    } else if (strcmp(line, "Token") == 0) {
        c->token = value;
    }
}

/* Who is let in has one of three names, and the token. */
static void check_gate(const dv_caller *c)
{
    const dv_gate g = { .token = "t0ken" };
    if (dv_gate_refuses(&g, c))
        return;
    require(c->token && strcmp(c->token, "t0ken") == 0);
    require(strncmp(c->host, "localhost", 9) == 0 || strncmp(c->host, "127.0.0.1", 9) == 0 ||
            strncmp(c->host, "[::1]", 5) == 0);
    require(!c->origin || strcmp(strstr(c->origin, "://") + 3, c->host) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1), *rest = text;
    static dv_asked a;
    dv_caller c = { .host = NULL };
    dv_asked_nothing(&a);
    require(text != NULL);
    memcpy(text, data, size);
    text[size] = '\0';
    for (char *line = strtok_r(rest, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
        take_line(&a, &c, line);
    check_gate(&c);
    free(text);
    return 0;
}
