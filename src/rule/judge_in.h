/*
 * judge_in.h - what the parts of the judge share: judge.c, classes.c, effects.c, notes.c
 */
#pragma once

#include "rule/walk.h"

/* Recipients for which the rules mean the same from RCPT on. */
struct class
{
	uint8_t *own; /* outcomes of the atoms that name the recipient */
	struct walk walk;
	struct verdict verdict;
	size_t *recipients; /* indices into session.recipients */
	size_t n, cap;
};

struct judge {
	struct program *program;
	struct watcher watcher;
	struct session session;
	struct arena memory;	/* of the message: classes, errors */
	struct arena texts;	/* of one call: replies, effects */
	uint8_t *cells, *spare; /* outcomes; those of a recipient not yet in a class */
	size_t nown;		/* bytes of an `own` */
	struct score_memo scores;
	struct scans scans;
	struct matching matching;
	struct costs *cost; /* NULL: nobody wants to know */
	uint32_t questions;
	enum stage stage;
	struct walk base; /* before there are recipients */
	struct class *classes;
	size_t nclasses, capclasses;
	bool had_recipient; /* in this message, refused ones included */
	bool overflow;	    /* recipients that could not be kept */
	bool over;	    /* the message has its verdict */
	bool settled;	    /* it will have one that its body has no part in */
	bool closed;	    /* the connection has: `last` holds for all that follows */
	struct answer last;
	struct effect *effects;
	size_t neffects, capeffects;
	struct eval view; /* of the walk that went on last */
	uint32_t view_at;
};

/* The view of a class, or of the session before RCPT (NULL); selects its first recipient. */
struct eval judge_eval(struct judge *j, const struct class *c);

/* Before which stage no refusal is told. */
enum stage judge_tell_at(const struct judge *j);

/* ---- notes.c: to the watcher ---- */

/* What the rules above the verdict log, monitor, or could not decide. */
void note_walk(
    struct judge *j, const struct class *c, const struct walk *w, const struct verdict *v);

/* True if what rules above an acceptance have to say of the recipients of a class but the first,
 * which its walk has seen to, will not change. */
bool note_is_ready(struct judge *j, const struct class *c);

/* A verdict, with its reply made. recipients may be none. */
struct reply note_decision(
    struct judge *j, const struct class *c, const struct verdict *v, bool obeyed);

/* ---- classes.c ---- */

/* Put the recipient added last, whose walk and outcomes are in *c, into a class. False if it has to
 * be sent separately (mixed-recipients split). */
bool class_join(struct judge *j, const struct class *c);

/* True if refused recipients are taken off an accepted message: mixed-recipients drop. */
bool class_drops(const struct judge *j);

/* True if a class's verdict, and all that is said of it, will not change. */
bool class_is_settled(struct judge *j, const struct class *c);

/* The verdict for all classes, if there is one at this stage. False: not yet. */
bool class_combine(struct judge *j, struct verdict *v);

/* ---- effects.c ---- */

/* True if an accepted message gets headers that tell of SPF: unless a rule has accepted it by what
 * is known at MAIL, as a site accepts its own users, or no SMTP client has sent it. */
bool effects_tell_spf(const struct judge *j);

#define EFFECTS_LIMIT (UINT32_MAX - 1)

/* Fill j->effects for an accepted message. UINT32_MAX, or the rule in whose effect an error was;
 * EFFECTS_LIMIT where it was a limit or lack of memory, and no rule. */
uint32_t effects_make(struct judge *j);
