/*
 * literal.c - texts and patterns as admins write them
 *
 * As in Perl the first closing delimiter that no backslash precedes ends a pattern, one within a
 * class too; braces nest.
 */
#include "match/literal.h"

#include "match/pattern.h"

/* A span between two offsets. */
static struct span
between(const struct source *src, uint32_t from, uint32_t to)
{
	return (struct span){ src, from, to - from };
}

/* The byte at an offset; a line feed behind the end. */
static char
byte_at(const struct source *src, uint32_t at)
{
	return at < src->text.n ? src->text.p[at] : '\n';
}

/* Where the line of an offset ends, the carriage return of a CRLF left out. */
static uint32_t
line_end(const struct source *src, uint32_t at)
{
	struct slice line = span_line_slice(between(src, at, at));

	return (uint32_t)(line.p + line.n - src->text.p);
}

/* Report what has no end. */
static bool
no_end(struct literal *out, uint32_t from, uint32_t end, const char *what, const char *closing,
    struct diags *d)
{
	out->whole = between(out->whole.source, from, end);
	diag_hint(d, diag_error(d, out->whole, "this %s has no end", what),
	    "close it with %s on the same line", closing);
	return false;
}

/* Report a backslash before what it does not go with. */
static void
bad_escape(struct span at, struct diags *d)
{
	struct diag *g = diag_error(d, at, "no such escape in a text");
	char c = span_slice(at).p[1];

	if (c >= '1' && c <= '9')
		diag_hint(d, g, "a pattern's group is written {%c}", c);
	else
		diag_hint(d, g, "a text knows \\\", \\\\ and \\n; a backslash is written \\\\");
}

/* Read "…". */
bool
literal_text(const struct source *src, uint32_t at, struct literal *out, struct diags *d)
{
	uint32_t end = line_end(src, at), i = at + 1;

	*out = (struct literal){ .whole.source = src };
	for (; i < end && src->text.p[i] != '"'; i++) {
		if (src->text.p[i] != '\\')
			continue;
		if (i + 1 < end && strchr("\"\\n", src->text.p[i + 1]) == NULL)
			bad_escape(between(src, i, i + 2), d);
		i++;
	}
	if (i >= end)
		return no_end(out, at, end, "text", "\" (a quote inside is written \\\")", d);
	out->span = between(src, at + 1, i);
	out->whole = between(src, at, i + 1);
	return true;
}

/* True for what can stand behind a pattern's closing delimiter and belong to it. */
static bool
is_flag_byte(char c)
{
	return (unsigned char)c > ' ' && strchr("(){},\"#=<>!~&|$\x7f", c) == NULL;
}

/* Read /…/flags or m{…}flags. */
bool
literal_pattern(const struct source *src, uint32_t at, struct literal *out, struct diags *d)
{
	bool braces = byte_at(src, at) == 'm';
	uint32_t end = line_end(src, at), start = at + 1 + braces, i = start, depth = 0, flags;

	*out = (struct literal){ .whole.source = src };
	for (; i < end; i++) {
		char c = src->text.p[i];

		if (c == '\\')
			i++;
		else if (braces && c == '{')
			depth++;
		else if (braces ? c == '}' && depth-- == 0 : c == '/')
			break;
	}
	if (i >= end)
		return no_end(out, at, end, "pattern", braces ? "}" : "/", d);
	out->span = between(src, start, i);
	flags = ++i;
	while (is_flag_byte(byte_at(src, i)))
		i++;
	out->flags = between(src, flags, i);
	out->whole = between(src, at, i);
	return true;
}

/* True if a pattern begins here. */
bool
literal_is_pattern(struct slice s)
{
	return (s.n > 0 && s.p[0] == '/') || (s.n > 1 && memcmp(s.p, "m{", 2) == 0);
}

/* Read a pattern's flags. */
unsigned
literal_flags(struct span flags, struct diags *d)
{
	static const struct {
		char letter;
		unsigned flag;
	} known[] = {
		{ 'i', PATTERN_CASELESS },
		{ 's', PATTERN_DOTALL },
		{ 'm', PATTERN_MULTILINE },
		{ 'x', PATTERN_EXTENDED },
		{ 'n', PATTERN_FOLDED },
	};
	struct slice s = span_slice(flags);
	unsigned got = 0;

	for (uint32_t i = 0; i < s.n; i++) {
		struct span at = { flags.source, flags.at + i, 1 };
		unsigned flag = 0;

		for (size_t k = 0; k < sizeof(known) / sizeof(known[0]); k++)
			if (known[k].letter == s.p[i])
				flag = known[k].flag;
		if (flag == 0) {
			diag_hint(d,
			    diag_error(d, at, "unknown flag `%c` behind a pattern", s.p[i]),
			    "flags are i (without case), s (. matches line feeds), m (^ and $ at each "
			    "line), x (white space and comments inside), n (asked of the folded text); a "
			    "slash inside a pattern is written \\/");
			break;
		}
		if (got & flag)
			diag_warn(d, at, "the flag `%c` stands here twice", s.p[i]);
		got |= flag;
	}
	return got;
}

/* Undo the escapes of a text. */
struct slice
literal_unescape(struct span text, struct arena *a)
{
	struct slice raw = span_slice(text);
	size_t n = 0;
	char *out;

	if (memchr(raw.p, '\\', raw.n) == NULL)
		return raw;
	out = arena_alloc(a, raw.n);
	if (out == NULL)
		return SLICE_ABSENT;
	for (size_t i = 0; i < raw.n; i++) {
		char c = raw.p[i];

		if (c == '\\' && i + 1 < raw.n)
			c = raw.p[++i] == 'n' ? '\n' : raw.p[i];
		out[n++] = c;
	}
	return slice_of(out, n);
}
