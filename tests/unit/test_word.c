/* Names as parts of file names. */
#include "base/word.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void becomes(const char *name, const char *wanted)
{
    char word[DV_WORD_MAX];
    assert_string_equal(dv_word(name, word, sizeof word), wanted);
    assert_true(dv_is_word(word));
}

static void an_ordinary_name_stays(void **state)
{
    (void)state;
    becomes("5", "5");
    becomes("conv2_1", "conv2_1");
    becomes("features.0.weight-B", "features.0.weight-B");
    char longest[DV_WORD_MAX];
    memset(longest, 'x', sizeof longest - 1);
    longest[sizeof longest - 1] = '\0';
    becomes(longest, longest);
}

/* The digits are the first of what sha256sum says of the name. */
static void another_is_marked(void **state)
{
    (void)state;
    becomes("a/b", "a_b~c14cddc0");
    becomes("a b", "a_b~c8687a08");
    becomes("a:b", "a_b~6783a31e");
    becomes("..", "_.~5ec1f7e7");
    becomes("\xff", "_~a8100ae6");
    becomes("", "~e3b0c442");
    becomes("\xc3\xa9.1", "__.1~5066d3c2");
}

/* A word that was made is another name when it comes from elsewhere. */
static void different_names_are_different_words(void **state)
{
    (void)state;
    static const char *const names[] = { "a/b",          "a_b",  "a b",  "a.b",    "./a_b",  "a_b ",
                                         "a_b~c14cddc0", "a\nb", "a\\b", "A_b",    "a__b",   ".a_b",
                                         "_a_b",         "a_b~", "",     "~",      "_",      ".",
                                         "..",           "__",   "/",    "\x80\n", "\x81\n", "//" };
    enum { N = sizeof names / sizeof *names };
    char words[N][DV_WORD_MAX];
    for (int i = 0; i < N; i++) {
        dv_word(names[i], words[i], sizeof words[i]);
        for (int k = 0; k < i; k++)
            assert_string_not_equal(words[i], words[k]);
    }
}

static void a_long_name_is_cut_and_marked(void **state)
{
    (void)state;
    char a[1000], b[1000], word[2][DV_WORD_MAX], tight[DV_WORD_MIN];
    memset(a, 'x', sizeof a - 1);
    a[sizeof a - 1] = '\0';
    memcpy(b, a, sizeof b);
    b[sizeof b - 2] = 'y';
    assert_int_equal(strlen(dv_word(a, word[0], sizeof word[0])), DV_WORD_MAX - 1);
    assert_int_equal(strlen(dv_word(b, word[1], sizeof word[1])), DV_WORD_MAX - 1);
    assert_int_equal(strspn(word[0], "x"), DV_WORD_MAX - 1 - 9);
    assert_string_not_equal(word[0], word[1]);
    assert_int_equal(strlen(dv_word(a, tight, sizeof tight)), DV_WORD_MIN - 1);
    a[DV_WORD_MAX] = '\0'; /* one byte too long */
    assert_int_equal(strlen(dv_word(a, word[0], sizeof word[0])), DV_WORD_MAX - 1);
    assert_int_equal(word[0][DV_WORD_MAX - 1 - 9], '~');
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_ordinary_name_stays),
        cmocka_unit_test(another_is_marked),
        cmocka_unit_test(different_names_are_different_words),
        cmocka_unit_test(a_long_name_is_cut_and_marked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
