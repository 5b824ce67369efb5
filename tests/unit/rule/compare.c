/*
 * compare.c - an answer with its reply, decisions, notes and effects against what they must be
 */
#include "run.h"

#include <stdio.h>
#include <stdlib.h>

/* The words of a refusal. */
static void
check_reply(struct run *r, const struct reply *reply, struct verdict v, int rcpt, enum stage s)
{
	const struct rrule *rule = v.rule == NONE ? NULL : &r->w.rs->rules[v.rule];
	unsigned code = v.cause == CAUSE_SPLIT ? 452 : v.action == ACT_REJECT ? 550 : 451;
	char enhanced[16];
	struct buf text = { 0 };

	snprintf(enhanced, sizeof(enhanced),
	    v.cause == CAUSE_SPLIT	 ? "4.5.3"
		: v.cause == CAUSE_ERROR ? "4.3.0"
		: v.cause == CAUSE_DNS	 ? "4.4.3"
		: v.action == ACT_REJECT ? "5.7.1"
					 : "4.7.1");
	if (v.cause == CAUSE_RULE && rule->code != 0) {
		code = rule->code;
		snprintf(enhanced, sizeof(enhanced), "%u.7.%u", code / 100, code % 10);
	}
	if (v.cause == CAUSE_RULE && rule->text.given) {
		struct view view;

		world_view(&r->w, rcpt, s, &view);
		text_fill(&text, &r->w, &view, rcpt, v.rule);
		if (!slice_eq(buf_slice(&text), reply->text))
			wrong(r, "at %s: reply \"%.*s\" instead of \"%s\"", stage_name(s),
			    SLICE_ARG(reply->text), text.p);
	}
	buf_free(&text);
	if (reply->code != code || reply->enhanced == NULL ||
	    strcmp(reply->enhanced, enhanced) != 0)
		wrong(r, "at %s: reply %u %s instead of %u %s for %s", stage_name(s), reply->code,
		    reply->enhanced != NULL ? reply->enhanced : "(none)", code, enhanced,
		    verdict_name(v));
}

/* True if some failure of a rule lets it be passed. */
static bool
skips(const struct ruleset *rs)
{
	return rs->on_error == ON_ERROR_SKIP || rs->on_dns_error == ON_ERROR_SKIP;
}

/* True if what a note says of its rule is so for a recipient. */
static bool
note_is_true(struct run *r, const struct seen_note *n, int rcpt, enum stage s)
{
	const struct rrule *rule = &r->w.rs->rules[n->rule];
	unsigned set;
	struct view v;

	world_view(&r->w, rcpt, s, &v);
	set = v.rules[n->rule];
	r->tally->skipped_by_dns += set == OUT_FAILED;
	if (n->kind == NOTE_LOG)
		return set == OUT_TRUE && rule->action == ACT_LOG && !rule->monitor;
	if (n->kind == NOTE_MONITOR)
		return set == OUT_TRUE && rule->monitor;
	if (is_failure(set) || !skips(r->w.rs))
		return is_failure(set);
	/* what is false or skipped won't act, and is passed for its error */
	for (enum stage past = STAGE_CONNECT; past <= s; past++) {
		world_view(&r->w, past < STAGE_RCPT ? NONE : rcpt, past, &v);
		if (v.rules[n->rule] != OUT_FALSE && is_passed(r->w.rs, v.rules[n->rule]))
			return true;
	}
	return false;
}

/* A note must be true of whom it names, once, and of a rule that the walk has passed. */
static void
check_note(struct run *r, const struct seen_note *n, int rcpt, enum stage s)
{
	bool *noted = &r->noted[n->kind][n->rule][rcpt == NONE ? MAX_RCPTS : rcpt];
	struct standing st;
	struct view v;
	struct buf text = { 0 };

	world_view(&r->w, rcpt, s, &v);
	st = naive_walk(&v, s, rcpt != NONE);
	if (n->rule >= st.at)
		wrong(r, "at %s recipient %d: r%d is noted though the walk is at r%d",
		    stage_name(s), rcpt, n->rule, st.at);
	if (*noted)
		wrong(r, "at %s recipient %d: r%d is noted twice", stage_name(s), rcpt, n->rule);
	*noted = true;
	if (n->stage != s)
		wrong(r, "at %s: r%d is noted as of %s", stage_name(s), n->rule,
		    stage_name(n->stage));
	if (n->kind != NOTE_LOG)
		return;
	if (!text_known(r->w.rs, &r->w.rs->rules[n->rule].text, s, rcpt != NONE)) {
		/* a refusal does not wait for the words of a log line */
		if (r->ndecisions == 0 || !refuses(r->decisions[0].v))
			wrong(r, "at %s: r%d is noted before its text is known", stage_name(s),
			    n->rule);
		return;
	}
	text_fill(&text, &r->w, &v, rcpt, n->rule);
	if (strcmp(text.p, n->text) != 0)
		wrong(r, "at %s: r%d is noted as \"%s\" instead of \"%s\"", stage_name(s), n->rule,
		    n->text, text.p);
	buf_free(&text);
}

