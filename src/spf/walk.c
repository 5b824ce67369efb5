/*
 * walk.c - the records and terms that a check comes by
 */
#include "spf/walk.h"

#include "dns/name.h"

#include <stdio.h>

/* ---- what the trace tells of the terms that libspf2 doesn't see ---- */

static void
tell_match(struct spf_walk *w, const struct spf_term *t)
{
	inquiry_tell(
	    &w->inquiry, "%.*s: match (%s)", SLICE_ARG(t->text), spf_result_name(t->result));
}

static void
tell_no_match(struct spf_walk *w, const struct spf_term *t)
{
	inquiry_tell(&w->inquiry, "%.*s: no match", SLICE_ARG(t->text));
}

/* True if a mechanism needs no DNS. */
static bool
is_sure(const struct spf_term *t)
{
	return t->type == SPF_ALL || t->type == SPF_IP4 || t->type == SPF_IP6;
}

/* Tell of the terms before `end` (NULL: of all) that were decided when the record was lowered. */
static void
tell_passed(struct spf_walk *w, struct spf_scope *s, const char *end)
{
	struct spf_term t;

	if (w->inquiry.trace == NULL)
		return;
	w->inquiry.depth = s->depth;
	while (spf_record_next(&s->told, &t) && t.text.p != end)
		if (t.type == SPF_IP4 || t.type == SPF_IP6)
			tell_no_match(w, &t);
		else if (t.type == SPF_UNKNOWN)
			inquiry_tell(&w->inquiry, "%.*s: unknown, ignored", SLICE_ARG(t.text));
}

/* Tell that libspf2 has left the records between the one where it was and `to`: includes, and
 * redirects of them. If they match, nobody has looked at what stands behind. */
static void
tell_left(struct spf_walk *w, const struct spf_scope *to, bool match)
{
	for (struct spf_scope *s = w->at; s != to; s = s->via->scope) {
		const struct spf_step *via = s->via;

		if (!match)
			tell_passed(w, s, NULL);
		w->inquiry.depth = via->scope->depth;
		if (via->term.type == SPF_INCLUDE && match)
			tell_match(w, &via->term);
		else if (via->term.type == SPF_INCLUDE)
			tell_no_match(w, &via->term);
	}
}

/* ---- records ---- */

/* Tell why a record can't be evaluated, beginning with its domain. For check_host() none is a
 * result; whoever includes that domain is in error (RFC 7208 5.2, 6.1). */
static void
no_record(struct spf_walk *w, const struct spf_scope *s, const char *why)
{
	inquiry_trouble(&w->inquiry, s->via == NULL ? SPF_NONE : SPF_PERMERROR, "%.*s %s",
	    SLICE_ARG(s->domain), why);
}

/* Choose the record among TXT records (RFC 7208 4.5). */
static void
choose(struct spf_walk *w, struct spf_scope *s, const struct dns_answer *a)
{
	const struct dns_record *found = NULL;
	size_t n = 0;

	for (size_t i = 0; i < a->n; i++)
		if (spf_record_is(a->v[i].data)) {
			found = &a->v[i];
			n++;
		}
	if (n == 0)
		no_record(w, s, "has no SPF record");
	else if (n > 1)
		inquiry_trouble(&w->inquiry, SPF_PERMERROR, "%.*s has %zu SPF records",
		    SLICE_ARG(s->domain), n);
	else if (found->data.n > LIMIT_SPF_RECORD)
		inquiry_trouble(&w->inquiry, SPF_PERMERROR,
		    "%.*s has an SPF record of more than %d bytes", SLICE_ARG(s->domain),
		    LIMIT_SPF_RECORD);
	else if ((s->record = arena_slice(w->arena, found->data)).p == NULL)
		inquiry_trouble(&w->inquiry, SPF_TEMPERROR, "no memory is left");
}

