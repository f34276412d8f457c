/* shard.h - a part of the images, for one of several processes or machines. */
#ifndef DV_CLI_SHARD_H
#define DV_CLI_SHARD_H

#include "cli/cli.h"

#define CLI_SHARD_ROW(type)                                                 \
    {                                                                       \
        "shard", 0, CLI_TEXT, offsetof(type, shard), "K/N",                 \
            "every N-th image from the K-th on; merge puts shards together" \
    }

/* "K/N"; text NULL: 1/1. */
bool cli_shard_parse(const char *text, int *shard, int *shards, dv_error *err) DV_MUST_CHECK;

#endif
