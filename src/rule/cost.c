/*
 * cost.c - what each rule costs, for `postern bench`
 *
 * A look at the clock takes longer than many a comparison. So looks are counted, and what they have
 * added to each time is taken off in the end.
 */
#include "rule/cost.h"

#include "base/bits.h"
#include "base/clock.h"

#include <stdlib.h>

/* ---- who asks what ---- */

/* A walk over what a rule's condition asks, each thing once. */
struct visit {
	struct costs *cost;
	uint32_t rule;
	void (*atom)(struct visit *v, const struct atom *a);
	struct cost_sum sum;
	uint64_t most_ns;
	bool *scans, items[CONTENT_ITEMS]; /* counted for this rule */
};

/* A part of a condition, unless this search has been there. */
static void
visit_node(struct visit *v, uint32_t node)
{
	struct costs *c = v->cost;
	const struct node *n = &c->program->nodes[node];

	if (c->seen[node] == c->search)
		return;
	c->seen[node] = c->search;
	if (n->kind == NODE_ATOM)
		v->atom(v, &c->program->atoms[n->atom]);
	for (uint32_t i = 0; i < n->count; i++)
		visit_node(v, c->program->parts[n->first + i]);
}

/* Begin a search. */
static void
visit_rule(struct visit *v, uint32_t rule)
{
	v->rule = rule;
	v->cost->search++;
	visit_node(v, v->cost->program->rules[rule].cond);
}

/* One more rule is served. */
static void
serve(struct cost_shared *s, uint32_t rule)
{
	if (s->rules++ == 0)
		s->first = rule;
}

/* A rule wants what a fact is made of, or asks a list about. */
static void
serve_item(struct visit *v, const struct fact_ref *ref)
{
	enum content_item item = ref->of != NULL ? ref->of->fact->item : ref->fact->item;

	if (item == CONTENT_NONE || v->items[item])
		return;
	v->items[item] = true;
	serve(&v->cost->items[item], v->rule);
}

/* Likewise for the facts in a text. */
static void
serve_text(struct visit *v, const struct text *t)
{
	for (size_t i = 0; i < t->n; i++)
		if (t->v[i].kind == PIECE_FACT)
			serve_item(v, &t->v[i].ref);
}

/* Note that a rule asks a comparison. */
static void
note_user(struct visit *v, const struct atom *a)
{
	struct cost_atom *atom = &v->cost->atoms[a - v->cost->program->atoms];

	if (atom->rules++ == 0)
		atom->first = v->rule;
	if (a->scan != SCAN_NONE && !v->scans[a->scan]) {
		v->scans[a->scan] = true;
		serve(&v->cost->scans[a->scan], v->rule);
	}
	serve_item(v, &a->left);
	if (a->pair)
		serve_item(v, &a->left2);
	if (a->right_fact)
		serve_item(v, &a->right);
	serve_text(v, &a->text);
}

/* Find who is served by what. False on lack of memory. */
static bool
find_users(struct costs *c)
{
	const struct program *p = c->program;
	bool *scans = calloc(p->nscans + 1, sizeof *scans);
	struct visit v = { .cost = c, .atom = note_user, .scans = scans };

	for (uint32_t i = 0; scans != NULL && i < p->nrules; i++) {
		memset(scans, 0, p->nscans * sizeof *scans);
		memset(v.items, 0, sizeof v.items);
		visit_rule(&v, i);
		serve_text(&v, &p->rules[i].text);
	}
	free(scans);
	return scans != NULL;
}

/* Add one comparison to a rule's sum. */
static void
add_to_sum(struct visit *v, const struct atom *a)
{
	const struct cost_atom *atom = &v->cost->atoms[a - v->cost->program->atoms];
	bool mine = atom->asker == v->rule || atom->others;

	v->sum.candidates += atom->candidates;
	v->sum.lent += atom->asker == v->rule && atom->rules > 1;
	v->sum.borrowed += atom->asker != UINT32_MAX && (atom->asker != v->rule || atom->others);
	if (mine && (v->sum.dearest == UINT32_MAX || atom->time.best > v->most_ns)) {
		v->sum.dearest = (uint32_t)(atom - v->cost->atoms);
		v->most_ns = atom->time.best;
	}
}

struct cost_sum
cost_sum(struct costs *c, uint32_t rule)
{
	struct visit v = { .cost = c, .atom = add_to_sum, .sum = { .dearest = UINT32_MAX } };

	visit_rule(&v, rule);
	return v.sum;
}

