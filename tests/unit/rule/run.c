/*
 * run.c - listen to the engine, and hold a walk against all that could follow
 */
#include "run.h"

#include <stdarg.h>
#include <stdio.h>

/* Remember the first thing that is wrong. */
void
wrong(struct run *r, const char *fmt, ...)
{
	char line[1024];
	va_list ap;

	if (r->failed)
		return;
	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	r->failed = true;
	buf_str(&r->out->why, line);
	if (r->w.m != NULL)
		buf_printf(&r->out->why, " (message %d)", (int)(r->w.m - r->w.ss->messages));
}

/* ---- the watcher ---- */

/* The ruleset's index of a rule of the program. */
int
rule_of(const struct run *r, const struct rule *rule)
{
	return rule == NULL ? NONE : ruleset_index(r->w.rs, rule - r->program->rules);
}

/* Which recipients are meant. */
static int
map_rcpts(struct run *r, const size_t *v, size_t n, int *out)
{
	if (n > MAX_RCPTS) {
		wrong(r, "%zu recipients are named", n);
		return 0;
	}
	for (size_t i = 0; i < n; i++) {
		if (v[i] >= MAX_RCPTS || v[i] >= r->session->nrecipients) {
			wrong(r, "recipient %zu does not exist", v[i]);
			return 0;
		}
		out[i] = r->at_index[v[i]];
	}
	return (int)n;
}

static void
on_decided(void *ctx, const struct decision *d)
{
	struct run *r = ctx;
	struct seen_decision *s;

	if (r->ndecisions == SEEN) {
		wrong(r, "too many decisions");
		return;
	}
	s = &r->decisions[r->ndecisions++];
	s->v = (struct verdict){ d->action, d->cause, rule_of(r, d->rule) };
	s->stage = d->stage;
	s->obeyed = d->obeyed;
	s->nrcpts = map_rcpts(r, d->recipients, d->nrecipients, s->rcpts);
}

static void
on_noted(void *ctx, const struct note *n)
{
	struct run *r = ctx;
	struct seen_note *s;

	if (r->nnotes == SEEN) {
		wrong(r, "too many notes");
		return;
	}
	s = &r->notes[r->nnotes++];
	s->kind = n->kind;
	s->rule = rule_of(r, n->rule);
	s->stage = n->stage;
	snprintf(s->text, sizeof(s->text), "%.*s", SLICE_ARG(n->text));
	s->nrcpts = map_rcpts(r, n->recipients, n->nrecipients, s->rcpts);
}

struct watcher
run_watcher(struct run *r)
{
	return (struct watcher){ on_decided, on_noted, r };
}

/* ---- words for a failure ---- */

const char *
told_name(enum told t)
{
	static const char *const names[] = { "continue", "accept", "reject", "tempfail",
		"discard" };

	return names[t];
}

const char *
verdict_name(struct verdict v)
{
	static const char *const causes[] = { "rule", "default", "error", "dns", "split", "limit" };
	static char bufs[4][64];
	static int n;
	char *p = bufs[n++ % 4];

	snprintf(
	    p, sizeof(bufs[0]), "%s by %s r%d", action_name(v.action), causes[v.cause], v.rule);
	return p;
}

/* ---- comparing ---- */

/* True if one is deferred for an effect that is not known. */
static bool
is_by_effect(const struct run *r, struct verdict v)
{
	return (v.cause == CAUSE_ERROR || v.cause == CAUSE_DNS) && v.rule != NONE &&
	    !action_decides(r->w.rs->rules[v.rule].action);
}

/* True if verdicts are the same to the letter; of erring effects any may be named. */
bool
like(const struct run *r, struct verdict a, struct verdict b)
{
	return same_verdict(a, b) || (is_by_effect(r, a) && is_by_effect(r, b));
}

