/* callers.c - how long each connection has been at what it asks: one that takes for ever, writing a
 * byte now and then, is shut. */
#include "serve/server.h"

#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>

enum { MOST = 256, PATIENCE = 30 /* seconds from one answer to the end of the next question */ };

typedef struct caller {
    int socket; /* -1: none */
    double since;
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

/* Makes the caller of that socket another, from now on. */
static void change(struct dv_callers *c, int from, int to)
{
    pthread_mutex_lock(&c->lock);
    for (int i = 0; i < MOST; i++)
        if (c->callers[i].socket == from) {
            c->callers[i] = (caller){ to, now() };
            break;
        }
    pthread_mutex_unlock(&c->lock);
}

void dv_callers_come(struct dv_callers *c, int socket)
{
    change(c, -1, socket);
}

void dv_callers_answered(struct dv_callers *c, int socket)
{
    change(c, socket, socket);
}

void dv_callers_leave(struct dv_callers *c, int socket)
{
    change(c, socket, -1);
}

void dv_callers_hurry(struct dv_callers *c)
{
    const double limit = now() - PATIENCE;
    pthread_mutex_lock(&c->lock);
    for (int i = 0; i < MOST; i++)
        if (c->callers[i].socket >= 0 && c->callers[i].since < limit)
            shutdown(c->callers[i].socket, SHUT_RDWR);
    pthread_mutex_unlock(&c->lock);
}
