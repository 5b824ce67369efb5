/*
 * expect.c - from the walks of a message's recipients to the MTA
 */
#include "expect.h"

#include <stdlib.h>

enum told
told_of(enum action a)
{
	return a == ACT_ACCEPT	? TOLD_ACCEPT
	    : a == ACT_REJECT	? TOLD_REJECT
	    : a == ACT_TEMPFAIL ? TOLD_TEMPFAIL
				: TOLD_DISCARD;
}

bool
refuses(struct verdict v)
{
	return v.action == ACT_REJECT || v.action == ACT_TEMPFAIL;
}

bool
is_mixed(const struct world *w)
{
	return w->nkept > 1 && (w->ss->local || w->rs->mixed != MIXED_SPLIT);
}

/* A walk's verdict, if it may be told now. Discard waits for the end of the message. */
static struct want
want_one(const struct world *w, const struct standing *st, enum stage s)
{
	struct want want = { TOLD_CONTINUE, st->v, false };

	if (st->open)
		return want;
	if (refuses(st->v)) {
		if (s == STAGE_BODY || (!w->ss->local && s >= w->rs->refuse_at))
			want.told = told_of(st->v.action);
	} else if (s == STAGE_BODY) {
		want.told = told_of(st->v.action);
	} else if (st->v.action == ACT_ACCEPT && !st->waits && s != STAGE_HELO && s != STAGE_RCPT) {
		want.told = TOLD_ACCEPT;
		want.loose = st->may_wait;
	}
	return want;
}

struct want
want_early(const struct world *w, const struct standing *st, enum stage s)
{
	return want_one(w, st, s);
}

/* A recipient's rules as far as they are left. */
static void
left_of(const struct world *w, int rcpt, struct buf *b)
{
	struct view v;

	world_view(w, rcpt, STAGE_RCPT, &v);
	residual_text(b, w, &v, rcpt, STAGE_RCPT);
}

/* True if an atom of it is known to err, or to lack its answer. */
static bool
has_error(const struct world *w, int rcpt)
{
	struct view v;

	world_view(w, rcpt, STAGE_RCPT, &v);
	for (int i = 0; i < w->rs->natoms; i++)
		if (is_failure(v.atoms[i]))
			return true;
	return false;
}

struct want
want_rcpt(const struct world *w, const struct standing *st, int rcpt)
{
	struct want want = want_one(w, st, STAGE_RCPT);
	struct buf a = { 0 }, b = { 0 };

	if (want.told != TOLD_CONTINUE || w->ss->local || w->rs->mixed != MIXED_SPLIT ||
	    w->nkept == 0 || recipients_alike(w, w->kept[0], rcpt))
		return want;
	left_of(w, w->kept[0], &a);
	left_of(w, rcpt, &b);
	/* what differs in words may still come to the same, as may `error and X` in many words:
	 * then either is right, and check_certain and the others' verdicts watch over it */
	if (!slice_eq(buf_slice(&a), buf_slice(&b)) || has_error(w, rcpt) ||
	    has_error(w, w->kept[0])) {
		want.told = TOLD_TEMPFAIL;
		want.v = (struct verdict){ ACT_TEMPFAIL, CAUSE_SPLIT, NONE };
		want.loose = true;
	}
	buf_free(&a);
	buf_free(&b);
	return want;
}

/* The first kept recipient's verdict with that action. */
static struct want
want_action(const struct world *w, const struct standing *st, enum action a)
{
	int k = 0;

	while (k < w->nkept - 1 && (st[k].open || st[k].v.action != a))
		k++;
	return (struct want){ told_of(a), st[k].v, false };
}

struct want
want_message(const struct world *w, const struct standing *st, enum stage s)
{
	struct want nothing = { TOLD_CONTINUE, st[0].v, false }, want;
	bool drop = w->rs->mixed == MIXED_DROP, waits = false, may_wait = false, all = true,
	     early = s != STAGE_BODY;
	int n[ACT_DISCARD + 1] = { 0 };

	if (!is_mixed(w)) {
		struct standing one = st[0];

		/* what is logged may still differ */
		for (int k = 1; k < w->nkept; k++) {
			one.waits = one.waits || st[k].waits;
			one.may_wait = one.may_wait || st[k].may_wait;
		}
		return want_one(w, &one, s);
	}
	for (int k = 0; k < w->nkept; k++) {
		all = all && !st[k].open;
		waits = waits || st[k].waits;
		may_wait = may_wait || st[k].may_wait;
		if (!st[k].open)
			n[st[k].v.action]++;
	}
	if (drop && n[ACT_TEMPFAIL] > 0)
		return early && w->ss->local ? nothing : want_action(w, st, ACT_TEMPFAIL);
	if (!all)
		return nothing;
	if (n[ACT_ACCEPT] > 0) {
		bool takes_off = n[ACT_DISCARD] > 0 || (drop && n[ACT_REJECT] > 0);

		want = early && (waits || takes_off) ? nothing : want_action(w, st, ACT_ACCEPT);
		want.loose = early && may_wait;
		return want;
	}
	if (n[ACT_TEMPFAIL] + n[ACT_REJECT] > 0) {
		if (early && w->ss->local)
			return nothing;
		want = want_action(w, st, n[ACT_TEMPFAIL] > 0 ? ACT_TEMPFAIL : ACT_REJECT);
		/* taking the discarded off could wait for the end as well */
		want.loose = early && n[ACT_DISCARD] > 0;
		return want;
	}
	return early ? nothing : want_action(w, st, ACT_DISCARD);
}