/* ---- rounds ---- */

/* Do something to each of the times. */
static void
each_time(struct costs *c, void (*f)(struct costs *c, struct cost_time *t))
{
	for (uint32_t i = 0; i < c->program->nrules; i++)
		f(c, &c->rules[i].time);
	for (uint32_t i = 0; i < c->program->natoms; i++)
		f(c, &c->atoms[i].time);
	for (uint32_t i = 0; i < c->program->nscans; i++)
		f(c, &c->scans[i].time);
	for (size_t i = 0; i < CONTENT_ITEMS; i++)
		f(c, &c->items[i].time);
	f(c, &c->lookups);
	f(c, &c->rest);
}

/* Any round is better. */
static void
set_worst(struct costs *c, struct cost_time *t)
{
	(void)c;
	t->best = UINT64_MAX;
}

/* A round begins. */
static void
set_zero(struct costs *c, struct cost_time *t)
{
	(void)c;
	t->ns = 0;
	t->looks = 0;
}

/* A round ends. */
static void
keep_best(struct costs *c, struct cost_time *t)
{
	(void)c;
	t->best = t->ns < t->best ? t->ns : t->best;
}

/* Give the time since the last look at the clock to whom it belongs. */
static void
charge(struct costs *c)
{
	uint64_t now = clock_ns(), ns = now - c->since_ns;

	c->to->ns += ns;
	c->to->looks++;
	if (c->also != NULL) {
		c->also->ns += ns;
		c->also->looks++;
	}
	c->since_ns = now;
}

struct costs *
cost_new(const struct program *p)
{
	struct costs *c = calloc(1, sizeof *c);

	if (c == NULL)
		return NULL;
	c->program = p;
	c->rules = calloc(p->nrules + 1, sizeof *c->rules);
	c->atoms = calloc(p->natoms + 1, sizeof *c->atoms);
	c->scans = calloc(p->nscans + 1, sizeof *c->scans);
	c->seen = calloc(p->nnodes + 1, sizeof *c->seen);
	if (c->rules == NULL || c->atoms == NULL || c->scans == NULL || c->seen == NULL ||
	    !find_users(c)) {
		cost_free(c);
		return NULL;
	}
	each_time(c, set_worst);
	return c;
}

void
cost_free(struct costs *c)
{
	if (c == NULL)
		return;
	free(c->rules);
	free(c->atoms);
	free(c->scans);
	free(c->seen);
	free(c);
}

void
cost_begin_round(struct costs *c)
{
	const struct program *p = c->program;

	for (uint32_t i = 0; i < p->nrules; i++)
		c->rules[i].confirmations = c->rules[i].matches = c->rules[i].message = 0;
	for (uint32_t i = 0; i < p->natoms; i++) {
		c->atoms[i].asker = UINT32_MAX;
		c->atoms[i].others = false;
		c->atoms[i].candidates = 0;
	}
	each_time(c, set_zero);
	c->message = 1;
	c->to = &c->rest;
	c->also = NULL;
	c->asking = UINT32_MAX;
	c->since_ns = clock_ns();
}

void
cost_end_round(struct costs *c)
{
	charge(c);
	each_time(c, keep_best);
}

/* Take off what looks have added. */
static void
take_looks_off(struct costs *c, struct cost_time *t)
{
	double left = (double)t->best - c->look_ns * t->looks;

	t->best = left > 0 ? (uint64_t)(left * c->scale) : 0;
}

/* Add a time to a sum; what serves one rule alone is in that rule's. */
static void
sum_up(struct cost_time *sum, const struct cost_time *t)
{
	sum->best += t->best;
	sum->looks += t->looks;
}

static void
sum_up_shared(struct cost_time *sum, const struct cost_shared *s)
{
	if (s->rules != 1)
		sum_up(sum, &s->time);
}

/* The least that a look takes. */
static uint64_t
least_look(void)
{
	uint64_t least = UINT64_MAX, last = clock_ns();

	for (int i = 0; i < 1000; i++) {
		uint64_t now = clock_ns();

		least = now - last < least ? now - last : least;
		last = now;
	}
	return least;
}

