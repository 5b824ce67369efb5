/*
 * multi_scan.c - one pass over a text
 *
 * A scan costs the text, and what is found in it: each literal that is found is followed to the
 * clauses that it fulfils, and what that wrote is made zero again in the end.
 */
#include "match/multi_in.h"

#include <stdlib.h>

/* A scratch as one multi uses it. */
struct scan {
	const struct multi *multi;
	const struct multi_base *base;
	/* zero between two scans, whichever multi they are of */
	struct places *seen; /* of each literal, where it is */
	uint64_t *set;	     /* candidates, as bits */
	uint64_t *words;     /* words of set that are not zero, as bits */
	uint8_t *got;	     /* clauses of each pattern that are fulfilled, as bits */
	/* lists */
	uint32_t *found;       /* literals */
	uint32_t *ids;	       /* candidates */
	struct places *places; /* of each */
	size_t nfound;
	size_t n; /* bytes of the text */
};

/* Make a piece of memory large enough; it is zeroed then. */
static bool
fit(void **memory, size_t *size, size_t wanted)
{
	if (*memory != NULL && *size >= wanted)
		return true;
	free(*memory);
	*memory = calloc(1, wanted + 1);
	*size = *memory != NULL ? wanted : 0;
	return *memory != NULL;
}

/* Lay a scratch out. False on lack of memory. */
static bool
lay_out(const struct multi *m, struct multi_scratch *s, struct scan *out)
{
	size_t set = words_of(m->n), words = words_of(set);
	struct places *seen;
	uint64_t *zero;

	if (!fit(&s->zero, &s->zero_size,
		m->nliterals * sizeof(*seen) + (set + words) * sizeof(*zero) + m->n) ||
	    !fit(&s->lists, &s->lists_size,
		m->n * sizeof(*seen) + (m->nliterals + m->n) * sizeof(uint32_t)))
		return false;
	seen = s->zero;
	zero = (uint64_t *)(seen + m->nliterals);
	*out = (struct scan){
		.multi = m,
		.seen = seen,
		.set = zero,
		.words = zero + set,
		.got = (uint8_t *)(zero + set + words),
		.places = s->lists,
		.found = (uint32_t *)((struct places *)s->lists + m->n),
	};
	out->ids = out->found + m->nliterals;
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

/* Look for literals in a copy of the text in which the Kelvin sign is a k and the long s an s. The
 * copy is whole, as a literal with marks in it may be of any length. False if any may be there. */
static bool
scan_folded(struct scan *s, struct slice text)
{
	char *copy = malloc(text.n);
	size_t n = 0;
	bool good;

	if (copy == NULL)
		return false;
	for (size_t i = 0; i < text.n; n++) {
		if (text.n - i > 1 && memcmp(text.p + i, "\xc5\xbf", 2) == 0) {
			copy[n] = 's';
			i += 2;
		} else if (text.n - i > 2 && memcmp(text.p + i, "\xe2\x84\xaa", 3) == 0) {
			copy[n] = 'k';
			i += 3;
		} else
			copy[n] = text.p[i++];
	}
	good = literals_scan(
	    s->multi->literals, slice_of(copy, n), false, s->seen, s->found, &s->nfound);
	free(copy);
	return good;
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
			if (*got == m->wanted[use->pattern] &&
			    (s->base == NULL || !m->is_weak[use->pattern]))
				set_put(s, use->pattern);
		}
	}
}

/* Where a candidate may begin: within the reach of each clause that tells. False if nowhere, or if
 * a clause is not fulfilled at all, so that it is none. */
static bool
find_places(const struct scan *s, uint32_t pattern, struct places *out)
{
	const struct multi *m = s->multi;
	uint32_t i = m->first_near[pattern], end = m->first_near[pattern + 1];
	unsigned shift = places_shift(s->n);

	if (s->got[pattern] != m->wanted[pattern])
		return false;
	places_fill(out);
	while (i < end) {
		uint8_t clause = m->nears[i].clause;
		struct places any = { .v = { 0 } };

		for (; i < end && m->nears[i].clause == clause; i++) {
			const struct near *near = &m->nears[i];
			struct places one = s->seen[near->literal];

			if (places_are_none(&one))
				continue;
			if (near->reach == NEAR_NOWHERE)
				places_fill(&one);
			else
				places_reach_back(&one, (near->reach >> shift) + 1);
			places_add(&any, &one);
		}
		places_keep(out, &any);
	}
	return !places_are_none(out);
}

/* Make all zero again that literals touched. */
static void
clean(struct scan *s)
{
	const struct multi *m = s->multi;

	for (size_t i = 0; i < s->nfound; i++) {
		uint32_t literal = s->found[i], end = m->first_use[literal + 1];

		s->seen[literal] = (struct places){ .v = { 0 } };
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

			for (; s->set[word] != 0; s->set[word] &= s->set[word] - 1) {
				s->ids[n] =
				    (uint32_t)(64 * word + (size_t)__builtin_ctzll(s->set[word]));
				n += find_places(s, s->ids[n], &s->places[n]);
			}
		}
	}
	return n;
}

/* The database found an expression. */
static void
on_found(void *data, uint32_t number)
{
	struct scan *s = data;

	set_put(s, s->base->patterns[number]);
}

/* Add the weak patterns that the database finds or does not have. All of them on lack of memory. */
static void
ask_base(struct scan *s, struct slice text, struct multi_scratch *scratch)
{
	const struct multi_base *b = s->base;
	bool all = !hyper_scan(b->hyper, text, &scratch->hyper, on_found, s);

	for (size_t i = 0; i < b->n; i++)
		if (all || b->refused[i])
			set_put(s, b->patterns[i]);
}

/* Scan a text. */
bool
multi_scan(const struct multi *m, const struct multi_base *b, struct slice text,
    struct multi_scratch *scratch, struct multi_found *found)
{
	struct scan s;
	bool good = true;

	if (!lay_out(m, scratch, &s))
		return false;
	s.base = b;
	s.n = text.n;
	if (text.n > 0)
		good = literals_scan(m->literals, text, true, s.seen, s.found, &s.nfound);
	if (text.n > 0 && good && m->kelvin && has_kelvin(text))
		good = scan_folded(&s, text);
	follow(&s);
	for (size_t i = 0; i < m->nalways; i++)
		set_put(&s, m->always[i]);
	if (b != NULL)
		ask_base(&s, text, scratch);
	for (size_t i = 0; b == NULL && i < m->nunknown; i++)
		set_put(&s, m->unknown[i]);
	*found = (struct multi_found){ s.ids, s.places, list_set(&s) };
	clean(&s);
	return good;
}

void
multi_scratch_free(struct multi_scratch *s)
{
	free(s->zero);
	free(s->lists);
	hyper_scratch_free(s->hyper);
	*s = (struct multi_scratch){ .zero = NULL };
}
