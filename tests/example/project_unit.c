/* project_unit.c - opens a model, runs a photograph and projects the strongest unit of a channel.
 *
 *     cc project_unit.c $(pkg-config --cflags --libs deconvviz) -o project_unit
 *     ./project_unit MODEL IMAGE LAYER CHANNEL OUT.png */
#include <deconvviz/deconvviz.h>

#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv)
{
    dv_error err = { DV_OK, "usage: project_unit MODEL IMAGE LAYER CHANNEL OUT.png" };
    dv_image photograph = { 0 }, picture = { 0 };
    dv_model *m = argc == 6 ? dv_model_open(argv[1], NULL, &err) : NULL;
    if (!m || !dv_image_load(&photograph, argv[2], &err))
        return fprintf(stderr, "%s\n", err.message), 1;

    dv_unit unit = { .channel = atoi(argv[4]) };
    const dv_shape *in = dv_tensor_shape(m, dv_model_input(m));
    const dv_preprocess *own = dv_model_preprocess(m);
    dv_preprocess p = { .size = { in->dim[2], in->dim[3] }, .channels = in->dim[1] };
    if (own)
        p = *own;
    else
        dv_preprocess_named(&p, "imagenet");
    float *input = malloc(dv_shape_count(in) * sizeof *input);
    bool ok = input && dv_prepare(&photograph, &p, input, NULL, &err) &&
              dv_model_find(m, argv[3], &unit.tensor, &err);

    const dv_request request = { .n_keep = 1,
                                 .keep = &unit.tensor,
                                 .rules = 1 << DV_RULE_DECONVNET };
    dv_plan *plan = ok ? dv_plan_new(m, &request, NULL, &err) : NULL;
    dv_trace *trace = plan ? dv_trace_new(plan, NULL, &err) : NULL;
    dv_projector *back = trace ? dv_projector_new(trace, NULL, &err) : NULL;
    dv_signal signal;
    ok = back && dv_trace_forward(trace, input, &err);
    if (ok)
        printf("%.6g\n", (double)dv_strongest(trace, &unit));
    const dv_rect all = { 0, 0, p.size[1], p.size[0] };
    ok = ok && dv_project(back, &unit, DV_RULE_DECONVNET, DV_SEED_VALUE, &signal, &err) &&
         dv_draw_signal(&picture, &signal, all, dv_signal_scale(&signal), p.bgr, &err) &&
         dv_image_write(&picture, argv[5], &err);
    if (!ok)
        fprintf(stderr, "%s\n", err.message);
    dv_projector_free(back);
    dv_trace_free(trace);
    dv_plan_free(plan);
    dv_model_free(m);
    dv_image_free(&photograph);
    dv_image_free(&picture);
    free(input);
    return !ok;
}
