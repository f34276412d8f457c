/* classify.h - what classes are called, which one an image truly shows, and what a network says. */
#ifndef DV_CLASSIFY_H
#define DV_CLASSIFY_H

#include "deconvviz/api.h"
#include "deconvviz/image.h"
#include "deconvviz/list.h"
#include "deconvviz/trace.h"
#include "deconvviz/watch.h"

DV_BEGIN

/* Classes by number. A label may begin with a WordNet id: "n01440764 tench, Tinca tinca". */
typedef struct dv_labels {
    int n;
    char **text; /* (n) owned */
} dv_labels;

/* From a file, a class a line; path NULL: the model's own, of which there may be none. Fails
 * (DV_BAD_USAGE) where there are not as many as the model's output has values. The caller frees it
 * with dv_labels_free, also after a failure. */
bool dv_labels_read(dv_labels *l, const char *path, const dv_model *m, dv_error *err) DV_MUST_CHECK;
void dv_labels_free(dv_labels *l);

/* The classes of images where nobody has listed them: those that `words` (see dv_truth_read) find,
 * each once, in the order of their bytes. In a file a class is what stands behind the last tab of a
 * line, or, where it has none, its last blank; where all are numbers they count from 0. Fails
 * (DV_BAD_USAGE) where there are none, or more than DV_LABELS_MAX. The caller frees it, also after
 * a failure. */
enum { DV_LABELS_MAX = 100000 };
bool dv_labels_collect(dv_labels *l, const char *words, const dv_list *images,
                       dv_error *err) DV_MUST_CHECK;

/* "" where a class has none. */
const char *dv_label(const dv_labels *l, int i);

/* The label for the eye: without a WordNet id, up to the first comma: "tench"; "class 7" where a
 * class has none. Cut where there is no room. Returns `to`. */
enum { DV_LABEL_SHORT_MAX = 48 };
const char *dv_label_short(const dv_labels *l, int i, char to[DV_LABEL_SHORT_MAX]);

/* The class that `text` means, of n: its number, its label, the label's first word, or the short
 * label. Fails (DV_BAD_USAGE) with it. */
bool dv_label_find(const dv_labels *l, const char *text, int n, int *number,
                   dv_error *err) DV_MUST_CHECK;

/* A line "PATH CLASS" of a file. */
typedef struct dv_truth_line {
    const char *path;
    int number; /* of the class */
} dv_truth_line;

/* Where the true class of an image is said. */
typedef struct dv_truth {
    const dv_labels *labels;
    enum { DV_TRUTH_NONE, DV_TRUTH_DIRS, DV_TRUTH_NAMES, DV_TRUTH_FILE } from;
    char *text; /* of the file, a NUL behind each path */
    int n;
    dv_truth_line *lines;   /* (n) in the order of the file */
    dv_truth_line *by_path; /* (n) sorted */
    dv_truth_line *by_name; /* (n) sorted by the path's last part */
} dv_truth;

/* words: "dirs" (the folder's name), "names" (the file's name up to '_', '-' or '.'), or a file
 * with lines "PATH CLASS"; NULL: nowhere. CLASS is a number, a label or its first word. Fails with
 * the line. The caller frees it with dv_truth_free, also after a failure. */
bool dv_truth_read(dv_truth *t, const char *words, const dv_labels *labels,
                   dv_error *err) DV_MUST_CHECK;
void dv_truth_free(dv_truth *t);

/* The class of an image; -1: it is not said, or there is no such label. A line is that of the image
 * when it has its path, or, alone of all lines, its file name. */
int dv_truth_of(const dv_truth *t, const char *path);

enum { DV_CLASSIFY_MOST = 100 };

/* What the networks say of an image. Probabilities are those of a softmax, unless the outputs are
 * some already: none below 0, and 1 in all. */
typedef struct dv_classified {
    const char *path;
    int n;
    int best[DV_CLASSIFY_MOST]; /* (n) classes, the highest score first, of equal ones the smaller
                                 */
    float probability[DV_CLASSIFY_MOST]; /* (n) */
    int truth;                           /* -1: not said */
    int rank;                            /* of the truth, from 1 */
    const dv_error *failed;              /* NULL: it did not; else the rest says nothing */
} dv_classified;

/* A network that is asked, and how images become its input. */
typedef struct dv_classifier {
    const dv_model *model;
    dv_preprocess preprocess; /* of the model's input size */
    const int *classes;       /* (its outputs) which class each is; NULL: as they are numbered */
} dv_classifier;

/* Which class of `of` each label of `l` is: the same text, or the same first word. Both have as
 * many; classes: (l->n). Fails (DV_BAD_USAGE) with a label that is none of them, or is twice. */
bool dv_labels_match(const dv_labels *l, const dv_labels *of, int *classes,
                     dv_error *err) DV_MUST_CHECK;

typedef struct dv_classify_options {
    int n_models;                /* of as many classes each */
    const dv_classifier *models; /* (n_models) of several the probabilities are averaged */
    int crops; /* DV_CROPS: the ten views of an image are averaged likewise; else its centre alone
                */
    const dv_truth *truth; /* an image whose class it does not know fails */
    bool exact;            /* see dv_request */
    struct dv_pool *pool;  /* NULL: one thread */
    /* Called for each image in the order of the list, on any thread; what it is given ends with the
     * call. False, with err set: the run ends. */
    void *ctx;
    bool (*classified)(void *ctx, const dv_classified *c, dv_error *err);
    dv_watch watch; /* on any thread; progress is in images */
} dv_classify_options;

/* Of the images whose class is known. */
typedef struct dv_classify_result {
    int counted, right1, right5; /* right5: the truth is among the five best */
} dv_classify_result;

/* An image that fails is left out, and told as such; where it is the only one, or memory has run
 * out, the call fails. */
bool dv_classify_images(const dv_list *images, const dv_classify_options *o,
                        dv_classify_result *result, dv_error *err) DV_MUST_CHECK;

DV_END

#endif
