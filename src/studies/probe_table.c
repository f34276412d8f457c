#include "studies/probe.h"

#include <math.h>

#define REAL(what, over, digits)                                                          \
    {                                                                                     \
        .key = (what), .title = (over), .kind = DV_COLUMN_REAL, .right = true, .shown = { \
            'f',                                                                          \
            (digits)                                                                      \
        }                                                                                 \
    }
#define INT(what, over)                                                      \
    {                                                                        \
        .key = (what), .title = (over), .kind = DV_COLUMN_INT, .right = true \
    }

/* -- a row a layer and count ------------------------------------------------------------------ */

enum {
    LAYER,
    TRAIN,
    ACCURACY,
    DEVIATION,
    LOW,
    HIGH,
    OVERALL,
    OVERALL_DEVIATION,
    C,
    SPLITS,
    TEST,
    CHANCE,
    N_COLUMNS
};

static const dv_column columns[N_COLUMNS] = {
    [LAYER] = { .key = "layer", .title = "layer" },
    [TRAIN] = INT("train", "train"),
    [ACCURACY] = REAL("accuracy", "accuracy", 3),
    [DEVIATION] = REAL("deviation", "deviation", 3),
    [LOW] = REAL("low", "low", 3),
    [HIGH] = REAL("high", "high", 3),
    [OVERALL] = REAL("overall", "overall", 3),
    [OVERALL_DEVIATION] = REAL("overall_deviation", NULL, 3),
    [C] = { .key = "c", .title = "C", .kind = DV_COLUMN_REALS, .right = true },
    [SPLITS] = INT("splits", NULL),
    [TEST] = INT("test", NULL),
    [CHANCE] = REAL("chance", "chance", 3),
};

static void put_c(dv_table *t, const dv_probe_accuracy *a, int splits)
{
    float least = a->c[0], most = a->c[0];
    for (int i = 1; i < splits; i++) {
        least = fminf(least, a->c[i]);
        most = fmaxf(most, a->c[i]);
    }
    dv_table_reals(t, C, a->c, splits);
    if (least < most)
        dv_table_show(t, C, "%g-%g", (double)least, (double)most);
    else
        dv_table_show(t, C, "%g", (double)least);
}

static dv_table accuracies(const dv_probe *r)
{
    dv_table t = { .columns = columns, .n_columns = N_COLUMNS };
    for (int i = 0; i < r->n_accuracies; i++) {
        const dv_probe_accuracy *a = &r->accuracies[i];
        dv_table_row(&t);
        dv_table_text(&t, LAYER, r->layers[a->layer]);
        dv_table_int(&t, TRAIN, a->count);
        dv_table_real(&t, ACCURACY, a->by_class.mean);
        dv_table_real(&t, OVERALL, a->overall.mean);
        if (r->splits > 1) {
            dv_table_real(&t, DEVIATION, a->by_class.deviation);
            dv_table_real(&t, LOW, a->by_class.low);
            dv_table_real(&t, HIGH, a->by_class.high);
            dv_table_real(&t, OVERALL_DEVIATION, a->overall.deviation);
        }
        put_c(&t, a, r->splits);
        dv_table_int(&t, SPLITS, r->splits);
        dv_table_int(&t, TEST, r->test_images);
        dv_table_real(&t, CHANCE, r->chance);
    }
    return t;
}

/* -- a row a layer and class of VOC ----------------------------------------------------------- */

enum { V_LAYER, V_CLASS, V_TRAIN, V_TEST, V_AREA, V_ELEVEN, V_C, V_CHANCE, N_VOC_COLUMNS };

static const dv_column voc_columns[N_VOC_COLUMNS] = {
    [V_LAYER] = { .key = "layer", .title = "layer" },
    [V_CLASS] = { .key = "class", .title = "class", .none = "mean" },
    [V_TRAIN] = INT("train", "train"),
    [V_TEST] = INT("test", "test"),
    [V_AREA] = REAL("ap", "AP", 3),
    [V_ELEVEN] = REAL("ap_11", "AP, 11 points", 3),
    [V_C] = { .key = "c",
              .title = "C",
              .kind = DV_COLUMN_REAL,
              .right = true,
              .shown = { 'g', 6 } },
    [V_CHANCE] = REAL("chance", NULL, 3),
};

static dv_table precisions(const dv_probe *r)
{
    dv_table t = { .columns = voc_columns, .n_columns = N_VOC_COLUMNS };
    for (int i = 0; i < r->n_precisions; i++) {
        const dv_probe_precision *p = &r->precisions[i];
        dv_table_row(&t);
        dv_table_text(&t, V_LAYER, r->layers[p->layer]);
        dv_table_text(&t, V_CLASS, p->class_of < 0 ? NULL : r->classes[p->class_of]);
        dv_table_int(&t, V_TRAIN, p->train);
        dv_table_int(&t, V_TEST, p->test);
        dv_table_real(&t, V_AREA, p->area);
        dv_table_real(&t, V_ELEVEN, p->eleven);
        dv_table_real(&t, V_C, (double)p->c);
        dv_table_real(&t, V_CHANCE, p->class_of < 0 ? r->chance : (double)p->test / r->test_images);
    }
    return t;
}

dv_table dv_probe_table(const dv_probe *r)
{
    return r->voc ? precisions(r) : accuracies(r);
}
