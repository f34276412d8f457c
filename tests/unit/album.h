/* album.h - a small network and a few pictures in a folder of their own, and all that takes long
 * done with them, for tests of how it ends. */
#ifndef TESTS_ALBUM_H
#define TESTS_ALBUM_H

#include "deconvviz/image.h"
#include "deconvviz/model.h"
#include "deconvviz/pool.h"
#include "deconvviz/watch.h"

enum {
    ALBUM_SIDE = 16,
    ALBUM_IMAGES = 5,
    ALBUM_LAYERS = 2,
    ALBUM_CHANNELS = 3 /* of each layer */
};

/* Enters a new folder with img/0.png to img/4.png. */
void album_begin(void);
void album_end(void); /* removes it */

dv_model *album_model(void); /* which the caller frees */

extern const dv_preprocess album_preprocess;

/* One of the calls that take long; false with *err set. */
typedef bool album_call(const dv_model *m, dv_pool *pool, const dv_watch *w, dv_error *err);

album_call album_mine;    /* img to index */
album_call album_sheets;  /* index to sheets/ */
album_call album_atlas;   /* index to atlas/, from what is in atlas.unfinished/ */
album_call album_against; /* the same, beside the same network */
album_call album_record;  /* img to refs/, replacing what is there */
album_call album_verify;  /* refs/, with pictures of what changed to changed/ */

/* Every second image, from the first or the second on. */
bool album_mine_shard(const dv_model *m, int shard, const char *output, dv_error *err);

#endif
