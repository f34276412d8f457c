/* op_harness.h - runs one operator by itself, from shapes and attributes, and checks what every
 * operator promises. Failures are failed cmocka assertions.
 *
 *     op_case *k = op_new("Conv", 13);
 *     op_ints(k, "pads", 4, 1, 1, 1, 1);
 *     op_activation(k, op_shape(4, 1, 3, 8, 8));
 *     op_weight(k, op_shape(4, 5, 3, 3, 3), NULL);
 *     op_build(k);
 *     op_forward(k);
 *     op_check_adjoint(k, 5);
 *     op_free(k);
 */
#ifndef TESTS_OP_HARNESS_H
#define TESTS_OP_HARNESS_H

#include "nn/op.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

enum { OP_MAX_INPUTS = 8, OP_MAX_OUTPUTS = 8, OP_MAX_ATTRS = 12 };

typedef struct op_case {
    const dv_op *op;
    dv_node_spec spec;
    dv_attr attrs[OP_MAX_ATTRS];
    dv_operand operands[OP_MAX_INPUTS];
    dv_array arrays[OP_MAX_INPUTS];
    dv_tensor in[OP_MAX_INPUTS], out[OP_MAX_OUTPUTS];
    dv_call call;
    dv_pool *pool; /* NULL at first; not owned */
    float spacing; /* the step of finite differences; 1/128 at first */
    int n_owned;
    void *owned[96];
} op_case;

/* Random numbers, the same in every run. */
int op_random_int(int lo, int hi); /* both included */
float op_random(void);             /* in [-1, 1) */

dv_shape op_shape(int rank, ...);

op_case *op_new(const char *name, int opset);
void op_free(op_case *k);

void op_int(op_case *k, const char *name, int64_t v);
void op_float(op_case *k, const char *name, double v);
void op_text(op_case *k, const char *name, const char *v);
void op_ints(op_case *k, const char *name, int n, ...); /* n of int */
void op_ints_of(op_case *k, const char *name, int n, const int64_t *v);

/* Inputs, in order. An activation starts out with random numbers in [-1, 1), a weight with those of
 * `data`, or random ones where that is NULL. */
float *op_activation(op_case *k, dv_shape s);
float *op_weight(op_case *k, dv_shape s, const float *data);
void op_input_ints(op_case *k, int n, ...); /* n of int */
void op_input_ints_of(op_case *k, int n, const int64_t *v);
void op_absent(op_case *k);

/* How many outputs are named; 1 at first. */
void op_outputs(op_case *k, int n);

/* Numbers for activation i that lie at least `gap` from each other and half of that from 0. */
void op_spread_input(op_case *k, int i, float gap);

/* parse and infer. op_refused: they must fail, with this code and these words in the message. */
void op_build(op_case *k);
void op_refused(op_case *k, dv_code code, const char *words);

/* For geometry that nobody would choose. op_taken: parse and infer; false where they, or the graph,
 * refuse it, which they must do in one line. op_made: makes what forward needs; false where it is
 * too large for a test, or refused. */
bool op_taken(op_case *k);
bool op_made(op_case *k);

/* Makes what forward needs and runs it. */
void op_forward(op_case *k);

void op_expect_shape(op_case *k, int o, dv_shape s);
/* Output o after op_forward; |error| <= tolerance * (1 + |want|). */
void op_expect(op_case *k, int o, double tolerance, const float *want);
void op_expect_values(op_case *k, int o, int n, ...); /* n of double, within 1e-6 */

/* in (of the shape of input i) = what project makes of the signals `out` under a rule, whole boxes,
 * where out[o] is NULL or of output o's shape. */
void op_project(op_case *k, dv_rule rule, const float *const *out, int i, float *in);
void op_expect_projection(op_case *k, dv_rule rule, const float *out, int n, ...);

/* <J v, r> = <v, project(r)> with J v by central differences around the inputs, for random v and
 * random signals r in random boxes, every rule of the mask, every activation; that project adds,
 * that it stays within its boxes, and that it reads no activation but those that `keeps` names.
 * And that nothing outside the window of a box of the output changes what is in the box.
 * `trials` times. */
void op_check_adjoint_of(op_case *k, int trials, unsigned rules);

/* That forward_many, if there is one, makes the bytes of forward for each of several images. */
void op_check_many(op_case *k);

/* That forward, told of boxes, makes the bytes of a whole pass when a random box of an activation
 * has changed, and that reach knows what that can change. Part of op_check_adjoint_of. */
void op_check_boxes(op_case *k, int trials);
void op_check_adjoint(op_case *k, int trials); /* all rules */

#endif
