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
#define FOLD_RUN 0xff
#define RUN_BACK 16    /* bytes that a run before the window has mostly at most */
#define CROWD_BITS 1.5 /* that a window must be rarer to be taken though one more has it */

/* A literal in its bucket. Beside the window more bytes are kept, made small, which tell most of
 * those apart that have the window in common: some of the part that the window is in, and two each
 * that stand behind the run that ends it, and before the one that begins it. */
struct entry {
	uint32_t window;
	uint32_t literal;
	uint32_t more;		      /* 0: none */
	uint16_t next, next_mask;     /* mask 0: nothing stands there */
	uint16_t before, before_mask; /* likewise, the nearest byte in the lower half */
	int8_t more_at;		      /* where they stand, from the window */
	unsigned char left, right;    /* bytes of the part before the window, and from there on */
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

/* Each byte of a literal is text[i] | fold[i] of the text. Where fold[i] is FOLD_RUN stands a run
 * of bytes that are no ASCII letters or digits, of at least text[i] bytes (0 or 1). */
struct literal_text {
	unsigned char n, window; /* length, and where in it the window begins */
	unsigned short back;	 /* bytes of text from its begin to the window, mostly at most */
	unsigned char from, to;	 /* the part around the window that has no runs */
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
		bool run = f.units[i] >= FACTOR_MARKS;

		to->text[i] = run ? f.units[i] == FACTOR_MARKS : (unsigned char)f.units[i];
		to->fold[i] = run ? FOLD_RUN : f.units[i] & FACTOR_FOLD ? 0x20 : 0;
	}
}

/* The end of the part without runs that begins at from. */
static size_t
part_end(const struct literal_text *l, size_t from)
{
	while (from < l->n && l->fold[from] != FOLD_RUN)
		from++;
	return from;
}

/* The length of a literal's window: three if nowhere four bytes stand side by side. */
static size_t
window_length(const struct literal_text *l)
{
	size_t longest = 0;

	for (size_t from = 0, to; from < l->n; from = to + 1) {
		to = part_end(l, from);
		longest = to - from > longest ? to - from : longest;
	}
	return longest < WINDOW ? longest : WINDOW;
}

static uint32_t
window_at(const struct table *t, const struct literal_text *l, size_t at)
{
	unsigned char bytes[WINDOW] = { 0 };

	memcpy(bytes, l->text + at, at + WINDOW <= l->n ? WINDOW : l->n - at);
	return (load(bytes) | SMALL) & t->mask;
}

