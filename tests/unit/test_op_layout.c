/* The operators that only move numbers: Reshape and its kin, Transpose, Concat, Split, Slice, Pad,
 * Expand, Gather, Resize, DepthToSpace; and the sums over axes. Numbers are counted off, so that
 * each output names the input it came from. */
#include "nn/rearrange.h"
#include "op_harness.h"
#include "rounds.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Input i holds 0, 1, 2 … */
static void count_off(op_case *k, int i)
{
    for (size_t j = 0; j < dv_shape_count(&k->in[i].shape); j++)
        k->in[i].data[j] = (float)j;
}

/* Builds, runs on counted numbers and checks the way back. */
static void run(op_case *k)
{
    op_build(k);
    count_off(k, 0);
    k->spacing = 16; /* all are linear; less is lost beside the largest sums */
    op_forward(k);
    op_check_adjoint(k, 6);
}

static int flat(const dv_shape *s, const int *index)
{
    int at = 0;
    for (int k = 0; k < s->rank; k++)
        at = at * s->dim[k] + index[k];
    return at;
}

/* The next index in row-major order; false behind the last. */
static bool next(const dv_shape *s, int *index)
{
    for (int k = s->rank - 1; k >= 0; k--) {
        if (++index[k] < s->dim[k])
            return true;
        index[k] = 0;
    }
    return false;
}

/* Output 0 must be, at each index, what input 0 has at index `from` makes of it; -1: `fill`. */
static void expect_moved(op_case *k, void (*source)(const op_case *k, const int *to, int *from),
                         float fill)
{
    int to[DV_MAX_RANK] = { 0 }, from[DV_MAX_RANK] = { 0 };
    size_t at = 0;
    do {
        source(k, to, from);
        bool inside = true;
        for (int i = 0; i < k->in[0].shape.rank; i++)
            inside &= from[i] >= 0 && from[i] < k->in[0].shape.dim[i];
        float want = inside ? k->in[0].data[flat(&k->in[0].shape, from)] : fill;
        assert_true(k->out[0].data[at++] == want);
    } while (next(&k->out[0].shape, to));
}

static dv_shape random_shape(int min_rank, int max_rank)
{
    dv_shape s = { .rank = op_random_int(min_rank, max_rank) };
    for (int k = 0; k < s.rank; k++)
        s.dim[k] = op_random_int(1, k == 0 && s.rank > 2 ? 3 : 5);
    return s;
}

static dv_box window(op_case *k, dv_box out)
{
    return k->op->window(&k->call, 0, 0, out);
}

static void assert_box(dv_box got, dv_box want)
{
    for (int a = 0; a < 3; a++) {
        assert_int_equal(got.lo[a], want.lo[a]);
        assert_int_equal(got.hi[a], want.hi[a]);
    }
}

/* -- Reshape and its kin ---------------------------------------------------------------------- */

static const struct {
    const char *op;
    dv_shape in;
    int n; /* numbers of the shape or the axes; -1: none are given */
    int64_t v[6];
    dv_shape out;
} views[] = {
    { "Reshape", { 4, { 1, 6, 2, 3 } }, 2, { 1, -1 }, { 2, { 1, 36 } } },
    { "Reshape", { 4, { 1, 6, 2, 3 } }, 3, { 0, -1, 4 }, { 3, { 1, 9, 4 } } },
    { "Reshape", { 4, { 1, 6, 2, 3 } }, 5, { 0, 2, 3, 2, -1 }, { 5, { 1, 2, 3, 2, 3 } } },
    { "Reshape", { 4, { 1, 6, 2, 3 } }, 4, { 1, 4, 3, 3 }, { 4, { 1, 4, 3, 3 } } },
    { "Reshape", { 5, { 1, 2, 3, 2, 3 } }, 4, { 1, 6, 2, -1 }, { 4, { 1, 6, 2, 3 } } },
    { "Flatten", { 4, { 1, 6, 2, 3 } }, -1, { 0 }, { 2, { 1, 36 } } },
    { "Squeeze", { 4, { 1, 6, 1, 1 } }, 2, { 2, -1 }, { 2, { 1, 6 } } },
    { "Squeeze", { 4, { 1, 6, 1, 3 } }, -1, { 0 }, { 2, { 6, 3 } } },
    { "Unsqueeze", { 4, { 1, 6, 2, 3 } }, 1, { 1 }, { 5, { 1, 1, 6, 2, 3 } } },
    { "Unsqueeze", { 2, { 1, 6 } }, 2, { 2, -1 }, { 4, { 1, 6, 1, 1 } } },
    { "Identity", { 4, { 1, 6, 2, 3 } }, -1, { 0 }, { 4, { 1, 6, 2, 3 } } },
    { "Dropout", { 4, { 1, 6, 2, 3 } }, -1, { 0 }, { 4, { 1, 6, 2, 3 } } },
    { "Cast", { 3, { 1, 6, 2 } }, -1, { 0 }, { 3, { 1, 6, 2 } } },
};

static void views_keep_the_numbers_in_order(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof views / sizeof views[0]; i++)
        for (int as_input = 0; as_input < 2; as_input++) {
            op_case *k = op_new(views[i].op, as_input ? 13 : 11);
            const char *attr = strcmp(views[i].op, "Reshape") == 0 ? "shape" : "axes";
            op_activation(k, views[i].in);
            if (views[i].n >= 0 && as_input)
                op_input_ints_of(k, views[i].n, views[i].v);
            else if (views[i].n >= 0)
                op_ints_of(k, attr, views[i].n, views[i].v);
            run(k);
            assert_true(dv_rearrange_is_view(&k->call));
            op_expect_shape(k, 0, views[i].out);
            op_free(k);
        }
}

