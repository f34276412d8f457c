/* correspond_measure.c - from signs to the numbers of the table. */
#include "base/random.h"
#include "base/size.h"
#include "base/statistics.h"
#include "studies/correspond_signs.h"
#include "studies/correspond_study.h"

#include <math.h>
#include <stdlib.h>

/* All that one kind of box does to a layer: of a part, or of what it is held against. */
typedef struct pairs {
    double *score[DV_N_SIGN_MEASURES]; /* (n, n) the upper triangle: mean over the repeats */
    dv_sample all[DV_N_SIGN_MEASURES]; /* every pair and repeat */
    dv_sign_shares shares;
} pairs;

/* Of one layer. Starts out as zeros but for c. */
typedef struct measure {
    const dv_covering *c;
    const dv_sign_layer *layer;
    pairs *covered, *against; /* (n_parts + 1) the last: all parts in the mean */
    int *weight;              /* (n) how often an image has been drawn */
    double *drawn;            /* (3, resamples) */
    dv_sign_counts *counts;   /* (n) of one box */
} measure;

/* -- pairs ------------------------------------------------------------------------------------ */

static const uint64_t *signs_of(const measure *m, int image, int box)
{
    const size_t at = (size_t)image * (size_t)m->c->n_boxes + (size_t)box;
    return &m->layer->signs[at * m->layer->words];
}

/* How many of n signs would differ by chance, as a share. */
static double by_chance(dv_sign_counts a, dv_sign_counts b, double n)
{
    const double up = (double)a.up / n * ((double)b.up / n);
    const double down = (double)a.down / n * ((double)b.down / n);
    const double none = (1 - (double)(a.up + a.down) / n) * (1 - (double)(b.up + b.down) / n);
    return 1 - up - down - none;
}

static void add_score(pairs *to, int of, int at, double v, int repeats)
{
    to->score[of][at] += v / repeats;
    dv_sample_add(&to->all[of], v);
}

/* Adds what one box does to every pair, as one of `repeats`. */
static void add_box(const measure *m, int box, int repeats, pairs *to)
{
    const int n = m->c->n_images;
    const double size = (double)m->layer->size, n_pairs = 0.5 * n * (n - 1);
    for (int i = 0; i < n; i++) {
        m->counts[i] = dv_signs_count(signs_of(m, i, box), m->layer->size);
        to->shares.changed += (double)(m->counts[i].up + m->counts[i].down) / size / n / repeats;
    }
    for (int i = 0; i < n; i++)
        for (int j = i + 1; j < n; j++) {
            const dv_sign_distance d =
                dv_signs_compare(signs_of(m, i, box), signs_of(m, j, box), m->layer->size);
            const double differ = (double)d.differ / size;
            const double chance = by_chance(m->counts[i], m->counts[j], size);
            to->shares.opposite += (double)d.opposite / size / n_pairs / repeats;
            add_score(to, DV_SIGN_CHANGE, i * n + j, differ, repeats);
            add_score(to, DV_SIGN_AGREEMENT, i * n + j, chance > 0 ? 1 - differ / chance : 1,
                      repeats);
        }
}

/* Of two samples in one (Chan, Golub and LeVeque 1979). */
static void join(dv_sample *to, const dv_sample *s)
{
    const double n = (double)to->n + (double)s->n, apart = s->mean - to->mean;
    to->squares += s->squares + apart * apart * (double)to->n * (double)s->n / n;
    to->mean += apart * (double)s->n / n;
    to->n += s->n;
}

/* Adds one of `parts` to their mean. */
static void add_part(const measure *m, const pairs *part, int parts, pairs *to)
{
    const int n = m->c->n_images;
    for (int k = 0; k < DV_N_SIGN_MEASURES; k++) {
        for (int i = 0; i < n * n; i++)
            to->score[k][i] += part->score[k][i] / parts;
        join(&to->all[k], &part->all[k]);
    }
    to->shares.opposite += part->shares.opposite / parts;
    to->shares.changed += part->shares.changed / parts;
}

static void compare_all(const measure *m)
{
    const int parts = m->c->n_parts, repeats = m->c->o->repeats;
    for (int p = 0; p < parts; p++) {
        add_box(m, p, 1, &m->covered[p]);
        for (int r = 0; r < repeats; r++)
            add_box(m, p + parts * (1 + r), repeats, &m->against[p]);
        add_part(m, &m->covered[p], parts, &m->covered[parts]);
        add_part(m, &m->against[p], parts, &m->against[parts]);
    }
}

/* -- intervals -------------------------------------------------------------------------------- */

/* As many images as there are, with replacement, at least two of them different. */
static void draw_images(const measure *m, dv_random *random)
{
    const int n = m->c->n_images;
    for (int different = 0; different < 2;) {
        for (int i = 0; i < n; i++)
            m->weight[i] = 0;
        different = 0;
        for (int i = 0; i < n; i++)
            different += m->weight[dv_random_below(random, (uint32_t)n)]++ == 0;
    }
}

