#include "run/preprocess.h"

#include "base/json.h"

#include <float.h>

void dv_preprocess_write(dv_json *w, const dv_preprocess *p)
{
    dv_json_put_int(w, "resize", p->resize);
    dv_json_put_ints(w, "size", p->size, 2);
    dv_json_put_int(w, "channels", p->channels);
    dv_json_put_float(w, "scale", p->scale);
    dv_json_put_floats(w, "mean", p->mean, p->channels);
    dv_json_put_floats(w, "std", p->std, p->channels);
    dv_json_put_text(w, "order", p->bgr ? "bgr" : "rgb");
}

bool dv_preprocess_read(dv_preprocess *p, const cJSON *object, dv_error *err)
{
    static const char *const order[] = { "rgb", "bgr", NULL };
    int64_t size[2];
    int bgr;
    if (!dv_json_get_int(object, "resize", 0, DV_IMAGE_MAX_SIDE, &p->resize, err) ||
        !dv_json_get_ints(object, "size", 1, DV_IMAGE_MAX_SIDE, 2, size, err) ||
        !dv_json_get_int(object, "channels", 1, 3, &p->channels, err) ||
        !dv_json_get_float(object, "scale", -FLT_MAX, FLT_MAX, &p->scale, err) ||
        !dv_json_get_choice(object, "order", order, &bgr, err))
        return false;
    if (p->channels == 2)
        return dv_fail(err, DV_BAD_DATA, "\"channels\" is 2: 1 or 3 is needed");
    p->size[0] = (int)size[0];
    p->size[1] = (int)size[1];
    p->bgr = bgr == 1;
    if (!dv_json_get_floats(object, "mean", p->channels, p->mean, err) ||
        !dv_json_get_floats(object, "std", p->channels, p->std, err))
        return false;
    for (int i = 0; i < p->channels; i++)
        if (p->std[i] == 0)
            return dv_fail(err, DV_BAD_DATA, "\"std\" of channel %d is 0", i);
    return true;
}
