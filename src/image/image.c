#include "deconvviz/image.h"

#include "base/file.h"
#include "image/decode.h"

#include <stdlib.h>

/* Where the upright image finds its pixels: start + y * down + x * right, in stored pixels. */
struct walk {
    int width, height;
    ptrdiff_t start, down, right;
};

static struct walk upright(int w, int h, int orientation)
{
    static const struct {
        bool swap;                   /* rows of the upright image are stored columns */
        bool from_end_x, from_end_y; /* stored columns, rows are walked backwards */
    } how[9] = {
        [2] = { false, true, false }, [3] = { false, true, true }, [4] = { false, false, true },
        [5] = { true, false, false }, [6] = { true, false, true }, [7] = { true, true, true },
        [8] = { true, true, false },
    };
    ptrdiff_t x = how[orientation].from_end_x ? -1 : 1, y = how[orientation].from_end_y ? -w : w;
    struct walk k = { .width = w, .height = h, .down = y, .right = x };
    if (how[orientation].swap)
        k = (struct walk){ .width = h, .height = w, .down = x, .right = y };
    k.start = (x < 0 ? w - 1 : 0) + (y < 0 ? (ptrdiff_t)(h - 1) * w : 0);
    return k;
}

/* One stored pixel as RGB. */
static void to_rgb(const uint8_t *from, int channels, uint8_t rgb[3])
{
    bool grey = channels < 3, alpha = channels % 2 == 0;
    for (int c = 0; c < 3; c++) {
        int v = from[grey ? 0 : c];
        if (alpha) { /* on white */
            int a = from[channels - 1];
            v = (v * a + 255 * (255 - a) + 127) / 255;
        }
        rgb[c] = (uint8_t)v;
    }
}

bool dv_image_decode(dv_image *im, const void *data, size_t size, const char *name, dv_error *err)
{
    return dv_image_decode_within(im, data, size, DV_IMAGE_MAX_PIXELS, name, err);
}

bool dv_image_decode_within(dv_image *im, const void *data, size_t size, int64_t most,
                            const char *name, dv_error *err)
{
    dv_pixels p;
    if (!dv_decode(&p, data, size, most, err))
        return dv_fail_in(err, "%s", name);
    if (p.channels == 3 && p.orientation == 1) {
        *im = (dv_image){ p.width, p.height, p.data };
        return true;
    }
    struct walk k = upright(p.width, p.height, p.orientation);
    uint8_t *rgb = malloc((size_t)k.width * k.height * 3), *to = rgb;
    if (rgb)
        for (int y = 0; y < k.height; y++)
            for (int x = 0; x < k.width; x++, to += 3)
                to_rgb(p.data + (k.start + y * k.down + x * k.right) * p.channels, p.channels, to);
    free(p.data);
    if (!rgb)
        return dv_fail(err, DV_NO_MEMORY, "%s: out of memory for %d x %d pixels", name, k.width,
                       k.height);
    *im = (dv_image){ k.width, k.height, rgb };
    return true;
}

bool dv_image_load(dv_image *im, const char *path, dv_error *err)
{
    dv_file f;
    if (!dv_file_read(&f, path, DV_FILE_MAX_READ, err))
        return false;
    bool ok = dv_image_decode(im, f.data, f.size, path, err);
    dv_file_unmap(&f);
    return ok;
}

void dv_image_free(dv_image *im)
{
    free(im->rgb);
    *im = (dv_image){ 0 };
}
