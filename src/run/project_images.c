/* project_images.c - many images: each on a worker of its own, or one after the other with all
 * threads on its units, whichever keeps them busy. */
#include "run/outputs.h"
#include "run/project_image.h"

#include <stdlib.h>

typedef struct pass {
    dv_projecting job;
    dv_project_report *reports; /* (n_slots) */
} pass;

static bool work(void *ctx, dv_worker *w, int64_t image, int slot, dv_error *err)
{
    pass *p = ctx;
    (void)err;
    dv_project_image(&p->job, w, (int32_t)image, &p->reports[slot]);
    return true;
}

/* Whether the run ends with this report. */
static bool ends(const pass *p, const dv_project_report *r)
{
    return r->failed && (r->hopeless || p->job.images->count == 1);
}

static bool tell(const pass *p, dv_project_report *r, dv_error *err)
{
    const dv_projections_options *o = p->job.options;
    r->image.failed = r->failed && !ends(p, r) ? &r->error : NULL;
    return !o->projected || o->projected(o->ctx, &r->image, err);
}

static bool commit(void *ctx, int64_t image, int slot, dv_error *err)
{
    pass *p = ctx;
    dv_project_report *r = &p->reports[slot];
    (void)image;
    bool ok = tell(p, r, err);
    if (ok && ends(p, r)) {
        *err = r->error;
        ok = false;
    }
    dv_project_report_free(r);
    return ok;
}

/* What was written is told, though the run has ended. */
static void leave(void *ctx, int64_t image, int slot)
{
    pass *p = ctx;
    dv_project_report *r = &p->reports[slot];
    (void)image;
    r->hopeless = true;
    if (r->image.n > 0)
        (void)!tell(p, r, NULL);
    dv_project_report_free(r);
}

/* NULL: no memory. The caller frees it. */
static int *list_tensors(const dv_selections *s)
{
    int *keep = calloc((size_t)s->n + 1, sizeof *keep);
    for (int i = 0; keep && i < s->n; i++)
        keep[i] = s->layers[i].tensor;
    return keep;
}

static bool hire(dv_crew *crew, pass *p, dv_error *err)
{
    const dv_projections_options *o = p->job.options;
    int *keep = list_tensors(o->units);
    if (!keep)
        return dv_fail(err, DV_NO_MEMORY, "no memory for %d layers", o->units->n);
    const dv_request r = { .n_keep = o->units->n,
                           .keep = keep,
                           .rules = 1U << o->rule,
                           .rectify = o->rectify,
                           .exact = o->exact,
                           .images = p->job.images->count };
    const dv_crew_options c = {
        .request = &r, .pool = o->pool, .tasks = p->job.images->count, .units = o->units->n_units
    };
    bool ok = dv_crew_hire(crew, p->job.model, &c, err);
    free(keep);
    p->reports = ok ? calloc((size_t)crew->n_slots, sizeof *p->reports) : NULL;
    return ok && (p->reports ||
                  dv_fail(err, DV_NO_MEMORY, "no memory for %d images at a time", crew->n_slots));
}

bool dv_project_images(const dv_model *m, const dv_list *images, const dv_projections_options *o,
                       dv_error *err)
{
    pass p = { .job = { .model = m, .options = o, .images = images } };
    dv_crew crew = { .n_workers = 0 };
    p.job.stems = dv_stems(images, err);
    const dv_tasks tasks = { .n = images->count,
                             .watch = &o->watch,
                             .what = "images",
                             .ctx = &p,
                             .work = work,
                             .commit = commit,
                             .leave = leave };
    bool ok = p.job.stems && hire(&crew, &p, err) && dv_crew_run(&crew, &tasks, err);
    dv_crew_dismiss(&crew);
    dv_stems_free(p.job.stems, images);
    free(p.reports);
    return ok;
}
