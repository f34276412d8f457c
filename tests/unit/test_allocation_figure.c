/* test_allocation_figure.c - memory that runs out while a figure is described, laid out, drawn and
 * written. What GLib allocates ends the process by its own rule, and is not in here. */
#include "album.h"
#include "plotted.h"
#include "scarce.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

static const char *path;
static bool all; /* kinds of panels */

static bool write_figure(scarce_scene *s, dv_error *err)
{
    const dv_provenance says = { .model = "m" };
    const dv_figure_file to = { .path = path, .width = 120, .dpi = 60 };
    const float v[4] = { 1, 2, 3, 4 };
    dv_figure f = { .title = "A figure", .caption = "and \xff more" };
    if (all) {
        plotted_everything(&f);
    } else {
        dv_figure_row(&f, "row");
        dv_figure_heat(&f, &(dv_heat){ .rows = 2, .columns = 2, .values = v, .bar = "v" });
    }
    const bool ok = dv_figure_check(&to, err) && dv_figure_write(&f, &to, &says, err);
    dv_figure_free(&f);
    if (ok)
        scarce_mix_file(s, path);
    return ok;
}

static void a_figure_in_every_format(void **state)
{
    (void)state;
    static const char *const paths[] = { "figure.png", "figure.svg", "figure.pdf" };
    for (int i = 0; i < 3; i++) {
        path = paths[i];
        all = i == 0;
        assert_true(scarce_try(&(scarce_call){ path, NULL, write_figure }) > 20);
    }
}

static int begin(void **state)
{
    (void)state;
    album_begin();
    return 0;
}

static int end(void **state)
{
    (void)state;
    album_end();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(a_figure_in_every_format) };
    return cmocka_run_group_tests(tests, begin, end);
}
