/* The operators that only move numbers, all at once: what each says of where
 * the numbers of its inputs stand must be the same for forward, inside a box
 * and on the way back, for constants of any type, and for what the plan places.
 * The inputs' numbers are counted off, so that each output names the one it is.
 */
#include "load/fold.h"
#include "nn/rearrange.h"
#include "op_harness.h"
#include "rounds.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FILLING = -1, TRIALS = 60 };

/* -- a random node of each operator
 * ----------------------------------------------------------- */

static dv_shape random_shape(int min_rank, int max_rank)
{
    dv_shape s = { .rank = op_random_int(min_rank, max_rank) };
    for (int k = 0; k < s.rank; k++)
        s.dim[k] = op_random_int(1, s.rank > 4 ? 3 : 4);
    return s;
}

static int random_axis(const dv_shape *s)
{
    return op_random_int(0, s->rank - 1);
}

static void concat(op_case *k)
{
    dv_shape s = random_shape(1, 6);
    int axis = random_axis(&s);
    op_int(k, "axis", axis);
    for (int i = op_random_int(1, 4); i > 0; i--) {
        s.dim[axis] = op_random_int(1, 4);
        op_activation(k, s);
    }
}

static void to_space(op_case *k)
{
    int b = op_random_int(1, 3);
    op_int(k, "blocksize", b);
    op_text(k, "mode", op_random_int(0, 1) ? "CRD" : "DCR");
    op_activation(k, op_shape(4, op_random_int(1, 2), b * b * op_random_int(1, 3),
                              op_random_int(1, 4), op_random_int(1, 4)));
}

static void to_depth(op_case *k)
{
    int b = op_random_int(1, 3);
    op_int(k, "blocksize", b);
    op_activation(k, op_shape(4, op_random_int(1, 2), op_random_int(1, 3), b * op_random_int(1, 3),
                              b * op_random_int(1, 3)));
}

static void expand(op_case *k)
{
    dv_shape out = random_shape(1, 6), in = out;
    int64_t dim[DV_MAX_RANK];
    int drop = op_random_int(0, out.rank);
    for (int a = 0; a < out.rank; a++) {
        in.dim[a] = op_random_int(0, 1) ? 1 : out.dim[a];
        dim[a] = out.dim[a];
    }
    in.rank -= drop;
    memmove(in.dim, in.dim + drop, (size_t)in.rank * sizeof in.dim[0]);
    op_activation(k, in);
    op_input_ints_of(k, out.rank, dim);
}

static void gather(op_case *k)
{
    dv_shape s = random_shape(1, 5);
    int axis = random_axis(&s), rank = op_random_int(0, 6 - s.rank < 1 ? 1 : 2);
    int64_t index[6];
    dv_shape list = { .rank = rank };
    for (int a = 0; a < rank; a++)
        list.dim[a] = op_random_int(1, a ? 2 : 3);
    for (int i = 0; i < 6; i++)
        index[i] = op_random_int(-s.dim[axis], s.dim[axis] - 1);
    op_int(k, "axis", axis);
    op_activation(k, s);
    op_input_ints_of(k, (int)dv_shape_count(&list), index);
    k->arrays[1].shape = k->operands[1].shape = k->in[1].shape = list;
}

static void pad(op_case *k)
{
    static const char *const modes[] = { "constant", "reflect", "edge" };
    dv_shape s = random_shape(1, 6);
    int mode = op_random_int(0, 2);
    int64_t pads[2 * DV_MAX_RANK];
    for (int a = 0; a < s.rank; a++)
        for (int side = 0; side < 2; side++) {
            int most = mode == 1 && s.dim[a] < 3 ? s.dim[a] - 1 : 2, cut = s.dim[a] > 2 ? -1 : 0;
            bool none = op_random_int(0, 2) == 0;
            pads[side * s.rank + a] = none ? 0 : op_random_int(mode == 0 ? cut : 0, most);
        }
    op_text(k, "mode", modes[mode]);
    op_activation(k, s);
    op_input_ints_of(k, 2 * s.rank, pads);
    op_input_ints(k, 1, FILLING);
}

