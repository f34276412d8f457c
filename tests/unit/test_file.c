#define _XOPEN_SOURCE 700 /* SIGXFSZ */
#include "base/file.h"

#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[] = "/tmp/test_file_XXXXXX";

static const char *in_folder(const char *name)
{
    static char paths[4][sizeof folder + 64];
    static int turn;
    char *path = paths[turn++ % 4];
    snprintf(path, sizeof paths[0], "%s/%s", folder, name);
    return path;
}

static int make_folder(void **state)
{
    (void)state;
    umask(022);
    return mkdtemp(folder) ? 0 : -1;
}

/* Fails when a test leaves a file behind, a temporary one for instance. */
static int remove_folder(void **state)
{
    (void)state;
    return rmdir(folder);
}

static int entries_in_folder(void)
{
    int n = 0;
    DIR *d = opendir(folder);
    assert_non_null(d);
    while (readdir(d))
        n++;
    closedir(d);
    return n - 2;
}

static void check_content(const char *path, const char *text)
{
    dv_file f;
    dv_error err;
    if (!dv_file_map(&f, path, &err))
        fail_msg("%s", err.message);
    assert_int_equal(f.size, strlen(text));
    assert_memory_equal(f.data, text, f.size);
    dv_file_unmap(&f);
}

/* Others may write to a photograph while it is decoded. */
static void a_file_that_shrinks_after_it_was_read_is_still_whole(void **state)
{
    (void)state;
    enum { SIZE = 100000 };
    static uint8_t bytes[SIZE];
    for (int i = 0; i < SIZE; i++)
        bytes[i] = (uint8_t)(i * 7 % 251);
    dv_error err;
    dv_file f;
    const char *path = in_folder("f");
    assert_true(dv_file_write(path, bytes, SIZE, &err));
    assert_true(dv_file_read(&f, path, SIZE, &err));
    assert_int_equal(truncate(path, 1), 0);
    assert_int_equal(f.size, SIZE);
    assert_memory_equal(f.data, bytes, SIZE);
    dv_file_unmap(&f);

    assert_int_equal(truncate(path, 0), 0);
    assert_true(dv_file_read(&f, path, 0, &err));
    assert_non_null(f.data);
    assert_int_equal(f.size, 0);
    dv_file_unmap(&f);
    assert_int_equal(unlink(path), 0);
}

static void no_more_is_read_than_the_limit(void **state)
{
    (void)state;
    dv_error err;
    dv_file f;
    const char *path = in_folder("f");
    assert_true(dv_file_write(path, "12345", 5, &err));
    assert_false(dv_file_read(&f, path, 4, &err));
    assert_non_null(strstr(err.message, "/f: 5 bytes, at most 4 are read"));
    assert_int_equal(unlink(path), 0);
    assert_false(dv_file_read(&f, "/dev/zero", 100, &err));
    assert_string_equal(err.message, "/dev/zero: longer than 100 bytes");
}

/* A mapped file is read again; memory that is not of the file is left alone. */
static void what_is_forgotten_is_the_same_when_it_is_looked_at_again(void **state)
{
    (void)state;
    enum { SIZE = 100000 };
    static uint8_t bytes[SIZE];
    for (int i = 0; i < SIZE; i++)
        bytes[i] = (uint8_t)(i * 7 % 251);
    dv_error err;
    const char *path = in_folder("f");
    assert_true(dv_file_write(path, bytes, SIZE, &err));
    dv_file f;
    assert_true(dv_file_map(&f, path, &err));
    for (int at = 0; at < SIZE; at += 977)
        dv_file_forget(&f, f.data + at, (size_t)(SIZE - at));
    assert_memory_equal(f.data, bytes, SIZE);
    dv_file_forget(&f, bytes, SIZE);
    dv_file_forget(&f, f.data, (size_t)2 * SIZE);
    for (int i = 0; i < SIZE; i++)
        assert_int_equal(bytes[i], i * 7 % 251);
    dv_file_unmap(&f);
    dv_file heap = { .data = bytes, .size = SIZE, .heap = bytes };
    dv_file_forget(&heap, bytes, SIZE);
    assert_int_equal(bytes[SIZE - 1], (SIZE - 1) * 7 % 251);
    assert_int_equal(unlink(path), 0);
}

static mode_t mode_of(const char *path)
{
    struct stat st;
    assert_int_equal(lstat(path, &st), 0);
    return st.st_mode & (S_IFMT | 0777);
}

