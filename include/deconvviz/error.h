/* error.h - the one way a deconvviz function says that it failed. */
#ifndef DV_ERROR_H
#define DV_ERROR_H

#include "deconvviz/api.h"

#include <stdbool.h>

DV_BEGIN

#if defined(__GNUC__)
#define DV_MUST_CHECK        __attribute__((warn_unused_result))
#define DV_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))
#else
#define DV_MUST_CHECK
#define DV_PRINTF(fmt, args)
#endif

/* What kind of failure; main() turns it into the exit status. */
typedef enum dv_code {
    DV_OK = 0,
    DV_BAD_USAGE,   /* the caller asked for something that makes no sense */
    DV_BAD_DATA,    /* a file's content breaks its format */
    DV_UNSUPPORTED, /* well formed, but not something deconvviz can do */
    DV_IO,          /* the operating system said no; the message has its words */
    DV_NO_MEMORY,
    DV_CANCELLED, /* a dv_watch said so */
} dv_code;

/* Filled in by the function that fails, left alone by one that succeeds. */
typedef struct dv_error {
    dv_code code;
    char message[512]; /* one line, no newline, ready to print */
} dv_error;

/* Records a failure and returns false, so that a check is one line:
 *     if (n > max) return dv_fail(err, DV_BAD_DATA, "%zu nodes, at most %zu", n, max);
 * `err` may be NULL where the caller does not care why. */
bool dv_fail(dv_error *err, dv_code code, const char *fmt, ...) DV_PRINTF(3, 4);

/* Puts "where: " before the message of a failure that came from below; returns false. */
bool dv_fail_in(dv_error *err, const char *fmt, ...) DV_PRINTF(2, 3);

DV_END

#endif
