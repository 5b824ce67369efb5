/*
 * effects.c - what is done to an accepted message
 *
 * Recipients first, then headers taken away (the last of a name first, so that indices hold), changed
 * and added, then quarantine. Effects of all accepting classes, in the order of the file; what two
 * classes want alike is done once.
 */
#include "rule/judge_in.h"
#include "rule/harmless.h"

/* True if doing both is doing one of them twice. */
static bool
same_effect(const struct effect *a, const struct effect *b)
{
	return a->index == b->index && slice_eq(a->name, b->name) && slice_eq(a->value, b->value) &&
	    (a->rule == b->rule || a->kind == EFFECT_DELETE_RECIPIENT);
}

/* Append an effect unless the same is there; the first quarantine gives the reason. False: no memory. */
static bool
add(struct judge *j, struct effect e)
{
	struct effect *v = j->effects;

	for (size_t i = 0; i < j->neffects; i++)
		if (v[i].kind == e.kind && (e.kind == EFFECT_QUARANTINE || same_effect(&v[i], &e)))
			return true;
	if (j->neffects == j->capeffects) {
		j->capeffects = j->capeffects * 2 + 8;
		v = arena_alloc(&j->memory, j->capeffects * sizeof *v);
		if (v == NULL)
			return false;
		if (j->neffects > 0)
			memcpy(v, j->effects, j->neffects * sizeof *v);
		j->effects = v;
	}
	v[j->neffects++] = e;
	return true;
}

/* Take a class's recipients off. */
static bool
take_off(struct judge *j, const struct class *c, const struct rule *r)
{
	bool good = true;

	for (size_t i = 0; i < c->n; i++)
		good &= add(j, (struct effect){ .kind = EFFECT_DELETE_RECIPIENT,
				  .rule = r,
				  .value = j->session.recipients[c->recipients[i]].given });
	return good;
}

/* remove-header: each one that matches, the last first. False: it could not be told. */
static bool
remove_headers(struct judge *j, const struct rule *r)
{
	const struct session *s = &j->session;
	struct slice name = slice_str(r->header);
	unsigned n = 0;
	bool good = !s->headers_cut;

	for (size_t i = 0; i < s->nheaders; i++)
		n += slice_eq_nocase(s->headers[i].name, name);
	for (size_t i = s->nheaders; i-- > 0;) {
		enum match m = MATCH_YES;

		if (!slice_eq_nocase(s->headers[i].name, name))
			continue;
		if (r->pattern != NULL)
			m = pattern_match(r->pattern, s->headers[i].value);
		if (m == MATCH_YES)
			good &= add(j, (struct effect){ .kind = EFFECT_DELETE_HEADER,
					  .rule = r,
					  .name = name,
					  .index = n });
		good &= m != MATCH_ERROR;
		n--;
	}
	return good;
}

/* redirect, copy-to */
static bool
add_recipient(struct judge *j, const struct class *c, const struct rule *r, struct slice text)
{
	struct slice addr = harmless_address(&j->memory, text);

	if (addr.n == 0)
		return false;
	return (r->action != ACT_REDIRECT || take_off(j, c, r)) &&
	       add(j, (struct effect){ .kind = EFFECT_ADD_RECIPIENT, .rule = r, .value = addr });
}

/* quarantine */
static bool
hold(struct judge *j, const struct rule *r, struct slice text)
{
	struct slice reason = harmless_line(&j->memory, text);

	if (reason.n == 0)
		reason = arena_printf(&j->memory, "held by %s:%u", r->file, r->line);
	return add(j, (struct effect){ .kind = EFFECT_QUARANTINE, .rule = r, .value = reason });
}

/* What one rule does for one class. False: an error. */
static bool
apply(struct judge *j, const struct class *c, const struct rule *r, enum action pass)
{
	struct eval e = judge_eval(j, c);
	struct slice text;

	if (eval_node(&e, r->cond) != OUT_TRUE)
		return true;
	if (r->action == ACT_REMOVE_HEADER)
		return remove_headers(j, r);
	text = eval_text(&e, &r->text);
	if (text.p == NULL && r->text.n > 0)
		return false;
	if (pass == ACT_REDIRECT)
		return add_recipient(j, c, r, text);
	if (pass == ACT_QUARANTINE)
		return hold(j, r, text);
	return add(j, (struct effect){ .kind = r->action == ACT_ADD_HEADER ? EFFECT_ADD_HEADER
							     : EFFECT_SET_HEADER,
			  .rule = r,
			  .name = slice_str(r->header),
			  .value = harmless_header(&j->memory, text) });
}

/* True if the rule's turn is in this pass. */
static bool
in_pass(const struct rule *r, enum action pass)
{
	if (r->monitor)
		return false;
	return r->action == pass || (pass == ACT_REDIRECT && r->action == ACT_COPY_TO);
}

/* True if some rule quarantines the class. */
static bool
is_quarantined(struct judge *j, const struct class *c)
{
	const struct program *p = j->program;
	struct eval e = judge_eval(j, c);

	for (uint32_t i = 0; i < p->neffects && p->effects[i] < c->walk.at; i++) {
		const struct rule *r = &p->rules[p->effects[i]];

		if (in_pass(r, ACT_QUARANTINE) && eval_node(&e, r->cond) == OUT_TRUE)
			return true;
	}
	return false;
}

/* True if no class accepts the message without quarantine: the mildest verdict counts. */
static bool
all_quarantined(struct judge *j)
{
	for (size_t i = 0; i < j->nclasses; i++)
		if (j->classes[i].verdict.action == ACT_ACCEPT && !is_quarantined(j, &j->classes[i]))
			return false;
	return true;
}

uint32_t
effects_make(struct judge *j)
{
	static const enum action passes[] = { ACT_REDIRECT, ACT_REMOVE_HEADER, ACT_SET_HEADER,
		ACT_ADD_HEADER, ACT_QUARANTINE };
	const struct program *p = j->program;
	bool strict = p->settings.on_error == ON_ERROR_TEMPFAIL;

	for (size_t i = 0; i < j->nclasses; i++) {
		const struct class *c = &j->classes[i];

		if (c->verdict.action == ACT_DISCARD || (class_drops(j) && c->verdict.action != ACT_ACCEPT))
			take_off(j, c, NULL);
	}
	for (size_t pass = 0; pass < sizeof passes / sizeof *passes; pass++) {
		if (passes[pass] == ACT_QUARANTINE && !all_quarantined(j))
			break;
		for (uint32_t i = 0; i < p->neffects; i++) {
			const struct rule *r = &p->rules[p->effects[i]];

			for (size_t k = 0; in_pass(r, passes[pass]) && k < j->nclasses; k++)
				if (j->classes[k].verdict.action == ACT_ACCEPT &&
				    p->effects[i] < j->classes[k].walk.at &&
				    !apply(j, &j->classes[k], r, passes[pass]) && strict)
					return p->effects[i];
		}
	}
	return UINT32_MAX;
}
