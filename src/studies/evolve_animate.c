/* evolve_animate.c - the features of all layers as a picture that moves: a frame a checkpoint. */
#include "studies/evolve.h"

#include "image/apng.h"
#include "plot/figure.h"
#include "run/watch.h"

#include <stdlib.h>

/* What a frame shows. */
typedef struct scene {
    dv_shown *shown;     /* (layers, columns) */
    const char **titles; /* (layers) */
} scene;

static int most_shown(const dv_evolution *r)
{
    int most = 1;
    for (int i = 0; i < r->n_layers; i++) {
        const int n = dv_evolution_shown(r, i);
        most = n > most ? n : most;
    }
    return most;
}

/* A row a layer; of a unit the projection and, if they are wanted, the patch. */
static void fill_frame(const dv_evolution_work *w, int checkpoint, int columns, scene *s)
{
    const int each = w->e->o.patches ? 2 : 1;
    for (int layer = 0; layer < w->r->n_layers; layer++) {
        dv_shown *row = &s->shown[(size_t)layer * (size_t)columns];
        s->titles[layer] = w->r->layers[layer].title;
        for (int i = 0, at = 0; i < w->r->n_units; i++) {
            const dv_evolved_unit *u = &w->r->units[i];
            const size_t k = (size_t)i * (size_t)w->r->n + (size_t)checkpoint;
            if (u->layer != layer || !u->shown)
                continue;
            row[at] = (dv_shown){ .picture = w->pictures[k], .framed = u->jumped[checkpoint] };
            if (each > 1)
                row[at + 1] = (dv_shown){ .picture = w->patches[k] };
            at += each;
        }
    }
}

/* *out: the caller's. */
static bool draw_frame(const dv_evolution_work *w, int checkpoint, dv_image *out, dv_error *err)
{
    const int columns = most_shown(w->r) * (w->e->o.patches ? 2 : 1), rows = w->r->n_layers;
    const dv_figure_file size = { .width = columns > 4 ? 152.4 : 101.6, .dpi = 150 };
    dv_text title = { 0 };
    scene s = { calloc((size_t)rows * (size_t)columns + 1, sizeof *s.shown),
                calloc((size_t)rows + 1, sizeof *s.titles) };
    dv_text_format(&title, "%s, %s", dv_model_name(w->e->model),
                   w->r->checkpoints[checkpoint].title);
    dv_figure f = { .title = title.data };
    bool ok = dv_text_ok(&title, "a figure", err) &&
              ((s.shown && s.titles) || dv_fail(err, DV_NO_MEMORY, "no memory for a figure"));
    if (ok) {
        fill_frame(w, checkpoint, columns, &s);
        dv_figure_row(&f, NULL);
        dv_figure_grid(&f, &(dv_grid){ .n = rows * columns,
                                       .shown = s.shown,
                                       .columns = columns,
                                       .row_titles = s.titles,

                                       .side = 26 });
    }
    ok = ok && dv_figure_draw(&f, &size, out, err);
    dv_figure_free(&f);
    free(s.shown);
    free(s.titles);
    free(title.data);
    return ok;
}

/* Frames have the size of the first, whatever their titles take. */
static bool add_frame(const dv_evolution_work *w, dv_apng *a, int i, const dv_png_text *texts,
                      int n_texts, dv_error *err)
{
    const int delay = i < w->r->n - 1 ? w->e->o.frame : 3 * w->e->o.frame;
    dv_image drawn, frame;
    if (!draw_frame(w, i, &drawn, err))
        return false;
    bool ok = (i > 0 || dv_apng_begin(a, drawn.width, drawn.height, w->r->n, err)) &&
              dv_picture_new(&frame, a->width, a->height, DV_WHITE, err);
    if (ok) {
        dv_draw_picture(&frame, 0, 0, &drawn);
        ok = dv_apng_add(a, &frame, delay < DV_APNG_MAX_DELAY ? delay : DV_APNG_MAX_DELAY, texts,
                         n_texts, err);
        dv_image_free(&frame);
    }
    dv_image_free(&drawn);
    return ok;
}

bool dv_evolution_animate(const dv_evolution_work *w, dv_error *err)
{
    const dv_evolve_options *o = &w->e->o;
    dv_evolution_words words = { .says = { .model = NULL } };
    dv_provenance_texts texts;
    dv_apng a = { .n = 0 };
    if (!o->apng)
        return true;
    bool ok = dv_evolution_describe(w, &words, err);
    if (ok)
        dv_provenance_say(&texts, &words.says);
    for (int i = 0; ok && i < w->r->n; i++)
        ok = add_frame(w, &a, i, texts.text, texts.n, err);
    ok = ok && dv_apng_write(&a, o->apng, err);
    dv_apng_free(&a);
    dv_evolution_words_free(&words);
    if (ok)
        dv_watch_wrote(&o->watch, o->apng);
    return ok;
}