static void reshape(op_case *k)
{
    dv_shape s = random_shape(1, 6);
    int64_t dim[DV_MAX_RANK], left = (int64_t)dv_shape_count(&s);
    int rank = op_random_int(1, 6);
    for (int a = 0; a < rank - 1; a++) {
        do
            dim[a] = op_random_int(1, 6);
        while (left % dim[a]);
        left /= dim[a];
    }
    dim[rank - 1] = -1;
    op_activation(k, s);
    op_input_ints_of(k, rank, dim);
}

static void flatten(op_case *k)
{
    dv_shape s = random_shape(1, 6);
    op_int(k, "axis", op_random_int(0, s.rank));
    op_activation(k, s);
}

static void squeeze(op_case *k)
{
    dv_shape s = random_shape(1, 6);
    s.dim[random_axis(&s)] = 1;
    op_activation(k, s);
}

static void unsqueeze(op_case *k)
{
    dv_shape s = random_shape(1, 5);
    op_activation(k, s);
    op_input_ints(k, 1, op_random_int(0, s.rank));
}

static void identity(op_case *k)
{
    op_activation(k, random_shape(0, 6));
}

static void slice(op_case *k)
{
    dv_shape s = random_shape(1, 6);
    int64_t v[3][DV_MAX_RANK];
    for (int a = 0; a < s.rank; a++) {
        int x = op_random_int(0, s.dim[a] - 1), y = op_random_int(0, s.dim[a] - 1);
        int step = op_random_int(1, 2);
        bool back = x > y;
        v[0][a] = x;
        v[1][a] = back ? y - 1 : y + 1;
        if (v[1][a] < 0)
            v[1][a] = INT64_MIN;
        v[2][a] = back ? -step : step;
    }
    op_activation(k, s);
    op_input_ints_of(k, s.rank, v[0]);
    op_input_ints_of(k, s.rank, v[1]);
    op_absent(k);
    op_input_ints_of(k, s.rank, v[2]);
}

static void split(op_case *k)
{
    dv_shape s = random_shape(1, 6);
    int axis = random_axis(&s), parts = op_random_int(1, 3);
    int64_t size[3];
    s.dim[axis] = 0;
    for (int i = 0; i < parts; i++)
        s.dim[axis] += (int32_t)(size[i] = op_random_int(1, 3));
    op_int(k, "axis", axis);
    op_activation(k, s);
    op_input_ints_of(k, parts, size);
    op_outputs(k, parts);
}

static void tile(op_case *k)
{
    dv_shape s = random_shape(1, 5);
    int64_t times[DV_MAX_RANK];
    for (int a = 0; a < s.rank; a++)
        times[a] = op_random_int(1, a % 2 ? 3 : 2);
    op_activation(k, s);
    op_input_ints_of(k, s.rank, times);
}

static void transpose(op_case *k)
{
    dv_shape s = random_shape(1, 6);
    int64_t perm[DV_MAX_RANK];
    for (int a = 0; a < s.rank; a++) {
        int at = op_random_int(0, a);
        perm[a] = perm[at];
        perm[at] = a;
    }
    op_ints_of(k, "perm", s.rank, perm);
    op_activation(k, s);
}

static const struct {
    const char *op;
    void (*make)(op_case *k);
} makers[] = {
    { "Concat", concat },       { "DepthToSpace", to_space }, { "SpaceToDepth", to_depth },
    { "Expand", expand },       { "Gather", gather },         { "Pad", pad },
    { "Reshape", reshape },     { "Flatten", flatten },       { "Squeeze", squeeze },
    { "Cast", identity },       { "Dropout", identity },      { "Identity", identity },
    { "Slice", slice },         { "Split", split },           { "Tile", tile },
    { "Unsqueeze", unsqueeze }, { "Transpose", transpose },
};

/* The first number of activation i: the numbers of all activations follow one
 * another. */
static int first_of(const op_case *k, int i)
{
    int first = 0;
    for (int j = 0; j < i; j++)
        first += k->operands[j].constant ? 0 : (int)dv_shape_count(&k->in[j].shape);
    return first;
}

/* Calls `check` on many random nodes of every operator, run on numbers that are
 * counted off. */
