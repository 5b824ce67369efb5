/*
 * literals_scan.c - one pass over a text
 *
 * Where a window may begin, the literals of its bucket are compared: in each group the key that the
 * text has there is searched for. What that costs is counted, since a sender can make it much: then
 * the crowded buckets are given up, and in the end the text is.
 */
#include "match/literals_in.h"

#define WORK_FREE 65536 /* entries compared, or as much, that a text may cost */
#define WORK_SHARE 16	/* and for each byte; then crowded buckets are given up */
#define WORK_MORE 2	/* times that, and the text is */
#define CROWDED 16	/* entries of a bucket that is */
#define RUN_SHARE 8	/* bytes of a run that cost as much as one */
#define SEARCH_WORK 4	/* what a search in a group costs */

struct scan {
	const struct literals *literals;
	const unsigned char *p;
	size_t n;
	bool placed;
	unsigned shift; /* of a place, to be its block */
	struct places *seen;
	uint32_t *found;
	size_t nfound;
	size_t work;	      /* done */
	size_t allowed;	      /* before something is given up */
	bool crowded_are_out; /* crowded buckets are not looked at any more */
	bool out;	      /* the text isn't */
};

/* Compare a literal with the text from one place on. */
static bool
stands_forward(struct scan *s, const struct literal_text *l, size_t i, size_t at)
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
		s->work += (at - run) / RUN_SHARE;
		if (at - run < l->text[i])
			return false;
	}
	return true;
}

/* Compare what comes before place i of a literal with what comes before a place of the text; *begin
 * is where it begins. */
static bool
stands_backward(struct scan *s, const struct literal_text *l, size_t i, size_t at, size_t *begin)
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
		s->work += (run - at) / RUN_SHARE;
		if (run - at < l->text[i])
			return false;
	}
	*begin = at;
	return true;
}

/* The two bytes behind a run, made small. */
static uint16_t
behind_run(struct scan *s, size_t at)
{
	size_t run = at;
	uint16_t two = 0;

	while (at < s->n && !required_is_word(s->p[at]))
		at++;
	s->work += (at - run) / RUN_SHARE;
	for (int i = 0; i < 2 && at < s->n; i++)
		two |= (uint16_t)((s->p[at++] | 0x20u) << 8 * i);
	return two;
}

/* The two bytes before a run, the nearest in the lower half. */
static uint16_t
before_run(struct scan *s, size_t at)
{
	size_t run = at;
	uint16_t two = 0;

	while (at > 0 && !required_is_word(s->p[at - 1]))
		at--;
	s->work += (run - at) / RUN_SHARE;
	for (int i = 0; i < 2 && at > 0; i++)
		two |= (uint16_t)((s->p[--at] | 0x20u) << 8 * i);
	return two;
}

/* What stands beyond the part of a literal that was asked about last. */
struct beyond {
	int left, right;
	uint16_t before, next;
};

/* The two bytes behind what the key has so far; before it. */
static uint16_t
next_two(struct scan *s, const struct entry *e, size_t at, struct beyond *b)
{
	if (e->next_inside)
		return (uint16_t)(s->p[at + e->right - 2] | s->p[at + e->right - 1] << 8 | 0x2020);
	if (e->next_mask != 0 && b->right != e->right) {
		b->right = e->right;
		b->next = behind_run(s, at + e->right);
	}
	return b->next & e->next_mask;
}

static uint16_t
two_before(struct scan *s, const struct entry *e, size_t at, struct beyond *b)
{
	if (e->before_inside)
		return (uint16_t)(s->p[at - e->left + 1] | s->p[at - e->left] << 8 | 0x2020);
	if (e->before_mask != 0 && b->left != e->left) {
		b->left = e->left;
		b->before = before_run(s, at - e->left);
	}
	return b->before & e->before_mask;
}

/* The key that the text has at a place for a group whose four bytes are right. */
static uint64_t
key_at(struct scan *s, const struct entry *e, size_t at, struct beyond *b)
{
	return literals_key(e->key >> 32, next_two(s, e, at, b), two_before(s, e, at, b));
}

/* The first of n entries whose key is not below one. */
static const struct entry *
first_from(const struct entry *e, size_t n, uint64_t key)
{
	while (n > 0) {
		if (e[n / 2].key < key) {
			e += n / 2 + 1;
			n -= n / 2 + 1;
		} else
			n /= 2;
	}
	return e;
}

