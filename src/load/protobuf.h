/* protobuf.h - the wire format of Protocol Buffers, read where it lies, one field at a time.
 *
 * Nothing is copied or allocated for what is skipped, so weights stay in their mapped file.
 * Format: https://protobuf.dev/programming-guides/encoding */
#ifndef DV_LOAD_PROTOBUF_H
#define DV_LOAD_PROTOBUF_H

#include "base/arena.h"

#include <stdint.h>

typedef enum dv_pb_wire {
    DV_PB_VARINT = 0,
    DV_PB_64 = 1,
    DV_PB_BYTES = 2,
    DV_PB_32 = 5,
} dv_pb_wire;

/* What is left of a message, or the bytes of a field. */
typedef struct dv_pb {
    const uint8_t *at, *end;
    const uint8_t *file; /* where the file begins: messages give places in it */
} dv_pb;

typedef struct dv_pb_field {
    uint32_t number;
    dv_pb_wire wire;
    uint64_t value; /* of the number kinds, as it stands */
    dv_pb bytes;    /* DV_PB_BYTES */
} dv_pb_field;

static inline bool dv_pb_more(const dv_pb *m)
{
    return m->at < m->end;
}

/* Takes the next field off a message that has more. Fails when it does not fit into the message
 * or has a wire type that is unknown or obsolete (groups). */
bool dv_pb_next(dv_pb *m, dv_pb_field *f, dv_error *err) DV_MUST_CHECK;

/* The field's value; fails when the wire type is another. `what` names the field. */
bool dv_pb_message(const dv_pb_field *f, const char *what, dv_pb *v, dv_error *err) DV_MUST_CHECK;
bool dv_pb_int(const dv_pb_field *f, const char *what, int64_t *v, dv_error *err) DV_MUST_CHECK;
bool dv_pb_float(const dv_pb_field *f, const char *what, float *v, dv_error *err) DV_MUST_CHECK;

/* A copy in the arena with a NUL behind it. Fails when it is longer than DV_NAME_MAX bytes or
 * holds a control character: these texts end in messages of one line. */
bool dv_pb_text(const dv_pb_field *f, const char *what, dv_arena *a, const char **v,
                dv_error *err) DV_MUST_CHECK;

/* -- repeated numbers, packed into one field or one a field ----------------------------------- */

/* How many numbers of kind `wire` (not DV_PB_BYTES) the field holds. Fails when it holds another
 * kind, or ends inside a number. */
bool dv_pb_count(const dv_pb_field *f, const char *what, dv_pb_wire wire, size_t *n,
                 dv_error *err) DV_MUST_CHECK;

/* Takes the next of them off: *rest starts as field->bytes (a packed field) and is not used for a
 * field that is one number. Call it dv_pb_count times. */
uint64_t dv_pb_number(const dv_pb_field *f, dv_pb_wire wire, dv_pb *rest);

#endif
