/*
 * score.c - sums of score rules, of which some may not be settled
 */
#include "rule/score.h"

#include "base/bits.h"
#include "rule/build.h"
#include "rule/eval.h"

#include <limits.h>

/* What one outcome adds to a score, at least and at most. */
static void
score_of(unsigned out, long long add, long long *low, long long *high)
{
	bool perhaps = out == OUT_ERROR || out == OUT_FAILED;

	*low = out == OUT_TRUE || (perhaps && add < 0) ? add : 0;
	*high = out == OUT_TRUE || (perhaps && add > 0) ? add : 0;
}

void
score_add_rule(struct score_sum *s, unsigned set, long long score)
{
	long long least[2] = { LLONG_MAX, LLONG_MIN }, most[2] = { LLONG_MAX, LLONG_MIN };

	for (unsigned out = OUT_FALSE; out <= OUT_FAILED; out <<= 1) {
		long long low, high;

		if (!(set & out))
			continue;
		score_of(out, score, &low, &high);
		least[0] = low < least[0] ? low : least[0];
		least[1] = low > least[1] ? low : least[1];
		most[0] = high < most[0] ? high : most[0];
		most[1] = high > most[1] ? high : most[1];
	}
	s->min_least += least[0];
	s->max_least += least[1];
	s->min_most += most[0];
	s->max_most += most[1];
	s->open |= !out_is_one(set);
	s->errors |= set == OUT_ERROR || set == OUT_FAILED ? set : 0;
	s->may |= set & (OUT_ERROR | OUT_FAILED);
}

void
score_add(struct score_sum *s, const struct score_sum *other)
{
	s->open |= other->open;
	s->errors |= other->errors;
	s->may |= other->may;
	s->min_least += other->min_least;
	s->max_least += other->max_least;
	s->min_most += other->min_most;
	s->max_most += other->max_most;
}

/* The stage from which on something of a score rule can be asked. */
static enum stage
asked_from(const struct program *p, uint32_t number)
{
	return p->nodes[p->rules[p->scores[number]].cond].asked_from;
}

/* Sum up those that wait at a stage. */
static void
sum_up(struct program *p, enum stage s, struct score_stage *out)
{
	struct score_sum now = { 0 }, probe = { 0 };

	out->now = arena_alloc(&p->arena, (p->nscores + 1) * sizeof *out->now);
	out->probe = arena_alloc(&p->arena, (p->nscores + 1) * sizeof *out->probe);
	for (uint32_t i = 0; i < p->nscores; i++) {
		const struct rule *r = &p->rules[p->scores[i]];

		out->now[i] = now;
		out->probe[i] = probe;
		if (asked_from(p, i) <= s)
			continue;
		score_add_rule(&now, eval_unknown(p, r->cond, false), r->score);
		score_add_rule(&probe, eval_unknown(p, r->cond, true), r->score);
	}
	out->now[p->nscores] = now;
	out->probe[p->nscores] = probe;
}

void
score_build(struct build *b)
{
	struct program *p = b->p;

	for (enum stage s = STAGE_CONNECT; s < STAGES; s++) {
		struct score_stage *out = &p->score_stages[s];
		uint32_t same = 0, waiting = 0;

		for (uint32_t i = 0; i < p->nscores; i++) {
			same += asked_from(p, i) != s;
			waiting += asked_from(p, i) > s;
		}
		if (s > STAGE_CONNECT && same == p->nscores) {
			*out = out[-1];
			continue;
		}
		out->asked = arena_alloc(&p->arena, BITS_WORDS(p->nrules) * sizeof *out->asked);
		for (uint32_t i = 0; i < p->nscores; i++)
			if (asked_from(p, i) <= s)
				bits_add(out->asked, p->scores[i]);
		if (waiting > 0)
			sum_up(p, s, out);
	}
}
