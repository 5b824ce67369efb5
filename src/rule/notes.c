/*
 * notes.c - what the watcher is told: rules that log, watch, or could not be decided, and verdicts
 */
#include "rule/harmless.h"
#include "rule/judge_in.h"

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

/* The text of a refusal: its own, or where there is none, or nothing is left of it, a general one.
 */
static struct slice
reply_text(struct judge *j, struct eval *e, const struct rule *r)
{
	struct slice text = harmless_reply(&j->texts, eval_text(e, &r->text), j->session.smtputf8);

	if (slice_trim(text).n > 0)
		return text;
	return r->action == ACT_REJECT ? SLICE("Message refused by local policy")
				       : SLICE("Try again later");
}

/* True for reject and tempfail. */
static bool
refuses(const struct rule *r)
{
	return r->action == ACT_REJECT || r->action == ACT_TEMPFAIL;
}

/* The list of a fact, if it has failed, and why; else NULL, also if memory lacks. */
static const char *
failed_list(struct judge *j, const struct fact_ref *ref)
{
	const char *why = ref->of != NULL && j->session.listings != NULL
	    ? j->session.listings[ref->ask].why
	    : NULL;

	if (why == NULL)
		return NULL;
	return arena_printf(&j->texts, "the list %.*s: %s", SLICE_ARG(ref->args[0]), why).p;
}

/* The same of a comparison: of its left side first. */
static const char *
failed_in_atom(struct judge *j, const struct atom *a)
{
	const char *why = failed_list(j, &a->left);

	if (why == NULL && a->right_fact)
		why = failed_list(j, &a->right);
	for (size_t i = 0; why == NULL && i < a->text.n; i++)
		if (a->text.v[i].kind == PIECE_FACT)
			why = failed_list(j, &a->text.v[i].ref);
	return why;
}

static const char *failure(struct judge *j, struct eval *e, uint32_t node);

/* The same of the first score rules. */
static const char *
failed_in_score(struct judge *j, struct eval *e, uint32_t upto)
{
	const struct program *p = j->program;
	uint32_t end = program_score_end(p, upto);
	const char *why = NULL;

	for (uint32_t i = 0; why == NULL && (i = scan_next_of(e, p->scoring, i, end)) < end; i++)
		why = failure(j, e, p->rules[i].cond);
	return why;
}

/* Which lookup has failed without which a condition can't be decided, and why; NULL if none has, or
 * memory lacks. */
static const char *
failure(struct judge *j, struct eval *e, uint32_t node)
{
	const struct program *p = j->program;
	const struct node *n = &p->nodes[node];
	const char *why = NULL;

	if (eval_node(e, node) != OUT_FAILED)
		return NULL;
	if (n->kind == NODE_ATOM)
		return failed_in_atom(j, &p->atoms[n->atom]);
	if (n->kind == NODE_SCORE)
		return failed_in_score(j, e, n->score_upto);
	for (uint32_t i = 0; why == NULL && i < n->count; i++)
		why = failure(j, e, p->parts[n->first + i]);
	return why;
}

/* The same of a rule: of its condition, or of the score that its text tells. */
static const char *
failed_lookup(struct judge *j, struct eval *e, const struct rule *r)
{
	const char *why = failure(j, e, r->cond);

	return why == NULL && r->text.score ? failed_in_score(j, e, r->text.score_upto) : why;
}

/* True if a condition asks an atom. */
static bool
node_asks(const struct program *p, uint32_t node, uint32_t atom)
{
	const struct node *n = &p->nodes[node];

	if (n->kind == NODE_ATOM)
		return n->atom == atom;
	for (uint32_t i = 0; i < n->count; i++)
		if (node_asks(p, p->parts[n->first + i], atom))
			return true;
	return false;
}

/* A rule that asks an atom: this one (may be NULL), or the first. NULL: none by its condition. */
static const struct rule *
asked_by(const struct program *p, const struct atom *a, const struct rule *r)
{
	uint32_t atom = (uint32_t)(a - p->atoms);

	if (r != NULL && node_asks(p, r->cond, atom))
		return r;
	for (uint32_t i = 0; i < p->nrules; i++)
		if (node_asks(p, p->rules[i].cond, atom))
			return &p->rules[i];
	return NULL;
}

/* Why a rule (may be NULL) had no time for a pattern, and what took most of it. NULL if it had, or
 * memory lacks. */
static const char *
out_of_time(struct judge *j, const struct rule *r)
{
	const struct matching *m = &j->matching;

	uint64_t us = m->asking.spent ? m->asking.used_us : m->spent_us;

	if (us == 0)
		return NULL;
	r = m->atom != NULL ? asked_by(j->program, m->atom, r) : m->rule;
	if (r == NULL)
		return arena_printf(
		    &j->texts, "match-budget: patterns took %llu ms", (unsigned long long)us / 1000)
		    .p;
	return arena_printf(&j->texts,
	    "match-budget: patterns took %llu ms, %llu of them in %s%s%s:%u%s",
	    (unsigned long long)us / 1000, (unsigned long long)m->most_us / 1000,
	    r->label != NULL ? r->label : "", r->label != NULL ? " (" : "", r->file, r->line,
	    r->label != NULL ? ")" : "")
	    .p;
}

/* Why a rule's pattern was given up; NULL if none was. */
static const char *
out_of_steps(const struct judge *j, const struct rule *r)
{
	const struct atom *a = j->matching.limited;

	if (a == NULL || !node_asks(j->program, r->cond, (uint32_t)(a - j->program->atoms)))
		return NULL;
	return "match limit: a pattern took too many steps, or too much memory";
}

