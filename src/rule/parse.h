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
	struct token tok;    /* the one to be looked at next */
	struct span last;    /* of the one taken last */
	unsigned indent;     /* of the statement under way */
	unsigned free_lines; /* within ( ) or a list's { }: lines don't end the statement */
	unsigned nesting;
	bool failed;		/* the statement under way has an error: skip to its end */
	bool cut;		/* the statement above lacks what this one may begin with */
	struct ast_stmt *above; /* in the same block */
};

/* True while the statement under way goes on. */
bool parse_more(const struct parser *p);

/* Take the current token. */
struct token parse_take(struct parser *p);

/* True if the next token, of this statement, is of that kind, or is that word in whatever case;
 * parse_word takes it. */
bool parse_is(const struct parser *p, enum token_kind k);
bool parse_is_word(const struct parser *p, const char *word);
bool parse_word(struct parser *p, const char *word);

/* True if the next token begins a line and, most likely, another statement. */
bool parse_at_statement(const struct parser *p);

/* Report that something else was expected here, and give the statement up. NULL if that needs no
 * more words. */
struct diag *parse_fail(struct parser *p, const char *expected);

/* True if the next token joins conditions, or stands before one. */
bool parse_is_joint(const struct parser *p);

/* A word or text from the current token, which is taken. */
struct ast_word parse_ast_word(struct parser *p);

/* A pattern. False if none stands here (reported). */
bool parse_ast_pattern(struct parser *p, struct ast_pattern *out);

/* The name of a setting, list or definition, and that of a file in quotes; absent if there is none
 * (reported, with the words for what it is the name of). */
struct ast_word parse_name(struct parser *p, const char *of);
struct ast_word parse_file_name(struct parser *p);

/* A condition; NULL only if nothing stands there (reported). */
struct ast_cond *parse_condition(struct parser *p);

/* list NAME of TYPE [FLAGS] { … } or from "FILE"; `list` is taken. */
void parse_list(struct parser *p, struct ast_stmt *s);

/* { entry, … } of a list; `patterns` says that entries are patterns; pairs that they have two
 * columns. */
struct ast_entry *parse_entries(struct parser *p, bool patterns, bool pairs);

/* { value, … } of a setting. */
struct ast_word *parse_values(struct parser *p);

/* Words that can't be labels; these and the names of facts, which can't be names of lists and
 * definitions. */
bool parse_is_keyword(struct slice word);
bool parse_is_reserved(struct slice word);

/* ---- parse_habits.c: words of other languages ---- */

/* The action that other programs call so; NULL if none does. */
const char *habit_action(struct slice word);

/* What to write for a word or sign in a condition; NULL if it is none of another language. */
const char *habit_word(struct slice word);
