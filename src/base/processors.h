/* processors.h - how many threads can run at once. */
#ifndef DV_BASE_PROCESSORS_H
#define DV_BASE_PROCESSORS_H

/* The processors that this process may use, at least 1: those that it is bound to (taskset), or as
 * many as make up the quota of its control group (docker --cpus, cgroup v1 and v2) or of a group
 * around it, rounded up, where that is less. `root`: where proc/self/cgroup and sys/fs/cgroup are
 * found: "" outside of tests. */
int dv_processors(const char *root);

#endif
