/* atlas.c - an atlas from its beginning to its end: a folder beside is filled, by one run or by
 * several, and takes the atlas's name when all is in it. */
#include "deconvviz/atlas.h"
#include "atlas/atlas_against.h"
#include "atlas/atlas_settings.h"
#include "atlas/mined_model.h"
#include "base/file.h"
#include "base/folder.h"
#include "base/path.h"
#include "run/watch.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* -- folders ---------------------------------------------------------------------------------- */

static bool look_for(const char *folder, const char *name, bool *there, dv_error *err)
{
    char *path = dv_path_join(folder, name, err);
    *there = path && dv_file_exists(path);
    free(path);
    return path != NULL;
}

/* What is there before the first image's cells are: an index, and what belongs to it. */
static bool is_beginning(const char *name)
{
    return name[0] == '.' || strncmp(name, "index.json", strlen("index.json")) == 0;
}

/* Whether there is nothing in a folder, or nothing behind a run's beginning. */
static bool look_into(const char *path, bool *empty, bool *beginning, dv_error *err)
{
    DIR *d = opendir(path);
    const struct dirent *e;
    *empty = *beginning = true;
    while (d && (e = readdir(d)) != NULL) {
        *empty = *empty && (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0);
        *beginning = *beginning && is_beginning(e->d_name);
    }
    const int problem = d ? 0 : errno;
    if (d)
        closedir(d);
    return !problem ||
           dv_fail(err, dv_file_code(problem), "%s: cannot read: %s", path, strerror(problem));
}

/* Nothing but an atlas may be replaced. */
static bool check_folder(const char *folder, dv_error *err)
{
    struct stat st;
    bool atlas = false, empty = false, beginning;
    if (stat(folder, &st) < 0)
        return true;
    if (S_ISDIR(st.st_mode) && (!look_for(folder, "atlas.json", &atlas, err) ||
                                !look_into(folder, &empty, &beginning, err)))
        return false;
    return atlas || empty || dv_fail(err, DV_BAD_USAGE, "%s: is there, and is no atlas", folder);
}

/* A run that was killed may have left the atlas it replaced there, or a part of it. */
static bool clear_unfinished(const char *path, dv_error *err)
{
    bool cells, empty, beginning = true;
    if (!look_for(path, "cells", &cells, err) ||
        (!cells && dv_folder_exists(path) && !look_into(path, &empty, &beginning, err)))
        return false;
    if (!beginning)
        dv_folder_remove(path);
    return true;
}

char *dv_atlas_unfinished(const char *folder, dv_error *err)
{
    if (!check_folder(folder, err))
        return NULL;
    size_t n = strlen(folder);
    while (n > 1 && folder[n - 1] == '/')
        n--;
    const size_t room = n + sizeof ".unfinished";
    char *path = malloc(room);
    if (!path) {
        dv_fail(err, DV_NO_MEMORY, "%s: out of memory", folder);
        return NULL;
    }
    snprintf(path, room, "%.*s.unfinished", (int)n, folder);
    if (clear_unfinished(path, err))
        return path;
    free(path);
    return NULL;
}

/* -- what it is made of ----------------------------------------------------------------------- */

static bool write_file(const dv_atlas_work *w, const char *name, const void *data, size_t size,
                       dv_error *err)
{
    char *path = dv_atlas_path(w, err, "%s", name);
    const bool ok = path && dv_file_write(path, data, size, err);
    free(path);
    return ok;
}

/* The index in the folder, unless it was mined there; key: its digest and the settings, which
 * decide all bytes of the cells. */
static bool keep_index(const dv_atlas_work *w, dv_index *x, dv_text *key, dv_error *err)
{
    size_t size;
    char sha256[DV_DIGEST_TEXT_MAX];
    dv_text settings = { 0 };
    char *text = dv_index_text(x, &size, err);
    bool ok = text && (w->options->mined_there || write_file(w, "index.json", text, size, err));
    if (ok)
        dv_sha256(text, size, sha256);
    free(text);
    ok = ok && dv_atlas_settings_text(w, &settings, err);
    if (ok)
        dv_text_format(key, "deconvviz cells 1\n%s\n%s", sha256, settings.data);
    free(settings.data);
    return ok && dv_text_ok(key, "the key of an atlas", err);
}

static int64_t size_of(const dv_atlas_work *w, const char *name)
{
    struct stat st;
    char *path = dv_atlas_path(w, NULL, "%s", name);
    const bool there = path && stat(path, &st) == 0;
    free(path);
    return there ? st.st_size : 0;
}

static void count_photos(dv_atlas_work *w)
{
    for (int i = 0; w->options->context && i < w->n_images; i++) {
        char name[48];
        snprintf(name, sizeof name, "photos/%d/%d.jpg", i / 1000, i);
        w->result->of_photos += size_of(w, name);
    }
}