/* Fill in each atom that is not known, in each way: is the verdict always v? */
static bool
certain(const struct run *r, struct view *v, int atom, struct verdict want, bool action_only)
{
	struct verdict got;

	while (atom < r->w.rs->natoms && v->atoms[atom] != OUT_ANY)
		atom++;
	if (atom == r->w.rs->natoms) {
		r->tally->completions++;
		naive_rules(v);
		got = naive_verdict(v);
		return action_only ? got.action == want.action : like(r, got, want);
	}
	for (unsigned o = OUT_FALSE; o <= OUT_FAILED; o <<= 1) {
		bool same;

		v->atoms[atom] = o;
		same = certain(r, v, atom + 1, want, action_only);
		v->atoms[atom] = OUT_ANY;
		if (!same)
			return false;
	}
	return true;
}

/* True if a verdict is that of every completion. */
bool
is_certain(struct run *r, int rcpt, enum stage s, struct verdict got)
{
	struct view v;

	world_view(&r->w, rcpt, s, &v);
	return got.cause == CAUSE_SPLIT || certain(r, &v, 0, got, got.cause == CAUSE_DEFAULT);
}

/* Property (b): a verdict that was told is that of every completion. */
void
check_certain(struct run *r, int rcpt, enum stage s, struct verdict got)
{
	if (!is_certain(r, rcpt, s, got))
		wrong(r, "at %s recipient %d: told %s, which is not certain", stage_name(s), rcpt,
		    verdict_name(got));
}

/* Property (c) on the walk itself, whether or not the MTA may be told: it is decided exactly when
 * the verdict stands with all that is unknown an error. */
void
check_walk(struct run *r, int rcpt, enum stage s)
{
	const struct ruleset *rs = r->w.rs;
	struct verdict got = { ACT_ACCEPT, CAUSE_DEFAULT, NONE };
	struct standing st, strict;
	struct view v;
	struct eval *e;
	uint32_t at = UINT32_MAX;
	unsigned out = OUT_TRUE;

	e = judge_view(r->judge, &at);
	world_view(&r->w, rcpt, s, &v);
	st = naive_walk(&v, s, rcpt != NONE);
	if (e == NULL || at > r->program->nrules) {
		wrong(r, "at %s: no view of the walk", stage_name(s));
		return;
	}
	if (rs->on_error == ON_ERROR_TEMPFAIL && at != (uint32_t)program_index(rs, st.at)) {
		wrong(r, "at %s recipient %d: the walk stands at rule %d of the program, not %d",
		    stage_name(s), rcpt, (int)at, program_index(rs, st.at));
		return;
	}
	if (rs->on_error != ON_ERROR_TEMPFAIL)
		return;
	if (at < r->program->nrules) {
		int rule = ruleset_index(rs, at);

		if (rs->rules[rule].text.given)
			return;
		out = eval_node(e, r->program->rules[at].cond);
		got = (struct verdict){ rs->rules[rule].action, CAUSE_RULE, rule };
	}
	for (int i = 0; i < rs->natoms; i++)
		if (v.atoms[i] == OUT_ANY)
			v.atoms[i] = OUT_ERROR;
	naive_rules(&v);
	strict = naive_walk(&v, STAGE_BODY, true);
	/* an erring effect is not the walk's own */
	if (strict.by_effect)
		strict.v = strict.at == rs->nrules
		    ? (struct verdict){ ACT_ACCEPT, CAUSE_DEFAULT, NONE }
		    : (struct verdict){ rs->rules[strict.at].action, CAUSE_RULE, strict.at };
	if (out != OUT_TRUE)
		got.cause = out == OUT_FAILED ? CAUSE_DNS : CAUSE_ERROR;
	if (out != OUT_TRUE && got.cause == strict.v.cause)
		return;
	if (out != OUT_TRUE || !same_verdict(got, strict.v))
		wrong(r, "at %s recipient %d: walk %s with outcomes %u, with errors %s",
		    stage_name(s), rcpt, verdict_name(got), out, verdict_name(strict.v));
}
