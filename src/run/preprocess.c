#include "run/preprocess.h"

static void write_floats(dv_text *t, const float *v, int n)
{
    for (int i = 0; i < n; i++) {
        dv_text_add(t, i ? "," : "[", 1);
        dv_text_float(t, v[i]);
    }
    dv_text_add(t, "]", 1);
}

void dv_text_preprocess(dv_text *t, const dv_preprocess *p)
{
    dv_text_format(t, "\"resize\":%d,\"size\":[%d,%d],\"channels\":%d,\"scale\":", p->resize,
                   p->size[0], p->size[1], p->channels);
    dv_text_float(t, p->scale);
    dv_text_format(t, ",\"mean\":");
    write_floats(t, p->mean, p->channels);
    dv_text_format(t, ",\"std\":");
    write_floats(t, p->std, p->channels);
    dv_text_format(t, ",\"order\":\"%s\"", p->bgr ? "bgr" : "rgb");
}
