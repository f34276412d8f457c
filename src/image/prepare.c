#include "deconvviz/image.h"

#include "image/frame.h"
#include "image/resize.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

bool dv_preprocess_named(dv_preprocess *p, const char *name)
{
    static const struct {
        const char *name;
        bool crop, bgr;
        float scale, mean[3], std[3];
    } known[] = {
        { "imagenet",
          true,
          false,
          1 / 255.0F,
          { 0.485F, 0.456F, 0.406F },
          { 0.229F, 0.224F, 0.225F } },
        { "caffe", true, true, 1, { 104, 117, 123 }, { 1, 1, 1 } },
        { "unit", false, false, 1 / 255.0F, { 0, 0, 0 }, { 1, 1, 1 } },
        { "none", false, false, 1, { 0, 0, 0 }, { 1, 1, 1 } },
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (strcmp(name, known[i].name) != 0)
            continue;
        int shorter = p->size[0] < p->size[1] ? p->size[0] : p->size[1];
        p->resize = known[i].crop ? (int)lround(shorter * (256 / 224.0)) : shorter;
        p->bgr = known[i].bgr;
        p->scale = known[i].scale;
        memcpy(p->mean, known[i].mean, sizeof p->mean);
        memcpy(p->std, known[i].std, sizeof p->std);
        return true;
    }
    return false;
}

bool dv_preprocess_check(const dv_preprocess *p, dv_error *err)
{
    int h = p->size[0], w = p->size[1];
    if (h < 1 || w < 1 || h > DV_IMAGE_MAX_SIDE || w > DV_IMAGE_MAX_SIDE)
        return dv_fail(err, DV_BAD_USAGE, "size %d x %d: a side may have 1 to %d pixels", h, w,
                       DV_IMAGE_MAX_SIDE);
    if (p->channels != 1 && p->channels != 3)
        return dv_fail(err, DV_UNSUPPORTED,
                       "the network takes %d channels; a photograph gives 3, or 1 of grey",
                       p->channels);
    if (p->resize < 0 || p->resize > DV_IMAGE_MAX_SIDE)
        return dv_fail(err, DV_BAD_USAGE, "resize %d: 1 to %d pixels are possible, or 0", p->resize,
                       DV_IMAGE_MAX_SIDE);
    if (p->resize && p->resize < h && p->resize < w)
        return dv_fail(err, DV_BAD_USAGE, "resize %d is too small to cut %d x %d pixels from",
                       p->resize, h, w);
    for (int c = 0; c < p->channels; c++)
        if (!(fabsf(p->std[c]) > 0) || !isfinite(p->std[c]) || !isfinite(p->mean[c]))
            return dv_fail(
                err, DV_BAD_USAGE,
                "mean %g, std %g of channel %d: finite numbers are needed, and std not 0",
                (double)p->mean[c], (double)p->std[c], c);
    if (!isfinite(p->scale))
        return dv_fail(err, DV_BAD_USAGE, "scale %g: a finite number is needed", (double)p->scale);
    return true;
}

/* The whole resized image, and the part of it that is cut. */
struct layout {
    int width, height;
    dv_part part;
};

/* n / 2, a half going to the even neighbour: where torchvision's CenterCrop begins. */
static int half_even(int n)
{
    return n / 2 + (n & n / 2 & 1);
}

/* a * b / c, rounded down, at least `least`. */
static int proportion(int a, int b, int c, int least)
{
    int64_t n = (int64_t)a * b / c;
    return n < least ? least : n < INT32_MAX ? (int)n : INT32_MAX;
}

/* Moves the part from the centre to where a view is. */
static void move_to_crop(struct layout *l, int crop)
{
    const bool mirrored = crop >= DV_CROPS / 2;
    crop %= DV_CROPS / 2;
    if (crop != DV_CROP_CENTRE) {
        l->part.x = crop % 2 ? l->width - l->part.width : 0;
        l->part.y = crop / 2 ? l->height - l->part.height : 0;
    }
    if (mirrored)
        l->part.x = l->width - l->part.width - l->part.x;
}

static struct layout lay_out(const dv_image *im, const dv_preprocess *p)
{
    int h = p->size[0], w = p->size[1];
    struct layout l = { w, h, { 0, 0, w, h } };
    if (p->resize == 0)
        return l;
    if (im->width <= im->height) {
        l.width = p->resize;
        l.height = proportion(p->resize, im->height, im->width, p->resize);
    } else {
        l.height = p->resize;
        l.width = proportion(p->resize, im->width, im->height, p->resize);
    }
    /* a network that is not square, an image of another shape: where torchvision would put black
     * beside it, it becomes larger */
    if (l.width < w) {
        l.height = proportion(w, im->height, im->width, l.height);
        l.width = w;
    }
    if (l.height < h) {
        l.width = proportion(h, im->width, im->height, l.width);
        l.height = h;
    }
    l.part.x = half_even(l.width - w);
    l.part.y = half_even(l.height - h);
    return l;
}

static uint8_t grey(const uint8_t *rgb)
{
    /* ITU-R 601-2 luma with 16 bits, as Pillow's convert("L") */
    return (uint8_t)((rgb[0] * 19595U + rgb[1] * 38470U + rgb[2] * 7471U + 0x8000U) >> 16);
}

