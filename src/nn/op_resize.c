/* op_resize.c - Resize and Upsample: the nearest element, or between the two nearest on each of the
 * last two axes (linear). ONNX Upsample-7 and 9, Resize-10 to 18. */
#include "nn/op.h"
#include "nn/walk.h"

#include <math.h>

typedef enum coordinates {
    HALF_PIXEL,
    PYTORCH_HALF_PIXEL,
    ALIGN_CORNERS,
    ASYMMETRIC,
    HALF_PIXEL_FOR_NEAREST,
} coordinates;

typedef enum rounding { ROUND_PREFER_FLOOR, ROUND_PREFER_CEIL, FLOOR, CEIL } rounding;

typedef struct resize {
    bool linear;
    coordinates coordinates;
    rounding rounding;
    int n_scales, n_sizes;
    float scale[DV_MAX_RANK];
    int64_t size[DV_MAX_RANK];
} resize;

/* What one output reads on one axis: (1 - weight) of element lo and weight of element hi. */
typedef struct tap {
    int32_t lo, hi;
    float weight;
} tap;

static const char *const modes[] = { "nearest", "linear", "bilinear", NULL };
static const char *const coordinate_modes[] = { "half_pixel",           "pytorch_half_pixel",
                                                "align_corners",        "asymmetric",
                                                "tf_half_pixel_for_nn", NULL };
static const char *const roundings[] = { "round_prefer_floor", "round_prefer_ceil", "floor", "ceil",
                                         NULL };
static const char *const policies[] = { "stretch", NULL };

static const dv_attr_row upsample_attrs[] = {
    { "mode", DV_ATTR_TEXT, DV_AT(resize, linear), .words = modes },
    { "scales", DV_ATTR_FLOATS, DV_LIST_AT(resize, scale, n_scales) },
    { 0 },
};

static const dv_attr_row resize_attrs[] = {
    { "mode", DV_ATTR_TEXT, DV_AT(resize, linear), .words = modes },
    { "coordinate_transformation_mode", DV_ATTR_TEXT, DV_AT(resize, coordinates),
      .words = coordinate_modes },
    { "nearest_mode", DV_ATTR_TEXT, DV_AT(resize, rounding), .words = roundings },
    { "antialias", DV_ATTR_INT, .need = DV_ATTR_FIXED },
    { "axes", DV_ATTR_INTS, .need = DV_ATTR_BY_HAND },
    { "keep_aspect_ratio_policy", DV_ATTR_TEXT, .words = policies },
    /* of modes that are not supported; nor is there a neighbour outside to leave out */
    { "cubic_coeff_a", DV_ATTR_FLOAT, .need = DV_ATTR_HARMLESS },
    { "extrapolation_value", DV_ATTR_FLOAT, .need = DV_ATTR_HARMLESS },
    { "exclude_outside", DV_ATTR_INT, .need = DV_ATTR_HARMLESS },
    { 0 },
};

/* Upsample, and Resize before opset 11: a position is divided by the scale and rounded down. */
static bool upsample_parse(const dv_node_spec *s, void *params, dv_error *err)
{
    resize *p = params;
    p->coordinates = ASYMMETRIC;
    p->rounding = FLOOR;
    return dv_spec_input_floats(s, 1, DV_MAX_RANK, p->scale, &p->n_scales, err);
}

static bool resize_parse(const dv_node_spec *s, void *params, dv_error *err)
{
    resize *p = params;
    if (s->opset < 11)
        return upsample_parse(s, params, err);
    if (dv_spec_has(s, "axes"))
        return dv_fail(err, DV_UNSUPPORTED, "axes are given: only all of them are supported");
    return dv_spec_input_floats(s, 2, DV_MAX_RANK, p->scale, &p->n_scales, err) &&
           dv_spec_input_ints(s, 3, DV_MAX_RANK, p->size, &p->n_sizes, err);
}