/* True if recipients are judged together whose rules are told apart only by what was skipped. */
static bool
are_judged_together(const struct run *r)
{
	return r->w.nkept > 1 && skips(r->w.rs);
}

/* All notes of one answer. rcpt: whom the stage is about, if one. */
void
check_notes(struct run *r, int rcpt, enum stage s)
{
	for (int i = 0; i < r->nnotes && !r->failed; i++) {
		const struct seen_note *n = &r->notes[i];
		bool right = n->rule != NONE && n->nrcpts == 0 && note_is_true(r, n, NONE, s);

		r->tally->notes++;
		for (int k = 0; n->rule != NONE && k < n->nrcpts; k++) {
			right =
			    note_is_true(r, n, n->rcpts[k], s) || (right && are_judged_together(r));
			if (s == STAGE_RCPT && n->rcpts[k] != rcpt)
				wrong(r, "at rcpt %d: a note of recipient %d", rcpt, n->rcpts[k]);
			check_note(r, n, n->rcpts[k], s);
		}
		if (n->rule != NONE && n->nrcpts == 0)
			check_note(r, n, NONE, s);
		if (!right)
			wrong(r, "at %s: r%d is noted (kind %d), but that is not so", stage_name(s),
			    n->rule, n->kind);
	}
}

/* After a verdict: all that had to be noted was. */
void
check_all_noted(struct run *r, int rcpt, enum stage s, const struct standing *st)
{
	const struct ruleset *rs = r->w.rs;
	struct view v;

	if (are_judged_together(r) && rcpt != r->w.kept[0])
		return;
	world_view(&r->w, rcpt, s, &v);
	for (int i = 0; i < st->at && i < rs->nrules; i++) {
		const struct rrule *rule = &rs->rules[i];
		enum note_kind kind = NOTE_ERROR;
		bool changes =
		    !action_decides(rule->action) && rule->action != ACT_LOG && !rule->monitor;

		if (rule->off)
			continue;
		if (v.rules[i] == OUT_TRUE && text_known(rs, &rule->text, s, rcpt != NONE) &&
		    (rule->monitor || rule->action == ACT_LOG))
			kind = rule->monitor ? NOTE_MONITOR : NOTE_LOG;
		else if (!is_failure(v.rules[i]))
			continue;
		/* a refusal voids effects, and their errors */
		if (changes && (st->v.action != ACT_ACCEPT || rule->action == ACT_SCORE))
			continue;
		if (!r->noted[kind][i][MAX_RCPTS] && (rcpt == NONE || !r->noted[kind][i][rcpt]))
			wrong(r, "at %s recipient %d: r%d ought to be noted (kind %d)",
			    stage_name(s), rcpt, i, kind);
	}
}

/* Remember a recipient's end. */
void
reach(struct run *r, int rcpt, struct verdict v)
{
	struct end *e = &r->out->ends[r->w.m - r->w.ss->messages][rcpt];

	*e = (struct end){ true, v };
}

/* Under `drop` a recipient that is deferred defers the message: others, whose own verdict is not
 * certain yet, are told with its rule. */
static bool
is_deferred_with(struct run *r, enum stage s, const struct seen_decision *d)
{
	if (r->w.rs->mixed != MIXED_DROP || s <= STAGE_RCPT || d->v.action != ACT_TEMPFAIL)
		return false;
	for (int i = 0; i < r->ndecisions; i++) {
		const struct seen_decision *o = &r->decisions[i];

		if (o != d && o->nrcpts > 0 && o->v.rule == d->v.rule &&
		    o->v.action == d->v.action && is_certain(r, o->rcpts[0], s, o->v))
			return true;
	}
	return false;
}

