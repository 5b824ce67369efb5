/*
 * naive.c - conditions, rules and the walk, as the language defines them
 *
 * The truth tables are written for single outcomes; sets are combined by trying each pair. Nothing
 * is kept between calls, nothing is shared, nothing is clever.
 */
#include "naive.h"

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
		if (whats[i] == W_HELO && rs->refuse_at <= STAGE_HELO)
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

int
world_values(const struct world *w, enum what what, int rcpt, int *values)
{
	const struct rmessage *m = w->m;

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

/* The outcome of an atom over all values of its fact. */
static unsigned
atom_outcome(const struct world *w, const struct ratom *a, int rcpt)
{
	int values[MAX_SAME], others[MAX_SAME];
	int n = world_values(w, a->what, rcpt, values);
	int m = a->other == WHATS ? 0 : world_values(w, a->other, rcpt, others);
	int yes = 0, err = 0, same = 0, pairs = 0;

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
		return truth(n > 0);
	case A_NUMBER:
		return truth(n > 0 && compare(values[0], a->op, a->number));
	case A_COUNT:
		return truth(compare(n, a->op, a->number));
	case A_COUNT_MATCHES:
		return truth(compare(yes, a->op, a->number));
	case A_SAME:
		return truth(same > 0);
	case A_PAIR:
		return truth(pairs > 0);
	default:
		return yes > 0 ? OUT_TRUE : err > 0 ? OUT_ERROR : OUT_FALSE;
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

/* `false and X` is false, else an error is an error. */
static unsigned
and_one(unsigned a, unsigned b)
{
	if (a == OUT_FALSE || b == OUT_FALSE)
		return OUT_FALSE;
	return a == OUT_ERROR || b == OUT_ERROR ? OUT_ERROR : OUT_TRUE;
}

static unsigned
not_one(unsigned a)
{
	return a == OUT_ERROR ? OUT_ERROR : OUT_TRUE + OUT_FALSE - a;
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

	for (unsigned i = OUT_FALSE; i <= OUT_ERROR; i <<= 1)
		for (unsigned k = OUT_FALSE; k <= OUT_ERROR; k <<= 1)
			if (a & i && b & k)
				set |= combine(i, k);
	return set;
}

static unsigned
not_set(unsigned a)
{
	return (a & OUT_ERROR) | (a & OUT_TRUE ? OUT_FALSE : 0) | (a & OUT_FALSE ? OUT_TRUE : 0);
}

/* `n of`, by each outcome of each part: as the `or` over all `and` of n parts. */
static unsigned
of_set(int n, const unsigned *parts, int nparts, int yes, int err)
{
	unsigned set = 0;

	if (nparts == 0)
		return yes >= n ? OUT_TRUE : yes + err >= n ? OUT_ERROR : OUT_FALSE;
	if (parts[0] & OUT_FALSE)
		set |= of_set(n, parts + 1, nparts - 1, yes, err);
	if (parts[0] & OUT_TRUE)
		set |= of_set(n, parts + 1, nparts - 1, yes + 1, err);
	if (parts[0] & OUT_ERROR)
		set |= of_set(n, parts + 1, nparts - 1, yes, err + 1);
	return set;
}

/* The score of the rules above `upto`: between *least and *most. */
static void
score_between(const struct view *v, int upto, long *least, long *most, bool *open)
{
	*least = *most = 0;
	*open = false;
	for (int i = 0; i < upto; i++) {
		const struct rrule *r = &v->rs->rules[i];

		if (r->off || r->monitor || r->action != ACT_SCORE || v->rules[i] == OUT_FALSE)
			continue;
		if (v->rules[i] == OUT_TRUE || r->score < 0)
			*least += r->score;
		if (v->rules[i] == OUT_TRUE || r->score > 0)
			*most += r->score;
		*open = *open || (v->rules[i] & (v->rules[i] - 1)) != 0;
	}
}

/* What a comparison of the score can come to, by each outcome of each rule from `i` on; an error
 * counts as anything between nothing and all of the rule's points. */
static unsigned
score_outcomes(
    const struct view *v, int i, int upto, long least, long most, enum atom_op op, long number)
{
	const struct rrule *r = &v->rs->rules[i];
	unsigned set = 0;

	if (i == upto) {
		if (compare(least, op, number) != compare(most, op, number))
			return OUT_ERROR;
		return truth(compare(least, op, number));
	}
	if (r->off || r->monitor || r->action != ACT_SCORE)
		return score_outcomes(v, i + 1, upto, least, most, op, number);
	if (v->rules[i] & OUT_FALSE)
		set |= score_outcomes(v, i + 1, upto, least, most, op, number);
	if (v->rules[i] & OUT_TRUE)
		set |=
		    score_outcomes(v, i + 1, upto, least + r->score, most + r->score, op, number);
	if (v->rules[i] & OUT_ERROR)
		set |= score_outcomes(v, i + 1, upto, least + (r->score < 0 ? r->score : 0),
		    most + (r->score > 0 ? r->score : 0), op, number);
	return set;
}

/* A comparison of the score; `=` is both `>=` and `<=`. */
static unsigned
score_set(const struct view *v, int upto, enum atom_op op, long number)
{
	if (op == OP_EQ)
		return each_pair(and_one, score_outcomes(v, 0, upto, 0, 0, OP_GE, number),
		    score_outcomes(v, 0, upto, 0, 0, OP_LE, number));
	return score_outcomes(v, 0, upto, 0, 0, op, number);
}

/* A condition that stands above rule `upto`. */
static unsigned
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
		return of_set(c->n, parts, c->nparts, 0, 0);
	default:
		set = parts[0];
		for (int p = 1; p < c->nparts; p++)
			set = each_pair(c->kind == C_AND ? and_one : or_one, set, parts[p]);
		return set;
	}
}

