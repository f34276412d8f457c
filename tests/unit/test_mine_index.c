#include "graph/model.h"
#include "index/sum.h"
#include "mined.h"

#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void parse(dv_index *x, const char *text)
{
    dv_error err;
    if (!dv_index_parse(x, text, strlen(text), "index", &err))
        fail_msg("%s", err.message);
}

static void what_is_written_is_read_again(void **state)
{
    (void)state;
    static const int settings[][4] = {
        /* k, per_image, count, shards */
        { 9, 1, 40, 1 },   { 1, 1, 1, 1 }, { 5, 3, 30, 3 },
        { 20, 20, 10, 1 }, { 2, 1, 2, 5 }, { 3, 1, 0, 1 },
    };
    for (size_t i = 0; i < sizeof settings / sizeof settings[0]; i++) {
        dv_index x, again;
        const int *s = settings[i];
        mined_run(&x, s[0], s[1], s[2], s[3], s[3]);
        char *text = mined_text(&x);
        parse(&again, text);
        assert_true(dv_index_complete(&again) == (s[3] == 1));
        char *twice = mined_text(&again);
        assert_string_equal(text, twice);
        free(text);
        free(twice);
        dv_index_free(&x);
        dv_index_free(&again);
    }
}

/* All values of all images, sorted by the rule in words. */
typedef struct seen {
    float value;
    int32_t image, at;
} seen;

static int by_rule(const void *a, const void *b)
{
    const seen *x = a, *y = b;
    if (x->value != y->value)
        return x->value > y->value ? -1 : 1;
    if (x->image != y->image)
        return x->image - y->image;
    return x->at - y->at;
}

/* The best per_image values of one image, then the best k of all: sorting in place of selecting. */
static void hits_are_those_of_sorting_everything(void **state)
{
    (void)state;
    enum { IMAGES = 50, PER = 20 };
    for (int per_image = 1; per_image <= 4; per_image += 3) {
        dv_index x;
        mined_run(&x, 11, per_image, IMAGES, 1, 1);
        dv_survey s;
        dv_error err;
        assert_true(dv_survey_new(&s, MINED_UNITS, PER, &err));
        for (int u = 0; u < MINED_UNITS; u++) {
            seen all[IMAGES * PER];
            int n = 0;
            for (int32_t i = 0; i < IMAGES; i++) {
                if (i % 7 == 3)
                    continue;
                mined_survey(&s, i);
                for (int p = 0; p < per_image; p++)
                    if (s.peaks[u * PER + p].value > 0)
                        all[n++] = (seen){ s.peaks[u * PER + p].value, i, s.peaks[u * PER + p].at };
            }
            qsort(all, (size_t)n, sizeof *all, by_rule);
            int width = x.layers[u >= 6].size[DV_X];
            assert_int_equal(x.units[u].n_hits, n < 11 ? n : 11);
            for (int h = 0; h < x.units[u].n_hits; h++) {
                const dv_hit *hit = &x.units[u].hits[h];
                assert_true(hit->value == all[h].value);
                assert_int_equal(hit->image, all[h].image);
                assert_int_equal(hit->y * width + hit->x, all[h].at);
            }
        }
        dv_survey_free(&s);
        dv_index_free(&x);
    }
}

/* -- samples ---------------------------------------------------------------------------------- */

typedef struct drawn {
    uint64_t rank;
    dv_hit hit;
} drawn;

static int by_rank(const void *a, const void *b)
{
    const drawn *x = a, *y = b;
    return (x->rank > y->rank) - (x->rank < y->rank);
}

