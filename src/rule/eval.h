/*
 * eval.h - what is sure of a condition, from what is known now
 *
 * An outcome is false, true, error, or failed: a DNS lookup had no answer (`set on-dns-error`).
 * What is pending may become any of them. A set of outcomes is a mask. Conditions combine outcomes
 * pointwise: `false and X` is false, `true or X` is true whatever X is, else an error in a part is
 * an error of the whole, else a failure in a part is one; `not` keeps either.
 */
#pragma once

#include "match/budget.h"
#include "rule/cost.h"

enum { OUT_FALSE = 1, OUT_TRUE = 2, OUT_ERROR = 4, OUT_FAILED = 8, OUT_ANY = 15 };

/* True if a set has one outcome. */
static inline bool
out_is_one(unsigned set)
{
	return (set & (set - 1)) == 0;
}

/* What one question has come to know of the score, that is, while neither facts nor the view
 * change: score rules may read the score themselves, and each is asked once. */
struct score_memo {
	uint32_t question;
	uint32_t n;
	struct score_cell *v; /* of each rule that was asked, ascending; room for all score rules */
	uint32_t *sought;     /* of each score rule: the search for lookups that has been there */
};

struct score_cell {
	uint32_t rule;
	struct score_sum sum; /* of this rule and those above, but for those that wait */
};

/* The time that patterns take for one answer: `set match-budget`. A part of it is kept for what
 * texts tell of a match. */
struct matching {
	struct budget asking, telling;
	/* what took the most of it, and how much: the question of an atom, or the pattern of a
	 * rule; NULL: not that */
	const struct atom *atom;
	const struct rule *rule;
	uint64_t most_us;
	uint64_t spent_us; /* that an earlier answer of the message had used up; 0: none had */
	const struct atom *limited; /* the last one that a limit of steps or memory made an error */
};

/* One walk's view: the outcomes got so far. */
struct eval {
	const struct program *program;
	struct session *session;
	enum stage stage; /* reached */
	uint8_t
	    *cells;   /* outcomes of the atoms of all lifetimes but the recipient's; 0: not asked */
	uint8_t *own; /* outcomes of the atoms that name the recipient; NULL: no recipient yet */
	size_t recipient; /* selected in the session; SIZE_MAX: none */
	struct score_memo *scores;
	struct scans *scans; /* what is known of texts that many patterns are asked of */
	struct matching *matching;
	struct costs *cost;  /* what that costs; NULL: nobody wants to know */
	uint32_t question;   /* the one under way in this view; eval_ask_anew begins another */
	uint32_t *questions; /* counts those of all views that share `scores` */
	struct arena *texts; /* where eval_text puts its results; the caller resets it */
};

/* What is known has changed: outcomes of score rules are worked out anew. */
void eval_ask_anew(struct eval *e);

/* The set of outcomes of a node, without getting lookups. */
unsigned eval_node(struct eval *e, uint32_t node);

/* The same while nothing that the node asks is there: before its `asked_from`, which must not be
 * the first stage. In a probe, what is not there yet counts as error. */
unsigned eval_unknown(const struct program *p, uint32_t node, bool probe);

/* The set of outcomes of a node, after getting the lookups that are available at this stage, if
 * some outcome of them would settle the node. */
unsigned eval_settle(struct eval *e, uint32_t node);

/* The set of outcomes of a rule: that of its condition, and where a text of it tells the score,
 * true only with an exact one. With `settle`, lookups are got as by eval_settle. */
unsigned eval_rule(struct eval *e, const struct rule *r, bool settle);

/* The set of outcomes of one atom, without getting lookups. */
unsigned eval_atom(struct eval *e, uint32_t atom);

/* The score of the first `upto` score rules: its least and its greatest value now. OUT_TRUE: it is
 * exact; OUT_ERROR, OUT_FAILED: it never will be; several: that is open. */
unsigned eval_score(struct eval *e, uint32_t upto, long long *least, long long *most);

/* A fact's values, those of the score included. Its stage must be reached; lookups are got. */
void eval_fact(struct eval *e, const struct fact_ref *ref, uint32_t score_upto, struct values *out);

/* A text with its `{…}` filled in, cut at LIMIT_TEXT_FILLED bytes. Facts that are absent or not
 * known add nothing, a failed list only what it did answer; several values are divided by ", ";
 * their control bytes become blanks or `?`, so that a line feed comes only from the rule. Gets
 * lookups. Absent on lack of memory, also for a fact that lost its values so, and of time for what
 * a pattern found. */
struct slice eval_text(struct eval *e, const struct text *t);

/* The same with the bytes as they are, for comparing. lack->cut, lack->failed: something was, or
 * may have been, left out. */
struct slice eval_text_raw(struct eval *e, const struct text *t, struct values *lack);

/* The outcomes with which a rule doesn't act, and the next one is looked at: a set within them
 * needs no more to be known. */
unsigned eval_passes(const struct program *p);

/* Remember what has taken time since `asking` said used_us, if it is the most. */
void matching_note(
    struct matching *m, uint64_t used_us, const struct atom *atom, const struct rule *rule);

/* Ask an atom now: its facts are known, its lookups got. One outcome. */
unsigned atom_ask(struct eval *e, const struct atom *a);

/* The groups that an atom's pattern took in the first value that matched, with the flag n in its
 * folded text; how the list decided in the first value that is in it. MATCH_ERROR: that a value
 * before did not is not sure, and none behind does. */
enum match atom_groups(struct eval *e, const struct atom *a, struct slice *groups, size_t n);
enum match atom_entry(struct eval *e, const struct atom *a, struct list_hit *hit);

/* The index of the first answer of a list for which the atom is true; it asks a list, and has been
 * asked. False if there is none. */
bool atom_listing(struct eval *e, const struct atom *a, size_t *index);
