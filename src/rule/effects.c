/*
 * effects.c - what is done to an accepted message
 *
 * Kind by kind: recipients taken off, then added, so that who is both stays; headers taken away,
 * the last of a name first, so that indices hold; headers changed, then added; quarantine. Within a
 * kind, in the order of the file, for all accepting classes; what two want alike is done once.
 * Headers of our own, which tell of SPF, come above those of rules.
 */
#include "rule/harmless.h"
#include "rule/judge_in.h"
#include "session/received.h"
#include "spf/header.h"

#include <stdlib.h>

/* What each action brings; bits of 1 << effect_kind. */
static const unsigned kinds_of[] = {
	[ACT_REDIRECT] = 1u << EFFECT_DELETE_RECIPIENT | 1u << EFFECT_ADD_RECIPIENT,
	[ACT_COPY_TO] = 1u << EFFECT_ADD_RECIPIENT,
	[ACT_REMOVE_HEADER] = 1u << EFFECT_DELETE_HEADER,
	[ACT_SET_HEADER] = 1u << EFFECT_SET_HEADER,
	[ACT_ADD_HEADER] = 1u << EFFECT_ADD_HEADER,
	[ACT_QUARANTINE] = 1u << EFFECT_QUARANTINE,
	[ACT_LOG] = 0,
};

/* True if doing both is doing one of them twice. What is taken away can go only once. */
static bool
same_effect(const struct effect *a, const struct effect *b)
{
	if (a->kind != b->kind)
		return false;
	if (a->kind == EFFECT_QUARANTINE)
		return true;
	return a->index == b->index && slice_eq_nocase(a->name, b->name) &&
	    slice_eq(a->value, b->value) &&
	    (a->rule == b->rule || a->kind == EFFECT_DELETE_RECIPIENT ||
		a->kind == EFFECT_DELETE_HEADER);
}

/* Append an effect unless the same is there; the first quarantine gives the reason. False: no
 * memory. */
static bool
add(struct judge *j, struct effect e)
{
	struct effect *v = j->effects;

	for (size_t i = 0; i < j->neffects; i++)
		if (same_effect(&v[i], &e))
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
		good &= add(j,
		    (struct effect){ .kind = EFFECT_DELETE_RECIPIENT,
			.rule = r,
			.value = j->session.recipients[c->recipients[i]].given });
	return good;
}

/* remove-header: each one that matches. False: it could not be told. */
static bool
remove_headers(struct judge *j, const struct rule *r)
{
	const struct session *s = &j->session;
	struct slice name = slice_str(r->header);
	uint64_t used = j->matching.asking.used_us;
	bool good = !s->headers_cut;
	unsigned n = 0;

	for (size_t i = 0; i < s->nheaders; i++) {
		enum match m = MATCH_YES;

		if (!slice_eq_nocase(s->headers[i].name, name))
			continue;
		n++;
		if (r->pattern != NULL)
			m = pattern_match(r->pattern, s->headers[i].value, &j->matching.asking);
		if (m == MATCH_YES)
			good &= add(j,
			    (struct effect){ .kind = EFFECT_DELETE_HEADER,
				.rule = r,
				.name = name,
				.index = n });
		good &= m != MATCH_ERROR;
	}
	matching_note(&j->matching, used, NULL, r);
	return good;
}

/* A text of the rule as the effect's value. False: it was lost, or can't be used. */
static bool
add_text(struct judge *j, const struct rule *r, enum effect_kind kind, struct slice text)
{
	struct effect e = { .kind = kind, .rule = r, .name = slice_str(r->header) };

	if (text.p == NULL && r->text.n > 0)
		return false;
	if (kind == EFFECT_ADD_RECIPIENT)
		e.value = harmless_address(&j->memory, text);
	else if (kind == EFFECT_QUARANTINE && slice_trim(text).n == 0)
		e.value = arena_printf(&j->memory, "held by %s:%u", r->file, r->line);
	else if (kind == EFFECT_QUARANTINE)
		e.value = harmless_line(&j->memory, text);
	else
		e.value = harmless_header(&j->memory, text);
	return e.value.p != NULL && add(j, e);
}

