/*
 * expect.h - what the MTA must be told, and when
 */
#pragma once

#include "naive.h"

struct want {
	enum told told;
	struct verdict v; /* whose reply it has, or one like it */
	bool loose;	  /* may also be told nothing yet */
};

enum told told_of(enum action a);
bool refuses(struct verdict v);

/* At CONNECT, HELO and MAIL, of a walk without recipient. */
struct want want_early(const struct world *w, const struct standing *st, enum stage s);

/* At RCPT, of the walk of a recipient that is not among the kept ones yet. */
struct want want_rcpt(const struct world *w, const struct standing *st, int rcpt);

/* From DATA on, of the walks of the kept recipients. */
struct want want_message(const struct world *w, const struct standing *st, enum stage s);

/* The verdicts of kept recipients count for each other: more than one class may be. */
bool is_mixed(const struct world *w);

/* The accepted message's effects, one a line, sorted; the MTA takes one quarantine. *taste: whether
 * there is one, or why, is left open. */
void want_effects(const struct world *w, struct buf *lines, bool *taste);