/* Why a rule could not be decided; NULL if that can't be told. */
static const char *
undecided(struct judge *j, struct eval *e, const struct rule *r, unsigned set)
{
	const char *why = set == OUT_FAILED ? failed_lookup(j, e, r) : out_of_time(j, r);

	return why == NULL && set != OUT_FAILED ? out_of_steps(j, r) : why;
}

/* What one rule says in one view. */
static void
note_rule(struct judge *j, struct eval *e, const struct class *c, const struct rule *r)
{
	struct arena_mark mark = arena_mark(&j->texts);
	/* a refusal waits for no text: what is not known yet is left out, but no score is made up
	 */
	unsigned set = eval_rule(e, r, speaks(r));

	if (set == OUT_ERROR || set == OUT_FAILED)
		note(j, NOTE_ERROR, r, slice_str(undecided(j, e, r, set)), c);
	else if (set == OUT_TRUE && speaks(r))
		note(j, r->monitor ? NOTE_MONITOR : NOTE_LOG, r,
		    refuses(r) ? reply_text(j, e, r) : eval_text(e, &r->text), c);
	arena_release(&j->texts, mark);
}

/* What a walk and a verdict say of the rules above; of those that name the recipient, or of the
 * others, or of all. */
struct scope {
	const struct walk *walk;
	const struct verdict *verdict;
	bool named, unnamed;
};

/* All rules within a scope, in one view. */
static void
note_rules(struct judge *j, const struct class *c, const struct scope *s)
{
	const struct program *p = j->program;
	uint32_t end = s->walk->at;
	struct eval e = judge_eval(j, c);

	for (const struct passed_error *i = s->walk->errors; i != NULL; i = i->next)
		if (is_named(p, &p->rules[i->rule]) ? s->named : s->unnamed)
			note_rule(j, &e, c, &p->rules[i->rule]);
	for (uint32_t i = 0; (i = scan_next_of(&e, p->scoring, i, end)) < end; i++)
		if (is_named(p, &p->rules[i]) ? s->named : s->unnamed)
			note_rule(j, &e, c, &p->rules[i]);
	for (uint32_t i = 0; (i = scan_next_of(&e, p->effects, i, end)) < end; i++)
		if (i != s->verdict->rule && (is_named(p, &p->rules[i]) ? s->named : s->unnamed))
			note_rule(j, &e, c, &p->rules[i]);
}

/* What only watches, and what is passed in error, doesn't part recipients: rules that name them are
 * asked for each of a class. */
void
note_walk(struct judge *j, const struct class *c, const struct walk *w, const struct verdict *v)
{
	bool many = c != NULL && c->n > 1 && j->program->names_recipient;
	struct scope all = { w, v, true, true }, unnamed = { w, v, false, true },
		     named = { w, v, true, false };

	note_rules(j, c, many ? &unnamed : &all);
	for (size_t i = 0; many && i < c->n; i++) {
		struct class one = { .own = j->spare, .recipients = &c->recipients[i], .n = 1 };

		memset(j->spare, 0, j->nown);
		note_rules(j, &one, &named);
	}
}

bool
note_is_ready(struct judge *j, const struct class *c)
{
	const struct program *p = j->program;
	struct eval all = judge_eval(j, c);

	for (uint32_t i = 0; (i = scan_next_of(&all, p->effects, i, c->walk.at)) < c->walk.at;
	     i++) {
		const struct rule *r = &p->rules[i];

		if (!speaks(r) || !is_named(p, r))
			continue;
		for (size_t k = 1; k < c->n; k++) {
			struct class one = {
				.own = j->spare, .recipients = &c->recipients[k], .n = 1
			};
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
		if (j->stage == STAGE_RCPT || j->overflow)
			return (struct reply){ 452, "4.5.3", SLICE("Too many recipients") };
		/* fall through */
	case CAUSE_ERROR:
		return (struct reply){ 451, "4.3.0", SLICE("Temporary failure, try again later") };
	case CAUSE_DNS:
		return (struct reply){ 451, "4.4.3",
			SLICE("Temporary failure of a DNS lookup, try again later") };
	case CAUSE_DEFAULT:
	case CAUSE_RULE:
		break;
	}
	if (r == NULL || !refuses(r))
		return (struct reply){ 0 };
	e = judge_eval(j, c);
	return (struct reply){ r->code, r->enhanced, reply_text(j, &e, r) };
}

/* What a verdict was deferred for; NULL if that can't be told. */
static const char *
deferred_for(struct judge *j, const struct class *c, const struct verdict *v)
{
	struct eval e;

	if (v->cause != CAUSE_DNS && v->cause != CAUSE_ERROR)
		return NULL;
	if (v->rule == UINT32_MAX)
		return out_of_time(j, NULL);
	e = judge_eval(j, c);
	return undecided(
	    j, &e, &j->program->rules[v->rule], v->cause == CAUSE_DNS ? OUT_FAILED : OUT_ERROR);
}

struct reply
note_decision(struct judge *j, const struct class *c, const struct verdict *v, bool obeyed)
{
	struct decision d = { .action = v->action,
		.cause = v->cause,
		.rule = v->rule != UINT32_MAX ? &j->program->rules[v->rule] : NULL,
		.stage = v->cause == CAUSE_DEFAULT ? STAGE_BODY : j->stage,
		.told = j->stage,
		.reply = make_reply(j, c, v),
		.why = deferred_for(j, c, v),
		.obeyed = obeyed && j->program->settings.mode == MODE_ENFORCE,
		.recipients = c != NULL ? c->recipients : NULL,
		.nrecipients = c != NULL ? c->n : 0 };

	if (j->watcher.decided != NULL)
		j->watcher.decided(j->watcher.ctx, &d);
	return d.reply;
}
