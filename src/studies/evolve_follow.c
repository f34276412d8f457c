/* evolve_follow.c - checkpoints that come while a network is trained. */
#include "studies/evolve.h"

#include "run/watch.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    LOOKS = 4,     /* a second */
    PATIENCE = 20, /* looks at a file that does not change and cannot be opened, until it is told */
};

/* A file that was seen. */
typedef struct seen_file {
    char *path;          /* owned */
    dv_file_state state; /* at the last look */
    int unchanged;       /* looks since it is so */
    bool tried, whole;   /* as it is: whether it can be opened */
    dv_error why;        /* it cannot */
} seen_file;

struct dv_follower {
    dv_follow_options o;
    int n, room;
    seen_file *files; /* (n) */
    bool begun;
};

dv_follower *dv_follower_new(const dv_follow_options *o, dv_error *err)
{
    dv_follower *f = calloc(1, sizeof *f);
    if (f)
        f->o = *o;
    else
        dv_fail(err, DV_NO_MEMORY, "no memory to follow checkpoints");
    return f;
}

void dv_follower_free(dv_follower *f)
{
    for (int i = 0; f && i < f->n; i++)
        free(f->files[i].path);
    if (f)
        free(f->files);
    free(f);
}

static seen_file *file_of(dv_follower *f, const char *path, dv_error *err)
{
    for (int i = 0; i < f->n; i++)
        if (strcmp(f->files[i].path, path) == 0)
            return &f->files[i];
    if (f->n == f->room) {
        const int room = 2 * f->room + 16;
        seen_file *grown = realloc(f->files, (size_t)room * sizeof *grown);
        if (grown) {
            f->files = grown;
            f->room = room;
        }
    }
    char *copy = f->n < f->room ? strdup(path) : NULL;
    if (!copy) {
        dv_fail(err, DV_NO_MEMORY, "no memory to follow checkpoints");
        return NULL;
    }
    f->files[f->n] = (seen_file){ .path = copy };
    return &f->files[f->n++];
}

/* Looks at a file; *news: it can be opened, and could not, as it is, before. The first time, files
 * that are there are taken as they are, unless they cannot be opened; later what comes has to stay
 * unchanged from one look to the next. */
static bool look_at(dv_follower *f, const char *path, bool *news, dv_error *err)
{
    static const int own_size[2] = { 0, 0 };
    seen_file *s = file_of(f, path, err);
    if (!s)
        return false;
    const dv_file_state now = dv_file_state_of(path);
    if (dv_file_state_equal(&s->state, &now)) {
        s->unchanged++;
    } else {
        s->state = now;
        s->unchanged = 0;
        s->tried = false;
        s->whole = false;
    }
    if (!s->tried && (s->unchanged > 0 || !f->begun)) {
        dv_model *m = dv_checkpoint_open(f->o.network, path, own_size, &s->why);
        dv_model_free(m);
        s->tried = true;
        s->whole = m != NULL;
        *news |= s->whole;
        if (!m && s->why.code == DV_NO_MEMORY)
            return dv_fail(err, DV_NO_MEMORY, "%s", s->why.message);
    }
    if (s->tried && !s->whole && s->unchanged == PATIENCE)
        dv_watch_skipped(&f->o.watch, path, s->why.message);
    return true;
}

/* One look at all. c: those that are whole. */
static bool look(dv_follower *f, dv_checkpoints *c, bool *news, dv_error *err)
{
    int kept = 0;
    *news = false;
    if (!dv_checkpoints_find(c, f->o.n_places, f->o.places, f->o.ending, err))
        return false;
    for (int i = 0; i < c->n; i++)
        if (!look_at(f, c->list[i].path, news, err))
            return false;
    f->begun = true;
    for (int i = 0; i < c->n; i++) {
        const seen_file *s = file_of(f, c->list[i].path, err);
        const dv_checkpoint one = c->list[i];
        c->list[i] = c->list[kept];
        c->list[kept] = one;
        kept += s && s->whole;
    }
    dv_checkpoints_cut(c, kept);
    return dv_checkpoints_name(c, err);
}

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

bool dv_follower_next(dv_follower *f, dv_checkpoints *c, bool *more, dv_error *err)
{
    const struct timespec pause = { .tv_nsec = 1000000000 / LOOKS };
    const double began = now();
    *more = false;
    for (;;) {
        dv_checkpoints found = { .n = 0 };
        bool news;
        const bool ok = look(f, &found, &news, err);
        if (ok && news) {
            dv_checkpoints_free(c);
            *c = found;
            *more = true;
            return true;
        }
        dv_checkpoints_free(&found);
        if (!ok)
            return false;
        if ((f->o.quiet > 0 && now() - began >= f->o.quiet) ||
            !dv_watch_goes_on(&f->o.watch, 0, 0, "checkpoints", NULL))
            return true;
        nanosleep(&pause, NULL);
    }
}