static void flatten_at_every_axis(void **state)
{
    (void)state;
    const dv_shape want[] = { op_shape(2, 1, 24), op_shape(2, 2, 12), op_shape(2, 6, 4),
                              op_shape(2, 24, 1) };
    for (int axis = -3; axis <= 3; axis++) {
        op_case *k = op_new("Flatten", 13);
        op_int(k, "axis", axis);
        op_activation(k, op_shape(3, 2, 3, 4));
        op_build(k);
        op_expect_shape(k, 0, want[axis < 0 ? axis + 3 : axis]);
        op_free(k);
    }
}

static void reshapes_keep_the_box_where_they_can(void **state)
{
    (void)state;
    op_case *k = op_new("Reshape", 13);
    op_activation(k, op_shape(4, 1, 6, 5, 4));
    op_input_ints(k, 5, 1, 2, 3, 5, 4);
    run(k);
    dv_box unit = { { 3, -1, 2 }, { 4, 2, 3 } }; /* a channel, and padding above it */
    assert_box(window(k, unit), unit);
    op_free(k);

    k = op_new("Flatten", 13); /* a unit of the list is a pixel of its channel */
    op_activation(k, op_shape(4, 1, 6, 5, 4));
    run(k);
    assert_box(window(k, (dv_box){ { 47, 0, 0 }, { 48, 1, 1 } }),
               (dv_box){ { 2, 1, 3 }, { 3, 2, 4 } });
    assert_box(window(k, (dv_box){ { 47, 0, 0 }, { 49, 1, 1 } }),
               (dv_box){ { 2, 1, 0 }, { 3, 3, 4 } });
    assert_box(window(k, (dv_box){ { 47, 0, 0 }, { 61, 1, 1 } }),
               (dv_box){ { 2, 0, 0 }, { 4, 5, 4 } });
    op_free(k);
}

/* A Dropout with the ratio and training_mode given; NULL: absent. */
static op_case *dropout(const float *ratio, const float *training)
{
    op_case *k = op_new("Dropout", 13);
    op_activation(k, op_shape(4, 1, 6, 2, 3));
    if (ratio)
        op_weight(k, op_shape(0), ratio);
    else
        op_absent(k);
    if (training)
        op_weight(k, op_shape(0), training);
    return k;
}

static void dropout_keeps_all_where_it_drops_nothing(void **state)
{
    (void)state;
    const float none = 0, half = 0.5F, no = 0, yes = 1;
    const float *const kept[][2] = {
        { NULL, NULL }, { &half, NULL }, { NULL, &no },
        { &half, &no }, { &none, &no },  { &none, &yes },
    };
    for (size_t i = 0; i < sizeof kept / sizeof kept[0]; i++) {
        op_case *k = dropout(kept[i][0], kept[i][1]);
        run(k);
        op_expect(k, 0, 0, k->in[0].data);
        op_free(k);
    }
    for (int i = 0; i < 2; i++) {
        op_case *k = dropout(i ? &half : NULL, &yes);
        op_refused(k, DV_UNSUPPORTED, "training_mode is set, with a ratio of 0.5: only 0");
        op_free(k);
    }
    op_case *k = op_new("Dropout", 7);
    op_float(k, "ratio", 0.5);
    op_activation(k, op_shape(4, 1, 6, 2, 3));
    run(k);
    op_free(k);
}

static void reshape_refuses(dv_shape in, int n, const int64_t *v, const char *words)
{
    op_case *k = op_new("Reshape", 13);
    op_activation(k, in);
    op_input_ints_of(k, n, v);
    op_refused(k, DV_BAD_DATA, words);
    op_free(k);
}

static void reshapes_refuse_what_does_not_fit(void **state)
{
    (void)state;
    const dv_shape in = op_shape(4, 1, 6, 2, 3);
    reshape_refuses(in, 2, (int64_t[]){ 1, 35 }, "(1,6,2,3) cannot become (1,35): 36 elements");
    reshape_refuses(in, 2, (int64_t[]){ 5, -1 }, "(1,6,2,3) cannot become (5,7)");
    reshape_refuses(in, 2, (int64_t[]){ -1, -1 }, "two dimensions of the shape are -1");
    reshape_refuses(in, 2, (int64_t[]){ -2, 4 }, "dimension 0 is -2");
    reshape_refuses(in, 2, (int64_t[]){ 1, (int64_t)1 << 62 }, "is 4611686018427387904");
    reshape_refuses(in, 3, (int64_t[]){ (int64_t)1 << 62, (int64_t)1 << 62, -1 }, "is 46116860184");
    reshape_refuses(op_shape(1, 36), 2, (int64_t[]){ 36, 0 }, "the input has 1");
    reshape_refuses(in, 7, (int64_t[]){ 1, 6, 2, 3, 1, 1, 1 }, "holds 7 numbers, at most 6");

    op_case *k = op_new("Reshape", 13);
    op_activation(k, in);
    op_activation(k, op_shape(1, 2));
    op_refused(k, DV_UNSUPPORTED, "input 1 is computed by the network: a constant is needed");
    op_free(k);

    k = op_new("Squeeze", 11);
    op_ints(k, "axes", 1, 1);
    op_activation(k, in);
    op_refused(k, DV_BAD_DATA, "axis 1 is of size 6: only 1 can be squeezed");
    op_free(k);

    k = op_new("Unsqueeze", 11);
    op_ints(k, "axes", 2, 0, 0);
    op_activation(k, in);
    op_refused(k, DV_BAD_DATA, "axis 0 comes twice");
    op_free(k);

    k = op_new("Unsqueeze", 11);
    op_ints(k, "axes", 3, 0, 1, 2);
    op_activation(k, in);
    op_refused(k, DV_UNSUPPORTED, "the output would have 7 dimensions, at most 6");
    op_free(k);

    k = op_new("Flatten", 11);
    op_int(k, "axis", 5);
    op_activation(k, in);
    op_refused(k, DV_BAD_DATA, "axis 5 of a tensor of 4 dimensions");
    op_free(k);

    k = op_new("Cast", 13);
    op_int(k, "to", 7);
    op_activation(k, in);
    op_refused(k, DV_UNSUPPORTED, "a cast to type 7");
    op_free(k);
}

