/* test_load_einsum.c - Einsum, taken apart when a model is loaded, against sums over every index.
 */
#include "deconvviz/trace.h"
#include "load/net.h"
#include "net.h"
#include "rounds.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Labels: letters, then the axes of the ellipsis, from the last. */
enum { N_LETTERS = 6, N_LABELS = N_LETTERS + 3, MAX_SIZE = 3, MAX_NUMBERS = 729 };

static const char letters[] = "bAzQcd";

typedef struct part {
    int n, dots; /* labels, and how many of them stand before the ellipsis; -1: it has none */
    int n_dots;  /* axes of the ellipsis */
    int label[N_LABELS];
    dv_shape shape;
    bool constant;
    float number[MAX_NUMBERS];
} part;

typedef struct trial {
    char equation[4000];
    int n_in;
    part in[2], out;
    int size[N_LABELS];
} trial;

static uint32_t seed = 1;

static int random_int(int lo, int hi)
{
    return lo + (int)((net_random(&seed) + 1) / 2 * (float)(hi - lo + 1));
}

/* -- the model -------------------------------------------------------------------------------- */

static const char *kept_text(dv_model *m, const char *text)
{
    const char *kept = dv_arena_text(&m->arena, text, strlen(text), NULL);
    assert_non_null(kept);
    return kept;
}

static bool add_node(dv_model *m, const char *op, int n_in, const char *a, const char *b,
                     const char *out, int n_attrs, const dv_attr *attrs, dv_error *err)
{
    dv_fold_budget budget = { DV_FOLD_BUDGET };
    const char **names = dv_arena_array(&m->arena, 3, sizeof *names, NULL);
    dv_attr *kept = dv_arena_array(&m->arena, (size_t)n_attrs, sizeof *kept, NULL);
    assert_true(names && kept);
    names[0] = kept_text(m, a);
    names[1] = kept_text(m, b);
    names[2] = kept_text(m, out);
    for (int i = 0; i < n_attrs; i++)
        kept[i] = attrs[i];
    dv_node_words w = { .name = names[2],
                        .op = op,
                        .opset = 12,
                        .n_attrs = n_attrs,
                        .attrs = kept,
                        .n_in = n_in,
                        .n_out = 1,
                        .in = names,
                        .out = names + 2 };
    return dv_net_add_nodes(m, &w, 1, &budget, err);
}

static dv_attr ints(dv_model *m, const char *name, int n, const int64_t *v)
{
    int64_t *kept = dv_arena_array(&m->arena, (size_t)n, sizeof *kept, NULL);
    assert_non_null(kept);
    for (int i = 0; i < n; i++)
        kept[i] = v[i];
    return (dv_attr){ .name = name, .kind = DV_ATTR_INTS, .n = n, .v.ints = kept };
}

/* Operand i as a constant, or as what is cut out of the input from number `from` on. */
static void add_operand(dv_model *m, part *p, const char *name, int64_t from)
{
    dv_error err = { 0 };
    int64_t dim[DV_MAX_RANK], end = from + (int64_t)dv_shape_count(&p->shape);
    for (int k = 0; k < p->shape.rank; k++)
        dim[k] = p->shape.dim[k];
    if (p->constant) {
        dv_array *a = dv_arena_alloc(&m->arena, sizeof *a, NULL);
        assert_non_null(a);
        *a = (dv_array){ DV_F32, p->shape, p->number };
        assert_true(dv_model_add_constant(m, kept_text(m, name), a, &err));
        return;
    }
    char cut[16];
    snprintf(cut, sizeof cut, "%s.cut", name);
    const dv_attr slice[] = { ints(m, "starts", 1, &from), ints(m, "ends", 1, &end),
                              ints(m, "axes", 1, (int64_t[]){ 1 }) };
    const dv_attr shape = ints(m, "shape", p->shape.rank, dim);
    if (!add_node(m, "Slice", 1, "x", "", cut, 3, slice, &err) ||
        !add_node(m, "Reshape", 1, cut, "", name, 1, &shape, &err))
        fail_msg("%s", err.message);
}

/* The model of a trial, whose input holds the numbers of the operands that are no constants. NULL:
 * refused. */
