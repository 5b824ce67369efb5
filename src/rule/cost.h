/*
 * cost.h - what each rule costs, for `postern bench`
 *
 * While sessions run, each moment belongs to one thing: the condition of a rule, a comparison in
 * it, a pass over a text, an item that is decoded, or the rest. A rule's time is that of its
 * condition with the comparisons that it was the first to ask, and with the passes and items that
 * are for it alone. What serves several rules is told apart.
 *
 * Sessions run in rounds, all in the same way. Counts are those of one round; a time is that of the
 * round in which it was least, as everything else that the machine does can only add to it.
 */
#pragma once

#include "rule/program.h"

struct cost_time {
	uint64_t ns;	/* in this round */
	uint64_t best;	/* in the round in which it was least */
	uint32_t looks; /* at the clock, in a round */
};

/* Of a rule. */
struct cost_rule {
	struct cost_time time;
	uint32_t confirmations; /* times that it asked PCRE2 */
	uint32_t matches;	/* messages in which it was true */
	uint32_t message;	/* the last of them */
};

/* Of a comparison. */
struct cost_atom {
	struct cost_time time;
	uint32_t rules, first; /* how many rules hold it, and the first of these */
	uint32_t asker;	       /* the rule that was the first to ask it; UINT32_MAX: none did */
	bool others;	       /* in other messages, another one was */
	uint32_t candidates;   /* its patterns that were candidates */
};

/* Of what may serve several rules; what serves one alone is a part of that rule's. */
struct cost_shared {
	struct cost_time time;
	uint32_t rules, first; /* how many it is for, and the first of these */
};

struct costs {
	const struct program *program;
	struct cost_rule *rules;
	struct cost_atom *atoms;
	struct cost_shared *scans;
	struct cost_shared items[CONTENT_ITEMS];
	struct cost_time lookups, rest;
	/* to whom time goes now; the second may be NULL */
	struct cost_time *to, *also;
	double look_ns;	   /* what a look at the clock adds */
	double scale;	   /* for what is left of a time */
	uint32_t asking;   /* the rule; UINT32_MAX: none */
	uint64_t since_ns; /* when that began */
	uint32_t message;
	uint32_t *seen, search; /* nodes that a search has been at */
};

/* What was under way when something within it began. */
struct cost_mark {
	struct cost_time *to, *also;
	uint32_t asking;
};

enum cost_kind {
	COST_RULE,    /* its struct rule */
	COST_ATOM,    /* its struct atom */
	COST_SCAN,    /* its struct scan */
	COST_ITEM,    /* the struct fact whose values it is */
	COST_LOOKUPS, /* NULL */
};

/* For sessions under a program, which must outlive it. NULL on lack of memory. */
struct costs *cost_new(const struct program *p);
void cost_free(struct costs *c);

/* Around a round; behind each of its messages. */
void cost_begin_round(struct costs *c);
void cost_end_round(struct costs *c);
void cost_end_message(struct costs *c);

/* Behind all rounds: ns is the time of one without costs. What is more than that, looks at the
 * clock have added, or other work: it is taken off. */
void cost_settle(struct costs *c, uint64_t ns);

/* The sum of a rule's comparisons. */
struct cost_sum {
	uint32_t candidates; /* of its patterns */
	uint32_t lent;	     /* comparisons asked first by this rule that others hold, too */
	uint32_t borrowed;   /* those that others were the first to ask */
	uint32_t dearest;    /* the one whose time was most; UINT32_MAX: it asked none */
};
struct cost_sum cost_sum(struct costs *c, uint32_t rule);

/* ---- for the engine: a session of a daemon has no costs, c is NULL ---- */

void cost_push(struct costs *c, struct cost_mark *mark, enum cost_kind kind, const void *of);
void cost_pop(struct costs *c, const struct cost_mark *mark);
void cost_add_true(struct costs *c, const struct rule *r);
void cost_add_asked(struct costs *c, const struct atom *a, uint64_t confirmations);
void cost_get_items(struct costs *c, struct session *s, const struct fact_ref *ref);
void cost_add_candidates(struct costs *c, const struct scan *s, const uint64_t *candidates);

/* Around what takes the time. */
static inline void
cost_begin(struct costs *c, struct cost_mark *mark, enum cost_kind kind, const void *of)
{
	if (c != NULL)
		cost_push(c, mark, kind, of);
}

static inline void
cost_end(struct costs *c, const struct cost_mark *mark)
{
	if (c != NULL)
		cost_pop(c, mark);
}

/* A fact's values, decoded if they are not yet. */
static inline void
cost_get(struct costs *c, struct session *s, const struct fact_ref *ref, struct values *out)
{
	if (c != NULL)
		cost_get_items(c, s, ref);
	fact_get(s, ref, out);
}

static inline void
cost_end_rule(struct costs *c, const struct cost_mark *mark, const struct rule *r, bool is_true)
{
	if (c != NULL && is_true)
		cost_add_true(c, r);
	cost_end(c, mark);
}

/* PCRE2 was asked so often. */
static inline void
cost_end_atom(
    struct costs *c, const struct cost_mark *mark, const struct atom *a, uint64_t confirmations)
{
	if (c != NULL)
		cost_add_asked(c, a, confirmations);
	cost_end(c, mark);
}

static inline void
cost_end_scan(
    struct costs *c, const struct cost_mark *mark, const struct scan *s, const uint64_t *candidates)
{
	if (c != NULL)
		cost_add_candidates(c, s, candidates);
	cost_end(c, mark);
}
