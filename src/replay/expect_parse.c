/*
 * expect_parse.c - reading what a test expects
 */
#include "base/suggest.h"
#include "replay/expect.h"

#define FORMS "accept, reject, tempfail, discard, header, quarantine, recipient, log"

struct parser {
	const struct line *line;
	const struct program *program;
	struct diags *diags;
	struct expect *out;
	size_t at; /* the word that is next */
};

static const struct {
	const char *word;
	enum expect_kind kind;
	enum action action;
} things[] = {
	{ "accept", EXPECT_VERDICT, ACT_ACCEPT },
	{ "reject", EXPECT_VERDICT, ACT_REJECT },
	{ "tempfail", EXPECT_VERDICT, ACT_TEMPFAIL },
	{ "discard", EXPECT_VERDICT, ACT_DISCARD },
	{ "header", EXPECT_HEADER, 0 },
	{ "quarantine", EXPECT_QUARANTINE, 0 },
	{ "recipient", EXPECT_RECIPIENT, 0 },
	{ "log", EXPECT_LOG, 0 },
};

/* Say that a word is wrong, and which near one may be meant. */
static bool
unknown(struct parser *p, const char *what, struct suggest *near, const char *known)
{
	struct span at = p->line->v[p->at].span;
	struct diag *g = diag_error(p->diags, at, "%s `%.*s`", what, SLICE_ARG(span_slice(at)));

	if (near->best.p != NULL)
		diag_hint(p->diags, g, "did you mean %.*s?", SLICE_ARG(near->best));
	else if (known != NULL)
		diag_hint(p->diags, g, "known are %s", known);
	return false;
}

/* Take the word that a clause needs. */
static bool
take(struct parser *p, const char *needs, struct slice *out)
{
	if (p->at < p->line->n) {
		*out = p->line->v[p->at++].text;
		return true;
	}
	diag_error(p->diags, line_rest(p->line, p->line->n - 1), "%s is missing here", needs);
	return false;
}

/* FILE:LINE. */
static bool
read_place(struct slice word, struct expect *e)
{
	const char *colon = memrchr(word.p, ':', word.n);
	unsigned long long line;

	if (colon == NULL)
		return false;
	e->rule = slice_of(word.p, (size_t)(colon - word.p));
	if (!slice_number(slice_of(colon + 1, word.n - e->rule.n - 1), UINT32_MAX, &line))
		return false;
	e->line = (unsigned)line;
	e->by = BY_PLACE;
	return true;
}

/* True if a rule has that label; near gets the nearest that is there. */
static bool
is_label(const struct program *p, struct slice label, struct suggest *near)
{
	suggest_begin(near, label);
	for (uint32_t i = 0; p != NULL && i < p->nrules; i++) {
		struct slice known = slice_str(p->rules[i].label);

		if (known.p == NULL)
			continue;
		if (slice_eq(known, label))
			return true;
		suggest_offer(near, known);
	}
	return p == NULL;
}

/* by … */
static bool
read_by(struct parser *p)
{
	static const struct {
		const char *word;
		enum cause cause;
	} causes[] = { { "default", CAUSE_DEFAULT }, { "error", CAUSE_ERROR }, { "dns", CAUSE_DNS },
		{ "split", CAUSE_SPLIT }, { "limit", CAUSE_LIMIT } };
	struct expect *e = p->out;
	struct suggest near;

	if (!take(p, "what decides, after `by`,", &e->rule))
		return false;
	for (size_t i = 0; i < sizeof(causes) / sizeof(*causes); i++)
		if (slice_eq(e->rule, slice_str(causes[i].word))) {
			e->by = BY_CAUSE;
			e->cause = causes[i].cause;
			return true;
		}
	if (read_place(e->rule, e))
		return true;
	e->by = BY_LABEL;
	p->at--;
	if (!is_label(p->program, e->rule, &near))
		return unknown(p, "no rule has the label", &near, NULL);
	p->at++;
	return true;
}

/* at STAGE */
static bool
read_at(struct parser *p)
{
	struct slice word;
	struct suggest near;

	if (!take(p, "the stage, after `at`,", &word))
		return false;
	suggest_begin(&near, word);
	for (int s = 0; s < STAGES; s++) {
		if (slice_eq(word, slice_str(stage_name(s)))) {
			p->out->stage = s;
			return true;
		}
		suggest_offer(&near, slice_str(stage_name(s)));
	}
	p->at--;
	return unknown(
	    p, "no such stage", &near, "connect, helo, mail, rcpt, data, headers and body");
}

