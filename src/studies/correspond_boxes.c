/* correspond_boxes.c - what is covered of each image: its parts, and boxes to hold them against. */
#include "base/random.h"
#include "base/size.h"
#include "studies/correspond_signs.h"
#include "studies/correspond_study.h"

#include <math.h>
#include <stdlib.h>

static dv_rect part_of(const dv_covering *c, int image, int part)
{
    return c->o->parts->boxes[image * c->n_parts + part];
}

/* -- boxes to hold them against --------------------------------------------------------------- */

/* Where a side of `length` begins that is to begin at `at`: inside [lo, hi) where it fits there,
 * else inside [0, size). */
static int fit(int at, int length, int lo, int hi, int size)
{
    if (hi - lo < length) {
        lo = 0;
        hi = size;
    }
    return at > hi - length ? hi - length : at < lo ? lo : at;
}

static dv_rect placed(const dv_seen_image *im, dv_rect part, int x, int y)
{
    const int w = part.x1 - part.x0, h = part.y1 - part.y0;
    const int x0 = fit(x, w, im->seen.x0, im->seen.x1, im->width);
    const int y0 = fit(y, h, im->seen.y0, im->seen.y1, im->height);
    return (dv_rect){ x0, y0, x0 + w, y0 + h };
}

static int anywhere(dv_random *r, int length, int lo, int hi)
{
    const int places = hi - lo - length + 1;
    return places > 1 ? lo + (int)dv_random_below(r, (uint32_t)places) : lo;
}

/* The middle of a side, out of one range into the same place of another; where `length` begins that
 * has its middle there. */
static int moved(int a, int b, int from_lo, int from_hi, int lo, int hi, int length)
{
    const double share = ((a + b) / 2.0 - from_lo) / (from_hi - from_lo);
    return (int)lround(lo + share * (hi - lo) - length / 2.0);
}

static dv_rect place_of_another(const dv_covering *c, dv_random *r, int image, int part)
{
    const int other =
        (image + 1 + (int)dv_random_below(r, (uint32_t)c->n_images - 1)) % c->n_images;
    const dv_rect from = c->images[other].seen, to = c->images[image].seen;
    const dv_rect box = part_of(c, other, part), own = part_of(c, image, part);
    return placed(&c->images[image], own,
                  moved(box.x0, box.x1, from.x0, from.x1, to.x0, to.x1, own.x1 - own.x0),
                  moved(box.y0, box.y1, from.y0, from.y1, to.y0, to.y1, own.y1 - own.y0));
}

/* Of each box its own stream of numbers, so that more repeats begin with the same boxes. */
dv_rect dv_covering_box(const dv_covering *c, int image, int box)
{
    const int part = box % c->n_parts;
    const dv_rect own = part_of(c, image, part), seen = c->images[image].seen;
    if (box < c->n_parts)
        return own;
    const uint64_t number = (uint64_t)(box - c->n_parts) * (uint64_t)c->n_images + (uint64_t)image;
    dv_random r = { .seed = dv_random_at(c->o->seed, number) };
    if (c->o->against == DV_AGAINST_PLACES)
        return place_of_another(c, &r, image, part);
    const int x = anywhere(&r, own.x1 - own.x0, seen.x0, seen.x1);
    const int y = anywhere(&r, own.y1 - own.y0, seen.y0, seen.y1);
    return placed(&c->images[image], own, x, y);
}

int dv_covering_example(const dv_covering *c, int image)
{
    return c->n_parts + image % c->n_parts;
}

/* -- before the run --------------------------------------------------------------------------- */

static int within(double v, int max)
{
    return v < 0 ? 0 : v > max ? max : (int)v;
}

static bool check_parts(const dv_covering *c, int image, dv_error *err)
{
    const dv_seen_image *im = &c->images[image];
    const char *path = dv_list_path(&c->o->parts->images, image);
    for (int k = 0; k < c->n_parts; k++) {
        const dv_rect b = part_of(c, image, k), s = im->seen;
        const char *name = c->o->parts->names[k];
        if (b.x1 > im->width || b.y1 > im->height)
            return dv_fail(err, DV_BAD_DATA,
                           "%s: \"%s\" is [%d,%d,%d,%d]: the image has %dx%d pixels", path, name,
                           b.x0, b.y0, b.x1, b.y1, im->width, im->height);
        if (b.x1 <= s.x0 || b.x0 >= s.x1 || b.y1 <= s.y0 || b.y0 >= s.y1)
            return dv_fail(err, DV_BAD_USAGE,
                           "%s: \"%s\" is [%d,%d,%d,%d]: of the image only [%d,%d,%d,%d] becomes "
                           "the network's input",
                           path, name, b.x0, b.y0, b.x1, b.y1, s.x0, s.y0, s.x1, s.y1);
    }
    return true;
}

