/* test_op_hostile.c - geometry that no network has: each operator refuses it in one line, or
 * computes it as it computes any other. */
#include "op_harness.h"
#include "rounds.h"

#include <stdio.h>
#include <string.h>

enum { TRIES = 400, MOST_CHECKED = 40, MOST_LIST = 6 /* of some length or another */ };

static int among(int n)
{
    return op_random_int(0, n - 1);
}

/* A number that an attribute might hold: mostly one that makes sense. */
static int64_t number(void)
{
    static const int64_t edges[] = {
        -1,        7,         255,       65535,     65536,     (1 << 24) - 1, 1 << 24, 1 << 30,
        INT32_MAX, 1LL << 31, 1LL << 32, INT64_MAX, INT64_MIN, INT32_MIN,     -7,      4096,
    };
    return among(4) ? 1 + among(3) : among(4) ? 0 : edges[among(16)];
}

static dv_shape some_shape(int rank, int most)
{
    dv_shape s = { .rank = rank };
    for (int k = 0; k < rank; k++)
        s.dim[k] = among(6) ? 1 + among(most) : 1;
    return s;
}

/* A map of 3 to 5 dimensions, sometimes with a batch inside the network. */
static dv_shape some_map(int most_rank)
{
    dv_shape s = some_shape(3 + among(most_rank - 2), 7);
    s.dim[0] = among(3) ? 1 : 1 + among(3);
    return s;
}

static void list(op_case *k, const char *name, int n, const int64_t *v)
{
    if (among(16) == 0)
        n = among(MOST_LIST);
    op_ints_of(k, name, n, v);
}

/* -- windows that slide ----------------------------------------------------------------------- */

typedef struct windows {
    int axes;
    int64_t kernel[MOST_LIST], stride[MOST_LIST], dilation[MOST_LIST], pads[MOST_LIST];
} windows;

/* Strides and dilations of any size, and pads that go with them, so that some of it fits. */
static windows some_windows(int axes)
{
    windows w = { .axes = axes };
    for (int a = 0; a < axes; a++) {
        w.kernel[a] = among(8) ? 1 + among(4) : number();
        w.stride[a] = among(3) ? 1 + among(3) : number();
        w.dilation[a] = among(3) ? 1 + among(3) : number();
        const int64_t reach = w.dilation[a] > 0 && w.dilation[a] <= 1 << 24 && w.kernel[a] < 8
                                  ? (w.kernel[a] - 1) * w.dilation[a]
                                  : 0;
        const int64_t pads[] = {
            0, 0, 1, reach / 2, reach - reach / 2, reach, reach + 1, number()
        };
        w.pads[a] = pads[among(8)];
        w.pads[axes + a] = pads[among(8)];
    }
    return w;
}

static void set_windows(op_case *k, const windows *w)
{
    static const char *const words[] = { "SAME_UPPER", "SAME_LOWER", "VALID", "NOTSET" };
    list(k, "strides", w->axes, w->stride);
    list(k, "dilations", w->axes, w->dilation);
    if (among(4) == 0)
        op_text(k, "auto_pad", words[among(4)]);
    if (among(8))
        list(k, "pads", 2 * w->axes, w->pads);
}

static bool is_weight_size(int64_t n)
{
    return n >= 1 && n <= 8;
}

/* The last axes of a weight are the kernel's. */
static bool weight_shape(dv_shape *s, const windows *w, int c0, int c1)
{
    s->rank = 2 + w->axes;
    s->dim[0] = c0;
    s->dim[1] = c1;
    for (int a = 0; a < w->axes; a++) {
        s->dim[2 + a] = (int32_t)(is_weight_size(w->kernel[a]) ? w->kernel[a] : 1);
    }
    return true;
}

static op_case *conv(void)
{
    op_case *k = op_new("Conv", 13);
    const dv_shape x = some_map(4);
    const windows w = some_windows(x.rank - 2);
    const int group = among(4) ? 1 : x.dim[1];
    dv_shape weight = { 0 };
    weight_shape(&weight, &w, group * (1 + among(3)), x.dim[1] / group);
    set_windows(k, &w);
    op_int(k, "group", among(16) ? group : number());
    op_activation(k, x);
    op_weight(k, weight, NULL);
    if (among(2))
        op_weight(k, op_shape(1, weight.dim[0]), NULL);
    return k;
}

