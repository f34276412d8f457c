/* test_op_attributes.c - what an operator's table of attributes takes and refuses. */
#include "op_harness.h"

#include <string.h>

static op_case *conv(void)
{
    op_case *k = op_new("Conv", 13);
    op_activation(k, op_shape(4, 1, 4, 5, 5));
    op_weight(k, op_shape(4, 4, 2, 3, 3), NULL);
    return k;
}

static void one_of_another_kind_is_named(void **state)
{
    (void)state;
    op_case *k = conv();
    op_ints(k, "group", 1, 2);
    op_refused(k, DV_BAD_DATA, "attribute group is a list of integers: an integer is needed");
    op_free(k);
    k = conv();
    op_int(k, "group", 2);
    op_int(k, "pads", 1);
    op_refused(k, DV_BAD_DATA, "attribute pads is an integer: a list of integers is needed");
    op_free(k);
    k = conv();
    op_int(k, "group", 2);
    op_float(k, "auto_pad", 1);
    op_refused(k, DV_BAD_DATA, "attribute auto_pad is a float: a text is needed");
    op_free(k);
}

static void one_out_of_its_range_is_named_with_the_limits(void **state)
{
    (void)state;
    op_case *k = conv();
    op_int(k, "group", (int64_t)1 << 40);
    op_refused(k, DV_BAD_DATA, "group is 1099511627776: 1 to 2147483647 is possible");
    op_free(k);
    k = conv();
    op_ints(k, "dilations", 2, 1, 0);
    op_refused(k, DV_BAD_DATA, "dilations holds 0: 1 to 16777216 is possible");
    op_free(k);
    k = conv();
    op_ints(k, "dilations", 4, 1, 1, 1, 1);
    op_refused(k, DV_BAD_DATA, "dilations holds 4 numbers, at most 3 are possible");
    op_free(k);
}

/* Resize of (1,1,2,2) to sizes; keep_aspect_ratio_policy would make them others. */
static op_case *resize(void)
{
    op_case *k = op_new("Resize", 18);
    op_text(k, "nearest_mode", "floor");
    op_activation(k, op_shape(4, 1, 1, 2, 2));
    op_absent(k);
    op_absent(k);
    op_input_ints(k, 4, 1, 1, 4, 6);
    return k;
}

static void a_word_that_is_not_supported_is_refused(void **state)
{
    (void)state;
    op_case *k = resize();
    op_text(k, "keep_aspect_ratio_policy", "not_larger");
    op_refused(k, DV_UNSUPPORTED, "keep_aspect_ratio_policy is 'not_larger': stretch is supported");
    op_free(k);
    k = resize();
    op_text(k, "keep_aspect_ratio_policy", "stretch");
    op_build(k);
    op_expect_shape(k, 0, op_shape(4, 1, 1, 4, 6));
    op_free(k);
    k = resize();
    op_text(k, "mode", "cubic");
    op_refused(k, DV_UNSUPPORTED, "mode is 'cubic': nearest, linear or bilinear is supported");
    op_free(k);
}

static void what_must_stay_as_it_is_may_be_said(void **state)
{
    (void)state;
    for (int training = 0; training < 2; training++) {
        op_case *k = op_new("BatchNormalization", 15);
        op_int(k, "training_mode", training);
        op_float(k, "momentum", 0.5); /* harmless */
        op_activation(k, op_shape(4, 1, 2, 3, 3));
        for (int i = 0; i < 4; i++)
            op_weight(k, op_shape(1, 2), (const float[]){ 1, 1 });
        if (training)
            op_refused(k, DV_UNSUPPORTED, "training_mode is 1: only 0 is supported");
        else
            op_build(k);
        op_free(k);
    }
}

static void each_operator_knows_its_own(void **state)
{
    (void)state;
    assert_non_null(dv_op_attr(dv_op_find("MaxPool"), "ceil_mode"));
    assert_null(dv_op_attr(dv_op_find("Conv"), "ceil_mode"));
    assert_non_null(dv_op_attr(dv_op_find("DepthToSpace"), "mode"));
    assert_null(dv_op_attr(dv_op_find("SpaceToDepth"), "mode"));
    assert_non_null(dv_op_attr(dv_op_find("SpaceToDepth"), "blocksize"));
    assert_non_null(dv_op_attr(dv_op_find("Selu"), "gamma"));
    assert_null(dv_op_attr(dv_op_find("Relu"), "alpha"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_of_another_kind_is_named),
        cmocka_unit_test(one_out_of_its_range_is_named_with_the_limits),
        cmocka_unit_test(a_word_that_is_not_supported_is_refused),
        cmocka_unit_test(what_must_stay_as_it_is_may_be_said),
        cmocka_unit_test(each_operator_knows_its_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
