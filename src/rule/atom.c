/*
 * atom.c - one comparison, asked of the facts
 *
 * Over several values a comparison is true if it is for one of them. What was cut off at a limit
 * may have held a match: true stays true, everything else is an error; likewise a failure where a
 * list has given no answer.
 */
#include "base/bits.h"
#include "mail/domain.h"
#include "rule/eval.h"

#include <stdlib.h>

/* How the values came out, for the loop over all of them. */
struct tally {
	bool hit, error, failed;
};

static void
add(struct tally *t, enum match m)
{
	t->hit |= m == MATCH_YES;
	t->error |= m == MATCH_ERROR;
}

/* What a side has not all of. */
static void
add_lack(struct tally *t, const struct values *side)
{
	t->error |= side->cut;
	t->failed |= side->failed;
}

static unsigned
result(struct tally t)
{
	return t.hit ? OUT_TRUE : t.error ? OUT_ERROR : t.failed ? OUT_FAILED : OUT_FALSE;
}

static bool
compare(enum atom_op op, long long a, long long b)
{
	switch (op) {
	case OP_LT:
		return a < b;
	case OP_LE:
		return a <= b;
	case OP_GT:
		return a > b;
	case OP_GE:
		return a >= b;
	default:
		return a == b;
	}
}

/* An order of texts in which equal ones are so without case. */
static int
by_text(const void *a, const void *b)
{
	const struct slice *x = a, *y = b;

	if (x->n != y->n)
		return x->n < y->n ? -1 : 1;
	for (size_t i = 0; i < x->n; i++) {
		int d = ascii_lower(x->p[i]) - ascii_lower(y->p[i]);

		if (d != 0)
			return d;
	}
	return 0;
}

/* True if one text of v is one of w, which is sorted for that: a message may have a hundred
 * thousand addresses, and as many of another header. */
static bool
meet(const struct slice *v, size_t n, struct slice *w, size_t m)
{
	bool hit = false;

	if (m > 1)
		qsort(w, m, sizeof *w, by_text);
	for (size_t i = 0; m > 0 && i < n && !hit; i++)
		hit = bsearch(&v[i], w, m, sizeof *w, by_text) != NULL;
	return hit;
}

/* The texts of a side, in scratch memory; NULL: there is none for them. */
static struct slice *
texts_of(struct eval *e, const struct values *side)
{
	struct slice *v = arena_alloc(&e->session->scratch, (side->n + 1) * sizeof *v);

	for (size_t i = 0; v != NULL && i < side->n; i++)
		v[i] = side->v[i].text;
	return v;
}

/* Is the value equal to (or less than, …) the other? */
static bool
compare_values(const struct atom *a, const struct value *l, const struct value *r)
{
	switch (a->left.fact->kind) {
	case KIND_NUMBER:
		return compare(a->op, l->number, r->number);
	case KIND_IP:
		/* a text with {…} is compared as text */
		if (a->text.n == 0)
			return ip_eq(&l->ip, &r->ip);
		/* fall through */
	default:
		return slice_eq_nocase(l->text, r->text);
	}
}

/* True if an atom compares texts, and not numbers or addresses. */
static bool
is_text(const struct atom *a)
{
	return a->left.fact->kind != KIND_NUMBER && a->left.fact->kind != KIND_IP;
}

/* FACT op VALUE, FACT op FACT */
static unsigned
ask_compare(struct eval *e, const struct atom *a, const struct values *left)
{
	struct value one = { .number = a->number, .ip = a->ip };
	struct values right = { .v = &one, .n = 1 };
	struct tally t = { 0 };

	if (a->right_fact)
		eval_fact(e, &a->right, a->score_upto, &right);
	else if (a->text.n > 0)
		one.text = eval_text_raw(e, &a->text, &right);
	/* a text with something left out is another text */
	if (a->text.n > 0 && right.failed)
		right.n = 0;
	if (left->n > 1 && right.n > 1 && is_text(a)) {
		struct slice *l = texts_of(e, left), *r = texts_of(e, &right);

		t.error = l == NULL || r == NULL;
		t.hit = !t.error && meet(l, left->n, r, right.n);
	} else {
		for (size_t i = 0; i < left->n && !t.hit; i++)
			for (size_t k = 0; k < right.n && !t.hit; k++)
				t.hit = compare_values(a, &left->v[i], &right.v[k]);
	}
	add_lack(&t, left);
	add_lack(&t, &right);
	return result(t);
}

/* The organizational domains of the values that have one, *n of them, in scratch memory; NULL:
 * there is none for them. */
static struct slice *
owners(struct eval *e, const struct values *side, size_t *n)
{
	struct slice *v = texts_of(e, side);

	*n = 0;
	for (size_t i = 0; v != NULL && i < side->n; i++) {
		struct slice name = domain_ascii(v[i], &e->session->scratch);

		if (name.p == NULL && v[i].p != NULL)
			return NULL;
		if (name.n > 0)
			v[(*n)++] = domain_registrable(name);
	}
	return v;
}