static void samples_are_those_of_ranking_every_active_image(void **state)
{
    (void)state;
    enum { IMAGES = 90 };
    dv_index x;
    dv_survey s;
    dv_error err;
    mined_run(&x, 2, 1, IMAGES, 1, 1);
    assert_true(dv_survey_new(&s, MINED_UNITS, 1, &err));
    for (int u = 0; u < MINED_UNITS; u++) {
        drawn all[IMAGES];
        const int width = x.layers[u >= 6].size[DV_X];
        int n = 0;
        for (int32_t i = 0; i < IMAGES; i++) {
            if (i % 7 == 3)
                continue;
            mined_survey(&s, i);
            const dv_peak *p = &s.peaks[u];
            if (p->value > 0)
                all[n++] =
                    (drawn){ dv_sample_rank(i), { p->value, i, p->at / width, p->at % width } };
        }
        qsort(all, (size_t)n, sizeof *all, by_rank);
        assert_int_equal(x.units[u].n_sample, n < MINED_SAMPLE ? n : MINED_SAMPLE);
        for (int i = 0; i < x.units[u].n_sample; i++) {
            const dv_hit *h = &x.units[u].sample[i];
            assert_int_equal(dv_hit_compare(h, &all[i].hit), 0);
            assert_non_null(dv_index_file_of(&x, h->image));
        }
    }
    assert_int_equal(x.units[2].n_sample, 0); /* a dead one */
    dv_survey_free(&s);
    dv_index_free(&x);
}

/* A sample must not depend on numbers that lie near each other. */
static void the_lot_is_fair(void **state)
{
    (void)state;
    enum { IMAGES = 20000, SHARES = 10 };
    int low[SHARES] = { 0 };
    for (int32_t i = 0; i < IMAGES; i++)
        low[i * SHARES / IMAGES] += dv_sample_rank(i) < UINT64_MAX / 4;
    for (int i = 0; i < SHARES; i++) /* a quarter of 2000; the standard deviation is 19 */
        assert_true(abs(low[i] - 500) < 4 * 19);
}

static void quantiles_stand_in_the_middle_of_their_share(void **state)
{
    (void)state;
    dv_hit sample[27], got[9];
    dv_index_unit u = { .sample = sample };
    assert_int_equal(dv_index_quantiles(&u, 9, got), 0);
    for (int n = 1; n <= 27; n++) {
        u.n_sample = n;
        for (int i = 0; i < n; i++) /* 1 to n, in some order */
            sample[i] = (dv_hit){ .value = (float)(1 + i * 5 % n + (n % 5 == 0 ? i * 5 / n : 0)),
                                  .image = i };
        const int m = dv_index_quantiles(&u, 9, got);
        assert_int_equal(m, n < 9 ? n : 9);
        for (int i = 0; i < m; i++) { /* from above */
            const double above = n - (double)got[i].value;
            assert_true(fabs((above + 0.5) / n - (i + 0.5) / m) <= 0.5 / n + 1e-9);
        }
    }
}

static void an_index_without_samples_is_as_older_versions_wrote_it(void **state)
{
    (void)state;
    dv_index x, y;
    dv_error err = { 0 };
    const dv_index_layer layer = {
        .layer = "1", .name = "n", .tensor = "t", .shape = { 2, { 1, 2 } }
    };
    mined_run(&x, 2, 1, 4, 1, 1);
    y = (dv_index){ .k = 2, .per_image = 1 };
    assert_true(dv_index_begin(&y, 1, &layer, &err));
    y.program = x.program;
    y.model = x.model;
    y.preprocess = x.preprocess;
    memcpy(y.list, x.list, sizeof y.list);
    char *text = mined_text(&y);
    assert_null(strstr(text, "sample"));
    dv_index_free(&y);
    parse(&y, text);
    assert_int_equal(y.sample, 0);
    assert_false(dv_index_merge(&x, &y, &err));
    assert_non_null(strstr(err.message, "(--sample): 4 and 0"));
    free(text);
    dv_index_free(&x);
    dv_index_free(&y);
}

/* -- statistics ------------------------------------------------------------------------------- */