/* Note a literal at all places. */
static void
note_everywhere(struct scan *s, uint32_t number)
{
	if (places_are_none(&s->seen[number]))
		s->found[s->nfound++] = number;
	places_fill(&s->seen[number]);
}

/* Note a literal whose window stands at a place. */
static void
note(struct scan *s, uint32_t number, size_t begin, size_t at)
{
	if (!s->placed || at - begin > s->literals->v[number].back) {
		note_everywhere(s, number);
		return;
	}
	if (places_are_none(&s->seen[number]))
		s->found[s->nfound++] = number;
	bits_add(s->seen[number].v, at >> s->shift);
}

/* Compare the literals of a group. */
static void
look_at_group(struct scan *s, const struct entry *e, size_t at, struct beyond *b)
{
	const struct entry *end = e + e->group;
	uint64_t key = 0;

	s->work += e->group > 1 ? SEARCH_WORK : 0;
	if (e->has_more) {
		key = (uint64_t)(literals_load(s->p + at + e->more_at) | SMALL) << 32;
		e = first_from(e, e->group, key);
		if (e == end || e->key >> 32 != key >> 32)
			return;
	}
	key = key_at(s, e, at, b);
	for (e = first_from(e, (size_t)(end - e), key); e < end && e->key == key; e++) {
		const struct literal_text *l = &s->literals->v[e->literal];
		size_t begin;

		s->work++;
		if (!bits_has(s->seen[e->literal].v, at >> s->shift) &&
		    stands_forward(s, l, l->window, at) &&
		    stands_backward(s, l, l->window, at, &begin))
			note(s, e->literal, begin, at);
	}
}

/* Note all literals of the crowded buckets of a table: any may be anywhere. */
static void
give_up_crowded(struct scan *s, const struct table *t)
{
	size_t nbuckets = t->n > 0 ? (size_t)1 << (32 - t->shift - BUCKET_SHARE) : 0;

	for (size_t i = 0; i < nbuckets; i++) {
		if (t->buckets[i + 1] - t->buckets[i] <= CROWDED)
			continue;
		for (uint32_t k = t->buckets[i]; k < t->buckets[i + 1]; k++)
			note_everywhere(s, t->entries[k].literal);
	}
}

/* Give up what costs too much. */
static void
give_up(struct scan *s)
{
	if (s->crowded_are_out) {
		s->out = true;
		return;
	}
	s->crowded_are_out = true;
	s->allowed *= WORK_MORE;
	for (size_t i = 0; i < 2; i++)
		give_up_crowded(s, &s->literals->tables[i]);
}

/* Compare the literals whose window may stand at a place. */
static __attribute__((noinline)) void
look(struct scan *s, const struct table *t, uint32_t window, uint32_t index, size_t at)
{
	const struct entry *e = &t->entries[t->buckets[index >> BUCKET_SHARE]];
	const struct entry *end = &t->entries[t->buckets[(index >> BUCKET_SHARE) + 1]];
	struct beyond b = { -1, -1, 0, 0 };

	if (s->out || (s->crowded_are_out && end - e > CROWDED))
		return;
	for (; e < end; e += e->group) {
		s->work++;
		if (e->window == window && at >= e->left && s->n - at >= e->right)
			look_at_group(s, e, at, &b);
	}
	if (s->work > s->allowed)
		give_up(s);
}

/* Look at n places from one on; WINDOW bytes of p can be read at each. */
static void
places(struct scan *s, const struct table *t, const unsigned char *p, size_t n, size_t at)
{
	uint32_t mask = t->mask;
	unsigned shift = t->shift;
	const uint64_t *filter = t->filter;

	for (size_t i = 0; i < n; i++) {
		uint32_t window = (literals_load(p + i) | SMALL) & mask;
		uint32_t index = literals_hash(window) >> shift;

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
bool
literals_scan(const struct literals *l, struct slice text, bool placed, struct places *seen,
    uint32_t *found, size_t *nfound)
{
	struct scan s = {
		.literals = l,
		.p = (const unsigned char *)text.p,
		.n = text.n,
		.placed = placed,
		.shift = places_shift(text.n),
		.seen = seen,
		.found = found,
		.nfound = *nfound,
		.allowed = WORK_FREE + WORK_SHARE * text.n,
	};

	for (size_t i = 0; i < 2; i++)
		table_scan(&s, &l->tables[i]);
	*nfound = s.nfound;
	return !s.out;
}
