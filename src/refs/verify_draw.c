#include "refs/verify.h"

#include "base/format.h"
#include "base/text.h"
#include "draw/provenance.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { SIDE = 224, GAP = 12, TEXT_SIZE = 9 };

/* now - then, over both boxes; data is the caller's. */
static bool subtract(dv_signal *out, const dv_signal *then, const dv_signal *now, dv_error *err)
{
    const dv_signal *const from[2] = { now, then };
    *out = (dv_signal){ .box = dv_box_hull(then->box, now->box) };
    out->data = calloc(dv_box_count(&out->box) + 1, sizeof *out->data);
    if (!out->data)
        return dv_fail(err, DV_NO_MEMORY, "no memory for a difference");
    for (int i = 0; i < 2; i++) {
        const dv_box *b = &from[i]->box;
        for (int32_t c = b->lo[DV_C]; c < b->hi[DV_C]; c++)
            for (int32_t y = b->lo[DV_Y]; y < b->hi[DV_Y]; y++)
                for (int32_t x = b->lo[DV_X]; x < b->hi[DV_X]; x++)
                    *dv_signal_at(out, c, y, x) +=
                        i ? -*dv_signal_at(from[i], c, y, x) : *dv_signal_at(from[i], c, y, x);
    }
    return true;
}

/* How many times a difference is enlarged so that it can be seen beside what it is one of. */
static int enlargement(float scale, const dv_signal *difference)
{
    float own = dv_signal_scale(difference);
    int times = 1;
    while (times < 256 && own > 0 && own * 2 * (float)times <= scale)
        times *= 2;
    return times;
}

static bool draw_tile(dv_tile *tile, const dv_change_seen *s, const dv_signal *signal, float scale,
                      const char *label, dv_error *err)
{
    dv_image small;
    if (!dv_draw_signal(&small, signal, s->rect, scale, s->bgr, err))
        return false;
    bool ok = dv_picture_zoom(&tile->picture, &small, dv_view_zoom(s->rect, SIDE), err);
    dv_image_free(&small);
    tile->label = label;
    return ok;
}

static void describe(dv_text *t, const dv_change_seen *s)
{
    const dv_verified *v = s->result;
    const dv_reference_unit *u = v->unit;
    const char *slash = strrchr(v->image->file, '/');
    const dv_difference *d = &v->difference;
    dv_text_format(t, "%s%s, channel %d", isdigit((unsigned char)u->layer[0]) ? "layer " : "",
                   u->layer, (int)u->channel);
    if (u->at == DV_AT_ALL)
        dv_text_format(t, ", its whole map,");
    else if (u->shape.rank >= 3)
        dv_text_format(t, " at (%d,%d)", (int)u->y, (int)u->x);
    dv_text_format(t,
                   " of %s\n%s: relative L2 %.3g (%.2g allowed), cosine %.4f\n"
                   "activation %.4g, now %.4g",
                   slash ? slash + 1 : v->image->file,
                   v->verdict == DV_REGRESSED ? "regressed" : "changed within its tolerance",
                   d->relative, v->allowed, d->cosine, (double)u->value, (double)v->value);
}

/* *full: the value of full colour. */
static bool draw(dv_image *out, const dv_change_seen *s, const char *title, float *full,
                 dv_error *err)
{
    dv_signal difference;
    dv_tile tiles[3] = { { .label = NULL } };
    char label[64] = "difference";
    if (!subtract(&difference, s->then, s->now, err))
        return false;
    float scale = dv_signal_scale(s->then);
    scale = scale > 0 ? scale : dv_signal_scale(s->now);
    *full = scale;
    int times = enlargement(scale, &difference);
    if (times > 1)
        dv_format(label, sizeof label, "difference, %d times as strong", times);
    const dv_sheet sheet = {
        .title = title, .columns = 3, .gap = GAP, .text_size = TEXT_SIZE, .paper = DV_WHITE
    };
    bool ok = draw_tile(&tiles[0], s, s->then, scale, "recorded", err) &&
              draw_tile(&tiles[1], s, s->now, scale, "now", err) &&
              draw_tile(&tiles[2], s, &difference, scale / (float)times, label, err) &&
              dv_draw_sheet(out, &sheet, 3, tiles, err);
    for (int i = 0; i < 3; i++)
        dv_image_free(&tiles[i].picture);
    free(difference.data);
    return ok;
}

static bool write_picture(const dv_change_seen *s, const char *path, const char *title,
                          dv_error *err)
{
    const dv_verified *v = s->result;
    const dv_png_text more[] = {
        { "Recorded-Model-SHA256", s->refs->model.sha256 },
        { "Comparison", title },
    };
    dv_provenance p = { .model = dv_model_name(s->model),
                        .model_sha256 = dv_model_sha256(s->model, err),
                        .image = v->image->file,
                        .image_sha256 = v->image->sha256,
                        .rule = dv_rule_name(s->refs->rule),
                        .rectify = s->refs->rectify,
                        .seed = dv_seed_name(s->refs->seed),
                        .layer = v->unit->layer,
                        .tensor = v->unit->tensor,
                        .unit = s->unit,
                        .shape = &v->shape,
                        .value = v->value,
                        .n_more = 2,
                        .more = more };
    dv_image picture;
    if (!p.model_sha256 || !draw(&picture, s, title, &p.scale, err))
        return false;
    bool ok = dv_picture_write(path, &picture, &p, err);
    dv_image_free(&picture);
    return ok;
}

bool dv_verify_draw(const dv_change_seen *s, const char *path, dv_error *err)
{
    dv_text title = { 0 };
    describe(&title, s);
    bool ok = dv_text_ok(&title, path, err) && write_picture(s, path, title.data, err);
    free(title.data);
    return ok;
}
