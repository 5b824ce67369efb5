/*
 * test_walk.c - the engine against the naive evaluator, over random rules, facts and dialogues
 *
 * Each round is made from one number, so that a failure can be replayed:
 *
 *   POSTERN_WALK_SEED=N    begin with round N instead of the first
 *   POSTERN_WALK_ROUNDS=N  so many rounds of each property
 */
#include "drive.h"
#include "shrink.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum { SESSIONS = 3 }; /* that each ruleset judges */

/* A number from the environment. */
static unsigned long long
from_environment(const char *name, unsigned long long otherwise)
{
	const char *s = getenv(name);

	return s != NULL ? strtoull(s, NULL, 10) : otherwise;
}

typedef bool drive_fn(
    const struct ruleset *rs, const struct rsession *ss, struct outcome *out, struct tally *t);

static bool
fails(const struct ruleset *rs, const struct rsession *ss)
{
	struct outcome out;
	struct tally t = { 0 };
	bool right = drive(rs, ss, &out, &t);

	buf_free(&out.why);
	return !right;
}

static bool
fails_lazily(const struct ruleset *rs, const struct rsession *ss)
{
	struct outcome out;
	struct tally t = { 0 };
	bool right = drive_lazily(rs, ss, &out, &t);

	buf_free(&out.why);
	return !right;
}

/* Say what failed, as small as it can be made. */
static void
show_failure(struct ruleset *rs, struct rsession *ss, drive_fn *how, unsigned long long seed)
{
	struct buf b = { 0 };
	struct outcome out;
	struct tally t = { 0 };

	shrink(rs, ss, how == drive ? fails : fails_lazily);
	how(rs, ss, &out, &t);
	print_rules(&b, rs);
	buf_str(&b, "----\n");
	print_session(&b, ss);
	fprintf(stderr, "\n%s----\n%s\nreplay: POSTERN_WALK_SEED=%llu POSTERN_WALK_ROUNDS=1\n", b.p,
	    out.why.p, seed);
	buf_free(&b);
	buf_free(&out.why);
}

/* Rounds of one shape. */
static void
play_rounds(const struct shape *shape, unsigned rounds, drive_fn *how, struct tally *t)
{
	unsigned long long seed = from_environment("POSTERN_WALK_SEED", 1);

	rounds = from_environment("POSTERN_WALK_ROUNDS", rounds);
	for (unsigned long long last = seed + rounds; seed < last; seed++) {
		struct chance c = { seed };
		struct ruleset rs;

		random_rules(&rs, shape, &c);
		for (int i = 0; i < SESSIONS; i++) {
			struct rsession ss;
			struct outcome out;
			bool right;

			random_session(&ss, shape, &c);
			right = how(&rs, &ss, &out, t);
			buf_free(&out.why);
			if (!right) {
				show_failure(&rs, &ss, how, seed);
				fail();
			}
		}
	}
}

/* One recipient, one message: properties (a), (b) and (c) at each stage. */
static void
one_message_is_judged_as_the_naive_evaluator_does(void **state)
{
	const struct shape shape = { 7, 6, 1, 1, true, true, false, false };
	struct tally t = { 0 };

	(void)state;
	play_rounds(&shape, 2500, drive, &t);
	if (t.sessions < 1000)
		return;
	assert_true(t.completions > 10000 && t.by_error > 20 && t.by_effect > 5 && t.effects > 100);
	assert_true(t.by_dns > 20 && t.effects_by_dns > 2 && t.skipped_by_dns > 20);
	for (enum stage s = STAGE_CONNECT; s < STAGES; s++)
		assert_true(t.told[s] > 20);
	assert_true(t.refused[STAGE_CONNECT] > 20 && t.refused[STAGE_MAIL] > 20 && t.notes > 100);
}

/* When lists are asked changes nothing but when a verdict is told. */
static void
lookups_change_no_verdict(void **state)
{
	const struct shape shape = { 7, 6, 1, MAX_MESSAGES, true, true, false, false };
	struct tally t = { 0 };

	(void)state;
	play_rounds(&shape, 1500, drive_lazily, &t);
	assert_true(t.sessions < 1000 || (t.asked > 500 && t.unasked > 500));
}

/* Small rulesets, in which each completion is looked at. */
static void
few_atoms_are_judged_right_whatever_comes(void **state)
{
	const struct shape shape = { 4, 3, 1, 1, true, true, false, false };
	struct tally t = { 0 };

	(void)state;
	play_rounds(&shape, 2500, drive, &t);
}