/* -- Transpose -------------------------------------------------------------------------------- */

static int the_perm[DV_MAX_RANK];

static void transposed(const op_case *k, const int *to, int *from)
{
    for (int i = 0; i < k->in[0].shape.rank; i++)
        from[the_perm[i]] = to[i];
}

static void transpose_in_every_order(void **state)
{
    (void)state;
    for (int trial = 0; trial < rounds(60); trial++) {
        op_case *k = op_new("Transpose", 13);
        dv_shape s = random_shape(1, 6);
        int64_t perm[DV_MAX_RANK];
        for (int i = 0; i < s.rank; i++)
            the_perm[i] = trial % 6 ? i : s.rank - 1 - i; /* turned round: the default */
        for (int i = s.rank - 1; trial % 6 && i > 0; i--) {
            int j = op_random_int(0, i), swap = the_perm[i];
            the_perm[i] = the_perm[j];
            the_perm[j] = swap;
        }
        for (int i = 0; i < s.rank; i++)
            perm[i] = the_perm[i];
        if (trial % 6)
            op_ints_of(k, "perm", s.rank, perm);
        op_activation(k, s);
        run(k);
        expect_moved(k, transposed, 0);
        op_free(k);
    }
}

static void transpose_of_channels_keeps_the_pixels(void **state)
{
    (void)state;
    op_case *k = op_new("Transpose", 13);
    op_ints(k, "perm", 5, 0, 2, 1, 3, 4);
    op_activation(k, op_shape(5, 1, 2, 3, 5, 4));
    run(k);
    /* channel 3 of (3,2) is (1,1), which is channel 4 of (2,3) */
    assert_box(window(k, (dv_box){ { 3, 1, 2 }, { 4, 2, 3 } }),
               (dv_box){ { 4, 1, 2 }, { 5, 2, 3 } });
    op_free(k);
}

static void transpose_refuses_what_is_no_permutation(void **state)
{
    (void)state;
    op_case *k = op_new("Transpose", 13);
    op_ints(k, "perm", 2, 1, 1);
    op_activation(k, op_shape(2, 2, 3));
    op_refused(k, DV_BAD_DATA, "perm is no permutation: its number 1 is 1");
    op_free(k);
    k = op_new("Transpose", 13);
    op_ints(k, "perm", 2, 1, 0);
    op_activation(k, op_shape(3, 2, 3, 4));
    op_refused(k, DV_BAD_DATA, "perm holds 2 numbers, the input has 3 dimensions");
    op_free(k);
}

/* -- Concat and Split ------------------------------------------------------------------------- */

static void concat_along_every_axis(void **state)
{
    (void)state;
    for (int trial = 0; trial < rounds(60); trial++) {
        dv_shape s = random_shape(1, 5), index = s;
        int axis = op_random_int(0, s.rank - 1), n_in = op_random_int(1, 4), at = 0;
        op_case *k = op_new("Concat", 13);
        op_int(k, "axis", trial % 2 ? axis : axis - s.rank);
        for (int i = 0; i < n_in; i++) {
            index.dim[axis] = op_random_int(1, 4);
            op_activation(k, index);
        }
        op_build(k);
        k->spacing = 0.25f;
        op_forward(k);
        op_check_adjoint(k, 3);
        for (int i = 0; i < n_in; i++) {
            int from[DV_MAX_RANK] = { 0 }, to[DV_MAX_RANK];
            size_t j = 0;
            do {
                memcpy(to, from, sizeof to);
                to[axis] += at;
                assert_true(k->out[0].data[flat(&k->out[0].shape, to)] == k->in[i].data[j++]);
            } while (next(&k->in[i].shape, from));
            at += k->in[i].shape.dim[axis];
        }
        assert_int_equal(k->out[0].shape.dim[axis], at);
        op_free(k);
    }
}

static void concat_gives_each_input_its_part_of_a_box(void **state)
{
    (void)state;
    op_case *k = op_new("Concat", 13);
    op_int(k, "axis", 1);
    op_activation(k, op_shape(4, 1, 3, 4, 4));
    op_activation(k, op_shape(4, 1, 2, 4, 4));
    op_build(k);
    op_forward(k);
    dv_box out = { { 2, -1, 1 }, { 4, 2, 3 } };
    assert_box(k->op->window(&k->call, 0, 0, out), (dv_box){ { 2, -1, 1 }, { 3, 2, 3 } });
    assert_box(k->op->window(&k->call, 1, 0, out), (dv_box){ { 0, -1, 1 }, { 1, 2, 3 } });
    out.lo[DV_C] = 3;
    dv_box none = k->op->window(&k->call, 0, 0, out);
    assert_true(dv_box_empty(&none));
    op_free(k);
}

static void concat_refuses_other_shapes(void **state)
{
    (void)state;
    op_case *k = op_new("Concat", 13);
    op_int(k, "axis", 1);
    op_activation(k, op_shape(4, 1, 3, 4, 4));
    op_activation(k, op_shape(4, 1, 2, 4, 5));
    op_refused(k, DV_BAD_DATA, "input 1 is (1,2,4,5), input 0 (1,3,4,4)");
    op_free(k);
    k = op_new("Concat", 13);
    op_activation(k, op_shape(1, 2));
    op_refused(k, DV_BAD_DATA, "the attribute axis is missing");
    op_free(k);
}

