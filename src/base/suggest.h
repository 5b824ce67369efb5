/*
 * suggest.h - "did you mean"
 */
#pragma once

#include "base/slice.h"

struct suggest {
	struct slice word; /* what was written */
	struct slice best; /* the nearest so far; absent if none is near */
	unsigned distance;
};

/* Begin a search for a word near `word`. Near: at most a third of its length and at most three
 * edits (insert, delete, replace, swap of neighbours), compared without case. */
void suggest_begin(struct suggest *s, struct slice word);

/* Offer a candidate, which must outlive the search. */
void suggest_offer(struct suggest *s, struct slice candidate);