/* FACT aligned FACT, FACT aligned "name": domain_aligned() of each pair. */
static unsigned
ask_aligned(struct eval *e, const struct atom *a, const struct values *left)
{
	struct value one = { 0 };
	struct values right = { .v = &one, .n = 1 };
	struct slice *l, *r;
	size_t n, m;
	struct tally t = { 0 };

	if (a->right_fact)
		eval_fact(e, &a->right, a->score_upto, &right);
	else
		one.text = eval_text_raw(e, &a->text, &right);
	/* a text with something left out is another name */
	if (!a->right_fact && right.failed)
		right.n = 0;
	l = owners(e, left, &n);
	r = owners(e, &right, &m);
	if (l == NULL || r == NULL)
		return OUT_ERROR;
	t.hit = meet(l, n, r, m);
	add_lack(&t, left);
	add_lack(&t, &right);
	return result(t);
}

/* What a pattern with these flags is searched in. False: an error. */
static bool
subject(
    struct eval *e, const struct atom *a, unsigned flags, const struct value *v, struct slice *out)
{
	*out = v->text;
	return !(flags & PATTERN_FOLDED) || content_fold(e->session, a->left.fact, v, out);
}

/* False if it is known that none of an atom's patterns matches anything. */
static bool
may_match(struct eval *e, const struct atom *a)
{
	const uint64_t *candidates = scan_candidates(e, a);
	size_t end = a->pattern_number + (a->list != NULL ? list_size(a->list) : 1);

	return candidates == NULL || bits_next(candidates, a->pattern_number, end) < end;
}

/* The i-th value against the pattern. */
static enum match
match(struct eval *e, const struct atom *a, const struct value *v, size_t i)
{
	const struct places *places = NULL;
	const struct spot *spot;
	struct slice text;
	size_t n;

	if (scan_spots(e, a, i, &spot, &n)) {
		if (n == 0)
			return MATCH_NO;
		places = &spot->places;
	}
	return subject(e, a, a->pattern_flags, v, &text)
	    ? pattern_match_at(a->pattern, text, places, &e->matching->asking)
	    : MATCH_ERROR;
}

/* How many values there are, or matches in them; no more than `enough` need be counted. False: an
 * error. */
static bool
count(struct eval *e, const struct atom *a, const struct values *left, size_t enough, size_t *n)
{
	struct slice text;
	size_t found;

	*n = left->n;
	if (a->pattern == NULL)
		return true;
	*n = 0;
	if (!may_match(e, a))
		return true;
	for (size_t i = 0; i < left->n && *n < enough; i++) {
		if (!subject(e, a, a->pattern_flags, &left->v[i], &text) ||
		    pattern_count(a->pattern, text, enough - *n, &found, &e->matching->asking) ==
			MATCH_ERROR)
			return false;
		*n += found;
	}
	return true;
}

/* count(FACT) op NUMBER, count(FACT ~ /re/) op NUMBER; the number may be a fact */
static unsigned
ask_count(struct eval *e, const struct atom *a, const struct values *left)
{
	struct value one = { .number = a->number };
	struct values right = { .v = &one, .n = 1 };
	bool now, more = left->cut || left->failed;
	size_t enough, n;

	if (a->right_fact)
		eval_fact(e, &a->right, a->score_upto, &right);
	if (right.n == 0)
		return right.cut ? OUT_ERROR : OUT_FALSE;
	/* beyond the number that it is compared with, counting on changes nothing */
	enough = right.v[0].number < 0 ? 1 : (size_t)right.v[0].number + 2;
	if (!count(e, a, left, enough, &n))
		return OUT_ERROR;
	now = compare(a->op, (long long)n, right.v[0].number);
	/* more there may have been: certain is only what the greatest number would not change */
	if (more && n < enough &&
	    (now != compare(a->op, (long long)enough, right.v[0].number) ||
		(a->op == OP_EQ && (long long)n < right.v[0].number)))
		return left->cut ? OUT_ERROR : OUT_FAILED;
	return now ? OUT_TRUE : OUT_FALSE;
}

/* The time to tell what has matched: what is left of that for asking, as long as there is some. */
static struct budget *
time_to_tell(struct eval *e)
{
	return e->matching->asking.spent ? &e->matching->telling : &e->matching->asking;
}

/* The i-th value against the list. */
static enum match
find(struct eval *e, const struct atom *a, const struct value *v, size_t i, struct list_hit *hit)
{
	struct list_filter filter = { .first = a->pattern_number,
		.budget = hit != NULL ? time_to_tell(e) : &e->matching->asking };
	struct slice folded;

	if (list_type(a->list) == LIST_NETWORKS)
		return list_find_ip(a->list, &v->ip, hit);
	if (!subject(e, a, list_folds(a->list) != LIST_FOLDS_NONE ? PATTERN_FOLDED : 0, v, &folded))
		return MATCH_ERROR;
	if (!scan_spots(e, a, i, &filter.spots, &filter.nspots))
		filter.bits = scan_candidates(e, a);
	else if (filter.nspots == 0)
		return MATCH_NO;
	return list_find_text(
	    a->list, v->text, folded, !(a->left.fact->flags & FACT_RAW), &filter, hit);
}

