/* rectified.h - --rectify: what is said and asked where a network has activations that no rule
 * knows. */
#ifndef DV_CLI_RECTIFIED_H
#define DV_CLI_RECTIFIED_H

#include "cli/cli.h"
#include "deconvviz/rule.h"
#include "deconvviz/select.h"

/* Fails (DV_BAD_USAGE) for --rectify all by a rule that rectifies nothing. */
bool cli_rectify_check(int rule, int rectify, dv_error *err) DV_MUST_CHECK;

/* Warns, once a run, of the activations on the way back from n layers that are no ReLU, where the
 * rule leaves them as they are. */
bool cli_rectify_warn(const dv_model *m, int n, const dv_selection *layers, dv_rule rule,
                      dv_rectify rectify, dv_error *err) DV_MUST_CHECK;

#endif
