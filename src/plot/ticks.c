#include "plot/ticks.h"

#include "base/format.h"

#include <math.h>
#include <string.h>

/* -- ranges ----------------------------------------------------------------------------------- */

static bool usable(double v, bool log)
{
    return isfinite(v) && fabs(v) < 1e300 && (!log || v > 1e-300);
}

/* So far that there are numbers between. */
static bool apart(double lo, double hi)
{
    return fabs(hi - lo) > 1e-290 && fabs(hi - lo) > 1e-12 * fmax(fabs(lo), fabs(hi));
}

dv_axis_range dv_axis_range_of(const dv_axis *axis, double lo, double hi, bool beyond)
{
    const bool log = axis->log;
    dv_axis_range r = { axis->min, axis->max, log };
    if (usable(r.min, log) && usable(r.max, log) && apart(r.min, r.max))
        return r;
    if (!(lo <= hi) || !usable(lo, log) || !usable(hi, log))
        return log ? (dv_axis_range){ 1, 10, true } : (dv_axis_range){ 0, 1, false };
    if (log) {
        double by = beyond ? pow(hi / lo, 0.05) : 1;
        if (hi < lo * (1 + 1e-9))
            by = 3; /* one value */
        return (dv_axis_range){ lo / by, hi * by, true };
    }
    double by = beyond ? (hi - lo) * 0.05 : 0;
    if (!apart(lo, hi))
        by = fabs(lo) > 1e-280 ? fabs(lo) * 0.1 : 0.5;
    return (dv_axis_range){ lo - by, hi + by, false };
}

double dv_axis_at(const dv_axis_range *r, double v)
{
    if (r->log)
        return v > 0 ? log(v / r->min) / log(r->max / r->min) : (r->min < r->max ? -1e9 : 1e9);
    return (v - r->min) / (r->max - r->min);
}

/* -- numbers ---------------------------------------------------------------------------------- */

void dv_number_text(char to[DV_NUMBER_MAX], double v, int decimals)
{
    char plain[DV_NUMBER_MAX - 4];
    if (decimals < 0)
        dv_format(plain, sizeof plain, "%.*g", -decimals, v);
    else
        dv_format(plain, sizeof plain, "%.*f", decimals > 15 ? 15 : decimals, v);
    const bool minus = plain[0] == '-', zero = strspn(plain, "-0.") == strlen(plain);
    const char *digits = plain + (minus ? 1 : 0);
    dv_format(to, DV_NUMBER_MAX, "%s%s", minus && !zero ? "\u2212" : "", digits);
}

void dv_power_text(char to[DV_NUMBER_MAX], int exponent)
{
    static const char *const raised[10] = { "\u2070", "\u00b9", "\u00b2", "\u00b3", "\u2074",
                                            "\u2075", "\u2076", "\u2077", "\u2078", "\u2079" };
    char digits[16];
    dv_format(digits, sizeof digits, "%d", exponent);
    int n = dv_format(to, DV_NUMBER_MAX, "10");
    for (const char *d = digits; *d; d++)
        n += dv_format(to + n, (size_t)(DV_NUMBER_MAX - n), "%s",
                       *d == '-' ? "\u207b" : raised[*d - '0']);
}

/* -- ticks ------------------------------------------------------------------------------------ */

enum { MAX_ROUND = 400 };

static bool add(dv_ticks *t, double at, const char *text, dv_arena *a, dv_error *err)
{
    const char *kept = text ? dv_arena_text(a, text, strlen(text), err) : NULL;
    if (text && !kept)
        return false;
    t->n_named += text != NULL;
    t->tick[t->n++] = (dv_tick){ .at = at, .text = kept };
    return true;
}

static bool given(dv_ticks *t, const dv_axis *axis, const dv_axis_range *r, dv_arena *a,
                  dv_error *err)
{
    const double slack = 1e-9;
    t->tick = dv_arena_array(a, (size_t)axis->n_ticks, sizeof *t->tick, err);
    for (int i = 0; t->tick && i < axis->n_ticks; i++) {
        char number[DV_NUMBER_MAX];
        const double at = dv_axis_at(r, axis->ticks[i]);
        if (!(at >= -slack && at <= 1 + slack))
            continue;
        dv_number_text(number, axis->ticks[i], -6);
        const char *name = axis->names ? axis->names[i] : number;
        if (!add(t, axis->ticks[i], name ? name : "", a, err))
            return false;
    }
    return t->tick;
}

