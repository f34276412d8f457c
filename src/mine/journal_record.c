#include "mine/journal_record.h"
#include "base/json.h"
#include "index/sum.h"

#include <math.h>

int dv_record_changes(const dv_index *x, int32_t image, const dv_survey *s, dv_change *changes)
{
    int n = 0;
    for (int u = 0; u < x->n_units; u++) {
        const dv_index_unit *unit = &x->units[u];
        const dv_peak *peak = s->peaks + (size_t)u * (size_t)s->per_image;
        int before = n;
        for (int p = 0; p < s->per_image; p++) {
            dv_hit h = { peak[p].value, image, 0, 0 }; /* the position cannot matter: see below */
            if (!dv_hit_enters(unit, x->k, &h))
                break;
            changes[n++] = (dv_change){ u, peak[p].value, peak[p].at };
        }
        if (n == before && peak[0].value > unit->max)
            changes[n++] = (dv_change){ u, peak[0].value, -1 };
    }
    return n;
}

int dv_record_sampled(const dv_index *x, int32_t image, const dv_survey *s, dv_change *sampled)
{
    const uint64_t rank = dv_sample_rank(image);
    int n = 0;
    for (int u = 0; u < x->n_units && x->sample > 0; u++) {
        const dv_peak *peak = s->peaks + (size_t)u * (size_t)s->per_image;
        if (peak->value > 0 && dv_sample_enters(&x->units[u], rank))
            sampled[n++] = (dv_change){ u, peak->value, peak->at };
    }
    return n;
}

/* All units whose samples the image comes into, and no others, each at a place of its map. */
static bool sampled_fits(const dv_index *x, const dv_record *r)
{
    const uint64_t rank = dv_sample_rank(r->image);
    const dv_index_layer *l = x->layers;
    int i = 0;
    for (int u = 0; u < x->n_units && x->sample > 0; u++) {
        const dv_change *c = i < r->n_sampled ? &r->sampled[i] : NULL;
        const bool listed = c && c->unit == u;
        if (listed != (r->bin[u] != DV_NO_BIN && dv_sample_enters(&x->units[u], rank)))
            return false;
        while (&x->units[u] >= l->units + l->size[DV_C])
            l++;
        if (listed && !(isfinite(c->value) && c->value > 0 && c->at >= 0 &&
                        c->at < l->size[DV_Y] * l->size[DV_X]))
            return false;
        i += listed;
    }
    return i == r->n_sampled;
}

static bool fits(const dv_index *x, const dv_record *r)
{
    if (r->image < x->done || r->image >= x->count)
        return false;
    if (r->reason)
        return true;
    if (r->n_units != x->n_units || r->n_changes < 0 || r->n_sampled < 0 ||
        !dv_json_is_digest(r->sha256))
        return false;
    int32_t last = -1, changed = 0; /* units */
    for (int i = 0; i < r->n_changes; i++) {
        const dv_change *c = &r->changes[i];
        if (c->unit < 0 || c->unit < last || c->unit >= x->n_units || !isfinite(c->value))
            return false;
        changed += c->unit != last;
        last = c->unit;
    }
    if (x->read == 0 && changed < x->n_units) /* the first image is the best so far for all */
        return false;
    const dv_index_layer *l = x->layers;
    for (int u = 0; u < x->n_units; u++) {
        while (u >= (int)(l->units - x->units) + l->size[DV_C])
            l++;
        const uint32_t most = (uint32_t)l->size[DV_Y] * (uint32_t)l->size[DV_X];
        if (!isfinite(r->sum[u]) || r->active[u] > most ||
            (r->bin[u] >= DV_INDEX_BINS && r->bin[u] != DV_NO_BIN))
            return false;
    }
    return sampled_fits(x, r);
}

/* Returns whether a hit came in. */
static bool apply_changes(dv_index *x, const dv_record *r)
{
    bool hits = false;
    const dv_index_layer *l = x->layers;
    for (int i = 0; i < r->n_changes; i++) {
        const dv_change *c = &r->changes[i];
        dv_index_unit *u = &x->units[c->unit];
        u->max = c->value > u->max ? c->value : u->max;
        while (u >= l->units + l->size[DV_C])
            l++;
        int32_t plane = l->size[DV_Y] * l->size[DV_X];
        if (c->at < 0 || c->at >= plane)
            continue;
        dv_hit_insert(u, x->k,
                      (dv_hit){ c->value, r->image, c->at / l->size[DV_X], c->at % l->size[DV_X] });
        hits = true;
    }
    return hits;
}

/* Returns whether the image came into a sample. */
static bool apply_sampled(dv_index *x, const dv_record *r)
{
    const dv_index_layer *l = x->layers;
    for (int i = 0; i < r->n_sampled; i++) {
        const dv_change *c = &r->sampled[i];
        while (&x->units[c->unit] >= l->units + l->size[DV_C])
            l++;
        dv_sample_insert(
            &x->units[c->unit], x->sample,
            (dv_hit){ c->value, r->image, c->at / l->size[DV_X], c->at % l->size[DV_X] });
    }
    return r->n_sampled > 0;
}

bool dv_record_apply(dv_index *x, const dv_record *r, dv_error *err)
{
    if (!fits(x, r))
        return dv_fail(err, DV_BAD_DATA, "the record of image %d does not fit", (int)r->image);
    if (r->reason) {
        x->done = r->image + 1;
        return dv_index_add_skip(x, r->image, r->path, r->reason, err);
    }
    for (int i = 0; i < x->n_units; i++) {
        dv_index_unit *u = &x->units[i];
        dv_sum_add(u->sum, r->sum[i]);
        u->active_positions += r->active[i];
        if (r->bin[i] != DV_NO_BIN) {
            u->active_images++;
            u->histogram[r->bin[i]]++;
        }
    }
    x->done = r->image + 1;
    x->read++;
    const bool hits = apply_changes(x, r), sampled = apply_sampled(x, r);
    return !(hits || sampled) || dv_index_add_file(x, r->image, r->path, r->sha256, err);
}
