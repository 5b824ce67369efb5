/*
 * lex.c - the words of a rule file
 *
 * One thing depends on where a token stands: `/` begins a pattern only behind ~ and !~ and in lists
 * of patterns; elsewhere it belongs to a word such as 192.0.2.0/24. Habits from other languages
 * (&&, ==,
 * =~, $1) become diagnostics that show the right spelling.
 */
#include "rule/lex.h"

#include "base/limits.h"
#include "base/utf8.h"
#include "match/literal.h"

#define TAB 8

static struct span
span_of(const struct lexer *lx, uint32_t from, uint32_t to)
{
	return (struct span){ lx->source, from, to - from };
}

/* The byte at an offset; NUL behind the end (NUL in the text was reported by lex_init). */
static char
byte_at(const struct lexer *lx, uint32_t at)
{
	return at < lx->source->text.n ? lx->source->text.p[at] : '\0';
}

static bool
at_end(const struct lexer *lx)
{
	return lx->at >= lx->source->text.n;
}

/* Where a line stops to be UTF-8. */
static struct span
not_utf8(const struct lexer *lx, uint32_t from, uint32_t end)
{
	size_t n = 0;

	for (uint32_t code = 0; from < end && code != UTF8_BAD; from += n)
		n = utf8_decode(slice_of(lx->source->text.p + from, end - from), &code);
	return span_of(lx, from - n, from);
}

void
lex_init(struct lexer *lx, const struct source *src, struct diags *d)
{
	struct slice t = src->text;

	*lx = (struct lexer){ .diags = d, .source = src, .fresh = true };
	if (t.n >= 3 && memcmp(t.p, "\xef\xbb\xbf", 3) == 0)
		lx->at = 3;
	for (size_t i = 0; i < t.n;) {
		size_t end = i;

		while (end < t.n && t.p[end] != '\n')
			end++;
		for (size_t k = i; k < end; k++) {
			unsigned char c = t.p[k];

			if ((c < ' ' && c != '\t' && !(c == '\r' && k + 1 == end)) || c == 0x7f) {
				diag_hint(d,
				    diag_error(d, span_of(lx, k, k + 1),
					"a control byte (0x%02x) in a rule file", c),
				    "take it out; an editor may not show it");
				break;
			}
		}
		if (!utf8_valid(slice_of(t.p + i, end - i)))
			diag_hint(d, diag_error(d, not_utf8(lx, i, end), "this line is not UTF-8"),
			    "save the file in UTF-8");
		i = end + 1;
	}
}

/* Go to the end of the line. */
static void
skip_line(struct lexer *lx)
{
	while (!at_end(lx) && byte_at(lx, lx->at) != '\n')
		lx->at++;
}

/* True if these bytes come next. */
static bool
comes(const struct lexer *lx, const char *bytes)
{
	size_t n = strlen(bytes);

	return lx->source->text.n - lx->at >= n &&
	    memcmp(lx->source->text.p + lx->at, bytes, n) == 0;
}

/* Report a sign of another language. */
static void
foreign(struct lexer *lx, struct span at, const char *instead)
{
	if (!lx->quiet)
		diag_hint(lx->diags,
		    diag_error(
			lx->diags, at, "`%.*s` is not of this language", SLICE_ARG(span_slice(at))),
		    "%s", instead);
}

/* A comment as other languages write it, at the start of a line: reported and skipped. */
static bool
skip_foreign_comment(struct lexer *lx)
{
	static const char *const signs[] = { "//", "/*", "-- ", ";" };

	if (!lx->fresh || lx->patterns)
		return false;
	for (size_t i = 0; i < sizeof signs / sizeof *signs; i++) {
		struct slice sign = slice_trim(slice_str(signs[i]));

		if (!comes(lx, signs[i]))
			continue;
		diag_hint(lx->diags,
		    diag_error(lx->diags, span_of(lx, lx->at, lx->at + sign.n),
			"`%.*s` begins no comment", SLICE_ARG(sign)),
		    "write #");
		skip_line(lx);
		return true;
	}
	return false;
}