/* Get the record of s->domain. Trouble. */
static void
fetch(struct spf_walk *w, struct spf_scope *s)
{
	struct question question;

	switch (inquiry_ask(&w->inquiry, &question, s->domain, DNS_TXT)) {
	case DNS_DATA:
		choose(w, s, &question.answer);
		break;
	case DNS_NODATA:
		no_record(w, s, "has no SPF record");
		break;
	case DNS_NXDOMAIN:
		no_record(w, s, "does not exist");
		break;
	case DNS_FAILED:
		inquiry_failed(&w->inquiry, &question);
		break;
	}
	inquiry_end(&w->inquiry, &question);
}

/* Write a number; returns its end. printf would be a tenth of a check whose answers are all kept.
 */
static char *
put_number(char *p, size_t n)
{
	if (n >= 10)
		p = put_number(p, n / 10);
	*p = (char)('0' + n % 10);
	return p + 1;
}

/* Add a step, and its term to the lowered record that ends at p. Returns the new end. */
static char *
add_step(struct spf_walk *w, struct spf_scope *s, const struct spf_term *t, char *p)
{
	static const char qualifiers[] = {
		[SPF_PASS] = '+', [SPF_FAIL] = '-', [SPF_SOFTFAIL] = '~', [SPF_NEUTRAL] = '?'
	};
	size_t i = w->nsteps++;

	w->steps[i] = (struct spf_step){ s, *t };
	*p++ = ' ';
	if (t->type == SPF_REDIRECT) {
		p = stpcpy(p, "redirect=t");
	} else {
		*p++ = qualifiers[t->result];
		p = stpcpy(p, t->type == SPF_INCLUDE ? "include:t" : "exists:t");
	}
	return stpcpy(put_number(p, i), ".x");
}

/* Lower a record. Trouble. */
static void
lower(struct spf_walk *w, struct spf_scope *s, char out[SPF_LOWERED])
{
	size_t room = LIMIT_SPF_TERMS - w->inquiry.lookups + 1;
	struct spf_term t, redirect = { .text = SLICE_ABSENT };
	struct spf_record r;
	char *p = stpcpy(out, "v=spf1");

	spf_record_open(&r, s->record);
	while (spf_record_next(&r, &t))
		switch (t.type) {
		case SPF_EXP:
			s->exp = t.domain;
			break;
		case SPF_REDIRECT:
			redirect = t;
			break;
		case SPF_UNKNOWN:
			break;
		case SPF_ALL:
		case SPF_IP4:
		case SPF_IP6:
			if (room > 0 && spf_term_includes(&t, w->macros.client)) {
				p = add_step(w, s, &t, p);
				room = 0;
			}
			break;
		case SPF_INCLUDE:
		case SPF_A:
		case SPF_MX:
		case SPF_PTR:
		case SPF_EXISTS:
			if (room > 0) {
				p = add_step(w, s, &t, p);
				room--;
			}
			break;
		}
	if (redirect.text.p != NULL && room > 0)
		add_step(w, s, &redirect, p);
	if (r.error[0] != '\0')
		inquiry_trouble(&w->inquiry, SPF_PERMERROR, "%.*s has a wrong SPF record: %s",
		    SLICE_ARG(s->domain), r.error);
}

/* Begin with the record of a domain. */
static struct spf_scope *
new_scope(struct spf_walk *w, const struct spf_step *via, struct slice domain)
{
	struct spf_scope *s = &w->scopes[w->nscopes++];

	*s = (struct spf_scope){ .via = via, .domain = domain, .record = SLICE_ABSENT };
	if (via != NULL)
		s->depth = via->scope->depth + (via->term.type == SPF_INCLUDE);
	w->at = s;
	w->inquiry.depth = s->depth;
	return s;
}

/* Get and lower a record that isn't there yet. */
static void
open_scope(struct spf_walk *w, struct spf_scope *s, char lowered[SPF_LOWERED])
{
	if (s->record.p == NULL)
		fetch(w, s);
	if (w->inquiry.over)
		return;
	inquiry_tell(&w->inquiry, "%.*s: %.*s", SLICE_ARG(s->domain), SLICE_ARG(s->record));
	spf_record_open(&s->told, s->record);
	lower(w, s, lowered);
}

