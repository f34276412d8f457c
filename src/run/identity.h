/* identity.h - which model an index or references are of, as JSON. */
#ifndef DV_RUN_IDENTITY_H
#define DV_RUN_IDENTITY_H

#include "base/arena.h"
#include "base/json_write.h"
#include "deconvviz/model.h"

struct cJSON;

/* Copies all of it to the arena. */
bool dv_identity_keep(dv_identity *to, const dv_identity *from, dv_arena *a,
                      dv_error *err) DV_MUST_CHECK;

/* "name":…,"path":…,"sha256":…,"parts":[{"role":…,"name":…,"sha256":…},…] - as members of the
 * object that is open. */
void dv_identity_write(dv_json *w, const dv_identity *id);

/* Reads them out of that object, texts to the arena; there may be no parts. Fails when the SHA-256
 * is not that of the parts. */
bool dv_identity_read(dv_identity *id, const struct cJSON *object, dv_arena *a,
                      dv_error *err) DV_MUST_CHECK;

/* ": other bytes in its network", for the end of a message about two that are not equal; "" where
 * nothing is known. text: room for the result. */
enum { DV_DIFFERING_MAX = 64 };
const char *dv_identity_differing(const dv_identity *a, const dv_identity *b,
                                  char text[DV_DIFFERING_MAX]);

#endif
