/*
 * ast.h - a rule file as it was written
 *
 * Everything is in the arena of the load's diags and holds spans, so that later passes can point at
 * what they complain of.
 */
#pragma once

#include "list/list.h"
#include "rule/lex.h"
#include "rule/program.h"

/* A word or a text. */
struct ast_word {
	struct span span; /* of what it means */
	struct slice s;	  /* a word as it stands; a text with its escapes undone */
	bool quoted;
	const struct ast_ref *ref; /* an argument that is a FACT("arg", …) itself; else NULL */
	struct ast_word *next;
};

/* FACT, FACT("arg", …), FACT("arg", …).tail, or a defined name. */
struct ast_ref {
	struct span span; /* of all of it */
	struct ast_word name;
	struct ast_word *args;
	bool has_args;
	struct ast_word tail; /* behind its dot; s absent: none */
};

struct ast_pattern {
	struct span span;  /* between the delimiters */
	struct span flags; /* the letters behind it */
};

struct ast_entry {
	struct list_entry e; /* entry absent: a mistake, already reported */
	bool pattern;
	struct span flags; /* of a pattern: the letters behind it */
	struct ast_entry *next;
};

enum ast_right {
	RIGHT_NONE,
	RIGHT_WORD, /* a word or a text */
	RIGHT_REF,  /* FACT("…"), which can't be a word */
	RIGHT_PATTERN,
	RIGHT_ENTRIES, /* { … } */
};

enum cond_kind {
	COND_BAD, /* already reported */
	COND_NOT,
	COND_AND,
	COND_OR,
	COND_OF,
	COND_COMPARE, /* and a lone FACT or name */
};

struct ast_cond {
	enum cond_kind kind;
	struct span span;
	struct ast_cond *parts, *next;
	unsigned n; /* COND_OF */

	/* COND_COMPARE */
	enum atom_op op;
	struct span op_span;
	bool negated; /* !=, !~, not in, not aligned */
	struct ast_ref left, left2;
	bool pair, count;
	struct ast_pattern counted; /* count(FACT ~ /re/); span.source NULL: none */
	enum ast_right right;
	struct ast_word word;
	struct ast_ref ref;
	struct ast_pattern pattern;
	struct ast_entry *entries;
	struct span right_span;
};

enum stmt_kind { STMT_SET, STMT_INCLUDE, STMT_LIST, STMT_DEFINE, STMT_RULE, STMT_WHEN };

struct ast_stmt {
	enum stmt_kind kind;
	struct span span; /* of its first word, or of the action */
	bool bad;     /* a mistake in it was reported: it counts only for the names that it gives */
	bool guessed; /* likewise, but what was meant is read: its other mistakes are looked for */
	struct ast_stmt *next;

	struct ast_word name;	 /* set, list, define; include: the file */
	struct ast_word *values; /* set; action arguments in order */
	bool braces;		 /* set: the values stand in { } */

	enum list_type list_type; /* list */
	unsigned list_flags;
	struct ast_entry *entries;
	bool from_file;
	struct ast_word file;

	struct ast_word label; /* rule; s absent: none */
	bool monitor;
	enum action action;
	bool has_pattern; /* remove-header "Name" ~ /re/ */
	struct ast_pattern pattern;

	struct ast_cond *cond; /* rule, define, when; NULL: none */
	struct ast_stmt *body; /* when */
};
