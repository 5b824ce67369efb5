/*
 * effort.h - how much a search may have to do where a match may begin, by the pattern's form
 *
 * The measure is an item that is held against the text: a character, a group, an assertion. What
 * repeats one character takes as many as there are, and gives them back one by one. So a pattern
 * with one repetition without end has to do a multiple of the text that is left; one with several,
 * or with a repetition of what can be taken in several ways, more than can be told.
 */
#pragma once

#include "match/syntax.h"

struct effort {
	double fixed, each; /* at most fixed + each * bytes of text that are left */
	bool endless;	    /* no: that much, for each step that PCRE2 counts */
};

/* The effort of a pattern with that tree, which may be NULL. */
struct effort effort_of(const struct node *tree, struct slice re);
