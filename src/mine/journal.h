/* journal.h - the progress of mining on disk: an index, then a checksummed record for each image
 * since. A run that is killed, or whose machine stops, goes on from the last whole record.
 *
 * The file, in the byte order of the machine it stays on: 24 bytes of magic, then frames, each a
 * 32-bit length, the CRC-32 of so many bytes, these bytes, and zeros up to a multiple of 8. The
 * first frame is the text of an index (see index.h, with `done`), each other one a record. When the
 * records outgrow `limit`, a journal that begins with the index as it stands takes its place. */
#ifndef DV_MINE_JOURNAL_H
#define DV_MINE_JOURNAL_H

#include "deconvviz/list.h"
#include "mine/journal_record.h"

#define DV_JOURNAL_LIMIT ((int64_t)64 << 20) /* bytes */

typedef struct dv_journal dv_journal;

/* Opens the journal of that path, or begins an empty one, and locks it. NULL with err set, also
 * when another process is at work on it. */
dv_journal *dv_journal_open(const char *path, int64_t limit, dv_error *err) DV_MUST_CHECK;

/* Leaves the file where it is. NULL is fine. */
void dv_journal_close(dv_journal *j);

bool dv_journal_is_empty(const dv_journal *j);

/* Reads the index that the journal begins with. Fails when it is no journal. */
bool dv_journal_base(dv_journal *j, dv_index *x, dv_error *err) DV_MUST_CHECK;

/* Adds the records to the index that dv_journal_base gave, up to the first that is not whole, and
 * sets the journal up for writing behind them. list holds the paths of the images from number
 * `first` on. */
bool dv_journal_replay(dv_journal *j, dv_index *x, const dv_list *list, int32_t first,
                       dv_error *err) DV_MUST_CHECK;

/* Makes this index the journal's beginning, with no records behind it. */
bool dv_journal_restart(dv_journal *j, dv_index *x, dv_error *err) DV_MUST_CHECK;

/* Writes the record of the image that comes next. When this fails the records before it stay. */
bool dv_journal_write(dv_journal *j, const dv_record *r, dv_error *err) DV_MUST_CHECK;

/* Whether the records have outgrown the limit: time to restart. */
bool dv_journal_is_long(const dv_journal *j);

/* Removes the file. */
void dv_journal_remove(dv_journal *j);

#endif
