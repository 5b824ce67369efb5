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
	unsigned sessions, told[STAGES], refused[STAGES], splits, by_error, by_effect, mixed,
	    effects, completions, monitored, notes;
};

struct outcome {
	struct end ends[MAX_MESSAGES][MAX_RCPTS];
	struct buf why; /* what went wrong; empty: nothing. To be freed */
};

/* Play the session. False, and why, at the first thing that differs. */
bool drive(
    const struct ruleset *rs, const struct rsession *ss, struct outcome *out, struct tally *t);
