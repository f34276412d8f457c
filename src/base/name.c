#include "base/name.h"

#include <string.h>

bool dv_name_check(const char *text, size_t n, const char *what, dv_error *err)
{
    if (n > DV_NAME_MAX)
        return dv_fail(err, DV_BAD_DATA, "%s has %zu bytes: %d at most", what, n, DV_NAME_MAX);
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)text[i];
        if (c < 0x20 || c == 0x7f)
            return dv_fail(err, DV_BAD_DATA, "%s holds the control character 0x%02x", what, c);
    }
    return true;
}

bool dv_name_check_inside(const char *name, dv_error *err)
{
    bool up = false;
    const char *part = name;
    do {
        part += *part == '/';
        up |= strncmp(part, "..", 2) == 0 && (part[2] == '/' || part[2] == '\0');
        part = strchr(part, '/');
    } while (part);
    if (name[0] == '\0' || name[0] == '/' || up)
        return dv_fail(err, DV_BAD_DATA, "the file '%s' is not inside the model's folder", name);
    return true;
}
