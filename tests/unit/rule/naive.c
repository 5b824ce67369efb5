/*
 * naive.c - conditions, rules and the walk, as the language defines them
 *
 * The truth tables are written for single outcomes; sets are combined by trying each pair. Nothing
 * is kept between calls, nothing is shared, nothing is clever.
 */
#include "naive_in.h"

enum stage
atom_stage(const struct ruleset *rs, const struct ratom *a)
{
	enum stage latest = STAGE_CONNECT;
	const enum what whats[] = { a->what, a->other };

	for (int i = 0; i < 2; i++) {
		enum stage s;

		if (whats[i] == WHATS)
			continue;
		s = what_defs[whats[i]].stage;
		if ((whats[i] == W_HELO || whats[i] == W_LISTED_HELO) &&
		    rs->refuse_at <= STAGE_HELO)
			s = STAGE_HELO;
		if (s > latest)
			latest = s;
	}
	return latest;
}

bool
atom_names_recipient(const struct ratom *a)
{
	return what_defs[a->what].recipient || (a->other != WHATS && what_defs[a->other].recipient);
}

/* One value, if it is there. */
static int
one(int value, int *values)
{
	values[0] = value;
	return value != ABSENT;
}

/* What a list says now; NULL: it has nothing to be asked about. */
static const struct rlisting *
listing(const struct world *w, enum what what)
{
	if (what == W_LISTED)
		return w->ss->local ? NULL : &w->ss->listed;
	if (what == W_LISTED_HELO && w->helo != ABSENT)
		return &w->ss->listed_helo[w->helo];
	return NULL;
}

/* True if more values of a fact there may be, for its list has failed. */
static bool
has_failed(const struct world *w, enum what what)
{
	const struct rlisting *l = listing(w, what);

	return l != NULL && l->fault != FAULT_NONE;
}

int
world_values(const struct world *w, enum what what, int rcpt, int *values)
{
	const struct rlisting *l = listing(w, what);
	const struct rmessage *m = w->m;

	if (l != NULL) {
		memcpy(values, l->values, sizeof(l->values));
		return l->n;
	}
	switch (what) {
	case W_IP:
		return one(w->ss->local ? ABSENT : w->ss->ip, values);
	case W_NAME:
		return one(w->ss->name, values);
	case W_PORT:
		return one(w->ss->local ? ABSENT : 1000 + 100 * w->ss->port, values);
	case W_DAEMON:
		return one(w->ss->daemon, values);
	case W_HELO:
		return one(w->helo, values);
	case W_SENDER:
		return one(m->sender, values);
	case W_SENDER_DOMAIN:
		return one(m->sender == NULL_SENDER ? ABSENT : m->sender_domain, values);
	case W_SIZE:
		return one(m->size == ABSENT ? ABSENT : 1000 * m->size, values);
	case W_USER:
		return one(m->user, values);
	case W_MAIL_HOST:
		return one(m->mail_host, values);
	case W_RCPT:
		return one(m->rcpts[rcpt].local, values);
	case W_RCPT_DOMAIN:
		return one(m->rcpts[rcpt].domain, values);
	case W_RCPT_HOST:
		return one(m->rcpts[rcpt].host, values);
	case W_COUNT:
		return one(w->nkept, values);
	case W_QUEUE_ID:
		return one(m->queue_id, values);
	case W_HEADER_1:
	case W_HEADER_2:
		memcpy(values, m->headers[what - W_HEADER_1], sizeof(m->headers[0]));
		return m->nheaders[what - W_HEADER_1];
	case W_BODY:
		return one(m->body, values);
	case W_LATE:
		return one(m->late, values);
	default:
		return 0;
	}
}

/* A number against another. */
static bool
compare(long long a, enum atom_op op, long long b)
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

static unsigned
truth(bool yes)
{
	return yes ? OUT_TRUE : OUT_FALSE;
}

/* So many there are, of which more there may be. */
static unsigned
counted(int n, bool more, enum atom_op op, long number)
{
	enum { MANY = 1000 };

	/* the operators are all of order: what holds at both ends holds between them */
	if (more && compare(n, op, number) != compare(MANY, op, number))
		return OUT_FAILED;
	return truth(compare(n, op, number));
}