static void statistics_of_a_hand_checked_unit(void **state)
{
    (void)state;
    dv_index x;
    dv_error err;
    mined_begin(&x, 2, 1, 4);
    const float values[4][3] = {
        { 2, -1, 0.75F }, { -3, -2, 0.25F }, { 1.5F, -5, 0 }, { 2, -7, 0 }
    };
    for (int32_t i = 0; i < 4; i++) {
        dv_survey s;
        dv_change changes[MINED_UNITS], sampled[MINED_UNITS];
        float maps[6 * 20] = { 0 };
        maps[6] = maps[7] = 1; /* of unit 0: row 1, columns 1 and 2 */
        assert_true(dv_survey_new(&s, MINED_UNITS, 1, &err));
        assert_true(dv_survey_maps(&s, 0, 6, maps, 20));
        assert_true(dv_survey_maps(&s, 6, 3, values[i], 1));
        char sha256[65] = "0";
        memset(sha256, '0', 64);
        dv_record r = { .image = i,
                        .path = "p",
                        .sha256 = sha256,
                        .n_units = MINED_UNITS,
                        .sum = s.sum,
                        .active = s.active,
                        .bin = s.bin,
                        .changes = changes,
                        .sampled = sampled };
        r.n_sampled = dv_record_sampled(&x, i, &s, sampled);
        r.n_changes = dv_record_changes(&x, i, &s, changes);
        assert_true(dv_record_apply(&x, &r, &err));
        dv_survey_free(&s);
    }
    const dv_index_unit *map = &x.units[0], *a = &x.units[6], *b = &x.units[7];
    assert_int_equal(map->active_images, 4);
    assert_int_equal(map->active_positions, 8);
    assert_true(dv_sum_value(map->sum) == 8);
    assert_int_equal(map->n_hits, 2);
    assert_int_equal(map->hits[1].image, 1); /* of equal values the earlier images */
    assert_int_equal(map->hits[1].y, 1);
    assert_int_equal(map->hits[1].x, 1);     /* and the first position */
    assert_int_equal(map->histogram[32], 4); /* [1, 1.5) */
    assert_true(a->max == 2 && dv_sum_value(a->sum) == 2.5);
    assert_int_equal(a->active_images, 3);
    assert_int_equal(a->hits[0].image, 0);
    assert_int_equal(a->hits[1].image, 3);
    assert_int_equal(a->histogram[34], 2); /* [2, 3) */
    assert_int_equal(a->histogram[33], 1); /* [1.5, 2) */
    assert_true(b->max == -1); /* never above 0: no hits, and the maximum is still known */
    assert_int_equal(b->n_hits, 0);
    assert_int_equal(b->active_images, 0);
    assert_int_equal(x.units[8].histogram[31], 1); /* 0.75: [0.75, 1) */
    assert_int_equal(x.units[8].histogram[28], 1); /* 0.25: [0.25, 0.375) */
    char *text = mined_text(&x);
    assert_non_null(strstr(text,
                           "{\"channel\":0,\"mean\":0.625,\"max\":2,\"active_images\":0.75,"
                           "\"active_positions\":0.75,\"exact\":[\"0x28p-4\",3,3],"
                           "\"histogram\":[1,1,2],\"hits\":[[2,0,0,0],[2,3,0,0]],\"sample\":["));
    free(text);
    dv_index_free(&x);
}

static void bins_split_octaves_in_two(void **state)
{
    (void)state;
    assert_int_equal(dv_index_bin(1), 32);
    assert_int_equal(dv_index_bin(1.4999F), 32);
    assert_int_equal(dv_index_bin(1.5F), 33);
    assert_int_equal(dv_index_bin(1.9999F), 33);
    assert_int_equal(dv_index_bin(2), 34);
    assert_int_equal(dv_index_bin(0x1p-16F), 0);
    assert_int_equal(dv_index_bin(0x1p-149F), 0);
    assert_int_equal(dv_index_bin(FLT_MAX), 63);
}

static void shards_merge_to_one_run_in_any_order(void **state)
{
    (void)state;
    static const int orders[6][3] = { { 0, 1, 2 }, { 0, 2, 1 }, { 1, 0, 2 },
                                      { 1, 2, 0 }, { 2, 0, 1 }, { 2, 1, 0 } };
    for (int per_image = 1; per_image <= 3; per_image += 2) {
        dv_index one;
        dv_error err;
        mined_run(&one, 6, per_image, 100, 1, 1);
        char *expected = mined_text(&one);
        for (int o = 0; o < 6; o++) {
            dv_index shard[3], read[3];
            for (int i = 0; i < 3; i++) {
                mined_run(&shard[i], 6, per_image, 100, orders[o][i] + 1, 3);
                char *text = mined_text(&shard[i]);
                parse(&read[i], text); /* as merge gets them: out of files */
                free(text);
                dv_index_free(&shard[i]);
            }
            if (o % 2) { /* (a, (b, c)) */
                assert_true(dv_index_merge(&read[1], &read[2], &err));
                assert_false(dv_index_complete(&read[1]));
                char *part = mined_text(&read[1]);
                dv_index_free(&read[1]);
                parse(&read[1], part);
                free(part);
                assert_true(dv_index_merge(&read[0], &read[1], &err));
            } else {
                assert_true(dv_index_merge(&read[0], &read[1], &err));
                assert_true(dv_index_merge(&read[0], &read[2], &err));
            }
            assert_true(dv_index_complete(&read[0]));
            char *got = mined_text(&read[0]);
            assert_string_equal(got, expected);
            free(got);
            for (int i = 0; i < 3; i++)
                dv_index_free(&read[i]);
        }
        free(expected);
        dv_index_free(&one);
    }
}

