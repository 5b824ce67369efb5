/*
 * cases.h - the other cases of a character, as PCRE2 sees them
 *
 * What Unicode and the build of PCRE2 make of a letter is not known better than by asking it.
 * Answers are kept. Not for two threads at once.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CASES_KELVIN 0x212au /* the Kelvin sign, a case of k in UTF mode */
#define CASES_LONG_S 0x17fu  /* the long s, a case of s */
#define CASES_MAX 8	     /* cases of one character: with more, none are told */

struct cases;

struct cases *cases_new(void);
void cases_free(struct cases *c);

/* All that match a character without case, itself too, in ascending order. Their number; 0 if it
 * can't be told. utf as in PATTERN_UTF. */
size_t cases_of(struct cases *c, uint32_t character, bool utf, uint32_t out[CASES_MAX]);
