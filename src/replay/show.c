/*
 * show.c - what the engine decided, in words for an admin
 */
#include "replay/show.h"

#include "base/utf8.h"

#define TEXT_MAX 8192 /* bytes shown of a reply, header or log text, whose own limits are lower */

/* Print a text, harmless. */
void
show_text(FILE *out, struct slice s, size_t max)
{
	size_t i = 0, n;

	for (; i < s.n && i < max; i += n) {
		uint32_t code;

		n = utf8_decode(slice_of(s.p + i, s.n - i), &code);
		if (code == '\n')
			fputs("\\n", out);
		else if (code == '\r')
			fputs("\\r", out);
		else if (code == '\t')
			fputs("\\t", out);
		else if (utf8_harmless(code))
			fwrite(s.p + i, 1, n, out);
		else
			for (size_t k = 0; k < n; k++)
				fprintf(out, "\\x%02x", (unsigned char)s.p[i + k]);
	}
	if (i < s.n)
		fputs("...", out);
}

/* True if a text can't be taken for anything but one value. */
static bool
is_plain(struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] <= ' ' || strchr("\",()\x7f", s.p[i]) != NULL)
			return false;
	return s.n > 0;
}

/* Print a value. */
void
show_value(FILE *out, struct slice s, size_t max)
{
	bool plain = is_plain(s);

	if (s.p == NULL) {
		fputs("absent", out);
		return;
	}
	if (!plain)
		fputc('"', out);
	show_text(out, s, max);
	if (!plain)
		fputc('"', out);
}

/* Print which rule. */
void
show_rule(FILE *out, const struct rule *r)
{
	fprintf(out, "%s (%s:%u)", r->label != NULL ? r->label : "rule", r->file, r->line);
}

/* Print why a decision was made. */
static void
show_cause(FILE *out, const struct decision *d)
{
	switch (d->cause) {
	case CAUSE_RULE:
		show_rule(out, d->rule);
		break;
	case CAUSE_ERROR:
		fputs("error in ", out);
		show_rule(out, d->rule);
		break;
	case CAUSE_DNS:
		fputs("no DNS answer for ", out);
		show_rule(out, d->rule);
		break;
	case CAUSE_DEFAULT:
		fputs("default", out);
		break;
	case CAUSE_SPLIT:
		fputs("split", out);
		break;
	case CAUSE_LIMIT:
		fputs("limit", out);
		break;
	}
}

/* Print a verdict. */
void
show_verdict(FILE *out, const struct decision *d)
{
	if (d == NULL) {
		fputs("none", out);
		return;
	}
	fputs(action_name(d->action), out);
	if (d->action == ACT_REJECT || d->action == ACT_TEMPFAIL)
		fprintf(out, " %u %s", d->reply.code, d->reply.enhanced);
	fputs(" by ", out);
	show_cause(out, d);
	fprintf(out, " at %s", stage_name(d->stage));
	if (d->action == ACT_REJECT || d->action == ACT_TEMPFAIL) {
		fputs(": ", out);
		show_text(out, d->reply.text, TEXT_MAX);
	}
	if (d->cause == CAUSE_ERROR && d->why != NULL)
		fprintf(out, " (%s)", d->why);
}

/* Print an effect. */
void
show_effect(FILE *out, const struct effect *e)
{
	static const char *const words[] = {
		[EFFECT_ADD_HEADER] = "add header",
		[EFFECT_SET_HEADER] = "set header",
		[EFFECT_DELETE_HEADER] = "remove header",
		[EFFECT_ADD_RECIPIENT] = "add recipient",
		[EFFECT_DELETE_RECIPIENT] = "remove recipient",
		[EFFECT_QUARANTINE] = "quarantine",
	};

	fputs(words[e->kind], out);
	if (e->name.n > 0) {
		fputc(' ', out);
		show_text(out, e->name, TEXT_MAX);
	}
	if (e->kind == EFFECT_DELETE_HEADER)
		fprintf(out, " number %u", e->index);
	else {
		fputs(e->name.n > 0 ? ": " : " ", out);
		show_text(out, e->value, TEXT_MAX);
	}
	if (e->rule != NULL) {
		fputs(" by ", out);
		show_rule(out, e->rule);
	}
}

/* Print a note. */
void
show_note(FILE *out, const struct note *n)
{
	static const char *const words[] = {
		[NOTE_LOG] = "log",
		[NOTE_MONITOR] = "monitor",
		[NOTE_ERROR] = "error",
	};

	fprintf(out, "%s by ", words[n->kind]);
	show_rule(out, n->rule);
	fprintf(out, " at %s", stage_name(n->stage));
	if (n->text.p != NULL) {
		fputs(": ", out);
		show_text(out, n->text, TEXT_MAX);
	}
}