static void more_skipped_than_have_room_merge_too(void **state)
{
    (void)state;
    enum { IMAGES = 9000 };
    dv_index one, a, b;
    dv_error err;
    mined_run(&one, 2, 1, IMAGES, 1, 1);
    mined_run(&a, 2, 1, IMAGES, 2, 2);
    mined_run(&b, 2, 1, IMAGES, 1, 2);
    assert_int_equal(one.n_skips, DV_INDEX_MAX_REASONS);
    assert_true(one.skipped > DV_INDEX_MAX_REASONS);
    assert_true(dv_index_merge(&a, &b, &err));
    char *s = mined_text(&one), *t = mined_text(&a);
    assert_string_equal(s, t);
    free(s);
    free(t);
    dv_index_free(&one);
    dv_index_free(&a);
    dv_index_free(&b);
}

static void refuses(dv_index *to, const dv_index *from, const char *why)
{
    dv_error err = { 0 };
    char *before = mined_text(to);
    assert_false(dv_index_merge(to, from, &err));
    if (!strstr(err.message, why))
        fail_msg("'%s' does not say '%s'", err.message, why);
    char *after = mined_text(to);
    assert_string_equal(before, after);
    free(before);
    free(after);
}

static void what_is_not_of_one_run_is_not_merged(void **state)
{
    (void)state;
    dv_index a, b;
    mined_run(&a, 4, 1, 20, 1, 3);
    mined_run(&b, 4, 1, 20, 1, 3);
    refuses(&a, &b, "both hold shard 1 of 3");
    dv_index_free(&b);
    mined_run(&b, 4, 1, 20, 2, 4);
    refuses(&a, &b, "shards of 3 and of 4");
    dv_index_free(&b);
    mined_run(&b, 4, 1, 21, 2, 3);
    refuses(&a, &b, "another list of images: 20 and 21");
    dv_index_free(&b);
    mined_run(&b, 4, 1, 20, 1, 1);
    refuses(&a, &b, "all of the images already");
    dv_index_free(&b);
    mined_run(&b, 5, 1, 20, 2, 3);
    refuses(&a, &b, "(-k): 4 and 5");
    dv_index_free(&b);
    mined_run(&b, 4, 2, 20, 2, 3);
    refuses(&a, &b, "(--per-image): 1 and 2");
    dv_index_free(&b);
    mined_run(&b, 4, 1, 20, 2, 3);
    b.model.sha256[5] = 'b';
    refuses(&a, &b, "another model: m.onnx");
    b.model.sha256[5] = 'a';
    b.preprocess.mean[1] = 0;
    refuses(&a, &b, "preprocessing");
    b.preprocess.mean[1] = a.preprocess.mean[1];
    b.exact = true;
    refuses(&a, &b, "--exact");
    b.exact = false;
    b.list[7] ^= 1;
    refuses(&a, &b, "other names");
    b.list[7] ^= 1;
    b.layers[1].layer = "2";
    refuses(&a, &b, "other layers: 'fc' and '2'");
    dv_index_free(&a);
    dv_index_free(&b);
}

/* A shard of a network and weights called so, read out of its text; old: as an older version wrote
 * it, by the weights alone. */
