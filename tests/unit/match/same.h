/*
 * same.h - whether searches find the same, however they are done
 */
#pragma once

#include "match/pattern.h"

/* Search a text in pieces of several sizes, and by watched code, and compare with what one plain
 * search finds; a difference ends the program. Pieces are small where the items of a pattern are
 * said to take long. How many answers were compared: 0 where PCRE2 has none that can be, or takes
 * no such pattern. */
size_t same_everywhere(struct slice re, unsigned flags, struct slice text);
