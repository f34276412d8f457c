#include "rounds.h"

#include <stdlib.h>

int rounds(int usual)
{
    return getenv("DV_LONG") ? 20 * usual : usual;
}