static void split_along_every_axis(void **state)
{
    (void)state;
    for (int trial = 0; trial < rounds(60); trial++) {
        dv_shape s = random_shape(1, 5);
        int axis = op_random_int(0, s.rank - 1), parts = op_random_int(1, 4);
        int64_t size[4];
        s.dim[axis] = 0;
        for (int i = 0; i < parts; i++) {
            size[i] = trial % 3 ? op_random_int(1, 3) : 2; /* equal parts need no list */
            s.dim[axis] += (int32_t)size[i];
        }
        op_case *k = op_new("Split", trial % 2 ? 13 : 11);
        op_int(k, "axis", axis - (trial % 2 ? s.rank : 0));
        op_activation(k, s);
        if (trial % 3 == 1)
            op_input_ints_of(k, parts, size);
        else if (trial % 3 == 2)
            op_ints_of(k, "split", parts, size);
        op_outputs(k, parts);
        run(k);
        for (int o = 0, first = 0; o < parts; o++) {
            int to[DV_MAX_RANK] = { 0 }, from[DV_MAX_RANK];
            size_t j = 0;
            do {
                memcpy(from, to, sizeof from);
                from[axis] += first;
                assert_true(k->out[o].data[j++] == k->in[0].data[flat(&s, from)]);
            } while (next(&k->out[o].shape, to));
            first += (int)size[o];
        }
        op_free(k);
    }
}

static void split_takes_the_first_of_more_parts(void **state)
{
    (void)state;
    op_case *k = op_new("Split", 18);
    op_int(k, "axis", 1);
    op_int(k, "num_outputs", 3);
    op_activation(k, op_shape(2, 1, 8));
    op_outputs(k, 2); /* the third is not used */
    run(k);
    op_expect_shape(k, 1, op_shape(2, 1, 3));
    op_expect_values(k, 1, 3, 3.0, 4.0, 5.0);
    op_free(k);
}

static void split_refuses_parts_that_do_not_fit(void **state)
{
    (void)state;
    const struct {
        int n;
        int64_t v[3];
        dv_code code;
        const char *words;
    } cases[] = {
        { 2, { 1, 2 }, DV_BAD_DATA, "the parts add up to 3, the axis is of size 4" },
        { 1, { 4 }, DV_BAD_DATA, "1 parts for 2 outputs" },
        { 2, { 0, 4 }, DV_UNSUPPORTED, "part 0 is of size 0" },
        { 2, { (int64_t)1 << 62, 4 }, DV_UNSUPPORTED, "part 0 is of size 4611686018427387904" },
    };
    for (int i = 0; i < 4; i++) {
        op_case *k = op_new("Split", 11);
        op_int(k, "axis", 1);
        op_ints_of(k, "split", cases[i].n, cases[i].v);
        op_activation(k, op_shape(2, 1, 4));
        op_outputs(k, 2);
        op_refused(k, cases[i].code, cases[i].words);
        op_free(k);
    }
    op_case *k = op_new("Split", 11);
    op_activation(k, op_shape(2, 5, 4));
    op_outputs(k, 2);
    op_refused(k, DV_BAD_DATA, "2 equal parts of an axis of size 5");
    op_free(k);
}

/* -- Slice ------------------------------------------------------------------------------------ */

static int64_t the_start[DV_MAX_RANK], the_step[DV_MAX_RANK];

static void sliced(const op_case *k, const int *to, int *from)
{
    for (int i = 0; i < k->in[0].shape.rank; i++)
        from[i] = (int)(the_start[i] + to[i] * the_step[i]);
}

static void slice_in_every_direction(void **state)
{
    (void)state;
    for (int trial = 0; trial < rounds(150); trial++) {
        dv_shape s = random_shape(1, 5), want = s;
        int64_t start[6], end[6], axis[6], step[6];
        bool attrs = trial % 3 == 0; /* opset 1: no steps */
        for (int i = 0; i < s.rank; i++) {
            int n = s.dim[i], a = op_random_int(0, n - 1), b = op_random_int(0, n - 1);
            int lo = a < b ? a : b, hi = a < b ? b : a; /* both taken in */
            bool back = !attrs && op_random_int(0, 2) == 0;
            axis[i] = i - (op_random_int(0, 1) ? s.rank : 0);
            step[i] = attrs ? 1 : op_random_int(1, 3) * (back ? -1 : 1);
            start[i] = the_start[i] = back ? hi : lo;
            end[i] = back ? lo - 1 : hi + 1;
            the_step[i] = step[i];
            want.dim[i] = (int32_t)((hi - lo) / llabs(step[i]) + 1);
            if (back && end[i] < 0)
                end[i] = op_random_int(0, 1) ? INT64_MIN : -n - 1;
            if (!back && end[i] == n && op_random_int(0, 1))
                end[i] = INT64_MAX;
            if (op_random_int(0, 1))
                start[i] -= n; /* counted from the end */
            if (back && op_random_int(0, 3) == 0 && hi == n - 1)
                start[i] = INT64_MAX;
        }
        op_case *k = op_new("Slice", attrs ? 1 : 13);
        op_activation(k, s);
        if (attrs) {
            op_ints_of(k, "starts", s.rank, start);
            op_ints_of(k, "ends", s.rank, end);
            op_ints_of(k, "axes", s.rank, axis);
        } else {
            op_input_ints_of(k, s.rank, start);
            op_input_ints_of(k, s.rank, end);
            op_input_ints_of(k, s.rank, axis);
            op_input_ints_of(k, s.rank, step);
        }
        run(k);
        op_expect_shape(k, 0, want);
        expect_moved(k, sliced, 0);
        op_free(k);
    }
}

