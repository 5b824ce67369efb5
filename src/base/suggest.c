/*
 * suggest.c - "did you mean"
 *
 * The distance is that of optimal string alignment: insertions, deletions, replacements and swaps
 * of neighbours, no part edited twice.
 */
#include "base/suggest.h"

#include "base/limits.h"

#define MAX_EDITS 3

static unsigned
min2(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

/* Edits between two words of at most LIMIT_NAME bytes, without case. */
static unsigned
edits(struct slice a, struct slice b)
{
	/* the three last rows of the table; row i, column j: the first i bytes of a, j of b */
	unsigned rows[3][LIMIT_NAME + 1];
	unsigned *before = rows[0], *last = rows[1], *row = rows[2];

	for (size_t j = 0; j <= b.n; j++)
		last[j] = (unsigned)j;
	for (size_t i = 1; i <= a.n; i++) {
		unsigned char ca = ascii_lower(a.p[i - 1]);

		row[0] = (unsigned)i;
		for (size_t j = 1; j <= b.n; j++) {
			unsigned char cb = ascii_lower(b.p[j - 1]);

			row[j] = min2(last[j], row[j - 1]) + 1;
			row[j] = min2(row[j], last[j - 1] + (ca != cb));
			if (i > 1 && j > 1 && ca == ascii_lower(b.p[j - 2]) &&
			    cb == ascii_lower(a.p[i - 2]))
				row[j] = min2(row[j], before[j - 2] + 1);
		}

		unsigned *oldest = before;

		before = last;
		last = row;
		row = oldest;
	}
	return last[b.n];
}

/* Begin a search. */
void
suggest_begin(struct suggest *s, struct slice word)
{
	unsigned near = word.n / 3 < MAX_EDITS ? (unsigned)(word.n / 3) : MAX_EDITS;

	*s = (struct suggest){ .word = word, .distance = near + 1 };
}

/* Offer a candidate; the first of several equally near ones stays. */
void
suggest_offer(struct suggest *s, struct slice candidate)
{
	if (s->word.n > LIMIT_NAME || candidate.n > LIMIT_NAME)
		return;

	unsigned distance = edits(s->word, candidate);

	if (distance < s->distance) {
		s->distance = distance;
		s->best = candidate;
	}
}
