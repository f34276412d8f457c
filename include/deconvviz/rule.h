/* rule.h - the three ways back through a ReLU, where they hold, and names for them. */
#ifndef DV_RULE_H
#define DV_RULE_H

#include "deconvviz/api.h"

DV_BEGIN

/* How a ReLU (and a Clip that starts at 0) treats the signal R on its way back; x is its input. */
typedef enum dv_rule {
    DV_RULE_DECONVNET, /* max(R, 0)           Zeiler & Fergus 2013, section 2.1 */
    DV_RULE_GRADIENT,  /* R [x > 0]           Simonyan et al. 2013 */
    DV_RULE_GUIDED,    /* max(R, 0) [x > 0]   Springenberg et al. 2014 */
    DV_N_RULES,
} dv_rule;

/* "deconvnet", "gradient", "guided". */
const char *dv_rule_name(dv_rule rule);

/* The rule of that name, or DV_N_RULES. */
dv_rule dv_rule_find(const char *name);

/* The papers know ReLU alone. What becomes of R at another activation f (GELU, SiLU, HardSwish,
 * ELU, LeakyReLU, Sigmoid …; see activation.h), x its input: */
typedef enum dv_rectify {
    DV_RECTIFY_RELU, /* R f'(x), by every rule: nothing is rectified there */
    DV_RECTIFY_ALL,  /* an extension, in no paper:
                          deconvnet  max(R, 0) where f rises with x as a ReLU does, its slope being
                                     dropped as a ReLU's is; max(R, 0) f'(x) where f is bounded
                                     (Sigmoid, Tanh, HardSigmoid) and has no such slope
                          guided     max(R, 0) f'(x)
                          gradient   R f'(x), as before
                        R is rectified before the slope, which may be below 0, is applied */
    DV_N_RECTIFY,
} dv_rectify;

/* "relu", "all". */
const char *dv_rectify_name(dv_rectify rectify);

/* The rule with its extension, for titles: "deconvnet", "deconvnet, rectify all". */
const char *dv_rule_title(dv_rule rule, dv_rectify rectify);

DV_END

#endif
