/* project_images.c - many images: each on a worker of its own, or one after the other with all
 * workers on its units, whichever keeps them busy. */
#include "cli/projection.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

static atomic_llong n_stepped;

void cli_projection_step(const cli_projection *p, int units)
{
    long long done = atomic_fetch_add(&n_stepped, units) + units;
    cli_progress(done, (int64_t)p->images.count * p->n_units);
}

/* -- workers ---------------------------------------------------------------------------------- */

typedef struct crew {
    const cli_projection *job;
    dv_plan *plan;
    int n_workers;
    cli_projecting *workers; /* (n_workers) */
    int32_t first;           /* image of reports[0] */
    int n_reports;
    cli_report *reports; /* (n_reports) */
} crew;

static void dismiss(crew *c)
{
    for (int i = 0; c->workers && i < c->n_workers; i++) {
        cli_projecting *w = &c->workers[i];
        for (int k = 0; w->projectors && k < w->n_projectors; k++)
            dv_projector_free(w->projectors[k]);
        free(w->projectors);
        dv_trace_free(w->trace);
        free(w->input);
    }
    free(c->workers);
    free(c->reports);
    dv_plan_free(c->plan);
}

/* pool: of the worker, or NULL for one that is itself a worker of the pool. */
static bool hire(cli_projecting *w, const cli_projection *job, const dv_plan *plan, dv_pool *pool,
                 dv_error *err)
{
    const dv_model *m = job->network->model;
    size_t n = dv_shape_count(dv_tensor_shape(m, dv_model_input(m)));
    bool over_units = pool && job->n_units > 1;
    *w = (cli_projecting){ .job = job, .pool = over_units ? pool : NULL };
    w->n_projectors = dv_pool_size(w->pool);
    w->input = malloc(n * sizeof *w->input);
    w->projectors = calloc((size_t)w->n_projectors, sizeof(dv_projector *));
    if (!w->input || !w->projectors)
        return dv_fail(err, DV_NO_MEMORY, "no memory for an input of %zu values", n);
    w->trace = dv_trace_new(plan, pool, err);
    for (int i = 0; w->trace && i < w->n_projectors; i++) {
        w->projectors[i] = dv_projector_new(w->trace, over_units ? NULL : pool, err);
        if (!w->projectors[i])
            return false;
    }
    return w->trace != NULL;
}

static dv_plan *make_plan(const cli_projection *job, dv_pool *pool, dv_error *err)
{
    int keep[CLI_LIST_MAX];
    for (int i = 0; i < job->n_selections; i++)
        keep[i] = job->selections[i].tensor;
    dv_request r = { .n_keep = job->n_selections,
                     .keep = keep,
                     .rules = 1U << job->rule,
                     .exact = job->exact,
                     .images = job->images.count };
    return dv_plan_new(job->network->model, &r, pool, err);
}

static bool assemble(crew *c, dv_error *err)
{
    const cli_projection *job = c->job;
    dv_pool *pool = job->network->pool;
    int size = dv_pool_size(pool);
    bool over_images = size > 1 && job->images.count >= size;
    dv_pool *inside = over_images ? NULL : pool;
    c->n_workers = over_images ? size : 1;
    c->n_reports = over_images ? 4 * size : 1;
    c->plan = make_plan(job, inside, err);
    c->workers = calloc((size_t)c->n_workers, sizeof *c->workers);
    c->reports = calloc((size_t)c->n_reports, sizeof *c->reports);
    if (!c->plan)
        return false;
    if (!c->workers || !c->reports)
        return dv_fail(err, DV_NO_MEMORY, "no memory for %d workers", c->n_workers);
    for (int i = 0; i < c->n_workers; i++)
        if (!hire(&c->workers[i], job, c->plan, inside, err))
            return false;
    return true;
}

/* -- images ----------------------------------------------------------------------------------- */

static void image_task(void *ctx, int i, int worker)
{
    crew *c = ctx;
    cli_project_image(&c->workers[worker], c->first + i, &c->reports[i]);
    if (c->reports[i].failed)
        cli_projection_step(c->job, c->job->n_units);
}

static void say_lines(char *text)
{
    for (char *end; text && (end = strchr(text, '\n')); text = end + 1) {
        *end = '\0';
        cli_say("%s", text);
    }
}

/* False when the run cannot go on: err says why; NULL: it is ending already. What was written is
 * told in any case. */
static bool publish(const crew *c, cli_report *r, dv_error *err)
{
    say_lines(r->warnings.data);
    if (r->out.size > 0 &&
        !(cli_print_text(&r->out, "results", err) &&
          (fflush(stdout) == 0 ||
           dv_fail(err, DV_IO, "cannot write to standard output: %s", strerror(errno)))))
        return false;
    if (!r->failed || !err)
        return true;
    if (r->hopeless || c->job->images.count == 1) {
        *err = r->err;
        return false;
    }
    cli_skip(&r->err);
    return true;
}

static bool run_images(crew *c, dv_error *err)
{
    int32_t count = c->job->images.count;
    bool go_on = true;
    for (c->first = 0; go_on && c->first < count; c->first += c->n_reports) {
        int n = count - c->first < c->n_reports ? (int)(count - c->first) : c->n_reports;
        memset(c->reports, 0, (size_t)n * sizeof *c->reports);
        if (c->n_workers > 1)
            dv_pool_run(c->job->network->pool, n, image_task, c);
        else
            image_task(c, 0, 0);
        for (int i = 0; i < n; i++) {
            go_on = publish(c, &c->reports[i], go_on ? err : NULL) && go_on;
            free(c->reports[i].out.data);
            free(c->reports[i].warnings.data);
        }
    }
    return go_on;
}

bool cli_project_images(const cli_projection *p, dv_error *err)
{
    crew c = { .job = p };
    cli_progress_begin("units", !p->quiet);
    bool ok = assemble(&c, err) && run_images(&c, err);
    cli_progress_end();
    dismiss(&c);
    return ok && cli_none_skipped("images", p->images.count, err);
}
