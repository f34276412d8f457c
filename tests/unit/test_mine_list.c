#include "deconvviz/list.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char top[] = "/tmp/deconvviz-list-XXXXXX";

static void touch(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0666);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    close(fd);
}

static int make_files(void **state)
{
    (void)state;
    if (!mkdtemp(top) || chdir(top) != 0)
        return -1;
    mkdir("d", 0777);
    mkdir("d/b", 0777);
    mkdir("d/b/deep", 0777);
    mkdir("d/e.jpg", 0777);
    mkdir("d/.hidden", 0777);
    mkdir("empty", 0777);
    static const char *const files[] = {
        "d/b/2.png",     "d/b/10.PNG",      "d/b/deep/x.jpeg", "d/c.JPG", "d/a.bmp", "d/notes.txt",
        "d/.hidden.png", "d/.hidden/z.png", "d/e.jpg/in.gif",  "d/jpg",   "plain"
    };
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++)
        touch(files[i], "x");
    return symlink("..", "d/b/up") || symlink("../b", "d/e.jpg/again") ||
           symlink("nowhere", "d/gone.png");
}

static int remove_files(void **state)
{
    (void)state;
    char command[100];
    snprintf(command, sizeof command, "rm -rf %s", top);
    return chdir("/") || system(command);
}

static void check(const dv_list *l, const char *const *paths)
{
    int32_t n = 0;
    for (; paths[n]; n++) {
        assert_true(n < l->count);
        assert_string_equal(dv_list_path(l, n), paths[n]);
    }
    assert_int_equal(l->count, n);
}

static void a_folder_is_walked_in_the_order_of_names(void **state)
{
    (void)state;
    dv_list l = { 0 };
    dv_error err;
    assert_true(dv_list_add(&l, "d", &err));
    /* links are followed, but not back to a folder that leads here; a broken one is for the reader
     * to report */
    check(&l, (const char *const[]){ "d/a.bmp", "d/b/10.PNG", "d/b/2.png", "d/b/deep/x.jpeg",
                                     "d/c.JPG", "d/e.jpg/again/10.PNG", "d/e.jpg/again/2.png",
                                     "d/e.jpg/again/deep/x.jpeg", "d/e.jpg/in.gif", "d/gone.png",
                                     NULL });
    dv_list_free(&l);
}

static void files_are_taken_as_they_are_named(void **state)
{
    (void)state;
    dv_list l = { 0 };
    dv_error err;
    assert_true(dv_list_add(&l, "plain", &err));
    assert_true(dv_list_add(&l, "not-there.png", &err));
    assert_true(dv_list_add(&l, "d/b/deep/", &err));
    assert_true(dv_list_add(&l, "plain", &err));
    check(&l, (const char *const[]){ "plain", "not-there.png", "d/b/deep/x.jpeg", "plain", NULL });
    dv_list_free(&l);
}

static void a_folder_without_images_is_an_error(void **state)
{
    (void)state;
    dv_list l = { 0 };
    dv_error err;
    assert_false(dv_list_add(&l, "empty", &err));
    assert_string_equal(err.message, "empty: no images in this folder");
    assert_int_equal(l.count, 0);
    dv_list_free(&l);
}

static void a_list_has_a_path_a_line(void **state)
{
    (void)state;
    dv_list l = { 0 };
    dv_error err;
    touch("list", "a b.png\n\nd/c.JPG\r\nlast");
    assert_true(dv_list_add_lines(&l, "list", &err));
    check(&l, (const char *const[]){ "a b.png", "d/c.JPG", "last", NULL });
    dv_list_free(&l);
    assert_false(dv_list_add_lines(&l, "no-list", &err));
    assert_non_null(strstr(err.message, "no-list: No such file"));
    dv_list_free(&l);
}

static void a_digest_goes_on(void **state)
{
    (void)state;
    dv_list all = { 0 }, a = { 0 }, b = { 0 };
    dv_error err;
    char whole[DV_DIGEST_TEXT_MAX], parts[DV_DIGEST_TEXT_MAX], other[DV_DIGEST_TEXT_MAX];
    char name[6000];
    for (int i = 0; i < 20; i++) {
        memset(name, 'n', sizeof name);
        name[i < 18 ? i + 1 : 5000 + i] = '\0'; /* some longer than a path can be */
        assert_true(dv_list_add(&all, name, &err));
        assert_true(dv_list_add(i < 7 ? &a : &b, name, &err));
    }
    memset(whole, '0', 65);
    memset(parts, '0', 65);
    memset(other, '0', 65);
    whole[64] = parts[64] = other[64] = '\0';
    dv_list_digest(&all, whole);
    dv_list_digest(&a, parts);
    dv_list_digest(&b, parts);
    assert_string_equal(whole, parts);
    dv_list_digest(&b, other);
    dv_list_digest(&a, other);
    assert_string_not_equal(whole, other);
    dv_list_free(&all);
    dv_list_free(&a);
    dv_list_free(&b);
}

static void a_digest_is_what_the_header_says(void **state)
{
    (void)state;
    dv_list l = { 0 };
    dv_error err;
    char digest[DV_DIGEST_TEXT_MAX];
    memset(digest, '0', 64);
    digest[64] = '\0';
    assert_true(dv_list_add(&l, "a.png", &err));
    dv_list_digest(&l, digest); /* printf '%064d\na.png' 0 | sha256sum */
    assert_string_equal(digest, "0788b9e67b1d1b6a0f7230b19282128a1e839c82cebc1a92b5cb8bef4c660a36");
    dv_list_free(&l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_folder_is_walked_in_the_order_of_names),
        cmocka_unit_test(files_are_taken_as_they_are_named),
        cmocka_unit_test(a_folder_without_images_is_an_error),
        cmocka_unit_test(a_list_has_a_path_a_line),
        cmocka_unit_test(a_digest_goes_on),
        cmocka_unit_test(a_digest_is_what_the_header_says),
    };
    return cmocka_run_group_tests(tests, make_files, remove_files);
}
