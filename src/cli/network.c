#include "cli/network.h"

#include "base/processors.h"
#include "cli/inputs.h"
#include "image/photo.h"
#include "run/input.h"

#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

static bool override_channels(const cli_numbers *given, const char *option, int channels,
                              float to[3], bool may_be_zero, dv_error *err)
{
    if (given->n > 0 && given->n != channels)
        return dv_fail(err, DV_BAD_USAGE, "%s takes %d number%s%s, not %d", option, channels,
                       channels > 1 ? "s" : "", channels > 1 ? " separated by commas" : "",
                       given->n);
    for (int i = 0; i < given->n; i++) {
        if ((float)given->v[i] == 0 && !may_be_zero)
            return dv_fail(err, DV_BAD_USAGE, "%s %g: it must not be 0", option, given->v[i]);
        to[i] = (float)given->v[i];
    }
    return true;
}

/* Whether the words of the options change what a name or the model says. */
static bool changes(const cli_network_options *o)
{
    return o->mean.n || o->std.n || !isnan(o->pixel_scale) || o->order || o->resize >= 0;
}

static bool uses_base(const cli_network *n, const cli_network_options *o)
{
    return o->base && !(o->model_first && dv_model_preprocess(n->model));
}

bool cli_network_prepares_own(const cli_network *n)
{
    const dv_preprocess *own = dv_model_preprocess(n->model), *p = &n->prepare;
    return own && own->resize == p->resize && own->scale == p->scale && own->bgr == p->bgr &&
           memcmp(own->mean, p->mean, sizeof p->mean) == 0 &&
           memcmp(own->std, p->std, sizeof p->std) == 0;
}

/* The options' words over what the model says, over imagenet. */
static bool settle(cli_network *n, const cli_network_options *o, dv_error *err)
{
    dv_preprocess *p = &n->prepare;
    const dv_shape *in = dv_tensor_shape(n->model, dv_model_input(n->model));
    const dv_preprocess *own = dv_model_preprocess(n->model);
    if (uses_base(n, o))
        own = o->base;
    *p = own ? *own : (dv_preprocess){ 0 };
    p->channels = in->dim[1];
    p->size[0] = in->dim[2];
    p->size[1] = in->dim[3];
    const char *name = o->preprocess ? o->preprocess : own ? NULL : "imagenet";
    if (name && !dv_preprocess_named(p, name))
        return dv_fail(err, DV_BAD_USAGE,
                       "--preprocess takes imagenet, caffe, unit or none, not '%s'", name);
    if (o->resize >= 0)
        p->resize = o->resize;
    if (!isnan(o->pixel_scale))
        p->scale = (float)o->pixel_scale;
    if (o->order)
        p->bgr = o->order[0] == 'b';
    return override_channels(&o->mean, "--mean", p->channels, p->mean, true, err) &&
           override_channels(&o->std, "--std", p->channels, p->std, false, err);
}

/* "A" or "A B C". */
static const char *channels_text(const dv_preprocess *p, const float v[3], char text[64])
{
    if (p->channels == 1)
        snprintf(text, 64, "%g", (double)v[0]);
    else
        snprintf(text, 64, "%g %g %g", (double)v[0], (double)v[1], (double)v[2]);
    return text;
}

static void note_preprocessing(const cli_network *n, const cli_network_options *o)
{
    const dv_preprocess *p = &n->prepare;
    char resize[48] = "stretched", scale[48] = "", mean[64], std[64];
    if (p->resize)
        snprintf(resize, sizeof resize, "shorter side to %d, centre cut", p->resize);
    double divisor = 1 / (double)p->scale;
    if (fabs(divisor - rint(divisor)) < 1e-4 * divisor && divisor > 1)
        snprintf(scale, sizeof scale, "pixels / %g, ", rint(divisor));
    else if (p->scale != 1)
        snprintf(scale, sizeof scale, "pixels * %g, ", (double)p->scale);
    const char *from = o->preprocess                   ? o->preprocess
                       : uses_base(n, o)               ? "as recorded"
                       : dv_model_preprocess(n->model) ? "the model's own"
                                                       : "imagenet, the default";
    cli_say("input %dx%d %s: %s, %smean %s, std %s (%s%s)", p->size[1], p->size[0],
            p->channels == 1 ? "grey"
            : p->bgr         ? "BGR"
                             : "RGB",
            resize, scale, channels_text(p, p->mean, mean), channels_text(p, p->std, std), from,
            changes(o) ? ", changed by options" : "");
}

