/* rounds.h - how long the tests that go through random cases do so. */
#ifndef TESTS_ROUNDS_H
#define TESTS_ROUNDS_H

/* usual, or with DV_LONG in the environment, as `make check-long` has it, 20 times as many. */
int rounds(int usual);

#endif
