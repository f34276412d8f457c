/* deconvviz.h - all of the library: what a unit of a trained CNN responds to, by the deconvnet of
 * Zeiler & Fergus (2013). An example is tests/example/project_unit.c.
 *
 * From a file to a picture, each made from the one before and freed in the opposite order:
 *
 *     dv_model      load.h, model.h   a network; at another input size, dv_model_resized shares its
 *                                     files and weights, and either may be freed first
 *     dv_plan       trace.h           what a pass computes and keeps, for one input size
 *     dv_trace      trace.h           activations and switches of one image
 *     dv_projector  project.h         memory for the way back
 *     dv_image      image.h, draw.h   photographs and pictures
 *
 * A dv_pool (pool.h), where one is given, outlives what was made with it. The other headers are
 * about many images: lists of them, indexes of the strongest (mine.h, sheets.h, atlas.h),
 * references to hold a model to. What takes long takes a dv_watch (watch.h), which tells of its
 * progress and stops it.
 *
 * Threads: models and plans may be used by any number of threads at a time, unless a function says
 * otherwise; a trace, and each projector, by one. Several projectors may read one trace while no
 * pass of it runs. Threads may share a pool; they take turns. The library has no global state but
 * what it finds out about the processor once, keeps no locale, and starts no thread but those of a
 * pool.
 *
 * Errors: a function that can fail returns false or NULL, has filled in *err (NULL is fine), and
 * has changed nothing that it was to return. Arguments that make no sense are such an error
 * (DV_BAD_USAGE). *_free takes NULL. Nothing is ever printed. */
#ifndef DV_DECONVVIZ_H
#define DV_DECONVVIZ_H

#include "deconvviz/ablate.h"
#include "deconvviz/activation.h"
#include "deconvviz/atlas.h"
#include "deconvviz/classify.h"
#include "deconvviz/compare_rules.h"
#include "deconvviz/correspond.h"
#include "deconvviz/digest.h"
#include "deconvviz/draw.h"
#include "deconvviz/error.h"
#include "deconvviz/evolve.h"
#include "deconvviz/features.h"
#include "deconvviz/figure.h"
#include "deconvviz/filters.h"
#include "deconvviz/image.h"
#include "deconvviz/index.h"
#include "deconvviz/invariance.h"
#include "deconvviz/list.h"
#include "deconvviz/load.h"
#include "deconvviz/mine.h"
#include "deconvviz/model.h"
#include "deconvviz/occlude.h"
#include "deconvviz/pool.h"
#include "deconvviz/pooling.h"
#include "deconvviz/probe.h"
#include "deconvviz/project.h"
#include "deconvviz/projections.h"
#include "deconvviz/reference.h"
#include "deconvviz/rule.h"
#include "deconvviz/select.h"
#include "deconvviz/serve.h"
#include "deconvviz/sheets.h"
#include "deconvviz/steps.h"
#include "deconvviz/tensor.h"
#include "deconvviz/trace.h"
#include "deconvviz/version.h"
#include "deconvviz/watch.h"

#endif
