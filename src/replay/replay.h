/*
 * replay.h - a script through the engine, on the way a daemon's session takes, without an MTA
 *
 * The client goes on as far as it is let: it ends a transaction with a message unless all
 * recipients were refused or RSET, HELO before any content, ended it.
 */
#pragma once

#include "replay/script.h"
#include "rule/judge.h"

#define REPLAY_CHUNK 65535 /* bytes of a body chunk at most, as MTAs cut it */

/* What came of one transaction. Copies, in the arena of the outcome. */
struct transaction {
	bool aborted; /* by RSET or HELO, before its message */
	struct slice sender;
	struct slice *recipients; /* as given, refused ones too */
	size_t nrecipients, caprecipients;
	struct decision *decisions; /* their recipients are indices into the array above */
	size_t ndecisions, capdecisions;
	struct note *notes; /* the same */
	size_t nnotes, capnotes;
	struct header *headers; /* the message's own, as sent */
	size_t nheaders, capheaders;
	struct effect *effects;
	size_t neffects;
};

struct outcome {
	struct arena arena;
	struct transaction *transactions;
	size_t n, cap;
};

/* Told while the session runs. Each may be NULL. */
struct replay_hooks {
	/* A stage was judged, or is: the judge's view can be looked at. Comes before each decision,
	 * so that its class and recipient are still there; after the stage if there was none. said
	 * is what the client said, in words. */
	void (*look)(void *ctx, struct judge *j, enum stage s, struct slice said);
	/* What the MTA is told of a stage; after all its looks. */
	void (*told)(void *ctx, const struct answer *a);
	void *ctx;
	struct costs *cost; /* what rules cost is added to it; NULL: nobody wants to know */
};

/* Run. env: what rules may ask; NULL: the program's own. hooks may be NULL. False on lack of
 * memory. Free with outcome_free in each case. */
bool replay_run(struct program *p, const struct session_env *env, const struct script *s,
    const struct replay_hooks *hooks, struct outcome *out);
void outcome_free(struct outcome *o);

/* What a recipient's mail met: the decision that was obeyed for it, in `set mode monitor` the one
 * that would have been. NULL if there is none (aborted). recipient SIZE_MAX: the message's, that is
 * of its first recipient. */
const struct decision *transaction_verdict(
    const struct program *p, const struct transaction *t, size_t recipient);

/* The headers of the message as it would be delivered, top first; the recipients that it would be
 * delivered to. In arena a; *n is 0 where it was not accepted. */
struct header *transaction_headers(
    const struct program *p, const struct transaction *t, struct arena *a, size_t *n);
struct slice *transaction_recipients(
    const struct program *p, const struct transaction *t, struct arena *a, size_t *n);

/* An address without its angle brackets, if it has them. */
struct slice replay_bare(struct slice address);

/* True if two addresses are written alike, brackets and case left out of account. */
bool replay_same_address(struct slice a, struct slice b);