/* The first rule inside a `when`: the score is read there. */
static int
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
		if (r->text.score) {
			long least, most;
			bool open;

			/* a rule whose text has the score waits until the sum is exact; an error in
			 * the sum is one of the rule */
			score_between(v, i, &least, &most, &open);
			if (least != most)
				set = each_pair(
				    and_one, set, open ? OUT_TRUE | OUT_ERROR : OUT_ERROR);
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
		if (v->rules[i] == OUT_ERROR && changes && v->rs->on_error == ON_ERROR_TEMPFAIL) {
			st->v = (struct verdict){ ACT_TEMPFAIL, CAUSE_ERROR, i };
			st->by_effect = true;
			st->waits = st->may_wait = false;
			return;
		}
		if (v->rules[i] == OUT_TRUE)
			st->waits |= changes || !text_known(v->rs, &r->text, known, recipient);
		else if (v->rules[i] & OUT_TRUE ||
		    (changes && v->rs->on_error == ON_ERROR_TEMPFAIL))
			st->waits |= v->rules[i] != OUT_FALSE;
		else
			st->may_wait |= v->rules[i] == (OUT_FALSE | OUT_ERROR);
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
		if (!(set & OUT_TRUE) && rs->on_error == ON_ERROR_SKIP)
			continue;
		if (set == OUT_TRUE && !text_known(rs, &r->text, known, recipient))
			set = OUT_ANY;
		if (set == OUT_TRUE)
			st.v = (struct verdict){ r->action, CAUSE_RULE, i };
		else if (set == OUT_ERROR)
			st.v = (struct verdict){ ACT_TEMPFAIL, CAUSE_ERROR, i };
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

/* ---- texts ---- */

void
text_fill(struct buf *b, const struct world *w, const struct view *v, int rcpt, int rule)
{
	const struct rtext *t = &w->rs->rules[rule].text;
	int values[MAX_SAME];
	long least, most;
	bool open;

	buf_printf(b, "t%d", rule);
	if (t->what != NONE) {
		buf_char(b, ' ');
		if (t->what == W_SENDER)
			sender_text(b, w->m);
		else if (t->what == W_RCPT)
			rcpt_text(b, w->m, rcpt);
		else if (world_values(w, t->what, rcpt, values) > 0)
			value_text(b, t->what, values[0]);
	}
	if (t->score) {
		score_between(v, rule, &least, &most, &open);
		buf_printf(b, " %ld", least);
	}
	buf_str(b, " end");
}

/* What is left of a condition. */
static void
residual_cond(struct buf *b, const struct view *v, int i, int upto)
{
	const struct rcond *c = &v->rs->conds[i];
	unsigned set = cond_set(v, i, upto), unit = c->kind == C_AND ? OUT_TRUE : OUT_FALSE;
	long least, most;
	bool open;

	if ((set & (set - 1)) == 0) {
		buf_printf(b, "%u", set);
		return;
	}
	switch (c->kind) {
	case C_ATOM:
		buf_printf(b, "a%d", c->index);
		break;
	case C_DEFINED:
		residual_cond(b, v, v->rs->defines[c->index], upto);
		break;
	case C_SCORE:
		score_between(v, upto, &least, &most, &open);
		buf_printf(b, "s%d:%ld:%ld-%ld", c->op, c->number, least, most);
		break;
	default:
		buf_printf(b, "%d.%d(", c->kind, c->n);
		for (int p = 0; p < c->nparts; p++)
			if (c->kind == C_NOT || c->kind == C_OF ||
			    cond_set(v, c->parts[p], upto) != unit) {
				residual_cond(b, v, c->parts[p], upto);
				buf_char(b, ',');
			}
		buf_char(b, ')');
	}
}

void
residual_text(struct buf *b, const struct world *w, const struct view *v, int rcpt, enum stage s)
{
	struct standing st = naive_walk(v, s, true);

	for (int i = 0; i <= st.at || (st.open && i < v->rs->nrules); i++) {
		const struct rrule *r;

		if (i >= v->rs->nrules)
			break;
		r = &v->rs->rules[i];
		if (r->off || v->rules[i] == OUT_FALSE)
			continue;
		buf_printf(b, "r%d:%u", i, v->rules[i]);
		if ((v->rules[i] & (v->rules[i] - 1)) != 0) {
			if (r->cond != NONE)
				residual_cond(b, v, r->cond, i);
			for (int k = r->when; k != NONE; k = v->rs->whens[k].parent) {
				buf_char(b, '&');
				residual_cond(b, v, v->rs->whens[k].cond, first_inside(v->rs, k));
			}
		}
		if (r->text.given && text_known(v->rs, &r->text, s, true))
			text_fill(b, w, v, rcpt, i);
		buf_char(b, '\n');
	}
}

bool
recipients_alike(const struct world *w, int a, int b)
{
	struct view va, vb;

	world_view(w, a, STAGE_RCPT, &va);
	world_view(w, b, STAGE_RCPT, &vb);
	if (memcmp(va.atoms, vb.atoms, sizeof(va.atoms[0]) * w->rs->natoms) != 0)
		return false;
	for (int i = 0; i < w->rs->nrules; i++)
		if (!w->rs->rules[i].off && w->rs->rules[i].text.what == W_RCPT)
			return false;
	return true;
}