static void slice_of_the_first_axes(void **state)
{
    (void)state;
    op_case *k = op_new("Slice", 10); /* neither axes nor steps */
    op_activation(k, op_shape(2, 3, 4));
    op_input_ints(k, 1, 1);
    op_input_ints(k, 1, -1);
    run(k);
    op_expect_shape(k, 0, op_shape(2, 1, 4));
    op_expect_values(k, 0, 4, 4.0, 5.0, 6.0, 7.0);
    op_free(k);
}

static void slice_refuses_what_leaves_nothing(void **state)
{
    (void)state;
    op_case *k = op_new("Slice", 13);
    op_activation(k, op_shape(2, 3, 4));
    op_input_ints(k, 1, 2);
    op_input_ints(k, 1, 2);
    op_input_ints(k, 1, 1);
    op_refused(k, DV_UNSUPPORTED, "nothing is left of axis 1: from 2 to 2 of 4, step 1");
    op_free(k);
    k = op_new("Slice", 13);
    op_activation(k, op_shape(2, 3, 4));
    op_input_ints(k, 1, 0);
    op_input_ints(k, 1, 2);
    op_input_ints(k, 1, 1);
    op_input_ints(k, 1, 0);
    op_refused(k, DV_BAD_DATA, "step 0 is 0");
    op_free(k);
    k = op_new("Slice", 13);
    op_activation(k, op_shape(2, 3, 4));
    op_input_ints(k, 2, 0, 0);
    op_input_ints(k, 1, 2);
    op_refused(k, DV_BAD_DATA, "2 starts, 1 ends");
    op_free(k);
}

/* -- Pad -------------------------------------------------------------------------------------- */

static int the_pad[DV_MAX_RANK];
static const char *the_mode;

static void padded(const op_case *k, const int *to, int *from)
{
    for (int i = 0; i < k->in[0].shape.rank; i++) {
        int n = k->in[0].shape.dim[i], at = to[i] - the_pad[i];
        if (strcmp(the_mode, "edge") == 0)
            at = at < 0 ? 0 : at >= n ? n - 1 : at;
        while (strcmp(the_mode, "reflect") == 0 && (at < 0 || at >= n))
            at = at < 0 ? -at : 2 * (n - 1) - at;
        from[i] = at;
    }
}

static void pad_in_every_mode(void **state)
{
    (void)state;
    static const char *const modes[] = { "constant", "reflect", "edge" };
    for (int trial = 0; trial < rounds(120); trial++) {
        dv_shape s = random_shape(1, 5);
        int64_t pads[2 * DV_MAX_RANK];
        the_mode = modes[trial % 3];
        for (int i = 0; i < s.rank; i++) {
            int n = s.dim[i], most = trial % 3 == 1 ? (n < 4 ? n - 1 : 3) : 3;
            bool cut = trial % 3 == 0 && n > 2;
            the_pad[i] = op_random_int(cut ? -1 : 0, most);
            pads[i] = the_pad[i];
            pads[s.rank + i] = op_random_int(cut ? -1 : 0, most);
        }
        op_case *k = op_new("Pad", trial % 2 ? 13 : 2);
        op_text(k, "mode", the_mode);
        op_activation(k, s);
        if (trial % 2) {
            op_input_ints_of(k, 2 * s.rank, pads);
            op_weight(k, op_shape(0), (const float[]){ 7.5f });
        } else {
            op_ints_of(k, "pads", 2 * s.rank, pads);
            op_float(k, "value", 7.5);
        }
        run(k);
        expect_moved(k, padded, 7.5f);
        op_free(k);
    }
}

static void pad_by_axes(void **state)
{
    (void)state;
    op_case *k = op_new("Pad", 18);
    op_activation(k, op_shape(2, 2, 2));
    op_input_ints(k, 2, 1, 0);
    op_absent(k);
    op_input_ints(k, 1, -1);
    run(k);
    op_expect_values(k, 0, 6, 0.0, 0.0, 1.0, 0.0, 2.0, 3.0);
    op_free(k);
}

static void windows_of_pads_lie_outside_the_map(void **state)
{
    (void)state;
    op_case *k = op_new("Pad", 13);
    op_activation(k, op_shape(4, 1, 2, 4, 4));
    op_input_ints(k, 8, 0, 0, 1, 2, 0, 0, 3, 4);
    run(k);
    assert_box(window(k, (dv_box){ { 1, 0, 0 }, { 2, 3, 3 } }),
               (dv_box){ { 1, -1, -2 }, { 2, 2, 1 } });
    op_free(k);
}

static void pad_refuses(const char *mode, const int64_t *pads, int n, dv_code code,
                        const char *words)
{
    op_case *k = op_new("Pad", 13);
    op_text(k, "mode", mode);
    op_activation(k, op_shape(2, 3, 4));
    op_input_ints_of(k, n, pads);
    op_refused(k, code, words);
    op_free(k);
}

static void pad_refuses_what_does_not_fit(void **state)
{
    (void)state;
    pad_refuses("wrap", (int64_t[]){ 0, 0, 0, 0 }, 4, DV_UNSUPPORTED, "mode is 'wrap'");
    pad_refuses("constant", (int64_t[]){ 0, 0, 0 }, 3, DV_BAD_DATA, "3 pads: 4 are needed");
    pad_refuses("reflect", (int64_t[]){ 3, 0, 0, 0 }, 4, DV_BAD_DATA,
                "a pad of axis 0 is 3: 0 to 2 is possible");
    pad_refuses("edge", (int64_t[]){ 0, -1, 0, 0 }, 4, DV_BAD_DATA, "a pad of axis 1 is -1");
    pad_refuses("constant", (int64_t[]){ 0, -2, 0, -2 }, 4, DV_UNSUPPORTED,
                "nothing is left of axis 1");
    pad_refuses("constant", (int64_t[]){ 0, (int64_t)1 << 62, 0, 0 }, 4, DV_BAD_DATA,
                "a pad of axis 1 is 4611686018427387904");
    pad_refuses("constant", (int64_t[]){ INT32_MAX, 0, INT32_MAX, 0 }, 4, DV_BAD_DATA,
                "more than 2147483647 elements");
}