static bool infer(const dv_node_spec *s, const void *params, dv_shape *out, dv_error *err)
{
    const resize *p = params;
    const dv_shape *in = &s->in[0].shape;
    int64_t dim[DV_MAX_RANK];
    int n = p->n_sizes ? p->n_sizes : p->n_scales;
    if (n != in->rank || n == 0)
        return dv_fail(err, DV_BAD_DATA, "%d %s for an input of %d dimensions", n,
                       p->n_sizes ? "sizes" : "scales", in->rank);
    for (int k = 0; k < n; k++) {
        double size =
            p->n_sizes ? (double)p->size[k] : floor((double)in->dim[k] * (double)p->scale[k]);
        if (!(size >= 1 && size <= DV_MAX_ELEMENTS))
            return dv_fail(err, DV_BAD_DATA, "axis %d would be of size %g: 1 to %d is possible", k,
                           size, DV_MAX_ELEMENTS);
        dim[k] = (int64_t)size;
        bool same = dim[k] == in->dim[k] && (p->n_sizes || p->scale[k] == 1);
        if (p->linear && k < n - 2 && !same)
            return dv_fail(err, DV_UNSUPPORTED,
                           "axis %d becomes %lld from %d: linear works on the last two", k,
                           (long long)dim[k], (int)in->dim[k]);
    }
    return dv_shape_set(out, n, dim, "the output", err);
}

/* The place of output o between the inputs of an axis. */
static double position(const resize *p, int axis, int32_t o, int32_t in, int32_t out)
{
    double scale = p->n_sizes ? (double)out / (double)in : (double)p->scale[axis];
    switch (p->coordinates) {
    case PYTORCH_HALF_PIXEL:
        return out > 1 ? (o + 0.5) / scale - 0.5 : 0;
    case ALIGN_CORNERS:
        return out > 1 ? (double)o * (in - 1) / (scale * in - 1) : 0; /* scale * in: not floored */
    case ASYMMETRIC:
        return o / scale;
    case HALF_PIXEL_FOR_NEAREST:
        return (o + 0.5) / scale;
    case HALF_PIXEL:
        break;
    }
    return (o + 0.5) / scale - 0.5;
}

static double rounded(rounding r, double v)
{
    switch (r) {
    case ROUND_PREFER_FLOOR:
        return ceil(v - 0.5);
    case ROUND_PREFER_CEIL:
        return floor(v + 0.5);
    case CEIL:
        return ceil(v);
    case FLOOR:
        break;
    }
    return floor(v);
}

static int32_t clamp(double v, int32_t n)
{
    return v < 0 ? 0 : v > n - 1 ? n - 1 : (int32_t)v;
}

static tap tap_of(const resize *p, int axis, int32_t o, int32_t in, int32_t out)
{
    double at = position(p, axis, o, in, out);
    if (!p->linear) {
        int32_t i = clamp(rounded(p->rounding, at), in);
        return (tap){ i, i, 0 };
    }
    at = at < 0 ? 0 : at > in - 1 ? in - 1 : at;
    tap t = { .lo = clamp(floor(at), in) };
    t.weight = (float)(at - t.lo);
    t.hi = t.weight > 0 ? t.lo + 1 : t.lo;
    return t;
}

/* The scratch is the taps of every axis, one after the other. */
static size_t scratch_bytes(const dv_call *c)
{
    size_t n = 0;
    for (int k = 0; k < c->out[0].shape.rank; k++)
        n += (size_t)c->out[0].shape.dim[k];
    return n * sizeof(tap);
}

typedef struct taps {
    const tap *all;
    size_t start[DV_MAX_RANK]; /* of each axis */
} taps;

static taps make_taps(const dv_call *c)
{
    tap *t = c->scratch;
    taps all = { t, { 0 } };
    for (int k = 0; k < c->out[0].shape.rank; k++) {
        int32_t in = c->in[0].shape.dim[k], out = c->out[0].shape.dim[k];
        all.start[k] = (size_t)(t - all.all);
        for (int32_t o = 0; o < out; o++)
            *t++ = tap_of(c->params, k, o, in, out);
    }
    return all;
}

/* The taps of an axis from one output on. */
static const tap *taps_at(const taps *t, int axis, int32_t o)
{
    return t->all + t->start[axis] + o;
}

/* The two rows of the input that one run of the output lies between, and how much of the second. */
typedef struct rows {
    ptrdiff_t lo, hi; /* of their first elements, by the layout */
    float weight;
} rows;

