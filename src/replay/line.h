/*
 * line.h - a file of tests, line by line, each as its words
 *
 * White space divides words. A word in double quotes may hold blanks and the escapes \" \\ \n; one
 * that begins with `<` goes on to its `>`. `#` at the start of a word begins a comment.
 */
#pragma once

#include "base/diag.h"

#define LINE_WORDS 64 /* words of one line: more is a mistake */

struct word {
	struct slice text; /* escapes undone, without quotes */
	struct span span;  /* with its quotes */
	bool quoted;
};

struct line {
	struct word v[LINE_WORDS];
	size_t n;
	struct span span; /* from its first word to its last */
};

struct line_reader {
	const struct source *source;
	uint32_t at;
	struct arena *arena; /* for texts; fatal */
	struct diags *diags;
};

/* Read the next line that has words; mistakes are added. False at the end of the file. */
bool line_next(struct line_reader *r, struct line *out);

/* True if word i is there and written just so, without quotes. */
bool line_is(const struct line *l, size_t i, const char *word);

/* The text of word i; absent if there is none. */
struct slice line_text(const struct line *l, size_t i);

/* The place from word i to the end; of the whole line if there is no such word. */
struct span line_rest(const struct line *l, size_t i);
