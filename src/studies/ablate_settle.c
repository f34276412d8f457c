/* ablate_settle.c - what is asked for, checked and made ready before the run. */
#include "run/linear.h"
#include "run/linear_library.h"
#include "run/pooling.h"
#include "run/scores.h"
#include "studies/ablate_parts.h"

#include <math.h>
#include <stdlib.h>

enum { A_CLASS = 5 }; /* images, for a probe that nobody asked for */

/* -- what is asked for ------------------------------------------------------------------------ */

static bool check_shares(const dv_ablate_options *o, dv_error *err)
{
    if (o->n_shares < 1 || o->n_shares > DV_ABLATE_SHARES_MAX)
        return dv_fail(err, DV_BAD_USAGE, "%d shares: 1 to %d are possible", o->n_shares,
                       DV_ABLATE_SHARES_MAX);
    for (int i = 0; i < o->n_shares; i++) {
        if (!(o->shares[i] > 0) || o->shares[i] > 1)
            return dv_fail(err, DV_BAD_USAGE,
                           "a share of %g of the channels: above 0 and at most 1 are possible",
                           o->shares[i]);
        if (i > 0 && o->shares[i] <= o->shares[i - 1])
            return dv_fail(err, DV_BAD_USAGE, "shares must rise: %g stands behind %g", o->shares[i],
                           o->shares[i - 1]);
    }
    return true;
}

bool dv_ablate_check(const dv_ablate_options *o, dv_error *err)
{
    if (o->draws < 1 || o->draws > DV_ABLATE_DRAWS_MAX)
        return dv_fail(err, DV_BAD_USAGE, "%d random orders: 1 to %d are possible", o->draws,
                       DV_ABLATE_DRAWS_MAX);
    if (o->folds < 2 || o->folds > DV_ABLATE_FOLDS_MAX)
        return dv_fail(err, DV_BAD_USAGE, "%d folds: 2 to %d are possible", o->folds,
                       DV_ABLATE_FOLDS_MAX);
    if (o->n_skips < 0 || o->n_skips > DV_ABLATE_SKIPS_MAX)
        return dv_fail(err, DV_BAD_USAGE, "%d groups of layers to skip: at most %d are possible",
                       o->n_skips, DV_ABLATE_SKIPS_MAX);
    if (o->n_layers > 0 && !o->units && dv_silenced_orders(o) == 0)
        return dv_fail(err, DV_BAD_USAGE, "no order to silence channels in");
    return (o->n_layers == 0 || check_shares(o, err)) &&
           (!o->figure.path || dv_figure_check(&o->figure, err));
}

/* -- images ----------------------------------------------------------------------------------- */

/* As many as are wanted, evenly out of the list, its first among them. */
static bool choose_images(dv_ablating *a, const dv_list *images, dv_error *err)
{
    const int64_t n = images->count, wanted = a->o->images;
    a->of.images = images;
    if (n == 0)
        return dv_fail(err, DV_BAD_USAGE, "no images to look at a network with");
    if (wanted <= 0 || wanted >= n)
        return true;
    for (int64_t i = 0; i < wanted; i++)
        if (!dv_list_add(&a->chosen, dv_list_path(images, (int32_t)(i * n / wanted)), err))
            return false;
    a->of.images = &a->chosen;
    return true;
}

/* How many classes the images are of; -1: no memory. */
static int count_classes(const dv_ablating *a, dv_error *err)
{
    bool *seen = calloc((size_t)a->n_classes, sizeof *seen);
    int n = 0;
    if (!seen) {
        dv_fail(err, DV_NO_MEMORY, "no memory for %d classes", a->n_classes);
        return -1;
    }
    for (int32_t i = 0; i < a->of.images->count; i++) {
        const int c = dv_truth_of(a->o->truth, dv_list_path(a->of.images, i));
        if (c >= 0 && c < a->n_classes && !seen[c]) {
            seen[c] = true;
            n++;
        }
    }
    free(seen);
    return n;
}

/* -- the probe -------------------------------------------------------------------------------- */

/* Weight layers behind a tensor, on the longest way. */
static int behind(const dv_model *m, int tensor)
{
    const int producer = m->values[tensor].producer;
    return producer < 0 ? m->n_layers : m->nodes[producer].behind;
}