/* The mean over the pairs of the images drawn, where an image is not its own pair: of both and of
 * their difference. */
static void mean_of_drawn(const measure *m, const double *covered, const double *against,
                          double means[3])
{
    const int n = m->c->n_images;
    double a = 0, b = 0, all = 0;
    for (int i = 0; i < n; i++)
        for (int j = i + 1; j < n && m->weight[i] > 0; j++) {
            const double times = (double)m->weight[i] * (double)m->weight[j];
            a += times * covered[i * n + j];
            b += times * against[i * n + j];
            all += times;
        }
    means[0] = a / all;
    means[1] = b / all;
    means[2] = a / all - b / all;
}

static void interval_of(double *drawn, int n, double interval[2])
{
    interval[0] = dv_quantile(drawn, (size_t)n, 0.025);
    interval[1] = dv_quantile(drawn, (size_t)n, 0.975);
}

/* Scores: (n, n). All parts, layers and measures are resampled alike. */
static void resample(const measure *m, const double *covered, const double *against,
                     dv_sign_scores *s)
{
    const int n = m->c->o->resamples;
    double *drawn[3] = { m->drawn, m->drawn + n, m->drawn + 2 * (size_t)n };
    double *to[3] = { s->part.interval, s->against.interval, s->interval };
    dv_random random = { .seed = ~m->c->o->seed }; /* those of the boxes are numbers of the seed */
    for (int i = 0; i < n; i++) {
        double means[3];
        draw_images(m, &random);
        mean_of_drawn(m, covered, against, means);
        for (int k = 0; k < 3; k++)
            drawn[k][i] = means[k];
    }
    for (int k = 0; k < 3; k++)
        interval_of(drawn[k], n, to[k]);
}

/* -- all of it -------------------------------------------------------------------------------- */

static dv_sign_score score_of(const dv_sample *s)
{
    return (dv_sign_score){ .mean = s->mean,
                            .deviation = dv_sample_deviation(s),
                            .interval = { (double)NAN, (double)NAN } };
}

static void summarize(const measure *m, const pairs *covered, const pairs *against,
                      dv_correspondence *r)
{
    r->covered = covered->shares;
    r->against = against->shares;
    for (int k = 0; k < DV_N_SIGN_MEASURES; k++) {
        dv_sign_scores *s = &r->measures[k];
        *s = (dv_sign_scores){ .part = score_of(&covered->all[k]),
                               .against = score_of(&against->all[k]),
                               .interval = { (double)NAN, (double)NAN } };
        s->difference = s->part.mean - s->against.mean;
        if (m->c->n_images > 2)
            resample(m, covered->score[k], against->score[k], s);
    }
}

static void release(measure *m)
{
    for (int p = 0; p <= m->c->n_parts; p++)
        for (int k = 0; k < DV_N_SIGN_MEASURES; k++) {
            if (m->covered)
                free(m->covered[p].score[k]);
            if (m->against)
                free(m->against[p].score[k]);
        }
    free(m->covered);
    free(m->against);
    free(m->weight);
    free(m->drawn);
    free(m->counts);
}

static bool begin(measure *m, dv_error *err)
{
    const size_t parts = (size_t)m->c->n_parts + 1, n = (size_t)m->c->n_images;
    m->covered = calloc(parts, sizeof *m->covered);
    m->against = calloc(parts, sizeof *m->against);
    m->weight = calloc(n, sizeof *m->weight);
    m->counts = calloc(n, sizeof *m->counts);
    m->drawn = calloc(dv_size_mul(3, (size_t)m->c->o->resamples), sizeof *m->drawn);
    bool ok = m->covered && m->against && m->weight && m->counts && m->drawn;
    for (size_t i = 0; ok && i < parts * DV_N_SIGN_MEASURES; i++) {
        const size_t p = i / DV_N_SIGN_MEASURES, k = i % DV_N_SIGN_MEASURES;
        m->covered[p].score[k] = calloc(n * n, sizeof(double));
        m->against[p].score[k] = calloc(n * n, sizeof(double));
        ok = m->covered[p].score[k] && m->against[p].score[k];
    }
    return ok || dv_fail(err, DV_NO_MEMORY, "no memory for the pairs of %zu images", n);
}

bool dv_correspond_measure(const dv_covering *c, int layer, dv_correspondence *results,
                           dv_error *err)
{
    measure m = { .c = c, .layer = &c->layers[layer] };
    const bool ok = begin(&m, err);
    if (ok)
        compare_all(&m);
    for (int p = 0; ok && p <= c->n_parts; p++) {
        results[p] = (dv_correspondence){ .layer = layer, .part = p };
        summarize(&m, &m.covered[p], &m.against[p], &results[p]);
    }
    release(&m);
    return ok;
}
