/* filters.h - the filters of a first layer, and what is wrong with them (Zeiler & Fergus 2013,
 * figure 6 and section 4.1): dead and dominating ones, frequencies left out, aliasing by the
 * stride.
 *
 * A filter is the weights as they act: those of the file, times the factor of a batch normalisation
 * that follows the convolution, with zeros between them where it is dilated. Filters of a higher
 * layer are seen as their projections through the layers below, by the switches of one image. */
#ifndef DV_FILTERS_H
#define DV_FILTERS_H

#include "deconvviz/api.h"
#include "deconvviz/draw.h"
#include "deconvviz/figure.h"
#include "deconvviz/select.h"
#include "deconvviz/watch.h"

DV_BEGIN

/* Energies by frequency are sums over rings of the plane of frequencies, 1/24 cycles a pixel wide,
 * out to its corner at 0.707; the low, middle and high third of what a pixel grid can hold are four
 * rings, four, and the rest. */
enum { DV_FILTER_RINGS = 17, DV_FILTER_THIRD = 4 };

typedef enum dv_filter_sort {
    DV_FILTERS_BY_INDEX,
    DV_FILTERS_BY_ENERGY,      /* the largest first */
    DV_FILTERS_BY_FREQUENCY,   /* the lowest peak first */
    DV_FILTERS_BY_HUE,         /* from red on; behind the coloured ones the grey, by energy */
    DV_FILTERS_BY_ORIENTATION, /* from horizontal on; behind them those that have none, by energy */
} dv_filter_sort;

/* One filter, or the projection of one channel, both a patch (C,H,W). Shares are of its energy, the
 * sum of its squares. A NaN stands where there is no such thing: all shares of a patch of zeros,
 * say. Spectra are those of the patch in zeros, 64 or more on a side. */
typedef struct dv_filter {
    int32_t channel;
    int32_t y, x; /* of the unit that was projected; DV_ALL: weights */
    float value;  /* the unit's; weights: a NaN */
    float scale;  /* of its picture: what is drawn as full colour */

    double rms;            /* of its weights; of a projection's pixels */
    double relative;       /* that to the layer's median */
    bool dead, dominating; /* relative to below and above a limit of the options */

    int32_t nearest; /* channel of the filter that is most like it or its opposite; -1: none. Dead
                        ones are like none */
    double cosine;   /* between them, without their means taken off; negative: opposite */
    bool duplicate;  /* 1 - |cosine| is small, by the options */

    double mean;           /* share of each channel's mean, a grey or coloured ground */
    double low, mid, high; /* of the rest, by thirds; with the mean 1 */
    double above;          /* above the Nyquist limit of the first layer's stride along either axis:
                              what the filter passes that its sampled output cannot tell from lower
                              frequencies; the mean not taken off */
    double above_photo;    /* the same of what comes out for images whose power falls with 1/f^2 */

    double frequency;   /* that it answers most, cycles a pixel: 0 for a ground without a pattern */
    double bandwidth;   /* octaves between half the power at both sides of it; a NaN where one side
                           has no such place */
    double orientation; /* of its bars: degrees anticlockwise from horizontal, 0 to 180 */
    double selectivity; /* 0: of no orientation, 1: a grating. |sum P exp(2 i a)| / sum P over the
                           angles a of the frequencies */

    double chromatic; /* share that is not along R = G = B; of one channel a NaN */
    double hue;       /* of the stronger end of its main axis in the plane of colours: degrees, red
                         0, green 120, blue 240 */
    bool colored;     /* opponent: more than half is chromatic */

    double grid; /* of a projection: power at the frequencies of the first layer's sampling grid, to
                    that around them; 1: no pattern. Weights: a NaN */
} dv_filter;

/* A layer's filters together. Means of shares are over the filters that are not dead. */
typedef struct dv_filters_layer {
    const char *network, *name; /* live as long as the model */
    int number;                 /* of the layer */
    bool projected;             /* these are no weights */
    bool normalised;            /* a batch normalisation is in the weights */
    int n;
    int32_t channels, kernel[2]; /* of the patches: (y,x) */
    int32_t stride[2];           /* of the first layer */

    double rms;        /* median */
    int n_large;       /* rms above 0.1, from where the paper renormalises */
    int n_large_pixel; /* the same in the paper's unit, per grey level of 255 */
    int n_dead, n_dominating;
    int n_duplicate, n_colored;
    int n_low, n_mid, n_high; /* where most of their energy is; the mean is low */
    double mean, low, mid, high;
    double ring[DV_FILTER_RINGS];  /* shares, the mean not taken off */
    double noise[DV_FILTER_RINGS]; /* the same of white noise */
    double above, above_photo, above_noise;

    int n_projected;            /* units of the second convolution that were, 0: none could be */
    const char *second;         /* its name; NULL: there is none */
    double grid;                /* geometric mean over them; a NaN where the stride is 1 */
    double grid_low, grid_high; /* 95 % confidence interval */
    double projected_above;     /* mean share of theirs above the Nyquist limit */
} dv_filters_layer;

typedef struct dv_filters {
    dv_filters_layer layer;
    int n;
    dv_filter *filters; /* (n) in the order asked for */
    dv_image *pictures; /* (n) theirs, one pixel a weight */
    int n_second;
    dv_image *second; /* (n_second) projections of units of the second convolution, those first that
                         answer most, as far as they lie inside the image */
} dv_filters;

void dv_filters_free(dv_filters *f);

/* A network to be looked into. */
typedef struct dv_filters_network {
    const dv_model *model;
    dv_preprocess preprocess;
    bool is_image; /* its input is one, so that units can be projected */
} dv_filters_network;

typedef struct dv_filters_options {
    dv_filter_sort sort;
    bool one_scale;               /* one for all pictures: the largest of theirs */
    double dead, dominating;      /* limits of rms to the layer's median */
    double duplicate;             /* limit of |cosine| */
    const dv_selection *selected; /* of the only network: projections; NULL: the first layer */
    const char *image; /* whose switches are used; NULL: a made one, see image/leaves.h */
    uint64_t seed;     /* of that */
    dv_rule rule;
    bool exact;           /* see dv_request */
    struct dv_pool *pool; /* may be NULL */
    dv_figure_file figure;
    dv_watch watch; /* on the calling thread; progress is in units */
} dv_filters_options;

/* Looks into one network, or two beside each other. results: (n) the caller frees each with
 * dv_filters_free, also after a failure. Fails when the first weight layer is no convolution (of 1
 * or 3 channels), with the image, or the figure; which is written whole or not at all. */
bool dv_filters_study(int n, const dv_filters_network *networks, const dv_filters_options *o,
                      dv_filters *results, dv_error *err) DV_MUST_CHECK;

/* What the numbers come to, in plain words, and the paper's remedy: one
 * sentence after the other, without a newline. The caller frees it; NULL: no memory. */
char *dv_filters_verdict(const dv_filters_layer *l) DV_MUST_CHECK;

DV_END

#endif
