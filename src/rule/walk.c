/*
 * walk.c - the way from the top of the rules to the first that decides
 *
 * Rules that don't decide are passed and keep their own outcome; of those above an acceptance the
 * effects must be settled before it is certain.
 */
#include "rule/walk.h"

void
walk_note_error(struct walk *w, uint32_t rule, struct arena *a)
{
	struct passed_error *n = arena_alloc(a, sizeof *n);

	if (n == NULL)
		return;
	*n = (struct passed_error){ .next = w->errors, .rule = rule };
	w->errors = n;
}

/* Why one is deferred whose rule could not be decided. */
static enum cause
cause_of(unsigned error)
{
	return error == OUT_FAILED ? CAUSE_DNS : CAUSE_ERROR;
}

void
walk_on(struct walk *w, struct eval *e, enum stage tell, struct arena *a)
{
	const struct program *p = e->program;
	unsigned passes = eval_passes(p);

	while (
	    !w->decided && (w->at = scan_next_of(e, p->deciding, w->at, p->nrules)) < p->nrules) {
		const struct rule *r = &p->rules[w->at];
		bool refuses = r->action == ACT_REJECT || r->action == ACT_TEMPFAIL;
		unsigned set;

		set = eval_rule(e, r, !refuses || e->stage >= tell);
		if (!(set & ~passes)) {
			if (set != OUT_FALSE)
				walk_note_error(w, w->at, a);
			w->at++;
			continue;
		}
		if (set == OUT_ERROR || set == OUT_FAILED)
			w->cause = cause_of(set);
		else if (set == OUT_TRUE)
			w->cause = CAUSE_RULE;
		else
			return;
		w->decided = true;
		return;
	}
	if (!w->decided)
		w->cause = CAUSE_DEFAULT;
	w->decided = true;
}

/* True if all that a text tells can be told. */
static bool
is_known(const struct eval *e, const struct text *t)
{
	return t->stage <= e->stage && !(t->lookups & session_not_yet(e->session, e->stage));
}

bool
walk_is_quiet_ready(struct eval *e, const struct rule *r)
{
	unsigned set = eval_rule(e, r, true);

	if (!(set & ~eval_passes(e->program)))
		return true;
	return out_is_one(set) && (set != OUT_TRUE || is_known(e, &r->text));
}

bool
walk_is_settled(const struct walk *w, struct eval *e)
{
	const struct program *p = e->program;
	uint32_t end = w->at < p->nrules ? w->at + 1 : p->nrules;

	if (!w->decided)
		return false;
	for (uint32_t i = 0; (i = scan_next_rule(e, i, end)) < end; i++) {
		const struct rule *r = &p->rules[i];
		unsigned set = eval_rule(e, r, false);

		if (!out_is_one(set) || (set == OUT_TRUE && !is_known(e, &r->text)))
			return false;
	}
	return true;
}

/* The effects above an acceptance: none, some, open ones, or one in error (v->rule, v->cause). */
static enum standing
effects_stand(const struct walk *w, struct eval *e, struct verdict *v)
{
	const struct program *p = e->program;
	unsigned passes = eval_passes(p);
	enum standing s = STAND_ACCEPT;

	for (uint32_t i = 0; (i = scan_next_of(e, p->effects, i, w->at)) < w->at; i++) {
		const struct rule *r = &p->rules[i];
		unsigned set;

		if (r->monitor || r->action == ACT_LOG) {
			if (!walk_is_quiet_ready(e, r))
				s = STAND_OPEN;
			continue;
		}
		set = eval_rule(e, r, true);
		if (!(set & ~passes))
			continue;
		if (set == OUT_ERROR || set == OUT_FAILED) {
			v->rule = i;
			v->cause = cause_of(set);
			return STAND_REFUSE;
		}
		if (!out_is_one(set))
			s = STAND_OPEN;
		else if (set == OUT_TRUE && s == STAND_ACCEPT)
			s = STAND_ACT;
	}
	return s;
}

struct verdict
walk_verdict(const struct walk *w, struct eval *e)
{
	const struct program *p = e->program;
	struct verdict v = { .cause = w->cause, .rule = w->at < p->nrules ? w->at : UINT32_MAX };

	if (!w->decided)
		return v;
	v.action = w->cause == CAUSE_ERROR || w->cause == CAUSE_DNS ? ACT_TEMPFAIL
	    : v.rule == UINT32_MAX				    ? ACT_ACCEPT
								    : p->rules[v.rule].action;
	if (v.action == ACT_DISCARD)
		v.standing = STAND_DISCARD;
	else if (v.action != ACT_ACCEPT)
		v.standing = STAND_REFUSE;
	else
		v.standing = effects_stand(w, e, &v);
	if (v.standing == STAND_REFUSE)
		v.action = v.action == ACT_ACCEPT ? ACT_TEMPFAIL : v.action;
	return v;
}

void
walk_fill(struct eval *e)
{
	const struct program *p = e->program;

	session_select(e->session, e->recipient);
	for (uint32_t i = 0; i < p->life_start[LIVES] - p->life_start[LIFE_RECIPIENT]; i++)
		eval_atom(e, p->recipient_atoms[i]);
}

