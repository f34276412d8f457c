#include "deconvviz/version.h"

const char *dv_version(void)
{
    return DV_VERSION;
}
