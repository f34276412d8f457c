/* api.h - what every public header declares its functions between: they have C's linkage, and are
 * all that the shared library shows. */
#ifndef DV_API_H
#define DV_API_H

#ifdef __cplusplus
#define DV_BEGIN_LINKAGE extern "C" {
#define DV_END_LINKAGE   }
#else
#define DV_BEGIN_LINKAGE
#define DV_END_LINKAGE
#endif

#ifdef __GNUC__
#define DV_BEGIN DV_BEGIN_LINKAGE _Pragma("GCC visibility push(default)")
#define DV_END   _Pragma("GCC visibility pop") DV_END_LINKAGE
#else
#define DV_BEGIN DV_BEGIN_LINKAGE
#define DV_END   DV_END_LINKAGE
#endif

#endif
