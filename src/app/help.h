/*
 * help.h - the manual's entries, one for each word of the language
 *
 * help_words.c is made by help.awk from the manual pages when the program is built, so that there
 * is one text of each.
 */
#pragma once

struct help_entry {
	const char *word;
	const char *page; /* "postern-rules(5)" */
	const char *text; /* lines of at most 80 columns */
};

/* In the order of the pages; word NULL behind the last. A word may have several entries. */
extern const struct help_entry help_entries[];
