#include "studies/occlude_parts.h"

#include "base/format.h"
#include "run/outputs.h"
#include "run/scores.h"
#include "run/watch.h"

#include <math.h>

#include <stdlib.h>
#include <string.h>

void dv_occlude_step(dv_occlude *s)
{
    dv_watch_progress(&s->o->watch, ++s->done, s->total);
}

/* -- one image -------------------------------------------------------------------------------- */

static void image_free(dv_occlude_image *im)
{
    dv_image_free(&im->seen);
    dv_image_free(&im->projected);
    for (int i = 0; i < DV_OCCLUDE_SHOWN; i++)
        dv_image_free(&im->others[i]);
    free(im->input);
    free(im->covered);
    free(im->energy);
    free(im->at);
    free(im->saliency);
}

static bool image_new(const dv_occlude *s, int32_t i, dv_occlude_image *im, dv_error *err)
{
    const size_t h = (size_t)s->o->preprocess.size[0], w = (size_t)s->o->preprocess.size[1];
    const size_t positions = (size_t)s->rows * (size_t)s->columns;
    *im = (dv_occlude_image){ .path = dv_list_path(s->images, i) };
    im->input = malloc(s->n_input * sizeof *im->input);
    im->covered = malloc(s->n_input * sizeof *im->covered);
    im->energy = malloc((h + 1) * (w + 1) * sizeof *im->energy);
    im->at = calloc(positions, sizeof *im->at);
    im->saliency = s->o->masks > 0 ? malloc(h * w * sizeof *im->saliency) : NULL;
    im->found = (dv_occluded){ .path = im->path,
                               .layer = s->layer,
                               .rows = s->rows,
                               .columns = s->columns,
                               .at = im->at,
                               .saliency = im->saliency,
                               .halves = (double)NAN };
    return (im->input && im->covered && im->energy && im->at &&
            (im->saliency || s->o->masks == 0)) ||
           dv_fail(err, DV_NO_MEMORY, "no memory for %zu positions on %zux%zu pixels", positions, w,
                   h);
}

static bool draw(dv_occlude *s, dv_occlude_image *im, const char *path, dv_error *err)
{
    if (!dv_occlude_show_others(s, im, err))
        return false;
    s->broken = !dv_occlude_draw(s, im, path, err);
    return !s->broken;
}

/* path: of its figure; NULL: none. */
static bool study_image(dv_occlude *s, dv_occlude_image *im, const char *path, dv_error *err)
{
    if (!dv_occlude_look(s, im, err))
        return false;
    if (!dv_occlude_slide(s, im, err) || (s->o->masks > 0 && !dv_occlude_masks(s, im, err)))
        return err->code != DV_CANCELLED && dv_fail_in(err, "%s", im->path);
    dv_occlude_find_least(s, im);
    if (!dv_occlude_compare(s, im, err) || (path && !draw(s, im, path, err)))
        return false;
    im->found.figure = path;
    return true;
}

/* Whether the run ends for what one image failed by. */
static bool is_fatal(const dv_occlude *s, const dv_error *err)
{
    return s->broken || s->images->count == 1 || err->code == DV_NO_MEMORY ||
           err->code == DV_CANCELLED;
}

static bool do_image(dv_occlude *s, int32_t i, const char *path, dv_error *err)
{
    dv_occlude_image im;
    dv_error failed = { 0 };
    const int64_t each = s->total / s->images->count;
    s->number_now = i + 1;
    bool ok = image_new(s, i, &im, &failed) && study_image(s, &im, path, &failed);
    const bool ends = !ok && is_fatal(s, &failed);
    if (ends && err)
        *err = failed;
    if (!ok)
        im.found.failed = &failed;
    if (!ends && s->done < each * (i + 1)) {
        s->done = each * (i + 1) - 1;
        dv_occlude_step(s);
    }
    if (ok && path)
        dv_watch_wrote(&s->o->watch, path);
    ok = !ends && (!s->o->occluded || s->o->occluded(s->o->ctx, &im.found, err));
    image_free(&im);
    return ok;
}

/* -- all of them ------------------------------------------------------------------------------ */

const dv_layer *dv_occlude_layer(const dv_model *m)
{
    const dv_layer *found = NULL;
    for (int i = 0; i < dv_model_n_layers(m); i++) {
        const dv_layer *l = dv_model_layer(m, i);
        if (strcmp(l->op, "Conv") == 0 && (!found || i + 1 < dv_model_n_layers(m)))
            found = l;
    }
    return found;
}

int dv_occlude_positions(int side, int step)
{
    return step < 1 ? side : (side + step - 1) / step;
}

static bool find_layer(dv_occlude *s, dv_error *err)
{
    const dv_layer *own = s->o->layer ? NULL : dv_occlude_layer(s->model);
    if (own) {
        dv_format(s->number, sizeof s->number, "%d", own->number);
        s->layer = s->number;
        s->tensor = own->tensor;
    } else if (!s->o->layer) {
        return dv_fail(err, DV_BAD_USAGE, "the network has no convolution: -l LAYER is needed");
    } else {
        s->layer = s->o->layer;
        if (!dv_model_find(s->model, s->layer, &s->tensor, err))
            return false;
    }
    s->map = dv_box_whole(dv_tensor_shape(s->model, s->tensor));
    return s->o->channel < s->map.hi[DV_C] ||
           dv_fail(err, DV_BAD_USAGE, "channel %d: layer %s has channels 0 to %d",
                   (int)s->o->channel, s->layer, (int)s->map.hi[DV_C] - 1);
}