/* What one rule brings of one kind for one class. False: an error. */
static bool
apply(struct judge *j, const struct class *c, const struct rule *r, enum effect_kind kind)
{
	struct eval e = judge_eval(j, c);

	unsigned set = eval_rule(&e, r, false);

	if (set != OUT_TRUE)
		return !(set & ~eval_passes(j->program));
	if (kind == EFFECT_DELETE_RECIPIENT)
		return take_off(j, c, r);
	if (kind == EFFECT_DELETE_HEADER)
		return remove_headers(j, r);
	return add_text(j, r, kind, eval_text(&e, &r->text));
}

/* True if some rule brings this kind to the class. */
static bool
has_kind(struct judge *j, const struct class *c, enum effect_kind kind)
{
	const struct program *p = j->program;
	struct eval e = judge_eval(j, c);

	for (uint32_t i = 0; (i = scan_next_of(&e, p->effects, i, c->walk.at)) < c->walk.at; i++) {
		const struct rule *r = &p->rules[i];

		if (!r->monitor && (kinds_of[r->action] & 1u << kind) &&
		    eval_rule(&e, r, false) == OUT_TRUE)
			return true;
	}
	return false;
}

/* True if no class accepts the message without quarantine: the mildest verdict counts. */
static bool
all_quarantined(struct judge *j)
{
	for (size_t i = 0; i < j->nclasses; i++)
		if (j->classes[i].verdict.action == ACT_ACCEPT &&
		    !has_kind(j, &j->classes[i], EFFECT_QUARANTINE))
			return false;
	return true;
}

/* The later of a name first. */
static int
by_index(const void *a, const void *b)
{
	const struct effect *x = a, *y = b;

	return (x->index < y->index) - (x->index > y->index);
}

/* ---- headers that tell of SPF ---- */

bool
effects_tell_spf(const struct judge *j)
{
	return j->program->settings.spf_header != SPF_HEADER_NONE && !j->session.local &&
	    !(j->base.decided && j->base.cause == CAUSE_RULE);
}

/* Under which name we tell results. */
static struct slice
our_name(const struct judge *j)
{
	const char *set = j->program->settings.authserv_id;
	struct slice mta = session_macro_get(&j->session, SLICE("j")),
		     host = slice_str(j->program->host);

	return set != NULL	   ? slice_str(set)
	    : header_is_name(mta)  ? mta
	    : header_is_name(host) ? host
				   : SLICE("localhost");
}

/* Take results under our name away, which we did not write. False: not all could be looked at. */
static bool
remove_forged(struct judge *j)
{
	const struct session *s = &j->session;
	struct slice name = SLICE("Authentication-Results"), ours = our_name(j);
	bool good = !s->headers_cut, below = false; /* a Received that came with the message */
	unsigned n = 0;

	for (size_t i = 0; i < s->nheaders; i++) {
		below |= slice_eq_nocase(s->headers[i].name, SLICE("Received"));
		if (!slice_eq_nocase(s->headers[i].name, name))
			continue;
		n++;
		if (!below && content_is_told(s, s->headers[i].value, ours))
			continue;
		if (header_is_ours(s->headers[i].value, ours))
			good &= add(j,
			    (struct effect){
				.kind = EFFECT_DELETE_HEADER, .name = name, .index = n });
	}
	return good;
}

/* Add one header at the top. False: no memory. */
static bool
add_header(struct judge *j, struct slice name, struct slice value)
{
	return value.p != NULL &&
	    add(j, (struct effect){ .kind = EFFECT_ADD_HEADER, .name = name, .value = value });
}

