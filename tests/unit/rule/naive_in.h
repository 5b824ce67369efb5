/*
 * naive_in.h - what the parts of the naive evaluator share: naive.c, naive_text.c
 */
#pragma once

#include "naive.h"

/* The set of a condition that stands above rule `upto`. */
unsigned cond_set(const struct view *v, int i, int upto);

/* The first rule inside a `when`: the score is read there. */
int first_inside(const struct ruleset *rs, int when);

/* The score of the rules above `upto`: between *least and *most. What comes of reading it: true if
 * it is exact, an error or failure if one of a rule keeps it from being so, all of that if rules
 * are open. */
unsigned score_between(const struct view *v, int upto, long *least, long *most);
