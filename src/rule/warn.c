/*
 * warn.c - what a ruleset says that its admin can't have meant
 *
 * Facts in a reply that is given before they are known are errors; rules that never act, conditions
 * that stand twice, and rules that delay others are warnings.
 */
#include "rule/build.h"

/* The stage at which a refusal is told. */
static enum stage
told_at(const struct program *p, const struct rule *r)
{
	return r->acts_at > p->settings.refuse_at ? r->acts_at : p->settings.refuse_at;
}

/* A reply uses only what is known when it is given. */
static void
check_reply_facts(struct build *b, const struct rule *r)
{
	enum stage at = told_at(b->p, r);

	if ((r->action != ACT_REJECT && r->action != ACT_TEMPFAIL) || r->acts_at == STAGE_NEVER)
		return;
	for (size_t i = 0; i < r->text.n; i++) {
		const struct piece *v = &r->text.v[i];

		if (v->kind == PIECE_FACT && v->ref.stage > at)
			diag_hint(b->diags,
			    diag_error(b->diags, v->span,
				"{%s} is not known yet when this rule acts, which can be at %s",
				v->ref.fact->name, stage_name(at)),
			    "it is known at %s: leave it out, or add a condition that waits for it",
			    stage_name(v->ref.stage));
	}
	if (r->code == 421 && (b->p->nodes[r->cond].recipient || r->text.recipient))
		diag_hint(b->diags,
		    diag_warn(b->diags, r->span,
			"421 closes the connection, also for recipients that this rule does not name"),
		    "use 450 or 451");
}

/* Conditions that are surely not true when a rule below is reached: those of deciding rules above,
 * and the parts of their `or`. One byte a node. */
static void
mark_passed(const struct program *p, uint32_t node, uint32_t rule, uint32_t *passed)
{
	const struct node *n = &p->nodes[node];

	if (passed[node] == UINT32_MAX)
		passed[node] = rule;
	if (n->kind == NODE_OR)
		for (uint32_t i = 0; i < n->count; i++)
			if (passed[p->parts[n->first + i]] == UINT32_MAX)
				passed[p->parts[n->first + i]] = rule;
}

/* The rule above that decides whenever this condition is true; UINT32_MAX if there is none. */
static uint32_t
covered_by(const struct program *p, uint32_t node, const uint32_t *passed)
{
	const struct node *n = &p->nodes[node];

	if (passed[node] != UINT32_MAX)
		return passed[node];
	if (n->kind == NODE_AND)
		for (uint32_t i = 0; i < n->count; i++)
			if (passed[p->parts[n->first + i]] != UINT32_MAX)
				return passed[p->parts[n->first + i]];
	return UINT32_MAX;
}

/* True if a condition asks the score where no rule has added to it: that was said. */
static bool
reads_no_score(const struct program *p, uint32_t node)
{
	const struct node *n = &p->nodes[node];

	if (n->kind == NODE_SCORE)
		return n->score_upto == 0;
	for (uint32_t i = 0; i < n->count; i++)
		if (reads_no_score(p, p->parts[n->first + i]))
			return true;
	return false;
}

/* Rules that can never act. */
static void
warn_dead(struct build *b)
{
	const struct program *p = b->p;
	uint32_t *passed = arena_alloc(b->tmp, (p->nnodes + 1) * sizeof *passed);

	memset(passed, 0xff, p->nnodes * sizeof *passed);
	for (uint32_t i = 0; i < p->nrules; i++) {
		const struct rule *r = &p->rules[i], *by;
		uint32_t cover = covered_by(p, r->cond, passed);

		if (cover == UINT32_MAX && r->acts_at == STAGE_NEVER)
			cover = r->delayed_by;
		if (cover != UINT32_MAX) {
			bool same;

			by = &p->rules[cover];
			same = strcmp(by->file, r->file) == 0;
			diag_hint(b->diags,
			    diag_warn(b->diags, r->span,
				"this rule can never act: the rule of line %u%s%s "
				"decides whenever this one could",
				by->line, same ? "" : " of ", same ? "" : by->file),
			    "move it above that rule, or remove it");
		} else if (r->acts_at == STAGE_NEVER && !reads_no_score(p, r->cond)) {
			diag_warn(b->diags, r->span,
			    "this rule can never act: its condition is never true");
		}
		if (action_decides(r->action) && !r->monitor)
			mark_passed(p, r->cond, i, passed);
	}
}

/* Content rules above envelope rules: the first rule that each delays to the message's content. */
static void
warn_delays(struct build *b)
{
	const struct program *p = b->p;
	uint32_t said = UINT32_MAX;

	for (uint32_t i = 0; i < p->nrules; i++) {
		const struct rule *r = &p->rules[i];

		if (r->delayed_by == UINT32_MAX || r->delayed_by == said || r->monitor ||
		    !action_decides(r->action) || p->nodes[r->cond].true_at > STAGE_RCPT ||
		    r->acts_at < STAGE_HEADERS || r->acts_at == STAGE_NEVER ||
		    p->nodes[r->cond].kind == NODE_TRUE)
			continue;
		said = r->delayed_by;
		diag_hint(b->diags,
		    diag_warn(b->diags, p->rules[said].span,
			"this rule asks the content and delays the rule of line %u to the end of the %s",
			r->line, r->acts_at == STAGE_HEADERS ? "headers" : "message"),
		    "put rules on client, sender and recipient first");
	}
}

/* Effects that keep an accept from ending the session's part early. */
static void
warn_held(struct build *b)
{
	const struct program *p = b->p;

	for (uint32_t e = 0; e < p->nrules; e++) {
		const struct rule *r = &p->rules[e];
		const struct node *n = &p->nodes[r->cond];
		enum stage settled = n->true_at < n->false_at ? n->true_at : n->false_at;

		if (!rule_is_effect(r))
			continue;
		if ((r->monitor || r->action == ACT_LOG) && r->text.stage > settled)
			settled = r->text.stage;
		if (settled < STAGE_HEADERS || settled == STAGE_NEVER)
			continue;
		for (uint32_t i = e + 1; i < p->nrules; i++) {
			const struct rule *a = &p->rules[i];

			if (a->action != ACT_ACCEPT || a->monitor || a->acts_at > STAGE_DATA)
				continue;
			diag_hint(b->diags,
			    diag_warn(b->diags, r->span,
				"this rule asks the content: the accept of line %u waits for it to the end "
				"of the %s",
				a->line, settled == STAGE_HEADERS ? "headers" : "message"),
			    "put the accept above it if such mail needs no look at its content");
			break;
		}
	}
}

/* Results of other filters, where nobody's are believed. */
static void
warn_results(struct build *b)
{
	const uint32_t results =
	    1u << CONTENT_DKIM | 1u << CONTENT_DKIM_DOMAIN | 1u << CONTENT_DMARC;

	for (uint32_t i = 0; i < b->p->natoms && b->p->settings.authserv_id == NULL; i++) {
		const struct atom *a = &b->p->atoms[i];

		if (!(content_asks(a->left.fact) & results))
			continue;
		diag_hint(b->diags,
		    diag_warn(b->diags, a->span, "%s is always absent without `set authserv-id`",
			a->left.fact->name),
		    "set it to the name under which the filter before this one tells its results");
		return;
	}
}

void
warn_work_out(struct build *b)
{
	for (uint32_t i = 0; i < b->p->nrules; i++)
		check_reply_facts(b, &b->p->rules[i]);
	warn_dead(b);
	warn_delays(b);
	warn_held(b);
	warn_results(b);
}
