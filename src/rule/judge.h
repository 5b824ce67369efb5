/*
 * judge.h - one SMTP session under one program: from facts to what the MTA is told
 *
 * The adapter puts what it hears into the judge's session (session_connect, session_helo …), then
 * asks judge_stage. The judge keeps walks, classes of recipients, refuse-at and mixed-recipients;
 * it writes no log: what was decided goes to the watcher. One thread at a time.
 */
#pragma once

#include "rule/eval.h"

enum told { TOLD_CONTINUE, TOLD_ACCEPT, TOLD_REJECT, TOLD_TEMPFAIL, TOLD_DISCARD };

struct reply {
	unsigned code;	      /* 550 */
	const char *enhanced; /* "5.7.1" */
	struct slice
	    text; /* lines divided by \n; printable, within LIMIT_REPLY_…; no `%` is doubled */
};

struct answer {
	enum told told;
	struct reply reply; /* of TOLD_REJECT and TOLD_TEMPFAIL; valid until the next call */
};

enum cause {
	CAUSE_RULE,    /* decision.rule decided */
	CAUSE_DEFAULT, /* no rule decided: accept */
	CAUSE_ERROR,   /* decision.rule could not be decided: set on-error tempfail */
	CAUSE_DNS,     /* likewise, for want of a DNS answer: set on-dns-error tempfail */
	CAUSE_SPLIT,   /* this recipient's rules differ from the first one's: 452, try it alone */
	CAUSE_LIMIT,   /* LIMIT_RECIPIENTS, or memory */
};

/* A verdict, for the log. */
struct decision {
	enum action action; /* ACT_ACCEPT, ACT_REJECT, ACT_TEMPFAIL or ACT_DISCARD */
	enum cause cause;
	const struct rule *rule; /* NULL: CAUSE_DEFAULT, CAUSE_SPLIT, CAUSE_LIMIT */
	enum stage stage;   /* at which it counts: that of `told`, for CAUSE_DEFAULT STAGE_BODY */
	enum stage told;    /* at which the MTA is told */
	struct reply reply; /* of a refusal */
	const char *why;    /* CAUSE_DNS: which lookup failed, and why; CAUSE_ERROR: which patterns
			     * took all of match-budget; NULL: neither is known */
	bool obeyed; /* false in `set mode monitor`, and for a class whose verdict gave way to
		      * another's (mixed-recipients) */
	const size_t *recipients; /* indices into session.recipients */
	size_t nrecipients;	  /* 0: decided for a connection or at MAIL */
};

enum note_kind {
	NOTE_LOG,     /* a `log` rule's text */
	NOTE_MONITOR, /* a `monitor` rule was reached and true */
	NOTE_ERROR,   /* a rule's outcome is error and didn't decide */
};

struct note {
	enum note_kind kind;
	const struct rule *rule;
	struct slice text; /* of NOTE_LOG, of what a NOTE_MONITOR rule would have said; of
			    * NOTE_ERROR, which lookup failed and why, if one has, or which
			    * patterns took all of match-budget */
	enum stage stage;
	const size_t *recipients;
	size_t nrecipients;
};

/* Told as they happen, before judge_stage returns. Either may be NULL. */
struct watcher {
	void (*decided)(void *ctx, const struct decision *d);
	void (*noted)(void *ctx, const struct note *n);
	void *ctx;
};

/* What is to be done to an accepted message, in order. */
enum effect_kind {
	EFFECT_ADD_HEADER,    /* at index 0 */
	EFFECT_SET_HEADER,    /* change the first of that name, or add */
	EFFECT_DELETE_HEADER, /* the index-th (from 1) of that name; later ones come first */
	EFFECT_ADD_RECIPIENT,
	EFFECT_DELETE_RECIPIENT,
	EFFECT_QUARANTINE,
};

struct effect {
	enum effect_kind kind;
	const struct rule *rule; /* NULL: a recipient taken off by mixed-recipients or discard, or a
				  * header of spf-header */
	struct slice name;	 /* of the header */
	struct slice value; /* header value (one line of printable ASCII, encoded by RFC 2047 if
			     * need be; UTF-8 where spf-header tells of SMTPUTF8), recipient,
			     * reason */
	unsigned index;
};

struct judge;

/* A judge for one connection; holds a reference to the program. NULL on lack of memory. */
struct judge *judge_new(struct program *p, const struct watcher *w);
void judge_free(struct judge *j);

/* From now on, what rules cost is added to c. */
void judge_count_cost(struct judge *j, struct costs *c);

struct session *judge_session(struct judge *j);
const struct program *judge_program(const struct judge *j);

/* The session has reached a stage (its facts are set): what the MTA is told. At STAGE_RCPT the
 * answer is for the recipient added last. After any answer but TOLD_CONTINUE (at RCPT: but those
 * for one recipient) the message is over, or the connection. */
struct answer judge_stage(struct judge *j, enum stage s);

/* After judge_stage(STAGE_HEADERS): true if the rest of the message makes no difference to its
 * verdict, its effects and what the log says of it. Facts of the body may then be wrong. */
bool judge_is_settled(const struct judge *j);

/* session_rcpt could not take a recipient: the answer for it. Where no answer is awaited at RCPT,
 * the whole message is deferred at its end. */
struct answer judge_overflow(struct judge *j);

/* After judge_stage(STAGE_BODY) said TOLD_CONTINUE or TOLD_ACCEPT: what to do. Valid until the next
 * call. */
size_t judge_effects(struct judge *j, const struct effect **v);

/* RSET, abort, or the MTA went on to something else: the message is over without a verdict. */
void judge_abort(struct judge *j);

/* For `postern explain`: the view of the walk of the class that was judged last (while a decision
 * is told: of the class that it is for), and the index of the rule at which it stands (the deciding
 * one, or the first that is open; nrules: passed all). */
struct eval *judge_view(struct judge *j, uint32_t *at);
