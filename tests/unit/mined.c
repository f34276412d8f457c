#include "mined.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { MAPS = 6, VALUES = 20, LOGITS = 3 };

uint32_t mined_random(uint32_t a, uint32_t b)
{
    uint64_t x = ((uint64_t)a << 32 | b) + 0x9e3779b97f4a7c15;
    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9;
    x = (x ^ x >> 27) * 0x94d049bb133111eb;
    return (uint32_t)(x >> 32);
}

void mined_list(dv_list *l, int32_t count)
{
    dv_error err;
    *l = (dv_list){ 0 };
    for (int32_t i = 0; i < count; i++) {
        char path[32];
        snprintf(path, sizeof path, "img/%d.png", (int)i);
        assert_true(dv_list_add(l, path, &err));
    }
}

void mined_begin(dv_index *x, int k, int per_image, int32_t count)
{
    dv_error err;
    const dv_index_layer layers[] = {
        { .layer = "1", .name = "conv\"1\"", .tensor = "t/1", .shape = { 4, { 1, MAPS, 4, 5 } } },
        { .layer = "fc", .name = "fc", .tensor = "fc", .shape = { 2, { 1, LOGITS } } },
    };
    *x = (dv_index){ .k = k, .per_image = per_image, .sample = MINED_SAMPLE, .count = count };
    x->preprocess = (dv_preprocess){ .resize = 9,
                                     .size = { 8, 7 },
                                     .channels = 3,
                                     .scale = 1 / 255.0F,
                                     .mean = { 0.485F, 0.456F, 0.406F },
                                     .std = { 0.229F, 0.224F, 0.225F } };
    assert_true(dv_index_begin(x, 2, layers, &err));
    x->program = "0.1.0";
    x->model.name = "a \\ \"model\"\n\xc3\xa9";
    x->model.path = "m.onnx";
    memset(x->model.sha256, 'a', 64);
    memset(x->list, '0', 64);
    dv_list list;
    mined_list(&list, count);
    dv_list_digest(&list, x->list);
    dv_list_free(&list);
}

void mined_survey(dv_survey *s, int32_t image)
{
    float maps[MAPS * VALUES], logits[LOGITS];
    for (int i = 0; i < MAPS * VALUES; i++) {
        float v = (float)(mined_random((uint32_t)image, (uint32_t)i) % 7) / 3 - 1;
        int unit = i / VALUES;
        maps[i] = unit == 2 ? 0 : unit == 3 ? -1 - v : v < 0 ? 0 : v;
    }
    for (int i = 0; i < LOGITS; i++)
        logits[i] = (float)mined_random((uint32_t)image, 1000 + (uint32_t)i) / 0x1p30F - 1;
    assert_true(dv_survey_maps(s, 0, MAPS, maps, VALUES));
    assert_true(dv_survey_maps(s, MAPS, LOGITS, logits, 1));
}

bool mined_visit(dv_index *x, dv_journal *j, int32_t image, dv_error *err)
{
    dv_survey s;
    dv_change changes[MINED_UNITS * 20], sampled[MINED_UNITS];
    char path[32], sha256[DV_DIGEST_TEXT_MAX];
    assert_true(x->per_image <= 20);
    assert_true(dv_survey_new(&s, MINED_UNITS, x->per_image, err));
    snprintf(path, sizeof path, "img/%d.png", (int)image);
    snprintf(sha256, sizeof sha256, "%064d", (int)image);
    dv_record r = { .image = image, .path = path };
    if (image % 7 == 3) {
        r.reason = "cannot be read";
    } else {
        mined_survey(&s, image);
        r.sha256 = sha256;
        r.n_units = MINED_UNITS;
        r.sum = s.sum;
        r.active = s.active;
        r.bin = s.bin;
        r.changes = changes;
        r.n_changes = dv_record_changes(x, image, &s, changes);
        r.sampled = sampled;
        r.n_sampled = dv_record_sampled(x, image, &s, sampled);
    }
    bool ok = (!j || dv_journal_write(j, &r, err)) && dv_record_apply(x, &r, err);
    dv_survey_free(&s);
    return ok;
}

void mined_run(dv_index *x, int k, int per_image, int32_t count, int shard, int shards)
{
    dv_error err;
    mined_begin(x, k, per_image, count);
    assert_true(dv_index_set_shards(x, shards, &err));
    x->have[shard - 1] = true;
    for (int32_t i = shard - 1; i < count; i += shards)
        assert_true(mined_visit(x, NULL, i, &err));
    x->done = count;
}

char *mined_text(dv_index *x)
{
    size_t size;
    dv_error err;
    char *text = dv_index_text(x, &size, &err);
    assert_non_null(text);
    assert_int_equal(strlen(text), size);
    return text;
}