static int last_with_positions(const dv_model *m)
{
    for (int i = m->n_layers - 1; i >= 0; i--) {
        const int tensor = m->layers[i].tensor;
        const dv_box b = dv_box_whole(&m->values[tensor].shape);
        if (behind(m, tensor) > 0 && (b.hi[DV_Y] > 1 || b.hi[DV_X] > 1))
            return tensor;
    }
    return DV_ABLATE_NO_PROBE;
}

static bool settle_probe(dv_ablating *a, dv_error *err)
{
    const dv_ablate_options *o = a->o;
    a->probe = o->probe;
    if (o->probe == DV_ABLATE_FIT_PROBE) {
        const int classes = a->r->labelled ? count_classes(a, err) : 0;
        const bool enough = classes > 1 && a->of.images->count / classes >= A_CLASS;
        if (classes < 0)
            return false;
        a->probe = enough || (o->probe_images && a->r->labelled) ? last_with_positions(a->model)
                                                                 : DV_ABLATE_NO_PROBE;
    }
    if (a->probe < 0)
        return true;
    if (!a->r->labelled)
        return dv_fail(err, DV_BAD_USAGE, "a probe is trained on classes, which nobody has said");
    a->n_values = dv_pooled_count(&o->pooling, dv_tensor_shape(a->model, a->probe));
    const double bytes = 3.0 * a->n_classes * ((double)a->n_values + 1) * sizeof(double);
    if (bytes > (double)DV_LINEAR_MAX_BYTES)
        return dv_fail(err, DV_UNSUPPORTED,
                       "a probe of %d classes on %zu values takes %.1f GB, at most %.1f are taken: "
                       "pool them",
                       a->n_classes, a->n_values, bytes / 1e9, (double)DV_LINEAR_MAX_BYTES / 1e9);
    return dv_linear_library_open(err) != NULL;
}

/* -- what is done ----------------------------------------------------------------------------- */

static int32_t count_of(double share, int32_t channels)
{
    const int32_t n = (int32_t)lround(share * channels);
    return n < 1 ? 1 : n;
}

static bool add_silenced(dv_ablating *a, int i, dv_error *err)
{
    const dv_ablate_options *o = a->o;
    const dv_box b = dv_box_whole(dv_tensor_shape(a->model, o->tensors[i]));
    dv_silenced *s = &a->silenced[i];
    *s = (dv_silenced){ .tensor = o->tensors[i],
                        .name = o->names[i],
                        .channels = b.hi[DV_C],
                        .plane = (size_t)b.hi[DV_Y] * (size_t)b.hi[DV_X],
                        .n_orders = dv_silenced_orders(o),
                        .first = a->n_marks };
    if (behind(a->model, s->tensor) == 0)
        return dv_fail(
            err, DV_BAD_USAGE,
            "layer %s gives the classes, no layer reads it: its channels are not silenced",
            s->name);
    if (s->channels < 2)
        return dv_fail(err, DV_BAD_USAGE, "layer %s has one channel only", s->name);
    const size_t n = (size_t)s->channels;
    a->n_marks += s->n_orders * o->n_shares;
    if (!(s->counts = dv_arena_array(&a->arena, (size_t)o->n_shares, sizeof *s->counts, err)) ||
        !(s->orders = dv_arena_array(&a->arena, (size_t)s->n_orders * n, sizeof(int32_t), err)) ||
        !(s->strength = dv_arena_array(&a->arena, n, sizeof *s->strength, err)))
        return false;
    for (int k = 0; k < o->n_shares; k++)
        s->counts[k] = count_of(o->shares[k], s->channels);
    return true;
}

static bool settle_silenced(dv_ablating *a, dv_error *err)
{
    a->n_silenced = a->o->n_layers;
    a->silenced = dv_arena_array(&a->arena, (size_t)a->n_silenced, sizeof *a->silenced, err);
    bool ok = a->silenced != NULL;
    for (int i = 0; ok && i < a->n_silenced; i++)
        ok = add_silenced(a, i, err);
    return ok;
}

