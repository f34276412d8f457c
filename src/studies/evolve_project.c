/* evolve_project.c - projections of one checkpoint: of what is strongest there, as pictures; and
 * from where units are strongest at the last, to be compared. */
#include "studies/evolve.h"

#include "deconvviz/draw.h"
#include "image/resize.h"
#include "run/crew.h"
#include "run/watch.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_SIDE = 192 /* pixels of a picture's longer side; larger ones are shrunk */ };

/* A unit on an image. */
typedef struct job {
    int32_t image;
    int unit;
    bool fixed; /* where it is strongest at the last checkpoint, to be compared; else a picture */
    const dv_evolved_hit *hit;
} job;

typedef struct pass {
    dv_evolution_work *w;
    const dv_model *model;
    int checkpoint;
    const int *tensors; /* (n_layers) */
    int n;
    job *jobs; /* (n) by image */
    int n_images;
    int *first; /* (n_images + 1) of the jobs of each */
} pass;

/* -- which jobs ------------------------------------------------------------------------------- */

static int by_image(const void *a, const void *b)
{
    const job *p = a, *q = b;
    if (p->image != q->image)
        return p->image < q->image ? -1 : 1;
    return p->unit != q->unit ? p->unit - q->unit : (int)p->fixed - (int)q->fixed;
}

static void list_jobs(pass *p)
{
    const dv_evolution *r = p->w->r;
    for (int i = 0; i < r->n_units; i++) {
        const dv_evolved_unit *u = &r->units[i];
        const dv_evolved_hit *now = &u->hits[p->checkpoint], *last = &u->hits[r->n - 1];
        if (last->value > 0)
            p->jobs[p->n++] = (job){ last->image, i, true, last };
        if (u->shown && p->w->drawn[p->checkpoint] && isfinite(now->value))
            p->jobs[p->n++] = (job){ now->image, i, false, now };
    }
    if (p->n > 1)
        qsort(p->jobs, (size_t)p->n, sizeof *p->jobs, by_image);
    for (int i = 0; i < p->n; i++)
        if (i == 0 || p->jobs[i].image != p->jobs[i - 1].image)
            p->first[p->n_images++] = i;
    p->first[p->n_images] = p->n;
}

/* -- one projection --------------------------------------------------------------------------- */

static bool keep(dv_signal *to, const dv_signal *s, dv_error *err)
{
    const size_t n = dv_box_count(&s->box);
    *to = (dv_signal){ s->box, malloc((n + 1) * sizeof(float)) };
    if (!to->data)
        return dv_fail(err, DV_NO_MEMORY, "no memory for a projection of %zu values", n);
    if (n > 0)
        memcpy(to->data, s->data, n * sizeof(float));
    return true;
}

static double squares(const dv_signal *s)
{
    double sum = 0;
    for (size_t i = 0, n = dv_box_count(&s->box); i < n; i++)
        sum += (double)s->data[i] * (double)s->data[i];
    return sum;
}

static double cosine(const dv_signal *a, const dv_signal *b)
{
    const dv_box both = dv_box_intersect(a->box, b->box);
    double sum = 0;
    for (int32_t c = both.lo[DV_C]; c < both.hi[DV_C]; c++)
        for (int32_t y = both.lo[DV_Y]; y < both.hi[DV_Y]; y++)
            for (int32_t x = both.lo[DV_X]; x < both.hi[DV_X]; x++)
                sum += (double)*dv_signal_at(a, c, y, x) * (double)*dv_signal_at(b, c, y, x);
    return dv_cosine(sum, squares(a), squares(b));
}

/* Takes a picture over, also when it fails; *to: not larger than need be. */
static bool shrink(dv_image *to, dv_image *picture, dv_error *err)
{
    const int w = picture->width, h = picture->height, longer = w > h ? w : h;
    if (longer <= MOST_SIDE) {
        *to = *picture;
        return true;
    }
    const int width = w * MOST_SIDE / longer, height = h * MOST_SIDE / longer;
    dv_part all = { 0, 0, width > 1 ? width : 1, height > 1 ? height : 1 };
    dv_image small;
    bool ok = dv_picture_new(&small, all.width, all.height, DV_GREY, err);
    if (ok && !dv_resize(picture, all.width, all.height, all, small.rgb, err)) {
        dv_image_free(&small);
        ok = false;
    }
    dv_image_free(picture);
    if (ok)
        *to = small;
    return ok;
}

