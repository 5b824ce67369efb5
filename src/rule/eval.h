/*
 * eval.h - what is sure of a condition, from what is known now
 *
 * An outcome is false, true or error; what is pending may become any of them. A set of outcomes is
 * a mask. Conditions combine outcomes pointwise: `false and X` is false, `true or X` is true
 * whatever X is, else an error in a part is an error of the whole; `not` keeps an error.
 */
#pragma once

#include "rule/program.h"

enum { OUT_FALSE = 1, OUT_TRUE = 2, OUT_ERROR = 4, OUT_ANY = 7 };

/* What is known of a score rule within one question, that is, while neither facts nor the view
 * change: score rules may read the score themselves, and each is asked once. */
struct score_cell {
	uint32_t asked;	  /* the question in which the bounds were got */
	uint32_t sought;  /* the search for lookups that has been here */
	bool open, error; /* of this rule or one above: not settled; in error */
	/* bounds of the score with this rule and those above, over all that open ones may become:
	 * the smallest and greatest least score, the smallest and greatest most */
	long long min_least, max_least, min_most, max_most;
};

/* One walk's view: the outcomes got so far. */
struct eval {
	const struct program *program;
	struct session *session;
	enum stage stage; /* reached */
	uint8_t
	    *cells;   /* outcomes of the atoms of all lifetimes but the recipient's; 0: not asked */
	uint8_t *own; /* outcomes of the atoms that name the recipient; NULL: no recipient yet */
	size_t recipient;	   /* selected in the session; SIZE_MAX: none */
	struct score_cell *scores; /* one for each score rule */
	uint32_t question;   /* the one under way in this view; eval_ask_anew begins another */
	uint32_t *questions; /* counts those of all views that share `scores` */
	struct arena *texts; /* where eval_text puts its results; the caller resets it */
};

/* What is known has changed: outcomes of score rules are worked out anew. */
void eval_ask_anew(struct eval *e);

/* The set of outcomes of a node, without getting lookups. */
unsigned eval_node(struct eval *e, uint32_t node);

/* The same, after getting the lookups that are available at this stage, if some outcome of them
 * would settle the node. */
unsigned eval_settle(struct eval *e, uint32_t node);

/* The set of outcomes of a rule: that of its condition, and where a text of it tells the score,
 * true only with an exact one. With `settle`, lookups are got as by eval_settle. */
unsigned eval_rule(struct eval *e, const struct rule *r, bool settle);

/* The set of outcomes of one atom, without getting lookups. */
unsigned eval_atom(struct eval *e, uint32_t atom);

/* The score of the first `upto` score rules: its least and its greatest value now. OUT_TRUE: it is
 * exact; OUT_ERROR: it never will be; both: that is open. */
unsigned eval_score(struct eval *e, uint32_t upto, long long *least, long long *most);

/* A fact's values, those of the score included. Its stage must be reached; lookups are got. */
void eval_fact(struct eval *e, const struct fact_ref *ref, uint32_t score_upto, struct values *out);

/* A text with its `{…}` filled in, cut at LIMIT_TEXT_FILLED bytes. Facts that are absent or not
 * known add nothing; several values are divided by ", "; their control bytes become blanks or `?`,
 * so that a line feed comes only from the rule. Gets lookups. Absent on lack of memory, also for a
 * fact that lost its values so. */
struct slice eval_text(struct eval *e, const struct text *t);

/* The same with the bytes as they are, for comparing. *cut: something was left out. */
struct slice eval_text_raw(struct eval *e, const struct text *t, bool *cut);

/* Ask an atom now: its facts are known, its lookups got. OUT_FALSE, OUT_TRUE or OUT_ERROR. */
unsigned atom_ask(struct eval *e, const struct atom *a);

/* The groups that an atom's pattern took in the first value that matched; how the list decided in
 * the first value that is in it. False if none does. */
bool atom_groups(struct eval *e, const struct atom *a, struct slice *groups, size_t n);
bool atom_entry(struct eval *e, const struct atom *a, struct list_hit *hit);
