/* file.h - whole files: read or mapped, written beside and then renamed. */
#ifndef DV_BASE_FILE_H
#define DV_BASE_FILE_H

#include "deconvviz/digest.h"
#include "deconvviz/error.h"

#include <stddef.h>
#include <stdint.h>

#define DV_FILE_MAX_READ ((size_t)1 << 30) /* bytes of an image, a document or a pipe */

/* A file that was read, or is mapped read-only. */
typedef struct dv_file {
    const uint8_t *data; /* never NULL after a successful open, even when size is 0 */
    size_t size;
    void *heap; /* its memory where it is not mapped */
} dv_file;

/* Reads `path` into memory; the way for all that is looked at once, and for what others may write
 * to meanwhile: of a mapped file that becomes shorter the lost pages end the process (SIGBUS).
 * Fails (dv_file_code) with the path and the system's words, also for a folder; (DV_UNSUPPORTED)
 * when there are more than `max` bytes, before they are read. The caller releases it with
 * dv_file_unmap.
 */
bool dv_file_read(dv_file *f, const char *path, size_t max, dv_error *err) DV_MUST_CHECK;

/* Maps `path`, which is for weights; reads what cannot be mapped. Fails and is released likewise.
 */
bool dv_file_map(dv_file *f, const char *path, dv_error *err) DV_MUST_CHECK;
void dv_file_unmap(dv_file *f); /* one that is all zero is fine */

/* [data, data + size) has been read and takes no more memory until it is read again. Does nothing
 * to what lies outside the file, or is not mapped. */
void dv_file_forget(const dv_file *f, const void *data, size_t size);

/* Writes the file whole or not at all: to a temporary name in the same folder, then renamed.
 * Paths that are not regular files (/dev/stdout, /dev/full, a pipe) are written straight. Fails
 * with the path and the system's words: DV_UNSUPPORTED where only this name cannot be had, being
 * too long or a folder's, DV_BAD_USAGE where it is guarded (guard.h), else dv_file_code. */
bool dv_file_write(const char *path, const void *data, size_t size, dv_error *err) DV_MUST_CHECK;

/* The same, and on the disk once it returns true. A sync takes 5 to 14 ms on an SSD, where a
 * picture takes 1: so this is for what took long to find and is in one file, such as an index. What
 * is quickly made again, pictures and arrays, goes without. */
bool dv_file_write_synced(const char *path, const void *data, size_t size,
                          dv_error *err) DV_MUST_CHECK;

/* The kind of failure that errno means: DV_NO_MEMORY, or DV_IO. */
dv_code dv_file_code(int problem);

/* Waits until a file, the names in a folder, or those in the folder of `path` are on the disk. 0,
 * or errno. */
int dv_file_sync(const char *path);
int dv_file_sync_above(const char *path);

/* Makes a folder and those above it; one that is there already is fine. */
bool dv_folder_make(const char *path, dv_error *err) DV_MUST_CHECK;

bool dv_file_exists(const char *path);
bool dv_folder_exists(const char *path);

/* The SHA-256 of `size` bytes, as 64 lower-case hex digits and a NUL. */
void dv_sha256(const void *data, size_t size, char text[DV_DIGEST_TEXT_MAX]);

/* The same of a file, read block by block so that a large one never takes memory. */
bool dv_sha256_file(const char *path, char text[DV_DIGEST_TEXT_MAX], dv_error *err) DV_MUST_CHECK;

#endif