static bool draw(const pass *p, const job *j, const dv_unit *u, const dv_signal *s,
                 const dv_image *seen, dv_error *err)
{
    const dv_preprocess *prepare = &p->w->e->o.preprocess;
    const size_t at = (size_t)j->unit * (size_t)p->w->r->n + (size_t)p->checkpoint;
    dv_image picture;
    dv_box field;
    if (!dv_model_field(p->model, u->tensor, dv_unit_box(p->model, u), &field, err))
        return false;
    const dv_rect rect = dv_view_rect(DV_VIEW_CROP, field, prepare->size);
    if (!dv_draw_signal(&picture, s, rect, dv_signal_scale(s), prepare->bgr, err) ||
        !shrink(&p->w->pictures[at], &picture, err))
        return false;
    return !p->w->e->o.patches || (dv_picture_crop(&picture, seen, rect, err) &&
                                   shrink(&p->w->patches[at], &picture, err));
}

static bool do_job(const pass *p, const dv_worker *w, const job *j, const dv_image *seen,
                   dv_error *err)
{
    dv_evolved_unit *u = &p->w->r->units[j->unit];
    const dv_unit unit = { p->tensors[u->layer], u->channel, j->hit->y, j->hit->x };
    dv_signal s;
    if (!dv_project(w->projectors[0], &unit, DV_RULE_DECONVNET, DV_SEED_VALUE, &s, err))
        return dv_fail_in(err, "%s: %s channel %d", dv_list_path(p->w->e->o.images, j->image),
                          p->w->r->layers[u->layer].title, (int)u->channel);
    if (!j->fixed)
        return draw(p, j, &unit, &s, seen, err);
    if (p->checkpoint == p->w->r->n - 1 && !keep(&p->w->last[j->unit], &s, err))
        return false;
    u->projections[p->checkpoint] = cosine(&s, &p->w->last[j->unit]);
    return true;
}

/* -- the pass --------------------------------------------------------------------------------- */

static bool work(void *ctx, dv_worker *w, int64_t task, int slot, dv_error *err)
{
    const pass *p = ctx;
    const int32_t image = p->jobs[p->first[task]].image;
    const char *path = dv_list_path(p->w->e->o.images, image);
    dv_image seen = { 0 };
    (void)slot;
    bool ok = dv_evolver_read(p->w->e, image, w->input, &seen, err) &&
              (dv_trace_forward(w->trace, w->input, err) || dv_fail_in(err, "%s", path));
    for (int i = p->first[task]; ok && i < p->first[task + 1]; i++)
        ok = do_job(p, w, &p->jobs[i], &seen, err);
    dv_image_free(&seen);
    return ok;
}

static bool commit(void *ctx, int64_t task, int slot, dv_error *err)
{
    (void)ctx, (void)task, (void)slot, (void)err;
    return true;
}

static bool run(pass *p, dv_error *err)
{
    const dv_evolver *e = p->w->e;
    const dv_request r = { .n_keep = e->n_layers,
                           .keep = p->tensors,
                           .rules = 1U << DV_RULE_DECONVNET,
                           .exact = e->o.exact,
                           .images = p->n_images };
    const dv_crew_options c = { .request = &r, .pool = e->o.pool, .tasks = p->n_images };
    const dv_tasks tasks = { .n = p->n_images,
                             .watch = &e->o.watch,
                             .what = "images",
                             .ctx = p,
                             .work = work,
                             .commit = commit };
    dv_crew crew = { .n_workers = 0 };
    const bool ok = dv_crew_hire(&crew, p->model, &c, err) && dv_crew_run(&crew, &tasks, err);
    dv_crew_dismiss(&crew);
    return ok;
}

bool dv_evolution_project(dv_evolution_work *w, int checkpoint, const dv_model *m, dv_error *err)
{
    const size_t most = 2 * (size_t)w->r->n_units;
    int *tensors = calloc((size_t)w->e->n_layers + 1, sizeof *tensors);
    pass p = { .w = w, .model = m, .checkpoint = checkpoint, .tensors = tensors };
    p.jobs = calloc(most + 1, sizeof *p.jobs);
    p.first = calloc(most + 1, sizeof *p.first);
    bool ok = (tensors && p.jobs && p.first) ||
              dv_fail(err, DV_NO_MEMORY, "no memory for %d units", w->r->n_units);
    ok = ok && dv_evolver_tensors(w->e, m, tensors, err);
    if (ok)
        list_jobs(&p);
    ok = ok && (p.n == 0 || run(&p, err));
    free(p.first);
    free(p.jobs);
    free(tensors);
    return ok;
}