/* Choose the window of a literal: a rare one that few others have. crowd counts by hash. */
static void
choose_window(const struct table *t, struct literal_text *l, const uint16_t *units, uint32_t *crowd)
{
	size_t length = window_length(l);
	double best = -1e9;

	for (size_t from = 0, to; from < l->n; from = to + 1) {
		to = part_end(l, from);
		for (size_t at = from; at + length <= to; at++) {
			uint32_t others = crowd[hash(window_at(t, l, at)) >> t->shift];
			double bits =
			    required_bits(units + at, length, -1) - CROWD_BITS * log2(1.0 + others);

			if (bits <= best)
				continue;
			best = bits;
			l->window = (unsigned char)at;
			l->from = (unsigned char)from;
			l->to = (unsigned char)to;
		}
	}
	crowd[hash(window_at(t, l, l->window)) >> t->shift]++;
	l->back = l->window;
	for (size_t i = 0; i < l->window; i++)
		l->back += l->fold[i] == FOLD_RUN ? RUN_BACK - 1 : 0;
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

/* Two bytes of a literal, from a place away from the window; *mask tells which there are. */
static uint16_t
two_bytes(const struct literal_text *l, int at, int step, uint16_t *mask)
{
	uint16_t two = 0;

	*mask = 0;
	for (int i = 0; i < 2; i++, at += step) {
		if (at < 0 || at >= l->n || l->fold[at] == FOLD_RUN)
			break;
		two |= (uint16_t)((l->text[at] | 0x20u) << 8 * i);
		*mask |= (uint16_t)(0xffu << 8 * i);
	}
	return two;
}

/* A literal as an entry. */
static struct entry
entry_of(const struct table *t, const struct literal_text *l, size_t number)
{
	struct entry e = {
		.window = window_at(t, l, l->window),
		.literal = (uint32_t)number,
		.left = (unsigned char)(l->window - l->from),
		.right = (unsigned char)(l->to - l->window),
	};

	if (l->to - l->from > WINDOW) {
		/* as far from the window as they can be */
		size_t at = e.right - WINDOW > e.left ? (size_t)(l->to - WINDOW) : l->from;

		e.more = window_at(t, l, at);
		e.more_at = (int8_t)((int)at - l->window);
	}
	e.next = two_bytes(l, l->to + 1, 1, &e.next_mask);
	e.before = two_bytes(l, l->from - 2, -1, &e.before_mask);
	return e;
}

/* Put the literals of one length of window into their table. */
static bool
table_build(struct literals *l, struct table *t, const struct factor *v)
{
	size_t length = t == &l->tables[0] ? WINDOW : WINDOW - 1, n = 0, nbuckets;
	uint32_t *crowd;

	for (size_t i = 0; i < l->n; i++)
		n += window_length(&l->v[i]) == length;
	memset(&t->mask, 0xff, length);
	if (n == 0)
		return true;
	if (!table_alloc(t, n) || (crowd = calloc(1u << (32 - t->shift), sizeof(*crowd))) == NULL)
		return false;
	nbuckets = (size_t)1 << (32 - t->shift - BUCKET_SHARE);
	for (size_t i = 0; i < l->n; i++) {
		if (window_length(&l->v[i]) != length)
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
		if (window_length(&l->v[i]) != length)
			continue;

		struct entry e = entry_of(t, &l->v[i], i);

		t->entries[t->buckets[(hash(e.window) >> t->shift >> BUCKET_SHARE) + 1]++] = e;
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
	bool placed;
	unsigned shift; /* of a place, to be its block */
	struct places *seen;
	uint32_t *found;
	size_t nfound;
};

/* Compare a literal with the text from one place on. */
static bool
stands_forward(const struct scan *s, const struct literal_text *l, size_t i, size_t at)
{
	for (; i < l->n; i++) {
		size_t run = at;

		if (l->fold[i] != FOLD_RUN) {
			if (at >= s->n || (s->p[at++] | l->fold[i]) != l->text[i])
				return false;
			continue;
		}
		while (at < s->n && !required_is_word(s->p[at]))
			at++;
		if (at - run < l->text[i])
			return false;
	}
	return true;
}

/* Compare what comes before place i of a literal with what comes before a place of the text; *begin
 * is where it begins. */
static bool
stands_backward(
    const struct scan *s, const struct literal_text *l, size_t i, size_t at, size_t *begin)
{
	while (i-- > 0) {
		size_t run = at;

		if (l->fold[i] != FOLD_RUN) {
			if (at == 0 || (s->p[--at] | l->fold[i]) != l->text[i])
				return false;
			continue;
		}
		while (at > 0 && !required_is_word(s->p[at - 1]))
			at--;
		if (run - at < l->text[i])
			return false;
	}
	*begin = at;
	return true;
}

/* The two bytes behind a run, made small. */
static uint16_t
behind_run(const struct scan *s, size_t at)
{
	uint16_t two = 0;

	while (at < s->n && !required_is_word(s->p[at]))
		at++;
	for (int i = 0; i < 2 && at < s->n; i++)
		two |= (uint16_t)((s->p[at++] | 0x20u) << 8 * i);
	return two;
}

/* The two bytes before a run, the nearest in the lower half. */
static uint16_t
before_run(const struct scan *s, size_t at)
{
	uint16_t two = 0;

	while (at > 0 && !required_is_word(s->p[at - 1]))
		at--;
	for (int i = 0; i < 2 && at > 0; i++)
		two |= (uint16_t)((s->p[--at] | 0x20u) << 8 * i);
	return two;
}

/* What stands beyond the part of a literal that was asked about last. */
struct beyond {
	int left, right;
	uint16_t before, next;
};

/* True if the bytes beyond an entry's part are the text's. Its neighbours mostly ask the same. */
static bool
fits(const struct scan *s, const struct entry *e, size_t at, struct beyond *b)
{
	if (e->next_mask != 0 && b->right != e->right) {
		b->right = e->right;
		b->next = behind_run(s, at + e->right);
	}
	if (((b->next ^ e->next) & e->next_mask) != 0)
		return false;
	if (e->before_mask != 0 && b->left != e->left) {
		b->left = e->left;
		b->before = before_run(s, at - e->left);
	}
	return ((b->before ^ e->before) & e->before_mask) == 0;
}

/* Note a literal whose window stands at a place. */
static void
note(struct scan *s, uint32_t number, size_t begin, size_t at)
{
	struct places *seen = &s->seen[number];

	if (places_are_none(seen))
		s->found[s->nfound++] = number;
	if (s->placed && at - begin <= s->literals->v[number].back)
		bits_add(seen->v, at >> s->shift);
	else
		places_fill(seen);
}

/* Compare the literals whose window may stand at a place. */
static __attribute__((noinline)) void
look(struct scan *s, const struct table *t, uint32_t window, uint32_t index, size_t at)
{
	const struct entry *e = &t->entries[t->buckets[index >> BUCKET_SHARE]];
	const struct entry *end = &t->entries[t->buckets[(index >> BUCKET_SHARE) + 1]];
	struct beyond b = { -1, -1, 0, 0 };

	for (; e < end; e++) {
		uint32_t n = e->literal;
		const struct literal_text *l;
		size_t begin;

		if (e->window != window || at < e->left || s->n - at < e->right)
			continue;
		if (e->more != 0 && (load(s->p + at + e->more_at) | SMALL) != e->more)
			continue;
		if (!fits(s, e, at, &b) || bits_has(s->seen[n].v, at >> s->shift))
			continue;
		l = &s->literals->v[n];
		if (stands_forward(s, l, l->window, at) &&
		    stands_backward(s, l, l->window, at, &begin))
			note(s, n, begin, at);
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

/* Note those in a text. */
void
literals_scan(const struct literals *l, struct slice text, bool placed, struct places *seen,
    uint32_t *found, size_t *nfound)
{
	struct scan s = { l, (const unsigned char *)text.p, text.n, placed, places_shift(text.n),
		seen, found, *nfound };

	for (size_t i = 0; i < 2; i++)
		table_scan(&s, &l->tables[i]);
	*nfound = s.nfound;
}

/* Bytes from a literal's begin to where it is noted. */
size_t
literals_back(const struct literals *l, size_t literal)
{
	return l->v[literal].back;
}