static bool settle_skips(dv_ablating *a, dv_error *err)
{
    dv_ablate_group *fit = NULL;
    const dv_ablate_group *groups = a->o->skips;
    bool ok = true;
    a->n_skips = a->o->n_skips;
    if (a->o->fit_skips) {
        groups = fit = calloc(DV_ABLATE_SKIPS_MAX, sizeof *fit);
        ok = fit ? dv_skips_fit(a->model, fit, &a->n_skips, err)
                 : dv_fail(err, DV_NO_MEMORY, "no memory for layers to skip");
    }
    ok = ok && (a->skips = dv_arena_array(&a->arena, (size_t)a->n_skips, sizeof *a->skips, err));
    for (int i = 0; ok && i < a->n_skips; i++)
        ok = dv_skip_find(a->model, &groups[i], &a->skips[i], &a->arena, err);
    a->first_skip = a->n_marks;
    a->n_marks += a->n_skips;
    free(fit);
    return ok;
}

static void settle_units(dv_ablating *a)
{
    for (int i = 0; a->o->units && i < a->n_silenced; i++) {
        a->silenced[i].first_unit = a->n_marks;
        a->n_marks += a->silenced[i].channels;
        a->n_units += a->silenced[i].channels;
    }
}

bool dv_ablate_settle(dv_ablating *a, const dv_list *images, dv_error *err)
{
    const dv_ablate_options *o = a->o;
    a->output = dv_model_output(a->model);
    a->n_classes = dv_model_classes(a->model);
    a->r->labelled = o->truth && o->truth->from != DV_TRUTH_NONE;
    if (a->n_classes < 2)
        return dv_fail(err, DV_BAD_USAGE,
                       "%s tells no classes apart: its output is no list of scores",
                       dv_model_name(a->model));
    if (!choose_images(a, images, err) || !settle_silenced(a, err) || !settle_skips(a, err) ||
        !settle_probe(a, err))
        return false;
    settle_units(a);
    a->training.images = a->probe >= 0 ? o->probe_images : NULL;
    a->total =
        2 * (int64_t)a->of.images->count + (a->training.images ? a->training.images->count : 0);
    return true;
}

/* -- the crew --------------------------------------------------------------------------------- */

static int list_kept(const dv_ablating *a, int *keep)
{
    int n = 0;
    keep[n++] = a->output;
    for (int i = 0; i < a->n_silenced; i++)
        keep[n++] = a->silenced[i].tensor;
    for (int i = 0; i < a->n_skips; i++)
        for (int k = 0; k < a->skips[i].n; k++) {
            keep[n++] = a->skips[i].detours[k].from;
            keep[n++] = a->skips[i].detours[k].to;
        }
    if (a->probe >= 0)
        keep[n++] = a->probe;
    return n;
}

bool dv_ablate_hire(dv_ablating *a, dv_error *err)
{
    size_t most = (size_t)a->n_silenced + 2;
    for (int i = 0; i < a->n_skips; i++)
        most += 2 * (size_t)a->skips[i].n;
    int *keep = calloc(most, sizeof *keep);
    if (!keep)
        return dv_fail(err, DV_NO_MEMORY, "no memory for %zu tensors", most);
    const dv_request r = { .n_keep = list_kept(a, keep),
                           .keep = keep,
                           .exact = a->o->exact,
                           .boxes = true,
                           .images = a->of.images->count };
    const dv_crew_options c = {
        .request = &r, .pool = a->o->pool, .tasks = a->of.images->count, .together = true
    };
    bool ok = dv_crew_hire(&a->crew, a->model, &c, err);
    free(keep);
    for (int i = 0; ok && i < a->n_silenced; i++)
        ok = dv_rerun_behind(&a->silenced[i].behind, a->crew.plan, a->silenced[i].tensor, err);
    for (int i = 0; ok && i < a->n_skips; i++)
        for (int k = 0; ok && k < a->skips[i].n; k++)
            ok = dv_rerun_behind(&a->skips[i].behind[k], a->crew.plan, a->skips[i].detours[k].to,
                                 err);
    return ok;
}

void dv_ablate_dismiss(dv_ablating *a)
{
    for (int i = 0; a->silenced && i < a->n_silenced; i++)
        dv_rerun_free(&a->silenced[i].behind);
    for (int i = 0; a->skips && i < a->n_skips; i++)
        for (int k = 0; a->skips[i].behind && k < a->skips[i].n; k++)
            dv_rerun_free(&a->skips[i].behind[k]);
    dv_crew_dismiss(&a->crew);
}
