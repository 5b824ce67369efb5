/*
 * walk.h - the records and terms that a check comes by
 *
 * A record is handed to libspf2 in a lowered form (check.c says why), in which each term that has
 * to be done in its turn is a step with a number; libspf2 comes back with the number.
 */
#pragma once

#include "base/arena.h"
#include "spf/term.h"

#define SPF_RECORDS (LIMIT_SPF_TERMS + 1) /* the domain's own, and one for each term */
#define SPF_STEPS (LIMIT_SPF_TERMS + 1)	  /* of a record: the last is too many, or surely matches */
#define SPF_LOWERED (8 + SPF_STEPS * 20)  /* bytes of a lowered record, NUL included */
#define SPF_ALL_STEPS (SPF_RECORDS * SPF_STEPS)

struct spf_step;

/* A record while it is evaluated. */
struct spf_scope {
	const struct spf_step *via; /* the include or redirect that led here; NULL: none did */
	unsigned depth;		    /* of includes */
	struct slice domain, record;
	struct slice exp;	/* its domain-spec; absent: none */
	struct spf_record told; /* up to where the trace has told of it */
};

/* A term that libspf2 comes to. */
struct spf_step {
	struct spf_scope *scope;
	struct spf_term term;
};

struct spf_walk {
	struct inquiry inquiry;
	struct spf_macros macros;
	struct arena *arena;  /* of what may go when the check is over */
	struct spf_scope *at; /* the record where libspf2 is */
	const struct spf_step
	    *matched; /* the last one that did; at the end: that decided, or NULL */
	char client_name[LIMIT_DNS_NAME + 1]; /* %{p} */
	struct slice known_name;	      /* absent: not asked for yet */
	size_t nscopes, nsteps;
	struct spf_scope scopes[SPF_RECORDS];
	struct spf_step steps[SPF_ALL_STEPS];
};

/* Get the record of the domain (macros.domain), and lower it. Trouble. */
void spf_walk_begin(struct spf_walk *w, char lowered[SPF_LOWERED]);

/* Do a step that is a mechanism but include; true if it matches. Trouble. */
bool spf_walk_step(struct spf_walk *w, unsigned long step);

/* Do a step that is an include or a redirect: get the record that it leads to, and lower it.
 * Trouble. */
void spf_walk_follow(struct spf_walk *w, unsigned long step, char lowered[SPF_LOWERED]);

/* The end; decided: a mechanism matched. */
void spf_walk_end(struct spf_walk *w, bool decided);
