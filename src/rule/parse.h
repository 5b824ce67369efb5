/*
 * parse.h - from words to statements
 */
#pragma once

#include "rule/ast.h"

/* Parse a whole file. Mistakes go to d; what could be read comes back all the same, so that the
 * checker can find more. */
struct ast_stmt *parse_file(const struct source *src, struct diags *d);

/* ---- within the parser: parse.c, parse_cond.c, parse_list.c ---- */

struct parser {
	struct lexer lx;
	struct diags *diags;
	struct arena *arena;
	struct token tok;	/* the one to be looked at next */
	unsigned indent;	/* of the statement under way */
	unsigned free_lines;	/* within ( ) or a list's { }: lines don't end the statement */
	unsigned nesting;
	bool failed;		/* the statement under way has an error: skip to its end */
};

/* True while the statement under way goes on. */
bool parse_more(const struct parser *p);

/* Take the current token. */
struct token parse_take(struct parser *p);

/* True if the next token, of this statement, is of that kind, or is that word; the second takes it. */
bool parse_is(const struct parser *p, enum token_kind k);
bool parse_is_word(const struct parser *p, const char *word);
bool parse_word(struct parser *p, const char *word);

/* Report that something else was expected here, and give the statement up. */
struct diag *parse_fail(struct parser *p, const char *expected);

/* A word or text from the current token, which is taken. */
struct ast_word parse_ast_word(struct parser *p);

/* A pattern from the current token, which is taken. */
struct ast_pattern parse_ast_pattern(struct parser *p);

/* A condition; NULL only if nothing stands there (reported). */
struct ast_cond *parse_condition(struct parser *p);

/* { entry, … } of a list; `patterns` says that entries are patterns; pairs that they have two
 * columns. */
struct ast_entry *parse_entries(struct parser *p, bool patterns, bool pairs, unsigned flags);

/* Words that can't be names of labels, lists and definitions. */
bool parse_is_reserved(struct slice word);
