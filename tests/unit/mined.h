/* mined.h - indices over images that were made up, for tests of what holds and moves them. */
#ifndef TESTS_MINED_H
#define TESTS_MINED_H

#include "deconvviz/list.h"
#include "mine/journal.h"

enum { MINED_UNITS = 6 + 3 }; /* of two layers: maps of (4,5), and one value each */
enum { MINED_SAMPLE = 4 };

/* A number that depends on its arguments alone. */
uint32_t mined_random(uint32_t a, uint32_t b);

/* An empty index for shard 1 of 1; count and list are set for `count` images "img/0.png", … . */
void mined_begin(dv_index *x, int k, int per_image, int32_t count);
void mined_list(dv_list *l, int32_t count);

/* What image i says: few different values, so that ties abound; unit 2 is dead; unit 3 negative. */
void mined_survey(dv_survey *s, int32_t image);

/* Visits image i: every seventh is skipped. Also to the journal, unless it is NULL. True when both
 * succeeded. */
bool mined_visit(dv_index *x, dv_journal *j, int32_t image, dv_error *err);

/* The index of shard k of n, finished. */
void mined_run(dv_index *x, int k, int per_image, int32_t count, int shard, int shards);

/* Its text, as a string that the caller frees. */
char *mined_text(dv_index *x);

#endif
