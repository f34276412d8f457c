#include "plot/figure.h"

#include <stdlib.h>

void dv_figure_free(dv_figure *f)
{
    free(f->rows);
    dv_arena_release(&f->arena);
    *f = (dv_figure){ .title = f->title, .caption = f->caption };
}

void dv_figure_row(dv_figure *f, const char *title)
{
    (void)title;
    (void)f;
}

void dv_figure_axes(dv_figure *f, const dv_axes *a)
{
    (void)f;
    (void)a;
}

void dv_figure_curve(dv_figure *f, const dv_curve *c)
{
    (void)f;
    (void)c;
}

void dv_figure_heat(dv_figure *f, const dv_heat *h)
{
    (void)f;
    (void)h;
}

void dv_figure_grid(dv_figure *f, const dv_grid *g)
{
    (void)f;
    (void)g;
}

void dv_figure_cells(dv_figure *f, const dv_cells *c)
{
    (void)f;
    (void)c;
}

void dv_figure_mark(dv_figure *f, const dv_mark *m)
{
    (void)f;
    (void)m;
}

bool dv_figure_check(const dv_figure_file *f, dv_error *err)
{
    (void)f;
    (void)err;
    return true;
}

bool dv_figure_write(const dv_figure *f, const dv_figure_file *to, const dv_provenance *says,
                     dv_error *err)
{
    (void)f;
    (void)says;
    return dv_fail(err, DV_UNSUPPORTED, "%s: figures are not drawn yet", to->path);
}

bool dv_figure_draw(const dv_figure *f, const dv_figure_file *to, dv_image *out, dv_error *err)
{
    (void)f;
    (void)to;
    (void)out;
    return dv_fail(err, DV_UNSUPPORTED, "figures are not drawn yet");
}
