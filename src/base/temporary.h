/* temporary.h - files and folders that are there only until they are whole and get their name.
 *
 * All of them stand on one list, so that a program that is told to stop leaves none behind. */
#ifndef DV_BASE_TEMPORARY_H
#define DV_BASE_TEMPORARY_H

/* What the names of all of them begin with; the process and a number are behind it. */
#define DV_TEMPORARY_PREFIX ".deconvviz-"

/* Makes a file, opened with these flags and O_CREAT, that is temporary from then on. Returns its
 * descriptor; -1 with errno set. */
int dv_temporary_file(const char *path, int flags);

/* The same of a folder, empty, with all that comes into it. 0; -1 with errno set. */
int dv_temporary_folder(const char *path);

/* It has another name now, or has been removed. One that was not temporary is fine. */
void dv_temporary_forget(const char *path);

/* What stands between these two is not to be left half done: that end waits for it. Not nested. */
void dv_temporary_hold_end(void);
void dv_temporary_let_end(void);

/* For the end of a process, on any thread that holds none of the locks of others: removes all of
 * them. Whoever makes or forgets one from here on waits for that end. */
void dv_temporary_remove_all(void);

#endif
