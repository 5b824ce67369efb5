/*
 * needs.c - what the MTA must be asked for, and when it must wait for an answer
 *
 * Round trips are most of a filter's cost: an answer is due only at stages at which a verdict may
 * become certain or may be told for the first time.
 */
#include "rule/build.h"
#include "rule/eval.h"

/* A macro to be asked for at a stage, once; too many are reported once a stage. */
static void
need_macro(struct build *b, enum stage s, const char *name, struct span at)
{
	struct needs *n = &b->p->needs;

	for (unsigned i = 0; i < n->nmacros[s]; i++)
		if (strcmp(n->macros[s][i], name) == 0)
			return;
	/* the adapters ask for the queue id, and for one that is always there, as well */
	if (n->nmacros[s] + 2 >= LIMIT_MACROS) {
		if (!(b->many_macros & 1u << s))
			diag_error(b->diags, at,
			    "an MTA gives at most %d macros at %s; with this one rules ask for more",
			    LIMIT_MACROS, stage_name(s));
		b->many_macros |= 1u << s;
		return;
	}
	n->macros[s][n->nmacros[s]++] = name;
}

/* What one reference needs. */
static void
need_ref(struct build *b, const struct fact_ref *ref, struct span at)
{
	struct needs *n = &b->p->needs;
	const struct fact *f = ref->fact;

	bool relays =
	    b->p->settings.relays != NULL && ref->lookups & (LOOKUP_SPF | LOOKUP_SPF_HELO);

	if (ref->of != NULL)
		need_ref(b, ref->of, at);
	/* the Received of a trusted relay tells who is checked */
	n->headers |= relays;
	n->keep_headers |= relays;
	n->asked |= content_asks(f);
	n->headers |= (f->flags & FACT_NEEDS_HEADERS) != 0;
	n->body |= (f->flags & FACT_NEEDS_BODY) != 0;
	if (!(f->flags & FACT_COUNTS)) {
		n->keep_headers |= (f->flags & FACT_NEEDS_HEADERS) != 0;
		n->keep_body |= (f->flags & FACT_NEEDS_BODY) != 0;
	}
	for (size_t i = 0; i < sizeof f->macros / sizeof *f->macros && f->macros[i] != NULL; i++)
		need_macro(b, macro_stage(slice_str(f->macros[i]), NULL), f->macros[i], at);
	if (f->args != NULL && strcmp(f->args, "macro") == 0)
		need_macro(b, macro_stage(ref->args[0], NULL), ref->args[0].p, at);
}

static void
need_text(struct build *b, const struct text *t)
{
	for (size_t i = 0; i < t->n; i++)
		if (t->v[i].kind == PIECE_FACT)
			need_ref(b, &t->v[i].ref, t->v[i].span);
}

/* What rules do to an accepted message. */
static void
need_effects(struct build *b)
{
	struct program *p = b->p;
	struct needs *n = &p->needs;
	bool discards = false;

	if (p->settings.spf_header != SPF_HEADER_NONE) {
		p->lookups |= LOOKUP_SPF;
		n->changes_headers = true;
		need_macro(b, STAGE_CONNECT, "j", (struct span){ 0 });
	}
	/* forged results are looked for; behind a trusted relay, its Received */
	if (p->settings.spf_header & SPF_HEADER_RESULTS ||
	    (p->settings.spf_header != SPF_HEADER_NONE && p->settings.relays != NULL))
		n->headers = n->keep_headers = true;
	/* those of a filter before us are told from them by the queue id, if the MTA is Postfix */
	if (p->settings.spf_header & SPF_HEADER_RESULTS)
		need_macro(b, macro_stage(SLICE("v"), NULL), "v", (struct span){ 0 });
	for (uint32_t i = 0; i < p->nrules; i++) {
		const struct rule *r = &p->rules[i];

		need_text(b, &r->text);
		if (r->monitor)
			continue;
		n->headers |= r->action == ACT_REMOVE_HEADER;
		n->keep_headers |= r->action == ACT_REMOVE_HEADER;
		n->changes_headers |= r->action >= ACT_ADD_HEADER && r->action <= ACT_REMOVE_HEADER;
		n->adds_recipients |= r->action == ACT_REDIRECT || r->action == ACT_COPY_TO;
		n->deletes_recipients |= r->action == ACT_REDIRECT;
		n->quarantines |= r->action == ACT_QUARANTINE;
		discards |= r->action == ACT_DISCARD;
	}
	/* one class may be accepted while another is taken off */
	n->deletes_recipients |=
	    p->names_recipient && (discards || p->settings.mixed == MIXED_DROP);
}

/* True if a condition contradicts itself: what can't be true may still fail, and be passed then. */
static bool
has_contradiction(const struct program *p)
{
	for (uint32_t i = 0; i < p->nnodes; i++) {
		const struct node *n = &p->nodes[i];
		bool possible = n->kind == NODE_AND && n->true_at == STAGE_NEVER;

		for (uint32_t k = 0; k < n->count && possible; k++)
			possible = p->nodes[p->parts[n->first + k]].true_at != STAGE_NEVER;
		if (possible)
			return true;
	}
	return false;
}

/* The first stages at which verdicts can be certain. */
struct firsts {
	enum stage accept, refuse;
	enum stage held; /* what can be told only when the message has ended */
};

/* The first stage at which a verdict of this rule is held back: if effects stand above it, of which
 * one can be certain at `effects`, or headers are to tell of SPF. */