/* -- Expand and Gather ------------------------------------------------------------------------ */

static void repeated(const op_case *k, const int *to, int *from)
{
    const dv_shape *in = &k->in[0].shape;
    for (int i = 0; i < in->rank; i++)
        from[i] = in->dim[i] == 1 ? 0 : to[k->out[0].shape.rank - in->rank + i];
}

static void expand_repeats(void **state)
{
    (void)state;
    const struct {
        dv_shape in;
        int n;
        int64_t v[5];
        dv_shape out;
    } cases[] = {
        { { 4, { 1, 3, 1, 1 } }, 4, { 1, 3, 4, 5 }, { 4, { 1, 3, 4, 5 } } },
        { { 2, { 3, 1 } }, 4, { 1, 2, 1, 4 }, { 4, { 1, 2, 3, 4 } } },
        { { 3, { 1, 3, 4 } }, 1, { 1 }, { 3, { 1, 3, 4 } } },
        { { 0, { 0 } }, 2, { 2, 3 }, { 2, { 2, 3 } } },
        { { 2, { 1, 1 } }, 2, { 1, 5 }, { 2, { 1, 5 } } },
    };
    for (int i = 0; i < 5; i++) {
        op_case *k = op_new("Expand", 13);
        op_activation(k, cases[i].in);
        op_input_ints_of(k, cases[i].n, cases[i].v);
        run(k);
        op_expect_shape(k, 0, cases[i].out);
        expect_moved(k, repeated, 0);
        op_free(k);
    }
}

static int the_axis;
static const int64_t *the_indices;
static bool one_index;

static void gathered(const op_case *k, const int *to, int *from)
{
    for (int i = 0; i < k->in[0].shape.rank; i++) {
        int at = (int)the_indices[one_index ? 0 : to[the_axis]];
        from[i] = to[one_index && i > the_axis ? i - 1 : i];
        if (i == the_axis)
            from[i] = at < 0 ? at + k->in[0].shape.dim[i] : at;
    }
}

static void gather_along_every_axis(void **state)
{
    (void)state;
    for (int trial = 0; trial < rounds(60); trial++) {
        dv_shape s = random_shape(1, 5);
        int64_t index[4];
        the_axis = op_random_int(0, s.rank - 1);
        the_indices = index;
        one_index = trial % 3 == 0;
        int n = one_index ? 1 : op_random_int(1, 4);
        for (int i = 0; i < n; i++)
            index[i] = op_random_int(-s.dim[the_axis], s.dim[the_axis] - 1);
        op_case *k = op_new("Gather", 13);
        op_int(k, "axis", trial % 2 ? the_axis : the_axis - s.rank);
        op_activation(k, s);
        op_input_ints_of(k, n, index);
        if (one_index) {
            k->arrays[1].shape.rank = k->operands[1].shape.rank = k->in[1].shape.rank = 0;
        }
        run(k);
        expect_moved(k, gathered, 0);
        op_free(k);
    }
}

static void gather_refuses_what_is_not_there(void **state)
{
    (void)state;
    op_case *k = op_new("Gather", 13);
    op_activation(k, op_shape(2, 3, 4));
    op_input_ints(k, 2, 0, 3);
    op_refused(k, DV_BAD_DATA, "index 1 is 3: the axis is of size 3");
    op_free(k);
    k = op_new("Gather", 13);
    op_activation(k, op_shape(2, 3, 4));
    op_activation(k, op_shape(1, 2));
    op_refused(k, DV_UNSUPPORTED, "the indices are computed by the network");
    op_free(k);
}

/* -- Resize ----------------------------------------------------------------------------------- */

static op_case *resized(int opset, const char *mode, const char *coordinates, const char *nearest,
                        dv_shape in, const float *scales)
{
    op_case *k = op_new(opset < 10 ? "Upsample" : "Resize", opset);
    op_text(k, "mode", mode);
    if (coordinates)
        op_text(k, "coordinate_transformation_mode", coordinates);
    if (nearest)
        op_text(k, "nearest_mode", nearest);
    op_activation(k, in);
    if (opset >= 11)
        op_absent(k);
    op_weight(k, op_shape(1, (int)in.rank), scales);
    op_build(k);
    count_off(k, 0);
    k->spacing = 0.25f;
    op_forward(k);
    return k;
}

static void resize_by_hand(void **state)
{
    (void)state;
    const dv_shape row = op_shape(4, 1, 1, 1, 2), two = op_shape(4, 1, 1, 2, 2);
    const float twice[] = { 1, 1, 1, 2 }, both[] = { 1, 1, 2, 2 }, half[] = { 1, 1, 1, 0.5f };
    op_case *k = resized(9, "nearest", NULL, NULL, row, twice);
    op_expect_values(k, 0, 4, 0.0, 0.0, 1.0, 1.0);
    op_expect_projection(k, DV_RULE_DECONVNET, (const float[]){ 1, 2, 3, 4 }, 2, 3.0, 7.0);
    op_free(k);
    k = resized(9, "linear", NULL, NULL, row, twice);
    op_expect_values(k, 0, 4, 0.0, 0.5, 1.0, 1.0);
    op_free(k);
    k = resized(13, "linear", "half_pixel", NULL, row, twice);
    op_expect_values(k, 0, 4, 0.0, 0.25, 0.75, 1.0);
    op_free(k);
    k = resized(13, "linear", "align_corners", NULL, row, twice);
    op_expect_values(k, 0, 4, 0.0, 1.0 / 3, 2.0 / 3, 1.0);
    op_free(k);
    k = resized(13, "linear", "pytorch_half_pixel", NULL, row, half);
    op_expect_values(k, 0, 1, 0.0); /* of one output, the first input */
    op_free(k);
    k = resized(13, "linear", "half_pixel", NULL, two, both);
    op_expect_values(k, 0, 16, 0.0, 0.25, 0.75, 1.0, 0.5, 0.75, 1.25, 1.5, 1.5, 1.75, 2.25, 2.5,
                     2.0, 2.25, 2.75, 3.0);
    op_free(k);
}