/* Several recipients, messages, HELOs, aborts; each mode. */
static void
whole_connections_are_judged_as_the_naive_evaluator_does(void **state)
{
	const struct shape shape = { MAX_RULES, MAX_ATOMS, MAX_RCPTS, MAX_MESSAGES, true, false,
		false, false };
	struct tally t = { 0 };

	(void)state;
	play_rounds(&shape, 2000, drive, &t);
	if (t.sessions < 1000)
		return;
	assert_true(t.mixed > 50 && t.splits > 20 && t.monitored > 20);
}

/* True if what the rules see depends on who else gets the message. */
static bool
counts_recipients(const struct ruleset *rs)
{
	for (int i = 0; i < rs->natoms; i++)
		if (rs->atoms[i].what == W_COUNT)
			return true;
	for (int i = 0; i < rs->nrules; i++)
		if (rs->rules[i].text.what == W_COUNT)
			return true;
	return false;
}

/* Property (e): a message sent to several comes to each as one sent to it alone. */
static void
split_gives_each_recipient_its_own_verdict(void **state)
{
	const struct shape shape = { 7, 6, MAX_RCPTS, 1, true, true, true, true };
	unsigned long long seed = from_environment("POSTERN_WALK_SEED", 1);
	unsigned long long last = seed + from_environment("POSTERN_WALK_ROUNDS", 2000);
	unsigned compared = 0;
	struct tally t = { 0 };

	(void)state;
	for (; seed < last; seed++) {
		struct chance c = { seed };
		struct ruleset rs;
		struct rsession ss;
		struct outcome all, alone;

		random_rules(&rs, &shape, &c);
		random_session(&ss, &shape, &c);
		ss.messages[0].abort_after = STAGE_NEVER;
		if (counts_recipients(&rs))
			continue;
		if (!drive(&rs, &ss, &all, &t)) {
			show_failure(&rs, &ss, drive, seed);
			fail();
		}
		for (int i = 0; i < ss.messages[0].nrcpts; i++) {
			struct rsession one = ss;
			const struct end *e = &all.ends[0][i];

			if (!e->reached || e->v.cause == CAUSE_SPLIT)
				continue;
			one.messages[0].nrcpts = 1;
			one.messages[0].rcpts[0] = ss.messages[0].rcpts[i];
			assert_true(drive(&rs, &one, &alone, &t));
			if (!same_verdict(alone.ends[0][0].v, e->v)) {
				show_failure(&rs, &ss, drive, seed);
				fail_msg("recipient %d alone: another verdict", i);
			}
			compared++;
		}
	}
	assert_true(t.sessions < 1000 || compared > 1000);
}

/* The macros and patterns on which the dice count. */
static void
facts_are_known_when_the_dice_say(void **state)
{
	struct buf b = { 0 };
	struct pattern_error err;
	struct pattern *p;

	(void)state;
	assert_int_equal(macro_stage(SLICE("{daemon_name}"), NULL), STAGE_CONNECT);
	assert_int_equal(macro_stage(SLICE("{auth_authen}"), NULL), STAGE_MAIL);
	assert_int_equal(macro_stage(SLICE("{mail_host}"), NULL), STAGE_MAIL);
	assert_int_equal(macro_stage(SLICE("{rcpt_host}"), NULL), STAGE_RCPT);
	assert_int_equal(macro_stage(SLICE("i"), NULL), STAGE_DATA);
	assert_int_equal(macro_stage(SLICE("{late}"), NULL), STAGE_BODY);
	for (int nojit = 0; nojit < 2; nojit++) {
		const char *re = nojit ? "(*NO_JIT)(*LIMIT_MATCH=100)q1(?:[a]|[b](?:x+x+)+y)"
				       : "(*LIMIT_MATCH=100)q1(?:[a]|[b](?:x+x+)+y)";
		static const enum match want[] = { MATCH_YES, MATCH_ERROR, MATCH_NO };

		p = pattern_compile(slice_str(re), 0, &err);
		assert_non_null(p);
		for (int v = 0; v < 3; v++) {
			buf_clear(&b);
			value_text(&b, W_HELO, v);
			assert_int_equal(pattern_match(p, buf_slice(&b), NULL), want[v]);
		}
		pattern_free(p);
	}
	buf_free(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(facts_are_known_when_the_dice_say),
		cmocka_unit_test(few_atoms_are_judged_right_whatever_comes),
		cmocka_unit_test(one_message_is_judged_as_the_naive_evaluator_does),
		cmocka_unit_test(lookups_change_no_verdict),
		cmocka_unit_test(whole_connections_are_judged_as_the_naive_evaluator_does),
		cmocka_unit_test(split_gives_each_recipient_its_own_verdict),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