/* The outcome of an atom over all values of its fact. */
static unsigned
atom_outcome(const struct world *w, const struct ratom *a, int rcpt)
{
	int values[MAX_SAME], others[MAX_SAME];
	int n = world_values(w, a->what, rcpt, values);
	int m = a->other == WHATS ? 0 : world_values(w, a->other, rcpt, others);
	int yes = 0, err = 0, same = 0, pairs = 0;
	bool failed = has_failed(w, a->what) || has_failed(w, a->other);
	unsigned no = failed ? OUT_FAILED : OUT_FALSE;

	/* a body that was cut off before its word: what is not found may have been there */
	if (a->what == W_BODY && w->rs->small && w->m->far)
		return OUT_ERROR;
	for (int i = 0; i < n && what_defs[a->what].sort != SORT_NUMBER; i++) {
		yes += a->yes >> values[i] & 1;
		err += a->err >> values[i] & 1;
		for (int k = 0; k < m; k++) {
			same += values[i] == others[k];
			pairs += a->yes >> values[i] & a->yes_other >> others[k] & 1;
		}
	}
	switch (a->kind) {
	case A_THERE:
		return n > 0 ? OUT_TRUE : no;
	case A_NUMBER:
		return truth(n > 0 && compare(values[0], a->op, a->number));
	case A_COUNT:
		return counted(n, failed, a->op, a->number);
	case A_COUNT_MATCHES:
		return counted(yes, failed, a->op, a->number);
	case A_ALIGNED:
		/* each value is a registered domain of its own */
		if (a->other == WHATS)
			return truth(yes > 0);
		/* fall through */
	case A_SAME:
		return same > 0 ? OUT_TRUE : no;
	case A_PAIR:
		return truth(pairs > 0);
	default:
		return yes > 0 ? OUT_TRUE : err > 0 ? OUT_ERROR : no;
	}
}

void
world_view(const struct world *w, int rcpt, enum stage s, struct view *v)
{
	v->rs = w->rs;
	for (int i = 0; i < w->rs->natoms; i++) {
		const struct ratom *a = &w->rs->atoms[i];
		bool known =
		    s >= atom_stage(w->rs, a) && (rcpt != NONE || !atom_names_recipient(a));

		v->atoms[i] = known ? atom_outcome(w, a, rcpt) : OUT_ANY;
	}
	naive_rules(v);
}

/* ---- truth ---- */

bool
is_failure(unsigned set)
{
	return set == OUT_ERROR || set == OUT_FAILED;
}

bool
is_passed(const struct ruleset *rs, unsigned set)
{
	if (set & OUT_ERROR && rs->on_error != ON_ERROR_SKIP)
		return false;
	if (set & OUT_FAILED && rs->on_dns_error != ON_ERROR_SKIP)
		return false;
	return !(set & OUT_TRUE);
}

enum cause
cause_of(unsigned failure)
{
	return failure == OUT_FAILED ? CAUSE_DNS : CAUSE_ERROR;
}

/* `false and X` is false, else an error is an error, else a failed lookup is one. */
static unsigned
and_one(unsigned a, unsigned b)
{
	static const unsigned order[] = { OUT_FALSE, OUT_ERROR, OUT_FAILED };

	for (int i = 0; i < 3; i++)
		if (a == order[i] || b == order[i])
			return order[i];
	return OUT_TRUE;
}

static unsigned
not_one(unsigned a)
{
	return is_failure(a) ? a : OUT_TRUE + OUT_FALSE - a;
}

static unsigned
or_one(unsigned a, unsigned b)
{
	return not_one(and_one(not_one(a), not_one(b)));
}

/* All that can come of two sets. */
static unsigned
each_pair(unsigned (*combine)(unsigned, unsigned), unsigned a, unsigned b)
{
	unsigned set = 0;

	for (unsigned i = OUT_FALSE; i <= OUT_FAILED; i <<= 1)
		for (unsigned k = OUT_FALSE; k <= OUT_FAILED; k <<= 1)
			if (a & i && b & k)
				set |= combine(i, k);
	return set;
}

static unsigned
not_set(unsigned a)
{
	return (a & (OUT_ERROR | OUT_FAILED)) | (a & OUT_TRUE ? OUT_FALSE : 0) |
	    (a & OUT_FALSE ? OUT_TRUE : 0);
}

