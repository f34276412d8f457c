#include "serve/turnstile.h"

#include <string.h>

void dv_turnstile_init(dv_turnstile *t)
{
    memset(t, 0, sizeof *t);
    pthread_mutex_init(&t->lock, NULL);
    pthread_cond_init(&t->moved, NULL);
}

void dv_turnstile_destroy(dv_turnstile *t)
{
    pthread_mutex_destroy(&t->lock);
    pthread_cond_destroy(&t->moved);
}

/* The lane of that name, or the one that was not used for longest. */
static dv_lane *find_lane(dv_turnstile *t, const char *name)
{
    dv_lane *oldest = &t->lanes[0];
    for (int i = 0; i < DV_TURNSTILE_LANES; i++) {
        dv_lane *l = &t->lanes[i];
        if (strcmp(l->name, name) == 0)
            return l;
        oldest = l->used < oldest->used ? l : oldest;
    }
    *oldest = (dv_lane){ .turn = -1 };
    memcpy(oldest->name, name, strlen(name) + 1);
    return oldest;
}

/* Whether a newer one has come. */
static bool overtaken(dv_turnstile *t, const char *lane, int64_t turn)
{
    return *lane && find_lane(t, lane)->turn > turn;
}

dv_passage dv_turnstile_enter(dv_turnstile *t, const char *lane, int64_t turn)
{
    dv_passage passage = DV_PASSED;
    pthread_mutex_lock(&t->lock);
    if (*lane) {
        dv_lane *l = find_lane(t, lane);
        l->used = ++t->come;
        if (turn > l->turn) {
            l->turn = turn;
            pthread_cond_broadcast(&t->moved); /* those that it overtakes */
        }
    }
    if (t->closed || (t->busy && t->waiting >= DV_TURNSTILE_WAITING)) {
        passage = DV_TOO_MANY;
    } else {
        t->waiting++;
        while (t->busy && !t->closed && !overtaken(t, lane, turn))
            pthread_cond_wait(&t->moved, &t->lock);
        t->waiting--;
        passage = t->closed ? DV_TOO_MANY : overtaken(t, lane, turn) ? DV_OVERTAKEN : DV_PASSED;
    }
    if (passage == DV_PASSED)
        t->busy = true;
    pthread_mutex_unlock(&t->lock);
    return passage;
}

void dv_turnstile_close(dv_turnstile *t)
{
    pthread_mutex_lock(&t->lock);
    t->closed = true;
    pthread_cond_broadcast(&t->moved);
    pthread_mutex_unlock(&t->lock);
}

void dv_turnstile_leave(dv_turnstile *t)
{
    pthread_mutex_lock(&t->lock);
    t->busy = false;
    pthread_cond_broadcast(&t->moved);
    pthread_mutex_unlock(&t->lock);
}
