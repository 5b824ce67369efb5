/*
 * eval.c - sets of outcomes
 *
 * With error standing for "not known", outcomes combine as in Kleene's strong logic; a failed
 * lookup is a milder error, which one of the other kind covers. What is pending may become
 * anything, error included; so a condition is settled exactly when it would be with every pending
 * atom in error, and a set is either one outcome or holds error.
 *
 * A probe asks something else: could lookups that are available now settle it? There what is
 * pending counts as error and what can be looked up as anything.
 */
#include "rule/eval.h"

enum view { VIEW_NOW, VIEW_PROBE };

static unsigned outcome(struct eval *e, uint32_t node, enum view view);

void
eval_ask_anew(struct eval *e)
{
	e->question = ++*e->questions;
}

/* How many rules below end the question has asked. */
static uint32_t
count_asked(struct score_memo *m, uint32_t question, uint32_t end)
{
	uint32_t low = 0, high;

	if (m->question != question)
		m->n = 0;
	m->question = question;
	high = m->n;
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (m->v[middle].rule < end)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* The set of outcomes of a score rule. */
static unsigned
outcome_of_score_rule(struct eval *e, const struct rule *r, enum view view)
{
	struct cost_mark cost;
	unsigned set;

	cost_begin(e->cost, &cost, COST_RULE, r);
	set = outcome(e, r->cond, view);
	cost_end_rule(e->cost, &cost, r, set == OUT_TRUE);
	return set;
}

/* The bounds of the score of so many rules. Rules are asked from the first on, so that one which
 * reads the score finds those above it answered. */
static struct score_sum
score_bounds(struct eval *e, uint32_t upto, enum view view)
{
	const struct program *p = e->program;
	const struct score_stage *stage = &p->score_stages[e->stage];
	const struct score_sum *waiting = view == VIEW_NOW ? stage->now : stage->probe;
	uint32_t end = program_score_end(p, upto), n = count_asked(e->scores, e->question, end);
	const struct score_cell *last = n > 0 ? &e->scores->v[n - 1] : NULL;
	struct score_sum sum = last != NULL ? last->sum : (struct score_sum){ 0 };

	for (uint32_t i = last != NULL ? last->rule + 1 : 0;
	     (i = scan_next_of(e, stage->asked, i, end)) < end; i++) {
		const struct rule *r = &p->rules[i];

		score_add_rule(&sum, outcome_of_score_rule(e, r, view), r->score);
		e->scores->v[e->scores->n++] = (struct score_cell){ i, sum };
	}
	if (waiting != NULL)
		score_add(&sum, &waiting[upto]);
	return sum;
}

/* The one outcome that several errors come to; 0 without any. */
static unsigned
error_of(unsigned errors)
{
	return errors & OUT_ERROR ? OUT_ERROR : errors;
}

/* What comes of a score that can't be told: of errors that are there, or of those that open rules
 * may still bring. */
static unsigned
inexact(const struct score_sum *b)
{
	unsigned now = error_of(b->errors);

	if (!b->open || now == OUT_ERROR)
		return now;
	return OUT_ERROR | b->may;
}

/* score op number */
static unsigned
outcome_score(struct eval *e, const struct node *n, enum view view)
{
	struct score_sum b;

	/* too early whatever the rules come to: at some stages ten thousand may be open */
	if (view == VIEW_NOW && e->stage < n->true_at && e->stage < n->false_at)
		return OUT_ANY;
	b = score_bounds(e, n->score_upto, view);
	/* >= N and < N part the numbers at N; > N and <= N behind it */
	long long k = n->op == OP_GE || n->op == OP_LT ? n->number : n->number + 1;
	unsigned up = b.max_least >= k, down = b.min_most < k,
		 between = b.min_least < k && b.max_most >= k;
	bool greater = n->op == OP_GE || n->op == OP_GT;

	/* rules that are settled without error leave no room between */
	if (b.min_least == b.max_most)
		between = 0;
	return (greater ? up : down) * OUT_TRUE | (greater ? down : up) * OUT_FALSE |
	    between * inexact(&b);
}

unsigned
eval_score(struct eval *e, uint32_t upto, long long *least, long long *most)
{
	struct score_sum b = score_bounds(e, upto, VIEW_NOW);

	*least = b.min_least;
	*most = b.max_most;
	/* one that errs is enough, whatever comes of those that are open */
	return inexact(&b) | (b.errors == 0 ? OUT_TRUE : 0);
}

/* An atom that reads the score waits until every score rule is settled. */
static unsigned
outcome_of_score_atom(struct eval *e, const struct atom *a, enum view view)
{
	struct score_sum b = score_bounds(e, a->score_upto, view);

	if (b.open)
		return OUT_ANY;
	return error_of(b.errors);
}

static unsigned
outcome_atom(struct eval *e, uint32_t i, enum view view)
{
	const struct atom *a = &e->program->atoms[i];
	unsigned pending = view == VIEW_PROBE ? OUT_ERROR : OUT_ANY, set;
	uint8_t *cell;

	if (a->stage > e->stage || (a->life == LIFE_RECIPIENT && e->own == NULL))
		return pending;
	cell = a->life == LIFE_RECIPIENT ? &e->own[a->cell - e->program->life_start[LIFE_RECIPIENT]]
					 : &e->cells[a->cell];
	if (*cell != 0)
		return *cell;
	if (a->lookups & ~e->session->looked_up)
		return a->lookups & session_not_yet(e->session, e->stage) ? pending : OUT_ANY;
	if (a->score && (set = outcome_of_score_atom(e, a, view)) != 0)
		return set;
	*cell = atom_ask(e, a);
	return *cell;
}

/* all: false if one part is; else an error, a failure, or true. The other way round for any. */
static unsigned
outcome_chain(struct eval *e, const struct node *n, enum view view)
{
	unsigned stop = n->kind == NODE_AND ? OUT_FALSE : OUT_TRUE;
	unsigned rest = n->kind == NODE_AND ? OUT_TRUE : OUT_FALSE;
	unsigned set = rest; /* of the parts so far */

	for (uint32_t i = 0; i < n->count; i++) {
		unsigned part = outcome(e, e->program->parts[n->first + i], view), next;

		if (part == stop)
			return stop;
		next = ((set | part) & stop) | (set & part & rest);
		if ((set & OUT_ERROR && part & ~stop) || (part & OUT_ERROR && set & ~stop))
			next |= OUT_ERROR;
		if ((set & OUT_FAILED && part & (OUT_FAILED | rest)) ||
		    (part & OUT_FAILED && set & rest))
			next |= OUT_FAILED;
		set = next;
	}
	return set;
}

/* At least n of the parts. */
static unsigned
outcome_of(struct eval *e, const struct node *n, enum view view)
{
	uint32_t truths = 0, failed = 0, wrong = 0;    /* that are so */
	uint32_t maybe = 0, may_fail = 0, may_err = 0; /* that may be so */
	uint32_t never_false = 0, maybe_or_fail = 0, true_or_wrong = 0;
	unsigned set = 0;

	for (uint32_t i = 0; i < n->count; i++) {
		unsigned part = outcome(e, e->program->parts[n->first + i], view);

		truths += part == OUT_TRUE;
		failed += part == OUT_FAILED;
		wrong += part == OUT_ERROR;
		maybe += (part & OUT_TRUE) != 0;
		may_fail += (part & OUT_FAILED) != 0;
		may_err += (part & OUT_ERROR) != 0;
		never_false += !(part & OUT_FALSE);
		maybe_or_fail += (part & (OUT_TRUE | OUT_FAILED)) != 0;
		true_or_wrong += (part & ~(unsigned)OUT_ERROR) == OUT_TRUE;
	}
	if (maybe >= n->n)
		set |= OUT_TRUE;
	if (never_false < n->n)
		set |= OUT_FALSE;
	/* error: too few are true, but those in error could make up for it. A set of several
	 * outcomes holds error, so all that is not settled can be taken as error. */
	if (may_err > 0 && truths < n->n && truths + failed + may_err >= n->n)
		set |= OUT_ERROR;
	/* failure: no part is in error, those that fail are needed, and enough */
	if (may_fail > 0 && wrong == 0 && true_or_wrong < n->n && maybe_or_fail >= n->n)
		set |= OUT_FAILED;
	return set;
}

static unsigned
outcome(struct eval *e, uint32_t node, enum view view)
{
	const struct node *n = &e->program->nodes[node];
	unsigned set;

	switch (n->kind) {
	case NODE_TRUE:
		return OUT_TRUE;
	case NODE_ATOM:
		return outcome_atom(e, n->atom, view);
	case NODE_NOT:
		set = outcome(e, e->program->parts[n->first], view);
		return (set & (OUT_ERROR | OUT_FAILED)) | (set & OUT_TRUE ? OUT_FALSE : 0) |
		    (set & OUT_FALSE ? OUT_TRUE : 0);
	case NODE_AND:
	case NODE_OR:
		return outcome_chain(e, n, view);
	case NODE_OF:
		return outcome_of(e, n, view);
	case NODE_SCORE:
		return outcome_score(e, n, view);
	}
	return OUT_ERROR;
}

unsigned
eval_node(struct eval *e, uint32_t node)
{
	return outcome(e, node, VIEW_NOW);
}

unsigned
eval_unknown(const struct program *p, uint32_t node, bool probe)
{
	struct eval e = { .program = p, .stage = p->nodes[node].asked_from - 1 };

	return outcome(&e, node, probe ? VIEW_PROBE : VIEW_NOW);
}

unsigned
eval_atom(struct eval *e, uint32_t atom)
{
	return outcome_atom(e, atom, VIEW_NOW);
}

static uint64_t lookups_of(struct eval *e, uint32_t node, uint32_t search);

/* Those that open score rules ask for, each rule once in a search. */
static uint64_t
lookups_of_score(struct eval *e, uint32_t upto, uint32_t search)
{
	const struct program *p = e->program;
	const uint64_t *asked = p->score_stages[e->stage].asked;
	uint32_t end = program_score_end(p, upto);
	uint64_t bits = 0;

	for (uint32_t i = 0; (i = scan_next_of(e, asked, i, end)) < end; i++) {
		uint32_t *sought = &e->scores->sought[p->rules[i].score_number];

		if (*sought == search)
			continue;
		*sought = search;
		bits |= lookups_of(e, p->rules[i].cond, search);
	}
	return bits;
}

/* The lookups that are available and that open parts of a node ask for. */
static uint64_t
lookups_of(struct eval *e, uint32_t node, uint32_t search)
{
	const struct program *p = e->program;
	const struct node *n = &p->nodes[node];
	const struct atom *a = &p->atoms[n->atom];
	unsigned set = outcome(e, node, VIEW_NOW);
	uint64_t bits = 0;

	if (out_is_one(set))
		return 0;
	if (n->kind == NODE_ATOM && a->stage <= e->stage) {
		bits = a->lookups;
		if (a->score)
			bits |= lookups_of_score(e, a->score_upto, search);
	}
	if (n->kind == NODE_SCORE)
		bits |= lookups_of_score(e, n->score_upto, search);
	for (uint32_t i = 0; i < n->count; i++)
		bits |= lookups_of(e, p->parts[n->first + i], search);
	return bits & ~e->session->looked_up & ~session_not_yet(e->session, e->stage);
}

/* True if some outcome of the lookups that are available would settle the node. */
static bool
could_settle(struct eval *e, uint32_t node)
{
	unsigned set;

	eval_ask_anew(e);
	set = outcome(e, node, VIEW_PROBE);
	eval_ask_anew(e);
	return (set & ~(unsigned)OUT_ERROR) != 0;
}

unsigned
eval_settle(struct eval *e, uint32_t node)
{
	unsigned set = outcome(e, node, VIEW_NOW);
	struct cost_mark cost;
	uint64_t lookups;

	if (out_is_one(set) || !(e->program->lookups & ~e->session->looked_up))
		return set;
	lookups = lookups_of(e, node, ++*e->questions);
	if (lookups == 0 || !could_settle(e, node))
		return set;
	budget_pause(&e->matching->asking);
	cost_begin(e->cost, &cost, COST_LOOKUPS, NULL);
	session_look_up(e->session, lookups);
	cost_end(e->cost, &cost);
	eval_ask_anew(e);
	return outcome(e, node, VIEW_NOW);
}

unsigned
eval_passes(const struct program *p)
{
	const struct settings *s = &p->settings;

	return OUT_FALSE | (s->on_error == ON_ERROR_SKIP ? OUT_ERROR : 0) |
	    (s->on_dns_error == ON_ERROR_SKIP ? OUT_FAILED : 0);
}

/* Get the lookups that so many score rules wait for. */
static void
settle_score(struct eval *e, uint32_t upto)
{
	const struct program *p = e->program;
	uint32_t end = program_score_end(p, upto);
	struct cost_mark cost;

	for (uint32_t i = 0; (i = scan_next_of(e, p->scoring, i, end)) < end; i++) {
		cost_begin(e->cost, &cost, COST_RULE, &p->rules[i]);
		eval_settle(e, p->rules[i].cond);
		cost_end(e->cost, &cost);
	}
}

/* What eval_rule tells. */
static unsigned
outcome_of_rule(struct eval *e, const struct rule *r, bool settle)
{
	unsigned set = settle ? eval_settle(e, r->cond) : eval_node(e, r->cond);
	long long least, most;

	if (!(set & OUT_TRUE) || !r->text.score)
		return set;
	if (settle && set == OUT_TRUE)
		settle_score(e, r->text.score_upto);
	return (set & ~(unsigned)OUT_TRUE) | eval_score(e, r->text.score_upto, &least, &most);
}

unsigned
eval_rule(struct eval *e, const struct rule *r, bool settle)
{
	struct cost_mark cost;
	unsigned set;

	cost_begin(e->cost, &cost, COST_RULE, r);
	set = outcome_of_rule(e, r, settle);
	cost_end_rule(e->cost, &cost, r, set == OUT_TRUE);
	return set;
}