/* `n of` parts with one outcome each: the `or` over all `and` of n of them. */
static unsigned
of_one(int n, const unsigned *parts, int nparts)
{
	unsigned any = OUT_FALSE;

	for (unsigned chosen = 0; chosen < 1u << nparts; chosen++) {
		unsigned all = OUT_TRUE;
		int size = 0;

		for (int i = 0; i < nparts; i++)
			if (chosen >> i & 1) {
				all = and_one(all, parts[i]);
				size++;
			}
		if (size == n)
			any = or_one(any, all);
	}
	return any;
}

/* The same of sets, by each outcome of each part from `i` on. */
static unsigned
of_set(int n, const unsigned *parts, int nparts, int i)
{
	unsigned one[MAX_PARTS], set = 0;

	if (i == nparts)
		return of_one(n, parts, nparts);
	memcpy(one, parts, nparts * sizeof(*one));
	for (unsigned out = OUT_FALSE; out <= OUT_FAILED; out <<= 1)
		if (parts[i] & out) {
			one[i] = out;
			set |= of_set(n, one, nparts, i + 1);
		}
	return set;
}

unsigned
score_between(const struct view *v, int upto, long *least, long *most)
{
	unsigned out = OUT_TRUE;

	*least = *most = 0;
	for (int i = 0; i < upto; i++) {
		const struct rrule *r = &v->rs->rules[i];

		if (r->off || r->monitor || r->action != ACT_SCORE || v->rules[i] == OUT_FALSE)
			continue;
		if (v->rules[i] == OUT_TRUE || r->score < 0)
			*least += r->score;
		if (v->rules[i] == OUT_TRUE || r->score > 0)
			*most += r->score;
		if ((v->rules[i] & (v->rules[i] - 1)) != 0)
			out = each_pair(and_one, out, OUT_TRUE | OUT_ERROR | OUT_FAILED);
		else if (v->rules[i] != OUT_TRUE)
			out = each_pair(and_one, out, v->rules[i]);
	}
	return out;
}

/* A sum of score rules with one outcome each. */
struct sum {
	long least, most;
	unsigned failure; /* what keeps it from being exact: the worst; OUT_TRUE: nothing */
};

/* What a comparison of the score can come to, by each outcome of each rule from `i` on; an error
 * counts as anything between nothing and all of the rule's points, a failure likewise. */
static unsigned
score_outcomes(const struct view *v, int i, int upto, struct sum s, enum atom_op op, long number)
{
	const struct rrule *r = &v->rs->rules[i];
	unsigned set = 0;

	if (i == upto) {
		if (compare(s.least, op, number) != compare(s.most, op, number))
			return s.failure;
		return truth(compare(s.least, op, number));
	}
	if (r->off || r->monitor || r->action != ACT_SCORE)
		return score_outcomes(v, i + 1, upto, s, op, number);
	for (unsigned out = OUT_FALSE; out <= OUT_FAILED; out <<= 1) {
		struct sum next = s;

		if (!(v->rules[i] & out))
			continue;
		if (out == OUT_TRUE || (is_failure(out) && r->score < 0))
			next.least += r->score;
		if (out == OUT_TRUE || (is_failure(out) && r->score > 0))
			next.most += r->score;
		if (is_failure(out))
			next.failure = and_one(s.failure, out);
		set |= score_outcomes(v, i + 1, upto, next, op, number);
	}
	return set;
}

/* A comparison of the score; `=` is both `>=` and `<=`. */
static unsigned
score_set(const struct view *v, int upto, enum atom_op op, long number)
{
	const struct sum none = { 0, 0, OUT_TRUE };

	if (op == OP_EQ)
		return each_pair(and_one, score_outcomes(v, 0, upto, none, OP_GE, number),
		    score_outcomes(v, 0, upto, none, OP_LE, number));
	return score_outcomes(v, 0, upto, none, op, number);
}

unsigned
cond_set(const struct view *v, int i, int upto)
{
	const struct rcond *c = &v->rs->conds[i];
	unsigned parts[MAX_PARTS], set;

	for (int p = 0; p < c->nparts; p++)
		parts[p] = cond_set(v, c->parts[p], upto);
	switch (c->kind) {
	case C_ATOM:
		return v->atoms[c->index];
	case C_DEFINED:
		return cond_set(v, v->rs->defines[c->index], upto);
	case C_SCORE:
		return score_set(v, upto, c->op, c->number);
	case C_NOT:
		return not_set(parts[0]);
	case C_OF:
		return of_set(c->n, parts, c->nparts, 0);
	default:
		set = parts[0];
		for (int p = 1; p < c->nparts; p++)
			set = each_pair(c->kind == C_AND ? and_one : or_one, set, parts[p]);
		return set;
	}
}

