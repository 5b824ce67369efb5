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
 * place then costs are the literals that share a window, so these are spread over all that a
 * literal has, and those that share one are told apart by searching in them (literals_scan.c).
 */
#include "match/literals_in.h"

#include <math.h>
#include <stdlib.h>

#define FILTER_BITS_MIN 12 /* of the table's size, in bits: 512 bytes */
#define FILTER_BITS_MAX 20
#define FILTER_SHARE 4 /* a literal has 2 to this power bits in the table */
#define RUN_BACK 16    /* bytes that a run before the window has mostly at most */
#define CROWD_BITS 0.5 /* that a window must be rarer to be taken though twice as many have it */

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
	return (literals_load(bytes) | SMALL) & t->mask;
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

/* A literal as an entry, with its window at a place of the part that is set. */
static struct entry
entry_of(const struct table *t, const struct literal_text *l, size_t number)
{
	int behind = l->to - l->window - WINDOW, before = l->window - l->from;
	int left, right; /* bytes before the window, and from there on, that the key has so far */
	uint16_t two_behind, two_before;
	uint32_t more = 0;
	struct entry e = { .window = window_at(t, l, l->window), .literal = (uint32_t)number };

	if (behind > 0 || before > 0) {
		e.has_more = true;
		e.more_at = (int8_t)(behind >= WINDOW ? WINDOW
			: before >= WINDOW	      ? -WINDOW
			: behind > 0		      ? behind
						      : -before);
		more = window_at(t, l, (size_t)(l->window + e.more_at));
	}
	right = e.more_at > 0 ? WINDOW + e.more_at : behind < 0 ? WINDOW - 1 : WINDOW;
	left = e.more_at < 0 ? -e.more_at : 0;
	e.next_inside = l->to - l->window >= right + 2;
	e.before_inside = before >= left + 2;
	two_behind = two_bytes(l, e.next_inside ? l->window + right : l->to + 1, 1, &e.next_mask);
	two_before =
	    two_bytes(l, e.before_inside ? l->window - left - 1 : l->from - 2, -1, &e.before_mask);
	/* where the part ends makes a difference only to what is asked beyond it */
	e.right = (unsigned char)(e.next_inside ? right + 2
		: e.next_mask != 0		? l->to - l->window
						: right);
	e.left = (unsigned char)(e.before_inside ? left + 2 : e.before_mask != 0 ? before : left);
	e.key = literals_key(more, two_behind, two_before);
	return e;
}

/* A hash of what is looked for of an entry. */
static uint32_t
hash_of(const struct table *t, const struct entry *e)
{
	uint32_t key = literals_hash((uint32_t)(e->key >> 32) ^ literals_hash((uint32_t)e->key));

	return literals_hash(e->window ^ key) >> t->shift;
}

/* Choose the window of a literal: a rare one, which few others have with the same key. crowd counts
 * by hash. */
static void
choose_window(const struct table *t, struct literal_text *l, const uint16_t *units, uint32_t *crowd)
{
	size_t length = window_length(l);
	struct literal_text best = *l;
	double most = -1e9;
	uint32_t chosen = 0;

	for (size_t from = 0, to; from < l->n; from = to + 1) {
		to = part_end(l, from);
		l->from = (unsigned char)from;
		l->to = (unsigned char)to;
		for (size_t at = from; at + length <= to; at++) {
			struct entry e;
			uint32_t hash;
			double bits;

			l->window = (unsigned char)at;
			e = entry_of(t, l, 0);
			hash = hash_of(t, &e);
			bits = required_bits(units + at, length, -1) -
			    CROWD_BITS * log2(1.0 + crowd[hash]);
			if (bits <= most)
				continue;
			most = bits;
			chosen = hash;
			best = *l;
		}
	}
	crowd[chosen]++;
	*l = best;
	l->back = l->window;
	for (size_t i = 0; i < l->window; i++)
		l->back += l->fold[i] == FOLD_RUN ? RUN_BACK - 1 : 0;
}

/* The order of groups in a bucket. */
static int
compare_groups(const struct entry *x, const struct entry *y)
{
	if (x->window != y->window)
		return x->window < y->window ? -1 : 1;
	if (x->left != y->left || x->right != y->right)
		return x->left != y->left ? x->left - y->left : x->right - y->right;
	if (x->more_at != y->more_at || x->next_inside != y->next_inside)
		return x->more_at != y->more_at ? x->more_at - y->more_at
						: x->next_inside - y->next_inside;
	if (x->before_inside != y->before_inside)
		return x->before_inside - y->before_inside;
	return x->next_mask != y->next_mask ? x->next_mask - y->next_mask
					    : x->before_mask - y->before_mask;
}

static int
by_group(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;
	int order = compare_groups(x, y);

	return order != 0 ? order : (x->key > y->key) - (x->key < y->key);
}

/* Order the entries of a bucket. */
static void
order_bucket(struct entry *v, size_t n)
{
	qsort(v, n, sizeof(*v), by_group);
	for (size_t i = n; i-- > 0;) {
		bool with_next = i + 1 < n && compare_groups(&v[i], &v[i + 1]) == 0;

		v[i].group = with_next ? v[i + 1].group + 1 : 1;
	}
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

		uint32_t h = literals_hash(window_at(t, &l->v[i], l->v[i].window)) >> t->shift;

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

		t->entries[t->buckets[(literals_hash(e.window) >> t->shift >> BUCKET_SHARE) +
		    1]++] = e;
	}
	for (size_t i = 0; i < nbuckets; i++)
		if (t->buckets[i + 1] - t->buckets[i] > 0)
			order_bucket(&t->entries[t->buckets[i]], t->buckets[i + 1] - t->buckets[i]);
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

/* Bytes from a literal's begin to where it is noted. */
size_t
literals_back(const struct literals *l, size_t literal)
{
	return l->v[literal].back;
}
