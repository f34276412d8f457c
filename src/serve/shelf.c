#include "serve/shelf.h"
#include "base/file.h"
#include "image/decode.h"
#include "image/photo.h"

#include <stdlib.h>
#include <string.h>

void dv_shelf_init(dv_shelf *a)
{
    *a = (dv_shelf){ .n = 0 };
    pthread_mutex_init(&a->lock, NULL);
}

void dv_shelf_image_free(dv_shelf_image *i)
{
    free(i->name);
    free(i->path);
    free(i->bytes);
    *i = (dv_shelf_image){ .name = NULL };
}

void dv_shelf_destroy(dv_shelf *a)
{
    for (int i = 0; i < a->n; i++)
        dv_shelf_image_free(&a->images[i]);
    free(a->images);
    pthread_mutex_destroy(&a->lock);
}

/* -- under the lock --------------------------------------------------------------------------- */

static dv_shelf_image *find(dv_shelf *a, const char *id)
{
    for (int i = 0; i < a->n; i++)
        if (strcmp(a->images[i].id, id) == 0)
            return &a->images[i];
    return NULL;
}

static void forget(dv_shelf *a, dv_shelf_image *i)
{
    dv_shelf_image_free(i);
    memmove(i, i + 1, (size_t)(a->images + a->n - (i + 1)) * sizeof *i);
    a->n--;
}

/* Whether there are too many that were given. */
static bool is_full(const dv_shelf *a, size_t size)
{
    int given = 0;
    size_t bytes = size;
    for (int i = 0; i < a->n; i++) {
        given += a->images[i].bytes != NULL;
        bytes += a->images[i].size;
    }
    return given >= DV_SHELF_IMAGES || bytes > DV_SHELF_BYTES;
}

static void make_room(dv_shelf *a, size_t size)
{
    while (is_full(a, size)) {
        dv_shelf_image *oldest = NULL;
        for (int i = 0; i < a->n; i++)
            if (a->images[i].bytes && (!oldest || a->images[i].used < oldest->used))
                oldest = &a->images[i];
        if (!oldest)
            return;
        forget(a, oldest);
    }
}

/* Takes the image's texts and bytes over, also when it fails. */
static bool put(dv_shelf *a, dv_shelf_image *image, dv_error *err)
{
    for (int i = a->n - 1; *image->lane && i >= 0; i--)
        if (strcmp(a->images[i].lane, image->lane) == 0 && strcmp(a->images[i].id, image->id) != 0)
            forget(a, &a->images[i]);
    image->used = ++a->uses;
    dv_shelf_image *there = find(a, image->id);
    if (there) { /* the same bytes, maybe by another name: a last frame that is kept */
        if (!there->path) {
            char *old = there->name;
            there->name = image->name;
            image->name = old;
            if (!*image->lane)
                there->lane[0] = '\0';
        }
        there->listed |= image->listed;
        there->used = image->used;
        dv_shelf_image_free(image);
        return true;
    }
    if (image->bytes)
        make_room(a, image->size);
    if (a->n == a->room) {
        const int room = a->room ? 2 * a->room : 64;
        dv_shelf_image *grown = realloc(a->images, (size_t)room * sizeof *grown);
        if (!grown) {
            dv_shelf_image_free(image);
            return dv_fail(err, DV_NO_MEMORY, "no memory for another image");
        }
        a->images = grown;
        a->room = room;
    }
    a->images[a->n++] = *image;
    return true;
}

static char *copied(const char *text)
{
    return text ? strdup(text) : NULL;
}

/* Without the bytes. */
static bool copy_of(dv_shelf *a, const char *id, dv_shelf_image *copy, dv_error *err)
{
    dv_shelf_image *i = find(a, id);
    *copy = (dv_shelf_image){ .name = NULL };
    if (!i)
        return dv_fail(err, DV_IO, "no such image here: it may have been forgotten");
    i->used = ++a->uses;
    *copy = *i;
    copy->bytes = NULL;
    copy->name = copied(i->name);
    copy->path = copied(i->path);
    if (copy->name && (copy->path || !i->path))
        return true;
    dv_shelf_image_free(copy);
    return dv_fail(err, DV_NO_MEMORY, "no memory for the name of an image");
}

/* -- adding ----------------------------------------------------------------------------------- */

static bool check_pixels(const dv_image *im, const char *name, dv_error *err)
{
    return (int64_t)im->width * im->height <= DV_SHELF_PIXELS ||
           dv_fail(err, DV_UNSUPPORTED, "%s: %d x %d pixels: %d million at most", name, im->width,
                   im->height, DV_SHELF_PIXELS / 1000000);
}