int
first_inside(const struct ruleset *rs, int when)
{
	for (int i = 0; i < rs->nrules; i++)
		for (int w = rs->rules[i].when; w != NONE; w = rs->whens[w].parent)
			if (w == when)
				return i;
	return rs->nrules;
}

void
naive_rules(struct view *v)
{
	for (int i = 0; i < v->rs->nrules; i++) {
		const struct rrule *r = &v->rs->rules[i];
		unsigned set = r->cond == NONE ? OUT_TRUE : cond_set(v, r->cond, i);

		for (int w = r->when; w != NONE; w = v->rs->whens[w].parent)
			set = each_pair(and_one, set,
			    cond_set(v, v->rs->whens[w].cond, first_inside(v->rs, w)));
		if (r->text.score && set & OUT_TRUE) {
			long least, most;

			/* a rule whose text has the score is true once the sum is exact; an error
			 * in the sum is one of the rule */
			set = (set & ~(unsigned)OUT_TRUE) | score_between(v, i, &least, &most);
		}
		v->rules[i] = set;
	}
}

/* ---- the walk ---- */

bool
same_verdict(struct verdict a, struct verdict b)
{
	return a.action == b.action && a.cause == b.cause && a.rule == b.rule;
}

bool
text_known(const struct ruleset *rs, const struct rtext *t, enum stage known, bool recipient)
{
	const struct ratom a = { .what = t->what, .other = WHATS };

	if (!t->given || t->what == NONE)
		return true;
	return known >= atom_stage(rs, &a) && (recipient || !what_defs[t->what].recipient);
}

/* True for what is done to a message at its end. */
static bool
changes_message(enum action a)
{
	return !action_decides(a) && a != ACT_SCORE && a != ACT_LOG;
}

/* An acceptance and the effects above it. */
static void
weigh_effects(const struct view *v, enum stage known, bool recipient, struct standing *st)
{
	for (int i = 0; i < st->at; i++) {
		const struct rrule *r = &v->rs->rules[i];
		bool changes = changes_message(r->action) && !r->monitor;

		if (r->off || (r->action == ACT_SCORE && !r->monitor) ||
		    (action_decides(r->action) && !r->monitor))
			continue;
		if (changes && is_failure(v->rules[i]) && !is_passed(v->rs, v->rules[i])) {
			st->v = (struct verdict){ ACT_TEMPFAIL, cause_of(v->rules[i]), i };
			st->by_effect = true;
			st->waits = st->may_wait = false;
			return;
		}
		if (v->rules[i] == OUT_TRUE)
			st->waits |= changes || !text_known(v->rs, &r->text, known, recipient);
		else if (v->rules[i] & OUT_TRUE || (changes && !is_passed(v->rs, v->rules[i])))
			st->waits = true;
		else
			st->may_wait |= (v->rules[i] & (v->rules[i] - 1)) != 0;
	}
}

struct standing
naive_walk(const struct view *v, enum stage known, bool recipient)
{
	const struct ruleset *rs = v->rs;
	struct standing st = { .v = { ACT_ACCEPT, CAUSE_DEFAULT, NONE } };
	int i;

	for (i = 0; i < rs->nrules; i++) {
		const struct rrule *r = &rs->rules[i];
		unsigned set = v->rules[i];

		if (r->off || r->monitor || !action_decides(r->action) || set == OUT_FALSE)
			continue;
		if (is_passed(rs, set))
			continue;
		if (set == OUT_TRUE && !text_known(rs, &r->text, known, recipient))
			set = OUT_ANY;
		if (set == OUT_TRUE)
			st.v = (struct verdict){ r->action, CAUSE_RULE, i };
		else if (is_failure(set))
			st.v = (struct verdict){ ACT_TEMPFAIL, cause_of(set), i };
		else
			st.open = true;
		break;
	}
	st.at = i;
	if (!st.open && st.v.action == ACT_ACCEPT)
		weigh_effects(v, known, recipient, &st);
	return st;
}

struct verdict
naive_verdict(const struct view *v)
{
	return naive_walk(v, STAGE_BODY, true).v;
}
