/*
 * bases.h - databases for the patterns that require no rare text
 *
 * A scan does without one (match/multi.h), which costs time; and to make one takes seconds or
 * minutes. So a base is taken from cache-dir, where an earlier one was kept, or is made in a child
 * process while sessions run. It comes once, is seen by the scans that begin from then on, and
 * stays as long as the program.
 */
#pragma once

#include "rule/program.h"

/* Where a base is from. */
enum base_from {
	BASE_CACHE,
	BASE_COMPILED,
	BASE_REFUSED, /* libhs makes none of these patterns */
	BASE_DAMAGED, /* the file is not good, *why tells: another one is going to be made */
	BASE_FAILED,  /* to make it: *why tells */
};

/* What became of one. */
struct base_report {
	const struct scan *scan;
	enum base_from from;
	unsigned ms;	/* that it took */
	size_t bytes;	/* of the file */
	bool kept;	/* it is in cache-dir */
	struct buf why; /* what failed: to read the file, to make it, or to keep it */
};

/* Get those that cache-dir has, and make the others in the background, for the daemon. The log
 * tells of each. Begun once, by the user that sessions run as, before there are any: see
 * child_start. */
void bases_begin(struct program *p);

/* Stop making them; no thread and no child is left. Those that are there stay. */
void bases_end(struct program *p);

/* Get those that cache-dir has, and no others; nobody is told. Returns how many are wanted still.
 */
uint32_t bases_take(struct program *p);

/* Get all, from cache-dir or made now, and keep them there; tell of each. False with *why if
 * cache-dir can't be used, and nothing is made then, or if there is no process to be had. */
bool bases_compile(struct program *p, void (*tell)(void *data, const struct base_report *r),
    void *data, struct buf *why);