/* (FACT, FACT) in PAIRS; hit may be NULL */
static struct tally
find_pair(struct eval *e, const struct atom *a, const struct values *left, struct list_hit *hit)
{
	struct values right;
	struct tally t = { 0 };

	eval_fact(e, &a->left2, 0, &right);
	add_lack(&t, &right);
	if (right.n > 0 && left->n > LIMIT_PAIRS / right.n) {
		t.error = true;
		return t;
	}
	for (size_t i = 0; i < left->n && !t.hit; i++)
		for (size_t k = 0; k < right.n && !t.hit; k++)
			add(&t, list_find_pair(a->list, left->v[i].text, right.v[k].text, hit));
	return t;
}

/* FACT in LIST */
static unsigned
ask_in(struct eval *e, const struct atom *a, const struct values *left)
{
	struct tally t = { 0 };

	if (a->pair)
		t = find_pair(e, a, left, NULL);
	else
		for (size_t i = 0; i < left->n && !t.hit; i++)
			add(&t, find(e, a, &left->v[i], i, NULL));
	add_lack(&t, left);
	return result(t);
}

/* Ask of some values of the left side. */
static unsigned
ask_values(struct eval *e, const struct atom *a, const struct values *left)
{
	struct tally t = { 0 };

	if (a->count)
		return ask_count(e, a, left);
	switch (a->op) {
	case OP_THERE:
		for (size_t i = 0; i < left->n; i++)
			t.hit |= left->v[i].text.n > 0;
		add_lack(&t, left);
		return result(t);
	case OP_MATCH:
		for (size_t i = 0; i < left->n && !t.hit && may_match(e, a); i++)
			add(&t, match(e, a, &left->v[i], i));
		add_lack(&t, left);
		return result(t);
	case OP_IN:
		return ask_in(e, a, left);
	case OP_ALIGNED:
		return ask_aligned(e, a, left);
	default:
		return ask_compare(e, a, left);
	}
}

void
matching_note(
    struct matching *m, uint64_t used_us, const struct atom *atom, const struct rule *rule)
{
	uint64_t us = m->asking.used_us - used_us;

	if (us <= m->most_us)
		return;
	m->most_us = us;
	m->atom = atom;
	m->rule = rule;
}

unsigned
atom_ask(struct eval *e, const struct atom *a)
{
	struct arena_mark mark = arena_mark(&e->session->scratch);
	uint64_t used = e->matching->asking.used_us, searches = e->matching->asking.searches;
	uint64_t limited = e->matching->asking.limited;
	struct cost_mark cost;
	struct values left;
	unsigned out;

	cost_begin(e->cost, &cost, COST_ATOM, a);
	eval_fact(e, &a->left, a->score_upto, &left);
	out = ask_values(e, a, &left);
	matching_note(e->matching, used, a, NULL);
	if (e->matching->asking.limited != limited)
		e->matching->limited = a;
	arena_release(&e->session->scratch, mark);
	cost_end_atom(e->cost, &cost, a, e->matching->asking.searches - searches);
	return out;
}

enum match
atom_groups(struct eval *e, const struct atom *a, struct slice *groups, size_t n)
{
	enum match found = MATCH_NO;
	struct values left;
	struct slice text;

	eval_fact(e, &a->left, a->score_upto, &left);
	for (size_t i = 0; i < left.n && found != MATCH_YES; i++) {
		enum match m = MATCH_ERROR;

		if (subject(e, a, a->pattern_flags, &left.v[i], &text))
			m = pattern_capture(a->pattern, text, groups, n, time_to_tell(e));
		found = m == MATCH_NO ? found : m;
	}
	return found;
}

bool
atom_listing(struct eval *e, const struct atom *a, size_t *index)
{
	struct values left, one = { 0 };
	bool found = false;

	eval_fact(e, &a->left, a->score_upto, &left);
	for (size_t i = 0; i < left.n && !found; i++) {
		one.v = &left.v[i];
		one.n = 1;
		found = a->count || ask_values(e, a, &one) == OUT_TRUE;
		*index = i;
	}
	return found;
}

enum match
atom_entry(struct eval *e, const struct atom *a, struct list_hit *hit)
{
	enum match found = MATCH_NO;
	struct values left;

	eval_fact(e, &a->left, a->score_upto, &left);
	if (a->pair)
		return find_pair(e, a, &left, hit).hit ? MATCH_YES : MATCH_NO;
	for (size_t i = 0; i < left.n && found != MATCH_YES; i++) {
		enum match m = find(e, a, &left.v[i], i, hit);

		found = m == MATCH_NO ? found : m;
	}
	return found;
}
