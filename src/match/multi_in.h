/*
 * multi_in.h - what the files of the candidate finder share
 */
#pragma once

#include "match/hyper.h"
#include "match/literals.h"
#include "match/multi.h"

/* A clause that a literal fulfils. */
struct use {
	uint32_t pattern;
	uint8_t clause; /* a bit */
};

#define NEAR_NOWHERE UINT32_MAX

/* Where a match may begin, by a literal of one of its pattern's clauses: so many bytes before it is
 * noted, at most; NEAR_NOWHERE: it does not tell. */
struct near {
	uint32_t literal;
	uint32_t reach;
	uint8_t clause;
};

/* A pattern that a base is for: its expression with anchors, and without. */
struct weak {
	uint32_t pattern;
	const char *text, *plainer;
};

struct multi {
	size_t n;	  /* patterns */
	uint8_t *wanted;  /* clauses of each, as bits; 0: it has none */
	bool *is_weak;	  /* of each */
	uint32_t *always; /* those that have none, and no base is for them */
	size_t nalways;
	struct weak *weak;
	size_t nweak;
	uint32_t *unknown; /* those of the weak ones that have no clause */
	size_t nunknown;
	bool kelvin; /* see struct required */
	struct literals *literals;
	size_t nliterals;
	uint32_t *first_use; /* of each literal in uses, and where the last one's end */
	struct use *uses;
	uint32_t *first_near; /* of each pattern in nears, and where the last one's end */
	struct near *nears;   /* those of one clause side by side */
	struct arena texts;   /* of the expressions */
};

struct multi_base {
	struct hyper *hyper;
	size_t n;	    /* weak patterns */
	uint32_t *patterns; /* of each, its number */
	bool *refused;	    /* of each: it is not in the database */
};

static inline size_t
words_of(size_t bits)
{
	return (bits + 63) / 64;
}