/* Add the headers, Authentication-Results above. False: no memory. */
static bool
add_results(struct judge *j)
{
	struct session *s = &j->session;
	enum spf_header which = j->program->settings.spf_header;
	bool helo = s->looked_up & LOOKUP_SPF_HELO, good = true;
	struct ip client = s->client;
	struct header_facts f = { .receiver = our_name(j),
		.client = &client,
		.helo = s->helo,
		.sender = slice_eq(s->sender, SLICE("<>")) ? SLICE("") : s->sender,
		.utf8 = s->smtputf8,
		.mail_from = &s->spf,
		.by_helo = helo ? &s->spf_helo : NULL };
	const char *why;

	session_look_up(s, LOOKUP_SPF);
	if (s->relayed && !received_client(s, s->env->relays, &client, &f.helo, &why)) {
		client = (struct ip){ 0 };
		f.helo = SLICE_ABSENT;
	}
	if (which & SPF_HEADER_RECEIVED && helo)
		good &= add_header(
		    j, SLICE("Received-SPF"), header_received_spf(&j->memory, &f, SPF_HELO));
	if (which & SPF_HEADER_RECEIVED)
		good &= add_header(
		    j, SLICE("Received-SPF"), header_received_spf(&j->memory, &f, SPF_MAIL_FROM));
	if (which & SPF_HEADER_RESULTS)
		good &= add_header(j, SLICE("Authentication-Results"),
		    header_authentication_results(&j->memory, &f));
	return good;
}

/* What is to be done of one kind because of spf-header. False: a limit, or no memory. */
static bool
tell_spf(struct judge *j, enum effect_kind kind)
{
	if (!effects_tell_spf(j))
		return true;
	if (kind == EFFECT_DELETE_HEADER)
		return !(j->program->settings.spf_header & SPF_HEADER_RESULTS) || remove_forged(j);
	return kind != EFFECT_ADD_HEADER || add_results(j);
}

/* ---- all of them ---- */

/* All effects of one kind. UINT32_MAX, the rule in whose effect an error was, or EFFECTS_LIMIT. */
static uint32_t
make_kind(struct judge *j, enum effect_kind kind)
{
	const struct program *p = j->program;
	bool strict = p->settings.on_error == ON_ERROR_TEMPFAIL;
	struct eval e = judge_eval(j, NULL);
	size_t before = j->neffects;

	for (uint32_t i = 0; (i = scan_next_of(&e, p->effects, i, p->nrules)) < p->nrules; i++) {
		const struct rule *r = &p->rules[i];

		if (r->monitor || !(kinds_of[r->action] & 1u << kind))
			continue;
		for (size_t k = 0; k < j->nclasses; k++)
			if (j->classes[k].verdict.action == ACT_ACCEPT &&
			    i < j->classes[k].walk.at && !apply(j, &j->classes[k], r, kind) &&
			    strict)
				return i;
	}
	if (!tell_spf(j, kind))
		return EFFECTS_LIMIT;
	if (kind == EFFECT_DELETE_HEADER && j->neffects > before)
		qsort(j->effects + before, j->neffects - before, sizeof *j->effects, by_index);
	return UINT32_MAX;
}

uint32_t
effects_make(struct judge *j)
{
	static const enum effect_kind order[] = { EFFECT_DELETE_RECIPIENT, EFFECT_ADD_RECIPIENT,
		EFFECT_DELETE_HEADER, EFFECT_SET_HEADER, EFFECT_ADD_HEADER, EFFECT_QUARANTINE };
	uint32_t error = UINT32_MAX;

	for (size_t i = 0; i < j->nclasses; i++) {
		const struct class *c = &j->classes[i];

		if (c->verdict.action == ACT_DISCARD ||
		    (class_drops(j) && c->verdict.action != ACT_ACCEPT))
			take_off(j, c, NULL);
	}
	for (size_t i = 0; i < sizeof order / sizeof *order && error == UINT32_MAX; i++)
		if (order[i] != EFFECT_QUARANTINE || all_quarantined(j))
			error = make_kind(j, order[i]);
	return error;
}
