/* rule.h - the three ways back through a ReLU, and names for them. */
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

DV_END

#endif
