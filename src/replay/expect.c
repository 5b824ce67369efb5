/*
 * expect.c - what came, held against what a test expects
 */
#include "replay/expect.h"

#include "replay/show.h"

#define SHOWN 300 /* bytes shown of one text */

/* True if the rule stands in that file: its name, or as many of its last parts as were written. */
static bool
in_file(const struct rule *r, struct slice file)
{
	struct slice whole = slice_str(r->file);
	size_t before;

	if (whole.n < file.n)
		return false;
	before = whole.n - file.n;
	return memcmp(whole.p + before, file.p, file.n) == 0 &&
	    (before == 0 || whole.p[before - 1] == '/');
}

/* True if the decision was made by what is expected. */
static bool
same_by(const struct expect *e, const struct decision *d)
{
	switch (e->by) {
	case BY_ANY:
		return true;
	case BY_CAUSE:
		return d->cause == e->cause;
	case BY_LABEL:
		return d->cause == CAUSE_RULE && d->rule->label != NULL &&
		    slice_eq(slice_str(d->rule->label), e->rule);
	case BY_PLACE:
		return d->cause == CAUSE_RULE && d->rule->line == e->line &&
		    in_file(d->rule, e->rule);
	}
	return false;
}

/* True if a verdict is as expected. */
static bool
same_verdict(const struct expect *e, const struct decision *d)
{
	return d != NULL && d->action == e->action && (e->code == 0 || d->reply.code == e->code) &&
	    (e->enhanced.p == NULL || slice_eq(slice_str(d->reply.enhanced), e->enhanced)) &&
	    (e->stage == STAGE_NEVER || d->stage == e->stage) &&
	    (e->text.p == NULL || slice_eq(d->reply.text, e->text)) && same_by(e, d);
}

/* True if the expectation concerns the i-th recipient. */
static bool
concerns(const struct expect *e, const struct transaction *t, size_t i)
{
	return e->recipient.p == NULL || replay_same_address(t->recipients[i], e->recipient);
}

/* True if the verdicts of all recipients that are meant are as expected. */
static bool
verdict_met(const struct expect *e, const struct program *p, const struct transaction *t)
{
	size_t meant = 0;

	for (size_t i = 0; i < t->nrecipients; i++)
		if (concerns(e, t, i)) {
			meant++;
			if (!same_verdict(e, transaction_verdict(p, t, i)))
				return false;
		}
	return meant > 0 ||
	    (e->recipient.p == NULL && same_verdict(e, transaction_verdict(p, t, SIZE_MAX)));
}

/* True if the delivered message has such a header. */
static bool
has_header(
    const struct expect *e, const struct program *p, const struct transaction *t, struct arena *a)
{
	size_t n;
	struct header *v = transaction_headers(p, t, a, &n);

	for (size_t i = 0; i < n; i++)
		if (slice_eq_nocase(v[i].name, e->name) &&
		    (e->text.p == NULL || slice_eq(v[i].value, e->text)))
			return true;
	return false;
}

/* True if the message is delivered to that address. */
static bool
has_recipient(
    const struct expect *e, const struct program *p, const struct transaction *t, struct arena *a)
{
	size_t n;
	struct slice *v = transaction_recipients(p, t, a, &n);

	for (size_t i = 0; i < n; i++)
		if (replay_same_address(v[i], e->recipient))
			return true;
	return false;
}

static bool
has_quarantine(const struct expect *e, const struct transaction *t)
{
	for (size_t i = 0; i < t->neffects; i++)
		if (t->effects[i].kind == EFFECT_QUARANTINE &&
		    (e->text.p == NULL || slice_eq(t->effects[i].value, e->text)))
			return true;
	return false;
}

static bool
has_note(const struct expect *e, const struct transaction *t)
{
	for (size_t i = 0; i < t->nnotes; i++)
		if (slice_eq(t->notes[i].text, e->text))
			return true;
	return false;
}

