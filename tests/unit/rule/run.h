/*
 * run.h - a session in play: what the engine said, and whether that is right
 */
#pragma once

#include "drive.h"
#include "expect.h"

enum { SEEN = 64, NOTE_KINDS = NOTE_ERROR + 1 };

struct seen_decision {
	struct verdict v;
	enum stage stage;
	bool obeyed;
	int rcpts[MAX_RCPTS], nrcpts;
};

struct seen_note {
	enum note_kind kind;
	int rule;
	enum stage stage;
	char text[256];
	int rcpts[MAX_RCPTS], nrcpts;
};

struct run {
	struct world w;
	struct program *program;
	struct judge *judge;
	struct session *session;
	struct outcome *out;
	struct tally *tally;
	bool lazy; /* the engine gets its lookups when it wants to */
	bool failed;
	int at_index[MAX_RCPTS]; /* which of the message's recipients has an index of the session */
	struct seen_decision decisions[SEEN];
	int ndecisions;
	struct seen_note notes[SEEN];
	int nnotes;
	/* what was noted, of recipient or (MAX_RCPTS) nobody */
	bool noted[NOTE_KINDS][MAX_RULES][MAX_RCPTS + 1];
	bool covered[MAX_RCPTS]; /* set mode monitor: a verdict was logged */
	bool all_covered;	 /* it was one for the connection */
};

/* ---- run.c ---- */

/* Remember the first thing that is wrong. */
void wrong(struct run *r, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Told as the engine decides. */
struct watcher run_watcher(struct run *r);

/* Words for a failure; those of the last four verdicts stay. */
const char *told_name(enum told t);
const char *verdict_name(struct verdict v);

/* The ruleset's index of a rule of the program. */
int rule_of(const struct run *r, const struct rule *rule);

/* True if verdicts are the same to the letter; of erring effects any may be named. */
bool like(const struct run *r, struct verdict a, struct verdict b);

/* Property (b): a verdict that was told is that of every completion. */
bool is_certain(struct run *r, int rcpt, enum stage s, struct verdict got);
void check_certain(struct run *r, int rcpt, enum stage s, struct verdict got);

/* Property (c) on the walk itself, whether or not the MTA may be told: it is decided exactly when
 * the verdict stands with all that is unknown an error. */
void check_walk(struct run *r, int rcpt, enum stage s);

/* ---- compare.c: all that an answer brought ---- */

/* An answer for no recipient or one. want becomes what was told where that is free. */
void check_answer(struct run *r, int rcpt, enum stage s, struct answer got, struct want *want);

/* The same of a message: decisions of its recipients, reply, effects. False if got is wrong. */
bool check_message(
    struct run *r, struct standing *st, enum stage s, struct answer got, struct want *want);

/* The notes of an answer; rcpt: whom the stage is about, if one. */
void check_notes(struct run *r, int rcpt, enum stage s);

/* After a verdict: all that had to be noted was. */
void check_all_noted(struct run *r, int rcpt, enum stage s, const struct standing *st);

/* Set mode monitor: nothing is told or done; what is logged is right. */
void check_monitored(struct run *r, enum stage s, struct answer got, int rcpt);
void check_monitored_end(struct run *r);

/* Remember a recipient's end. */
void reach(struct run *r, int rcpt, struct verdict v);