static dv_model *build(trial *t, dv_error *err)
{
    dv_model *m = dv_model_new("hand.made", NULL, err);
    assert_non_null(m);
    int64_t n[2] = { 0 };
    for (int i = 0; i < t->n_in; i++)
        n[i] = t->in[i].constant ? 0 : (int64_t)dv_shape_count(&t->in[i].shape);
    dv_shape s = { 2, { 1, (int32_t)(n[0] + n[1] + 1) } };
    assert_true(dv_model_add_input(m, "x", &s, err));
    for (int i = 0; i < t->n_in; i++)
        add_operand(m, &t->in[i], i ? "b" : "a", i ? n[0] : 0);
    const dv_attr equation = { .name = "equation",
                               .kind = DV_ATTR_TEXT,
                               .v.text = kept_text(m, t->equation) };
    if (add_node(m, "Einsum", t->n_in, "a", "b", "y", 1, &equation, err))
        return m;
    dv_model_free(m);
    return NULL;
}

static void run(dv_model *m, const trial *t, float *y)
{
    dv_error err = { 0 };
    int output = dv_model_value(m, "y");
    assert_true(output >= 0);
    assert_true(dv_shape_equal(&m->values[output].shape, &t->out.shape));
    size_t bytes = dv_shape_count(&t->out.shape) * sizeof *y;
    if (m->values[output].constant) {
        memcpy(y, m->values[output].constant->data, bytes);
        return;
    }
    float x[2 * MAX_NUMBERS + 1] = { 0 }, *to = x;
    for (int i = 0; i < t->n_in; i++) {
        size_t n = t->in[i].constant ? 0 : dv_shape_count(&t->in[i].shape);
        memcpy(to, t->in[i].number, n * sizeof *to);
        to += n;
    }
    net_finish(m, "y");
    dv_request q = { .n_keep = 1, .keep = &output };
    dv_plan *plan = dv_plan_new(m, &q, NULL, &err);
    dv_trace *trace = plan ? dv_trace_new(plan, NULL, &err) : NULL;
    if (!trace || !dv_trace_forward(trace, x, &err))
        fail_msg("%s: %s", t->equation, err.message);
    memcpy(y, dv_trace_tensor(trace, output), bytes);
    dv_trace_free(trace);
    dv_plan_free(plan);
}

/* -- by definition ---------------------------------------------------------------------------- */

static size_t place(const part *p, const int *index)
{
    size_t at = 0;
    for (int k = 0; k < p->n; k++)
        at = at * (size_t)p->shape.dim[k] + (size_t)(index[p->label[k]] % p->shape.dim[k]);
    return at;
}

static void sum_over_every_index(const trial *t, double *y)
{
    bool used[N_LABELS] = { false };
    long n = 1;
    memset(y, 0, MAX_NUMBERS * sizeof *y);
    for (int i = 0; i < t->n_in; i++)
        for (int k = 0; k < t->in[i].n; k++)
            used[t->in[i].label[k]] = true;
    for (int l = 0; l < N_LABELS; l++)
        n *= used[l] ? t->size[l] : 1;
    for (long i = 0; i < n; i++) {
        int index[N_LABELS] = { 0 };
        long rest = i;
        for (int l = 0; l < N_LABELS; l++) {
            index[l] = used[l] ? (int)(rest % t->size[l]) : 0;
            rest /= used[l] ? t->size[l] : 1;
        }
        double v = (double)t->in[0].number[place(&t->in[0], index)];
        if (t->n_in == 2)
            v *= (double)t->in[1].number[place(&t->in[1], index)];
        y[place(&t->out, index)] += v;
    }
}

/* -- random trials ---------------------------------------------------------------------------- */

static void put_dots(part *p, int n)
{
    p->dots = random_int(0, p->n);
    p->n_dots = n;
    memmove(p->label + p->dots + n, p->label + p->dots,
            (size_t)(p->n - p->dots) * sizeof *p->label);
    for (int i = 0; i < n; i++)
        p->label[p->dots + i] = N_LETTERS + n - 1 - i;
    p->n += n;
}

/* Some of the letters in `from`, in any order. */
static void draw_letters(part *p, unsigned from, int most)
{
    *p = (part){ .dots = -1 };
    for (int tries = 0; tries < 20 && p->n < most; tries++) {
        int l = random_int(0, N_LETTERS - 1);
        if (from >> l & 1)
            p->label[p->n++] = l;
        from &= ~(1u << l);
    }
}