static void shard_of(dv_index *x, int shard, const char *network, const char *weights, bool old)
{
    dv_index made;
    dv_error err;
    dv_model_part parts[] = { { DV_PART_NETWORK, network, "" }, { DV_PART_WEIGHTS, weights, "" } };
    memset(parts[0].sha256, 'c', 64);
    memset(parts[1].sha256, 'd', 64);
    mined_run(&made, 4, 1, 20, shard, 3);
    made.model.n_parts = old ? 0 : 2;
    made.model.parts = parts;
    assert_true(dv_parts_digest(old ? &parts[1] : parts, old ? 1 : 2, made.model.sha256, &err));
    char *text = mined_text(&made);
    parse(x, text);
    assert_int_equal(x->model.n_parts, made.model.n_parts);
    free(text);
    dv_index_free(&made);
}

static void parts_merge_to_the_same_in_any_order(void **state)
{
    (void)state;
    static const int orders[6][3] = { { 0, 1, 2 }, { 0, 2, 1 }, { 1, 0, 2 },
                                      { 1, 2, 0 }, { 2, 0, 1 }, { 2, 1, 0 } };
    static const char *const names[3][2] = { { "b.json", "a.st" },
                                             { "a.json", "b.st" },
                                             { "c.json", "c.st" } };
    for (int old = 0; old < 2; old++) { /* the second of them */
        char *expected = NULL;
        for (int o = 0; o < 6; o++) {
            dv_index shard[3];
            dv_error err = { 0 };
            for (int i = 0; i < 3; i++) {
                int k = orders[o][i];
                shard_of(&shard[i], k + 1, names[k][0], names[k][1], old && k == 1);
            }
            for (int i = 1; i < 3; i++)
                if (!dv_index_merge(&shard[0], &shard[i], &err))
                    fail_msg("%s", err.message);
            char *got = mined_text(&shard[0]);
            if (!expected)
                expected = strdup(got);
            assert_string_equal(got, expected);
            free(got);
            for (int i = 0; i < 3; i++)
                dv_index_free(&shard[i]);
        }
        if (old)
            assert_null(strstr(expected, "\"parts\""));
        else
            assert_true(strstr(expected, "\"a.json\"") && strstr(expected, "\"a.st\""));
        free(expected);
    }
}

static void parts_that_differ_are_named(void **state)
{
    (void)state;
    dv_index a, b;
    dv_error err;
    dv_model_part parts[2];
    shard_of(&a, 1, "n.json", "n.st", false);
    shard_of(&b, 2, "n.json", "n.st", false);
    for (int i = 0; i < 2; i++) {
        memcpy(parts, a.model.parts, sizeof parts);
        parts[i].sha256[0] = 'e';
        b.model.parts = parts;
        assert_true(dv_parts_digest(parts, 2, b.model.sha256, &err));
        refuses(&a, &b, i ? "…): other bytes in its weights" : "…): other bytes in its network");
    }
    b.model.n_parts = 1;
    parts[0].sha256[0] = 'c';
    assert_true(dv_parts_digest(parts, 1, b.model.sha256, &err));
    refuses(&a, &b, "…): other bytes in its weights");

    dv_index_free(&b);
    shard_of(&b, 2, "n.json", "n.st", false); /* what was read is checked */
    b.model.sha256[0] ^= 1;
    char *text = mined_text(&b);
    dv_index_free(&b);
    assert_false(dv_index_parse(&b, text, strlen(text), "index", &err));
    assert_non_null(strstr(err.message, "index: model: sha256 is "));
    free(text);
    dv_index_free(&a);
}

/* No prefix of a document is a document, and none does harm. */
static void truncation_at_every_byte_is_refused(void **state)
{
    (void)state;
    dv_index x;
    mined_run(&x, 3, 1, 9, 1, 1);
    char *text = mined_text(&x);
    dv_index_free(&x);
    size_t size = strlen(text) - 1; /* the newline may go */
    for (size_t n = 0; n < size; n++) {
        char *part = malloc(n + 1); /* of that size, so that a sanitizer sees a step too far */
        assert_non_null(part);
        memcpy(part, text, n);
        dv_error err = { 0 };
        assert_false(dv_index_parse(&x, part, n, "index", &err));
        assert_int_equal(strncmp(err.message, "index: ", 7), 0);
        free(part);
    }
    free(text);
}

