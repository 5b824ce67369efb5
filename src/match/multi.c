/*
 * multi.c - which of many patterns are worth asking PCRE2 about
 *
 * Each pattern is taken apart into the texts that a match must have (required.h), and all of these
 * are looked for at once (literals.h). A literal that is found points to the clauses that it
 * fulfils; a pattern whose clauses are all fulfilled is a candidate. So a scan costs the text, and
 * what is found in it: patterns of which nothing is found cost nothing.
 */
#include "match/multi.h"

#include "base/limits.h"
#include "match/literals.h"
#include "match/pattern.h"

#include <stdlib.h>

#define HASH_NONFATAL_OOM 1
#define uthash_nonfatal_oom(e) ((e)->kept = false)
#include <uthash.h>

/* A clause that a literal fulfils. */
struct use {
	uint32_t pattern;
	uint8_t clause; /* a bit */
};

struct multi {
	size_t n;	  /* patterns */
	uint8_t *wanted;  /* clauses of each, as bits; 0: always a candidate */
	uint32_t *always; /* these */
	size_t nalways;
	bool kelvin; /* see struct required */
	struct literals *literals;
	size_t nliterals;
	uint32_t *first_use; /* of each literal in uses, and where the last one's end */
	struct use *uses;
};

static size_t
words_of(size_t bits)
{
	return (bits + 63) / 64;
}

/* ---- building ---- */

/* A literal while building. */
struct entry {
	UT_hash_handle hh;
	struct factor factor;
	uint32_t number;
	bool kept;
};

/* That the literal fulfils a clause. */
struct link {
	uint32_t literal;
	struct use use;
};

struct builder {
	struct multi *multi;
	struct arena arena; /* what is kept while building */
	struct arena one;   /* for one pattern */
	struct cases *cases;
	struct entry *table;
	struct factor *factors; /* by number */
	size_t nfactors, factor_room;
	struct link *links;
	size_t nlinks, link_room;
	bool failed;
};

/* Room for one more. */
static void *
grow(struct builder *b, void *v, size_t n, size_t *room, size_t size)
{
	void *more;

	if (n < *room)
		return v;
	more = reallocarray(v, *room == 0 ? 64 : 2 * *room, size);
	b->failed |= more == NULL;
	if (more == NULL)
		return v;
	*room = *room == 0 ? 64 : 2 * *room;
	return more;
}

/* Keep a new literal; NULL on lack of memory. */
static struct entry *
keep(struct builder *b, struct factor f, unsigned hash)
{
	struct entry *e = arena_alloc(&b->arena, sizeof(*e));
	uint16_t *units = arena_alloc(&b->arena, f.n * sizeof(*units));

	b->factors = grow(b, b->factors, b->nfactors, &b->factor_room, sizeof(*b->factors));
	if (e == NULL || units == NULL || b->failed)
		return NULL;
	memcpy(units, f.units, f.n * sizeof(*units));
	*e = (struct entry){
		.factor = { units, f.n }, .number = (uint32_t)b->nfactors, .kept = true
	};
	HASH_ADD_KEYPTR_BYHASHVALUE(hh, b->table, units, f.n * sizeof(*units), hash, e);
	if (!e->kept)
		return NULL;
	b->factors[b->nfactors++] = e->factor;
	return e;
}

/* Note that a literal fulfils a clause. */
static void
add_use(struct builder *b, struct factor f, struct use use)
{
	struct entry *e = NULL;
	unsigned hash;

	HASH_VALUE(f.units, f.n * sizeof(*f.units), hash);
	HASH_FIND_BYHASHVALUE(hh, b->table, f.units, f.n * sizeof(*f.units), hash, e);
	if (e == NULL)
		e = keep(b, f, hash);
	b->links = grow(b, b->links, b->nlinks, &b->link_room, sizeof(*b->links));
	b->failed |= e == NULL;
	if (!b->failed)
		b->links[b->nlinks++] = (struct link){ e->number, use };
}

/* Add a pattern. One whose form is not understood is always a candidate. */
static void
add_pattern(struct builder *b, uint32_t number, const struct multi_pattern *p)
{
	const struct node *tree = syntax_tree(p->re, p->flags, b->cases, &b->one);
	struct required r = { .n = 0 };
	struct multi *m = b->multi;

	if (tree == NULL || !required_find(tree, p->flags & PATTERN_UTF, &b->one, &r))
		r.n = 0;
	for (size_t i = 0; i < r.n; i++) {
		struct use use = { number, (uint8_t)(1u << i) };

		m->wanted[number] |= use.clause;
		for (size_t k = 0; k < r.v[i].n && !b->failed; k++)
			add_use(b, r.v[i].v[k], use);
	}
	if (r.n == 0)
		m->always[m->nalways++] = number;
	m->kelvin |= r.kelvin;
	arena_reset(&b->one);
}

