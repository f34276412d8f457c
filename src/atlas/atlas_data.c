#include "atlas/atlas_data.h"
#include "base/file.h"

#include <stdlib.h>
#include <string.h>

void dv_data_begin(dv_data_file *f)
{
    *f = (dv_data_file){ .text = { 0 } };
    dv_text_format(&f->text, "atlas(");
    f->json = (dv_json){ .to = &f->text };
}

bool dv_data_end(const dv_atlas_data *d, dv_data_file *f, bool ok, const char *name, dv_error *err)
{
    dv_text_format(&f->text, ");\n");
    char *path = ok ? dv_atlas_path(d->work, err, "data/%s", name) : NULL;
    ok = path && dv_text_ok(&f->text, path, err) &&
         dv_file_write(path, f->text.data, f->text.size, err);
    if (ok)
        d->work->result->of_data += (int64_t)f->text.size;
    free(path);
    free(f->text.data);
    return ok;
}

const char *dv_label_plain(const char *label)
{
    if (label[0] != 'n' || strspn(label + 1, "0123456789") != 8)
        return label;
    const char *rest = label + 9 + strspn(label + 9, " \t");
    return *rest ? rest : label;
}

static bool write_layers(const dv_atlas_data *d, dv_error *err)
{
    bool ok = true;
    for (int i = 0; ok && i < d->work->n_layers; i++)
        ok = dv_data_layer(d, i, err) && dv_data_units(d, i, err);
    return ok;
}

bool dv_atlas_write_data(dv_atlas_work *w, dv_error *err)
{
    dv_atlas_data d = { .work = w };
    char *folder = dv_atlas_path(w, err, "data");
    int32_t *classes = dv_atlas_file_classes(w, err);
    double *numbers = classes ? dv_atlas_numbers(w, classes, err) : NULL;
    dv_links *links = numbers ? calloc((size_t)w->n_units + 1, sizeof *links) : NULL;
    bool ok = folder && numbers &&
              (links || dv_fail(err, DV_NO_MEMORY, "no memory for %d units", w->n_units));
    d.classes = classes;
    d.numbers = numbers;
    d.links = links;
    ok = ok && dv_folder_make(folder, err) && dv_atlas_links(w, links, err) &&
         write_layers(&d, err) && dv_data_classes(&d, err) && dv_data_images(&d, err) &&
         dv_data_front(&d, err);
    free(folder);
    free(classes);
    free(numbers);
    free(links);
    return ok;
}