/* Puts `with` in the place of the first `what` and expects a refusal that says `why`. */
static void refuses_change(const char *text, const char *what, const char *with, const char *why)
{
    const char *at = strstr(text, what);
    if (!at)
        fail_msg("no '%s' in the document", what);
    size_t n = strlen(text) + strlen(with) + 1;
    char *changed = malloc(n);
    assert_non_null(changed);
    snprintf(changed, n, "%.*s%s%s", (int)(at - text), text, with, at + strlen(what));
    dv_index x;
    dv_error err = { 0 };
    if (dv_index_parse(&x, changed, strlen(changed), "index", &err))
        fail_msg("'%s' in the place of '%s' was read", with, what);
    if (!strstr(err.message, why))
        fail_msg("'%s' does not say '%s'", err.message, why);
    free(changed);
}

static void what_breaks_the_schema_is_refused(void **state)
{
    (void)state;
    static const char *const changes[][3] = {
        { "deconvviz index", "something", "not an index" },
        { "\"version\":1", "\"version\":2", "version\" is 2: this program reads version 1" },
        { "\"sha256\":\"aaaa", "\"sha256\":\"Aaaa", "model: \"sha256\" is \"Aaaa" },
        { "\"},\n\"pre", "\",\"parts\":[]},\n\"pre", "model: \"parts\" lists 0" },
        { "\"},\n\"pre", "\",\"parts\":[{\"role\":\"r\"}]},\n\"pre", "part 0: \"sha256\" is" },
        { "\"resize\":9", "\"resize\":-1", "preprocess: \"resize\" is -1" },
        { "\"size\":[8,7]", "\"size\":[8]", "\"size\" has 1 numbers: 2 are needed" },
        { "\"size\":[8,7]", "\"size\":[8,1e9]",
          "\"size\" is 1000000000: a whole number from 1 to" },
        { "\"channels\":3", "\"channels\":2", "\"channels\" is 2: 1 or 3" },
        { "\"std\":[0.229", "\"std\":[0", "\"std\" of channel 0 is 0" },
        { "\"scale\":0.0039", "\"scale\":\"\",\"s\":0.0039", "\"scale\" is \"\": a number" },
        { "\"k\":3", "\"k\":0", "options: \"k\" is 0: a whole number from 1 to 1000" },
        { "\"k\":3", "\"k\":2.5", "\"k\" is 2.5" },
        { "\"per_image\":1", "\"per_image\":4", "\"per_image\" is 4" },
        { "\"count\":20", "\"count\":1e10", "images: \"count\" is 1e+10: a whole number" },
        { "\"count\":20", "\"count\":5", "\"read\" is" },
        { "\"skipped\":3", "\"skipped\":4", "a whole number" },
        { "\"skipped\":3", "\"skipped\":2", "\"reasons\" lists 3, of 2 images skipped" },
        { "[3,\"img/3.png\"", "[11,\"img/3.png\"", "\"reasons\" is 10" },
        { "[3,\"img/3.png\"", "[3,7", "[number, text, text]" },
        { "\"shape\":[1,6,4,5]", "\"shape\":[1,7,4,5]", "\"units\" lists 6: 7 to 7" },
        { "\"shape\":[1,6,4,5]", "\"shape\":[1,6,4,4611686018427387904]", "\"shape\" is" },
        { "\"shape\":[1,6,4,5]", "\"shape\":[1,6,1,1,1,1,1,4,5]",
          "layer 1 of the list: \"shape\" has 9 elements: 6 at most" },
        { "\"channel\":1", "\"channel\":2", "layer 1, unit 1: \"channel\" is 2" },
        { "\"exact\":[\"0x", "\"exact\":[\"1x", "\"exact\" is not" },
        { "\"max\":1", "\"max\":null", "\"max\" is null: a number" },
        { "\"histogram\":[", "\"histogram\":[40,", "\"histogram\" is 40" },
        { "\"hits\":[[", "\"hits\":[7],\"h\":[[", "a hit is not" },
        { "\"hits\":[[", "\"hits\":[7,[", "\"hits\" lists 4: 0 to 3" },
        { "\"hits\":[[1,", "\"hits\":[[0,", "is 0: it must be above 0" },
        { "\"hits\":[[1,", "\"hits\":[[1e99,", "value is 1e+99: a number" },
        { "\"hits\":[[1,", "\"hits\":[[0.5,", "not in order" },
        { ",0,0,0]", ",20,0,0]", "a hit's image is 20" },
        { "\"sample\":4", "\"sample\":257", "options: \"sample\" is 257: a whole number from 0" },
        { "\"sample\":4", "\"sample\":3", "\"sample\" lists 4: 0 to 3" },
        { "\"sample\":4", "\"sample\":5", "\"sample\" lists 4 of 17 active images" },
        { "\"sample\":[[", "\"sample\":[[1,9,0,0],[", "\"sample\" lists 5" },
        { "\"sample\":[[", "\"sample\":[7,[0.1,", "\"sample\" lists 5" },
        { "\n[0,\"img/0.png\",\"0", "\n[0,\"img/0.png\",\"z", "\"files\" has \"z" },
        { "\n[0,\"img/0.png\"", "\n[19,\"img/0.png\"", "\"files\" is 1:" },
        { "\"files\":[", "\"files\":[[],", "[number, text, text]" },
        { "\"layers\":[", "\"layers\":7,\"l\":[", "\"layers\" is 7: a list" },
        { "\"files\":[", "\"other\":[", "\"files\" is missing: a list" },
    };
    dv_index x;
    mined_run(&x, 3, 1, 20, 1, 1);
    char *text = mined_text(&x);
    for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++)
        refuses_change(text, changes[i][0], changes[i][1], changes[i][2]);
    free(text);
    dv_index_free(&x);
}

