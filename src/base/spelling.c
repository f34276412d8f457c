#include "base/spelling.h"

#include <ctype.h>
#include <string.h>

enum { MAX_COMPARED = 64 };

int dv_spelling_distance(const char *a, const char *b)
{
    int row[MAX_COMPARED + 1];
    int n = (int)strnlen(b, MAX_COMPARED), m = (int)strnlen(a, MAX_COMPARED);
    for (int j = 0; j <= n; j++)
        row[j] = j;
    for (int i = 1; i <= m; i++) {
        int diagonal = row[0];
        row[0] = i;
        for (int j = 1; j <= n; j++) {
            int cost = tolower((unsigned char)a[i - 1]) != tolower((unsigned char)b[j - 1]);
            int best = diagonal + cost;
            diagonal = row[j];
            if (row[j] + 1 < best)
                best = row[j] + 1;
            if (row[j - 1] + 1 < best)
                best = row[j - 1] + 1;
            row[j] = best;
        }
    }
    return row[n];
}