static op_case *conv_transpose(void)
{
    op_case *k = op_new("ConvTranspose", 13);
    const dv_shape x = some_map(4);
    const windows w = some_windows(x.rank - 2);
    const int group = among(4) ? 1 : x.dim[1];
    int64_t list_of[MOST_LIST] = { number(), number(), number() };
    dv_shape weight = { 0 };
    weight_shape(&weight, &w, x.dim[1], 1 + among(3));
    set_windows(k, &w);
    op_int(k, "group", group);
    if (among(3) == 0)
        list(k, "output_padding", w.axes, list_of);
    if (among(3) == 0) {
        for (int a = 0; a < 2; a++)
            list_of[a] = among(2) ? 1 + among(20) : number();
        list(k, "output_shape", w.axes, list_of);
    }
    op_activation(k, x);
    op_weight(k, weight, NULL);
    return k;
}

static op_case *pool(const char *name)
{
    op_case *k = op_new(name, 19);
    const dv_shape x = some_map(5);
    const windows w = some_windows(x.rank - 2);
    list(k, "kernel_shape", w.axes, w.kernel);
    set_windows(k, &w);
    op_int(k, "ceil_mode", among(2));
    op_activation(k, x);
    op_spread_input(k, 0, 0.25F); /* no two that rounding or a small step would exchange */
    return k;
}

static op_case *max_pool(void)
{
    return pool("MaxPool");
}

static op_case *average_pool(void)
{
    op_case *k = pool("AveragePool");
    op_int(k, "count_include_pad", among(2));
    return k;
}

static op_case *lrn(void)
{
    op_case *k = op_new("LRN", 13);
    op_int(k, "size", number());
    op_activation(k, some_shape(2 + among(4), 6));
    return k;
}

/* -- what moves numbers ----------------------------------------------------------------------- */

/* So many numbers as a constant input, which holds at least one. */
static void input_list(op_case *k, int n, const int64_t *v)
{
    op_input_ints_of(k, among(16) && n > 0 ? n : 1 + among(4), v);
}

static op_case *pad(void)
{
    static const char *const modes[] = { "constant", "reflect", "edge" };
    op_case *k = op_new("Pad", 13);
    const dv_shape x = some_shape(1 + among(5), 5);
    int64_t v[12];
    for (int i = 0; i < 12; i++)
        v[i] = among(6) ? among(4) - 1 : number();
    op_text(k, "mode", modes[among(3)]);
    op_activation(k, x);
    input_list(k, 2 * x.rank, v);
    return k;
}

static op_case *slice(void)
{
    op_case *k = op_new("Slice", 13);
    const dv_shape x = some_shape(1 + among(5), 7);
    int64_t v[4][MOST_LIST];
    for (int i = 0; i < MOST_LIST; i++) {
        v[0][i] = among(3) ? among(4) : number();
        v[1][i] = among(3) ? 1 + among(7) : number();
        v[2][i] = among(8) ? i : number();
        v[3][i] = among(3) ? 1 : among(2) ? -1 : number();
    }
    op_activation(k, x);
    for (int i = 0; i < 4; i++)
        input_list(k, x.rank, v[i]);
    return k;
}

static op_case *resize(void)
{
    static const char *const modes[] = { "half_pixel", "pytorch_half_pixel", "align_corners",
                                         "asymmetric", "tf_half_pixel_for_nn" };
    op_case *k = op_new("Resize", 13);
    const dv_shape x = some_shape(1 + among(5), 5);
    int64_t sizes[MOST_LIST] = { 0 };
    float scales[6];
    for (int i = 0; i < x.rank; i++) {
        sizes[i] = among(3) ? x.dim[i] : among(2) ? 1 + among(9) : number();
        scales[i] = among(3) ? 1 : among(8) ? (float)(1 + among(40)) / 10 : (float)number();
    }
    op_text(k, "mode", among(2) ? "linear" : "nearest");
    op_text(k, "coordinate_transformation_mode", modes[among(5)]);
    op_activation(k, x);
    op_absent(k);
    if (among(2)) {
        op_weight(k, op_shape(1, x.rank), scales);
    } else {
        op_absent(k);
        input_list(k, x.rank, sizes);
    }
    return k;
}