static void a_written_file_can_be_mapped(void **state)
{
    (void)state;
    dv_error err;
    const char *path = in_folder("a");
    assert_true(dv_file_write(path, "hello", 5, &err));
    check_content(path, "hello");
    assert_int_equal(mode_of(path), S_IFREG | 0644);
    assert_true(dv_file_write(path, "", 0, &err));
    check_content(path, "");
    assert_true(dv_file_exists(path));
    assert_int_equal(entries_in_folder(), 1);
    unlink(path);
    assert_false(dv_file_exists(path));
}

static void a_file_replaced_keeps_its_mode_and_its_link(void **state)
{
    (void)state;
    dv_error err;
    const char *path = in_folder("a"), *link = in_folder("link");
    assert_true(dv_file_write(path, "old", 3, &err));
    assert_int_equal(chmod(path, 0600), 0);
    assert_int_equal(symlink("a", link), 0);
    assert_true(dv_file_write(link, "new", 3, &err));
    check_content(path, "new");
    assert_int_equal(mode_of(path), S_IFREG | 0600);
    assert_int_equal(mode_of(link) & S_IFMT, S_IFLNK);
    unlink(link);
    unlink(path);
}

static void a_reader_of_the_old_file_keeps_it(void **state)
{
    (void)state;
    dv_error err;
    dv_file f;
    const char *path = in_folder("a");
    assert_true(dv_file_write(path, "old", 3, &err));
    assert_true(dv_file_map(&f, path, &err));
    assert_true(dv_file_write(path, "newer", 5, &err));
    assert_memory_equal(f.data, "old", 3);
    dv_file_unmap(&f);
    unlink(path);
}

/* The limit on a file's size stands for a full disk that fails in the middle. */
static void a_write_that_fails_leaves_the_old_file_and_nothing_else(void **state)
{
    (void)state;
    dv_error err = { 0 };
    const char *path = in_folder("a");
    static char large[100000];
    struct rlimit before, tight;
    assert_true(dv_file_write(path, "old", 3, &err));
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    tight = before;
    tight.rlim_cur = 50000;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &tight), 0);
    bool ok = dv_file_write(path, large, sizeof large, &err);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_false(ok);
    assert_int_equal(err.code, DV_IO);
    assert_non_null(strstr(err.message, "/a: cannot write: File too large"));
    check_content(path, "old");
    assert_int_equal(entries_in_folder(), 1);
    unlink(path);
}

static void devices_and_pipes_are_written_straight(void **state)
{
    (void)state;
    dv_error err = { 0 };
    if (access("/dev/full", W_OK) == 0) {
        assert_false(dv_file_write("/dev/full", "x", 1, &err));
        assert_string_equal(err.message, "/dev/full: cannot write: No space left on device");
    }
    assert_true(dv_file_write("/dev/null", "x", 1, &err));
    struct stat st;
    assert_int_equal(stat("/dev/null", &st), 0);
    assert_true(S_ISCHR(st.st_mode));
}

static void *write_to_pipe(void *path)
{
    static char text[200000];
    memset(text, 'p', sizeof text);
    dv_error err;
    return dv_file_write(path, text, sizeof text, &err) ? path : NULL;
}

static void a_pipe_is_read_to_its_end(void **state)
{
    (void)state;
    char *path = strdup(in_folder("pipe"));
    assert_int_equal(mkfifo(path, 0600), 0);
    pthread_t writer;
    void *result;
    assert_int_equal(pthread_create(&writer, NULL, write_to_pipe, path), 0);
    dv_file f;
    dv_error err;
    assert_true(dv_file_map(&f, path, &err));
    pthread_join(writer, &result);
    assert_ptr_equal(result, path);
    assert_int_equal(f.size, 200000);
    for (size_t i = 0; i < f.size; i++)
        assert_int_equal(f.data[i], 'p');
    dv_file_unmap(&f);
    unlink(path);
    free(path);
}

static void what_cannot_be_had_is_named_with_the_systems_words(void **state)
{
    (void)state;
    dv_file f;
    dv_error err = { 0 };
    char hash[DV_DIGEST_TEXT_MAX];
    assert_false(dv_file_map(&f, "/nowhere/x", &err));
    assert_int_equal(err.code, DV_IO);
    assert_string_equal(err.message, "/nowhere/x: No such file or directory");
    assert_false(dv_file_map(&f, "/tmp", &err));
    assert_string_equal(err.message, "/tmp: Is a directory");
    assert_false(dv_file_write("/nowhere/x", "x", 1, &err));
    assert_string_equal(err.message, "/nowhere/x: cannot write: No such file or directory");
    assert_false(dv_file_write("/tmp", "x", 1, &err));
    assert_string_equal(err.message, "/tmp: cannot write: Is a directory");
    assert_false(dv_file_write("", "x", 1, &err));
    assert_false(dv_sha256_file("/nowhere/x", hash, &err));
    assert_string_equal(err.message, "/nowhere/x: No such file or directory");
    assert_false(dv_sha256_file("/tmp", hash, &err));
    assert_string_equal(err.message, "/tmp: Is a directory");
}