/* Go to the next token's first byte; keeps count of the indentation. */
static void
skip_blank(struct lexer *lx)
{
	if (lx->at == 0)
		lx->indent = 0;
	while (!at_end(lx)) {
		char c = byte_at(lx, lx->at);

		if (skip_foreign_comment(lx))
			continue;
		if (c == '\n') {
			lx->fresh = true;
			lx->indent = 0;
		} else if (c == '#') {
			skip_line(lx);
			continue;
		} else if (c == ';') {
			foreign(
			    lx, span_of(lx, lx->at, lx->at + 1), "a statement ends with its line");
		} else if (c == '\t') {
			lx->indent += lx->fresh ? TAB - lx->indent % TAB : 0;
		} else if (c == ' ' || c == '\r') {
			lx->indent += lx->fresh;
		} else {
			return;
		}
		lx->at++;
	}
}

/* Bytes of which words are made: all but white space and punctuation of the language. */
static bool
is_word_byte(char c)
{
	return (unsigned char)c > ' ' && c != 0x7f && strchr("(){},\"#=<>!~&|$;", c) == NULL;
}

bool
lex_is_bare(struct slice s)
{
	if (slice_eq(s, SLICE("<>")))
		return true;
	for (size_t i = 0; i < s.n; i++)
		if (!is_word_byte(s.p[i]) || strchr("[]'\\", s.p[i]) != NULL)
			return false;
	/* what could be taken for a pattern or a comment */
	return s.n > 0 && strchr("/-", s.p[0]) == NULL;
}

/* A text or pattern, read as list files have them too. */
static struct token
lex_literal(struct lexer *lx, enum token_kind kind,
    bool (*read)(const struct source *, uint32_t, struct literal *, struct diags *))
{
	struct literal lit;
	bool good = read(lx->source, lx->at, &lit, lx->diags);

	lx->at = lit.whole.at + lit.whole.n;
	return (struct token){ .kind = good ? kind : TOKEN_BAD,
		.span = lit.span,
		.whole = lit.whole,
		.flags = lit.flags };
}

/* What stands between two quotes on this line, as it is. False if there is no second one. */
static bool
lex_as_it_stands(struct lexer *lx, char quote, struct token *t)
{
	uint32_t i = lx->at + 1;

	while (i < lx->source->text.n && byte_at(lx, i) != quote && byte_at(lx, i) != '\n')
		i += 1 + (byte_at(lx, i) == '\\');
	if (byte_at(lx, i) != quote)
		return false;
	*t = (struct token){ .kind = TOKEN_STRING,
		.span = span_of(lx, lx->at + 1, i),
		.whole = span_of(lx, lx->at, i + 1) };
	lx->at = i + 1;
	return true;
}

/* "…", and '…' as other languages have it. False if this is no text. */
static bool
lex_text(struct lexer *lx, bool as_it_stands, struct token *t)
{
	char quote = byte_at(lx, lx->at);

	if (quote == '"') {
		if (!as_it_stands || !lex_as_it_stands(lx, quote, t))
			*t = lex_literal(lx, TOKEN_STRING, literal_text);
		return true;
	}
	if (quote != '\'' || !lex_as_it_stands(lx, quote, t))
		return false;
	if (!as_it_stands)
		diag_hint(lx->diags,
		    diag_error(lx->diags, t->whole, "a text stands in double quotes"),
		    "write \"%.*s\"", SLICE_ARG(span_slice(t->span)));
	return true;
}

/* $1 and $name: reported. */
static struct token
lex_dollar(struct lexer *lx)
{
	uint32_t from = lx->at++;
	struct span at;

	while (is_word_byte(byte_at(lx, lx->at)))
		lx->at++;
	at = span_of(lx, from, lx->at);
	foreign(lx, at, "facts are named without $; a pattern's group is {1} in a text");
	return (struct token){ .kind = TOKEN_BAD, .whole = at };
}

