/*
 * arena.h - memory that is freed as a whole
 *
 * A connection, a message and a ruleset each own one. Not for use by two threads at once.
 */
#pragma once

#include "base/slice.h"

#include <stdarg.h>

struct arena_block;
struct arena {
	struct arena_block *blocks; /* newest first */
	size_t used;		    /* bytes handed out since the last reset */
	size_t limit;		    /* bytes it may hand out; 0: no limit */
	bool fatal;		    /* out of memory ends the program: only while rules load */
};

/* Make an arena empty. limit in bytes, 0 for none. */
void arena_init(struct arena *a, size_t limit);

/* n zeroed bytes, aligned for any type. NULL when memory or the limit is used up (never if fatal).
 */
void *arena_alloc(struct arena *a, size_t n);

/* A copy of s with a NUL behind it that is not counted. Absent stays absent; on lack of memory the
 * result is absent though s was not. */
struct slice arena_slice(struct arena *a, struct slice s);

/* A formatted text, NUL behind it. Absent on lack of memory. */
struct slice arena_printf(struct arena *a, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* What was handed out up to now; arena_release forgets all that was handed out since. Marks are
 * released in the opposite order of their making. */
struct arena_mark {
	struct arena_block *head, *next;
	size_t head_used, used;
};
struct arena_mark arena_mark(const struct arena *a);
void arena_release(struct arena *a, struct arena_mark m);

/* Forget all that was handed out; one block is kept for the next round. */
void arena_reset(struct arena *a);

/* Give everything back. The arena may be used again. */
void arena_free(struct arena *a);
