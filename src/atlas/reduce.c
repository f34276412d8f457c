#include "atlas/reduce.h"

#include <stdlib.h>

void dv_reduced_size(dv_rect r, int side, int *width, int *height)
{
    int w = r.x1 - r.x0, h = r.y1 - r.y0, longer = w > h ? w : h;
    *width = longer > side ? (w * side + longer / 2) / longer : w;
    *height = longer > side ? (h * side + longer / 2) / longer : h;
    *width = *width < 1 ? 1 : *width;
    *height = *height < 1 ? 1 : *height;
}

/* How much of source pixel `at` lies in target pixel `i`, where `from` pixels become `to`; in
 * 1 / to of a pixel. */
static int coverage(int i, int at, int from, int to)
{
    int lo = i * from > at * to ? i * from : at * to;
    int hi = (i + 1) * from < (at + 1) * to ? (i + 1) * from : (at + 1) * to;
    return hi > lo ? hi - lo : 0;
}

/* One row of the signal, averaged to (width). x: the row's pixels, from r.x0 + `first` to `end`. */
static void reduce_row(const float *x, int first, int end, int from, int width, float *to)
{
    for (int i = 0; i < width; i++) {
        int lo = i * from / width, hi = ((i + 1) * from + width - 1) / width;
        lo = lo < first ? first : lo;
        hi = hi > end ? end : hi;
        float sum = 0;
        for (int at = lo; at < hi; at++)
            sum += (float)coverage(i, at, from, width) * x[at - first];
        to[i] = sum / (float)from;
    }
}

bool dv_reduce_signal(dv_signal *out, const dv_signal *s, dv_rect r, int width, int height,
                      dv_error *err)
{
    int channels = s->box.hi[DV_C], from_w = r.x1 - r.x0, from_h = r.y1 - r.y0;
    dv_box shown = { { 0, r.y0, r.x0 }, { channels, r.y1, r.x1 } };
    *out = (dv_signal){ 0 };
    shown = dv_box_intersect(shown, s->box);
    if (dv_box_empty(&shown) || !s->data)
        return true;
    out->box = (dv_box){ { 0, 0, 0 }, { channels, height, width } };
    out->data = calloc(dv_box_count(&out->box), sizeof *out->data);
    float *row = malloc((size_t)width * sizeof *row);
    if (!out->data || !row) {
        free(out->data);
        free(row);
        return dv_fail(err, DV_NO_MEMORY, "no memory for a signal of %dx%d", width, height);
    }
    for (int c = shown.lo[DV_C]; c < channels; c++)
        for (int y = shown.lo[DV_Y]; y < shown.hi[DV_Y]; y++) {
            int at = y - r.y0;
            reduce_row(dv_signal_at(s, c, y, shown.lo[DV_X]), shown.lo[DV_X] - r.x0,
                       shown.hi[DV_X] - r.x0, from_w, width, row);
            for (int i = at * height / from_h; i < height && coverage(i, at, from_h, height); i++) {
                float weight = (float)coverage(i, at, from_h, height) / (float)from_h;
                for (int x = 0; x < width; x++)
                    *dv_signal_at(out, c, i, x) += weight * row[x];
            }
        }
    free(row);
    return true;
}
