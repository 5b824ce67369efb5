/*
 * syntax.h - a pattern taken apart, as far as can be proved
 *
 * Reads what PCRE2 reads, to tell without matching what a text must have. The tree never says less
 * than the pattern may match: what is not understood is NODE_ANY, or there is no tree at all.
 */
#pragma once

#include "base/arena.h"
#include "match/cases.h"

#include <stdint.h>

enum node_type {
	NODE_EMPTY,  /* the empty text, whatever is asked of what stands around it */
	NODE_START,  /* the same, at the start of the text only */
	NODE_END,    /* the same, at its end or before the line feed that ends it */
	NODE_ANY,    /* anything or nothing */
	NODE_SET,    /* one character of a set */
	NODE_CAT,    /* its children, one after another */
	NODE_ALT,    /* one of its children */
	NODE_REPEAT, /* its child, min to max times */
	NODE_LOOK,   /* the empty text, but the child's is in the text too */
	NODE_NOT,    /* the empty text, where the child's is not */
};

#define NODE_MANY UINT32_MAX /* max of a repetition without end */
#define SET_OTHERS 8	     /* characters beyond ASCII that a set names */

/* Characters. In byte mode a character is a byte and bits has all of it; in UTF mode bits has
 * ASCII. A set may have more than the pattern's, never less. */
struct set {
	uint32_t bits[8];
	bool wide;	 /* UTF: any beyond ASCII, not only the others */
	bool letters;	 /* UTF, with wide: letters are among these */
	uint8_t nothers; /* UTF: how many beyond ASCII */
	uint32_t others[SET_OTHERS];
};

struct node {
	enum node_type type;
	uint32_t min, max;	   /* of NODE_REPEAT */
	const struct set *set;	   /* of NODE_SET */
	struct node *first, *last; /* children */
	struct node *next;	   /* the parent's next child */
};

/* The tree of a pattern that PCRE2 takes with these flags (PATTERN_…). Without cases (NULL) its
 * sets have none of those that go without saying: for who looks at the form alone. NULL if nothing
 * is known of it, and on lack of memory. */
const struct node *syntax_tree(
    struct slice re, unsigned flags, struct cases *cases, struct arena *a);

static inline bool
set_has(const struct set *s, unsigned c)
{
	return s->bits[c / 32] >> c % 32 & 1;
}

static inline void
set_add(struct set *s, unsigned c)
{
	s->bits[c / 32] |= 1u << c % 32;
}