static void on_random_nodes(void (*check)(op_case *k))
{
    for (size_t m = 0; m < sizeof makers / sizeof makers[0]; m++)
        for (int trial = 0; trial < rounds(TRIALS); trial++) {
            op_case *k = op_new(makers[m].op, 13);
            makers[m].make(k);
            op_build(k);
            for (int i = 0; i < k->spec.n_in; i++)
                for (int j = 0; !k->operands[i].constant && k->operands[i].shape.rank >= 0 &&
                                j < (int)dv_shape_count(&k->in[i].shape);
                     j++)
                    k->in[i].data[j] = (float)(first_of(k, i) + j);
            op_forward(k);
            check(k);
            op_free(k);
        }
}

/* -- boxes
 * ------------------------------------------------------------------------------------
 */

static dv_box random_box(dv_box whole)
{
    dv_box b;
    for (int a = 0; a < 3; a++) {
        bool all = op_random_int(0, 2) == 0;
        b.lo[a] = all ? 0 : op_random_int(0, whole.hi[a] - 1);
        b.hi[a] = all ? whole.hi[a] : op_random_int(b.lo[a] + 1, whole.hi[a]);
    }
    return b;
}

/* Whether element `at` of a tensor lies in a box of it; its place in the box is
 * *inside. */
static bool lies_in(const dv_box *whole, const dv_box *b, int at, int *inside)
{
    int32_t w = whole->hi[DV_X], h = whole->hi[DV_Y], i[3] = { at / w / h, at / w % h, at % w };
    *inside = 0;
    for (int a = 0; a < 3; a++) {
        if (i[a] < b->lo[a] || i[a] >= b->hi[a])
            return false;
        *inside = *inside * (b->hi[a] - b->lo[a]) + i[a] - b->lo[a];
    }
    return true;
}

static dv_box box_of_one(const dv_box *whole, int at)
{
    const int32_t w = whole->hi[DV_X], h = whole->hi[DV_Y];
    const int32_t c = at / w / h, y = at / w % h, x = at % w;
    return (dv_box){ { c, y, x }, { c + 1, y + 1, x + 1 } };
}

/* What is computed again inside boxes is what it was, and nothing else is
 * written. */
static void check_boxes(op_case *k)
{
    dv_box boxes[OP_MAX_OUTPUTS];
    float *was[OP_MAX_OUTPUTS];
    for (int o = 0; o < k->spec.n_out; o++) {
        size_t n = dv_shape_count(&k->out[o].shape);
        boxes[o] = random_box(dv_box_whole(&k->out[o].shape));
        was[o] = malloc(n * sizeof(float));
        assert_non_null(was[o]);
        memcpy(was[o], k->out[o].data, n * sizeof(float));
        memset(k->out[o].data, 0xff, n * sizeof(float));
    }
    k->call.boxes = boxes;
    k->op->forward(&k->call);
    k->call.boxes = NULL;
    for (int o = 0; o < k->spec.n_out; o++) {
        const dv_box whole = dv_box_whole(&k->out[o].shape);
        for (int j = 0, inside; j < (int)dv_shape_count(&k->out[o].shape); j++) {
            uint32_t bits;
            memcpy(&bits, &k->out[o].data[j], sizeof bits);
            if (lies_in(&whole, &boxes[o], j, &inside))
                assert_memory_equal(&k->out[o].data[j], &was[o][j], sizeof bits);
            else
                assert_int_equal(bits, 0xffffffff);
        }
        memcpy(k->out[o].data, was[o], dv_shape_count(&k->out[o].shape) * sizeof(float));
        free(was[o]);
    }
    op_check_boxes(k, 3); /* what a changed box of an input reaches */
}

/* One number of an input is seen at most where it stands, and in the box around
 * those places. */
static void check_reach(op_case *k)
{
    for (int i = 0; i < k->spec.n_in; i++) {
        if (k->operands[i].constant || k->operands[i].shape.rank < 0)
            continue;
        const dv_box all = dv_box_whole(&k->in[i].shape);
        int from = op_random_int(0, (int)dv_shape_count(&k->in[i].shape) - 1);
        const dv_box here = box_of_one(&all, from);
        for (int o = 0; o < k->spec.n_out; o++) {
            const dv_box whole = dv_box_whole(&k->out[o].shape);
            dv_box want = { .hi = { 0 } };
            for (int j = 0; j < (int)dv_shape_count(&k->out[o].shape); j++)
                if ((int)k->out[o].data[j] == first_of(k, i) + from)
                    want = dv_box_hull(want, box_of_one(&whole, j));
            dv_box got = k->op->reach(&k->call, i, o, here);
            assert_true(dv_box_equal(got, want) || (dv_box_empty(&got) && dv_box_empty(&want)));
        }
    }
}

