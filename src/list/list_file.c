/*
 * list_file.c - the entries of a file, one a line
 *
 * Files come from other programs and other systems: CRLF and a byte order mark are taken, a last
 * line need not end. A `#` begins a comment at the start of a line or behind white space, so that
 * it can be part of a word.
 */
#include "base/limits.h"
#include "base/utf8.h"
#include "list/list.h"
#include "match/literal.h"

/* Where we are in a line. */
struct reader {
	struct list *list;
	const struct source *source;
	struct diags *diags;
	uint32_t at, end;
};

/* A column of a line. */
struct column {
	struct slice s;
	struct span span;
	unsigned flags;
};

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* A span from an offset to where we are. */
static struct span
since(const struct reader *r, uint32_t from)
{
	return (struct span){ r->source, from, r->at - from };
}

/* The rest of the line. */
static struct slice
rest(const struct reader *r)
{
	return slice_of(r->source->text.p + r->at, r->end - r->at);
}

/* Pass white space; false if the line ends there, or a comment begins. */
static bool
skip_blank(struct reader *r)
{
	while (r->at < r->end && is_blank(r->source->text.p[r->at]))
		r->at++;
	return r->at < r->end && r->source->text.p[r->at] != '#';
}

/* Go behind a literal, behind which white space or the line's end must be. */
static bool
pass(struct reader *r, const struct literal *lit)
{
	struct diag *g;

	r->at = lit->whole.at + lit->whole.n;
	if (r->at == r->end || is_blank(r->source->text.p[r->at]))
		return true;
	g = diag_error(
	    r->diags, (struct span){ r->source, r->at, 1 }, "white space is missing here");
	diag_hint(r->diags, g, "an entry and its text stand apart");
	return false;
}

/* Read "…". */
static bool
read_quoted(struct reader *r, struct column *out)
{
	struct literal lit;

	if (!literal_text(r->source, r->at, &lit, r->diags) || !pass(r, &lit))
		return false;
	out->s = literal_unescape(lit.span, &r->diags->arena);
	out->span = lit.whole;
	return true;
}

/* Read /…/flags. */
static bool
read_pattern(struct reader *r, struct column *out)
{
	struct literal lit;
	unsigned errors = r->diags->errors;

	if (!literal_is_pattern(rest(r))) {
		struct span at = { r->source, r->at, r->end - r->at };
		struct diag *g = diag_error(r->diags, at, "a pattern stands between slashes");

		diag_hint(r->diags, g, "write /%.*s/", SLICE_ARG(slice_trim(rest(r))));
		return false;
	}
	if (!literal_pattern(r->source, r->at, &lit, r->diags))
		return false;
	out->flags = literal_flags(lit.flags, r->diags);
	out->s = span_slice(lit.span);
	out->span = lit.span;
	return errors == r->diags->errors && pass(r, &lit);
}

/* Read one column of an entry. */
static bool
read_column(struct reader *r, struct column *out)
{
	uint32_t from = r->at;

	*out = (struct column){ 0 };
	if (list_type(r->list) == LIST_PATTERNS)
		return read_pattern(r, out);
	if (r->source->text.p[r->at] == '"')
		return read_quoted(r, out);
	while (r->at < r->end && !is_blank(r->source->text.p[r->at]))
		r->at++;
	out->span = since(r, from);
	out->s = span_slice(out->span);
	return true;
}

/* Read the text behind an entry: in quotes, or what is left of the line. */
static bool
read_text(struct reader *r, struct slice *out)
{
	struct column quoted;
	uint32_t from = r->at;

	if (r->source->text.p[r->at] == '"') {
		if (!read_quoted(r, &quoted))
			return false;
		*out = quoted.s;
		if (!skip_blank(r))
			return true;
		diag_hint(r->diags,
		    diag_error(r->diags, (struct span){ r->source, r->at, r->end - r->at },
			"nothing can stand behind the text"),
		    "a quote inside a text is written \\\"");
		return false;
	}
	while (r->at < r->end &&
	    !(r->source->text.p[r->at] == '#' && is_blank(r->source->text.p[r->at - 1])))
		r->at++;
	*out = slice_trim(span_slice(since(r, from)));
	return true;
}

/* Read a line and add its entry. */
static void
read_entry(struct reader *r)
{
	struct list_entry e = { 0 };
	struct column first, second;

	if (!skip_blank(r))
		return;
	if (r->source->text.p[r->at] == '!') {
		uint32_t from = r->at++;

		e.except = true;
		if (!skip_blank(r)) {
			diag_error(r->diags, since(r, from), "an exception without an entry");
			return;
		}
	}
	if (!read_column(r, &first))
		return;
	e.entry = first.s;
	e.span = first.span;
	e.flags = first.flags;
	if (list_type(r->list) == LIST_PAIRS && skip_blank(r)) {
		if (!read_column(r, &second))
			return;
		e.second = second.s;
		e.span.n = second.span.at + second.span.n - first.span.at;
	}
	if (skip_blank(r) && !read_text(r, &e.text))
		return;
	list_add(r->list, &e, r->diags);
}

/* Where the line stops to be UTF-8. */
static struct span
not_utf8(const struct reader *r)
{
	struct slice line = rest(r);
	uint32_t code = 0;
	size_t i = 0, n = 0;

	for (; i < line.n && code != UTF8_BAD; i += n)
		n = utf8_decode(slice_of(line.p + i, line.n - i), &code);
	return (struct span){ r->source, r->at + (uint32_t)(i - n), (uint32_t)n };
}

/* True if a line can be read; what it must not hold is reported. */
static bool
check_line(struct reader *r)
{
	struct slice line = rest(r);
	struct span at = { r->source, r->at, (uint32_t)line.n };

	if (line.n > LIMIT_LINE) {
		diag_error(r->diags, at, "a line longer than %d bytes", LIMIT_LINE);
		return false;
	}
	for (uint32_t i = 0; i < line.n; i++) {
		unsigned char c = (unsigned char)line.p[i];

		if ((c < ' ' && c != '\t') || c == 0x7f) {
			diag_hint(r->diags,
			    diag_error(r->diags, (struct span){ r->source, r->at + i, 1 },
				"a control byte (0x%02x) in a list file", c),
			    "take it out; an editor may not show it");
			return false;
		}
	}
	if (utf8_valid(line))
		return true;
	diag_hint(r->diags, diag_error(r->diags, not_utf8(r), "this line is not UTF-8"),
	    "save the file in UTF-8");
	return false;
}

/* Add all entries of a file. */
bool
list_add_file(struct list *l, const char *path, struct diags *d)
{
	const struct slice mark = SLICE("\xef\xbb\xbf");
	struct source *src = source_read(d, path, LIMIT_LIST_FILE);
	unsigned errors = d->errors;
	struct slice text;

	if (src == NULL)
		return false;
	text = src->text;
	if (text.n >= mark.n && memcmp(text.p, mark.p, mark.n) == 0)
		text = slice_of(text.p + mark.n, text.n - mark.n);
	while (text.n > 0) {
		struct slice next, line = slice_cut(text, '\n', &next);
		struct reader r = { .list = l, .source = src, .diags = d };

		if (line.n > 0 && line.p[line.n - 1] == '\r')
			line.n--;
		r.at = (uint32_t)(line.p - src->text.p);
		r.end = r.at + (uint32_t)line.n;
		if (check_line(&r))
			read_entry(&r);
		text = next;
	}
	return d->errors == errors;
}
