/*
 * multi.c - which of many patterns are worth asking PCRE2 about
 *
 * Each pattern is taken apart into the texts that a match must have (required.h), and all of these
 * are looked for at once (literals.h). A literal that is found points to the clauses that it
 * fulfils; a pattern whose clauses are all fulfilled is a candidate.
 *
 * A pattern is weak that requires nothing, or nothing rare. Where there is libhs, a base can be
 * made of these (multi_base.c).
 */
#include "match/multi_in.h"

#include "match/pattern.h"
#include "match/relax.h"

#include <stdlib.h>

#define REACH_MAX 65536	     /* bytes before a literal: clauses with more tell no places */
#define EXPRESSION_MAX 16384 /* bytes of one: a pattern with a longer one has none */
#define WEAK_BITS 14.0	     /* what is expected once in 16 KB of mail, or more often */

#define HASH_NONFATAL_OOM 1
#define uthash_nonfatal_oom(e) ((e)->kept = false)
#include <uthash.h>

/* A literal while building. */
struct entry {
	UT_hash_handle hh;
	struct factor factor;
	uint32_t number;
	bool kept;
};

/* That the literal fulfils a clause, and bytes from where a match begins to it. */
struct link {
	uint32_t literal;
	struct use use;
	size_t reach;
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
	*e = (struct entry){ .factor = { .units = units, .n = f.n },
		.number = (uint32_t)b->nfactors,
		.kept = true };
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
		b->links[b->nlinks++] = (struct link){ e->number, use, f.reach };
}

/* The expressions of a tree; without memory or libhs, none. */
static bool
add_weak(struct builder *b, uint32_t number, const struct node *tree)
{
	struct weak weak = { .pattern = number };
	struct multi *m = b->multi;
	struct buf text = { .limit = EXPRESSION_MAX };

	for (int anchors = 1; anchors >= 0; anchors--) {
		buf_clear(&text);
		relax_write(tree, anchors, &text);
		if (text.cut) {
			buf_free(&text);
			return false;
		}
		*(anchors ? &weak.text : &weak.plainer) =
		    arena_slice(&m->texts, buf_slice(&text)).p;
	}
	buf_free(&text);
	b->failed |= weak.text == NULL || weak.plainer == NULL;
	m->weak[m->nweak++] = weak;
	m->is_weak[number] = true;
	return true;
}

/* Add a pattern. One whose form is not understood is always a candidate. */
static void
add_pattern(struct builder *b, uint32_t number, const struct multi_pattern *p)
{
	const struct node *tree = syntax_tree(p->re, p->flags, b->cases, &b->one);
	struct required r = { .n = 0 };
	struct multi *m = b->multi;
	bool weak = false;

	if (tree == NULL || !required_find(tree, p->flags & PATTERN_UTF, &b->one, &r))
		r.n = 0;
	if (tree != NULL && hyper_is_there() && (r.n == 0 || r.v[0].bits < WEAK_BITS))
		weak = add_weak(b, number, tree);
	for (size_t i = 0; i < r.n; i++) {
		struct use use = { number, (uint8_t)(1u << i) };

		m->wanted[number] |= use.clause;
		for (size_t k = 0; k < r.v[i].n && !b->failed; k++)
			add_use(b, r.v[i].v[k], use);
	}
	if (r.n == 0 && weak)
		m->unknown[m->nunknown++] = number;
	else if (r.n == 0)
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

/* The links of one clause, from one on; *near: one of them tells where a match may begin. */
static size_t
clause_end(const struct builder *b, size_t from, bool *near)
{
	const struct use *first = &b->links[from].use;
	size_t to = from;

	*near = false;
	for (; to < b->nlinks && b->links[to].use.pattern == first->pattern &&
	     b->links[to].use.clause == first->clause;
	     to++)
		*near |= b->links[to].reach <= REACH_MAX;
	return to;
}

/* Keep where matches may begin; links are ordered by pattern, and by clause. */
static void
set_nears(struct builder *b)
{
	struct multi *m = b->multi;
	uint32_t n = 0;
	bool near;

	m->first_near = calloc(m->n + 1, sizeof(*m->first_near));
	m->nears = calloc(b->nlinks + 1, sizeof(*m->nears));
	if (m->first_near == NULL || m->nears == NULL) {
		b->failed = true;
		return;
	}
	for (size_t i = 0, end; i < b->nlinks; i = end) {
		end = clause_end(b, i, &near);
		for (size_t k = i; near && k < end; k++) {
			const struct link *l = &b->links[k];
			size_t reach = l->reach + literals_back(m->literals, l->literal);

			m->nears[n++] = (struct near){
				.literal = l->literal,
				.reach = l->reach > REACH_MAX ? NEAR_NOWHERE : (uint32_t)reach,
				.clause = l->use.clause,
			};
			m->first_near[l->use.pattern + 1]++;
		}
	}
	for (size_t i = 0; i < m->n; i++)
		m->first_near[i + 1] += m->first_near[i];
}

/* Memory for what is known of each of n patterns. */
static bool
multi_alloc(struct multi *m, size_t n)
{
	m->n = n;
	m->wanted = calloc(n + 1, sizeof(*m->wanted));
	m->is_weak = calloc(n + 1, sizeof(*m->is_weak));
	m->always = calloc(n + 1, sizeof(*m->always));
	m->weak = calloc(n + 1, sizeof(*m->weak));
	m->unknown = calloc(n + 1, sizeof(*m->unknown));
	return m->wanted != NULL && m->is_weak != NULL && m->always != NULL && m->weak != NULL &&
	    m->unknown != NULL;
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
	arena_init(&m->texts, 0);
	arena_init(&b.arena, 0);
	arena_init(&b.one, 0);
	b.failed = !multi_alloc(m, n);
	for (size_t i = 0; i < n && !b.failed; i++)
		add_pattern(&b, (uint32_t)i, &v[i]);
	if (!b.failed)
		set_uses(&b);
	if (!b.failed)
		m->literals = literals_build(b.factors, b.nfactors);
	b.failed |= m->literals == NULL;
	if (!b.failed)
		set_nears(&b);
	HASH_CLEAR(hh, b.table);
	free(b.factors);
	free(b.links);
	arena_free(&b.arena);
	arena_free(&b.one);
	cases_free(b.cases);
	if (b.failed) {
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
	arena_free(&m->texts);
	free(m->wanted);
	free(m->is_weak);
	free(m->always);
	free(m->weak);
	free(m->unknown);
	free(m->first_use);
	free(m->uses);
	free(m->first_near);
	free(m->nears);
	free(m);
}

/* Patterns that a base is for. */
size_t
multi_weak(const struct multi *m)
{
	return m->nweak;
}

bool
multi_requires(const struct multi *m, uint32_t pattern)
{
	return m->wanted[pattern] != 0;
}

/* Bytes of memory. */
size_t
multi_size(const struct multi *m)
{
	return sizeof(*m) + literals_size(m->literals) + m->texts.used +
	    m->n * (2 + 2 * sizeof(uint32_t) + sizeof(*m->weak)) +
	    m->nliterals * sizeof(*m->first_use) + m->first_use[m->nliterals] * sizeof(*m->uses) +
	    m->n * sizeof(*m->first_near) + m->first_near[m->n] * sizeof(*m->nears);
}