/* The way back adds what is in a box of an output to the numbers that stand
 * there, all of which the window holds. */
static void check_back(op_case *k)
{
    int o = op_random_int(0, k->spec.n_out - 1), n = (int)dv_shape_count(&k->out[o].shape);
    const dv_box whole = dv_box_whole(&k->out[o].shape), b = random_box(whole);
    dv_signal out[OP_MAX_OUTPUTS] = { { .data = NULL } }, in[OP_MAX_INPUTS] = { { .data = NULL } };
    out[o] = (dv_signal){ b, calloc(dv_box_count(&b), sizeof(float)) };
    assert_non_null(out[o].data);
    for (size_t j = 0; j < dv_box_count(&b); j++)
        out[o].data[j] = (float)op_random_int(-8, 8);
    for (int i = 0; i < k->spec.n_in; i++) {
        if (k->operands[i].constant || k->operands[i].shape.rank < 0)
            continue;
        const dv_box all = dv_box_whole(&k->in[i].shape);
        in[i].box = dv_box_intersect(k->op->window(&k->call, i, o, b), all);
        in[i].data = calloc(dv_box_count(&in[i].box) + 1, sizeof(float));
        assert_non_null(in[i].data);
    }
    k->op->project(&k->call, out, in);
    for (int i = 0; i < k->spec.n_in; i++) {
        const dv_box all = dv_box_whole(&k->in[i].shape);
        for (int j = 0; in[i].data && j < n; j++) { /* taken away again */
            int from = (int)k->out[o].data[j] - first_of(k, i), at, to;
            if (!lies_in(&whole, &b, j, &at) || k->out[o].data[j] < 0 || from < 0 ||
                from >= (int)dv_shape_count(&k->in[i].shape))
                continue;
            assert_true(lies_in(&all, &in[i].box, from, &to));
            in[i].data[to] -= out[o].data[at];
        }
        for (size_t j = 0; in[i].data && j < dv_box_count(&in[i].box); j++)
            assert_true(in[i].data[j] == 0);
        free(in[i].data);
    }
    free(out[o].data);
}

/* The window of one element is that of the number that stands there, and
 * nothing else. */
static void check_windows(op_case *k)
{
    int o = op_random_int(0, k->spec.n_out - 1);
    const dv_box whole = dv_box_whole(&k->out[o].shape);
    int at = op_random_int(0, (int)dv_shape_count(&k->out[o].shape) - 1);
    const dv_box b = box_of_one(&whole, at);
    for (int i = 0; i < k->spec.n_in; i++) {
        if (k->operands[i].constant || k->operands[i].shape.rank < 0)
            continue;
        const dv_box all = dv_box_whole(&k->in[i].shape);
        int from = (int)k->out[o].data[at] - first_of(k, i), inside;
        bool is_here =
            k->out[o].data[at] >= 0 && from >= 0 && from < (int)dv_shape_count(&k->in[i].shape);
        const dv_box in = dv_box_intersect(k->op->window(&k->call, i, o, b), all);
        assert_int_equal(dv_box_count(&in), is_here);
        if (is_here)
            assert_true(lies_in(&all, &in, from, &inside));
    }
}

/* -- constants
 * --------------------------------------------------------------------------------
 */

static void put(dv_dtype type, char *to, int64_t v)
{
    switch (dv_dtype_size(type)) {
    case 1:
        memcpy(to, &(int8_t){ (int8_t)v }, 1);
        break;
    case 2:
        memcpy(to, &(int16_t){ (int16_t)v }, 2);
        break;
    case 4:
        memcpy(to, &(int32_t){ (int32_t)v }, 4);
        break;
    default:
        memcpy(to, &v, 8);
    }
}

