/* Who waits before a turnstile when it closes: a server that ends does not work first for all that
 * were asked. */
#include "serve/turnstile.h"

#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { N = 3 };
static dv_turnstile turnstile;

static void *wait_in_line(void *passage)
{
    *(dv_passage *)passage = dv_turnstile_enter(&turnstile, "", 0);
    return NULL;
}

static int count_waiting(void)
{
    pthread_mutex_lock(&turnstile.lock);
    const int n = turnstile.waiting;
    pthread_mutex_unlock(&turnstile.lock);
    return n;
}

static void nobody_passes_when_it_is_closed(void **state)
{
    (void)state;
    pthread_t threads[N];
    dv_passage passages[N];
    dv_turnstile_init(&turnstile);
    assert_int_equal(dv_turnstile_enter(&turnstile, "", 0), DV_PASSED);
    for (int i = 0; i < N; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, wait_in_line, &passages[i]), 0);
    while (count_waiting() < N)
        sched_yield();
    dv_turnstile_close(&turnstile); /* while the first one is still behind it */
    for (int i = 0; i < N; i++) {
        pthread_join(threads[i], NULL);
        assert_int_equal(passages[i], DV_TOO_MANY);
    }
    dv_turnstile_leave(&turnstile);
    assert_int_equal(dv_turnstile_enter(&turnstile, "", 0), DV_TOO_MANY);
    dv_turnstile_destroy(&turnstile);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(nobody_passes_when_it_is_closed) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