static void a_name_as_long_as_can_be_is_written(void **state)
{
    (void)state;
    char name[256];
    memset(name, 'n', 255);
    name[255] = '\0';
    char path[sizeof folder + 260];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    dv_error err;
    assert_true(dv_file_write(path, "x", 1, &err));
    check_content(path, "x");
    unlink(path);
}

static void a_name_without_a_folder_lies_in_the_current_one(void **state)
{
    (void)state;
    char *here = getcwd(NULL, 0);
    dv_error err;
    assert_int_equal(chdir(folder), 0);
    assert_true(dv_file_write("bare", "x", 1, &err));
    assert_int_equal(chdir(here), 0);
    free(here);
    check_content(in_folder("bare"), "x");
    unlink(in_folder("bare"));
}

static void folders_are_made_with_those_above(void **state)
{
    (void)state;
    dv_error err = { 0 };
    assert_true(dv_folder_make(in_folder("one/two//three/"), &err));
    assert_true(dv_folder_exists(in_folder("one/two/three")));
    assert_true(dv_folder_make(in_folder("one/two"), &err));
    assert_true(dv_folder_make("/", &err));
    assert_true(dv_folder_make(".", &err));
    assert_true(dv_file_write(in_folder("one/file"), "x", 1, &err));
    assert_false(dv_folder_exists(in_folder("one/file")));
    assert_false(dv_folder_make(in_folder("one/file"), &err));
    assert_non_null(strstr(err.message, "/one/file: cannot make the folder: Not a directory"));
    assert_false(dv_folder_make(in_folder("one/file/below"), &err));
    assert_int_equal(err.code, DV_IO);
    assert_false(dv_folder_make("", &err));
    unlink(in_folder("one/file"));
    rmdir(in_folder("one/two/three"));
    rmdir(in_folder("one/two"));
    rmdir(in_folder("one"));
}

static void sha256_is_that_of_the_standard(void **state)
{
    (void)state;
    static const struct {
        const char *text, *hash; /* FIPS 180-4, examples */
    } known[] = {
        { "", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" },
        { "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
        { "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
          "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1" },
    };
    char hash[DV_DIGEST_TEXT_MAX];
    for (size_t i = 0; i < 3; i++) {
        dv_sha256(known[i].text, strlen(known[i].text), hash);
        assert_string_equal(hash, known[i].hash);
    }
}

static void a_files_sha256_is_that_of_its_bytes(void **state)
{
    (void)state;
    static const size_t sizes[] = { 0, 1, (1 << 20) - 1, 1 << 20, (1 << 20) + 1, 3000000 };
    uint8_t *bytes = malloc(3000000);
    assert_non_null(bytes);
    for (size_t i = 0; i < 3000000; i++)
        bytes[i] = (uint8_t)(i * 31 >> 7);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        char of_file[DV_DIGEST_TEXT_MAX], of_bytes[DV_DIGEST_TEXT_MAX];
        dv_error err;
        const char *path = in_folder("bytes");
        assert_true(dv_file_write(path, bytes, sizes[i], &err));
        assert_true(dv_sha256_file(path, of_file, &err));
        dv_sha256(bytes, sizes[i], of_bytes);
        assert_string_equal(of_file, of_bytes);
        unlink(path);
    }
    free(bytes);
}

int main(void)
{
    signal(SIGXFSZ, SIG_IGN);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_written_file_can_be_mapped),
        cmocka_unit_test(a_file_replaced_keeps_its_mode_and_its_link),
        cmocka_unit_test(a_reader_of_the_old_file_keeps_it),
        cmocka_unit_test(a_write_that_fails_leaves_the_old_file_and_nothing_else),
        cmocka_unit_test(devices_and_pipes_are_written_straight),
        cmocka_unit_test(a_pipe_is_read_to_its_end),
        cmocka_unit_test(what_cannot_be_had_is_named_with_the_systems_words),
        cmocka_unit_test(a_name_as_long_as_can_be_is_written),
        cmocka_unit_test(a_name_without_a_folder_lies_in_the_current_one),
        cmocka_unit_test(folders_are_made_with_those_above),
        cmocka_unit_test(sha256_is_that_of_the_standard),
        cmocka_unit_test(a_files_sha256_is_that_of_its_bytes),
        cmocka_unit_test(a_file_that_shrinks_after_it_was_read_is_still_whole),
        cmocka_unit_test(no_more_is_read_than_the_limit),
        cmocka_unit_test(what_is_forgotten_is_the_same_when_it_is_looked_at_again),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
