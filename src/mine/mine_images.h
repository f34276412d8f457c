/* mine_images.h - between the beginning and the end of a run: the images. */
#ifndef DV_MINE_MINE_IMAGES_H
#define DV_MINE_MINE_IMAGES_H

#include "deconvviz/mine.h"
#include "mine/journal.h"

/* With several threads: hashes the model's files while its weights are arranged for a run over so
 * many images, which then finds both done. Says nothing of what fails: the run will. */
void dv_mine_ahead(const dv_model *m, const dv_mine_options *o, int n, const int *tensors,
                   int64_t images);

/* Visits the images of o's shard from number x->done on: reads, runs, commits to *x and, unless it
 * is NULL, to the journal. list holds the images from number `first` on; tensors are those of the
 * index's layers. */
bool dv_mine_images(const dv_model *m, const dv_mine_options *o, const dv_list *list, int32_t first,
                    const int *tensors, dv_index *x, dv_journal *j, dv_error *err) DV_MUST_CHECK;

#endif