/* ---- steps ---- */

/* libspf2 has come to a step; false if it is a term too many. */
static bool
begin_step(struct spf_walk *w, const struct spf_step *step)
{
	struct spf_scope *s = step->scope;
	bool redirect = step->term.type == SPF_REDIRECT;

	tell_left(w, s, false);
	tell_passed(w, s, redirect ? NULL : step->term.text.p);
	w->at = s;
	w->inquiry.depth = s->depth;
	w->macros.current = s->domain;
	if (is_sure(&step->term))
		return true;
	if (!inquiry_term(&w->inquiry, step->term.text))
		return false;
	inquiry_tell(&w->inquiry, "%.*s: lookup %u of %d", SLICE_ARG(step->term.text),
	    w->inquiry.lookups, LIMIT_SPF_TERMS);
	return true;
}

bool
spf_walk_step(struct spf_walk *w, unsigned long number)
{
	const struct spf_step *step = &w->steps[number];
	bool match;

	if (!begin_step(w, step))
		return false;
	match = is_sure(&step->term) || spf_term_matches(&w->inquiry, &w->macros, &step->term);
	if (w->inquiry.over)
		return false;
	if (!match) {
		tell_no_match(w, &step->term);
		return false;
	}
	tell_match(w, &step->term);
	step->scope->told.rest.n = 0; /* nobody looks at what stands behind */
	w->matched = step;
	return true;
}

/* Find whose record a step leads to. NULL: trouble. */
static struct spf_scope *
follow(struct spf_walk *w, const struct spf_step *step)
{
	struct spf_target target;
	struct slice domain;
	struct spf_scope *s;

	if (!begin_step(w, step))
		return NULL;
	spf_term_target(&w->inquiry, &w->macros, &step->term, &target);
	if (w->inquiry.over)
		return NULL;
	domain = target.name.p != NULL ? arena_slice(w->arena, target.name) : SLICE("");
	if (domain.p == NULL) {
		inquiry_trouble(&w->inquiry, SPF_TEMPERROR, "no memory is left");
		return NULL;
	}
	s = new_scope(w, step, domain);
	if (target.name.p == NULL && step->term.type == SPF_INCLUDE)
		s->record = SLICE("v=spf1"); /* what has no name matches nobody */
	else if (name_check(domain, NULL) != NAME_OK || memchr(domain.p, '.', domain.n) == NULL)
		inquiry_trouble(&w->inquiry, SPF_PERMERROR,
		    "\"%.*s\" is not a domain name that can have an SPF record", SLICE_ARG(domain));
	return w->inquiry.over ? NULL : s;
}

/* %{p}, asked for once. */
static struct slice
client_name(void *ctx)
{
	struct spf_walk *w = ctx;

	if (w->known_name.p == NULL)
		w->known_name = spf_client_name(
		    &w->inquiry, w->macros.client, w->macros.current, w->client_name);
	if (w->known_name.p == NULL)
		w->known_name = SLICE("unknown");
	return w->known_name;
}

void
spf_walk_begin(struct spf_walk *w, char lowered[SPF_LOWERED])
{
	w->macros.client_name = client_name;
	w->macros.ctx = w;
	open_scope(w, new_scope(w, NULL, w->macros.domain), lowered);
}

void
spf_walk_follow(struct spf_walk *w, unsigned long step, char lowered[SPF_LOWERED])
{
	struct spf_scope *s = follow(w, &w->steps[step]);

	if (s != NULL)
		open_scope(w, s, lowered);
}

void
spf_walk_end(struct spf_walk *w, bool decided)
{
	if (!decided)
		w->matched = NULL;
	if (w->inquiry.over)
		return;
	tell_left(w, w->scopes, decided);
	if (!decided)
		tell_passed(w, w->scopes, NULL);
}
