/*
 * html_flow.c - text as it is laid out: white space and blocks
 *
 * A no-break space is a blank as any other: a reader can't tell.
 */
#include "mail/html_flow.h"

#include "mail/html_entity.h"
#include "mail/html_token.h"

enum { BLANK = 1, SPACE, REFERENCE, NUL, C2 };

static const unsigned char classes[256] = {
	[0] = NUL,
	['\t'] = SPACE,
	['\n'] = SPACE,
	['\f'] = SPACE,
	['\r'] = SPACE,
	[' '] = BLANK,
	['&'] = REFERENCE,
	[0xc2] = C2, /* begins a no-break space */
};

/* Write the gap, before something that is seen. */
static void
fill_gap(struct html_flow *f)
{
	if (f->gap != HTML_JOINED && f->to->n > 0)
		buf_char(f->to, f->gap == HTML_LINE ? '\n' : ' ');
	f->gap = HTML_JOINED;
}

/* Add bytes without white space at their start. */
static void
add(struct html_flow *f, struct slice s)
{
	fill_gap(f);
	buf_add(f->to, s);
}

/* Length of the run from i that goes out as it is: words with single blanks between. It has no
 * branch for the end of a word, which a processor can't foresee. */
static size_t
plain_run(struct slice s, size_t i)
{
	const unsigned char *p = (const unsigned char *)s.p + i;
	size_t n = s.n - i, run = 0;

	if (n == 0 || classes[*p] != 0)
		return 0;
	for (; run + 1 < n; run++)
		if (classes[p[run]] + (classes[p[run + 1]] != 0) > BLANK)
			return run;
	return run + (classes[p[run]] == 0);
}

/* White space: a gap, or itself. */
static void
add_space(struct html_flow *f, char c, bool pre)
{
	if (!pre)
		html_flow_gap(f, HTML_BLANK);
	else if (c != '\r')
		add(f, slice_of(&c, 1));
}

/* Add the reference at the start of s; returns its length. */
static size_t
add_reference(struct html_flow *f, struct slice s, bool pre)
{
	char text[HTML_ENTITY_BYTES];
	size_t n, length = html_entity(s, false, text, &n);

	if (length == 0) {
		add(f, slice_of(s.p, 1));
		return 1;
	}
	if ((n == 1 && html_is_space(text[0])) || (n == 2 && memcmp(text, "\xc2\xa0", 2) == 0))
		add_space(f, n == 1 ? text[0] : ' ', pre);
	else
		add(f, slice_of(text, n));
	return length;
}

/* Add a text. */
void
html_flow_add(struct html_flow *f, struct slice s, bool pre, bool entities)
{
	size_t i = 0;

	while (i < s.n) {
		size_t run = plain_run(s, i);

		if (run > 0) {
			add(f, slice_of(s.p + i, run));
			i += run;
			continue;
		}
		switch (classes[(unsigned char)s.p[i]]) {
		case BLANK:
		case SPACE:
			add_space(f, s.p[i++], pre);
			break;
		case REFERENCE:
			if (entities) {
				i += add_reference(f, slice_of(s.p + i, s.n - i), pre);
				break;
			}
			add(f, slice_of(s.p + i++, 1));
			break;
		case NUL: /* as browsers do */
			i++;
			break;
		case C2:
			if (i + 1 < s.n && s.p[i + 1] == '\xa0') {
				add_space(f, ' ', pre);
				i += 2;
				break;
			}
			add(f, slice_of(s.p + i, i + 1 < s.n ? 2 : 1));
			i += 2;
			break;
		}
	}
}

/* True if there is nothing in it but white space. */
bool
html_is_blank(struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!html_is_space(s.p[i]))
			return false;
	return true;
}
