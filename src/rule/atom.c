/*
 * atom.c - one comparison, asked of the facts
 *
 * Over several values a comparison is true if it is for one of them. What was cut off at a limit
 * may have held a match: true stays true, everything else is an error; likewise a failure where a
 * list has given no answer.
 */
#include "rule/eval.h"

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
	for (size_t i = 0; i < left->n && !t.hit; i++)
		for (size_t k = 0; k < right.n && !t.hit; k++)
			t.hit = compare_values(a, &left->v[i], &right.v[k]);
	add_lack(&t, left);
	add_lack(&t, &right);
	return result(t);
}

/* How many values there are, or matches in them; no more than `enough` need be counted. False: an
 * error. */
static bool
count(const struct atom *a, const struct values *left, size_t enough, size_t *n)
{
	size_t found;

	*n = left->n;
	if (a->pattern == NULL)
		return true;
	*n = 0;
	for (size_t i = 0; i < left->n && *n < enough; i++) {
		if (pattern_count(a->pattern, left->v[i].text, enough - *n, &found) == MATCH_ERROR)
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
	if (!count(a, left, enough, &n))
		return OUT_ERROR;
	now = compare(a->op, (long long)n, right.v[0].number);
	/* more there may have been: certain is only what the greatest number would not change */
	if (more && n < enough &&
	    (now != compare(a->op, (long long)enough, right.v[0].number) ||
		(a->op == OP_EQ && (long long)n < right.v[0].number)))
		return left->cut ? OUT_ERROR : OUT_FAILED;
	return now ? OUT_TRUE : OUT_FALSE;
}

/* One value against the list. */
static enum match
find(const struct atom *a, const struct value *v, struct list_hit *hit)
{
	if (list_type(a->list) == LIST_NETWORKS)
		return list_find_ip(a->list, &v->ip, hit);
	return list_find_text(a->list, v->text, !(a->left.fact->flags & FACT_RAW), hit);
}

/* (FACT, FACT) in PAIRS; hit may be NULL */
static struct tally
find_pair(struct eval *e, const struct atom *a, const struct values *left, struct list_hit *hit)
{
	struct values right;
	struct tally t = { 0 };

	eval_fact(e, &a->left2, 0, &right);
	add_lack(&t, &right);
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
			add(&t, find(a, &left->v[i], NULL));
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
		for (size_t i = 0; i < left->n && !t.hit; i++)
			add(&t, pattern_match(a->pattern, left->v[i].text));
		add_lack(&t, left);
		return result(t);
	case OP_IN:
		return ask_in(e, a, left);
	default:
		return ask_compare(e, a, left);
	}
}

unsigned
atom_ask(struct eval *e, const struct atom *a)
{
	struct arena_mark mark = arena_mark(&e->session->scratch);
	struct values left;
	unsigned out;

	eval_fact(e, &a->left, a->score_upto, &left);
	out = ask_values(e, a, &left);
	arena_release(&e->session->scratch, mark);
	return out;
}

bool
atom_groups(struct eval *e, const struct atom *a, struct slice *groups, size_t n)
{
	struct values left;

	eval_fact(e, &a->left, a->score_upto, &left);
	for (size_t i = 0; i < left.n; i++)
		if (pattern_capture(a->pattern, left.v[i].text, groups, n) == MATCH_YES)
			return true;
	return false;
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

bool
atom_entry(struct eval *e, const struct atom *a, struct list_hit *hit)
{
	struct values left;

	eval_fact(e, &a->left, a->score_upto, &left);
	if (a->pair)
		return find_pair(e, a, &left, hit).hit;
	for (size_t i = 0; i < left.n; i++)
		if (find(a, &left.v[i], hit) == MATCH_YES)
			return true;
	return false;
}