/* Adds input i to a model: integers of the type, at an odd address. */
static const char *add_constant(dv_model *m, const op_case *k, int i, dv_dtype type)
{
    static const char *const names[OP_MAX_INPUTS] = { "0", "1", "2", "3", "4", "5", "6", "7" };
    dv_error err = { 0 };
    size_t n = dv_shape_count(&k->in[i].shape), size = dv_dtype_size(type);
    dv_array *a = dv_arena_alloc(&m->arena, sizeof *a, &err);
    char *data = dv_arena_alloc(&m->arena, n * size + 1, &err);
    assert_true(a && data);
    if (k->operands[i].shape.rank < 0)
        return "";
    data++;
    for (size_t j = 0; j < n; j++)
        put(type, data + j * size, (int64_t)k->in[i].data[j]);
    *a = (dv_array){ type, k->in[i].shape, data };
    assert_true(dv_model_add_constant(m, names[i], a, &err));
    return names[i];
}

/* Over constants of any integer type the node gives what forward does, in that
 * type. */
static void check_fold(op_case *k)
{
    static const dv_dtype types[] = { DV_I64, DV_I32, DV_I16, DV_I8 };
    static const char *const out[OP_MAX_OUTPUTS] = { "a", "b", "c" };
    const dv_dtype type = types[op_random_int(0, 3)];
    const char *in[OP_MAX_INPUTS];
    dv_error err = { 0 };
    dv_model *m = dv_model_new("hand.made", NULL, &err);
    assert_non_null(m);
    if (strcmp(k->op->name, "Cast") != 0) { /* which makes another type */
        bool typed = strcmp(k->op->name, "Pad") == 0;
        for (int i = 0; i < k->spec.n_in; i++) {
            bool is_moved = !k->operands[i].constant || (typed && i == 2);
            in[i] = add_constant(m, k, i, is_moved ? type : DV_I64);
        }
        dv_node_words w = { .op = k->op->name,
                            .opset = k->spec.opset,
                            .n_attrs = k->spec.n_attrs,
                            .attrs = k->attrs,
                            .n_in = k->spec.n_in,
                            .n_out = k->spec.n_out,
                            .in = in,
                            .out = out };
        dv_fold_budget budget = { DV_FOLD_BUDGET };
        if (dv_fold_node(m, &w, &budget, &err) != DV_FOLD_DONE)
            fail_msg("%s: %s", k->op->name, err.message);
        for (int o = 0; o < k->spec.n_out; o++) {
            const dv_array *a = m->values[dv_model_value(m, out[o])].constant;
            assert_int_equal(a->type, type);
            assert_true(dv_shape_equal(&a->shape, &k->out[o].shape));
            for (size_t j = 0; j < dv_shape_count(&a->shape); j++) {
                char want[8], got[8];
                put(type, want, (int64_t)k->out[o].data[j]);
                put(type, got, dv_array_int(a, j));
                assert_memory_equal(got, want, dv_dtype_size(type));
            }
        }
    }
    dv_model_free(m);
}

/* -- places
 * -----------------------------------------------------------------------------------
 */

/* An input may lie where its numbers stand in the output anyway: forward then
 * gives the same. */
static void check_places(op_case *k)
{
    size_t n = dv_shape_count(&k->out[0].shape);
    float *was = malloc(n * sizeof *was);
    assert_non_null(was);
    memcpy(was, k->out[0].data, n * sizeof *was);
    for (int i = 0; i < k->spec.n_in; i++) {
        int64_t at = k->operands[i].constant ? -1 : dv_rearrange_part(&k->call, i);
        if (at < 0)
            continue;
        float *own = k->in[i].data;
        size_t own_n = dv_shape_count(&k->in[i].shape);
        memset(k->out[0].data, 0xff, n * sizeof *was);
        k->in[i].data = k->out[0].data + at;
        memcpy(k->in[i].data, own, own_n * sizeof *own);
        k->op->forward(&k->call);
        assert_memory_equal(k->out[0].data, was, n * sizeof *was);
        k->in[i].data = own;
    }
    if (dv_rearrange_is_view(&k->call))
        assert_memory_equal(k->out[0].data, k->in[0].data, n * sizeof *was);
    free(was);
}

static void a_box_is_computed_as_the_whole_is(void **state)
{
    (void)state;
    on_random_nodes(check_boxes);
}

static void a_number_reaches_the_places_where_it_stands(void **state)
{
    (void)state;
    on_random_nodes(check_reach);
}

static void the_way_back_goes_where_the_numbers_came_from(void **state)
{
    (void)state;
    on_random_nodes(check_back);
}

static void windows_of_single_numbers_are_single_numbers(void **state)
{
    (void)state;
    on_random_nodes(check_windows);
}

