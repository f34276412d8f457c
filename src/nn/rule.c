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

const char *dv_rectify_name(dv_rectify rectify)
{
    return rectify == DV_RECTIFY_ALL ? "all" : "relu";
}

const char *dv_rule_title(dv_rule rule, dv_rectify rectify)
{
    if (rectify != DV_RECTIFY_ALL || rule == DV_RULE_GRADIENT)
        return names[rule];
    return rule == DV_RULE_GUIDED ? "guided, rectify all" : "deconvnet, rectify all";
}
