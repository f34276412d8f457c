#include "image/exif.h"

#include <stdbool.h>
#include <string.h>

/* One tag out of one directory is all that is wanted, so this reads it and nothing else: a library
 * would go through every maker's notes of a file that nobody vouches for. */

struct bytes {
    const uint8_t *at;
    size_t size;
    bool big_endian;
};

/* An unsigned number of n bytes; 0 where the bytes end before. */
static uint32_t number(const struct bytes *b, size_t from, size_t n)
{
    uint32_t v = 0;
    if (from > b->size || n > b->size - from)
        return 0;
    for (size_t i = 0; i < n; i++)
        v |= (uint32_t)b->at[from + i] << 8 * (b->big_endian ? n - 1 - i : i);
    return v;
}

/* The payload of the first APP1 segment that holds EXIF: a TIFF file. Empty if there is none. */
static struct bytes find_exif(const uint8_t *jpeg, size_t size)
{
    enum { SOI = 0xd8, APP1 = 0xe1, SOS = 0xda, EOI = 0xd9 };
    struct bytes all = { jpeg, size, true }, none = { 0 };
    if (number(&all, 0, 2) != 0xff00 + SOI)
        return none;
    size_t at = 2;
    while (at < size && size - at >= 4) {
        if (jpeg[at] != 0xff)
            return none;
        if (jpeg[at + 1] == 0xff) { /* a marker may be padded in front */
            at++;
            continue;
        }
        uint8_t marker = jpeg[at + 1];
        size_t length = number(&all, at + 2, 2); /* counts itself */
        if (marker == SOS || marker == EOI || length < 2 || length > size - at - 2)
            return none;
        const uint8_t *payload = jpeg + at + 4;
        if (marker == APP1 && length >= 8 && memcmp(payload, "Exif\0", 6) == 0)
            return (struct bytes){ payload + 6, length - 8, false };
        at += 2 + length;
    }
    return none;
}

int dv_exif_orientation(const void *bytes, size_t size)
{
    enum { ORIENTATION = 0x0112, SHORT = 3, LONG = 4 };
    struct bytes tiff = find_exif(bytes, size);
    if (tiff.size < 8)
        return 1;
    tiff.big_endian = tiff.at[0] == 'M';
    if (memcmp(tiff.at, tiff.big_endian ? "MM" : "II", 2) != 0 || number(&tiff, 2, 2) != 42)
        return 1;
    size_t directory = number(&tiff, 4, 4), entries = number(&tiff, directory, 2);
    for (size_t i = 0; i < entries; i++) {
        size_t entry = directory + 2 + 12 * i;
        if (number(&tiff, entry, 2) != ORIENTATION)
            continue;
        uint32_t type = number(&tiff, entry + 2, 2), count = number(&tiff, entry + 4, 4);
        uint32_t value = number(&tiff, entry + 8, type == LONG ? 4 : 2);
        bool fits = (type == SHORT || type == LONG) && count == 1 && value >= 1 && value <= 8;
        return fits ? (int)value : 1;
    }
    return 1;
}