static int shorter(const int size[2])
{
    return size[0] < size[1] ? size[0] : size[1];
}

static bool settle(dv_occlude *s, dv_error *err)
{
    static const dv_labels none = { 0 };
    const dv_occlude_options *o = s->o;
    const int *size = o->preprocess.size, side = shorter(size);
    const int step = o->step > 0 ? o->step : side >= 14 ? side / 14 : 1;
    s->square = o->square > 0 ? o->square : (side + 2) / 5;
    s->square = s->square > 0 ? s->square : 1;
    s->rows = dv_occlude_positions(size[0], step);
    s->columns = dv_occlude_positions(size[1], step);
    s->labels = o->labels ? o->labels : &none;
    s->output = dv_model_output(s->model);
    s->n_classes = o->no_classes ? 0 : dv_model_classes(s->model);
    s->n_input = dv_shape_count(dv_tensor_shape(s->model, dv_model_input(s->model)));
    if (o->ending && (o->others || s->images->count > 1))
        s->others = o->others ? o->others : s->images;
    s->total = (int64_t)s->images->count * ((int64_t)s->rows * s->columns + o->masks);
    if (s->square > side)
        return dv_fail(err, DV_BAD_USAGE, "a square of %d pixels: the input is %dx%d", s->square,
                       size[1], size[0]);
    if (s->n_classes == 0 && (o->of_class >= 0 || o->masks > 0))
        return dv_fail(err, DV_BAD_USAGE,
                       o->no_classes ? "a class, or masks, when no classes are looked at"
                                     : "the network's output tells no classes apart");
    if (s->n_classes > 0 && o->of_class >= s->n_classes)
        return dv_fail(err, DV_BAD_USAGE, "class %d: the network has classes 0 to %d", o->of_class,
                       (int)s->n_classes - 1);
    return find_layer(s, err);
}

static bool hire(dv_occlude *s, dv_error *err)
{
    const dv_occlude_options *o = s->o;
    const int keep[] = { s->tensor, s->output };
    const int n_keep = s->n_classes > 0 && s->output != s->tensor ? 2 : 1;
    const int64_t n_others = s->others ? s->others->count : 0;
    const dv_request as_it_is = { .n_keep = n_keep,
                                  .keep = keep,
                                  .rules = 1U << DV_RULE_DECONVNET,
                                  .exact = o->exact,
                                  .images = n_others };
    const dv_request sliding = { .n_keep = n_keep,
                                 .keep = keep,
                                 .exact = o->exact,
                                 .boxes = !o->plain,
                                 .images = (int64_t)s->rows * s->columns,
                                 .unchecked = true };
    const dv_request masking = {
        .n_keep = 1, .keep = &s->output, .exact = o->exact, .images = o->masks
    };
    const dv_crew_options scouts = {
        .request = &as_it_is, .pool = o->pool, .tasks = n_others, .units = 1
    };
    const dv_crew_options sliders = { .request = &sliding,
                                      .pool = o->pool,
                                      .tasks = (int64_t)s->rows * DV_OCCLUDE_PIECES };
    const dv_crew_options maskers = {
        .request = &masking, .pool = o->pool, .tasks = o->masks, .together = true
    };
    if (!dv_crew_hire(&s->scouts, s->model, &scouts, err) ||
        !dv_crew_hire(&s->sliders, s->model, &sliders, err) ||
        (o->masks > 0 && !dv_crew_hire(&s->maskers, s->model, &maskers, err)))
        return false;
    s->walkers = calloc((size_t)s->sliders.n_workers, sizeof *s->walkers);
    return s->walkers ||
           dv_fail(err, DV_NO_MEMORY, "no memory for %d workers", s->sliders.n_workers);
}

static bool do_images(dv_occlude *s, dv_error *err)
{
    bool ok = true;
    char **stems = dv_stems(s->images, err);
    if (!stems)
        return false;
    for (int32_t i = 0; ok && i < s->images->count; i++) {
        char *path = NULL;
        if (s->o->ending)
            path = dv_place_path(&s->o->place, stems[i], "occlude", s->o->ending);
        ok = (path || !s->o->ending || dv_fail(err, DV_NO_MEMORY, "no memory for a path")) &&
             do_image(s, i, path, err);
        free(path);
    }
    dv_stems_free(stems, s->images);
    return ok;
}

bool dv_occlude_images(const dv_model *m, const dv_list *images, const dv_occlude_options *o,
                       dv_error *err)
{
    dv_occlude s = { .model = m, .images = images, .o = o };
    const bool ok =
        settle(&s, err) && hire(&s, err) && dv_occlude_survey(&s, err) && do_images(&s, err);
    dv_occlude_survey_free(&s);
    free(s.walkers);
    dv_crew_dismiss(&s.scouts);
    dv_crew_dismiss(&s.sliders);
    dv_crew_dismiss(&s.maskers);
    return ok;
}
