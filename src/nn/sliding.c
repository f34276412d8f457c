#include "nn/sliding.h"

#include "nn/walk.h"

const char *const dv_auto_pads[] = { "NOTSET", "SAME_UPPER", "SAME_LOWER", "VALID", NULL };

void dv_to_last_axes(int32_t v[DV_MAP_AXES], int n, int32_t missing)
{
    for (int a = DV_MAP_AXES - 1; a >= 0; a--)
        v[a] = a < DV_MAP_AXES - n ? missing : v[a - (DV_MAP_AXES - n)];
}

bool dv_sliding_parse(const dv_node_spec *s, void *params, dv_error *err)
{
    (void)s;
    dv_sliding *p = params;
    int axes = p->n_pads / 2;
    if (p->n_pads % 2)
        return dv_fail(err, DV_BAD_DATA, "pads holds %d numbers: two an axis are needed",
                       p->n_pads);
    for (int i = 0; i < axes; i++) {
        p->pad_lo[i] = p->pads[i];
        p->pad_hi[i] = p->pads[axes + i];
    }
    dv_to_last_axes(p->pad_lo, axes, 0);
    dv_to_last_axes(p->pad_hi, axes, 0);
    dv_to_last_axes(p->kernel, p->n_kernel, 1);
    dv_to_last_axes(p->stride, p->n_strides, 1);
    dv_to_last_axes(p->dilation, p->n_dilations, 1);
    return true;
}

static int64_t extent(const dv_slide *s)
{
    return (int64_t)(s->kernel - 1) * s->dilation + 1;
}

static int64_t ceil_div(int64_t a, int64_t b)
{
    return (a + b - 1) / b;
}

/* Completes an axis whose in, kernel, stride and dilation are set. out is 0 when nothing fits. */
static void place(const dv_sliding *p, int axis, dv_slide *s)
{
    s->pad_lo = s->pad_hi = 0;
    if (p->auto_pad == DV_PAD_NOTSET) {
        s->pad_lo = p->pad_lo[axis];
        s->pad_hi = p->pad_hi[axis];
    } else if (p->auto_pad != DV_PAD_VALID) {
        int64_t total = (ceil_div(s->in, s->stride) - 1) * s->stride + extent(s) - s->in;
        total = total > 0 ? total : 0;
        int64_t larger = total - total / 2;
        s->pad_lo = dv_coordinate(p->auto_pad == DV_PAD_SAME_UPPER ? total / 2 : larger);
        s->pad_hi = dv_coordinate(total - s->pad_lo);
    }
    int64_t room = (int64_t)s->in + s->pad_lo + s->pad_hi - extent(s);
    int64_t out = room < 0 ? 0 : room / s->stride + 1;
    if (p->ceil_mode && room >= 0) {
        out = ceil_div(room, s->stride) + 1;
        if ((out - 1) * s->stride >= (int64_t)s->in + s->pad_lo) /* begins behind the map */
            out--;
    }
    s->out = (int32_t)(out < INT32_MAX ? out : INT32_MAX);
}

void dv_map_sizes(const dv_shape *s, int first, int32_t size[DV_MAP_AXES])
{
    for (int a = 0; a < DV_MAP_AXES; a++) {
        int k = s->rank - DV_MAP_AXES + a;
        size[a] = k >= first ? s->dim[k] : 1;
    }
}

void dv_sliding_at(const dv_sliding *p, const dv_shape *in, const int32_t kernel[DV_MAP_AXES],
                   dv_slide slide[DV_MAP_AXES])
{
    int32_t size[DV_MAP_AXES];
    dv_map_sizes(in, 2, size);
    for (int a = 0; a < DV_MAP_AXES; a++) {
        slide[a] = (dv_slide){
            .in = size[a], .kernel = kernel[a], .stride = p->stride[a], .dilation = p->dilation[a]
        };
        place(p, a, &slide[a]);
    }
}

static bool check_axes(const dv_sliding *p, const dv_shape *in, int max_axes, dv_error *err)
{
    const struct {
        const char *name;
        int n, wanted;
    } lists[] = {
        { "kernel_shape", p->n_kernel, in->rank - 2 },
        { "strides", p->n_strides, in->rank - 2 },
        { "dilations", p->n_dilations, in->rank - 2 },
        { "pads", p->n_pads, 2 * (in->rank - 2) },
    };
    if (in->rank < 3 || in->rank > 2 + max_axes)
        return dv_fail(err, DV_UNSUPPORTED, "the input has %d dimensions: %s are supported",
                       in->rank, max_axes == 2 ? "3 or 4" : "3 to 5");
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++)
        if (lists[i].n && lists[i].n != lists[i].wanted)
            return dv_fail(err, DV_BAD_DATA,
                           "%s holds %d numbers: an input of %d dimensions needs %d", lists[i].name,
                           lists[i].n, in->rank, lists[i].wanted);
    return true;
}