/* True if it came so. */
bool
expect_met(const struct expect *e, const struct program *p, const struct transaction *t)
{
	struct arena a;
	bool has = false;

	arena_init(&a, 0);
	a.fatal = true;
	switch (e->kind) {
	case EXPECT_VERDICT:
		has = verdict_met(e, p, t);
		break;
	case EXPECT_HEADER:
		has = has_header(e, p, t, &a);
		break;
	case EXPECT_RECIPIENT:
		has = has_recipient(e, p, t, &a);
		break;
	case EXPECT_QUARANTINE:
		has = has_quarantine(e, t);
		break;
	case EXPECT_LOG:
		has = has_note(e, t);
		break;
	}
	arena_free(&a);
	return has != e->no;
}

/* ---- what came ---- */

/* Print the verdicts of the recipients that are meant. */
static void
show_verdicts(
    FILE *out, const struct expect *e, const struct program *p, const struct transaction *t)
{
	size_t shown = 0;

	for (size_t i = 0; i < t->nrecipients; i++)
		if (concerns(e, t, i)) {
			fputs(shown++ > 0 ? "\n            " : "", out);
			show_verdict(out, transaction_verdict(p, t, i));
			if (t->nrecipients > 1) {
				fputs(" for ", out);
				show_text(out, t->recipients[i], SHOWN);
			}
		}
	if (shown == 0 && e->recipient.p != NULL)
		fputs("no such recipient in this transaction", out);
	else if (shown == 0)
		show_verdict(out, transaction_verdict(p, t, SIZE_MAX));
}

/* Print the headers of that name. */
static void
show_headers(FILE *out, const struct expect *e, const struct program *p,
    const struct transaction *t, struct arena *a)
{
	size_t n, shown = 0;
	struct header *v = transaction_headers(p, t, a, &n);

	for (size_t i = 0; i < n; i++)
		if (slice_eq_nocase(v[i].name, e->name)) {
			fputs(shown++ > 0 ? ", " : "header ", out);
			show_text(out, v[i].name, SHOWN);
			fputs(": ", out);
			show_text(out, v[i].value, SHOWN);
		}
	if (shown == 0)
		fputs("no header of that name", out);
}

/* Print to whom the message is delivered. */
static void
show_recipients(FILE *out, const struct program *p, const struct transaction *t, struct arena *a)
{
	size_t n;
	struct slice *v = transaction_recipients(p, t, a, &n);

	fputs(n > 0 ? "recipients " : "no recipient", out);
	for (size_t i = 0; i < n; i++) {
		fputs(i > 0 ? ", " : "", out);
		show_text(out, v[i], SHOWN);
	}
}

static void
show_quarantine(FILE *out, const struct transaction *t)
{
	for (size_t i = 0; i < t->neffects; i++)
		if (t->effects[i].kind == EFFECT_QUARANTINE) {
			show_effect(out, &t->effects[i]);
			return;
		}
	fputs("no quarantine", out);
}

static void
show_notes(FILE *out, const struct transaction *t)
{
	for (size_t i = 0; i < t->nnotes; i++) {
		fputs(i > 0 ? ", " : "", out);
		show_note(out, &t->notes[i]);
	}
	if (t->nnotes == 0)
		fputs("nothing logged", out);
}

/* Print what came of the thing that is expected. */
void
expect_show(FILE *out, const struct expect *e, const struct program *p, const struct transaction *t)
{
	const struct decision *d = transaction_verdict(p, t, SIZE_MAX);
	struct arena a;

	arena_init(&a, 0);
	a.fatal = true;
	switch (e->kind) {
	case EXPECT_VERDICT:
		show_verdicts(out, e, p, t);
		break;
	case EXPECT_HEADER:
		show_headers(out, e, p, t, &a);
		break;
	case EXPECT_RECIPIENT:
		show_recipients(out, p, t, &a);
		break;
	case EXPECT_QUARANTINE:
		show_quarantine(out, t);
		break;
	case EXPECT_LOG:
		show_notes(out, t);
		break;
	}
	if (e->kind != EXPECT_VERDICT) {
		fputs("; the message met ", out);
		show_verdict(out, d);
	}
	arena_free(&a);
}
