/* verify_judge.c - which differences are rounding, which are tolerated, and which are not. */
#include "refs/verify.h"

#include "base/format.h"

#include <math.h>

/* Relative L2 of a projection that rounding moves by itself, beside what a unit's ambiguity says:
 * the references are halves (2e-4), and Winograd's products are less exact than plain ones. */
#define ROUNDING       1e-3
#define VALUE_ROUNDING 1e-4

/* So many times what was measured when it was recorded, for a few passes do not find the worst
 * case: of rounding, where one near-tie may not have fallen both ways; and of float16, whose many
 * small changes a few passes show well. */
enum { ROUNDING_SPREAD = 3, HALVES_SPREAD = 2 };

const double dv_default_tolerance = 0.02, dv_default_value_tolerance = 0.01;

double dv_reference_allowed(const dv_reference_unit *u, double least)
{
    return fmax(least, fmax(ROUNDING_SPREAD * (double)u->ambiguity,
                            HALVES_SPREAD * (double)u->sensitivity));
}

/* By how much the place that was strongest is weaker now than the strongest one. */
static double position_change(const dv_verified *v)
{
    if (v->unit->at != DV_AT_STRONGEST)
        return 0;
    double size = fmax(fabs((double)v->strongest), (double)v->unit->rms);
    return size > 0 ? ((double)v->strongest - (double)v->value) / size : 0;
}

static void give_reason(dv_verified *v, double moved)
{
    char was[DV_SHAPE_TEXT_MAX], is[DV_SHAPE_TEXT_MAX];
    if (!dv_shape_equal(&v->shape, &v->unit->shape))
        dv_format(v->reason, sizeof v->reason, "its layer was %s, now %s",
                  dv_shape_text(&v->unit->shape, was), dv_shape_text(&v->shape, is));
    else if (v->difference.relative > v->allowed)
        dv_format(v->reason, sizeof v->reason, "the projection is off by %.3g, %.2g is allowed",
                  v->difference.relative, v->allowed);
    else if (v->value_change > v->value_allowed)
        dv_format(v->reason, sizeof v->reason, "the activation is off by %.3g, %.2g is allowed",
                  v->value_change, v->value_allowed);
    else
        dv_format(v->reason, sizeof v->reason,
                  "it is strongest elsewhere, by %.3g, %.2g is allowed", moved, v->value_allowed);
}

void dv_verify_judge(dv_verified *v, const dv_verify_options *o)
{
    const dv_reference_unit *u = v->unit;
    const double relative = v->difference.relative, moved = position_change(v);
    v->allowed = dv_reference_allowed(u, fmax(o->tolerance, ROUNDING));
    v->value_allowed = fmax(fmax(o->value_tolerance, VALUE_ROUNDING),
                            HALVES_SPREAD * (double)u->value_sensitivity);
    v->value_change = dv_value_change(u, v->value);
    const bool other_shape = !dv_shape_equal(&v->shape, &u->shape);
    v->badness = fmax(relative / v->allowed, fmax(v->value_change, moved) / v->value_allowed);
    v->reason[0] = '\0';
    if (other_shape || v->badness > 1) {
        v->verdict = DV_REGRESSED;
        give_reason(v, moved);
    } else if (relative > fmax(ROUNDING, ROUNDING_SPREAD * (double)u->ambiguity) ||
               fmax(v->value_change, moved) > VALUE_ROUNDING) {
        v->verdict = DV_CHANGED;
    } else {
        v->verdict = DV_AGREES;
    }
    if (other_shape)
        v->badness = fmax(v->badness, DV_RELATIVE_MAX);
}
