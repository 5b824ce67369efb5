/*
 * lex.h - the words of a rule file
 *
 * A token knows whether it is the first of its line and at which column: statements end where a
 * line is not indented deeper than the one that began them, which the parser decides.
 */
#pragma once

#include "base/diag.h"

enum token_kind {
	TOKEN_END,
	TOKEN_WORD,
	TOKEN_STRING,  /* span without the quotes, escapes not yet undone */
	TOKEN_PATTERN, /* span of what stands between the delimiters */
	TOKEN_OP,      /* = != < <= > >= ~ !~ */
	TOKEN_BANG,
	TOKEN_LPAREN,
	TOKEN_RPAREN,
	TOKEN_LBRACE,
	TOKEN_RBRACE,
	TOKEN_COMMA,
	TOKEN_BAD, /* already reported */
};

struct token {
	enum token_kind kind;
	struct span span;  /* what it means */
	struct span whole; /* all of it, with quotes, delimiters, flags */
	struct span flags; /* TOKEN_PATTERN: the letters behind the closing delimiter */
	bool first;	   /* of its line */
	unsigned indent;   /* column of its line's first token, from 0; a tab goes to the next 8 */
	const char *means; /* TOKEN_WORD: what && and the like stand for here; NULL: itself */
};

struct lexer {
	struct diags *diags;
	const struct source *source;
	uint32_t at;
	unsigned indent;
	bool fresh;	    /* nothing on this line yet */
	bool patterns;	    /* `/` begins a pattern: set by the parser in lists of patterns */
	bool matching;	    /* `/` begins a pattern: behind ~ and !~ */
	bool only_patterns; /* entries are patterns: one in quotes is read as it stands */
	bool behind_pattern;
	bool quiet; /* signs of other languages are not reported: the statement is given up */
};

/* Begin. Bytes that are no UTF-8, and control bytes, are reported here. */
void lex_init(struct lexer *lx, const struct source *src, struct diags *d);

/* The next token. */
struct token lex_next(struct lexer *lx);

/* Go to the next line that is not indented deeper: behind a text without end nothing is sure. */
void lex_skip_deeper(struct lexer *lx, unsigned indent);

/* True if a word may stand without quotes: it is read back as it is, and looks like one word. */
bool lex_is_bare(struct slice s);
