/* Floats from one layout to another, by each instruction set, against element by element. */
#include "kernel/isa.h"
#include "nn/float_copy.h"
#include "op_harness.h"

#include <stdlib.h>
#include <string.h>

enum { ROOM = 1 << 17 };

static float in[ROOM], out[ROOM], want[ROOM];

/* Steps of a dense array with its axes in any order, some of them turned round or repeated, and
 * room between; from the middle of ROOM on. */
static dv_layout random_layout(const dv_shape *n, bool moves)
{
    int order[DV_MAX_RANK];
    dv_layout l = { .at = ROOM / 2 };
    ptrdiff_t step = op_random_int(0, 2) ? 1 : 2;
    for (int k = 0; k < n->rank; k++)
        order[k] = k;
    for (int k = n->rank - 1; k > 0; k--) {
        const int other = op_random_int(0, 2) ? k : op_random_int(0, k), was = order[k];
        order[k] = order[other];
        order[other] = was;
    }
    for (int k = n->rank - 1; k >= 0; k--) {
        l.step[order[k]] = step;
        step *= n->dim[order[k]] + op_random_int(0, 1);
        if (moves && op_random_int(0, 4) == 0)
            l.step[order[k]] *= op_random_int(-1, 0);
    }
    return l;
}

static dv_shape random_shape(void)
{
    dv_shape n = { .rank = op_random_int(1, 4) };
    for (int k = 0; k < n.rank; k++)
        n.dim[k] = op_random_int(1, n.rank == 1 ? 700 : n.rank == 2 ? 90 : n.rank == 3 ? 25 : 12);
    return n;
}

static void copy_by_hand(const dv_shape *n, const dv_layout *from, const dv_layout *to)
{
    dv_run r = dv_run_over(n, dv_box_whole(n));
    while (dv_run_next(&r))
        for (int i = 0; i < r.n; i++, r.index[r.last]++)
            want[dv_layout_at(to, r.index, r.rank)] = in[dv_layout_at(from, r.index, r.rank)];
}

static void every_element_is_where_it_belongs(void **state)
{
    (void)state;
    dv_pool *pool = dv_pool_new(3, NULL);
    assert_non_null(pool);
    for (int i = 0; i < ROOM; i++)
        in[i] = (float)i;
    for (int trial = 0; trial < 150; trial++) {
        const dv_shape n = random_shape();
        const dv_layout from = random_layout(&n, true), to = random_layout(&n, false);
        memset(out, 0x55, sizeof out);
        memset(want, 0x55, sizeof want);
        copy_by_hand(&n, &from, &to);
        dv_float_copy(&n, &from, &to, in, out, trial % 2 ? pool : NULL);
        assert_memory_equal(out, want, sizeof out);
    }
    dv_pool_free(pool);
}

/* As a tensor joined to others is made where it will lie. */
static void what_is_there_already_stays(void **state)
{
    (void)state;
    const dv_shape n = { 2, { 30, 40 } };
    const dv_layout l = { 5, { 50, 1 } };
    for (int i = 0; i < ROOM; i++)
        out[i] = want[i] = (float)i;
    dv_float_copy(&n, &l, &l, out, out, NULL);
    assert_memory_equal(out, want, sizeof out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_element_is_where_it_belongs),
        cmocka_unit_test(what_is_there_already_stays),
    };
    static const char *const sets[] = { "avx512", "avx2", "baseline" };
    int failures = 0;
    for (int i = 0; i < 3; i++) {
        failures += !dv_isa_limit(sets[i]);
        failures += cmocka_run_group_tests_name(sets[i], tests, NULL, NULL);
    }
    return failures;
}
