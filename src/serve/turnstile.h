/* turnstile.h - one request is worked on at a time, by all threads; the others wait, a few of them,
 * and those that a newer one of the same lane has overtaken leave without work. */
#ifndef DV_SERVE_TURNSTILE_H
#define DV_SERVE_TURNSTILE_H

#include "serve/asked.h"

#include <pthread.h>

enum { DV_TURNSTILE_WAITING = 48, DV_TURNSTILE_LANES = 256 };

typedef struct dv_lane {
    char name[DV_ASKED_LANE_MAX];
    int64_t turn; /* the newest that has come */
    uint64_t used;
} dv_lane;

typedef struct dv_turnstile {
    pthread_mutex_t lock;
    pthread_cond_t moved;
    bool busy, closed;
    int waiting;
    uint64_t come; /* requests */
    dv_lane lanes[DV_TURNSTILE_LANES];
} dv_turnstile;

typedef enum dv_passage { DV_PASSED, DV_OVERTAKEN, DV_TOO_MANY } dv_passage;

void dv_turnstile_init(dv_turnstile *t);
void dv_turnstile_destroy(dv_turnstile *t);

/* Nobody passes any more; those that wait are told that they are too many. */
void dv_turnstile_close(dv_turnstile *t);

/* Waits for its turn. Who passed must leave. lane "": it has none. */
dv_passage dv_turnstile_enter(dv_turnstile *t, const char *lane, int64_t turn);
void dv_turnstile_leave(dv_turnstile *t);

#endif
