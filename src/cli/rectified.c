#include "cli/rectified.h"

#include "base/text.h"
#include "deconvviz/activation.h"

#include <stdlib.h>

bool cli_rectify_check(int rule, int rectify, dv_error *err)
{
    return rule != DV_RULE_GRADIENT || rectify != DV_RECTIFY_ALL ||
           dv_fail(err, DV_BAD_USAGE,
                   "--rectify all and --rule gradient cannot be meant together: "
                   "that rule rectifies nothing");
}

/* "Gelu", or "10 Silu, 2 Sigmoid". */
static bool add_kinds(dv_text *t, const dv_activations *a)
{
    for (int i = 0; i < a->n_kinds; i++) {
        dv_text_format(t, i ? ", " : "");
        if (a->n_kinds > 1)
            dv_text_format(t, "%d ", a->kinds[i].n);
        dv_text_format(t, "%s", a->kinds[i].name);
    }
    return !t->failed;
}

static bool tell(const dv_activations *a, dv_error *err)
{
    dv_text kinds = { 0 };
    const bool ok = add_kinds(&kinds, a) ||
                    dv_fail(err, DV_NO_MEMORY, "no memory for the names of activations");
    if (ok)
        cli_say("warning: %d of %d activation%s on the way back %s no ReLU (%s): the rule does not "
                "rectify there; --rectify all does",
                a->n_other, a->n, a->n == 1 ? "" : "s", a->n_other == 1 ? "is" : "are",
                kinds.data ? kinds.data : "");
    free(kinds.data);
    return ok;
}

bool cli_rectify_warn(const dv_model *m, int n, const dv_selection *layers, dv_rule rule,
                      dv_rectify rectify, dv_error *err)
{
    if (rule == DV_RULE_GRADIENT || rectify == DV_RECTIFY_ALL)
        return true;
    dv_activations a;
    int *tensors = calloc((size_t)n + 1, sizeof *tensors);
    if (!tensors)
        return dv_fail(err, DV_NO_MEMORY, "no memory for %d layers", n);
    for (int i = 0; i < n; i++)
        tensors[i] = layers[i].tensor;
    const bool ok =
        dv_model_activations(m, n, tensors, &a, err) && (a.n_other == 0 || tell(&a, err));
    free(tensors);
    return ok;
}