void
cost_settle(struct costs *c, uint64_t ns)
{
	const struct program *p = c->program;
	struct cost_time all = { 0 };
	double most = (double)least_look() * 2, left;

	for (uint32_t i = 0; i < p->nrules; i++)
		sum_up(&all, &c->rules[i].time);
	for (uint32_t i = 0; i < p->nscans; i++)
		sum_up_shared(&all, &c->scans[i]);
	for (size_t i = 0; i < CONTENT_ITEMS; i++)
		sum_up_shared(&all, &c->items[i]);
	sum_up(&all, &c->lookups);
	sum_up(&all, &c->rest);
	c->look_ns = all.best > ns && all.looks > 0 ? (double)(all.best - ns) / all.looks : 0;
	/* beyond some time each, it was not the looks: other work has slowed down all of it */
	c->look_ns = c->look_ns < most ? c->look_ns : most;
	left = (double)all.best - c->look_ns * all.looks;
	c->scale = left > (double)ns ? (double)ns / left : 1;
	each_time(c, take_looks_off);
}

void
cost_end_message(struct costs *c)
{
	c->message++;
}

/* ---- while they run ---- */

/* The rule that asks a comparison: one that nobody asks for serves the first that holds it. */
static uint32_t
asker_of(const struct costs *c, uint32_t atom)
{
	return c->asking != UINT32_MAX ? c->asking : c->atoms[atom].first;
}

/* What serves one rule alone is that rule's. */
static void
go_to_shared(struct costs *c, struct cost_shared *s)
{
	c->to = &s->time;
	c->also = s->rules == 1 ? &c->rules[s->first].time : NULL;
}

void
cost_push(struct costs *c, struct cost_mark *mark, enum cost_kind kind, const void *of)
{
	const struct program *p = c->program;
	uint32_t i;

	charge(c);
	*mark = (struct cost_mark){ c->to, c->also, c->asking };
	switch (kind) {
	case COST_RULE:
		c->asking = (uint32_t)((const struct rule *)of - p->rules);
		c->to = &c->rules[c->asking].time;
		c->also = NULL;
		break;
	case COST_ATOM:
		i = (uint32_t)((const struct atom *)of - p->atoms);
		c->to = &c->atoms[i].time;
		c->also = &c->rules[asker_of(c, i)].time;
		break;
	case COST_SCAN:
		go_to_shared(c, &c->scans[(const struct scan *)of - p->scans]);
		break;
	case COST_ITEM:
		go_to_shared(c, &c->items[((const struct fact *)of)->item]);
		break;
	case COST_LOOKUPS:
		c->to = &c->lookups;
		c->also = NULL;
		break;
	}
}

void
cost_pop(struct costs *c, const struct cost_mark *mark)
{
	charge(c);
	c->to = mark->to;
	c->also = mark->also;
	c->asking = mark->asking;
}

/* Have the item of a fact made, if it is not there yet. */
static void
make_item(struct costs *c, struct session *s, const struct fact *f)
{
	struct fact_ref ref = { .fact = f };
	struct cost_mark mark;
	struct values values;

	cost_push(c, &mark, COST_ITEM, f);
	fact_get(s, &ref, &values);
	cost_pop(c, &mark);
}

/* What is cut off is known when all is made that rules ask for: that would be made anyway. */
void
cost_get_items(struct costs *c, struct session *s, const struct fact_ref *ref)
{
	const struct fact *f;

	if (ref->fact->item != CONTENT_NONE)
		make_item(c, s, ref->fact);
	for (size_t i = 0; ref->fact->get == content_truncated && (f = fact_at(i)) != NULL; i++)
		if (content_asks(f) & s->env->asked)
			make_item(c, s, f);
}

void
cost_add_true(struct costs *c, const struct rule *r)
{
	struct cost_rule *rule = &c->rules[r - c->program->rules];

	rule->matches += rule->message != c->message;
	rule->message = c->message;
}

void
cost_add_asked(struct costs *c, const struct atom *a, uint64_t confirmations)
{
	uint32_t i = (uint32_t)(a - c->program->atoms), rule = asker_of(c, i);
	struct cost_atom *atom = &c->atoms[i];

	atom->others |= atom->asker != UINT32_MAX && atom->asker != rule;
	if (atom->asker == UINT32_MAX)
		atom->asker = rule;
	/* without a pass, each is a candidate that is asked */
	if (a->scan == SCAN_NONE)
		atom->candidates += (uint32_t)confirmations;
	c->rules[rule].confirmations += (uint32_t)confirmations;
}

void
cost_add_candidates(struct costs *c, const struct scan *s, const uint64_t *candidates)
{
	for (size_t i = bits_next(candidates, 0, s->npatterns); i < s->npatterns;
	     i = bits_next(candidates, i + 1, s->npatterns))
		c->atoms[s->atoms[i]].candidates++;
}