/* Order the uses by literal. */
static void
set_uses(struct builder *b)
{
	struct multi *m = b->multi;

	m->nliterals = b->nfactors;
	m->first_use = calloc(b->nfactors + 2, sizeof(*m->first_use));
	m->uses = calloc(b->nlinks + 1, sizeof(*m->uses));
	if (m->first_use == NULL || m->uses == NULL) {
		b->failed = true;
		return;
	}
	for (size_t i = 0; i < b->nlinks; i++)
		m->first_use[b->links[i].literal + 2]++;
	for (size_t i = 2; i < b->nfactors + 2; i++)
		m->first_use[i] += m->first_use[i - 1];
	for (size_t i = 0; i < b->nlinks; i++)
		m->uses[m->first_use[b->links[i].literal + 1]++] = b->links[i].use;
}

/* Build. */
struct multi *
multi_build(const struct multi_pattern *v, size_t n)
{
	struct multi *m = calloc(1, sizeof(*m));
	struct builder b = { .multi = m, .cases = cases_new() };

	if (m == NULL || b.cases == NULL) {
		cases_free(b.cases);
		free(m);
		return NULL;
	}
	arena_init(&b.arena, 0);
	arena_init(&b.one, 0);
	m->n = n;
	m->wanted = calloc(n + 1, sizeof(*m->wanted));
	m->always = calloc(n + 1, sizeof(*m->always));
	b.failed = m->wanted == NULL || m->always == NULL;
	for (size_t i = 0; i < n && !b.failed; i++)
		add_pattern(&b, (uint32_t)i, &v[i]);
	if (!b.failed)
		set_uses(&b);
	if (!b.failed)
		m->literals = literals_build(b.factors, b.nfactors);
	HASH_CLEAR(hh, b.table);
	free(b.factors);
	free(b.links);
	arena_free(&b.arena);
	arena_free(&b.one);
	cases_free(b.cases);
	if (m->literals == NULL) {
		multi_free(m);
		return NULL;
	}
	return m;
}

void
multi_free(struct multi *m)
{
	if (m == NULL)
		return;
	literals_free(m->literals);
	free(m->wanted);
	free(m->always);
	free(m->first_use);
	free(m->uses);
	free(m);
}

/* ---- scanning ---- */

#define CHUNK 16384 /* bytes of a text that are copied at a time */

/* A scratch as one multi uses it. */
struct scan {
	const struct multi *multi;
	/* zero between two scans, whichever multi they are of */
	uint64_t *seen;	 /* literals, as bits */
	uint64_t *set;	 /* candidates, as bits */
	uint64_t *words; /* words of set that are not zero, as bits */
	uint8_t *got;	 /* clauses of each pattern that are fulfilled, as bits */
	/* lists */
	uint32_t *found; /* literals */
	uint32_t *ids;	 /* candidates */
	size_t nfound;
};

/* Make a piece of memory large enough; it is zeroed then. */
static bool
fit(void **memory, size_t *size, size_t wanted)
{
	if (*size >= wanted)
		return true;
	free(*memory);
	*memory = calloc(1, wanted);
	*size = *memory != NULL ? wanted : 0;
	return *memory != NULL;
}

/* Lay a scratch out. False on lack of memory. */
static bool
lay_out(const struct multi *m, struct multi_scratch *s, struct scan *out)
{
	size_t seen = words_of(m->nliterals), set = words_of(m->n), words = words_of(set);
	uint64_t *zero;

	if (!fit(&s->zero, &s->zero_size, (seen + set + words) * sizeof(*zero) + m->n) ||
	    !fit(&s->lists, &s->lists_size, (m->nliterals + m->n) * sizeof(uint32_t)))
		return false;
	zero = s->zero;
	*out = (struct scan){
		.multi = m,
		.seen = zero,
		.set = zero + seen,
		.words = zero + seen + set,
		.got = (uint8_t *)(zero + seen + set + words),
		.found = s->lists,
		.ids = (uint32_t *)s->lists + m->nliterals,
	};
	return true;
}

/* Add a pattern to the set. */
static void
set_put(struct scan *s, uint32_t pattern)
{
	uint32_t word = pattern / 64;

	s->set[word] |= (uint64_t)1 << pattern % 64;
	s->words[word / 64] |= (uint64_t)1 << word % 64;
}

