/* steps_draw_toy.c - the toy network's numbers in cells: four rows of four, the way there above the
 * way back. */
#include "plot/figure.h"
#include "studies/steps_draw.h"

#include <math.h>
#include <stdio.h>

enum { SIDE = 6 /* of the largest map: all have cells of one size */ };

/* What the stages are, in their order. */
enum { INPUT, CONV1, RELU1, POOL1, CONV2, RELU2, N_STAGES };

static void add_map(dv_figure *f, const char *title, int side, const float *values)
{
    float padded[SIDE * SIDE];
    for (int i = 0; i < SIDE * SIDE; i++) {
        const int y = i / SIDE - (SIDE - side) / 2, x = i % SIDE - (SIDE - side) / 2;
        padded[i] = y >= 0 && y < side && x >= 0 && x < side ? values[y * side + x] : NAN;
    }
    dv_figure_heat(f, &(dv_heat){ .title = title,
                                  .rows = SIDE,
                                  .columns = SIDE,
                                  .values = padded,
                                  .min = -15,
                                  .max = 15,
                                  .colors = DV_COLORS_DIVERGING,
                                  .x.bare = true,
                                  .y.bare = true,
                                  .numbers = true });
}

static void add_there(dv_figure *f, const dv_steps_walk *w, int stage, const char *title)
{
    add_map(f, title, w->maps[stage].rows, w->maps[stage].there);
}

static void add_back(dv_figure *f, const dv_steps_walk *w, int stage, const char *title)
{
    add_map(f, title, w->maps[stage].rows, w->maps[stage].signal);
}

static void add_kernel(dv_figure *f, const dv_steps_walk *w, const char *name, const char *title)
{
    const dv_value *v = &w->model->values[dv_model_value(w->model, name)];
    add_map(f, title, v->shape.dim[3], dv_array_floats(v->constant));
}

static void frame(dv_figure *f, int x, int y, int side, int color, bool dashed)
{
    dv_figure_mark(f, &(dv_mark){ .as = DV_MARK_RECT,
                                  .x0 = x,
                                  .y0 = y,
                                  .x1 = x + side,
                                  .y1 = y + side,
                                  .color = color,
                                  .dashed = dashed });
}

/* The pool's windows, and its switches. */
static void add_switches(dv_figure *f, const dv_stage_maps *m)
{
    const int off = (SIDE - m->rows) / 2;
    for (int y = 0; y < m->rows; y += 2)
        for (int x = 0; x < m->columns; x += 2)
            frame(f, off + x, off + y, 2, DV_COLOR_GREY, true);
    for (int i = 0; m->switches && i < m->rows * m->columns; i++)
        if (m->switches[i])
            frame(f, off + i % m->columns, off + i / m->columns, 1, DV_COLOR_FIRST, false);
}

static void add_panels(dv_figure *f, const dv_steps_walk *w)
{
    const dv_rule rule = w->o->rule;
    const char *rectified = rule == DV_RULE_DECONVNET ? "rectify: max(R, 0)"
                            : rule == DV_RULE_GUIDED  ? "max(R, 0) [relu > 0]"
                                                      : "R where relu > 0";
    dv_figure_row(f, "there");
    add_there(f, w, INPUT, "x");
    add_kernel(f, w, "conv1.weight", "w1");
    add_there(f, w, CONV1, "conv1 = x * w1");
    add_there(f, w, RELU1, "relu1, its switches");
    add_switches(f, &w->maps[RELU1]);
    dv_figure_row(f, NULL);
    add_there(f, w, POOL1, "pool1");
    add_kernel(f, w, "conv2.weight", "w2");
    add_there(f, w, CONV2, "conv2 = pool1 * w2");
    add_there(f, w, RELU2, "relu2");
    dv_figure_row(f, "back");
    add_back(f, w, RELU2, w->o->seed == DV_SEED_ONE ? "R = 1" : "R = the unit's value");
    add_back(f, w, CONV2, rectified);
    add_back(f, w, POOL1, "filter: R w2");
    add_back(f, w, RELU1, "unpool to switches");
    add_switches(f, &w->maps[RELU1]);
    dv_figure_row(f, NULL);
    add_back(f, w, CONV1, rectified);
    add_kernel(f, w, "conv1.weight", "w1, once more");
    add_back(f, w, INPUT, "filter: each R w1");
    add_there(f, w, INPUT, "x, for comparison");
}

bool dv_steps_draw_toy(const dv_steps_walk *w, const dv_provenance *says, dv_error *err)
{
    char title[80];
    snprintf(title, sizeof title, "A projection that can be followed by hand (%s)",
             dv_rule_name(w->o->rule));
    dv_figure f = { .title = title,
                    .caption =
                        "There, a convolution adds up what lies under the kernel, number times "
                        "number: conv2 is 1\u00b71 \u2212 6\u00b71 + 2\u00b72 + 4\u00b71 = 3. "
                        "Back, each R lays the kernel down where it had been read, times R, and "
                        "what falls on one place is added up. Frames: windows of the pool, and "
                        "the place where each has its maximum, the switch. Red is above 0, blue "
                        "below." };
    if (w->steps->n != N_STAGES)
        return dv_fail(err, DV_BAD_DATA, "the toy network has %d stages", w->steps->n);
    add_panels(&f, w);
    const bool ok = dv_figure_write(&f, &w->o->figure, says, err);
    dv_figure_free(&f);
    return ok;
}
