/*
 * notes.c - what the watcher is told: rules that log, watch, or could not be decided, and verdicts
 */
#include "rule/judge_in.h"
#include "rule/harmless.h"

static void
note(struct judge *j, enum note_kind kind, const struct rule *r, struct slice text,
    const struct class *c)
{
	struct note n = { .kind = kind,
		.rule = r,
		.text = text,
		.stage = j->stage,
		.recipients = c != NULL ? c->recipients : NULL,
		.nrecipients = c != NULL ? c->n : 0 };

	if (j->watcher.noted != NULL)
		j->watcher.noted(j->watcher.ctx, &n);
}

/* True for rules that only tell the log. */
static bool
speaks(const struct rule *r)
{
	return r->monitor || r->action == ACT_LOG;
}

/* True if what the rule says depends on the recipient. */
static bool
is_named(const struct program *p, const struct rule *r)
{
	return p->nodes[r->cond].recipient || r->text.recipient;
}

/* What one rule says in one view. */
static void
note_view(struct judge *j, const struct class *c, const struct rule *r)
{
	struct eval e = judge_eval(j, c);
	unsigned set = speaks(r) ? eval_settle(&e, r->cond) : eval_node(&e, r->cond);

	if (set == OUT_ERROR)
		note(j, NOTE_ERROR, r, SLICE_ABSENT, c);
	else if (set == OUT_TRUE && speaks(r))
		note(j, r->monitor ? NOTE_MONITOR : NOTE_LOG, r, eval_text(&e, &r->text), c);
}

/* The same for all of a class, or for each of its recipients where the rule names them: what only
 * watches, and what is passed in error, doesn't part recipients. */
static void
note_rule(struct judge *j, const struct class *c, const struct rule *r)
{
	if (c == NULL || c->n < 2 || !is_named(j->program, r)) {
		note_view(j, c, r);
		return;
	}
	for (size_t i = 0; i < c->n; i++) {
		struct class one = { .own = j->spare, .recipients = &c->recipients[i], .n = 1 };

		memset(j->spare, 0, j->nown);
		note_view(j, &one, r);
	}
}

void
note_walk(struct judge *j, const struct class *c, const struct walk *w, const struct verdict *v)
{
	const struct program *p = j->program;

	for (const struct passed_error *i = w->errors; i != NULL; i = i->next)
		note_rule(j, c, &p->rules[i->rule]);
	for (uint32_t i = 0; i < p->nscores && p->scores[i] < w->at; i++)
		note_rule(j, c, &p->rules[p->scores[i]]);
	for (uint32_t i = 0; i < p->neffects && p->effects[i] < w->at; i++)
		if (p->effects[i] != v->rule)
			note_rule(j, c, &p->rules[p->effects[i]]);
}

bool
note_is_ready(struct judge *j, const struct class *c)
{
	const struct program *p = j->program;

	for (uint32_t i = 0; i < p->neffects && p->effects[i] < c->walk.at; i++) {
		const struct rule *r = &p->rules[p->effects[i]];

		if (!speaks(r) || !is_named(p, r))
			continue;
		for (size_t k = 1; k < c->n; k++) {
			struct class one = { .own = j->spare, .recipients = &c->recipients[k], .n = 1 };
			struct eval e = judge_eval(j, &one);

			memset(j->spare, 0, j->nown);
			if (!walk_is_quiet_ready(&e, r))
				return false;
		}
	}
	return true;
}

/* Code, enhanced code and text of a refusal. */
static struct reply
make_reply(struct judge *j, const struct class *c, const struct verdict *v)
{
	const struct rule *r = v->rule != UINT32_MAX ? &j->program->rules[v->rule] : NULL;
	struct eval e;

	switch (v->cause) {
	case CAUSE_SPLIT:
		return (struct reply){ 452, "4.5.3", SLICE("Send separately") };
	case CAUSE_LIMIT:
		return (struct reply){ 452, "4.5.3", SLICE("Too many recipients") };
	case CAUSE_ERROR:
		return (struct reply){ 451, "4.3.0", SLICE("Temporary failure, try again later") };
	case CAUSE_DEFAULT:
	case CAUSE_RULE:
		break;
	}
	if (r == NULL || (r->action != ACT_REJECT && r->action != ACT_TEMPFAIL))
		return (struct reply){ 0 };
	if (r->text.n == 0)
		return (struct reply){ r->code, r->enhanced,
			r->action == ACT_REJECT ? SLICE("Message refused by local policy")
						: SLICE("Try again later") };
	e = judge_eval(j, c);
	return (struct reply){ r->code, r->enhanced,
		harmless_reply(&j->texts, eval_text(&e, &r->text), j->session.smtputf8) };
}

struct reply
note_decision(struct judge *j, const struct class *c, const struct verdict *v, bool obeyed)
{
	struct decision d = { .action = v->action,
		.cause = v->cause,
		.rule = v->rule != UINT32_MAX ? &j->program->rules[v->rule] : NULL,
		.stage = v->cause == CAUSE_DEFAULT ? STAGE_BODY : j->stage,
		.reply = make_reply(j, c, v),
		.obeyed = obeyed && j->program->settings.mode == MODE_ENFORCE,
		.recipients = c != NULL ? c->recipients : NULL,
		.nrecipients = c != NULL ? c->n : 0 };

	if (j->watcher.decided != NULL)
		j->watcher.decided(j->watcher.ctx, &d);
	return d.reply;
}
