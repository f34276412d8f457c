#include "deconvviz/rule.h"

#include <string.h>

static const char *const names[DV_N_RULES] = {
    [DV_RULE_DECONVNET] = "deconvnet",
    [DV_RULE_GRADIENT] = "gradient",
    [DV_RULE_GUIDED] = "guided",
};

const char *dv_rule_name(dv_rule rule)
{
    return names[rule];
}

dv_rule dv_rule_find(const char *name)
{
    int r = 0;
    while (r < DV_N_RULES && strcmp(names[r], name) != 0)
        r++;
    return (dv_rule)r;
}