static unsigned set_of(const part *p)
{
    unsigned s = 0;
    for (int k = 0; k < p->n; k++)
        s |= 1u << p->label[k];
    return s & ((1u << N_LETTERS) - 1);
}

/* The output that is meant where the equation names none. */
static void leave_to_rule(trial *t, int n_dots)
{
    unsigned once = set_of(&t->in[0]) ^ (t->n_in == 2 ? set_of(&t->in[1]) : 0);
    t->out = (part){ .dots = -1 };
    put_dots(&t->out, n_dots);
    for (int c = 'A'; c <= 'z'; c++)
        for (int l = 0; l < N_LETTERS; l++)
            if (letters[l] == c && once >> l & 1)
                t->out.label[t->out.n++] = l;
}

static void write_part(const part *p, char *to)
{
    char text[16];
    for (int k = 0; k <= p->n; k++) {
        if (k == p->dots)
            strcat(to, random_int(0, 1) ? "..." : " ... ");
        snprintf(text, sizeof text, "%s%c", random_int(0, 3) ? "" : " ",
                 k < p->n && p->label[k] < N_LETTERS ? letters[p->label[k]] : ' ');
        if (k < p->n && p->label[k] < N_LETTERS)
            strcat(to, text);
    }
}

static void draw_operand(trial *t, part *p)
{
    draw_letters(p, ~0u, random_int(0, 3));
    if (random_int(0, 2) == 0)
        put_dots(p, random_int(0, 2));
    p->constant = random_int(0, 2) == 0;
    p->shape.rank = p->n;
    for (int k = 0; k < p->n; k++) {
        int size = t->size[p->label[k]];
        p->shape.dim[k] = random_int(0, 9) ? size : 1; /* 1: repeated */
    }
    for (size_t i = 0; i < dv_shape_count(&p->shape); i++)
        p->number[i] = net_random(&seed);
}

static void draw(trial *t)
{
    *t = (trial){ .n_in = random_int(0, 4) ? 2 : 1 };
    for (int l = 0; l < N_LABELS; l++)
        t->size[l] = random_int(1, MAX_SIZE);
    for (int i = 0; i < t->n_in; i++)
        draw_operand(t, &t->in[i]);
    for (int l = 0; l < N_LABELS; l++) {
        int largest = 1;
        for (int i = 0; i < t->n_in; i++)
            for (int k = 0; k < t->in[i].n; k++)
                if (t->in[i].label[k] == l && t->in[i].shape.dim[k] > largest)
                    largest = t->in[i].shape.dim[k];
        t->size[l] = largest;
    }
    int n_dots = t->in[0].n_dots > t->in[1].n_dots ? t->in[0].n_dots : t->in[1].n_dots;
    bool arrow = random_int(0, 3) != 0;
    if (arrow) {
        draw_letters(&t->out, set_of(&t->in[0]) | set_of(&t->in[1]),
                     random_int(0, DV_MAX_RANK - n_dots));
        if (n_dots)
            put_dots(&t->out, n_dots);
    } else {
        leave_to_rule(t, n_dots);
    }
    t->out.shape.rank = t->out.n;
    for (int k = 0; k < t->out.n && k < DV_MAX_RANK; k++)
        t->out.shape.dim[k] = t->size[t->out.label[k]];
    write_part(&t->in[0], t->equation);
    if (t->n_in == 2) {
        strcat(t->equation, ",");
        write_part(&t->in[1], t->equation);
    }
    if (arrow) {
        strcat(t->equation, "->");
        write_part(&t->out, t->equation);
    }
}

static void random_equations_are_sums_over_every_index(void **unused)
{
    (void)unused;
    static trial t;
    static double want[MAX_NUMBERS];
    static float y[MAX_NUMBERS];
    for (int i = 0; i < rounds(3000); i++) {
        dv_error err = { 0 };
        do
            draw(&t);
        while (t.out.n > DV_MAX_RANK);
        dv_model *m = build(&t, &err);
        if (!m)
            fail_msg("%s", err.message);
        assert_int_equal(dv_model_n_warnings(m), 0); /* no attribute that an operator lacks */
        run(m, &t, y);
        sum_over_every_index(&t, want);
        for (size_t k = 0; k < dv_shape_count(&t.out.shape); k++)
            if (!(fabs((double)y[k] - want[k]) <= 1e-5))
                fail_msg("%s: number %zu is %g, not %g", t.equation, k, (double)y[k], want[k]);
        dv_model_free(m);
    }
}

