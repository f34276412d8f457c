/* How many processors there are to use, with control groups that are made up. */
#define _GNU_SOURCE /* sched_setaffinity; NOLINT(bugprone-reserved-identifier) */
#include "base/file.h"
#include "base/folder.h"
#include "base/processors.h"

#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static char top[] = "/tmp/deconvviz-processors-XXXXXX";
static int all; /* that this process is bound to */

static int make_folder(void **state)
{
    (void)state;
    all = dv_processors("/nowhere");
    return mkdtemp(top) ? 0 : -1;
}

static int remove_folder(void **state)
{
    (void)state;
    dv_folder_remove(top);
    return access(top, F_OK) == 0;
}

static void put(const char *path, const char *text)
{
    char whole[300], folder[300];
    dv_error err;
    snprintf(whole, sizeof whole, "%s/%s", top, path);
    snprintf(folder, sizeof folder, "%.*s", (int)(strrchr(whole, '/') - whole), whole);
    if (!dv_folder_make(folder, &err) || !dv_file_write(whole, text, strlen(text), &err))
        fail_msg("%s", err.message);
}

/* A fresh root with that in proc/self/cgroup. */
static void begin(const char *groups)
{
    char inside[300];
    for (int i = 0; i < 2; i++) {
        snprintf(inside, sizeof inside, "%s/%s", top, i ? "sys" : "proc");
        dv_folder_remove(inside);
    }
    put("proc/self/cgroup", groups);
}

static int at_most(int n)
{
    return n < all ? n : all;
}

static void without_groups_it_is_those_that_it_is_bound_to(void **state)
{
    (void)state;
    cpu_set_t before, one;
    assert_int_equal(sched_getaffinity(0, sizeof before, &before), 0);
    assert_int_equal(all, CPU_COUNT(&before));
    CPU_ZERO(&one);
    for (int i = 0; i < CPU_SETSIZE && CPU_COUNT(&one) == 0; i++)
        if (CPU_ISSET(i, &before))
            CPU_SET(i, &one);
    assert_int_equal(sched_setaffinity(0, sizeof one, &one), 0);
    assert_int_equal(dv_processors("/nowhere"), 1);
    assert_int_equal(sched_setaffinity(0, sizeof before, &before), 0);
}

static void version_2(void **state)
{
    (void)state;
    begin("0::/\n"); /* in a container */
    assert_int_equal(dv_processors(top), all);
    put("sys/fs/cgroup/cpu.max", "max 100000\n");
    assert_int_equal(dv_processors(top), all);
    put("sys/fs/cgroup/cpu.max", "100000 100000\n");
    assert_int_equal(dv_processors(top), 1);
    put("sys/fs/cgroup/cpu.max", "50000 100000\n");
    assert_int_equal(dv_processors(top), 1);
    put("sys/fs/cgroup/cpu.max", "150000 100000\n");
    assert_int_equal(dv_processors(top), at_most(2));
    put("sys/fs/cgroup/cpu.max", "9000000000000 100000\n");
    assert_int_equal(dv_processors(top), all);
    put("sys/fs/cgroup/cpu.max", "-3 rubbish\n");
    assert_int_equal(dv_processors(top), all);
}

static void a_group_around_counts_too(void **state)
{
    (void)state;
    begin("1:name=systemd:/\n0::/user.slice/job\n");
    put("sys/fs/cgroup/user.slice/job/cpu.max", "max 100000\n");
    put("sys/fs/cgroup/user.slice/cpu.max", "100000 100000\n");
    assert_int_equal(dv_processors(top), 1);
    put("sys/fs/cgroup/user.slice/cpu.max", "max 100000\n");
    assert_int_equal(dv_processors(top), all);
    put("sys/fs/cgroup/user.slice/job/cpu.max", "70000 100000\n");
    assert_int_equal(dv_processors(top), 1);
}

static void version_1(void **state)
{
    (void)state;
    begin("5:cpuset:/\n4:cpu,cpuacct:/docker/0123\n3:memory:/\n");
    put("sys/fs/cgroup/cpu,cpuacct/docker/0123/cpu.cfs_quota_us", "-1\n");
    put("sys/fs/cgroup/cpu,cpuacct/docker/0123/cpu.cfs_period_us", "100000\n");
    assert_int_equal(dv_processors(top), all);
    put("sys/fs/cgroup/cpu,cpuacct/docker/0123/cpu.cfs_quota_us", "20000\n");
    assert_int_equal(dv_processors(top), 1);
    begin("4:cpu,cpuacct:/docker/0123\n"); /* the path of the host, in a container */
    put("sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us", "100000\n");
    put("sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us", "100000\n");
    assert_int_equal(dv_processors(top), 1);
}

static void what_makes_no_sense_is_passed_over(void **state)
{
    (void)state;
    static const char *const groups[] = { "", "\n", "0", "0:", "0::", "0::\n", "::::", "0::/../x" };
    for (size_t i = 0; i < sizeof groups / sizeof groups[0]; i++) {
        begin(groups[i]);
        assert_int_equal(dv_processors(top), all);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_groups_it_is_those_that_it_is_bound_to),
        cmocka_unit_test(version_2),
        cmocka_unit_test(a_group_around_counts_too),
        cmocka_unit_test(version_1),
        cmocka_unit_test(what_makes_no_sense_is_passed_over),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