static bool add(dv_shelf *a, dv_shelf_image *image, const dv_image *im, dv_shelf_image *copy,
                dv_error *err)
{
    char id[DV_ASKED_ID_MAX];
    memcpy(image->id, image->sha256, DV_ASKED_ID_MAX - 1);
    memcpy(id, image->id, sizeof id);
    image->width = im->width;
    image->height = im->height;
    pthread_mutex_lock(&a->lock);
    const bool ok = put(a, image, err) && copy_of(a, id, copy, err);
    pthread_mutex_unlock(&a->lock);
    return ok;
}

bool dv_shelf_add_file(dv_shelf *a, const char *path, const char *name, bool listed,
                       char id[DV_ASKED_ID_MAX], dv_error *err)
{
    dv_photo photo;
    dv_shelf_image copy = { .name = NULL };
    dv_shelf_image image = { .listed = listed };
    bool ok = dv_photo_open(&photo, path, NULL, err) && check_pixels(&photo.image, path, err);
    if (ok) {
        memcpy(image.sha256, photo.sha256, sizeof image.sha256);
        image.name = strdup(name);
        image.path = strdup(path);
        ok = (image.name && image.path) || dv_fail(err, DV_NO_MEMORY, "%s: no memory", path);
    }
    if (ok)
        ok = add(a, &image, &photo.image, &copy, err);
    else
        dv_shelf_image_free(&image);
    if (ok)
        memcpy(id, copy.id, sizeof copy.id);
    dv_shelf_image_free(&copy);
    dv_photo_free(&photo);
    return ok;
}

bool dv_shelf_add_bytes(dv_shelf *a, void *bytes, size_t size, const char *name, const char *lane,
                        dv_shelf_image *copy, dv_error *err)
{
    dv_image im = { .rgb = NULL };
    dv_shelf_image image = { .bytes = bytes, .size = size, .listed = !*lane };
    bool ok = dv_image_decode_within(&im, bytes, size, DV_SHELF_PIXELS, name, err);
    if (ok) {
        dv_sha256(bytes, size, image.sha256);
        memcpy(image.lane, lane, strlen(lane) + 1);
        image.name = strdup(name);
        ok = image.name || dv_fail(err, DV_NO_MEMORY, "no memory for the name of an image");
    }
    if (ok)
        ok = add(a, &image, &im, copy, err);
    else
        dv_shelf_image_free(&image);
    dv_image_free(&im);
    return ok;
}

/* -- opening ---------------------------------------------------------------------------------- */

bool dv_shelf_look(dv_shelf *a, const char *id, dv_shelf_image *copy, dv_error *err)
{
    pthread_mutex_lock(&a->lock);
    const bool ok = copy_of(a, id, copy, err);
    pthread_mutex_unlock(&a->lock);
    return ok;
}

/* A copy of bytes that were given, which the caller frees: the image may be forgotten meanwhile. */
static void *bytes_of(dv_shelf *a, const char *id, size_t *size)
{
    pthread_mutex_lock(&a->lock);
    const dv_shelf_image *i = find(a, id);
    void *bytes = i && i->bytes ? malloc(i->size + 1) : NULL;
    if (bytes) {
        memcpy(bytes, i->bytes, i->size);
        *size = i->size;
    }
    pthread_mutex_unlock(&a->lock);
    return bytes;
}

static bool open_file(const dv_shelf_image *i, dv_image *im, dv_error *err)
{
    const dv_photo_known known = { i->sha256, "opened" };
    dv_photo photo;
    const bool ok = dv_photo_open(&photo, i->path, &known, err);
    if (ok) {
        *im = photo.image;
        photo.image = (dv_image){ .rgb = NULL };
    }
    dv_photo_free(&photo);
    return ok;
}

bool dv_shelf_open(dv_shelf *a, const char *id, dv_image *im, dv_shelf_image *copy, dv_error *err)
{
    dv_shelf_image i;
    *im = (dv_image){ .rgb = NULL };
    if (!dv_shelf_look(a, id, &i, err))
        return false;
    bool ok;
    if (i.path) {
        ok = open_file(&i, im, err);
    } else {
        size_t size = 0;
        void *bytes = bytes_of(a, id, &size);
        ok = bytes ? dv_image_decode(im, bytes, size, i.name, err)
                   : dv_fail(err, DV_IO, "no such image here: it may have been forgotten");
        free(bytes);
    }
    if (ok && copy)
        *copy = i;
    else
        dv_shelf_image_free(&i);
    return ok;
}
