#define _GNU_SOURCE /* sched_getaffinity; NOLINT(bugprone-reserved-identifier) */
#include "base/processors.h"

#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { PATH_ROOM = 4096 };

/* The first line of a file, without its end; false: there is none. */
static bool read_line(const char *path, char *line, int room)
{
    FILE *f = fopen(path, "r");
    bool ok = f && fgets(line, room, f);
    if (f)
        fclose(f);
    if (ok)
        line[strcspn(line, "\n")] = '\0';
    return ok;
}

static int fewer(int a, long long quota, long long period)
{
    if (quota <= 0 || period <= 0)
        return a;
    const long long b = (quota + period - 1) / period;
    return b < a ? (int)b : a;
}

/* What one group allows; n where it says nothing. */
static int group_allows(const char *group, bool v2, int n)
{
    char path[PATH_ROOM + 32], line[64], second[64];
    long long quota = 0, period = 0;
    if (v2) {
        snprintf(path, sizeof path, "%s/cpu.max", group);
        if (!read_line(path, line, sizeof line) || sscanf(line, "%lld %lld", &quota, &period) != 2)
            return n; /* "max 100000" */
        return fewer(n, quota, period);
    }
    snprintf(path, sizeof path, "%s/cpu.cfs_quota_us", group);
    if (!read_line(path, line, sizeof line) || sscanf(line, "%lld", &quota) != 1)
        return n;
    snprintf(path, sizeof path, "%s/cpu.cfs_period_us", group);
    if (!read_line(path, second, sizeof second) || sscanf(second, "%lld", &period) != 1)
        return n;
    return fewer(n, quota, period);
}

/* The least that a group below `top` and those around it allow. In a container the group's path may
 * be that of the host, and only its end, or nothing of it, be there: those around it are, then. */
static int groups_allow(const char *top, const char *group, bool v2, int n)
{
    char path[PATH_ROOM];
    size_t least = strlen(top);
    if (snprintf(path, sizeof path, "%s%s", top, group) >= PATH_ROOM)
        return n;
    for (;;) {
        n = group_allows(path, v2, n);
        char *slash = strrchr(path, '/');
        if (strlen(path) <= least || !slash || (size_t)(slash - path) < least)
            return n;
        *slash = '\0';
    }
}

/* Whether "cpu" is one of the words, which are apart by commas. */
static bool has_cpu(const char *words)
{
    for (; *words; words += strcspn(words, ","), words += *words == ',')
        if (strncmp(words, "cpu", 3) == 0 && (words[3] == ',' || words[3] == '\0'))
            return true;
    return false;
}

/* One line of proc/self/cgroup, "4:cpu,cpuacct:/group", or "0::/group" of version 2. */
static int line_allows(const char *root, char *line, int n)
{
    static const char *const v1[] = { "cpu,cpuacct", "cpu", "cpuacct,cpu" };
    static const char *const v2[] = { "", "/unified" };
    char top[PATH_ROOM], *words = strchr(line, ':'), *group = words ? strchr(words + 1, ':') : NULL;
    if (!group)
        return n;
    *group++ = '\0';
    group[strcspn(group, "\n")] = '\0';
    const bool old = *++words != '\0';
    for (size_t i = 0; i < (old ? 3 : 2); i++) {
        const bool fits = snprintf(top, sizeof top, "%s/sys/fs/cgroup%s%s", root, old ? "/" : "",
                                   old ? v1[i] : v2[i]) < PATH_ROOM;
        if (fits && (!old || has_cpu(words)))
            n = groups_allow(top, group, !old, n);
    }
    return n;
}

static int bound_to(void)
{
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) == 0 && CPU_COUNT(&set) > 0)
        return CPU_COUNT(&set);
    const long online = sysconf(_SC_NPROCESSORS_ONLN); /* more than a set holds */
    return online < 1 ? 1 : (int)online;
}

int dv_processors(const char *root)
{
    int n = bound_to();
    char path[PATH_ROOM], line[PATH_ROOM];
    snprintf(path, sizeof path, "%s/proc/self/cgroup", root);
    FILE *f = fopen(path, "r");
    while (f && fgets(line, sizeof line, f))
        n = line_allows(root, line, n);
    if (f)
        fclose(f);
    return n < 1 ? 1 : n;
}