/* True if a text has a character that without case is a k or an s, in UTF-8. */
static bool
has_kelvin(struct slice text)
{
	const char *end = text.p + text.n, *p;

	for (p = text.p; (p = memchr(p, 0xc5, (size_t)(end - p))) != NULL; p++)
		if (end - p > 1 && p[1] == '\xbf')
			return true;
	for (p = text.p; (p = memchr(p, 0x84, (size_t)(end - p))) != NULL; p++)
		if (p > text.p && p[-1] == '\xe2' && end - p > 1 && p[1] == '\xaa')
			return true;
	return false;
}

/* Copy from a text up to CHUNK bytes with k and s in place of the characters that are theirs
 * without case. Returns how much of the text that took. */
static size_t
copy_folded(struct slice text, char *to, size_t *n)
{
	size_t i = 0;

	while (i < text.n && *n < CHUNK) {
		if (text.n - i > 1 && memcmp(text.p + i, "\xc5\xbf", 2) == 0) {
			to[(*n)++] = 's';
			i += 2;
		} else if (text.n - i > 2 && memcmp(text.p + i, "\xe2\x84\xaa", 3) == 0) {
			to[(*n)++] = 'k';
			i += 3;
		} else
			to[(*n)++] = text.p[i++];
	}
	return i;
}

/* Look for literals in a copy of the text in which the Kelvin sign is a k and the long s an s. */
static void
scan_folded(struct scan *s, struct slice text)
{
	char chunk[CHUNK];
	size_t n = 0, kept;

	while (text.n > 0) {
		size_t taken = copy_folded(text, chunk, &n);

		text = slice_of(text.p + taken, text.n - taken);
		literals_scan(
		    s->multi->literals, slice_of(chunk, n), s->seen, s->found, &s->nfound);
		/* what a literal across the end has of this chunk at most */
		kept = n < LIMIT_FACTOR ? n : LIMIT_FACTOR;
		memmove(chunk, chunk + n - kept, kept);
		n = kept;
	}
}

/* Follow the literals that were found to the patterns. */
static void
follow(struct scan *s)
{
	const struct multi *m = s->multi;

	for (size_t i = 0; i < s->nfound; i++) {
		uint32_t literal = s->found[i], end = m->first_use[literal + 1];

		for (uint32_t k = m->first_use[literal]; k < end; k++) {
			const struct use *use = &m->uses[k];
			uint8_t *got = &s->got[use->pattern];

			*got |= use->clause;
			if (*got == m->wanted[use->pattern])
				set_put(s, use->pattern);
		}
	}
}

/* Make all zero again that literals touched. */
static void
clean(struct scan *s)
{
	const struct multi *m = s->multi;

	for (size_t i = 0; i < s->nfound; i++) {
		uint32_t literal = s->found[i], end = m->first_use[literal + 1];

		s->seen[literal / 64] = 0;
		for (uint32_t k = m->first_use[literal]; k < end; k++)
			s->got[m->uses[k].pattern] = 0;
	}
}

/* List the set and empty it. */
static size_t
list_set(struct scan *s)
{
	size_t n = 0, nwords = words_of(words_of(s->multi->n));

	for (size_t i = 0; i < nwords; i++) {
		for (; s->words[i] != 0; s->words[i] &= s->words[i] - 1) {
			size_t word = 64 * i + (size_t)__builtin_ctzll(s->words[i]);

			for (; s->set[word] != 0; s->set[word] &= s->set[word] - 1)
				s->ids[n++] =
				    (uint32_t)(64 * word + (size_t)__builtin_ctzll(s->set[word]));
		}
	}
	return n;
}

/* Scan a text. */
bool
multi_scan(const struct multi *m, struct slice text, struct multi_scratch *scratch,
    const uint32_t **ids, size_t *n)
{
	struct scan s;

	if (!lay_out(m, scratch, &s))
		return false;
	if (text.n > 0)
		literals_scan(m->literals, text, s.seen, s.found, &s.nfound);
	if (text.n > 0 && m->kelvin && has_kelvin(text))
		scan_folded(&s, text);
	follow(&s);
	clean(&s);
	for (size_t i = 0; i < m->nalways; i++)
		set_put(&s, m->always[i]);
	*n = list_set(&s);
	*ids = s.ids;
	return true;
}

void
multi_scratch_free(struct multi_scratch *s)
{
	free(s->zero);
	free(s->lists);
	*s = (struct multi_scratch){ .zero = NULL };
}
