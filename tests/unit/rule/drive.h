/*
 * drive.h - one random session through the engine, each answer held against the naive evaluator
 */
#pragma once

#include "naive.h"

/* What came of a recipient of a message. */
struct end {
	bool reached; /* a verdict was told of it */
	struct verdict v;
};

/* What a run met: to be sure that the dice reach everything. */
struct tally {
	unsigned sessions, told[STAGES], refused[STAGES], splits, by_error, by_dns, by_effect,
	    effects_by_dns, skipped_by_dns, mixed, effects, completions, monitored, notes, asked,
	    unasked;
};

struct outcome {
	struct end ends[MAX_MESSAGES][MAX_RCPTS];
	struct buf why; /* what went wrong; empty: nothing. To be freed */
};

/* Play the session. False, and why, at the first thing that differs. */
bool drive(
    const struct ruleset *rs, const struct rsession *ss, struct outcome *out, struct tally *t);

/* The same, with lookups got when the engine wants them; of a session whose messages have one
 * recipient each, not in mode monitor. It may hear of a verdict later, but of no other. */
bool drive_lazily(
    const struct ruleset *rs, const struct rsession *ss, struct outcome *out, struct tally *t);
