/*
 * literals.c - which of many short texts are in a text
 *
 * Of each literal one window of four bytes (three if it has no more) is looked for, the rarest. At
 * each place of the text the bytes that stand there, made small, are hashed, and one bit of a table
 * that fits the nearest cache says whether a window can begin there: nothing waits for anything, as
 * it would in an automaton that goes from state to state. Where one can, the literals with that
 * window are compared. Making small is setting one bit of each byte: it mixes up some bytes that
 * are no letters, which the comparison tells apart.
 *
 * A sender who knows the literals can write a text that is all windows and no literals. What each
 * place then costs is the number of literals that share a window, so these are spread over all that
 * a literal has.
 */
#include "match/literals.h"

#include "base/limits.h"

#include <math.h>
#include <stdlib.h>

#define SMALL 0x20202020u
#define WINDOW 4
#define FILTER_BITS_MIN 12 /* of the table's size, in bits: 512 bytes */
#define FILTER_BITS_MAX 20
#define FILTER_SHARE 4 /* a literal has 2 to this power bits in the table */
#define BUCKET_SHARE 3 /* and so many of them are one bucket */
#define CROWD_BITS 1.5 /* that a window must be rarer to be taken though one more has it */

/* A literal in its bucket. */
struct entry {
	uint32_t window;
	uint32_t literal;
};

/* Literals whose windows are of one length. */
struct table {
	uint32_t mask;	/* bytes of a window that count */
	unsigned shift; /* of a hash that is to be an index of the filter */
	uint64_t *filter;
	uint32_t *buckets; /* where each begins in entries, and where the last one ends */
	struct entry *entries;
	size_t n;
};

/* A literal's bytes are text[i] | fold[i] of the text. */
struct literal_text {
	unsigned char n, window; /* length, and where in it the window begins */
	unsigned char text[LIMIT_FACTOR], fold[LIMIT_FACTOR];
};

struct literals {
	struct table tables[2]; /* of windows of four bytes and of three */
	struct literal_text *v;
	size_t n;
};

