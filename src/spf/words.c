/*
 * words.c - the answer of a check in words
 */
#include "spf/words.h"

#include "dns/name.h"

#include <stdarg.h>
#include <stdio.h>

/* A text that is cut where its room ends. */
struct text {
	char *p;
	size_t n, size;
};

/* The term of the domain's own record, or of the one that it redirects to, which decided. */
static const struct spf_step *
decider(const struct spf_step *step)
{
	while (step->scope->depth > 0)
		step = step->scope->via;
	return step;
}

/* Add to a text. */
static void __attribute__((format(printf, 2, 3))) put(struct text *t, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(t->p + t->n, t->size - t->n, fmt, ap);
	va_end(ap);
	t->n = n >= 0 && (size_t)n < t->size - t->n ? t->n + (size_t)n : t->size - 1;
}

/* Put the trouble into words, and by which way one gets to where it is. */
static void
put_trouble(const struct spf_walk *w, struct text *t)
{
	const struct spf_step *via = w->at->via;
	struct slice domain = w->scopes[0].domain;

	/* what is said of the domain itself begins with it */
	if (via != NULL || strncmp(w->inquiry.trouble, domain.p, domain.n) != 0 ||
	    w->inquiry.trouble[domain.n] != ' ')
		put(t, "%.*s: ", SLICE_ARG(domain));
	if (via != NULL) {
		put(t, "%.*s", SPF_SHOWN(via->term.text));
		if (via->scope != w->scopes)
			put(t, " of %.*s", SLICE_ARG(via->scope->domain));
		put(t, ": ");
	}
	put(t, "%s", w->inquiry.trouble);
}

/* Put into words which mechanism of whose record makes the result. */
static void
put_match(const struct spf_walk *w, enum spf_result result, struct text *t)
{
	static const char *const says[] = { [SPF_PASS] = "allows",
		[SPF_FAIL] = "does not allow",
		[SPF_SOFTFAIL] = "does not expect",
		[SPF_NEUTRAL] = "does not say whether" };
	const struct spf_step *step = w->matched;
	char client[IP_TEXT];

	put(t, "%.*s %s %s %s send its mail (", SLICE_ARG(w->scopes[0].domain), says[result],
	    ip_format(w->macros.client, client), result == SPF_NEUTRAL ? "may" : "to");
	if (step == NULL)
		put(t, "no mechanism matches");
	else
		put(t, "%.*s", SPF_SHOWN(step->term.text));
	if (step != NULL && step->scope != w->scopes)
		put(t, " of %.*s", SLICE_ARG(step->scope->domain));
	put(t, ")");
}

/* Get the explanation that a record offers (RFC 7208 6.2). Whatever goes wrong, there is none. */
static void
explain(struct spf_walk *w, const struct spf_scope *s, char *out, size_t size)
{
	char room[LIMIT_DNS_NAME + 1];
	struct question question;
	struct slice name, text;
	size_t at;

	if (s->exp.p == NULL)
		return;
	w->macros.current = s->domain;
	w->inquiry.depth = s->depth;
	name = spf_macro_name(s->exp, &w->macros, room);
	if (name.p == NULL || name_check(name, NULL) != NAME_OK)
		return;
	inquiry_tell(&w->inquiry, "exp=%.*s:", SLICE_ARG(s->exp));
	if (inquiry_ask(&w->inquiry, &question, name, DNS_TXT) == DNS_DATA &&
	    question.answer.n == 1 &&
	    spf_macro_check_text(question.answer.v[0].data, true, &at) == NULL) {
		text = spf_macro_text(question.answer.v[0].data, &w->macros, out, size - 1);
		text = slice_trim(spf_printable(out, text.n));
		memmove(out, text.p, text.n);
		out[text.n] = '\0';
	}
	inquiry_end(&w->inquiry, &question);
}

void
spf_words(struct spf_walk *w, enum spf_result result, struct spf_words *out)
{
	struct text why = { .p = out->why, .size = sizeof(out->why) };
	struct text mechanism = { .p = out->mechanism, .size = sizeof(out->mechanism) };
	const struct spf_step *step = w->matched;

	*out = (struct spf_words){ .why = "" };
	if (w->inquiry.over) {
		put_trouble(w, &why);
		return;
	}
	put_match(w, result, &why);
	if (step == NULL)
		return;
	step = decider(step);
	put(&mechanism, "%.*s", SLICE_ARG(step->term.text));
	if (result == SPF_FAIL)
		explain(w, step->scope, out->explanation, sizeof(out->explanation));
}