/* -- equations that networks have, and others ------------------------------------------------- */

static void set_equation(trial *t, const char *equation, int n_in, dv_shape a, dv_shape b)
{
    *t = (trial){ .n_in = n_in };
    snprintf(t->equation, sizeof t->equation, "%s", equation);
    t->in[0].shape = a;
    t->in[1].shape = b;
}

/* The product itself, where nothing needs to be moved; the node's name stands for the result. */
static void attention_is_a_product_of_matrices(void **unused)
{
    (void)unused;
    static trial t;
    dv_error err = { 0 };
    int tensor;
    set_equation(&t, "B G H I J, B G H J D -> B G H I D", 2, (dv_shape){ 5, { 1, 2, 3, 4, 4 } },
                 (dv_shape){ 5, { 1, 2, 3, 4, 5 } });
    dv_model *m = build(&t, &err);
    assert_non_null(m);
    assert_int_equal(m->n_nodes, 4 + 1);
    assert_string_equal(m->nodes[4].op->name, "MatMul");
    dv_model_free(m);

    set_equation(&t, "bhid,bhjd->bhij", 2, (dv_shape){ 4, { 1, 2, 4, 3 } },
                 (dv_shape){ 4, { 1, 2, 5, 3 } });
    m = build(&t, &err);
    assert_non_null(m);
    assert_int_equal(m->n_nodes, 4 + 2);
    net_finish(m, "y");
    assert_true(dv_model_find(m, "y", &tensor, &err));
    assert_true(dv_shape_equal(dv_tensor_shape(m, tensor), &(dv_shape){ 4, { 1, 2, 4, 5 } }));
    dv_model_free(m);
}

/* Whether the weights come first or second, and however many axes an image has. */
static void a_product_with_weights_is_a_layer(void **unused)
{
    (void)unused;
    static trial t;
    dv_error err = { 0 };
    for (int weights = 0; weights < 2; weights++) {
        const dv_shape image = { 4, { 1, 2, 2, 3 } }, matrix = { 2, { 3, 5 } };
        set_equation(&t, weights ? "bhwc,cd->bhwd" : "cd,bhwc->bhwd", 2, weights ? image : matrix,
                     weights ? matrix : image);
        t.in[weights].constant = true;
        dv_model *m = build(&t, &err);
        assert_non_null(m);
        net_finish(m, "y");
        assert_int_equal(dv_model_n_layers(m), 1);
        assert_string_equal(dv_tensor_name(m, dv_model_layer(m, 0)->tensor), "y");
        assert_int_equal(dv_model_layer(m, 0)->parameters, 15);
        dv_model_free(m);
    }
}

static void what_cannot_be_is_refused_in_a_line(void **unused)
{
    (void)unused;
    static const struct {
        const char *equation, *message;
    } wrong[] = {
        { "ij,jk->ik", "an axis of j is of size 3 and of size 4" },
        { "ij,kl->im", "label m of the output is in no operand" },
        { "ij,kl->i,k", "character 8 is no label" },
        { "ij;kl->ik", "character 2 is no label" },
        { "ij,kl-ik", "character 5 is no label" },
        { "i.j,kl->ik", "character 1 is no label" },
        { "i..., ......->i...", "character 9 is no label" },
        { "ij,kl->ik\xc3\xa9", "character 9 is no label" },
        { "ii,kl->ik", "label i stands twice in one part" },
        { "ij,kl->iki", "label i stands twice in one part" },
        { "ijk,kl->il", "3 labels for operand 0, (2,3)" },
        { "ij,k->ik", "1 labels for operand 1, (4,5)" },
        { "", "0 labels for operand 0, (2,3)" },
        { "ij", "1 operands: the node has 2" },
        { "ij,kl,mn->in", "more than the node's 2 operands" },
        { "...,...->...", "an axis of ... is of size 2 and of size 4" },
        { "i...,k...->ik", "the ellipsis is missing behind the arrow" },
        { "abcdefgh,kl->ab", "more than 6 labels in one part" },
    };
    static trial t;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        dv_error err = { 0 };
        char message[256];
        set_equation(&t, wrong[i].equation, 2, (dv_shape){ 2, { 2, 3 } },
                     (dv_shape){ 2, { 4, 5 } });
        assert_null(build(&t, &err));
        snprintf(message, sizeof message, "node 'y' (Einsum): '%s': %s", wrong[i].equation,
                 wrong[i].message);
        assert_string_equal(err.message, message);
    }
}