/* The view with as much of `margin` pixels around it as there are. */
static dv_part around(const struct layout *l, int margin)
{
    const dv_part v = l->part;
    const int left = v.x < margin ? v.x : margin, top = v.y < margin ? v.y : margin;
    const int right = l->width - v.x - v.width, below = l->height - v.y - v.height;
    return (dv_part){ v.x - left, v.y - top, v.width + left + (right < margin ? right : margin),
                      v.height + top + (below < margin ? below : margin) };
}

/* One of the ten views with `margin` pixels around it, as RGB; from malloc. */
static uint8_t *cut(const dv_image *im, const dv_preprocess *p, int crop, int margin,
                    struct layout *l, dv_part *part, dv_error *err)
{
    if (im->width < 1 || im->height < 1) {
        dv_fail(err, DV_BAD_DATA, "the image has no pixels");
        return NULL;
    }
    if (!dv_preprocess_check(p, err))
        return NULL;
    *l = lay_out(im, p);
    move_to_crop(l, crop);
    *part = around(l, margin);
    uint8_t *rgb = malloc((size_t)part->width * part->height * 3);
    if (!rgb) {
        dv_fail(err, DV_NO_MEMORY, "out of memory for %d x %d pixels", part->width, part->height);
        return NULL;
    }
    if (dv_resize(im, l->width, l->height, *part, rgb, err))
        return rgb;
    free(rgb);
    return NULL;
}

void dv_pixels_prepare(const uint8_t *rgb, const dv_preprocess *p, float *to)
{
    size_t n = (size_t)p->size[0] * p->size[1];
    for (int c = 0; c < p->channels; c++) {
        float values[256]; /* what each level becomes */
        for (int v = 0; v < 256; v++)
            values[v] = ((float)v * p->scale - p->mean[c]) / p->std[c];
        float *plane = to + c * n;
        const uint8_t *from = rgb + (p->bgr ? 2 - c : c);
        if (p->channels == 1)
            for (size_t i = 0; i < n; i++)
                plane[i] = values[grey(rgb + 3 * i)];
        else
            for (size_t i = 0; i < n; i++)
                plane[i] = values[from[3 * i]];
    }
}

bool dv_prepare(const dv_image *im, const dv_preprocess *p, float *to, dv_image_map *map,
                dv_error *err)
{
    struct layout l;
    dv_part part;
    uint8_t *rgb = cut(im, p, DV_CROP_CENTRE, 0, &l, &part, err);
    if (!rgb)
        return false;
    dv_pixels_prepare(rgb, p, to);
    free(rgb);
    if (map)
        *map = (dv_image_map){
            { l.part.y, l.part.x },
            { (double)im->height / l.height, (double)im->width / l.width },
        };
    return true;
}

/* Left becomes right, in each row of w pixels. */
static void mirror(uint8_t *rgb, int w, int h)
{
    for (int y = 0; y < h; y++, rgb += 3 * (size_t)w)
        for (int x = 0; x < w / 2; x++) {
            uint8_t left[3], *a = rgb + 3 * x, *b = rgb + 3 * (w - 1 - x);
            memcpy(left, a, 3);
            memcpy(a, b, 3);
            memcpy(b, left, 3);
        }
}

bool dv_prepare_crop(const dv_image *im, const dv_preprocess *p, int crop, float *to, dv_error *err)
{
    struct layout l;
    dv_part part;
    uint8_t *rgb = cut(im, p, crop, 0, &l, &part, err);
    if (!rgb)
        return false;
    if (crop >= DV_CROPS / 2)
        mirror(rgb, part.width, part.height);
    dv_pixels_prepare(rgb, p, to);
    free(rgb);
    return true;
}

bool dv_prepare_view(const dv_image *im, const dv_preprocess *p, dv_image *out, dv_error *err)
{
    struct layout l;
    dv_part part;
    uint8_t *rgb = cut(im, p, DV_CROP_CENTRE, 0, &l, &part, err);
    if (!rgb)
        return false;
    if (p->channels == 1)
        for (size_t i = 0; i < (size_t)part.width * part.height; i++)
            memset(rgb + 3 * i, grey(rgb + 3 * i), 3);
    *out = (dv_image){ part.width, part.height, rgb };
    return true;
}

bool dv_frame_make(dv_frame *f, const dv_image *im, const dv_preprocess *p, int margin,
                   dv_error *err)
{
    struct layout l;
    dv_part part;
    *f = (dv_frame){ .image = { .rgb = NULL } };
    uint8_t *rgb = cut(im, p, DV_CROP_CENTRE, margin, &l, &part, err);
    if (!rgb)
        return false;
    f->image = (dv_image){ part.width, part.height, rgb };
    f->view = (dv_part){ l.part.x - part.x, l.part.y - part.y, l.part.width, l.part.height };
    return true;
}

void dv_frame_free(dv_frame *f)
{
    dv_image_free(&f->image);
    *f = (dv_frame){ .image = { .rgb = NULL } };
}
