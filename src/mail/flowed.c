/*
 * flowed.c - text in the format flowed
 *
 * What comes out is never longer than what went in: a paragraph keeps the quote marks of its first
 * line, and the blank behind them if there was one.
 */
#include "mail/flowed.h"

/* One line, taken apart. */
struct line {
	struct slice text; /* without quote marks, stuffing and line feed */
	struct slice head; /* the quote marks and the stuffing behind them */
	size_t quotes;
	bool feed;    /* it ends in a line feed */
	bool flowing; /* the next one belongs to it */
};

/* Take the next line off s. */
static struct line
take_line(struct slice *s)
{
	const char *end = memchr(s->p, '\n', s->n);
	struct line l = { .feed = end != NULL };
	size_t n = end != NULL ? (size_t)(end - s->p) : s->n, head = 0;

	while (head < n && s->p[head] == '>')
		head++;
	l.quotes = head;
	if (head < n && s->p[head] == ' ')
		head++;
	l.head = slice_of(s->p, l.quotes > 0 ? head : 0);
	l.text = slice_of(s->p + head, n - head);
	l.flowing =
	    l.text.n > 0 && l.text.p[l.text.n - 1] == ' ' && !slice_eq(l.text, SLICE("-- "));
	*s = slice_of(s->p + n + l.feed, s->n - n - l.feed);
	return l;
}

/* Join what belongs together. */
struct slice
flowed_join(struct slice text, bool delsp, struct arena *a)
{
	char *out = arena_alloc(a, text.n + 1);
	size_t n = 0, quotes = 0;
	bool inside = false; /* the last line flows into this one, if both are quoted alike */

	if (out == NULL)
		return SLICE_ABSENT;
	while (text.n > 0) {
		struct line l = take_line(&text);
		bool signature = slice_eq(l.text, SLICE("-- "));

		if (inside && (quotes != l.quotes || signature)) {
			out[n++] = '\n';
			inside = false;
		}
		if (!inside && l.head.n > 0) {
			memcpy(out + n, l.head.p, l.head.n);
			n += l.head.n;
		}
		l.text.n -= l.flowing && delsp;
		if (l.text.n > 0)
			memcpy(out + n, l.text.p, l.text.n);
		n += l.text.n;
		inside = l.flowing && l.feed;
		quotes = l.quotes;
		if (l.feed && !inside)
			out[n++] = '\n';
	}
	if (inside)
		out[n++] = '\n';
	return slice_of(out, n);
}
