/*
 * syntax_in.h - what the files of the pattern reader share
 */
#pragma once

#include "match/syntax.h"

/* What the letters of (?imsx) and its kin say here. */
struct mode {
	bool caseless, multiline, extended;
	bool extended_more; /* xx: blanks within classes are none either */
};

struct reader {
	const unsigned char *p;
	size_t n, i;
	bool utf;
	bool quoted; /* between \Q and \E */
	bool failed; /* not understood, or no memory: there will be no tree */
	unsigned depth;
	struct cases *cases;
	struct arena *arena;
	struct node none; /* what is had where there was no memory */
};

/* What a backslash begins. */
enum escape_type {
	ESCAPE_CHARACTER, /* one, with its cases if the mode says so */
	ESCAPE_SET,
	ESCAPE_NODE, /* something else: the node says what */
};

struct escape {
	enum escape_type type;
	uint32_t character;
	struct set may;	 /* all that the set has, and maybe more */
	struct set must; /* what it has for sure; bits alone count */
	enum node_type node;
};

/* Read an escape; r->i is behind the backslash, and then behind all of it. \Q and \E don't come
 * here. */
struct escape syntax_escape(struct reader *r, bool in_class);

/* Read a class; r->i is behind the opening bracket, and then behind the closing one. */
struct set syntax_class(struct reader *r, struct mode mode);

/* A character in all its cases. */
struct set syntax_character(struct reader *r, uint32_t character, bool caseless);

/* The next character of the pattern itself; there must be one. */
uint32_t syntax_next(struct reader *r);

/* True, and gone past it, if the text stands next. */
bool syntax_take(struct reader *r, const char *text);

/* Everything. */
struct set syntax_all(const struct reader *r);

static inline bool
reader_more(const struct reader *r)
{
	return !r->failed && r->i < r->n;
}
