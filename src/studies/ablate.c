/* ablate.c - the study, from one end to the other. */
#include "studies/ablate.h"

#include "run/watch.h"
#include "studies/ablate_parts.h"

#include <stdlib.h>

static bool sort_channels(dv_ablating *a, dv_error *err)
{
    for (int i = 0; i < a->n_silenced; i++)
        if (!dv_silenced_sort(a->model, a->o, &a->silenced[i], err))
            return false;
    return true;
}

static bool draw(const dv_ablating *a, dv_error *err)
{
    if (!a->o->figure.path)
        return true;
    if (!dv_ablate_draw(a, err))
        return false;
    dv_watch_wrote(&a->o->watch, a->o->figure.path);
    return true;
}

bool dv_ablate(const dv_model *m, const dv_list *images, const dv_ablate_options *o, dv_ablation *r,
               dv_error *err)
{
    *r = (dv_ablation){ 0 };
    dv_ablating a = { .model = m, .o = o, .r = r };
    const bool ok = dv_ablate_check(o, err) && dv_ablate_settle(&a, images, err) &&
                    dv_ablate_hire(&a, err) && dv_ablate_survey(&a, &a.of, err) &&
                    (!a.training.images || dv_ablate_survey(&a, &a.training, err)) &&
                    sort_channels(&a, err) && dv_ablate_run(&a, err) &&
                    dv_ablate_results(&a, err) && (!o->time || dv_ablate_time(&a, err)) &&
                    draw(&a, err);
    dv_ablate_dismiss(&a);
    dv_list_free(&a.chosen);
    dv_arena_release(&a.arena);
    return ok;
}

void dv_ablation_free(dv_ablation *r)
{
    for (int i = 0; r->parts && i < r->n; i++)
        free(r->parts[i].layers);
    free(r->parts);
    free(r->units);
    *r = (dv_ablation){ 0 };
}