static enum stage
held_at(const struct program *p, const struct rule *r, enum stage act, enum stage effects)
{
	if (r->action == ACT_DISCARD || p->settings.mode == MODE_MONITOR)
		return act;
	if (r->action != ACT_ACCEPT)
		return STAGE_NEVER;
	if (p->settings.spf_header != SPF_HEADER_NONE)
		return stage_later(act, STAGE_RCPT);
	return stage_later(act, effects);
}

static struct firsts
first_verdicts(const struct program *p)
{
	struct firsts f = { STAGE_NEVER, STAGE_NEVER, STAGE_NEVER };
	enum stage effects = STAGE_NEVER;
	unsigned passes = eval_passes(p);
	bool skips = passes & OUT_ERROR || (passes & OUT_FAILED && p->ndnsbls > 0);
	bool contradiction = skips && has_contradiction(p);
	enum stage last = STAGE_CONNECT; /* at which all deciding rules so far can be passed */

	for (uint32_t i = 0; i < p->nrules; i++) {
		const struct rule *r = &p->rules[i];
		const struct node *n = &p->nodes[r->cond];
		enum stage err = stage_earlier(n->true_at, n->false_at), pass, act;

		if (r->monitor || r->action == ACT_LOG || r->action == ACT_SCORE)
			continue;
		/* what errs refuses as soon as it could have been settled, effects included */
		err = stage_later(err, last);
		if ((passes & (OUT_ERROR | OUT_FAILED)) != (OUT_ERROR | OUT_FAILED))
			f.refuse = stage_earlier(f.refuse, err);
		if (!action_decides(r->action)) {
			effects = stage_earlier(effects, n->true_at);
			continue;
		}
		act = stage_later(n->true_at, last);
		if (r->action == ACT_ACCEPT)
			f.accept = stage_earlier(f.accept, act);
		else
			f.refuse = stage_earlier(f.refuse, act);
		f.held = stage_earlier(f.held, held_at(p, r, act, effects));
		/* skipped in error, or for a failed list, it is passed, too; for a text that tells
		 * the score, whenever that errs */
		pass = n->false_at;
		if (skips)
			pass = r->text.score || contradiction ? STAGE_CONNECT
			    : err < pass		      ? err
							      : pass;
		last = stage_later(last, pass);
	}
	f.accept = stage_earlier(f.accept, last);
	return f;
}

/* At which stages the MTA must wait for an answer. */
static void
need_replies(struct program *p)
{
	bool *reply = p->needs.reply, news[STAGES] = { false };
	struct firsts first = first_verdicts(p);
	enum stage accept = first.accept, refuse = first.refuse, tell = p->settings.refuse_at;

	for (uint32_t i = 0; i < p->natoms; i++)
		news[p->atoms[i].stage] = true;
	/* SPF behind a trusted relay */
	news[STAGE_HEADERS] |=
	    p->settings.relays != NULL && p->lookups & (LOOKUP_SPF | LOOKUP_SPF_HELO);
	/* an acceptance waits for what the lines above it for the log want to tell */
	for (uint32_t i = 0; i < p->nrules; i++)
		if (rule_is_effect(&p->rules[i]))
			news[p->rules[i].text.stage] = true;
	reply[STAGE_CONNECT] =
	    accept == STAGE_CONNECT || (tell == STAGE_CONNECT && refuse == STAGE_CONNECT);
	reply[STAGE_HELO] = tell <= STAGE_HELO && refuse <= STAGE_HELO;
	reply[STAGE_MAIL] = (accept <= STAGE_MAIL && (news[STAGE_HELO] || news[STAGE_MAIL])) ||
	    (tell <= STAGE_MAIL && refuse <= STAGE_MAIL);
	reply[STAGE_RCPT] =
	    refuse <= STAGE_RCPT || (p->names_recipient && p->settings.mixed == MIXED_SPLIT);
	/* an accept is never told at RCPT; a refusal's lookups may have waited until then */
	reply[STAGE_DATA] =
	    (accept <= STAGE_DATA && (news[STAGE_RCPT] || news[STAGE_DATA] || p->lookups != 0)) ||
	    (refuse <= STAGE_DATA && news[STAGE_DATA]);
	reply[STAGE_HEADERS] =
	    (accept <= STAGE_HEADERS || refuse <= STAGE_HEADERS) && news[STAGE_HEADERS];
	reply[STAGE_BODY] = true;
	p->needs.skips_body = p->needs.body && first.held <= STAGE_HEADERS;
}

/* What one atom needs. */
static void
need_atom(struct build *b, const struct atom *a)
{
	need_ref(b, &a->left, a->span);
	if (a->pair)
		need_ref(b, &a->left2, a->span);
	if (a->right_fact)
		need_ref(b, &a->right, a->span);
	need_text(b, &a->text);
	b->p->lookups |= a->lookups;
}

/* What a condition needs; each node is seen once. Definitions that no rule uses need nothing. */
static void
need_node(struct build *b, uint32_t node, bool *seen)
{
	const struct node *n = &b->p->nodes[node];

	if (seen[node])
		return;
	seen[node] = true;
	if (n->kind == NODE_ATOM)
		need_atom(b, &b->p->atoms[n->atom]);
	for (uint32_t i = 0; i < n->count; i++)
		need_node(b, b->p->parts[n->first + i], seen);
}

void
needs_work_out(struct build *b)
{
	struct program *p = b->p;
	bool *seen = arena_alloc(b->tmp, p->nnodes + 1);

	for (uint32_t i = 0; i < p->nrules; i++) {
		need_node(b, p->rules[i].cond, seen);
		p->lookups |= p->rules[i].text.lookups;
	}
	need_effects(b);
	need_replies(p);
}
