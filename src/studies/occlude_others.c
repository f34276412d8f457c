/* occlude_others.c - other images on which a map is strong. */
#include "image/photo.h"
#include "run/watch.h"
#include "studies/occlude_parts.h"

#include <stdlib.h>
#include <string.h>

/* An image and the sum of a map on it. */
typedef struct strong {
    double sum;
    int32_t image; /* of the others */
    char sha256[DV_DIGEST_TEXT_MAX];
} strong;

/* One more than are shown, for the image itself may be among them. */
enum { KEPT = DV_OCCLUDE_SHOWN + 1 };

struct dv_occlude_ranking {
    int n;
    strong best[KEPT]; /* (n) the strongest first, no two of them the same picture */
};

/* What a worker found of an image. */
typedef struct finding {
    bool failed;
    dv_error error;
    char sha256[DV_DIGEST_TEXT_MAX];
} finding;

typedef struct survey {
    dv_occlude *study;
    finding *findings; /* (n_slots) */
    double *sums;      /* (n_slots, C) */
} survey;

/* -- looking at all of them ------------------------------------------------------------------- */

static bool work(void *ctx, dv_worker *w, int64_t task, int slot, dv_error *err)
{
    const survey *v = ctx;
    const dv_occlude *s = v->study;
    const char *path = dv_list_path(s->others, (int32_t)task);
    finding *f = &v->findings[slot];
    double *sums = v->sums + (size_t)slot * (size_t)s->map.hi[DV_C];
    dv_photo photo;
    *f = (finding){ .failed = true };
    const bool read = dv_photo_read(&photo, path, NULL, &s->o->preprocess, w->input, &f->error);
    memcpy(f->sha256, photo.sha256, sizeof f->sha256);
    dv_photo_free(&photo);
    f->failed = !read || !dv_trace_forward(w->trace, w->input, &f->error);
    for (int32_t c = 0; !f->failed && c < s->map.hi[DV_C]; c++)
        sums[c] = dv_occlude_sum(s, w->trace, c);
    if (f->failed && f->error.code == DV_NO_MEMORY) {
        *err = f->error;
        return false;
    }
    return true;
}

static void rank(struct dv_occlude_ranking *r, const strong *now)
{
    for (int i = 0; i < r->n; i++)
        if (strcmp(r->best[i].sha256, now->sha256) == 0)
            return;
    int at = r->n < KEPT ? r->n++ : KEPT;
    for (; at > 0 && now->sum > r->best[at - 1].sum; at--)
        if (at < KEPT)
            r->best[at] = r->best[at - 1];
    if (at < KEPT)
        r->best[at] = *now;
}

static bool commit(void *ctx, int64_t task, int slot, dv_error *err)
{
    const survey *v = ctx;
    const dv_occlude *s = v->study;
    const finding *f = &v->findings[slot];
    const double *sums = v->sums + (size_t)slot * (size_t)s->map.hi[DV_C];
    (void)err;
    if (f->failed && s->others != s->images)
        dv_watch_skipped(&s->o->watch, dv_list_path(s->others, (int32_t)task), f->error.message);
    for (int32_t c = 0; !f->failed && c < s->map.hi[DV_C]; c++) {
        strong now = { sums[c], (int32_t)task, { 0 } };
        memcpy(now.sha256, f->sha256, sizeof now.sha256);
        if (now.sum > 0)
            rank(&s->rankings[c], &now);
    }
    return true;
}

bool dv_occlude_survey(dv_occlude *s, dv_error *err)
{
    if (!s->others || s->others->count == 0)
        return true;
    const size_t channels = (size_t)s->map.hi[DV_C], slots = (size_t)s->scouts.n_slots;
    survey v = { .study = s };
    const dv_tasks tasks = { .n = s->others->count,
                             .watch = &s->o->watch,
                             .what = "other images",
                             .ctx = &v,
                             .work = work,
                             .commit = commit };
    s->rankings = calloc(channels, sizeof *s->rankings);
    v.findings = calloc(slots, sizeof *v.findings);
    v.sums = calloc(slots * channels, sizeof *v.sums);
    const bool ok = ((s->rankings && v.findings && v.sums) ||
                     dv_fail(err, DV_NO_MEMORY, "no memory for %zu channels", channels)) &&
                    dv_crew_run(&s->scouts, &tasks, err);
    free(v.findings);
    free(v.sums);
    return ok;
}

void dv_occlude_survey_free(dv_occlude *s)
{
    free(s->rankings);
    s->rankings = NULL;
}

/* -- those that are shown --------------------------------------------------------------------- */

static bool show(const dv_occlude *s, dv_occlude_image *im, const strong *other, dv_error *err)
{
    dv_worker *w = &s->scouts.workers[0];
    const char *path = dv_list_path(s->others, other->image);
    const dv_photo_known known = { other->sha256, "looked at" };
    dv_unit unit = im->found.unit;
    dv_photo photo;
    const bool read = dv_photo_read(&photo, path, &known, &s->o->preprocess, w->input, err);
    dv_photo_free(&photo);
    if (!read)
        return false;
    if (!dv_trace_forward(w->trace, w->input, err) ||
        !dv_occlude_project(s, &unit, &im->others[im->found.n_shown], NULL, err))
        return dv_fail_in(err, "%s", path);
    im->found.shown[im->found.n_shown++] = path;
    return true;
}

bool dv_occlude_show_others(dv_occlude *s, dv_occlude_image *im, dv_error *err)
{
    const struct dv_occlude_ranking *r = s->rankings ? &s->rankings[im->found.unit.channel] : NULL;
    for (int i = 0; r && i < r->n && im->found.n_shown < DV_OCCLUDE_SHOWN; i++)
        if (strcmp(r->best[i].sha256, im->sha256) != 0 && !show(s, im, &r->best[i], err))
            return false;
    return true;
}