static void outputs_of_too_many_dimensions_are_refused(void **unused)
{
    (void)unused;
    static const struct {
        const char *equation, *message;
    } wrong[] = {
        { "abcd,efgh", "an output of more than 6 dimensions" },
        { "...a,efgh->...aefgh", "an output of more than 6 dimensions" },
        { "abcd,efgh->abcdefg", "more than 6 labels in one part" },
    };
    static trial t;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        dv_error err = { 0 };
        char message[256];
        const dv_shape ones = { 4, { 1, 1, 1, 1 } };
        set_equation(&t, wrong[i].equation, 2, ones, ones);
        assert_null(build(&t, &err));
        snprintf(message, sizeof message, "node 'y' (Einsum): '%s': %s", wrong[i].equation,
                 wrong[i].message);
        assert_string_equal(err.message, message);
    }
}

static void a_long_equation_is_refused_in_a_line_too(void **unused)
{
    (void)unused;
    static trial t;
    static const char pattern[] = "ij,  kl-> ... abc";
    for (size_t n = 100; n < sizeof t.equation; n += 999)
        for (size_t from = 0; from < sizeof pattern - 1; from++) {
            dv_error err = { 0 };
            set_equation(&t, "", 2, (dv_shape){ 2, { 2, 3 } }, (dv_shape){ 2, { 4, 5 } });
            for (size_t i = 0; i < n; i++)
                t.equation[i] = pattern[(from + i) % (sizeof pattern - 1)];
            assert_null(build(&t, &err));
            assert_memory_equal(err.message, "node 'y' (Einsum): '", 20);
            assert_in_range(strlen(err.message), 84, 140);
        }
}

static void any_text_is_understood_or_refused_in_a_line(void **unused)
{
    (void)unused;
    static trial t;
    static const char alphabet[] = "aabbcZ.. ,->";
    int understood = 0;
    for (int i = 0; i < rounds(20000); i++) {
        dv_error err = { 0 };
        set_equation(&t, "", random_int(1, 2), (dv_shape){ random_int(0, 3), { 1, 2, 2 } },
                     (dv_shape){ random_int(0, 3), { 1, 2, 2 } });
        int n = random_int(0, 9);
        for (int k = 0; k < n; k++)
            t.equation[k] = alphabet[random_int(0, sizeof alphabet - 2)];
        if (random_int(0, 1))
            strcat(t.equation, random_int(0, 1) ? "->ab" : "...");
        dv_model *m = build(&t, &err);
        understood += m != NULL;
        assert_true(m || (err.message[0] && !strchr(err.message, '\n')));
        dv_model_free(m);
    }
    assert_in_range(understood, 100, 10000);
}

/* By a network that was made for another size: a fully connected layer, say. */
static void one_that_does_not_fit_the_size_is_left_out(void **unused)
{
    (void)unused;
    dv_error err = { 0 };
    const dv_attr equation = { .name = "equation", .kind = DV_ATTR_TEXT, .v.text = "nc,cd->nd" };
    dv_model *m = net_new(2, 3, 3);
    m->resized = true;
    net_constant(m, "w", 17, 4, 0, 0, net_random, 1);
    net_add(m, "Flatten", "x", "flat", NULL);
    assert_true(add_node(m, "Einsum", 2, "flat", "w", "y", 1, &equation, &err));
    assert_true(add_node(m, "Einsum", 2, "y", "w", "z", 1, &equation, &err));
    assert_true(m->values[dv_model_value(m, "y")].unfit);
    assert_true(m->values[dv_model_value(m, "z")].unfit);
    dv_model_free(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_equations_are_sums_over_every_index),
        cmocka_unit_test(attention_is_a_product_of_matrices),
        cmocka_unit_test(a_product_with_weights_is_a_layer),
        cmocka_unit_test(what_cannot_be_is_refused_in_a_line),
        cmocka_unit_test(outputs_of_too_many_dimensions_are_refused),
        cmocka_unit_test(a_long_equation_is_refused_in_a_line_too),
        cmocka_unit_test(any_text_is_understood_or_refused_in_a_line),
        cmocka_unit_test(one_that_does_not_fit_the_size_is_left_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
