/*
 * walk.h - the way from the top of the rules to the first that decides
 */
#pragma once

#include "rule/judge.h"

/* A rule that was passed although its outcome is, or may be, error (on-error skip); newest first,
 * shared by walks that began as one. */
struct passed_error {
	const struct passed_error *next;
	uint32_t rule;
};

/* How far a walk has come. Begins zeroed. */
struct walk {
	uint32_t at; /* the deciding rule, or the first that is open; nrules behind the last */
	bool decided;
	enum cause cause;
	const struct passed_error *errors;
};

/* What a walk says now. */
enum standing {
	STAND_OPEN,
	STAND_ACCEPT, /* and nothing is to be done to the message */
	STAND_ACT,    /* accept, and effects take place */
	STAND_DISCARD,
	STAND_REFUSE,
};

struct verdict {
	enum standing standing;
	enum action action; /* STAND_REFUSE: ACT_REJECT or ACT_TEMPFAIL */
	enum cause cause;
	uint32_t rule; /* that decided; UINT32_MAX: none */
};

/* Go on as far as is certain. tell: the stage before which no refusal is told, and what serves only
 * refusals is not looked up. Memory for errors comes from `a`. */
void walk_on(struct walk *w, struct eval *e, enum stage tell, struct arena *a);

/* Remember that a rule was passed so; memory from `a`, without it the note is lost. */
void walk_note_error(struct walk *w, uint32_t rule, struct arena *a);

/* What it says: the rule, and the effects above an acceptance. */
struct verdict walk_verdict(const struct walk *w, struct eval *e);

/* True if it has come to its end, and nothing that rules bring or say on its way will change. */
bool walk_is_settled(const struct walk *w, struct eval *e);

/* A rule that only speaks to the log: true if what it has to say will not change. */
bool walk_is_quiet_ready(struct eval *e, const struct rule *r);

/* True if from here on the rules mean the same for two recipients: each with the outcomes that are
 * known of it filled in. Facts of the recipients must be got (walk_fill). */
bool walk_same(struct eval *a, struct eval *b);

/* Select the view's recipient and ask all atoms that name it and can be asked now. */
void walk_fill(struct eval *e);