/* input: as large as the model's. */
static bool read_image(dv_covering *c, int image, float *input, dv_error *err)
{
    const char *path = dv_list_path(&c->o->parts->images, image);
    const dv_preprocess *p = &c->o->preprocess;
    dv_image im;
    dv_image_map map;
    if (!dv_image_load(&im, path, err))
        return false;
    const int width = im.width, height = im.height;
    const bool ok = dv_prepare(&im, p, input, &map, err) || dv_fail_in(err, "%s", path);
    dv_image_free(&im);
    if (!ok)
        return false;
    const double *at = map.offset, *scale = map.scale;
    c->images[image] =
        (dv_seen_image){ .width = width,
                         .height = height,
                         .seen = { within(floor(at[1] * scale[1]), width),
                                   within(floor(at[0] * scale[0]), height),
                                   within(ceil((at[1] + p->size[1]) * scale[1]), width),
                                   within(ceil((at[0] + p->size[0]) * scale[0]), height) } };
    return check_parts(c, image, err);
}

static bool find_layers(dv_covering *c, dv_error *err)
{
    for (int i = 0; i < c->o->n_layers; i++) {
        dv_sign_layer *l = &c->layers[i];
        if (!dv_model_find(c->model, c->o->layers[i], &l->tensor, err))
            return false;
        l->size = dv_shape_count(dv_tensor_shape(c->model, l->tensor));
        l->words = dv_sign_words(l->size);
        l->signs = calloc(dv_size_mul((size_t)c->n_images * (size_t)c->n_boxes, l->words),
                          sizeof *l->signs);
        if (!l->signs)
            return dv_fail(err, DV_NO_MEMORY, "no memory for the signs of %d boxes in layer %s",
                           c->n_images * c->n_boxes, c->o->layers[i]);
    }
    return true;
}

bool dv_covering_begin(dv_covering *c, const dv_model *m, const dv_correspond_options *o,
                       dv_error *err)
{
    const int n = o->parts->images.count, parts = o->parts->n_parts;
    const int shown = o->figure.path ? o->shown < n ? o->shown : n : 0;
    *c = (dv_covering){ .model = m, .o = o, .n_images = n, .n_parts = parts, .n_shown = shown };
    if (o->n_layers < 1 || o->repeats < 1 || o->repeats > DV_CORRESPOND_MAX_REPEATS ||
        o->resamples < 1 || n < DV_PARTS_MIN_IMAGES)
        return dv_fail(err, DV_BAD_USAGE,
                       "%d images, %d layers, %d repeats, %d resamples: %d images and one each of "
                       "the others are needed, %d repeats at most",
                       n, o->n_layers, o->repeats, o->resamples, DV_PARTS_MIN_IMAGES,
                       DV_CORRESPOND_MAX_REPEATS);
    c->n_boxes = parts * (1 + o->repeats);
    const size_t inputs = dv_shape_count(dv_tensor_shape(m, dv_model_input(m)));
    c->images = calloc((size_t)n, sizeof *c->images);
    c->layers = calloc((size_t)o->n_layers, sizeof *c->layers);
    c->shown = calloc((size_t)shown * (size_t)(parts + 2) + 1, sizeof *c->shown);
    float *input = malloc(inputs * sizeof *input);
    bool ok = (c->images && c->layers && c->shown && input) ||
              dv_fail(err, DV_NO_MEMORY, "no memory for %d images", n);
    for (int i = 0; ok && i < n; i++)
        ok = read_image(c, i, input, err);
    free(input);
    return ok && find_layers(c, err);
}

void dv_covering_end(dv_covering *c)
{
    for (int i = 0; c->layers && i < c->o->n_layers; i++)
        free(c->layers[i].signs);
    for (int i = 0; c->shown && i < c->n_shown * (c->n_parts + 2); i++)
        dv_image_free(&c->shown[i]);
    free(c->layers);
    free(c->images);
    free(c->shown);
    *c = (dv_covering){ .o = NULL };
}
