/*
 * lex.c - the words of a rule file
 *
 * One thing depends on where a token stands: `/` begins a pattern only behind ~ and !~ and in lists of
 * patterns; elsewhere it belongs to a word such as 192.0.2.0/24. Habits from other languages (&&, ==,
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
				diag_error(d, span_of(lx, k, k + 1),
				    "a control byte (0x%02x) in a rule file", c);
				break;
			}
		}
		if (!utf8_valid(slice_of(t.p + i, end - i)))
			diag_hint(d, diag_error(d, span_of(lx, i, end), "this line is not UTF-8"),
			    "save the file in UTF-8");
		i = end + 1;
	}
}

/* Go to the next token's first byte; keeps count of the indentation. */
static void
skip_blank(struct lexer *lx)
{
	if (lx->at == 0)
		lx->indent = 0;
	while (!at_end(lx)) {
		char c = byte_at(lx, lx->at);

		if (c == '\n') {
			lx->fresh = true;
			lx->indent = 0;
		} else if (c == '#') {
			while (!at_end(lx) && byte_at(lx, lx->at) != '\n')
				lx->at++;
			continue;
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
	return (unsigned char)c > ' ' && c != 0x7f && strchr("(){},\"#=<>!~&|$", c) == NULL;
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
		{ "==", TOKEN_OP, "=" },
		{ "=~", TOKEN_OP, "~" },
		{ "!~", TOKEN_OP, NULL },
		{ "!=", TOKEN_OP, NULL },
		{ "<=", TOKEN_OP, NULL },
		{ ">=", TOKEN_OP, NULL },
		{ "=<", TOKEN_OP, "<=" },
		{ "=>", TOKEN_OP, ">=" },
		{ "&&", TOKEN_BAD, "and" },
		{ "||", TOKEN_BAD, "or" },
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
		{ "&", TOKEN_BAD, "and" },
		{ "|", TOKEN_BAD, "or" },
		{ "$", TOKEN_BAD, "{1} in a text" },
	};
	uint32_t from = lx->at;

	for (size_t i = 0; i < sizeof signs / sizeof *signs; i++) {
		size_t n = strlen(signs[i].sign);
		struct span at = span_of(lx, from, from + n);

		if (lx->source->text.n - from < n ||
		    memcmp(lx->source->text.p + from, signs[i].sign, n) != 0)
			continue;
		lx->at += n;
		if (signs[i].instead != NULL)
			diag_hint(lx->diags,
			    diag_error(lx->diags, at, "`%s` is not of this language", signs[i].sign),
			    "write %s", signs[i].instead);
		/* the right operator stands in for the wrong one, so that the rest is still read */
		lx->matching = signs[i].sign[n - 1] == '~';
		if (signs[i].kind == TOKEN_OP && signs[i].instead != NULL)
			at = signs[i].sign[1] == '~' ? span_of(lx, from + 1, from + 2)
						     : span_of(lx, from, from + 1);
		return (struct token){ .kind = signs[i].kind, .span = at, .whole = at };
	}
	lx->at++;	/* a control byte: lex_init has said so */
	return (struct token){ .kind = TOKEN_BAD, .whole = span_of(lx, from, from + 1) };
}

struct token
lex_next(struct lexer *lx)
{
	struct token t;
	bool first, pattern;

	skip_blank(lx);
	first = lx->fresh;
	lx->fresh = false;
	pattern = lx->patterns || lx->matching;
	lx->matching = false;
	if (at_end(lx)) {
		uint32_t n = lx->source->text.n;

		t = (struct token){ .kind = TOKEN_END,
			.span = span_of(lx, n, n),
			.whole = span_of(lx, n, n) };
		lx->indent = 0;
	} else if (byte_at(lx, lx->at) == '"') {
		t = lex_literal(lx, TOKEN_STRING, literal_text);
	} else if (pattern && literal_is_pattern(slice_of(lx->source->text.p + lx->at,
				  lx->source->text.n - lx->at))) {
		t = lex_literal(lx, TOKEN_PATTERN, literal_pattern);
	} else if (is_word_byte(byte_at(lx, lx->at))) {
		uint32_t from = lx->at;

		while (is_word_byte(byte_at(lx, lx->at)))
			lx->at++;
		t = (struct token){ .kind = TOKEN_WORD, .span = span_of(lx, from, lx->at) };
		t.whole = t.span;
	} else {
		t = lex_sign(lx);
	}
	t.first = first;
	t.indent = lx->indent;
	return t;
}
