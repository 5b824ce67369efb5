/*
 * pattern_in.h - what the files of patterns share: pattern.c, search.c
 */
#pragma once

#include "match/effort.h"
#include "match/pattern.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <stdatomic.h>

/* What is made when a search first wants it; NULL until then. */
struct late {
	_Atomic(struct effort *) effort;
	_Atomic(pcre2_code *) quick;   /* the code with what the JIT makes of it, which is large */
	_Atomic(pcre2_code *) watched; /* the code with a callout between any two items: slower */
	atomic_bool too_large;	       /* there is no such code */
};

struct pattern {
	pcre2_code *code;
	struct late *late;
	char *re; /* to make it from */
	size_t nre;
	unsigned flags;
	unsigned groups;
	double item_ns; /* what an item that is held against the text may take, by the JIT */
	bool anchored;	/* a match begins where the search does */
	bool whole;	/* a search can't be done in pieces */
	bool caret;	/* begins with ^, maybe within parentheses */
};

/* PCRE2's code of a pattern, with more of its options; NULL with its error number and offset. */
pcre2_code *pattern_code(
    struct slice re, unsigned flags, uint32_t options, int *error, size_t *offset);

/* A pattern's code with what the JIT makes of it; without, if there is no memory, or the JIT can't:
 * then PCRE2 interprets, which is slower, and gives the same answers. */
const pcre2_code *pattern_quick(const struct pattern *p);

/* What a search for it may have to do. */
struct effort pattern_effort(const struct pattern *p);
