/* identity.h - which model an index or references are of, as JSON. */
#ifndef DV_RUN_IDENTITY_H
#define DV_RUN_IDENTITY_H

#include "base/arena.h"
#include "base/text.h"
#include "deconvviz/model.h"

struct cJSON;

/* Copies all of it to the arena. */
bool dv_identity_keep(dv_identity *to, const dv_identity *from, dv_arena *a,
                      dv_error *err) DV_MUST_CHECK;

/* "name":…,"path":…,"sha256":…,"parts":[{"role":…,"name":…,"sha256":…},…] - the members of an
 * object, without its braces. */
void dv_text_identity(dv_text *t, const dv_identity *id);

/* Reads "parts" out of that object into id, which has its sha256; there may be none. Fails when the
 * SHA-256 is not that of the parts. */
bool dv_identity_read_parts(dv_identity *id, const struct cJSON *object, dv_arena *a,
                            dv_error *err) DV_MUST_CHECK;

/* ": other bytes in its network", for the end of a message about two that are not equal; "" where
 * nothing is known. text: room for the result. */
enum { DV_DIFFERING_MAX = 64 };
const char *dv_identity_differing(const dv_identity *a, const dv_identity *b,
                                  char text[DV_DIFFERING_MAX]);

#endif
