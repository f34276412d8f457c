/* version.h - which deconvviz this is. */
#ifndef DV_VERSION_H
#define DV_VERSION_H

#define DV_VERSION "0.1.0" /* of these headers */

#ifdef __cplusplus
extern "C" {
#endif

/* Of the library that is linked, as DV_VERSION. */
const char *dv_version(void);

#ifdef __cplusplus
}
#endif

#endif
