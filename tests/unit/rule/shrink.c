/*
 * shrink.c - try each simplification, keep those after which the case still fails
 */
#include "shrink.h"

enum { CHANGES = 400 };

/* Simplify a rule; false if there is no such change. */
static bool
change_rule(struct ruleset *rs, struct rrule *r, int what)
{
	const struct rcond *c = r->cond == NONE ? NULL : &rs->conds[r->cond];

	switch (what) {
	case 0:
		r->off = true;
		return true;
	case 1:
		r->cond = NONE;
		return c != NULL;
	case 2:
		r->when = r->when == NONE ? NONE : rs->whens[r->when].parent;
		return true;
	case 3:
		r->monitor = false;
		return true;
	case 4:
		r->text.score = false;
		r->text.what = NONE;
		return true;
	case 5:
		r->code = 0;
		return true;
	default:
		what -= 6;
		if (c == NULL || what >= c->nparts)
			return false;
		r->cond = c->parts[what];
		return true;
	}
}

/* Simplify a condition in place: by one of its parts, or an atom to a plainer one. */
static bool
change_cond(struct ruleset *rs, struct rcond *c, int what)
{
	if (what < c->nparts) {
		*c = rs->conds[c->parts[what]];
		return true;
	}
	if (c->kind == C_DEFINED) {
		*c = rs->conds[rs->defines[c->index]];
		return true;
	}
	return false;
}

/* Simplify a message. */
static bool
change_message(struct rmessage *m, int what)
{
	switch (what) {
	case 0:
		m->helo = ABSENT;
		return true;
	case 1:
		if (m->nrcpts > 1)
			m->nrcpts--;
		return true;
	case 2:
		m->abort_after = STAGE_NEVER;
		return true;
	case 3:
		m->nheaders[0] = m->nheaders[1] = 0;
		return true;
	case 4:
		m->user = m->mail_host = m->size = m->queue_id = m->late = ABSENT;
		return true;
	case 5:
		m->far = false;
		return true;
	case 6:
		m->body = ABSENT;
		return true;
	case 7:
		if (m->nrcpts > 1)
			memmove(&m->rcpts[0], &m->rcpts[1], --m->nrcpts * sizeof(m->rcpts[0]));
		return true;
	default:
		return false;
	}
}

/* Simplify the settings or the session. */
static bool
change_frame(struct ruleset *rs, struct rsession *ss, int what)
{
	switch (what) {
	case 0:
		if (ss->nmessages > 1)
			ss->nmessages--;
		return true;
	case 1:
		if (ss->nmessages > 1)
			memmove(&ss->messages[0], &ss->messages[1],
			    --ss->nmessages * sizeof(ss->messages[0]));
		return true;
	case 2:
		ss->nhelos = 0;
		return true;
	case 3:
		ss->local = false;
		return true;
	case 4:
		rs->mode = MODE_ENFORCE;
		return true;
	case 5:
		rs->refuse_at = STAGE_RCPT;
		return true;
	case 6:
		rs->small = false;
		return true;
	case 7:
		rs->mixed = MIXED_SPLIT;
		return true;
	default:
		return false;
	}
}

/* The change of that number; false if there is none. */
static bool
change(struct ruleset *rs, struct rsession *ss, int n)
{
	if (n < 9 * MAX_RULES)
		return n / 9 < rs->nrules && !rs->rules[n / 9].off &&
		    change_rule(rs, &rs->rules[n / 9], n % 9);
	n -= 9 * MAX_RULES;
	if (n < 8 * MAX_MESSAGES)
		return n / 8 < ss->nmessages && change_message(&ss->messages[n / 8], n % 8);
	n -= 8 * MAX_MESSAGES;
	if (n < 8)
		return change_frame(rs, ss, n);
	n -= 8;
	return n / 3 < rs->nconds && change_cond(rs, &rs->conds[n / 3], n % 3);
}

void
shrink(struct ruleset *rs, struct rsession *ss, fails_fn *fails)
{
	bool smaller = true;

	for (int round = 0; smaller && round < 10; round++) {
		smaller = false;
		for (int n = 0; n < CHANGES; n++) {
			struct ruleset r = *rs;
			struct rsession s = *ss;

			if (!change(&r, &s, n) ||
			    (memcmp(&r, rs, sizeof(r)) == 0 && memcmp(&s, ss, sizeof(s)) == 0))
				continue;
			if (fails(&r, &s)) {
				*rs = r;
				*ss = s;
				smaller = true;
			}
		}
	}
}
