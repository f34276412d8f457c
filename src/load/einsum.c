#include "load/einsum.h"

#include <string.h>

/* In the order of ASCII, as in an output that the equation leaves out; -1: no letter. */
static int label_of(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    return c >= 'a' && c <= 'z' ? c - 'a' + DV_EINSUM_LETTERS / 2 : -1;
}

static const char *label_text(int label, char text[4])
{
    if (label >= DV_EINSUM_LETTERS)
        return "...";
    text[0] =
        (char)(label < DV_EINSUM_LETTERS / 2 ? 'A' + label : 'a' + label - DV_EINSUM_LETTERS / 2);
    text[1] = '\0';
    return text;
}

static bool no_label(const char *equation, const char *at, dv_error *err)
{
    return dv_fail(err, DV_BAD_DATA, "character %zu is no label", (size_t)(at - equation));
}

/* One part of the equation, up to a comma, the arrow or the end. dots: how many labels stand before
 * its ellipsis; -1: there is none. */
static bool read_part(const char *equation, const char **at, dv_labels *l, int *dots, dv_error *err)
{
    *l = (dv_labels){ 0 };
    *dots = -1;
    for (;; ++*at) {
        int label = label_of(**at);
        char text[4];
        if (**at == ' ')
            continue;
        if (strncmp(*at, "...", 3) == 0 && *dots < 0) {
            *dots = l->n;
            *at += 2;
            continue;
        }
        if (label < 0)
            return !**at || **at == ',' || strncmp(*at, "->", 2) == 0 ||
                   no_label(equation, *at, err);
        if (dv_label_set_of(l) & dv_label_bit(label))
            return dv_fail(err, DV_UNSUPPORTED, "label %s stands twice in one part",
                           label_text(label, text));
        if (l->n == DV_MAX_RANK)
            return dv_fail(err, DV_UNSUPPORTED, "more than %d labels in one part", DV_MAX_RANK);
        l->at[l->n++] = label;
    }
}

/* Puts labels for the `n` axes of an ellipsis in its place. */
static void open_dots(dv_labels *l, int dots, int n)
{
    dv_labels all = { 0 };
    for (int k = 0; k <= l->n; k++) {
        for (int i = n; k == dots && i-- > 0;)
            all.at[all.n++] = DV_EINSUM_LETTERS + i;
        if (k < l->n)
            all.at[all.n++] = l->at[k];
    }
    *l = all;
}

static bool read_operand(dv_einsum *e, int i, const char *equation, const char **at, int *covered,
                         dv_error *err)
{
    dv_labels *l = &e->in[i];
    char shape[DV_SHAPE_TEXT_MAX];
    int dots;
    if (!read_part(equation, at, l, &dots, err))
        return false;
    int more = e->shape[i].rank - l->n;
    if (more < 0 || (more > 0 && dots < 0))
        return dv_fail(err, DV_BAD_DATA, "%d labels for operand %d, %s", l->n, i,
                       dv_shape_text(&e->shape[i], shape));
    open_dots(l, dots, more);
    *covered = more > *covered ? more : *covered;
    return true;
}

/* What an equation without an arrow leaves: the ellipsis, then the labels that stand in one operand
 * only. */
static bool derive_output(dv_einsum *e, int covered, dv_error *err)
{
    dv_label_set a = dv_label_set_of(&e->in[0]), b = dv_label_set_of(&e->in[1]), once = a ^ b;
    open_dots(&e->out, 0, covered);
    for (int label = 0; label < DV_EINSUM_LETTERS; label++) {
        if (!(once & dv_label_bit(label)))
            continue;
        if (e->out.n == DV_MAX_RANK)
            return dv_fail(err, DV_UNSUPPORTED, "an output of more than %d dimensions",
                           DV_MAX_RANK);
        e->out.at[e->out.n++] = label;
    }
    return true;
}

static bool read_output(dv_einsum *e, const char *equation, const char *at, int covered,
                        dv_error *err)
{
    int dots;
    char text[4];
    if (!read_part(equation, &at, &e->out, &dots, err))
        return false;
    if (*at)
        return no_label(equation, at, err);
    if (dots < 0 && covered)
        return dv_fail(err, DV_BAD_DATA, "the ellipsis is missing behind the arrow");
    if (e->out.n + covered > DV_MAX_RANK)
        return dv_fail(err, DV_UNSUPPORTED, "an output of more than %d dimensions", DV_MAX_RANK);
    open_dots(&e->out, dots, covered);
    dv_label_set known = dv_label_set_of(&e->in[0]) | dv_label_set_of(&e->in[1]);
    for (int k = 0; k < e->out.n; k++)
        if (!(known & dv_label_bit(e->out.at[k])))
            return dv_fail(err, DV_BAD_DATA, "label %s of the output is in no operand",
                           label_text(e->out.at[k], text));
    return true;
}

static bool read_parts(dv_einsum *e, const char *equation, dv_error *err)
{
    const char *at = equation;
    int covered = 0, n = 0;
    for (;; at++) {
        if (n == e->n_in)
            return dv_fail(err, DV_BAD_DATA, "more than the node's %d operands", n);
        if (!read_operand(e, n++, equation, &at, &covered, err))
            return false;
        if (*at != ',')
            break;
    }
    if (n < e->n_in)
        return dv_fail(err, DV_BAD_DATA, "%d operands: the node has %d", n, e->n_in);
    return *at ? read_output(e, equation, at + 2, covered, err) : derive_output(e, covered, err);
}

static bool find_sizes(dv_einsum *e, dv_error *err)
{
    char text[4];
    for (int i = 0; i < e->n_in; i++)
        for (int k = 0; k < e->in[i].n; k++) {
            int label = e->in[i].at[k];
            int32_t dim = e->shape[i].dim[k], *size = &e->size[label];
            if (dim < 1)
                return dv_fail(err, DV_UNSUPPORTED, "operand %d is empty", i);
            if (*size > 1 && dim > 1 && dim != *size)
                return dv_fail(err, DV_BAD_DATA, "an axis of %s is of size %d and of size %d",
                               label_text(label, text), (int)*size, (int)dim);
            *size = dim > *size ? dim : *size;
        }
    return true;
}

bool dv_einsum_read(dv_einsum *e, const char *equation, dv_error *err)
{
    return (read_parts(e, equation, err) && find_sizes(e, err)) ||
           dv_fail_in(err, "'%.60s'", equation);
}