/* Nothing is told or done; what is logged is right. */
void
check_monitored(struct run *r, enum stage s, struct answer got, int rcpt)
{
	if (got.told != TOLD_CONTINUE)
		wrong(r, "at %s: told %s in mode monitor", stage_name(s), told_name(got.told));
	for (int i = 0; i < r->ndecisions; i++) {
		const struct seen_decision *d = &r->decisions[i];
		bool right = d->nrcpts == 0 && rcpt == NONE;

		r->tally->monitored++;
		if (d->obeyed)
			wrong(r, "at %s: a decision is obeyed in mode monitor", stage_name(s));
		if (d->nrcpts == 0)
			memset(r->covered, true, sizeof(r->covered));
		if (s < STAGE_MAIL)
			r->all_covered = true;
		if (right)
			check_certain(r, NONE, s, d->v);
		for (int k = 0; k < d->nrcpts; k++) {
			if (r->covered[d->rcpts[k]])
				wrong(r, "at %s recipient %d: a second verdict in mode monitor",
				    stage_name(s), d->rcpts[k]);
			if (!is_deferred_with(r, s, d))
				check_certain(r, d->rcpts[k], s, d->v);
			r->covered[d->rcpts[k]] = true;
		}
	}
}

/* The decision for a recipient (NONE: for nobody); exactly one must be. */
static const struct seen_decision *
decision_for(struct run *r, int rcpt, enum stage s)
{
	const struct seen_decision *found = NULL;
	int n = 0;

	for (int i = 0; i < r->ndecisions; i++) {
		const struct seen_decision *d = &r->decisions[i];
		bool mine = rcpt == NONE && d->nrcpts == 0;

		for (int k = 0; k < d->nrcpts; k++)
			mine = mine || d->rcpts[k] == rcpt;
		if (mine) {
			found = d;
			n++;
		}
	}
	if (n != 1)
		wrong(r, "at %s recipient %d: %d decisions instead of one", stage_name(s), rcpt, n);
	return found;
}

/* The decision must be the verdict. */
static void
check_decision(struct run *r, int rcpt, enum stage s, struct verdict v)
{
	const struct seen_decision *d = decision_for(r, rcpt, s);
	enum stage stage = v.cause == CAUSE_DEFAULT ? STAGE_BODY : s;

	if (d == NULL || r->failed)
		return;
	if (!like(r, d->v, v))
		wrong(r, "at %s recipient %d: decided %s instead of %s", stage_name(s), rcpt,
		    verdict_name(d->v), verdict_name(v));
	if (d->stage != stage)
		wrong(r, "at %s recipient %d: decided as of %s instead of %s", stage_name(s), rcpt,
		    stage_name(d->stage), stage_name(stage));
}

/* What skipping leaves open: an answer earlier than the sets say must be certain. */
static bool
early_but_right(struct run *r, int rcpt, enum stage s, struct answer got, struct want *want)
{
	const struct seen_decision *d;

	if (want->told != TOLD_CONTINUE || got.told == TOLD_CONTINUE || !skips(r->w.rs))
		return false;
	d = decision_for(r, rcpt, s);
	if (d == NULL || told_of(d->v.action) != got.told)
		return false;
	check_certain(r, rcpt, s, d->v);
	want->told = got.told;
	want->v = d->v;
	return !r->failed;
}

/* An answer at CONNECT, HELO, MAIL or (rcpt != NONE) RCPT against what it must be. */
void
check_answer(struct run *r, int rcpt, enum stage s, struct answer got, struct want *want)
{
	if (want->loose && got.told == TOLD_CONTINUE)
		want->told = TOLD_CONTINUE;
	if (got.told != want->told && !early_but_right(r, rcpt, s, got, want)) {
		wrong(r, "at %s recipient %d: told %s instead of %s (%s)", stage_name(s), rcpt,
		    told_name(got.told), told_name(want->told), verdict_name(want->v));
		return;
	}
	if (want->told == TOLD_CONTINUE) {
		if (r->ndecisions > 0)
			wrong(r, "at %s recipient %d: decided %s, but nothing was told",
			    stage_name(s), rcpt, verdict_name(r->decisions[0].v));
		return;
	}
	r->tally->told[s]++;
	r->tally->refused[s] += refuses(want->v);
	r->tally->splits += want->v.cause == CAUSE_SPLIT;
	r->tally->by_error += want->v.cause == CAUSE_ERROR;
	r->tally->by_dns += want->v.cause == CAUSE_DNS;
	check_decision(r, rcpt, s, want->v);
	if (refuses(want->v))
		check_reply(r, &got.reply, want->v, rcpt, s);
	check_certain(r, rcpt, s, want->v);
}

