/* signals.h - SIGINT, SIGTERM, SIGHUP and SIGPIPE end a run without leaving anything temporary
 * behind; its status is 128 + the signal's number. A mapped file that is cut short (SIGBUS) is told
 * in a line, with status 1. */
#ifndef DV_CLI_SIGNALS_H
#define DV_CLI_SIGNALS_H

#include <stdatomic.h>

/* For the beginning of main, before any thread, and for its end: what comes later is too late. */
void cli_signals_begin(void);
void cli_signals_end(void);

/* A file that a stopped run leaves on purpose, and that the same command goes on from. NULL: none.
 * The path must last until the next call. */
void cli_signals_keep(const char *path);

/* From here on the first SIGINT sets *asked, for a run that ends by itself when it is asked to; the
 * next one ends it as ever. NULL: all do. */
void cli_signals_ask(atomic_bool *asked);

/* The same for a run that only ends when it is asked to: SIGINT, SIGTERM or SIGHUP, once. A broken
 * pipe is no end for it. */
void cli_signals_end_by(atomic_bool *asked);

#endif
