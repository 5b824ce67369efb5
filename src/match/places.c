/*
 * places.c - where in a text a match may begin
 */
#include "match/places.h"

#define WORDS BITS_WORDS(PLACES_BLOCKS)
#define STEP_MAX 63 /* blocks that a set is moved by at once */

/* Take in the blocks that are n before each one, at most STEP_MAX. */
static void
add_moved(struct places *p, unsigned n)
{
	for (size_t i = 0; i < WORDS; i++) {
		uint64_t above = i + 1 < WORDS ? p->v[i + 1] << (64 - n) : 0;

		p->v[i] |= p->v[i] >> n | above;
	}
}

void
places_reach_back(struct places *p, size_t n)
{
	size_t done = 0;

	n = n < PLACES_BLOCKS ? n : PLACES_BLOCKS;
	while (done < n) {
		size_t step = done + 1 < n - done ? done + 1 : n - done;

		step = step < STEP_MAX ? step : STEP_MAX;
		add_moved(p, (unsigned)step);
		done += step;
	}
}

bool
places_next(const struct places *p, size_t n, unsigned *block, size_t *from, size_t *to)
{
	unsigned shift = places_shift(n);
	size_t first = bits_next(p->v, *block, (n >> shift) + 1), last = first;

	if (first > n >> shift)
		return false;
	while (last < n >> shift && bits_has(p->v, last + 1))
		last++;
	*block = (unsigned)last + 1;
	*from = first << shift;
	*to = ((last + 1) << shift) - 1;
	*to = *to < n ? *to : n;
	return true;
}