static void constants_of_any_type_are_moved_alike(void **state)
{
    (void)state;
    on_random_nodes(check_fold);
}

static void inputs_may_lie_in_the_output(void **state)
{
    (void)state;
    on_random_nodes(check_places);
}

/* -- what follows, by hand
 * -------------------------------------------------------------------- */

static void expect_part(op_case *k, int64_t at, bool view)
{
    op_build(k);
    op_forward(k);
    assert_int_equal(dv_rearrange_part(&k->call, 0), at);
    assert_int_equal(dv_rearrange_is_view(&k->call), view);
    op_free(k);
}

static void what_moves_nothing_is_a_view(void **state)
{
    (void)state;
    op_case *k = op_new("Transpose", 13);
    op_activation(k, op_shape(4, 1, 6, 1, 1));
    op_ints(k, "perm", 4, 0, 2, 3, 1); /* only axes of size 1 change their place */
    expect_part(k, 0, true);
    k = op_new("Transpose", 13);
    op_activation(k, op_shape(2, 3, 4));
    expect_part(k, -1, false);
    k = op_new("Slice", 13);
    op_activation(k, op_shape(2, 3, 4));
    op_input_ints(k, 2, 0, 0);
    op_input_ints(k, 2, 99, 99);
    expect_part(k, 0, true);
    k = op_new("Pad", 13); /* channels before and behind */
    op_activation(k, op_shape(4, 1, 2, 3, 4));
    op_input_ints(k, 8, 0, 1, 0, 0, 0, 2, 0, 0);
    expect_part(k, 12, false);
    k = op_new("Tile", 13); /* the first of the two */
    op_activation(k, op_shape(2, 3, 4));
    op_input_ints(k, 2, 2, 1);
    expect_part(k, 0, false);
}

static void tiles_lie_side_by_side(void **state)
{
    (void)state;
    op_case *k = op_new("Tile", 13);
    op_activation(k, op_shape(2, 1, 2));
    op_input_ints(k, 2, 2, 2);
    op_build(k);
    memcpy(k->in[0].data, (const float[]){ 5, 6 }, 2 * sizeof(float));
    op_forward(k);
    op_expect_shape(k, 0, op_shape(2, 2, 4));
    op_expect_values(k, 0, 8, 5.0, 6.0, 5.0, 6.0, 5.0, 6.0, 5.0, 6.0);
    op_free(k);
    k = op_new("Tile", 13);
    op_activation(k, op_shape(2, 1, 2));
    op_input_ints(k, 1, 2);
    op_refused(k, DV_BAD_DATA, "1 repeats for 2 dimensions");
    op_free(k);
    k = op_new("Tile", 13);
    op_activation(k, op_shape(1, 2));
    op_input_ints(k, 1, -1);
    op_refused(k, DV_BAD_DATA, "-1 repeats: 0 to ");
    op_free(k);
}

/* Each tile is a piece that every window asks for; an axis of size 1 is stretched at no cost. */
static void tiles_are_bounded_together(void **state)
{
    (void)state;
    op_case *k = op_new("Tile", 13);
    op_activation(k, op_shape(4, 2, 2, 2, 2));
    op_input_ints(k, 4, 17, 17, 17, 17);
    op_refused(k, DV_UNSUPPORTED, "83521 tiles and more: at most 65536 are supported");
    op_free(k);
    k = op_new("Tile", 13);
    op_activation(k, op_shape(4, 1, 1, 1, 2));
    op_input_ints(k, 4, 17, 17, 17, 17);
    op_build(k);
    op_expect_shape(k, 0, op_shape(4, 17, 17, 17, 34));
    op_free(k);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_box_is_computed_as_the_whole_is),
        cmocka_unit_test(a_number_reaches_the_places_where_it_stands),
        cmocka_unit_test(the_way_back_goes_where_the_numbers_came_from),
        cmocka_unit_test(windows_of_single_numbers_are_single_numbers),
        cmocka_unit_test(constants_of_any_type_are_moved_alike),
        cmocka_unit_test(inputs_may_lie_in_the_output),
        cmocka_unit_test(what_moves_nothing_is_a_view),
        cmocka_unit_test(tiles_lie_side_by_side),
        cmocka_unit_test(tiles_are_bounded_together),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
