/* digest.h - a SHA-256 as text. */
#ifndef DV_DIGEST_H
#define DV_DIGEST_H

enum { DV_DIGEST_TEXT_MAX = 65 }; /* 64 hexadecimal digits and a NUL */

#endif
