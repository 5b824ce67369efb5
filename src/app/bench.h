/*
 * bench.h - what `postern bench` has measured
 */
#pragma once

#include "rule/cost.h"

struct bench {
	const struct program *program;
	struct costs *cost;
	size_t messages; /* of one round */
	size_t early;	 /* of them, those whose verdict came before their end */
	unsigned rounds;
	uint64_t ns; /* of processor time: the least that a round took without counting costs */
	bool all;    /* rules are printed all */
};

/* Print it. */
void bench_print(const struct bench *b);

/* Warn of rules that cost much more than the others, with what can be done. */
void bench_warn(const struct bench *b);