/* The least of 1, 2, 5 times a power of ten with which there are at most so many, but two. */
static double round_step(double lo, double hi, int most)
{
    double power = pow(10, floor(log10((hi - lo) / most))), before = power;
    for (int i = 0;; i++) {
        const double step = power * (double[]){ 1, 2, 5 }[i % 3];
        const double n = floor(hi / step + 1e-9) - ceil(lo / step - 1e-9) + 1;
        if (n <= most)
            return n >= 2 ? step : before;
        before = step;
        power *= i % 3 == 2 ? 10 : 1;
    }
}

static bool linear(dv_ticks *t, double lo, double hi, int most, dv_arena *a, dv_error *err)
{
    const double largest = fmax(fabs(lo), fabs(hi));
    const double step = round_step(lo, hi, most);
    if (step < largest * 1e-12) /* further apart than doubles, but not by much */
        return true;
    const double magnitude = floor(log10(largest) + 1e-9);
    if (largest >= 1e5 || largest < 1e-2)
        t->exponent = (int)magnitude;
    const double unit = pow(10, t->exponent);
    const int decimals = (int)fmax(0, -floor(log10(step / unit) + 1e-6));
    const double first = ceil(lo / step - 1e-9), last = floor(hi / step + 1e-9);
    for (double i = first; i <= last && t->n < MAX_ROUND; i++) {
        char number[DV_NUMBER_MAX];
        dv_number_text(number, i * step / unit, decimals);
        if (!add(t, i * step, number, a, err))
            return false;
    }
    return true;
}

static void power_of_ten(char to[DV_NUMBER_MAX], int d, bool plain)
{
    if (plain)
        dv_number_text(to, pow(10, d), d < 0 ? -d : 0);
    else
        dv_power_text(to, d);
}

static bool decades(dv_ticks *t, double lo, double hi, int most, dv_arena *a, dv_error *err)
{
    const int first = (int)floor(log10(lo) + 1e-9), last = (int)floor(log10(hi) + 1e-9);
    const int whole = last - (int)ceil(log10(lo) - 1e-9) + 1;
    const bool plain = first >= -3 && last <= 4;
    const int stride = whole > most ? (whole + most - 1) / most : 1;
    const bool between = last - first <= 8;
    /* With less than two decades 2 and 5 have their numbers, too. */
    const bool more = whole < 2 || (whole == 2 && most >= 6);
    for (int d = first; d <= last && t->n < MAX_ROUND; d++)
        for (int m = 1; m <= (between ? 9 : 1); m++) {
            char text[DV_NUMBER_MAX];
            const double v = m * pow(10, d);
            if (v < lo * (1 - 1e-9) || v > hi * (1 + 1e-9))
                continue;
            bool named = m == 1 && (last - d) % stride == 0;
            power_of_ten(text, d, plain);
            if (more && plain && (m == 2 || m == 5)) {
                named = true;
                dv_number_text(text, v, d < 0 ? -d : 0);
            }
            if (!add(t, v, named ? text : NULL, a, err))
                return false;
        }
    return true;
}

bool dv_ticks_make(dv_ticks *t, const dv_axis *axis, const dv_axis_range *r, int most, dv_arena *a,
                   dv_error *err)
{
    const double lo = fmin(r->min, r->max), hi = fmax(r->min, r->max);
    *t = (dv_ticks){ 0 };
    if (axis->bare)
        return true;
    if (axis->n_ticks > 0)
        return given(t, axis, r, a, err);
    t->tick = dv_arena_array(a, MAX_ROUND + 10, sizeof *t->tick, err);
    if (!t->tick)
        return false;
    most = most < 2 ? 2 : most > 20 ? 20 : most;
    if (r->log && hi / lo > 3)
        return decades(t, lo, hi, most, a, err);
    return linear(t, lo, hi, most, a, err);
}