/* [CODE [ENHANCED]] */
static bool
read_codes(struct parser *p)
{
	struct expect *e = p->out;
	unsigned long long code;
	char class = e->action == ACT_REJECT ? '5' : '4';

	if (!slice_number(line_text(p->line, p->at), 999, &code) || code < 100)
		return true;
	if ((e->action != ACT_REJECT && e->action != ACT_TEMPFAIL) ||
	    p->line->v[p->at].text.p[0] != class) {
		diag_error(p->diags, p->line->v[p->at].span, "`%s` never answers %llu",
		    action_name(e->action), code);
		return false;
	}
	e->code = (unsigned)code;
	if (++p->at < p->line->n && p->line->v[p->at].text.n > 1 &&
	    p->line->v[p->at].text.p[0] == class && p->line->v[p->at].text.p[1] == '.')
		e->enhanced = p->line->v[p->at++].text;
	return true;
}

/* A verdict: codes and clauses. */
static bool
read_verdict(struct parser *p)
{
	bool ok = read_codes(p);

	while (ok && p->at < p->line->n) {
		struct suggest near;

		if (line_is(p->line, p->at, "by")) {
			p->at++;
			ok = read_by(p);
		} else if (line_is(p->line, p->at, "at")) {
			p->at++;
			ok = read_at(p);
		} else if (line_is(p->line, p->at, "text")) {
			p->at++;
			ok = take(p, "the text, after `text`,", &p->out->text);
		} else if (line_is(p->line, p->at, "for")) {
			p->at++;
			ok = take(p, "the recipient, after `for`,", &p->out->recipient);
		} else {
			suggest_begin(&near, p->line->v[p->at].text);
			ok = unknown(p, "not expected here:", &near,
			    "by, at, text and for, in front of them CODE ENHANCED");
		}
	}
	return ok;
}

/* "Name: value", or "Name" alone after `no`. */
static bool
read_header(struct parser *p)
{
	struct span at = line_rest(p->line, p->at);
	struct slice word, value;

	if (!take(p, "the header", &word))
		return false;
	p->out->name = slice_cut(word, ':', &value);
	if (value.p != NULL)
		p->out->text = slice_trim(value);
	if (value.p != NULL || p->out->no)
		return true;
	diag_error(p->diags, at, "a header is written \"Name: value\"");
	return false;
}

/* What is not a verdict. */
static bool
read_thing(struct parser *p)
{
	switch (p->out->kind) {
	case EXPECT_HEADER:
		return read_header(p);
	case EXPECT_RECIPIENT:
		return take(p, "the address", &p->out->recipient);
	case EXPECT_LOG:
		return take(p, "the text that is logged", &p->out->text);
	default:
		if (p->at < p->line->n)
			p->out->text = p->line->v[p->at++].text;
		return true;
	}
}

/* Which thing is expected. */
static bool
read_kind(struct parser *p)
{
	struct slice word;
	struct suggest near;

	if (line_is(p->line, p->at, "no")) {
		p->out->no = true;
		p->at++;
	}
	if (!take(p, "what is expected (" FORMS ")", &word))
		return false;
	suggest_begin(&near, word);
	for (size_t i = 0; i < sizeof(things) / sizeof(*things); i++) {
		if (p->out->no && things[i].kind == EXPECT_VERDICT)
			continue;
		if (slice_eq(word, slice_str(things[i].word))) {
			p->out->kind = things[i].kind;
			p->out->action = things[i].action;
			return true;
		}
		suggest_offer(&near, slice_str(things[i].word));
	}
	p->at--;
	return unknown(
	    p, "can't expect", &near, p->out->no ? "header, quarantine, recipient and log" : FORMS);
}

/* Read the words of an `expect` line. */
bool
expect_parse(
    const struct line *l, const struct program *program, struct diags *d, struct expect *out)
{
	struct parser p = { .line = l, .program = program, .diags = d, .out = out, .at = 1 };

	*out = (struct expect){ .span = l->span, .stage = STAGE_NEVER };
	if (!read_kind(&p))
		return false;
	if (out->kind == EXPECT_VERDICT)
		return read_verdict(&p);
	if (!read_thing(&p))
		return false;
	if (p.at < l->n)
		diag_error(d, line_rest(l, p.at), "this is more than `expect` takes here");
	return p.at == l->n;
}
