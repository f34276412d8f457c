/* version.h - which deconvviz this is. */
#ifndef DV_VERSION_H
#define DV_VERSION_H

#include "deconvviz/api.h"

#define DV_VERSION "0.1.0" /* of these headers */

DV_BEGIN

/* Of the library that is linked, as DV_VERSION. */
const char *dv_version(void);

DV_END

#endif