static void a_layer_is_found_by_number_and_by_name(void **state)
{
    (void)state;
    dv_index x;
    mined_run(&x, 3, 1, 2, 1, 1);
    assert_ptr_equal(dv_index_find(&x, "1"), &x.layers[0]);
    assert_ptr_equal(dv_index_find(&x, "t/1"), &x.layers[0]);
    assert_ptr_equal(dv_index_find(&x, "conv\"1\""), &x.layers[0]);
    assert_ptr_equal(dv_index_find(&x, "fc"), &x.layers[1]);
    assert_null(dv_index_find(&x, "2"));
    dv_index_free(&x);
}

static void too_many_units_or_hits_are_refused(void **state)
{
    (void)state;
    dv_error err = { 0 };
    dv_index_layer l = { .layer = "1", .name = "n", .tensor = "t", .shape = { 2, { 1, 1000001 } } };
    dv_index x = { .k = 1, .per_image = 1 };
    assert_false(dv_index_begin(&x, 1, &l, &err));
    assert_non_null(strstr(err.message, "1000001 units"));
    dv_index_free(&x);
    l.shape.dim[1] = 20001;
    x = (dv_index){ .k = 100, .per_image = 1 };
    assert_false(dv_index_begin(&x, 1, &l, &err));
    assert_non_null(strstr(err.message, "100 hits for each of 20001 units"));
    dv_index_free(&x);
    x = (dv_index){ .k = 1, .per_image = 1, .sample = 200 };
    assert_false(dv_index_begin(&x, 1, &l, &err));
    assert_non_null(strstr(err.message, "a sample of 200 for each of 20001 units"));
    dv_index_free(&x);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_is_read_again),
        cmocka_unit_test(hits_are_those_of_sorting_everything),
        cmocka_unit_test(samples_are_those_of_ranking_every_active_image),
        cmocka_unit_test(the_lot_is_fair),
        cmocka_unit_test(quantiles_stand_in_the_middle_of_their_share),
        cmocka_unit_test(an_index_without_samples_is_as_older_versions_wrote_it),
        cmocka_unit_test(statistics_of_a_hand_checked_unit),
        cmocka_unit_test(bins_split_octaves_in_two),
        cmocka_unit_test(shards_merge_to_one_run_in_any_order),
        cmocka_unit_test(more_skipped_than_have_room_merge_too),
        cmocka_unit_test(what_is_not_of_one_run_is_not_merged),
        cmocka_unit_test(parts_merge_to_the_same_in_any_order),
        cmocka_unit_test(parts_that_differ_are_named),
        cmocka_unit_test(truncation_at_every_byte_is_refused),
        cmocka_unit_test(what_breaks_the_schema_is_refused),
        cmocka_unit_test(a_layer_is_found_by_number_and_by_name),
        cmocka_unit_test(too_many_units_or_hits_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