/* Two recipients' views side by side. */
struct pair {
	struct eval *a, *b;
	bool alike;	 /* the same address: nothing can differ */
	uint8_t *scores; /* of each score rule: 0 not compared, 1 the same, 2 not */
};

static bool node_same(const struct pair *x, uint32_t node);

/* True if a node's sets are equal and, where open, its parts mean the same. */
static bool
part_same(const struct pair *x, uint32_t node)
{
	unsigned a, b;

	if (!x->a->program->nodes[node].recipient)
		return true;
	a = eval_node(x->a, node);
	b = eval_node(x->b, node);
	if (out_is_one(a) != out_is_one(b))
		return false;
	return out_is_one(a) ? a == b : node_same(x, node);
}

/* The score so far and the rules that are open must be the same. */
static bool
score_same(const struct pair *x, uint32_t upto)
{
	const struct program *p = x->a->program;
	uint32_t end = program_score_end(p, upto);
	long long difference = 0;

	for (uint32_t i = 0; (i = scan_next_of(x->a, p->scoring, i, end)) < end; i++) {
		const struct rule *r = &p->rules[i];
		uint8_t *same = &x->scores[r->score_number];
		unsigned a, b;

		if (!p->nodes[r->cond].recipient)
			continue;
		a = eval_node(x->a, r->cond);
		b = eval_node(x->b, r->cond);
		if ((a | b) & (OUT_ERROR | OUT_FAILED)) {
			if (*same == 0)
				*same = part_same(x, r->cond) ? 1 : 2;
			if (*same == 2)
				return false;
		} else {
			difference +=
			    (a == OUT_TRUE ? r->score : 0) - (b == OUT_TRUE ? r->score : 0);
		}
	}
	return difference == 0;
}

/* Each rule by itself: {score.rules} names them. */
static bool
score_rules_same(const struct pair *x, uint32_t upto)
{
	const struct program *p = x->a->program;
	uint32_t end = program_score_end(p, upto);

	for (uint32_t i = 0; (i = scan_next_of(x->a, p->scoring, i, end)) < end; i++)
		if (!part_same(x, p->rules[i].cond))
			return false;
	return true;
}

/* A node that is open for both. */
static bool
node_same(const struct pair *x, uint32_t node)
{
	const struct program *p = x->a->program;
	const struct node *n = &p->nodes[node];

	if (n->kind == NODE_SCORE)
		return score_same(x, n->score_upto);
	if (n->kind == NODE_ATOM)
		return x->alike;
	for (uint32_t i = 0; i < n->count; i++)
		if (!part_same(x, p->parts[n->first + i]))
			return false;
	return true;
}

/* The parts of a text that name the recipient come out alike. */
static bool
text_same(const struct pair *x, const struct text *t)
{
	struct slice a, b;

	if (!t->recipient || x->alike)
		return true;
	if (t->score && !score_rules_same(x, t->score_upto))
		return false;
	session_select(x->a->session, x->a->recipient);
	a = eval_text(x->a, t);
	session_select(x->b->session, x->b->recipient);
	b = eval_text(x->b, t);
	return a.p != NULL && b.p != NULL && slice_eq(a, b);
}

/* What comes of telling the score is the same: whether it will be exact, or what keeps it from
 * that. */
static bool
exactness_same(const struct pair *x, const struct text *t)
{
	long long least, most;
	unsigned a, b;

	if (!t->score || !t->recipient || x->alike)
		return true;
	a = eval_score(x->a, t->score_upto, &least, &most);
	b = eval_score(x->b, t->score_upto, &least, &most);
	return a == b && (out_is_one(a) || score_rules_same(x, t->score_upto));
}

/* One rule for both: 1 the same and the walk goes on, 0 the same and the walk ends here, -1
 * differs. */
static int
rule_same(const struct pair *x, const struct rule *r)
{
	bool decides = action_decides(r->action);
	unsigned passes = eval_passes(x->a->program);
	unsigned a = eval_rule(x->a, r, false), b = eval_rule(x->b, r, false);
	bool apass = !(a & ~passes), bpass = !(b & ~passes);

	if (apass != bpass)
		return -1;
	if (apass)
		return 1;
	/* settled for one, it is settled for the other, and alike */
	if (a != b && (out_is_one(a) || out_is_one(b)))
		return -1;
	if (!part_same(x, r->cond) || ((a | b) & OUT_TRUE && !text_same(x, &r->text)))
		return -1;
	if (!out_is_one(a) && !exactness_same(x, &r->text))
		return -1;
	return decides && out_is_one(a) ? 0 : 1;
}

bool
walk_same(struct eval *a, struct eval *b)
{
	const struct program *p = a->program;
	const struct recipient *r = a->session->recipients;
	struct pair x = { a, b, slice_eq(r[a->recipient].address, r[b->recipient].address),
		arena_alloc(a->texts, p->nscores + 1) };
	int same = x.scores != NULL ? 1 : -1;

	for (uint32_t i = 0;
	     same == 1 && (i = scan_next_of(a, p->parting, i, p->nrules)) < p->nrules; i++)
		same = rule_same(&x, &p->rules[i]);
	return same >= 0;
}
