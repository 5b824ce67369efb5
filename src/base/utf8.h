/*
 * utf8.h - text that is surely valid
 */
#pragma once

#include "base/arena.h"

#include <stdint.h>

#define UTF8_BAD 0xffffffffu /* stands for no character */

/* The first character of s, which must not be empty: returns its length in bytes, *code gets its
 * code point. If s begins ill-formed, *code is UTF8_BAD and the length is that of the maximal
 * ill-formed part (at least 1). */
size_t utf8_decode(struct slice s, uint32_t *code);

/* Write a character, which is no surrogate and at most U+10FFFF; its length in bytes, 1 to 4. */
size_t utf8_encode(uint32_t code, char *to);

/* False for what must not reach a terminal, a log or a reply as it is: control characters (C0, DEL,
 * C1), line separators, marks that turn the direction of writing, UTF8_BAD. */
bool utf8_harmless(uint32_t code);

/* Display columns of a character: 0, 1 or 2; 1 for a control character and UTF8_BAD. */
unsigned utf8_width(uint32_t code);

/* True if s is well-formed UTF-8 (RFC 3629: no overlong forms, no surrogates, at most U+10FFFF). */
bool utf8_valid(struct slice s);

/* s itself if valid, else a copy in which each maximal ill-formed part is U+FFFD. Absent on lack of
 * memory. */
struct slice utf8_clean(struct arena *a, struct slice s);

/* Length in bytes of the longest prefix of s that has at most max bytes and cuts no character. */
size_t utf8_prefix(struct slice s, size_t max);
