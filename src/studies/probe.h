/* probe.h - what comes of probing, as a table. */
#ifndef DV_STUDIES_PROBE_H
#define DV_STUDIES_PROBE_H

#include "deconvviz/probe.h"
#include "report/table.h"

/* A row for each layer and count of training images; of VOC for each layer and class, the mean over
 * classes last. The caller frees the table. */
dv_table dv_probe_table(const dv_probe *r);

#endif
