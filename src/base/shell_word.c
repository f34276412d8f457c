#include "base/shell_word.h"

#include <string.h>

void dv_shell_word(dv_text *t, const char *word)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                "_-./,:=+@%";
    const char *apart = t->size > 0 ? " " : "";
    if (*word && word[strspn(word, plain)] == '\0') {
        dv_text_format(t, "%s%s", apart, word);
        return;
    }
    dv_text_format(t, "%s'", apart);
    for (const char *c = word; *c; c++)
        if (*c == '\'')
            dv_text_format(t, "'\\''");
        else
            dv_text_add(t, c, 1);
    dv_text_format(t, "'");
}
