/* choices.h - a fuzzer's bytes as choices: each takes one; where there is none left, it is 0. */
#ifndef TESTS_CHOICES_H
#define TESTS_CHOICES_H

#include <stdbool.h>
#include <stdint.h>

typedef struct choices {
    const uint8_t *at, *end;
} choices;

static inline bool choices_left(const choices *c)
{
    return c->at < c->end;
}

static inline uint8_t choose_byte(choices *c)
{
    return c->at < c->end ? *c->at++ : 0;
}

/* 0 to n - 1. */
static inline int choose(choices *c, int n)
{
    return n > 1 ? choose_byte(c) % n : 0;
}

/* Mostly small; else at an edge of what a type or a check can hold. */
int64_t choose_integer(choices *c);

/* Of an axis: mostly small. */
int64_t choose_size(choices *c);

/* Mostly tame; else an infinity, a NaN, or close to an end of the range. */
float choose_float(choices *c);

/* Of a resize. */
float choose_scale(choices *c);

#endif
