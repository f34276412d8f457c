/* gelu.c - recognises what GELU is written out as before operator set 20,
 *
 *     y = x * (Erf(x / sqrt 2) + 1) * 1/2
 *
 * in any order, and makes its last node a Gelu of x, in one pass. The others stay in the model, to
 * be asked for by name; where nobody does they do not run, and y has the same bytes either way. */
#include "graph/chain.h"

#include <math.h>
#include <string.h>

/* What `value` is a lone number times, or divided by: *factor is multiplied by it. Else itself. */
static int without_factor(const dv_model *m, int value, double *factor)
{
    const dv_node *mul = dv_producer(m, value, "Mul"), *div = dv_producer(m, value, "Div");
    int constant, other;
    float number;
    if (mul && dv_constant_operand(m, mul, &constant, &other) &&
        dv_lone_number(m, constant, &number)) {
        *factor *= (double)number;
        return other;
    }
    if (div && dv_lone_number(m, div->in[1], &number)) {
        *factor /= (double)number;
        return div->in[0];
    }
    return value;
}

static bool is_near(double a, double b)
{
    return fabs(a - b) <= 1e-6;
}

/* The x of which `value` is Erf(x / sqrt 2) + 1; DV_NO_VALUE: it is something else. */
static int of_probability(const dv_model *m, int value)
{
    const dv_node *add = dv_producer(m, value, "Add");
    int constant, other;
    float number;
    if (!add || !dv_constant_operand(m, add, &constant, &other) ||
        !dv_lone_number(m, constant, &number) || number != 1)
        return DV_NO_VALUE;
    const dv_node *erf = dv_producer(m, other, "Erf");
    double factor = 1;
    const int x = erf ? without_factor(m, erf->in[0], &factor) : DV_NO_VALUE;
    return is_near(factor, sqrt(0.5)) ? x : DV_NO_VALUE;
}

/* Does the product or quotient `n` end such a chain? */
static bool match(const dv_model *m, const dv_node *n, int *x)
{
    double outer = 1;
    const int product = without_factor(m, n->out[0], &outer);
    const dv_node *mul = dv_producer(m, product, "Mul");
    for (int i = 0; mul && i < 2; i++) {
        double factor = outer;
        *x = of_probability(m, without_factor(m, mul->in[i], &factor));
        const int other = mul->in[1 - i];
        if (*x != DV_NO_VALUE && (other == *x || without_factor(m, other, &factor) == *x) &&
            is_near(factor, 0.5))
            return dv_shape_equal(&m->values[*x].shape, &m->values[n->out[0]].shape);
    }
    return false;
}

static bool replace(dv_model *m, dv_node *n, int x, dv_error *err)
{
    int *in = dv_arena_array(&m->arena, 1, sizeof *in, err);
    if (!in)
        return false;
    *in = x;
    dv_node r = *n;
    r.n_in = 1;
    r.in = in;
    r.n_attrs = 0;
    if (!dv_remake_node(m, &r, "Gelu", err))
        return false;
    *n = r;
    return true;
}

bool dv_recognise_gelu(dv_model *m, dv_error *err)
{
    for (int i = 0; i < m->n_nodes; i++) {
        dv_node *n = &m->nodes[i];
        const bool ends = strcmp(n->op->name, "Mul") == 0 || strcmp(n->op->name, "Div") == 0;
        int x;
        if (ends && match(m, n, &x) && !replace(m, n, x, err))
            return false;
    }
    return true;
}
