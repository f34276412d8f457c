#include "cli/shard.h"

#include <stdio.h>

bool cli_shard_parse(const char *text, int *shard, int *shards, dv_error *err)
{
    int used = 0;
    *shard = *shards = 1;
    if (text && (sscanf(text, "%6d/%6d%n", shard, shards, &used) != 2 || text[used]))
        return dv_fail(err, DV_BAD_USAGE, "--shard '%s': K/N is needed, as in 1/4", text);
    return true;
}
