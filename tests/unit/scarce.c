#include "scarce.h"

#include <cjson/cJSON.h>
#include <dirent.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Tests that are not about this are linked with it, too, and with the allocator as it is. */
/* -- the allocator ---------------------------------------------------------------------------- */

static atomic_llong live; /* allocations that have not been freed */
static atomic_long made;  /* while it is on */
static atomic_bool on;
static long fails_at; /* the number of the allocation that fails, from 1; 0: none */
static bool for_good; /* and those behind it */

static bool refuses(void)
{
    if (!on)
        return false;
    const long n = atomic_fetch_add(&made, 1) + 1;
    const bool refused = fails_at && (n == fails_at || (for_good && n > fails_at));
    if (refused)
        errno = ENOMEM;
    return refused;
}

static void *count(void *p)
{
    if (p)
        atomic_fetch_add(&live, 1);
    return p;
}

#define WRAP(type, name, ...)                              \
    __attribute__((weak)) type __real_##name(__VA_ARGS__); \
    type __wrap_##name(__VA_ARGS__);                       \
    type __wrap_##name(__VA_ARGS__)

WRAP(void *, malloc, size_t size)
{
    return refuses() ? NULL : count(__real_malloc(size));
}

WRAP(void *, calloc, size_t n, size_t size)
{
    return refuses() ? NULL : count(__real_calloc(n, size));
}

WRAP(void *, realloc, void *p, size_t size)
{
    if (refuses())
        return NULL;
    return p ? __real_realloc(p, size) : count(__real_realloc(NULL, size));
}

WRAP(void *, aligned_alloc, size_t alignment, size_t size)
{
    return refuses() ? NULL : count(__real_aligned_alloc(alignment, size));
}

WRAP(char *, strdup, const char *s)
{
    return refuses() ? NULL : count(__real_strdup(s));
}

WRAP(char *, strndup, const char *s, size_t n)
{
    return refuses() ? NULL : count(__real_strndup(s, n));
}

WRAP(char *, realpath, const char *path, char *to)
{
    return refuses() ? NULL : count(__real_realpath(path, to));
}

WRAP(DIR *, opendir, const char *path)
{
    return refuses() ? NULL : __real_opendir(path);
}

WRAP(void, free, void *p)
{
    if (p)
        atomic_fetch_sub(&live, 1);
    __real_free(p);
}

/* -- one call -----------------------------------------------------------------------------------
 */

void scarce_mix(scarce_scene *s, const void *data, size_t size)
{
    const unsigned char *bytes = data;
    for (size_t i = 0; i < size; i++)
        s->result = (s->result ^ bytes[i]) * 1099511628211u;
}

static void release(scarce_scene *s)
{
    dv_projector_free(s->projector);
    dv_trace_free(s->trace);
    dv_plan_free(s->plan);
    dv_model_free(s->resized);
    dv_model_free(s->model);
    dv_pool_free(s->pool);
    dv_image_free(&s->image);
    dv_image_free(&s->picture);
    dv_index_free(&s->index);
    dv_index_free(&s->part);
    dv_references_free(&s->references);
    dv_list_free(&s->list);
    dv_selections_free(&s->units);
    free(s->input);
}

void scarce_mix_file(scarce_scene *s, const char *path)
{
    char bytes[4096];
    FILE *f = fopen(path, "rb");
    assert_non_null(f);
    for (size_t n; (n = fread(bytes, 1, sizeof bytes, f)) > 0;)
        scarce_mix(s, bytes, n);
    fclose(f);
}

/* Runs the call; the `number`-th allocation fails. *result is its hash. */
static bool run(const scarce_call *c, long number, bool good, uint64_t *result, dv_error *err)
{
    const long long before = live;
    scarce_scene s = { .result = 14695981039346656037u };
    if (c->ready && !c->ready(&s, err))
        fail_msg("%s: %s", c->name, err->message);
    fails_at = number;
    for_good = good;
    made = 0;
    on = true;
    const bool ok = c->run(&s, err);
    on = false;
    *result = s.result;
    release(&s);
    if (live != before)
        fail_msg("%s: allocation %ld fails: %lld are left", c->name, number, live - before);
    return ok;
}

/* The first few and some of the rest: what a call allocates in a loop fails in the same place. */
enum { FEW = 40, SOME = 40 };

long scarce_try(const scarce_call *c)
{
    uint64_t expected, result;
    dv_error err = { 0 };
    cJSON_InitHooks(&(cJSON_Hooks){ malloc, free });
    for (int i = 0; i < 2; i++) /* what is found out once is not counted */
        if (!run(c, 0, false, &expected, &err))
            fail_msg("%s: %s", c->name, err.message);
    const long all = made, step = 1 + (all > FEW ? (all - FEW) / SOME : 0);
    for (long i = 0; i < 2 * all; i++) {
        const bool good = i % 2;
        const long number = i / 2 + 1;
        if (number > FEW && number % step)
            continue;
        err = (dv_error){ .code = DV_OK };
        if (run(c, number, good, &result, &err)) {
            if (result != expected)
                fail_msg("%s: allocation %ld of %ld fails, and the result is another", c->name,
                         number, all);
        } else if (err.code != DV_NO_MEMORY || !err.message[0] || strchr(err.message, '\n')) {
            fail_msg("%s: allocation %ld of %ld fails: '%s', code %d", c->name, number, all,
                     err.message, (int)err.code);
        }
    }
    return all;
}