static void report(dv_atlas_work *w)
{
    dv_atlas_result *r = w->result;
    r->n_layers = w->n_layers;
    r->n_units = w->n_units;
    for (int i = 0; i < w->n_layers; i++)
        r->n_dead += w->layers[i].dead;
    count_photos(w);
    r->bytes = r->of_sheets + r->of_grids + r->of_photos + r->of_data + size_of(w, "index.json") +
               size_of(w, "against/index.json");
}

/* What is of both networks. */
static void report_other(dv_atlas_result *r, const dv_atlas_result *other)
{
    r->missing += other->missing;
    r->resumed += other->resumed;
    r->of_sheets += other->of_sheets;
    r->of_grids += other->of_grids;
    r->of_photos += other->of_photos;
    r->of_data += other->of_data;
}

/* -- the run ---------------------------------------------------------------------------------- */

static bool write_settings(const dv_atlas_work *w, dv_error *err)
{
    dv_text settings;
    const bool ok = dv_atlas_settings_text(w, &settings, err) &&
                    write_file(w, "atlas.json", settings.data, settings.size, err);
    free(settings.data);
    return ok;
}

/* All but the page. *s: the file of cells, which is kept until the whole is done. */
static bool fill(dv_atlas_work *w, dv_index *x, dv_spool **s, dv_error *err)
{
    dv_text key = { 0 };
    int done = 0;
    bool ok = keep_index(w, x, &key, err) && (*s = dv_spool_open(w, key.data, &done, err)) != NULL;
    free(key.data);
    if (ok) /* the file of cells is locked: no other run writes here */
        dv_folder_sweep(w->folder);
    w->result->resumed = done;
    return ok && dv_atlas_pictures(w, *s, done, err) && dv_atlas_write_sheets(w, *s, err) &&
           dv_atlas_write_data(w, err) && write_settings(w, err);
}

/* The other network's, in a folder of the work's. */
static bool fill_other(dv_atlas_work *w, dv_spool **s, dv_error *err)
{
    const dv_atlas_against *a = w->options->against;
    dv_atlas_options o;
    dv_atlas_result r = { 0 };
    dv_atlas_work other = { .model = a->model, .index = a->index, .options = &o, .result = &r };
    char *folder = dv_atlas_path(w, err, "against");
    other.folder = folder;
    const bool ok = folder && dv_folder_make(folder, err) && dv_atlas_other_options(w, &o, err) &&
                    dv_atlas_list(&other, err) && fill(&other, a->index, s, err) &&
                    dv_atlas_compare(w, &other, err);
    if (ok) {
        report(&other);
        report_other(w->result, &r);
    }
    dv_atlas_release(&other);
    free(folder);
    return ok;
}

static bool fill_all(dv_atlas_work *w, dv_index *x, dv_error *err)
{
    dv_spool *own = NULL, *others = NULL;
    const bool ok = fill(w, x, &own, err) &&
                    (!w->options->against || fill_other(w, &others, err)) &&
                    dv_atlas_write_site(w->folder, err);
    if (ok) {
        report(w);
        dv_spool_remove(others);
        dv_spool_remove(own);
    } else {
        dv_spool_close(others);
        dv_spool_close(own);
    }
    return ok;
}

static bool put_in_place(const dv_atlas_work *w, dv_error *err)
{
    if (!dv_folder_swap(w->folder, w->options->folder, err))
        return false;
    if (dv_folder_exists(w->folder)) /* the one that was there */
        dv_folder_remove(w->folder);
    dv_watch_wrote(&w->options->watch, w->options->folder);
    return true;
}

static bool check_options(const dv_model *m, const dv_index *x, const dv_atlas_options *o,
                          dv_error *err)
{
    if (o->quality < 1 || o->quality > 100)
        return dv_fail(err, DV_BAD_USAGE, "a quality of %d: 1 to 100 are possible", o->quality);
    if (o->compared < 0 || o->compared > DV_ATLAS_HITS)
        return dv_fail(err, DV_BAD_USAGE, "%d hits by all rules: 0 to %d are possible", o->compared,
                       DV_ATLAS_HITS);
    const dv_atlas_against *a = o->against;
    if (x->read == 0 || (a && a->index->read == 0))
        return dv_fail(err, DV_BAD_DATA, "%s index is of no image",
                       x->read == 0 ? "the" : "the other");
    return dv_mined_model(m, x, err) && (!a || dv_mined_model(a->model, a->index, err));
}

bool dv_atlas(const dv_model *m, dv_index *x, const dv_atlas_options *o, dv_atlas_result *r,
              dv_error *err)
{
    dv_atlas_work w = { .model = m, .index = x, .options = o, .result = r };
    *r = (dv_atlas_result){ 0 };
    if (!check_options(m, x, o, err))
        return false;
    char *folder = dv_atlas_unfinished(o->folder, err);
    w.folder = folder;
    const bool ok = folder && dv_folder_make(folder, err) && dv_atlas_list(&w, err) &&
                    fill_all(&w, x, err) && put_in_place(&w, err);
    dv_atlas_release(&w);
    free(folder);
    return ok;
}