static int
line_order(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* One effect of the engine in the words of want_effects. */
static char *
effect_line(struct run *r, const struct effect *e)
{
	static const char *const kinds[] = { "add-header", "set-header", "delete-header",
		"add-recipient", "delete-recipient", "quarantine" };
	struct buf b = { 0 };

	buf_printf(&b, "%s ", kinds[e->kind]);
	if (e->kind == EFFECT_ADD_HEADER || e->kind == EFFECT_SET_HEADER) {
		buf_printf(&b, "%.*s: %.*s", SLICE_ARG(e->name), SLICE_ARG(e->value));
	} else if (e->kind == EFFECT_DELETE_HEADER) {
		buf_printf(&b, "%.*s %u r%d", SLICE_ARG(e->name), e->index, rule_of(r, e->rule));
	} else {
		buf_printf(&b, "%.*s", SLICE_ARG(e->value));
		if (e->kind != EFFECT_DELETE_RECIPIENT)
			buf_printf(&b, " r%d", rule_of(r, e->rule));
	}
	buf_char(&b, '\n');
	return b.p;
}

/* Headers are taken away, changed, added, each in the order of the rules; of several to delete the
 * last comes first. */
static void
check_effect_order(struct run *r, const struct effect *v, size_t n)
{
	static const int ranks[] = {
		[EFFECT_DELETE_HEADER] = 0, [EFFECT_SET_HEADER] = 1, [EFFECT_ADD_HEADER] = 2
	};
	int before = -1;
	unsigned index = 0;

	for (size_t i = 0; i < n; i++) {
		int now;

		if (v[i].kind > EFFECT_DELETE_HEADER)
			continue;
		now = ranks[v[i].kind] * MAX_RULES + rule_of(r, v[i].rule);
		if (now < before)
			wrong(r, "a header of r%d comes too late", rule_of(r, v[i].rule));
		if (now == before && v[i].kind == EFFECT_DELETE_HEADER && v[i].index >= index)
			wrong(r, "header %u is deleted behind header %u", v[i].index, index);
		before = now;
		index = v[i].index;
	}
}

/* Property (a) for effects: those of an accepted message at its end. */
static void
check_effects(struct run *r)
{
	const struct effect *v;
	size_t n = judge_effects(r->judge, &v);
	struct buf want = { 0 }, got = { 0 };
	char *lines[SEEN];
	size_t nlines = 0;
	unsigned held = 0;
	bool taste;

	if (n > SEEN) {
		wrong(r, "%zu effects", n);
		return;
	}
	r->tally->effects += n;
	check_effect_order(r, v, n);
	want_effects(&r->w, &want, &taste);
	for (size_t i = 0; i < n; i++) {
		/* the MTA takes one */
		if (v[i].kind == EFFECT_QUARANTINE && (taste || held++ > 0))
			continue;
		lines[nlines++] = effect_line(r, &v[i]);
	}
	qsort(lines, nlines, sizeof(lines[0]), line_order);
	for (size_t i = 0; i < nlines; i++) {
		buf_str(&got, lines[i]);
		free(lines[i]);
	}
	if (!slice_eq(buf_slice(&want), buf_slice(&got)))
		wrong(r, "effects:\n%sinstead of:\n%s", got.p != NULL ? got.p : "",
		    want.p != NULL ? want.p : "");
	buf_free(&want);
	buf_free(&got);
}

/* The message was answered for another recipient's sake: of this one no verdict may be claimed that
 * is not certain. */
static void
check_open(struct run *r, int rcpt, enum stage s)
{
	for (int i = 0; i < r->ndecisions; i++)
		for (int k = 0; k < r->decisions[i].nrcpts; k++)
			if (r->decisions[i].rcpts[k] == rcpt && !refuses(r->decisions[i].v))
				check_certain(r, rcpt, s, r->decisions[i].v);
}

/* The decisions that come with a message's answer. */
static void
check_decisions(struct run *r, const struct standing *st, enum stage s, enum told told)
{
	for (int k = 0; k < r->w.nkept && !r->failed; k++) {
		const struct seen_decision *d;

		if (st[k].open || (st[k].waits && told != TOLD_ACCEPT)) {
			check_open(r, r->w.kept[k], s);
			continue;
		}
		check_decision(r, r->w.kept[k], s, st[k].v);
		d = decision_for(r, r->w.kept[k], s);
		if (r->failed)
			return;
		if (told_of(st[k].v.action) == told && !d->obeyed)
			wrong(r, "recipient %d: the verdict was told but counts as not obeyed",
			    r->w.kept[k]);
		if (told_of(st[k].v.action) != told && d->obeyed && st[k].v.action != ACT_DISCARD &&
		    r->w.rs->mixed != MIXED_DROP)
			wrong(r, "recipient %d: the verdict gave way but counts as obeyed",
			    r->w.kept[k]);
		reach(r, r->w.kept[k], st[k].v);
	}
}

/* A refusal must have the words of one of the classes that want it. */
static void
check_message_reply(struct run *r, const struct standing *st, struct answer got, enum stage s)
{
	bool failed = true;

	for (int k = 0; k < r->w.nkept && failed; k++) {
		if (st[k].open || told_of(st[k].v.action) != got.told)
			continue;
		r->failed = false;
		r->out->why.n = 0;
		check_reply(r, &got.reply, st[k].v, r->w.kept[k], s);
		failed = r->failed;
	}
}

/* Count what was told of a message. */
static void
count_message(struct run *r, const struct standing *st, enum stage s, const struct want *want)
{
	r->tally->told[s]++;
	r->tally->refused[s] += refuses(want->v);
	r->tally->by_error += want->v.cause == CAUSE_ERROR;
	r->tally->by_dns += want->v.cause == CAUSE_DNS;
	r->tally->by_effect += want->v.cause == CAUSE_ERROR && st[0].by_effect;
	r->tally->effects_by_dns += want->v.cause == CAUSE_DNS && st[0].by_effect;
	r->tally->mixed += is_mixed(&r->w);
}

bool
check_message(
    struct run *r, struct standing *st, enum stage s, struct answer got, struct want *want)
{
	struct world *w = &r->w;

	if (want->loose && got.told == TOLD_CONTINUE)
		want->told = TOLD_CONTINUE;
	if (got.told != want->told) {
		if (w->nkept > 1 || !early_but_right(r, w->kept[0], s, got, want)) {
			wrong(r, "at %s: told %s instead of %s (%s)", stage_name(s),
			    told_name(got.told), told_name(want->told), verdict_name(want->v));
			return false;
		}
		st[0].open = false;
		st[0].v = want->v;
	}
	if (want->told == TOLD_CONTINUE) {
		if (r->ndecisions > 0)
			wrong(r, "at %s: decided %s, but nothing was told", stage_name(s),
			    verdict_name(r->decisions[0].v));
		return !r->failed;
	}
	count_message(r, st, s, want);
	check_decisions(r, st, s, want->told);
	if (refuses(want->v) && !r->failed)
		check_message_reply(r, st, got, s);
	for (int k = 0; k < w->nkept && !r->failed; k++) {
		if (st[k].open || (st[k].waits && want->told != TOLD_ACCEPT))
			continue;
		check_certain(r, w->kept[k], s, st[k].v);
		check_all_noted(r, w->kept[k], s, &st[k]);
	}
	if (s == STAGE_BODY && want->told == TOLD_ACCEPT && !r->failed)
		check_effects(r);
	return !r->failed;
}

void
check_monitored_end(struct run *r)
{
	const struct effect *v;

	if (judge_effects(r->judge, &v) > 0)
		wrong(r, "effects in mode monitor");
	for (int i = 0; i < r->w.m->nrcpts; i++)
		if (!r->all_covered && !r->covered[i])
			wrong(r, "recipient %d: no verdict in mode monitor", i);
}