static void resize_rounds_as_it_is_told(void **state)
{
    (void)state;
    const float scales[] = { 1, 1, 1, 2 };
    const struct {
        const char *nearest;
        double want[4];
    } cases[] = {
        { "floor", { 0, 0, 1, 1 } },
        { "ceil", { 0, 1, 1, 1 } },
        { "round_prefer_floor", { 0, 0, 1, 1 } },
        { "round_prefer_ceil", { 0, 1, 1, 1 } },
    };
    for (int i = 0; i < 4; i++) { /* positions 0, 0.5, 1, 1.5 */
        const double *w = cases[i].want;
        op_case *k =
            resized(13, "nearest", "asymmetric", cases[i].nearest, op_shape(4, 1, 1, 1, 2), scales);
        op_expect_values(k, 0, 4, w[0], w[1], w[2], w[3]);
        op_free(k);
    }
}

static void resize_is_adjoint(void **state)
{
    (void)state;
    static const char *const coordinates[] = { "half_pixel", "pytorch_half_pixel", "align_corners",
                                               "asymmetric" };
    for (int trial = 0; trial < rounds(48); trial++) {
        dv_shape s = random_shape(3, 4);
        bool linear = trial % 2;
        float scales[4] = { 1, 1, 1, 1 };
        for (int k = s.rank - 2; k < s.rank; k++)
            scales[k] = (float)op_random_int(5, 15) / 5;
        scales[s.rank - 3] = linear ? 1 : (float)op_random_int(1, 2);
        op_case *k =
            resized(13, linear ? "linear" : "nearest", coordinates[trial / 2 % 4], NULL, s, scales);
        op_check_adjoint(k, 2);
        op_free(k);
    }
}

static void resize_to_sizes(void **state)
{
    (void)state;
    op_case *k = op_new("Resize", 13);
    op_text(k, "mode", "nearest");
    op_text(k, "coordinate_transformation_mode", "asymmetric");
    op_text(k, "nearest_mode", "floor");
    op_activation(k, op_shape(4, 1, 1, 1, 3));
    op_absent(k);
    op_absent(k);
    op_input_ints(k, 4, 1, 1, 1, 6);
    run(k);
    op_expect_values(k, 0, 6, 0.0, 0.0, 1.0, 1.0, 2.0, 2.0);
    op_free(k);
}

