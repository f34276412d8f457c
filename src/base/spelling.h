/* spelling.h - how far one word is from another, for "did you mean". */
#ifndef DV_BASE_SPELLING_H
#define DV_BASE_SPELLING_H

/* Levenshtein distance of the first 64 bytes of both, upper and lower case being the same. */
int dv_spelling_distance(const char *a, const char *b);

#endif
