#include "image/exif.h"

#include <stdbool.h>
#include <string.h>

/* One tag out of one directory is all that is wanted, so this reads it and nothing else: a library
 * would go through every maker's notes of a file that nobody vouches for. */

/* A TIFF file. */
struct tiff {
    const uint8_t *bytes;
    size_t size;
    bool big_endian;
};

/* An unsigned number of n bytes; 0 where the file ends before. */
static uint32_t number(const struct tiff *t, size_t from, size_t n)
{
    uint32_t v = 0;
    if (from > t->size || n > t->size - from)
        return 0;
    for (size_t i = 0; i < n; i++)
        v |= (uint32_t)t->bytes[from + i] << 8 * (t->big_endian ? n - 1 - i : i);
    return v;
}

int dv_exif_orientation(const uint8_t *segment, size_t size)
{
    enum { ORIENTATION = 0x0112, SHORT = 3, LONG = 4 };
    if (size < 6 || memcmp(segment, "Exif\0", 6) != 0)
        return 0;
    struct tiff t = { segment + 6, size - 6, false };
    t.big_endian = t.size && t.bytes[0] == 'M';
    if (t.size < 8 || memcmp(t.bytes, t.big_endian ? "MM" : "II", 2) != 0 || number(&t, 2, 2) != 42)
        return 1;
    size_t directory = number(&t, 4, 4), entries = number(&t, directory, 2);
    for (size_t i = 0; i < entries; i++) {
        size_t entry = directory + 2 + 12 * i;
        if (number(&t, entry, 2) != ORIENTATION)
            continue;
        uint32_t type = number(&t, entry + 2, 2), count = number(&t, entry + 4, 4);
        uint32_t value = number(&t, entry + 8, type == LONG ? 4 : 2);
        bool fits = (type == SHORT || type == LONG) && count == 1 && value >= 1 && value <= 8;
        return fits ? (int)value : 1;
    }
    return 1;
}