static op_case *reshape(void)
{
    op_case *k = op_new("Reshape", 14);
    const dv_shape x = some_shape(1 + among(5), 6);
    int64_t v[8] = { 1, 1, 1, 1, 1, 1, 1, 1 };
    const int n = 1 + among(5);
    for (int i = 0; i < x.rank; i++)
        v[among(n)] *= x.dim[i];
    if (among(4) == 0)
        v[among(n)] = among(2) ? -1 : number();
    op_int(k, "allowzero", among(2));
    op_activation(k, x);
    input_list(k, n, v);
    return k;
}

static op_case *expand(void)
{
    op_case *k = op_new("Expand", 13);
    dv_shape x = some_shape(1 + among(5), 4);
    int64_t v[MOST_LIST] = { 0 };
    for (int i = 0; i < x.rank; i++) {
        v[i] = x.dim[i] > 1 ? x.dim[i] : among(8) ? 1 + among(4) : number();
        v[i] = among(4) ? v[i] : 1;
    }
    op_activation(k, x);
    input_list(k, x.rank, v);
    return k;
}

static op_case *tile(void)
{
    op_case *k = op_new("Tile", 13);
    const dv_shape x = some_shape(1 + among(5), 4);
    int64_t v[MOST_LIST] = { 0 };
    for (int i = 0; i < MOST_LIST; i++)
        v[i] = among(12) ? 1 + among(4) : number();
    op_activation(k, x);
    input_list(k, x.rank, v);
    return k;
}

static op_case *gather(void)
{
    op_case *k = op_new("Gather", 13);
    const dv_shape x = some_shape(1 + among(5), 6);
    int64_t v[MOST_LIST] = { 0 };
    const int axis = among(x.rank);
    for (int i = 0; i < MOST_LIST; i++)
        v[i] = among(24) ? among(2 * x.dim[axis]) - x.dim[axis] : number();
    op_int(k, "axis", among(8) ? axis : number());
    op_activation(k, x);
    op_input_ints_of(k, 1 + among(MOST_LIST), v);
    return k;
}

static op_case *split(void)
{
    op_case *k = op_new("Split", 13);
    const dv_shape x = some_shape(1 + among(5), 8);
    const int axis = among(x.rank), n = 1 + among(3);
    int64_t v[MOST_LIST] = { 1, 1, 1 };
    for (int left = x.dim[axis] - n; left > 0; left--)
        v[among(n)]++;
    if (among(6) == 0)
        v[among(3)] = number();
    op_int(k, "axis", among(8) ? axis : number());
    op_outputs(k, n);
    op_activation(k, x);
    op_input_ints_of(k, n, v);
    return k;
}

static op_case *concat(void)
{
    op_case *k = op_new("Concat", 13);
    dv_shape x = some_shape(1 + among(5), 4);
    const int axis = among(x.rank), n = 1 + among(4);
    op_int(k, "axis", among(8) ? axis : number());
    for (int i = 0; i < n; i++) {
        x.dim[axis] = 1 + among(4);
        op_activation(k, x);
    }
    return k;
}

static op_case *transpose(void)
{
    op_case *k = op_new("Transpose", 13);
    const dv_shape x = some_shape(1 + among(5), 6);
    int64_t v[MOST_LIST] = { 0, 1, 2, 3, 4, 5 };
    for (int i = x.rank - 1; i > 0; i--) {
        const int other = among(i + 1);
        const int64_t swap = v[i];
        v[i] = v[other];
        v[other] = swap;
    }
    if (among(8) == 0)
        v[among(6)] = number();
    list(k, "perm", x.rank, v);
    op_activation(k, x);
    return k;
}

