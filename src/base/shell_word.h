/* shell_word.h - command lines that are shown, to be copied into a shell. */
#ifndef DV_BASE_SHELL_WORD_H
#define DV_BASE_SHELL_WORD_H

#include "base/text.h"

/* Adds a word behind a blank where there is something before it, in quotes where the shell would
 * take it apart. */
void dv_shell_word(dv_text *t, const char *word);

#endif