static inline uint32_t
load(const unsigned char *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

/* The hash of a window; its upper bits are the best. */
static inline uint32_t
hash(uint32_t window)
{
	return window * 0x9e3779b1u;
}

/* ---- building ---- */

/* A literal as bytes. */
static void
set_text(struct literal_text *to, struct factor f)
{
	to->n = (unsigned char)f.n;
	for (size_t i = 0; i < f.n; i++) {
		to->text[i] = (unsigned char)f.units[i];
		to->fold[i] = f.units[i] & FACTOR_FOLD ? 0x20 : 0;
	}
}

static uint32_t
window_at(const struct table *t, const struct literal_text *l, size_t at)
{
	unsigned char bytes[WINDOW] = { 0 };

	memcpy(bytes, l->text + at, l->n < WINDOW ? l->n : WINDOW);
	return (load(bytes) | SMALL) & t->mask;
}

/* Choose the window of a literal: a rare one that few others have. crowd counts by hash. */
static void
choose_window(const struct table *t, struct literal_text *l, const uint16_t *units, uint32_t *crowd)
{
	size_t length = l->n < WINDOW ? l->n : WINDOW;
	double best = -1e9;

	for (size_t at = 0; at + length <= l->n; at++) {
		uint32_t others = crowd[hash(window_at(t, l, at)) >> t->shift];
		double bits = required_bits(units + at, length, -1) -
		    (others > 0 ? CROWD_BITS * log2(1.0 + others) : 0);

		if (bits > best) {
			best = bits;
			l->window = (unsigned char)at;
		}
	}
	crowd[hash(window_at(t, l, l->window)) >> t->shift]++;
}

/* Room for n literals. */
static bool
table_alloc(struct table *t, size_t n)
{
	unsigned bits = FILTER_BITS_MIN;

	while (bits < FILTER_BITS_MAX && (n << FILTER_SHARE) >> bits != 0)
		bits++;
	t->shift = 32 - bits;
	t->filter = calloc(((size_t)1 << bits) / 64, sizeof(*t->filter));
	t->buckets = calloc(((size_t)1 << (bits - BUCKET_SHARE)) + 2, sizeof(*t->buckets));
	t->entries = calloc(n + 1, sizeof(*t->entries));
	t->n = n;
	return t->filter != NULL && t->buckets != NULL && t->entries != NULL;
}

/* Put the literals of one length of window into their table. */
static bool
table_build(struct literals *l, struct table *t, const struct factor *v)
{
	bool is_long = t == &l->tables[0];
	size_t n = 0, nbuckets;
	uint32_t *crowd;

	for (size_t i = 0; i < l->n; i++)
		n += (l->v[i].n >= WINDOW) == is_long;
	memset(&t->mask, 0xff, is_long ? WINDOW : WINDOW - 1);
	if (n == 0)
		return true;
	if (!table_alloc(t, n) || (crowd = calloc(1u << (32 - t->shift), sizeof(*crowd))) == NULL)
		return false;
	nbuckets = (size_t)1 << (32 - t->shift - BUCKET_SHARE);
	for (size_t i = 0; i < l->n; i++) {
		if ((l->v[i].n >= WINDOW) != is_long)
			continue;
		choose_window(t, &l->v[i], v[i].units, crowd);

		uint32_t h = hash(window_at(t, &l->v[i], l->v[i].window)) >> t->shift;

		t->filter[h / 64] |= (uint64_t)1 << h % 64;
		t->buckets[(h >> BUCKET_SHARE) + 2]++;
	}
	free(crowd);
	for (size_t i = 2; i < nbuckets + 2; i++)
		t->buckets[i] += t->buckets[i - 1];
	for (size_t i = 0; i < l->n; i++) {
		if ((l->v[i].n >= WINDOW) != is_long)
			continue;

		uint32_t window = window_at(t, &l->v[i], l->v[i].window);
		uint32_t *end = &t->buckets[(hash(window) >> t->shift >> BUCKET_SHARE) + 1];

		t->entries[(*end)++] = (struct entry){ window, (uint32_t)i };
	}
	return true;
}

/* Build. */
struct literals *
literals_build(const struct factor *v, size_t n)
{
	struct literals *l = calloc(1, sizeof(*l));

	if (l == NULL)
		return NULL;
	l->n = n;
	l->v = calloc(n + 1, sizeof(*l->v));
	for (size_t i = 0; i < n && l->v != NULL; i++)
		set_text(&l->v[i], v[i]);
	if (l->v == NULL || !table_build(l, &l->tables[0], v) ||
	    !table_build(l, &l->tables[1], v)) {
		literals_free(l);
		return NULL;
	}
	return l;
}

void
literals_free(struct literals *l)
{
	if (l == NULL)
		return;
	for (size_t i = 0; i < 2; i++) {
		free(l->tables[i].filter);
		free(l->tables[i].buckets);
		free(l->tables[i].entries);
	}
	free(l->v);
	free(l);
}

/* Bytes of memory. */
size_t
literals_size(const struct literals *l)
{
	size_t size = sizeof(*l) + l->n * sizeof(*l->v);

	for (size_t i = 0; i < 2; i++)
		if (l->tables[i].n > 0)
			size += ((size_t)1 << (32 - l->tables[i].shift)) / 8 +
			    ((size_t)4 << (32 - l->tables[i].shift - BUCKET_SHARE)) +
			    l->tables[i].n * sizeof(struct entry);
	return size;
}

/* ---- scanning ---- */

struct scan {
	const struct literals *literals;
	const unsigned char *p;
	size_t n;
	uint64_t *seen;
	uint32_t *found;
	size_t nfound;
};

/* True if a literal stands where its window does. */
static bool
stands(const struct scan *s, const struct literal_text *l, size_t at)
{
	const unsigned char *p;

	if (at < l->window || s->n - (at - l->window) < l->n)
		return false;
	p = s->p + (at - l->window);
	for (size_t i = 0; i < l->n; i++)
		if ((p[i] | l->fold[i]) != l->text[i])
			return false;
	return true;
}

/* Compare the literals whose window may stand at a place. */
static __attribute__((noinline)) void
look(struct scan *s, const struct table *t, uint32_t window, uint32_t index, size_t at)
{
	uint32_t end = t->buckets[(index >> BUCKET_SHARE) + 1];

	for (uint32_t i = t->buckets[index >> BUCKET_SHARE]; i < end; i++) {
		uint32_t n = t->entries[i].literal;

		if (t->entries[i].window != window || s->seen[n / 64] >> n % 64 & 1 ||
		    !stands(s, &s->literals->v[n], at))
			continue;
		s->seen[n / 64] |= (uint64_t)1 << n % 64;
		s->found[s->nfound++] = n;
	}
}

/* Look at n places from one on; WINDOW bytes of p can be read at each. */
static void
places(struct scan *s, const struct table *t, const unsigned char *p, size_t n, size_t at)
{
	uint32_t mask = t->mask;
	unsigned shift = t->shift;
	const uint64_t *filter = t->filter;

	for (size_t i = 0; i < n; i++) {
		uint32_t window = (load(p + i) | SMALL) & mask;
		uint32_t index = hash(window) >> shift;

		if (__builtin_expect(filter[index / 64] >> index % 64 & 1, 0))
			look(s, t, window, index, at + i);
	}
}

/* Look for the literals of one table. */
static void
table_scan(struct scan *s, const struct table *t)
{
	size_t all = s->n >= WINDOW ? s->n - (WINDOW - 1) : 0, rest = s->n - all;
	unsigned char tail[2 * WINDOW] = { 0 };

	if (t->n == 0)
		return;
	places(s, t, s->p, all, 0);
	/* a window of three bytes can stand where four can't be read */
	if (t == &s->literals->tables[0] || rest < WINDOW - 1)
		return;
	memcpy(tail, s->p + all, rest);
	places(s, t, tail, rest - (WINDOW - 2), all);
}

/* Note those in the text. */
void
literals_scan(
    const struct literals *l, struct slice text, uint64_t *seen, uint32_t *found, size_t *nfound)
{
	struct scan s = { l, (const unsigned char *)text.p, text.n, seen, found, *nfound };

	for (size_t i = 0; i < 2; i++)
		table_scan(&s, &l->tables[i]);
	*nfound = s.nfound;
}
