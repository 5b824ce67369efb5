/*
 * required.h - the texts that every match of a pattern must have
 *
 * An and of ors: a text that a pattern matches has, for each clause, one of the clause's factors
 * somewhere. The rarest that can be proved are told; how rare they are is guessed from mail.
 */
#pragma once

#include "match/syntax.h"

#define FACTOR_FOLD 0x100u  /* beside a small ASCII letter: the capital one does as well */
#define FACTOR_MARKS 0x200u /* some bytes that are no ASCII letters or digits, at least one */
#define FACTOR_SPACE 0x300u /* the same, or none */
#define FACTOR_MIN 3	    /* bytes side by side that a factor has at least */
#define REQUIRED_CLAUSES 3  /* clauses told at most */
#define REACH_FAR SIZE_MAX  /* a reach that has no bound */

/* Units, each a byte or one of the above. Before and behind FACTOR_MARKS and FACTOR_SPACE stand
 * ASCII letters or digits, so that it is plain where these begin and end in a text. */
struct factor {
	const uint16_t *units;
	size_t n;
	size_t reach; /* bytes of text from where a match begins to this, at most */
};

struct clause {
	struct factor *v;
	size_t n;
	double bits; /* -log2 of how often one of them is guessed to begin at a place in mail */
};

struct required {
	struct clause v[REQUIRED_CLAUSES]; /* rarest first */
	size_t n;			   /* 0: nothing is known */
	bool kelvin; /* a letter k or s may be CASES_KELVIN or CASES_LONG_S in the text instead */
};

/* What a tree requires; utf as in PATTERN_UTF. All of it is allocated in a. False on lack of
 * memory.
 */
bool required_find(const struct node *tree, bool utf, struct arena *a, struct required *out);

/* True for an ASCII letter or digit. */
bool required_is_word(unsigned c);

/* Bits of units that stand behind another one (or -1). */
double required_bits(const uint16_t *units, size_t n, int before);
