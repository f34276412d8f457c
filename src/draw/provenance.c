#include "draw/provenance.h"

#include "base/format.h"
#include "deconvviz/version.h"

#include <assert.h>

static void add(dv_provenance_texts *t, const char *key, const char *value)
{
    if (value)
        t->text[t->n++] = (dv_png_text){ key, value };
}

static void describe(dv_provenance_texts *w, const dv_provenance *p)
{
    dv_format(w->channel, sizeof w->channel, "%d", (int)p->unit->channel);
    if (p->unit->y == DV_ALL)
        dv_format(w->position, sizeof w->position, "all");
    else if (p->shape->rank < 3)
        dv_format(w->position, sizeof w->position, "none");
    else
        dv_format(w->position, sizeof w->position, "%d,%d", (int)p->unit->y, (int)p->unit->x);
    dv_format(w->value, sizeof w->value, "%.9g", (double)p->value);
    dv_format(w->scale, sizeof w->scale, "%.9g", (double)p->scale);
}

void dv_provenance_say(dv_provenance_texts *t, const dv_provenance *p)
{
    t->n = 0;
    add(t, "Software", "deconvviz " DV_VERSION);
    add(t, "Model", p->model);
    add(t, "Model-SHA256", p->model_sha256);
    add(t, "Image", p->image);
    add(t, "Image-SHA256", p->image_sha256);
    add(t, "Rule", p->rule);
    if (p->rectify != DV_RECTIFY_RELU)
        add(t, "Rectify", dv_rectify_name(p->rectify));
    add(t, "Seed", p->seed);
    add(t, "Layer", p->layer);
    add(t, "Tensor", p->tensor);
    if (p->unit) {
        describe(t, p);
        add(t, "Channel", t->channel);
        add(t, "Position", t->position);
        add(t, "Value", t->value);
        add(t, "Scale", t->scale);
    } else {
        add(t, "Scale", p->scales);
    }
    assert(p->n_more <= DV_PROVENANCE_MAX_MORE);
    for (int i = 0; i < p->n_more; i++)
        add(t, p->more[i].key, p->more[i].value);
}

bool dv_picture_write(const char *path, const dv_image *picture, const dv_provenance *p,
                      dv_error *err)
{
    dv_provenance_texts t;
    dv_provenance_say(&t, p);
    return dv_png_write(path, picture->width, picture->height, 3, picture->rgb, t.text, t.n, err);
}

bool dv_picture_encode(uint8_t **png, size_t *size, const dv_image *picture, const dv_provenance *p,
                       dv_error *err)
{
    dv_provenance_texts t;
    dv_provenance_say(&t, p);
    return dv_png_encode(png, size, picture->width, picture->height, 3, picture->rgb, t.text, t.n,
                         err);
}
