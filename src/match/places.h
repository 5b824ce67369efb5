/*
 * places.h - where in a text a match may begin
 *
 * A text is seen as up to PLACES_BLOCKS blocks of one size; a set of places is a bit for each. So
 * it is never exact, but small, whatever the text's length.
 */
#pragma once

#include "base/bits.h"

#include <string.h>

#define PLACES_BLOCKS 256
#define PLACES_BLOCK_MIN 4 /* bits: blocks have 16 bytes at least */

struct places {
	uint64_t v[BITS_WORDS(PLACES_BLOCKS)];
};

/* The block of place p of a text of n bytes is p >> places_shift(n); place n has one, too. */
static inline unsigned
places_shift(size_t n)
{
	unsigned shift = PLACES_BLOCK_MIN;

	while (n >> shift >= PLACES_BLOCKS)
		shift++;
	return shift;
}

/* All places. */
static inline void
places_fill(struct places *p)
{
	memset(p, 0xff, sizeof(*p));
}

static inline void
places_add(struct places *p, const struct places *more)
{
	for (size_t i = 0; i < BITS_WORDS(PLACES_BLOCKS); i++)
		p->v[i] |= more->v[i];
}

static inline void
places_keep(struct places *p, const struct places *those)
{
	for (size_t i = 0; i < BITS_WORDS(PLACES_BLOCKS); i++)
		p->v[i] &= those->v[i];
}

static inline bool
places_are_none(const struct places *p)
{
	uint64_t any = 0;

	for (size_t i = 0; i < BITS_WORDS(PLACES_BLOCKS); i++)
		any |= p->v[i];
	return any == 0;
}

/* Take the blocks up to n before each one in. */
void places_reach_back(struct places *p, size_t n);

/* The next places side by side from *block on: the first and the last one, of a text of n bytes.
 * *block moves on. False if there are no more. */
bool places_next(const struct places *p, size_t n, unsigned *block, size_t *from, size_t *to);