static bool make_pool(cli_network *n, int threads, dv_error *err)
{
    if (threads == 0) {
        threads = dv_processors("");
        threads = threads > 64 ? 64 : threads;
    }
    n->pool = dv_pool_new(threads, err);
    return n->pool != NULL;
}

const char *cli_network_model(const cli_network_options *o)
{
    const char *path = o->model ? o->model : getenv("DECONVVIZ_MODEL");
    return path && path[0] ? path : DV_DEFAULT_MODEL;
}

bool cli_network_settle(cli_network *n, const cli_network_options *o, const int *size,
                        dv_error *err)
{
    if (size) {
        dv_model *m = dv_model_resized(n->model, size, err);
        if (!m)
            return false;
        dv_model_free(n->model);
        n->model = m;
    }
    const dv_shape *in = dv_tensor_shape(n->model, dv_model_input(n->model));
    n->is_image = in->rank == 4 && (in->dim[1] == 1 || in->dim[1] == 3);
    if (!n->is_image)
        return true;
    if (!settle(n, o, err))
        return false;
    if (!o->quiet)
        note_preprocessing(n, o);
    return true;
}

bool cli_network_open(cli_network *n, const cli_network_options *o, const int *map_size,
                      dv_error *err)
{
    *n = (cli_network){ 0 };
    dv_load_options load = { .weights = o->weights };
    for (int i = 0; i < 2 && o->size.n > 0; i++)
        load.size[i] = (int)o->size.v[o->size.n > 1 ? i : 0];
    if (o->size.n == 0 && map_size)
        memcpy(load.size, map_size, sizeof load.size);
    n->model = dv_model_open(cli_network_model(o), &load, err);
    for (int i = 0; n->model && i < dv_model_n_warnings(n->model); i++)
        cli_say("warning: %s", dv_model_warning(n->model, i));
    return n->model && cli_inputs_check(err) && make_pool(n, o->threads, err) &&
           cli_network_settle(n, o, NULL, err);
}

/* -- who the model is ------------------------------------------------------------------------- */

struct cli_hash {
    const dv_model *model;
    pthread_t thread;
};

static void *hash_model(void *ctx)
{
    const struct cli_hash *h = ctx;
    (void)!dv_model_sha256(h->model, NULL); /* who asks for it then gets the error */
    return NULL;
}

void cli_network_begin_hash(cli_network *n)
{
    struct cli_hash *h = calloc(1, sizeof *h);
    if (!h)
        return;
    h->model = n->model;
    if (pthread_create(&h->thread, NULL, hash_model, h) == 0)
        n->hash = h;
    else
        free(h);
}

void cli_network_close(cli_network *n)
{
    if (n->hash)
        pthread_join(n->hash->thread, NULL);
    free(n->hash);
    dv_model_free(n->model);
    dv_pool_free(n->pool);
    *n = (cli_network){ 0 };
}

/* -- the input -------------------------------------------------------------------------------- */

bool cli_network_takes_images(const cli_network *n, dv_error *err)
{
    char text[DV_SHAPE_TEXT_MAX];
    if (!n->is_image)
        return dv_fail(
            err, DV_BAD_USAGE,
            "the network's input is %s, no image (forward and project take --input X.npy)",
            dv_shape_text(dv_tensor_shape(n->model, dv_model_input(n->model)), text));
    if (dv_preprocess_check(&n->prepare, err))
        return true;
    err->code = DV_BAD_USAGE;
    return false;
}

bool cli_read_input(const cli_network *n, const char *path, bool npy, float *input,
                    dv_image_map *map, dv_error *err)
{
    if (map)
        *map = (dv_image_map){ .scale = { 1, 1 } };
    if (npy)
        return dv_input_read(n->model, path, input, err);
    dv_photo photo;
    const bool ok = dv_photo_read(&photo, path, NULL, &n->prepare, input, err);
    if (map)
        *map = photo.map;
    dv_photo_free(&photo);
    return ok;
}
