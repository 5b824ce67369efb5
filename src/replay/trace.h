/*
 * trace.h - stage by stage, the rules that the engine looked at and what it saw
 *
 * Printed while a script runs: each rule that the walk reached, with its outcome, and each
 * comparison in it with its outcome and the values. A rule is shown again only at a stage that
 * changed its outcome.
 */
#pragma once

#include "replay/replay.h"

#include <stdio.h>

struct trace {
	FILE *out;
	bool colour;
	const struct program *program;
	uint8_t *shown;	   /* the outcome of each rule that was printed last */
	unsigned messages; /* begun so far */
	uint32_t *atoms;   /* of the rule that is being printed, those done */
	size_t natoms, capatoms;
	struct arena arena;
};

void trace_init(struct trace *t, const struct program *p, FILE *out, bool colour);
void trace_free(struct trace *t);

/* To be given to replay_run; t must outlive it. */
struct replay_hooks trace_hooks(struct trace *t);
