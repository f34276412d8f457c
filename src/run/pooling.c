#include "run/pooling.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const words[] = {
    [DV_POOLING_MAX] = "max", [DV_POOLING_MEAN] = "mean", [DV_POOLING_NONE] = "none"
};

bool dv_pooling_parse(const char *text, dv_pooling *p, dv_error *err)
{
    char *end = NULL;
    for (int i = 0; i < (int)(sizeof words / sizeof words[0]); i++)
        if (strcmp(text, words[i]) == 0) {
            *p = (dv_pooling){ .by = i };
            return true;
        }
    const bool grid = strncmp(text, "grid:", 5) == 0;
    const long side = grid ? strtol(text + 5, &end, 10) : 0;
    if (!grid || end == text + 5 || *end || side < 1 || side > DV_POOLING_MAX_SIDE)
        return dv_fail(err, DV_BAD_USAGE,
                       "'%s' is no pooling: max, mean, none or grid:1 to grid:%d", text,
                       DV_POOLING_MAX_SIDE);
    *p = (dv_pooling){ .by = DV_POOLING_GRID, .side = (int)side };
    return true;
}

const char *dv_pooling_text(const dv_pooling *p, char text[DV_POOLING_TEXT_MAX])
{
    if (p->by == DV_POOLING_GRID)
        snprintf(text, DV_POOLING_TEXT_MAX, "grid:%d", p->side);
    else
        snprintf(text, DV_POOLING_TEXT_MAX, "%s", words[p->by]);
    return text;
}

static bool has_positions(const dv_box *b)
{
    return b->hi[DV_Y] > 1 || b->hi[DV_X] > 1;
}

size_t dv_pooled_count(const dv_pooling *p, const dv_shape *s)
{
    const dv_box b = dv_box_whole(s);
    if (p->by == DV_POOLING_NONE || !has_positions(&b))
        return dv_shape_count(s);
    return (size_t)b.hi[DV_C] * (p->by == DV_POOLING_GRID ? (size_t)p->side * (size_t)p->side : 1);
}

/* Of rows y0 to y1 and columns x0 to x1 of a plane that is w wide. */
static float mean_of(const float *plane, int w, int y0, int y1, int x0, int x1)
{
    double sum = 0;
    for (int y = y0; y < y1; y++)
        for (int x = x0; x < x1; x++)
            sum += (double)plane[(size_t)y * (size_t)w + (size_t)x];
    return (float)(sum / ((double)(y1 - y0) * (double)(x1 - x0)));
}

static void pool_grid(const float *plane, int h, int w, int side, float *to)
{
    for (int i = 0; i < side; i++)
        for (int k = 0; k < side; k++)
            to[i * side + k] = mean_of(plane, w, i * h / side, ((i + 1) * h + side - 1) / side,
                                       k * w / side, ((k + 1) * w + side - 1) / side);
}

static float max_of(const float *v, size_t n)
{
    float most = v[0];
    for (size_t i = 1; i < n; i++)
        most = v[i] > most ? v[i] : most;
    return most;
}

void dv_pool_map(const dv_pooling *p, const dv_shape *s, const float *map, float *to)
{
    const dv_box b = dv_box_whole(s);
    const int h = b.hi[DV_Y], w = b.hi[DV_X], side = p->by == DV_POOLING_GRID ? p->side : 1;
    const size_t plane = (size_t)h * (size_t)w;
    if (p->by == DV_POOLING_NONE || !has_positions(&b)) {
        memcpy(to, map, dv_shape_count(s) * sizeof *to);
        return;
    }
    for (int32_t c = 0; c < b.hi[DV_C]; c++, map += plane) {
        if (p->by == DV_POOLING_MAX)
            to[c] = max_of(map, plane);
        else
            pool_grid(map, h, w, side, to + (size_t)c * (size_t)side * (size_t)side);
    }
}

void dv_normalize(float *v, size_t n)
{
    double squares = 0;
    for (size_t i = 0; i < n; i++)
        squares += (double)v[i] * (double)v[i];
    const float factor = squares > 0 ? (float)(1 / sqrt(squares)) : 0;
    for (size_t i = 0; i < n; i++)
        v[i] *= factor;
}
