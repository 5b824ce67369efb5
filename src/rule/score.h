/*
 * score.h - sums of score rules, of which some may not be settled
 *
 * At the early stages most score rules wait for facts that are not there yet. What those can come
 * to depends on nothing but the rules: it is summed up while they load, and only the others are
 * asked.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct build;
struct program;

/* Bounds of a score, over all that open rules may become: the smallest and greatest least score,
 * the smallest and greatest most. */
struct score_sum {
	bool open;	/* a rule is not settled */
	uint8_t errors; /* of those that are: OUT_ERROR, OUT_FAILED */
	uint8_t may;	/* those that any may come to */
	long long min_least, max_least, min_most, max_most;
};

/* At one stage: the score rules of which something can be asked, a bit for each rule; and of the
 * first so many score rules what the others may come to, now and in a probe (eval.c). NULL: there
 * are no others. */
struct score_stage {
	uint64_t *asked;
	struct score_sum *now, *probe;
};

/* Add a rule that has this set of outcomes; add another sum. */
void score_add_rule(struct score_sum *s, unsigned set, long long score);
void score_add(struct score_sum *s, const struct score_sum *other);

/* Sum up, when a program's rules are as they will be. */
void score_build(struct build *b);