bool dv_sliding_check_reach(int64_t places, dv_error *err)
{
    return places <= DV_SLIDING_REACH ||
           dv_fail(err, DV_UNSUPPORTED,
                   "windows reach over %lld places of an axis: %d at most are supported",
                   (long long)places, DV_SLIDING_REACH);
}

bool dv_sliding_fit(const dv_sliding *p, const dv_shape *in, const int32_t kernel[DV_MAP_AXES],
                    int max_axes, dv_slide slide[DV_MAP_AXES], dv_error *err)
{
    if (!check_axes(p, in, max_axes, err))
        return false;
    for (int a = 0; a < DV_MAP_AXES; a++)
        if (kernel[a] < 1 || kernel[a] > DV_SLIDING_MAX)
            return dv_fail(err, DV_BAD_DATA, "the kernel's size is %d: 1 to %d is possible",
                           (int)kernel[a], DV_SLIDING_MAX);
    dv_sliding_at(p, in, kernel, slide);
    for (int a = 0; a < DV_MAP_AXES; a++) {
        const dv_slide *s = &slide[a];
        if (!dv_sliding_check_reach((int64_t)s->in + s->pad_lo + s->pad_hi, err))
            return false;
        if (s->out < 1)
            return dv_fail(err, DV_BAD_DATA,
                           "the kernel covers %lld, more than the padded input, which is %lld",
                           (long long)extent(s), (long long)s->in + s->pad_lo + s->pad_hi);
    }
    return true;
}

bool dv_sliding_reaches(const dv_slide slide[DV_MAP_AXES], dv_error *err)
{
    for (int a = 0; a < DV_MAP_AXES; a++) {
        const dv_slide *s = &slide[a];
        for (int64_t o = 0; o < s->out; o++) {
            int64_t first = o * s->stride - s->pad_lo;
            if (first >= 0) { /* from here on the first tap is inside, up to the map's end */
                o = s->out - 1;
                first = o * s->stride - s->pad_lo;
            }
            int64_t tap = first < 0 ? ceil_div(-first, s->dilation) : 0;
            if (tap >= s->kernel || first + tap * s->dilation >= s->in)
                return dv_fail(err, DV_UNSUPPORTED,
                               "window %lld of the pool holds nothing but padding (pads %d and %d,"
                               " kernel %d, input %d)",
                               (long long)o, (int)s->pad_lo, (int)s->pad_hi, (int)s->kernel,
                               (int)s->in);
        }
    }
    return true;
}

bool dv_sliding_shape(const dv_shape *in, int32_t channels, const dv_slide slide[DV_MAP_AXES],
                      dv_shape *out, dv_error *err)
{
    int64_t dim[DV_MAX_RANK] = { in->dim[0], channels };
    for (int k = 2; k < in->rank; k++)
        dim[k] = slide[DV_MAP_AXES - in->rank + k].out;
    return dv_shape_set(out, in->rank, dim, "the output", err);
}

void dv_slide_window(const dv_slide *s, int32_t *lo, int32_t *hi)
{
    *lo = dv_coordinate((int64_t)*lo * s->stride - s->pad_lo);
    *hi = dv_coordinate((int64_t)(*hi - 1) * s->stride - s->pad_lo + extent(s));
}

bool dv_reads_padding(const dv_call *c, dv_box out)
{
    const dv_box in = dv_box_intersect(c->op->window(c, 0, 0, out), dv_box_whole(&c->in[0].shape));
    return dv_box_empty(&in);
}

void dv_group_channels(int32_t group, const dv_shape *out, const dv_shape *in, dv_box *b)
{
    int32_t from = out->dim[1] / group, to = in->dim[1] / group;
    int32_t planes = out->dim[0] * out->dim[1]; /* the groups of one image follow another's */
    int32_t lo = b->lo[DV_C] < 0 ? 0 : b->lo[DV_C];
    int32_t hi = b->hi[DV_C] > planes ? planes : b->hi[DV_C];
    b->lo[DV_C] = lo / from * to;
    b->hi[DV_C] = (int32_t)(((int64_t)hi + from - 1) / from * to);
}
