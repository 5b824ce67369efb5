/*
 * naive.h - what the language says of a ruleset and facts, in the plainest way
 *
 * The second opinion: it shares nothing with the engine but enum names. Each atom has a set of
 * outcomes (OUT_… of eval.h); with one outcome each, naive_verdict sees all facts at once. With all
 * four for what is not known it is a walk by sets, from which expect.c tells when the MTA must
 * hear.
 */
#pragma once

#include "random_rules.h"
#include "rule/judge.h"

/* Where a session stands. */
struct world {
	const struct ruleset *rs;
	const struct rsession *ss;
	int helo;		    /* ABSENT: none yet */
	const struct rmessage *m;   /* NULL: in no transaction */
	int kept[MAX_RCPTS], nkept; /* recipients that were not refused */
};

struct view {
	const struct ruleset *rs;
	unsigned atoms[MAX_ATOMS];
	unsigned rules[MAX_RULES]; /* sets of the rules' own outcomes; naive_rules fills it */
};

struct verdict {
	enum action action;
	enum cause cause;
	int rule; /* NONE */
};

/* Where a walk stands. */
struct standing {
	bool open; /* no verdict yet */
	int at;	   /* the rule at which it stopped; nrules: passed all */
	struct verdict v;
	bool by_effect; /* an acceptance that an erring effect turned */
	bool waits; /* an acceptance with effects that are open or await the end of the message */
	bool may_wait; /* only to hear whether a rule that won't act is an error */
};

bool same_verdict(struct verdict a, struct verdict b);

/* True for one outcome that is neither true nor false. */
bool is_failure(unsigned set);

/* True if a rule with that set won't act, and doesn't stop the walk. */
bool is_passed(const struct ruleset *rs, unsigned set);

/* Why one is deferred by a rule with that outcome. */
enum cause cause_of(unsigned failure);

/* Sets of outcomes of the atoms: one each of those that are known at a stage, for a recipient (or
 * NONE), all four of the others; and of the rules. */
void world_view(const struct world *w, int rcpt, enum stage s, struct view *v);

/* The stage at which an atom is known, under the ruleset's settings. */
enum stage atom_stage(const struct ruleset *rs, const struct ratom *a);
bool atom_names_recipient(const struct ratom *a);

/* The values of a fact. Returns how many. */
int world_values(const struct world *w, enum what what, int rcpt, int *values);

/* The sets of the rules from those of the atoms. */
void naive_rules(struct view *v);

/* The walk. `known`: texts of facts of this stage and below are known; recipient: those of its. */
struct standing naive_walk(const struct view *v, enum stage known, bool recipient);

/* The verdict where every atom has one outcome. */
struct verdict naive_verdict(const struct view *v);

/* True if the text of a rule is known. */
bool text_known(const struct ruleset *rs, const struct rtext *t, enum stage known, bool recipient);

/* A rule's text, filled in. */
void text_fill(struct buf *b, const struct world *w, const struct view *v, int rcpt, int rule);

/* The rules with what is known filled in, as a text: equal texts act alike. */
void residual_text(
    struct buf *b, const struct world *w, const struct view *v, int rcpt, enum stage s);

/* True if no atom and no text tells the two recipients apart. */
bool recipients_alike(const struct world *w, int a, int b);
