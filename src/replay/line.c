/*
 * line.c - a file of tests, line by line, each as its words
 *
 * Not the lexer of the rule language: what clients send (`SIZE=100`, `<a@b>`) and how MTAs name
 * their macros (`{daemon_name}`) stands here unquoted.
 */
#include "replay/line.h"

/* The byte at the place; NUL behind the end. */
static char
peek(const struct line_reader *r)
{
	return r->at < r->source->text.n ? r->source->text.p[r->at] : '\0';
}

static bool
at_line_end(const struct line_reader *r)
{
	return r->at >= r->source->text.n || peek(r) == '\n';
}

/* Read a word in quotes. */
static void
read_quoted(struct line_reader *r, struct word *w)
{
	uint32_t start = r->at++;
	size_t n = 0, max = 0;
	char *text;

	while (start + 1 + max < r->source->text.n && r->source->text.p[start + 1 + max] != '\n')
		max++;
	text = arena_alloc(r->arena, max + 1);
	while (!at_line_end(r) && peek(r) != '"') {
		char c = peek(r);

		r->at++;
		if (c == '\\') {
			c = at_line_end(r) ? '\0' : peek(r);
			if (c != '"' && c != '\\' && c != 'n')
				diag_hint(r->diags,
				    diag_error(r->diags, (struct span){ r->source, r->at - 1, 2 },
					"no such escape in a text"),
				    "a text knows \\\", \\\\ and \\n; a backslash is written \\\\");
			if (c == '\0')
				break;
			c = c == 'n' ? '\n' : c;
			r->at++;
		}
		text[n++] = c;
	}
	w->quoted = true;
	w->text = slice_of(text, n);
	if (peek(r) == '"' && r->at < r->source->text.n)
		r->at++;
	else
		diag_hint(r->diags,
		    diag_error(r->diags, (struct span){ r->source, start, r->at - start },
			"this text has no end"),
		    "close it with \" on the same line; a quote inside is written \\\"");
	w->span = (struct span){ r->source, start, r->at - start };
}

/* Read a word without quotes. */
static void
read_bare(struct line_reader *r, struct word *w)
{
	uint32_t start = r->at;
	bool address = peek(r) == '<';

	while (!at_line_end(r) && strchr(address ? ">" : " \t\r", peek(r)) == NULL)
		r->at++;
	while (address && !at_line_end(r) && strchr(" \t\r", peek(r)) == NULL)
		r->at++;
	w->quoted = false;
	w->span = (struct span){ r->source, start, r->at - start };
	w->text = span_slice(w->span);
}

/* Read the words of one line; its end is passed. */
static void
read_words(struct line_reader *r, struct line *l)
{
	bool said = false;

	l->n = 0;
	while (!at_line_end(r)) {
		struct word w;

		if (strchr(" \t\r", peek(r)) != NULL) {
			r->at++;
			continue;
		}
		if (peek(r) == '#') {
			while (!at_line_end(r))
				r->at++;
			break;
		}
		if (peek(r) == '"')
			read_quoted(r, &w);
		else
			read_bare(r, &w);
		if (l->n < LINE_WORDS)
			l->v[l->n++] = w;
		else if (!said)
			diag_error(r->diags, w.span, "more than %d words on a line", LINE_WORDS);
		said = l->n == LINE_WORDS;
	}
	r->at++;
}

/* Read the next line that has words. */
bool
line_next(struct line_reader *r, struct line *out)
{
	do {
		if (r->at >= r->source->text.n)
			return false;
		read_words(r, out);
	} while (out->n == 0);
	out->span = line_rest(out, 0);
	return true;
}

/* True if word i is written just so. */
bool
line_is(const struct line *l, size_t i, const char *word)
{
	return i < l->n && !l->v[i].quoted && slice_eq(l->v[i].text, slice_str(word));
}

/* The text of word i. */
struct slice
line_text(const struct line *l, size_t i)
{
	return i < l->n ? l->v[i].text : SLICE_ABSENT;
}

/* The place from word i to the end. */
struct span
line_rest(const struct line *l, size_t i)
{
	const struct word *first = &l->v[i < l->n ? i : 0], *last = &l->v[l->n - 1];
	struct span span = first->span;

	span.n = last->span.at + last->span.n - first->span.at;
	return span;
}