/* Operators and single characters; what only other languages know is reported. */
static struct token
lex_sign(struct lexer *lx)
{
	static const struct {
		const char *sign;
		enum token_kind kind;
		const char *instead;
	} signs[] = {
		{ "<>", TOKEN_WORD, NULL },
		{ "==", TOKEN_OP, "write =" },
		{ "=~", TOKEN_OP, "write ~" },
		{ "~=", TOKEN_OP, "write ~" },
		{ "!~", TOKEN_OP, NULL },
		{ "!=", TOKEN_OP, NULL },
		{ "<=", TOKEN_OP, NULL },
		{ ">=", TOKEN_OP, NULL },
		{ "=<", TOKEN_OP, "write <=" },
		{ "=>", TOKEN_OP, "write >=" },
		{ "&&", TOKEN_WORD, "write and" },
		{ "||", TOKEN_WORD, "write or" },
		{ "=", TOKEN_OP, NULL },
		{ "<", TOKEN_OP, NULL },
		{ ">", TOKEN_OP, NULL },
		{ "~", TOKEN_OP, NULL },
		{ "!", TOKEN_BANG, NULL },
		{ "(", TOKEN_LPAREN, NULL },
		{ ")", TOKEN_RPAREN, NULL },
		{ "{", TOKEN_LBRACE, NULL },
		{ "}", TOKEN_RBRACE, NULL },
		{ ",", TOKEN_COMMA, NULL },
		{ "&", TOKEN_WORD, "write and" },
		{ "|", TOKEN_WORD, "write or" },
	};
	uint32_t from = lx->at;

	for (size_t i = 0; i < sizeof signs / sizeof *signs; i++) {
		size_t n = strlen(signs[i].sign);
		struct span at = span_of(lx, from, from + n);

		if (!comes(lx, signs[i].sign))
			continue;
		lx->at += n;
		if (signs[i].instead != NULL)
			foreign(lx, at, signs[i].instead);
		/* the right operator stands in for the wrong one, so that the rest is still read */
		lx->matching = strchr(signs[i].sign, '~') != NULL;
		if (signs[i].kind == TOKEN_OP && signs[i].instead != NULL)
			at = signs[i].sign[1] == '~' ? span_of(lx, from + 1, from + 2)
						     : span_of(lx, from, from + 1);
		return (struct token){ .kind = signs[i].kind,
			.span = at,
			.whole = at,
			.means = signs[i].kind == TOKEN_WORD && signs[i].instead != NULL
			    ? signs[i].instead + strlen("write ")
			    : NULL };
	}
	lx->at++; /* a control byte: lex_init has said so */
	return (struct token){ .kind = TOKEN_BAD, .whole = span_of(lx, from, from + 1) };
}

struct token
lex_next(struct lexer *lx)
{
	struct token t;
	bool first, pattern, as_it_stands;

	skip_blank(lx);
	first = lx->fresh;
	lx->fresh = false;
	pattern = lx->patterns || lx->matching;
	as_it_stands = lx->matching || (lx->only_patterns && !lx->behind_pattern);
	lx->matching = false;
	if (at_end(lx)) {
		uint32_t n = lx->source->text.n;

		t = (struct token){
			.kind = TOKEN_END, .span = span_of(lx, n, n), .whole = span_of(lx, n, n)
		};
		lx->indent = 0;
	} else if (lex_text(lx, as_it_stands, &t)) {
		;
	} else if (pattern &&
	    literal_is_pattern(
		slice_of(lx->source->text.p + lx->at, lx->source->text.n - lx->at))) {
		t = lex_literal(lx, TOKEN_PATTERN, literal_pattern);
	} else if (is_word_byte(byte_at(lx, lx->at))) {
		uint32_t from = lx->at;

		while (is_word_byte(byte_at(lx, lx->at)))
			lx->at++;
		t = (struct token){ .kind = TOKEN_WORD, .span = span_of(lx, from, lx->at) };
		t.whole = t.span;
	} else if (byte_at(lx, lx->at) == '$') {
		t = lex_dollar(lx);
	} else {
		t = lex_sign(lx);
	}
	lx->behind_pattern = t.kind == TOKEN_PATTERN;
	t.first = first;
	t.indent = lx->indent;
	return t;
}

void
lex_skip_deeper(struct lexer *lx, unsigned indent)
{
	do {
		skip_line(lx);
		skip_blank(lx);
	} while (!at_end(lx) && lx->indent > indent);
}