static void resize_refuses_what_it_cannot(void **state)
{
    (void)state;
    const struct {
        const char *mode;
        float scales[4];
        dv_code code;
        const char *words;
    } cases[] = {
        { "cubic", { 1, 1, 2, 2 }, DV_UNSUPPORTED, "mode is 'cubic'" },
        { "linear", { 1, 2, 2, 2 }, DV_UNSUPPORTED, "axis 1 becomes 6 from 3" },
        { "nearest", { 1, 1, 0, 2 }, DV_BAD_DATA, "axis 2 would be of size 0" },
        { "nearest", { 1, 1, 1e30f, 2 }, DV_BAD_DATA, "axis 2 would be of size 4e+30" },
        { "nearest", { 1, 1, NAN, 2 }, DV_BAD_DATA, "axis 2 would be of size" },
        { "nearest", { 1, 1, 500000000, 20 }, DV_BAD_DATA, "more than 2147483647 elements" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        op_case *k = op_new("Upsample", 9);
        op_text(k, "mode", cases[i].mode);
        op_activation(k, op_shape(4, 1, 3, 4, 4));
        op_weight(k, op_shape(1, 4), cases[i].scales);
        op_refused(k, cases[i].code, cases[i].words);
        op_free(k);
    }
}

/* -- DepthToSpace and SpaceToDepth ------------------------------------------------------------ */

static void depth_to_space_by_hand(void **state)
{
    (void)state;
    const char *const modes[] = { "DCR", "CRD" };
    /* 8 channels of one pixel: two blocks of 2x2; pixel (y,x) of channel c is depth
     * (2y + x) * 2 + c, or 4 c + 2 y + x */
    const double want[2][8] = { { 0, 2, 4, 6, 1, 3, 5, 7 }, { 0, 1, 2, 3, 4, 5, 6, 7 } };
    for (int i = 0; i < 2; i++) {
        const double *w = want[i];
        op_case *k = op_new("DepthToSpace", 13);
        op_int(k, "blocksize", 2);
        op_text(k, "mode", modes[i]);
        op_activation(k, op_shape(4, 1, 8, 1, 1));
        run(k);
        op_expect_shape(k, 0, op_shape(4, 1, 2, 2, 2));
        op_expect_values(k, 0, 8, w[0], w[1], w[2], w[3], w[4], w[5], w[6], w[7]);
        op_free(k);
    }
}

static void space_to_depth_undoes_depth_to_space(void **state)
{
    (void)state;
    op_case *there = op_new("DepthToSpace", 13), *back = op_new("SpaceToDepth", 13);
    op_int(there, "blocksize", 2);
    op_int(back, "blocksize", 2);
    op_activation(there, op_shape(4, 2, 12, 3, 2));
    op_activation(back, op_shape(4, 2, 3, 6, 4));
    run(there);
    run(back);
    memcpy(back->in[0].data, there->out[0].data, 144 * sizeof(float));
    op_forward(back);
    op_expect(back, 0, 0, there->in[0].data);
    op_free(there);
    op_free(back);
}

static void blocks_refuse_what_does_not_divide(void **state)
{
    (void)state;
    op_case *k = op_new("DepthToSpace", 13);
    op_int(k, "blocksize", 2);
    op_activation(k, op_shape(4, 1, 6, 1, 1));
    op_refused(k, DV_BAD_DATA, "the input is (1,6,1,1): it does not divide into blocks of 2");
    op_free(k);
    k = op_new("SpaceToDepth", 13);
    op_int(k, "blocksize", 0);
    op_activation(k, op_shape(4, 1, 6, 1, 1));
    op_refused(k, DV_BAD_DATA, "blocksize is 0");
    op_free(k);
}

/* -- sums over axes --------------------------------------------------------------------------- */

static void sums_over_every_set_of_axes(void **state)
{
    (void)state;
    for (int trial = 0; trial < rounds(160); trial++) {
        bool mean = trial % 2, keep = trial / 2 % 2;
        dv_shape s = random_shape(1, 5), kept = s;
        int64_t axes[DV_MAX_RANK];
        int n = 0, mask = op_random_int(1, (1 << s.rank) - 1), count = 1;
        for (int k = 0; k < s.rank; k++)
            if (mask >> k & 1) {
                axes[n++] = op_random_int(0, 1) ? k : k - s.rank;
                kept.dim[k] = 1;
                count *= s.dim[k];
            }
        op_case *k = op_new(mean ? "ReduceMean" : "ReduceSum", mean ? 13 : 11);
        op_int(k, "keepdims", keep);
        op_activation(k, s);
        if (trial % 3)
            op_ints_of(k, "axes", n, axes);
        else
            op_input_ints_of(k, n, axes);
        run(k);
        float want[3200] = { 0 };
        int at[DV_MAX_RANK] = { 0 }, to[DV_MAX_RANK];
        size_t j = 0;
        do {
            for (int a = 0; a < s.rank; a++)
                to[a] = mask >> a & 1 ? 0 : at[a];
            want[flat(&kept, to)] += k->in[0].data[j++] / (float)(mean ? count : 1);
        } while (next(&s, at));
        op_expect(k, 0, 1e-5, want);
        if (keep)
            op_expect_shape(k, 0, kept);
        assert_int_equal(k->out[0].shape.rank, keep ? s.rank : s.rank - n);
        op_free(k);
    }
}

static void sums_without_axes(void **state)
{
    (void)state;
    op_case *k = op_new("ReduceSum", 13);
    op_int(k, "keepdims", 0);
    op_activation(k, op_shape(2, 2, 3));
    run(k);
    op_expect_values(k, 0, 1, 15.0);
    op_free(k);
    k = op_new("ReduceSum", 13);
    op_int(k, "noop_with_empty_axes", 1);
    op_activation(k, op_shape(2, 1, 3));
    run(k);
    op_expect_values(k, 0, 3, 0.0, 1.0, 2.0);
    op_free(k);
    k = op_new("ReduceMean", 11);
    op_ints(k, "axes", 1, 2);
    op_activation(k, op_shape(2, 1, 3));
    op_refused(k, DV_BAD_DATA, "axis 2 of a tensor of 2 dimensions");
    op_free(k);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(views_keep_the_numbers_in_order),
        cmocka_unit_test(flatten_at_every_axis),
        cmocka_unit_test(reshapes_keep_the_box_where_they_can),
        cmocka_unit_test(dropout_keeps_all_where_it_drops_nothing),
        cmocka_unit_test(reshapes_refuse_what_does_not_fit),
        cmocka_unit_test(transpose_in_every_order),
        cmocka_unit_test(transpose_of_channels_keeps_the_pixels),
        cmocka_unit_test(transpose_refuses_what_is_no_permutation),
        cmocka_unit_test(concat_along_every_axis),
        cmocka_unit_test(concat_gives_each_input_its_part_of_a_box),
        cmocka_unit_test(concat_refuses_other_shapes),
        cmocka_unit_test(split_along_every_axis),
        cmocka_unit_test(split_takes_the_first_of_more_parts),
        cmocka_unit_test(split_refuses_parts_that_do_not_fit),
        cmocka_unit_test(slice_in_every_direction),
        cmocka_unit_test(slice_of_the_first_axes),
        cmocka_unit_test(slice_refuses_what_leaves_nothing),
        cmocka_unit_test(pad_in_every_mode),
        cmocka_unit_test(pad_by_axes),
        cmocka_unit_test(windows_of_pads_lie_outside_the_map),
        cmocka_unit_test(pad_refuses_what_does_not_fit),
        cmocka_unit_test(expand_repeats),
        cmocka_unit_test(gather_along_every_axis),
        cmocka_unit_test(gather_refuses_what_is_not_there),
        cmocka_unit_test(resize_by_hand),
        cmocka_unit_test(resize_rounds_as_it_is_told),
        cmocka_unit_test(resize_is_adjoint),
        cmocka_unit_test(resize_to_sizes),
        cmocka_unit_test(resize_refuses_what_it_cannot),
        cmocka_unit_test(depth_to_space_by_hand),
        cmocka_unit_test(space_to_depth_undoes_depth_to_space),
        cmocka_unit_test(blocks_refuse_what_does_not_divide),
        cmocka_unit_test(sums_over_every_set_of_axes),
        cmocka_unit_test(sums_without_axes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
