/* probe_voc.h - sets and classes in Pascal VOC's layout: ImageSets/Main/CLASS_SET.txt with lines
 * "IMAGE SIGN", where SIGN is 1, -1, or 0 for what is difficult. */
#ifndef DV_STUDIES_PROBE_VOC_H
#define DV_STUDIES_PROBE_VOC_H

#include "studies/probe_parts.h"

/* The images of a set, and of which classes they are. */
typedef struct dv_voc_set {
    int32_t n;
    int32_t *rows;      /* (n) of the features, rising */
    signed char *signs; /* (n_classes, n) 0 also where a class does not list the image */
} dv_voc_set;

typedef struct dv_voc {
    int n_classes;
    const char **classes; /* (n_classes) in the order of their bytes */
    dv_voc_set train, test;
    dv_arena arena;
} dv_voc;

/* Fails with the file and line: an image that is no row of the features, in both sets, or twice in
 * one. The caller frees it with dv_voc_free, also after a failure. */
bool dv_voc_read(dv_voc *v, const dv_probe_rows *d, const dv_probe_options *o,
                 dv_error *err) DV_MUST_CHECK;
void dv_voc_free(dv_voc *v);

#endif