/* ---- effects ---- */

struct lines {
	char *v[64];
	int n;
};

/* Add a line unless it is there. */
static void
lines_add(struct lines *l, const struct buf *b)
{
	for (int i = 0; i < l->n; i++)
		if (strcmp(l->v[i], b->p) == 0)
			return;
	if (l->n < 64)
		l->v[l->n++] = strdup(b->p);
}

static int
line_order(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The indices of the X-One headers that a rule removes. */
static void
removals(const struct world *w, int rule, struct lines *l)
{
	const struct rrule *r = &w->rs->rules[rule];

	for (int i = 0; i < w->m->nheaders[0]; i++) {
		struct buf b = { 0 };

		if (r->pattern != NONE &&
		    !(w->rs->atoms[r->pattern].yes >> w->m->headers[0][i] & 1))
			continue;
		buf_printf(&b, "delete-header X-One %d r%d\n", i + 1, rule);
		lines_add(l, &b);
		buf_free(&b);
	}
}

/* What one rule does for one recipient. */
static void
rule_effects(const struct world *w, const struct view *v, int rcpt, int rule, struct lines *l)
{
	struct buf b = { 0 };

	switch (w->rs->rules[rule].action) {
	case ACT_ADD_HEADER:
		buf_printf(&b, "add-header X-Add-%d: ", rule);
		text_fill(&b, w, v, rcpt, rule);
		break;
	case ACT_SET_HEADER:
		buf_printf(&b, "set-header X-Set-%d: ", rule);
		text_fill(&b, w, v, rcpt, rule);
		break;
	case ACT_REMOVE_HEADER:
		removals(w, rule, l);
		return;
	case ACT_REDIRECT:
		buf_str(&b, "delete-recipient ");
		rcpt_text(&b, w->m, rcpt);
		buf_char(&b, '\n');
		lines_add(l, &b);
		buf_clear(&b);
		/* fall through */
	case ACT_COPY_TO:
		buf_printf(&b, "add-recipient to%d@example.org r%d", rule, rule);
		break;
	default:
		return;
	}
	buf_char(&b, '\n');
	lines_add(l, &b);
	buf_free(&b);
}

/* A recipient that does not get the accepted message. */
static void
taken_off(const struct world *w, int rcpt, struct lines *l)
{
	struct buf b = { 0 };

	buf_str(&b, "delete-recipient ");
	rcpt_text(&b, w->m, rcpt);
	buf_char(&b, '\n');
	lines_add(l, &b);
	buf_free(&b);
}

/* What an accepting recipient's rules do; returns the first that quarantines, or NONE. */
static int
accepted_effects(const struct world *w, const struct view *v, int at, int rcpt, struct lines *l)
{
	int first = NONE;

	for (int i = 0; i < at; i++) {
		const struct rrule *r = &w->rs->rules[i];

		if (r->off || r->monitor || v->rules[i] != OUT_TRUE)
			continue;
		if (r->action == ACT_QUARANTINE && first == NONE)
			first = i;
		rule_effects(w, v, rcpt, i, l);
	}
	return first;
}

void
want_effects(const struct world *w, struct buf *out, bool *taste)
{
	struct lines l = { .n = 0 };
	struct buf line = { 0 };
	int accepting = 0, reasons[MAX_RCPTS], held = 0;

	*taste = false;
	for (int k = 0; k < w->nkept; k++) {
		struct view v;
		struct standing st;

		world_view(w, w->kept[k], STAGE_BODY, &v);
		st = naive_walk(&v, STAGE_BODY, true);
		if (st.v.action == ACT_DISCARD || (refuses(st.v) && w->rs->mixed == MIXED_DROP))
			taken_off(w, w->kept[k], &l);
		if (st.v.action != ACT_ACCEPT)
			continue;
		reasons[accepting] = accepted_effects(w, &v, st.at, w->kept[k], &l);
		held += reasons[accepting] != NONE;
		*taste = *taste || reasons[accepting] != reasons[0];
		accepting++;
	}
	/* the mildest verdict is an acceptance without quarantine; of `drop` the language is silent
	 */
	if (*taste && held < accepting && (w->rs->mixed != MIXED_DROP || w->ss->local))
		*taste = false;
	if (!*taste && accepting > 0 && held == accepting) {
		buf_printf(&line, "quarantine q%d r%d\n", reasons[0], reasons[0]);
		lines_add(&l, &line);
	}
	buf_free(&line);
	qsort(l.v, l.n, sizeof(l.v[0]), line_order);
	for (int i = 0; i < l.n; i++) {
		buf_str(out, l.v[i]);
		free(l.v[i]);
	}
}
