/*
 * literal.h - texts and patterns as admins write them
 *
 * Rule files and list files write them alike: "…" with \" \\ \n, /…/flags and m{…}flags, each on
 * one line. Mistakes become errors in d.
 */
#pragma once

#include "base/diag.h"

struct literal {
	struct span span;  /* what stands between the delimiters, escapes not undone */
	struct span flags; /* of a pattern: the letters behind the closing delimiter */
	struct span whole; /* all of it */
};

/* Read "…"; at is the opening quote. False if it has no end: then whole is the rest of the line. */
bool literal_text(const struct source *src, uint32_t at, struct literal *out, struct diags *d);

/* The same for a pattern; at is the `/` or the `m` before `{`. */
bool literal_pattern(const struct source *src, uint32_t at, struct literal *out, struct diags *d);

/* True if a pattern begins at s: with `/`, or with `m{`. */
bool literal_is_pattern(struct slice s);

/* PATTERN_… of a pattern's flag letters; unknown ones are errors, doubled ones warnings. */
unsigned literal_flags(struct span flags, struct diags *d);

/* A text with its escapes undone: the bytes of the span itself if it has none, else a copy in a.
 * Absent on lack of memory. */
struct slice literal_unescape(struct span text, struct arena *a);
