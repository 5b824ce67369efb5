/*
 * diag.h - what is wrong with a file, where, and what to do
 *
 * A mistake is shown as
 *
 *   FILE:LINE:COL: error: WHAT
 *     the line of the source
 *         ^~~~
 *     hint: what to do
 *
 * Lines and columns count from 1; columns count characters. Mistakes are collected, then printed in
 * the order of their places (files in the order in which they were opened).
 */
#pragma once

#include "base/arena.h"

#include <stdint.h>
#include <stdio.h>

/* A file's text, kept while spans point into it. Allocated in the arena of its diags. */
struct source {
	const char *name; /* as the admin would write it */
	struct slice text;
	const uint32_t *lines; /* where each line begins */
	size_t nlines;
	unsigned order; /* the how-manieth file it is */
};

/* A place: n bytes at offset `at` of the source's text. source NULL: no place is known. */
struct span {
	const struct source *source;
	uint32_t at, n;
};

enum severity { DIAG_ERROR, DIAG_WARNING };

struct diag {
	enum severity severity;
	struct span span;
	const char *what; /* one sentence, no full stop at the end */
	const char *hint; /* what to do; NULL for none */
	unsigned seq;
};

struct diags {
	struct arena arena;
	struct diag *v; /* LIMIT_DIAGS of them, and one for what is only counted */
	size_t n;
	unsigned errors, warnings; /* also those beyond LIMIT_DIAGS */
	unsigned sources;
};

void diags_init(struct diags *d);
void diags_free(struct diags *d);

/* Read a file whole into a new source. NULL with errno if it can't be read, EFBIG beyond max (which
 * is less than 4 GiB). */
struct source *source_read(struct diags *d, const char *path, size_t max);

/* A source with a text that is there already (copied). */
struct source *source_text(struct diags *d, const char *name, struct slice text);

/* Line and column (from 1) of an offset. */
void source_place(const struct source *s, uint32_t at, unsigned *line, unsigned *col);

/* The line of a span, from 1; 0 if the span has no source. */
unsigned span_line(struct span s);

/* The bytes of a span. */
struct slice span_slice(struct span s);

/* The line on which a span (with a source) begins, without its line end. */
struct slice span_line_slice(struct span s);

/* Add a mistake. The same words at the same place are one mistake. Beyond LIMIT_DIAGS it is only
 * counted, but an error takes the place of a warning. The returned entry's hint may be set with
 * diag_hint; it is valid until the next diag_error or diag_warn. Never NULL. */
struct diag *diag_error(struct diags *d, struct span at, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
struct diag *diag_warn(struct diags *d, struct span at, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
void diag_hint(struct diags *d, struct diag *g, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* Print all, sorted by place; those without a place come first. What a terminal should not see is
 * shown as U+FFFD. A last line tells how many were only counted. */
void diags_print(struct diags *d, FILE *out);