static rows rows_of(const dv_run *r, const taps *all, const dv_layout *l)
{
    rows w = { l->at, l->at, 0 };
    for (int k = 0; k < r->last; k++) {
        const tap *t = taps_at(all, k, r->index[k]);
        w.lo += t->lo * l->step[k];
        w.hi += t->hi * l->step[k];
        if (t->weight > 0) /* of the axes before the last, one at most is between */
            w.weight = t->weight;
    }
    return w;
}

static void forward(const dv_call *c)
{
    taps all = make_taps(c);
    dv_layout l = dv_layout_whole(&c->in[0].shape);
    float *y = c->out[0].data;
    dv_run r = dv_run_over(&c->out[0].shape, dv_box_whole(&c->out[0].shape));
    for (; dv_run_next(&r); y += r.n) {
        rows w = rows_of(&r, &all, &l);
        const float *a = c->in[0].data + w.lo, *b = c->in[0].data + w.hi;
        const tap *t = taps_at(&all, r.last, r.index[r.last]);
        for (int32_t i = 0; i < r.n; i++) {
            float upper = a[t[i].lo] + t[i].weight * (a[t[i].hi] - a[t[i].lo]);
            float lower = b[t[i].lo] + t[i].weight * (b[t[i].hi] - b[t[i].lo]);
            y[i] = upper + w.weight * (lower - upper);
        }
    }
}

static dv_box window(const dv_call *c, int i, int o, dv_box out)
{
    (void)i, (void)o;
    const dv_shape *in = &c->in[0].shape, *shape = &c->out[0].shape;
    if (dv_box_empty(&out))
        return out;
    dv_ranges r = dv_ranges_of(shape, &out);
    for (int k = 0; k < in->rank; k++) { /* positions rise with the output */
        int32_t first = r.lo[k] < 0 ? 0 : r.lo[k];
        int32_t last = (r.hi[k] < shape->dim[k] ? r.hi[k] : shape->dim[k]) - 1;
        if (last < first)
            return (dv_box){ .hi = { 0 } };
        r.lo[k] = tap_of(c->params, k, first, in->dim[k], shape->dim[k]).lo;
        r.hi[k] = tap_of(c->params, k, last, in->dim[k], shape->dim[k]).hi + 1;
    }
    return dv_box_of_ranges(in, &r);
}

static size_t project_scratch(const dv_call *c, const dv_signal *out)
{
    (void)out;
    return scratch_bytes(c);
}

static void project(const dv_call *c, const dv_signal *out, const dv_signal *in)
{
    if (!out[0].data || !in[0].data)
        return;
    taps all = make_taps(c);
    dv_layout l = dv_layout_box(&c->in[0].shape, &in[0].box);
    const float *from = out[0].data;
    dv_run r = dv_run_over(&c->out[0].shape, out[0].box);
    for (; dv_run_next(&r); from += r.n) {
        rows w = rows_of(&r, &all, &l);
        float *a = in[0].data + w.lo, *b = in[0].data + w.hi;
        const tap *t = taps_at(&all, r.last, r.index[r.last]);
        for (int32_t i = 0; i < r.n; i++) {
            float lower = w.weight * from[i], upper = from[i] - lower;
            a[t[i].lo] += upper - t[i].weight * upper;
            a[t[i].hi] += t[i].weight * upper;
            b[t[i].lo] += lower - t[i].weight * lower;
            b[t[i].hi] += t[i].weight * lower;
        }
    }
}

#define RESIZE_OP(NAME, ONNX_NAME, MAX_IN, ...) \
    const dv_op dv_op_##NAME = {                \
        .name = (ONNX_NAME),                    \
        .min_in = 1,                            \
        .max_in = (MAX_IN),                     \
        .max_out = 1,                           \
        .inputs = { __VA_ARGS__ },              \
        .params_size = sizeof(resize),          \
        .attrs = NAME##_attrs,                  \
        .parse = NAME##_parse,                  \
        .infer = infer,                         \
        .scratch_bytes = scratch_bytes,         \
        .forward = forward,                     \
        .window = window,                       \
        .project = project,                     \
        .project_scratch = project_scratch,     \
    }

RESIZE_OP(resize, "Resize", 4, "X", "roi", "scales", "sizes");
RESIZE_OP(upsample, "Upsample", 2, "X", "scales");