static op_case *blocks(const char *name)
{
    op_case *k = op_new(name, 13);
    dv_shape x = some_shape(among(8) ? 4 : 1 + among(5), 4);
    const int64_t size = among(4) ? 1 + among(3) : number();
    const bool deep = strcmp(name, "DepthToSpace") == 0;
    if (size > 0 && size < 4 && x.rank == 4) {
        x.dim[1] *= deep ? (int32_t)(size * size) : 1;
        x.dim[2] *= deep ? 1 : (int32_t)size;
        x.dim[3] *= deep ? 1 : (int32_t)size;
    }
    if (deep)
        op_text(k, "mode", among(2) ? "DCR" : "CRD");
    op_int(k, "blocksize", size);
    op_activation(k, x);
    return k;
}

static op_case *depth_to_space(void)
{
    return blocks("DepthToSpace");
}

static op_case *space_to_depth(void)
{
    return blocks("SpaceToDepth");
}

/* -- whole axes ------------------------------------------------------------------------------- */

static op_case *along_axis(const char *name)
{
    op_case *k = op_new(name, 13);
    const dv_shape x = some_shape(1 + among(5), 5);
    op_int(k, "axis", among(6) ? among(2 * x.rank) - x.rank : number());
    op_activation(k, x);
    return k;
}

static op_case *softmax(void)
{
    return along_axis("Softmax");
}

static op_case *flatten(void)
{
    return along_axis("Flatten");
}

static op_case *reduce_mean(void)
{
    op_case *k = op_new("ReduceMean", 13);
    const dv_shape x = some_shape(1 + among(5), 5);
    int64_t v[MOST_LIST + 1];
    for (int i = 0; i <= MOST_LIST; i++)
        v[i] = among(8) ? i - (among(2) ? x.rank : 0) : number();
    op_int(k, "keepdims", among(2));
    if (among(4))
        list(k, "axes", 1 + among(x.rank), v + among(2));
    op_activation(k, x);
    return k;
}

static op_case *unsqueeze(void)
{
    op_case *k = op_new("Unsqueeze", 13);
    const dv_shape x = some_shape(1 + among(5), 5);
    const int64_t v[MOST_LIST] = { among(6), among(8) ? -1 : number(), number() };
    op_activation(k, x);
    op_input_ints_of(k, 1 + among(3), v);
    return k;
}

static op_case *mat_mul(void)
{
    op_case *k = op_new("MatMul", 13);
    dv_shape a = some_shape(1 + among(5), 4), b = some_shape(1 + among(5), 4);
    if (among(8))
        b.dim[b.rank > 1 ? b.rank - 2 : 0] = a.dim[a.rank - 1];
    op_activation(k, a);
    if (among(2))
        op_activation(k, b);
    else
        op_weight(k, b, NULL);
    return k;
}

/* -- all of them ------------------------------------------------------------------------------ */

static const struct maker {
    const char *name;
    op_case *(*make)(void);
} makers[] = {
    { "Conv", conv },
    { "ConvTranspose", conv_transpose },
    { "MaxPool", max_pool },
    { "AveragePool", average_pool },
    { "LRN", lrn },
    { "Pad", pad },
    { "Slice", slice },
    { "Resize", resize },
    { "Reshape", reshape },
    { "Expand", expand },
    { "Tile", tile },
    { "Gather", gather },
    { "Split", split },
    { "Concat", concat },
    { "Transpose", transpose },
    { "DepthToSpace", depth_to_space },
    { "SpaceToDepth", space_to_depth },
    { "Softmax", softmax },
    { "Flatten", flatten },
    { "ReduceMean", reduce_mean },
    { "Unsqueeze", unsqueeze },
    { "MatMul", mat_mul },
};

/* Of what is taken the first so many are checked. */
static void check(const struct maker *m)
{
    const int tries = rounds(TRIES);
    int taken = 0, checked = 0;
    for (int i = 0; i < tries; i++) {
        op_case *k = m->make();
        const bool ok = op_taken(k);
        taken += ok;
        if (ok && checked < MOST_CHECKED && op_made(k)) {
            op_check_adjoint(k, 1);
            checked++;
        }
        op_free(k);
    }
    if (checked < 10 || taken == tries)
        fail_msg("%s: of %d, %d are taken and %d checked", m->name, tries, taken, checked);
}

static void what_no_network_has_is_refused_or_computed(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof makers / sizeof makers[0]; i++)
        check(&makers[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_no_network_has_is_refused_or_computed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
