/*
 * reply.c - answers and effects as libmilter takes them
 *
 * libmilter wants C strings that it may write to, `%` doubled (both MTAs take a reply for a
 * format), and the lines of a longer reply as so many arguments.
 */
#include "milter/reply.h"

#include "base/limits.h"

#include <stdio.h>

/* Set a reply of several lines, each a C string; NULL behind the last. */
static int
set_lines(SMFICTX *ctx, const char *code, const char *enhanced, char **l)
{
	_Static_assert(LIMIT_REPLY_LINES == 30, "as many arguments as lines");
	return smfi_setmlreply(ctx, code, enhanced, l[0], l[1], l[2], l[3], l[4], l[5], l[6], l[7],
	    l[8], l[9], l[10], l[11], l[12], l[13], l[14], l[15], l[16], l[17], l[18], l[19], l[20],
	    l[21], l[22], l[23], l[24], l[25], l[26], l[27], l[28], l[29], NULL);
}

/* Add a text with each `%` doubled. A line that gets too long by that is cut, but not between two.
 */
static void
add_text(struct buf *out, struct slice text)
{
	size_t room = LIMIT_MILTER_LINE;

	for (size_t i = 0; i < text.n; i++) {
		struct slice add = text.p[i] == '%' ? SLICE("%%") : slice_of(text.p + i, 1);

		if (text.p[i] == '\n') {
			buf_char(out, '\n');
			room = LIMIT_MILTER_LINE;
		} else if (add.n <= room) {
			buf_add(out, add);
			room -= add.n;
		} else
			room = 0;
	}
}

/* Set the code and text of a refusal. Without text if libmilter doesn't like it: a refusal with
 * other words is still one. */
static void
set_reply(SMFICTX *ctx, const struct reply *r)
{
	struct buf text = { 0 };
	char code[4], enhanced[16];
	char *lines[LIMIT_REPLY_LINES + 1] = { NULL };
	size_t n = 0;

	snprintf(code, sizeof(code), "%u", r->code % 1000);
	snprintf(enhanced, sizeof(enhanced), "%s", r->enhanced);
	add_text(&text, r->text);
	for (char *p = text.p; p != NULL && n < LIMIT_REPLY_LINES; n++) {
		lines[n] = p;
		p = strchr(p, '\n');
		if (p != NULL)
			*p++ = '\0';
	}

	int rc = n > 1 ? set_lines(ctx, code, enhanced, lines)
		       : smfi_setreply(ctx, code, enhanced, lines[0]);

	if (rc != MI_SUCCESS)
		smfi_setreply(ctx, code, enhanced, NULL);
	buf_free(&text);
}

/* Set the reply, return the status. */
sfsistat
reply_give(SMFICTX *ctx, const struct answer *a)
{
	switch (a->told) {
	case TOLD_CONTINUE:
		return SMFIS_CONTINUE;
	case TOLD_ACCEPT:
		return SMFIS_ACCEPT;
	case TOLD_DISCARD:
		return SMFIS_DISCARD;
	case TOLD_REJECT:
		set_reply(ctx, &a->reply);
		return SMFIS_REJECT;
	case TOLD_TEMPFAIL:
		break;
	}
	set_reply(ctx, &a->reply);
	return SMFIS_TEMPFAIL;
}

/* Hand an effect to libmilter, its texts as C strings. */
static int
hand_over(SMFICTX *ctx, const struct effect *e, char *name, char *value)
{
	switch (e->kind) {
	case EFFECT_ADD_HEADER:
		return smfi_insheader(ctx, 0, name, value);
	case EFFECT_SET_HEADER:
		return smfi_chgheader(ctx, name, 1, value);
	case EFFECT_DELETE_HEADER:
		return smfi_chgheader(ctx, name, (int)e->index, NULL);
	case EFFECT_ADD_RECIPIENT:
		return smfi_addrcpt(ctx, value);
	case EFFECT_DELETE_RECIPIENT:
		return smfi_delrcpt(ctx, value);
	case EFFECT_QUARANTINE:
		return smfi_quarantine(ctx, value);
	}
	return MI_FAILURE;
}

/* Do one thing to the message. */
bool
reply_apply(SMFICTX *ctx, const struct effect *e, bool leading)
{
	struct buf name = { 0 }, value = { 0 };
	bool header = e->kind == EFFECT_ADD_HEADER || e->kind == EFFECT_SET_HEADER;
	bool done;

	buf_add(&name, e->name);
	if (header && leading)
		buf_char(&value, ' ');
	buf_add(&value, e->value);
	done = !name.cut && !value.cut &&
	    hand_over(ctx, e, name.p != NULL ? name.p : (char[]){ "" },
		value.p != NULL ? value.p : (char[]){ "" }) == MI_SUCCESS;
	buf_free(&name);
	buf_free(&value);
	return done;
}

/* An effect in words. */
const char *
reply_effect_name(enum effect_kind k)
{
	static const char *const names[] = {
		[EFFECT_ADD_HEADER] = "add a header",
		[EFFECT_SET_HEADER] = "set a header",
		[EFFECT_DELETE_HEADER] = "remove a header",
		[EFFECT_ADD_RECIPIENT] = "add a recipient",
		[EFFECT_DELETE_RECIPIENT] = "take off a recipient",
		[EFFECT_QUARANTINE] = "put it into quarantine",
	};

	return names[k];
}
