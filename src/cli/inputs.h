/* inputs.h - no command writes over what it reads: the words are asked before anything is, and each
 * file again when it is written (see base/guard.h). */
#ifndef DV_CLI_INPUTS_H
#define DV_CLI_INPUTS_H

#include "cli/cli.h"
#include "deconvviz/classify.h"
#include "deconvviz/list.h"

/* Guards the files among the plain arguments, and takes the outputs from the options. */
bool cli_inputs_begin(const cli_option *table, const void *options, int n_args, char **args,
                      dv_error *err) DV_MUST_CHECK;

/* Fails (DV_BAD_USAGE) when an option names an output that is read, as far as that is known yet. */
bool cli_inputs_check(dv_error *err) DV_MUST_CHECK;

/* Guards images that will be read, and asks again. Does not look at them where there is nothing
 * that could be written over. */
bool cli_inputs_images(const dv_list *images, dv_error *err) DV_MUST_CHECK;

/* The same of those that the plain arguments and the lines of a file name, which are added to
 * *images. list: what is behind --list; NULL: no file. Fails where there are none. */
bool cli_inputs_list(dv_list *images, const char *list, int n_args, char **args,
                     dv_error *err) DV_MUST_CHECK;

/* The same of the plain arguments, or, where there are none, of the lines that say the classes of
 * images. labels_from: what is behind --labels-from. */
bool cli_inputs_labelled(dv_list *images, const dv_truth *truth, const char *labels_from,
                         int n_args, char **args, dv_error *err) DV_MUST_CHECK;

#endif
