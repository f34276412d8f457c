/* shelf.h - the images that a server knows: those it began with and those that were given to it, by
 * what their bytes are. Bounded: those that were not asked for longest go first, but not those it
 * began with. */
#ifndef DV_SERVE_ALBUM_H
#define DV_SERVE_ALBUM_H

#include "deconvviz/image.h"
#include "deconvviz/list.h"
#include "serve/asked.h"

#include <pthread.h>

enum {
    DV_SHELF_IMAGES = 64,             /* given, at most */
    DV_SHELF_BODY = 32 * 1024 * 1024, /* bytes of one */
    DV_SHELF_PIXELS = 40 * 1000 * 1000,
    DV_SHELF_BYTES = 256 * 1024 * 1024, /* of all that were given */
};

typedef struct dv_shelf_image {
    char id[DV_ASKED_ID_MAX];
    char sha256[DV_DIGEST_TEXT_MAX];
    char *name;  /* owned: as it was given, or the path */
    char *path;  /* owned; NULL: it was given */
    void *bytes; /* owned; NULL: they are in the file */
    size_t size;
    int width, height;            /* upright */
    char lane[DV_ASKED_LANE_MAX]; /* of a frame of a camera: the next one takes its place; "" */
    uint64_t used;
    bool listed; /* in the page's list; not, where it is a hit of the index */
} dv_shelf_image;

typedef struct dv_shelf {
    pthread_mutex_t lock;
    int n, room;
    dv_shelf_image *images; /* (n) */
    uint64_t uses;
} dv_shelf;

void dv_shelf_init(dv_shelf *a);
void dv_shelf_destroy(dv_shelf *a);

/* A file. listed: see there. Fails like a read. */
bool dv_shelf_add_file(dv_shelf *a, const char *path, const char *name, bool listed,
                       char id[DV_ASKED_ID_MAX], dv_error *err) DV_MUST_CHECK;

/* Bytes that were given; takes them over, also when it fails. lane: of a camera, or "". */
bool dv_shelf_add_bytes(dv_shelf *a, void *bytes, size_t size, const char *name, const char *lane,
                        dv_shelf_image *copy, dv_error *err) DV_MUST_CHECK;

/* Decodes it: the caller frees *im. copy: what is known of it, with texts that the caller frees
 * with dv_shelf_image_free; may be NULL. False with DV_IO when there is no such image. */
bool dv_shelf_open(dv_shelf *a, const char *id, dv_image *im, dv_shelf_image *copy,
                   dv_error *err) DV_MUST_CHECK;
bool dv_shelf_look(dv_shelf *a, const char *id, dv_shelf_image *copy, dv_error *err) DV_MUST_CHECK;
void dv_shelf_image_free(dv_shelf_image *copy);

#endif
