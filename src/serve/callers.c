/* callers.c - how much time each connection has left to ask, or to take its answer: one that takes
 * for ever, writing or reading a byte now and then, is shut. */
#include "serve/server.h"

#include <math.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>

enum {
    MOST = 256,
    PATIENCE = 30,   /* seconds, and more for what is large: */
    SLOWEST = 16384, /* bytes a second */
};

typedef struct caller {
    int socket;   /* -1: none */
    double until; /* INFINITY: the server works */
} caller;

struct dv_callers {
    pthread_mutex_t lock;
    caller callers[MOST];
};

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

struct dv_callers *dv_callers_new(dv_error *err)
{
    struct dv_callers *c = calloc(1, sizeof *c);
    if (!c) {
        dv_fail(err, DV_NO_MEMORY, "no memory for connections");
        return NULL;
    }
    pthread_mutex_init(&c->lock, NULL);
    for (int i = 0; i < MOST; i++)
        c->callers[i].socket = -1;
    return c;
}

void dv_callers_free(struct dv_callers *c)
{
    if (!c)
        return;
    pthread_mutex_destroy(&c->lock);
    free(c);
}

static caller *find(struct dv_callers *c, int socket)
{
    for (int i = 0; i < MOST; i++)
        if (c->callers[i].socket == socket)
            return &c->callers[i];
    return NULL;
}

/* Makes the caller of that socket another, who has until then. */
static void change(struct dv_callers *c, int from, int to, double until)
{
    pthread_mutex_lock(&c->lock);
    caller *found = find(c, from);
    if (found)
        *found = (caller){ to, until };
    pthread_mutex_unlock(&c->lock);
}

void dv_callers_come(struct dv_callers *c, int socket)
{
    change(c, -1, socket, now() + PATIENCE);
}

void dv_callers_leave(struct dv_callers *c, int socket)
{
    change(c, socket, -1, 0);
}

void dv_callers_begin(struct dv_callers *c, int socket, size_t bytes)
{
    change(c, socket, socket, now() + PATIENCE + (double)bytes / SLOWEST);
}

void dv_callers_wait(struct dv_callers *c, int socket)
{
    change(c, socket, socket, (double)INFINITY);
}

void dv_callers_sent(struct dv_callers *c, int socket, size_t bytes)
{
    pthread_mutex_lock(&c->lock);
    caller *found = find(c, socket);
    if (found)
        found->until += (double)bytes / SLOWEST;
    pthread_mutex_unlock(&c->lock);
}

void dv_callers_hurry(struct dv_callers *c)
{
    const double at = now();
    pthread_mutex_lock(&c->lock);
    for (int i = 0; i < MOST; i++)
        if (c->callers[i].socket >= 0 && c->callers[i].until < at)
            shutdown(c->callers[i].socket, SHUT_RDWR);
    pthread_mutex_unlock(&c->lock);
}
