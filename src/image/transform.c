#include "image/transform.h"

#include <assert.h>
#include <math.h>
#include <string.h>

enum {
    CHANNELS = 3,
    MOST_TAPS = 48, /* of a triangle at the smallest scale: 41 */
    BEYOND = -1     /* a place where the image does not reach, and a color is seen */
};

/* -- one axis --------------------------------------------------------------------------------- */

/* What a value is made of along one axis: pixels at `at`, or BEYOND, by their weights, 1 in all. */
typedef struct taps {
    int n, at[MOST_TAPS];
    double weight[MOST_TAPS];
} taps;

/* Where pixel i is found in a row of n of them. */
static int find(int i, int n, dv_fill fill)
{
    if (i >= 0 && i < n)
        return i;
    if (fill == DV_FILL_EDGE)
        return i < 0 ? 0 : n - 1;
    if (fill != DV_FILL_REFLECT)
        return BEYOND;
    const int turn = ((i % (2 * n)) + 2 * n) % (2 * n);
    return turn < n ? turn : 2 * n - 1 - turn;
}

/* place: in pixel edges; half: of the triangle's base, at least 1 pixel. */
static void find_taps(taps *t, double place, double half, int n, dv_fill fill)
{
    const double middle = place - 0.5;
    const int first = (int)floor(middle - half) + 1, last = (int)ceil(middle + half) - 1;
    double sum = 0;
    t->n = last - first + 1;
    assert(t->n > 0 && t->n <= MOST_TAPS);
    for (int k = 0; k < t->n; k++) {
        t->at[k] = find(first + k, n, fill);
        sum += t->weight[k] = 1 - fabs(first + k - middle) / half;
    }
    for (int k = 0; k < t->n; k++)
        t->weight[k] /= sum;
}

/* -- the plane -------------------------------------------------------------------------------- */

/* From what is seen back to the image: its x is x * xx + y * xy, both from the centre. */
typedef struct turn {
    double xx, xy, yx, yy;
} turn;

/* Right angles are exact. */
static turn turn_back(const dv_transform *t)
{
    static const double cosines[4] = { 1, 0, -1, 0 };
    const double quarters = rint(t->degrees / 90), pi = 3.14159265358979323846;
    const double rest = (t->degrees - 90 * quarters) * pi / 180;
    const int quarter = (int)(fmod(quarters, 4) + 4) % 4;
    const double c = cosines[quarter], s = cosines[(quarter + 3) % 4];
    const double cosine = c * cos(rest) - s * sin(rest), sine = s * cos(rest) + c * sin(rest);
    return (turn){ cosine / t->scale, -sine / t->scale, sine / t->scale, cosine / t->scale };
}

static void mean_of(const dv_image *im, dv_part view, uint8_t mean[CHANNELS])
{
    const uint64_t n = (uint64_t)view.width * (uint64_t)view.height;
    uint64_t sum[CHANNELS] = { 0 };
    for (int y = 0; y < view.height; y++) {
        const uint8_t *row =
            im->rgb + CHANNELS * ((size_t)(view.y + y) * (size_t)im->width + (size_t)view.x);
        for (int i = 0; i < CHANNELS * view.width; i++)
            sum[i % CHANNELS] += row[i];
    }
    for (int c = 0; c < CHANNELS; c++)
        mean[c] = (uint8_t)((sum[c] + n / 2) / n);
}

static void mix(const dv_image *im, const taps *xs, const taps *ys, const uint8_t *color,
                uint8_t *to)
{
    double sum[CHANNELS] = { 0 };
    for (int i = 0; i < ys->n; i++)
        for (int k = 0; k < xs->n; k++) {
            const bool beyond = ys->at[i] == BEYOND || xs->at[k] == BEYOND;
            const uint8_t *from =
                beyond ? color
                       : im->rgb +
                             CHANNELS * ((size_t)ys->at[i] * (size_t)im->width + (size_t)xs->at[k]);
            const double weight = ys->weight[i] * xs->weight[k];
            for (int c = 0; c < CHANNELS; c++)
                sum[c] += weight * from[c];
        }
    for (int c = 0; c < CHANNELS; c++)
        to[c] = (uint8_t)(sum[c] + 0.5);
}

double dv_transform_view(const dv_image *im, dv_part view, const dv_transform *t, dv_fill fill,
                         uint8_t *to)
{
    const double half = t->scale < 1 ? 1 / t->scale : 1;
    const double middle_x = view.width / 2.0, middle_y = view.height / 2.0;
    const turn back = turn_back(t);
    uint8_t color[CHANNELS] = { 128, 128, 128 };
    int64_t uncovered = 0;
    if (fill == DV_FILL_MEAN)
        mean_of(im, view, color);
    for (int y = 0; y < view.height; y++)
        for (int x = 0; x < view.width; x++) {
            const double dx = x + 0.5 - middle_x - t->shift[1];
            const double dy = y + 0.5 - middle_y - t->shift[0];
            const double at_x = view.x + middle_x + (dx * back.xx + dy * back.xy);
            const double at_y = view.y + middle_y + (dx * back.yx + dy * back.yy);
            taps xs, ys;
            find_taps(&xs, at_x, half, im->width, fill);
            find_taps(&ys, at_y, half, im->height, fill);
            mix(im, &xs, &ys, color, to + CHANNELS * ((size_t)y * (size_t)view.width + (size_t)x));
            uncovered += at_x < 0 || at_x >= im->width || at_y < 0 || at_y >= im->height;
        }
    return (double)uncovered / ((double)view.width * view.height);
}

int dv_transform_reach(const dv_transform *t, int width, int height)
{
    const turn back = turn_back(t);
    const double w = width / 2.0 + fabs(t->shift[1]), h = height / 2.0 + fabs(t->shift[0]);
    const double x = w * fabs(back.xx) + h * fabs(back.xy) - width / 2.0;
    const double y = w * fabs(back.yx) + h * fabs(back.yy) - height / 2.0;
    const double half = t->scale < 1 ? 1 / t->scale : 1;
    return (int)ceil(fmax(fmax(x, y), 0) + half) + 1;
}
