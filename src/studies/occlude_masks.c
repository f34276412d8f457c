/* occlude_masks.c - random masks over an image, as RISE has them: Petsiuk, Das and Saenko, "RISE:
 * Randomized Input Sampling for Explanation of Black-box Models", 2018, section 3. */
#include "base/random.h"
#include "base/statistics.h"
#include "studies/occlude_parts.h"

#include <math.h>
#include <stdlib.h>

/* Cells of a mask along a side (theirs: 7); half of their corners show the image. */
enum { CELLS = 7, NODES = CELLS + 2 };

typedef struct masks {
    dv_occlude *study;
    dv_occlude_image *image;
    int height, width;
    float *shown;       /* (n_slots, H,W) how much each mask shows, 0 to 1 */
    float *probability; /* (n_slots) of the class */
    double *sum, *all;  /* (2,H,W) of the even and of the odd masks: weighted probabilities, weights
                         */
} masks;

/* -- one mask --------------------------------------------------------------------------------- */

/* Where a pixel lies among the nodes: behind node *at, by *part of a cell. */
static void locate(int pixel, int side, float offset, int *at, float *part)
{
    const float u = ((float)pixel + 0.5F) * CELLS / (float)side + offset;
    *at = (int)u;
    if (*at > CELLS) /* an offset that was rounded up to 1 */
        *at = CELLS;
    *part = u - (float)*at;
}

/* A grid of zeros and ones, shifted by less than a cell, between its nodes bilinear: shown (H,W).
 */
static void make_mask(uint64_t seed, int height, int width, float *shown)
{
    dv_random r = { .seed = seed };
    float node[NODES][NODES];
    for (int i = 0; i < NODES * NODES; i++)
        node[i / NODES][i % NODES] = dv_random_below(&r, 2) ? 1 : 0;
    const float down = (float)dv_random_real(&r), along = (float)dv_random_real(&r);
    for (int y = 0; y < height; y++) {
        int i, k;
        float p, q, row[NODES];
        locate(y, height, down, &i, &p);
        for (k = 0; k < NODES; k++)
            row[k] = node[i][k] + p * (node[i + 1][k] - node[i][k]);
        for (int x = 0; x < width; x++) {
            locate(x, width, along, &k, &q);
            shown[(size_t)y * (size_t)width + (size_t)x] = row[k] + q * (row[k + 1] - row[k]);
        }
    }
}

static void apply_mask(const masks *k, const float *shown, float *input)
{
    const size_t plane = (size_t)k->height * (size_t)k->width;
    const float *image = k->image->input, *covered = k->image->covered;
    for (size_t i = 0; i < k->study->n_input; i++)
        input[i] = covered[i] + shown[i % plane] * (image[i] - covered[i]);
}

/* -- all of them ------------------------------------------------------------------------------ */

static bool work(void *ctx, dv_worker *w, int64_t task, int n, const int *slots, dv_error *err)
{
    const masks *k = ctx;
    const size_t plane = (size_t)k->height * (size_t)k->width;
    bool ok[DV_CREW_TOGETHER];
    dv_error errors[DV_CREW_TOGETHER];
    for (int i = 0; i < n; i++) {
        float *shown = k->shown + (size_t)slots[i] * plane;
        const uint64_t own = dv_random_at(k->study->o->seed, (uint64_t)(task + i));
        make_mask(own, k->height, k->width, shown);
        apply_mask(k, shown, w->inputs[i]);
        ok[i] = true;
    }
    dv_worker_forward(w, n, ok, errors);
    for (int i = 0; i < n; i++) {
        int best;
        if (!ok[i]) {
            *err = errors[i];
            return false;
        }
        dv_occlude_judge(k->study, w->traces[i], k->image->found.of_class,
                         &k->probability[slots[i]], &best);
    }
    return true;
}

static bool commit(void *ctx, int64_t task, int slot, dv_error *err)
{
    const masks *k = ctx;
    const size_t plane = (size_t)k->height * (size_t)k->width;
    const float *shown = k->shown + (size_t)slot * plane;
    const double p = (double)k->probability[slot];
    double *sum = k->sum + (size_t)(task % 2) * plane, *all = k->all + (size_t)(task % 2) * plane;
    (void)err;
    for (size_t i = 0; i < plane; i++) {
        sum[i] += p * (double)shown[i];
        all[i] += (double)shown[i];
    }
    dv_occlude_step(k->study);
    return true;
}

static float mean(double sum, double all)
{
    return all > 0 ? (float)(sum / all) : NAN;
}

/* Both halves, and how much they are alike; the room of the sums is used for them. */
static void conclude(masks *k)
{
    const size_t plane = (size_t)k->height * (size_t)k->width;
    float *even = k->shown, *odd = k->image->saliency;
    for (size_t i = 0; i < plane; i++) {
        even[i] = mean(k->sum[i], k->all[i]);
        odd[i] = mean(k->sum[plane + i], k->all[plane + i]);
    }
    k->image->found.halves = dv_correlation(even, odd, plane);
    for (size_t i = 0; i < plane; i++)
        k->image->saliency[i] = mean(k->sum[i] + k->sum[plane + i], k->all[i] + k->all[plane + i]);
}

bool dv_occlude_masks(dv_occlude *s, dv_occlude_image *im, dv_error *err)
{
    const int *size = s->o->preprocess.size;
    const size_t plane = (size_t)size[0] * (size_t)size[1], slots = (size_t)s->maskers.n_slots;
    masks k = { .study = s, .image = im, .height = size[0], .width = size[1] };
    const dv_tasks tasks = { .n = s->o->masks,
                             .watch = &s->o->watch,
                             .what = "masks",
                             .ctx = &k,
                             .work_together = work,
                             .commit = commit };
    k.shown = malloc(slots * plane * sizeof *k.shown);
    k.probability = malloc(slots * sizeof *k.probability);
    k.sum = calloc(4 * plane, sizeof *k.sum);
    k.all = k.sum ? k.sum + 2 * plane : NULL;
    bool ok = (k.shown && k.probability && k.sum) ||
              dv_fail(err, DV_NO_MEMORY, "no memory for masks of %dx%d pixels", size[1], size[0]);
    ok = ok && dv_crew_run(&s->maskers, &tasks, err);
    if (ok)
        conclude(&k);
    free(k.shown);
    free(k.probability);
    free(k.sum);
    return ok;
}
