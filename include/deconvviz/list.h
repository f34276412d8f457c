/* list.h - which images: files, folders, lists of paths. */
#ifndef DV_LIST_H
#define DV_LIST_H

#include "deconvviz/api.h"
#include "deconvviz/digest.h"
#include "deconvviz/error.h"

#include <stddef.h>
#include <stdint.h>

DV_BEGIN

/* Paths in one block: about 10 bytes an image and the path. Starts out as { 0 }. */
typedef struct dv_list {
    char *text; /* the paths, a NUL behind each */
    size_t size, room;
    size_t *at; /* (count) where each begins */
    int32_t count, max;
} dv_list;

void dv_list_free(dv_list *l);

/* Adds a file as it is, or all images below a folder: files named *.jpg *.jpeg *.png *.bmp *.gif
 * *.tga *.psd *.pnm *.ppm *.pgm (in any case), folders and files in the order of their names'
 * bytes, names that begin with a dot left out, links followed. What cannot be looked into is added
 * as it is, so that whoever reads the images comes to report it. Fails for a folder without images.
 */
bool dv_list_add(dv_list *l, const char *path, dv_error *err) DV_MUST_CHECK;

/* Adds a path a line out of a file; "-": standard input. */
bool dv_list_add_lines(dv_list *l, const char *path, dv_error *err) DV_MUST_CHECK;

const char *dv_list_path(const dv_list *l, int32_t i);

/* Continues a digest over the paths of the list: d' = SHA-256(d, "\n", path) one by one, where the
 * first d is 64 zeros and a path of more than 4000 bytes is replaced by its own SHA-256; so that a
 * list and its continuation have the digest of both in one. */
void dv_list_digest(const dv_list *l, char digest[DV_DIGEST_TEXT_MAX]);

DV_END

#endif
