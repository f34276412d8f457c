/* atlas_tell.c - what the projection of a hit and its patch tell of the unit: direction and
 * frequency by the structure tensor (Bigun and Granlund, "Optimal orientation detection of linear
 * symmetry", 1987), and colour. */
#include "atlas/atlas_work.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* The mean over the channels of two rows' pixels from y on. */
static void grey_row(const dv_signal *s, int y, int width, float *to)
{
    const dv_box *b = &s->box;
    memset(to, 0, (size_t)width * sizeof *to);
    for (int c = b->lo[DV_C]; c < b->hi[DV_C]; c++) {
        const float *v = dv_signal_at(s, c, y, b->lo[DV_X]);
        for (int x = 0; x < width; x++)
            to[x] += v[x];
    }
}

/* Gradients between four pixels each: a b above c d. */
bool dv_tell_projection(dv_told *t, const dv_signal *s, dv_error *err)
{
    const dv_box *b = &s->box;
    const int width = b->hi[DV_X] - b->lo[DV_X];
    if (!s->data || dv_box_empty(b))
        return true;
    float *rows = malloc(2 * (size_t)width * sizeof *rows);
    if (!rows)
        return dv_fail(err, DV_NO_MEMORY, "no memory for a row of %d pixels", width);
    float *above = rows, *below = rows + width;
    double energy = 0, xx = 0, yy = 0, xy = 0;
    for (int y = b->lo[DV_Y]; y < b->hi[DV_Y]; y++) {
        float row_energy = 0, row_xx = 0, row_yy = 0, row_xy = 0;
        grey_row(s, y, width, below);
        for (int x = 0; x < width; x++)
            row_energy += below[x] * below[x];
        for (int x = 0; x + 1 < width && y > b->lo[DV_Y]; x++) {
            const float down = below[x] - above[x], also = below[x + 1] - above[x + 1];
            const float gy = (down + also) / 2;
            const float gx = (below[x + 1] - below[x] + above[x + 1] - above[x]) / 2;
            row_xx += gx * gx;
            row_yy += gy * gy;
            row_xy += gx * gy;
        }
        energy += (double)row_energy;
        xx += (double)row_xx;
        yy += (double)row_yy;
        xy += (double)row_xy;
        float *swapped = above;
        above = below;
        below = swapped;
    }
    free(rows);
    t->energy += (float)energy;
    t->slopes += (float)(xx + yy);
    t->across += (float)(xx - yy);
    t->along += (float)(2 * xy);
    return true;
}

void dv_tell_colour(dv_told *t, const dv_image *projection, const dv_image *patch)
{
    const size_t n = (size_t)projection->width * (size_t)projection->height;
    int64_t weight = 0, sum[3] = { 0 };
    for (size_t i = 0; i < n; i++) {
        const uint8_t *r = projection->rgb + i * 3, *seen = patch->rgb + i * 3;
        const int w = abs(r[0] - 128) + abs(r[1] - 128) + abs(r[2] - 128);
        weight += w;
        for (int c = 0; c < 3; c++)
            sum[c] += w * seen[c];
    }
    t->weight += (float)weight;
    for (int c = 0; c < 3; c++)
        t->rgb[c] += (float)sum[c];
}

void dv_told_add(dv_told *t, const dv_told *more)
{
    t->energy += more->energy;
    t->slopes += more->slopes;
    t->across += more->across;
    t->along += more->along;
    t->weight += more->weight;
    for (int c = 0; c < 3; c++)
        t->rgb[c] += more->rgb[c];
}
