/*
 * test_cost.c - what each rule costs: who asked what, and to whom the time belongs
 */
#include "play.h"

#include "base/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static struct costs *
begin(struct play *p, const char *rules)
{
	struct costs *c;

	start(p, rules);
	c = cost_new(p->program);
	assert_non_null(c);
	judge_count_cost(p->judge, c);
	return c;
}

static void
end(struct play *p, struct costs *c)
{
	cost_free(c);
	finish(p);
}

/* One session with a message of each text, as a round. */
static void
run_round(struct play *p, struct costs *c, const char *const *texts)
{
	cost_begin_round(c);
	assert_string_equal(client(p, "192.0.2.1"), "continue");
	assert_string_equal(helo(p, "host.example"), "continue");
	for (size_t i = 0; texts[i] != NULL; i++) {
		assert_string_equal(mail(p, "<a@example.net>"), "continue");
		message(p, "x", texts[i]);
		judge_abort(p->judge);
		cost_end_message(c);
	}
	cost_end_round(c);
}

/* The index of a rule by its label. */
static uint32_t
find(const struct play *p, const char *label)
{
	for (uint32_t i = 0; i < p->program->nrules; i++)
		if (strcmp(p->program->rules[i].label, label) == 0)
			return i;
	fail_msg("no rule %s", label);
	return 0;
}

/* A rule's counts: candidates, confirmations, matches, comparisons lent and borrowed. */
static void
assert_counts(struct play *p, struct costs *c, const char *label, const char *wanted)
{
	uint32_t i = find(p, label);
	struct cost_sum sum = cost_sum(c, i);
	char got[128];

	snprintf(got, sizeof(got), "%u %u %u, %u %u", sum.candidates, c->rules[i].confirmations,
	    c->rules[i].matches, sum.lent, sum.borrowed);
	if (strcmp(got, wanted) != 0)
		fail_msg("%s: %s, not %s", label, got, wanted);
}

/* A pass finds candidates, PCRE2 confirms them, and a comparison of several rules is asked once. */
static void
patterns_are_counted(void **state)
{
	static const char *const texts[] = { "a needle", "a needle5", "nothing", NULL };
	struct play p;
	struct costs *c = begin(&p,
	    "found: score 5 if body ~ /needle/\n"
	    "near: score 5 if body ~ /needle\\d/\n"
	    "absent: score 5 if body ~ /haystack/\n"
	    "again: score 5 if body ~ /needle/ and header(\"X-Test\") ~ /x/\n"
	    "spam: reject if score >= 20\n");

	(void)state;
	for (int i = 0; i < 3; i++) {
		run_round(&p, c, texts);
		assert_counts(&p, c, "found", "2 2 2, 1 0");
		assert_counts(&p, c, "near", "2 2 1, 0 0");
		assert_counts(&p, c, "absent", "0 0 0, 0 0");
		/* no pass is made for one pattern of a header: it is a candidate if it is asked,
		 * which it is before the body is there */
		assert_counts(&p, c, "again", "5 3 2, 0 1");
		assert_counts(&p, c, "spam", "0 0 0, 0 0");
	}
	end(&p, c);
}

/* What rules above have decided, those below are not asked. */
static void
who_is_not_reached_asks_nothing(void **state)
{
	static const char *const texts[] = { "yes", "no", NULL };
	struct play p;
	struct costs *c = begin(&p,
	    "first: accept if body = yes\n"
	    "second: reject if body ~ /yes|no/\n"
	    "third: reject if body ~ /[a-z]/\n");

	(void)state;
	run_round(&p, c, texts);
	assert_counts(&p, c, "first", "0 0 1, 0 0");
	assert_counts(&p, c, "second", "1 1 1, 0 0");
	assert_counts(&p, c, "third", "0 0 0, 0 0");
	end(&p, c);
}

/* In each message another rule may be the first to ask. */
static void
the_first_to_ask_changes(void **state)
{
	static const char *const texts[] = { "one x", "two x", NULL };
	struct play p;
	struct costs *c = begin(&p,
	    "a: reject if body ~ /one/ and body ~ /x/\n"
	    "b: reject if body ~ /x/ and body ~ /y/\n");

	(void)state;
	run_round(&p, c, texts);
	assert_counts(&p, c, "a", "3 2 1, 1 1");
	assert_counts(&p, c, "b", "4 2 0, 0 1");
	end(&p, c);
}

/* A list has several patterns; the first that matches is the last one asked. */
static void
lists_are_counted(void **state)
{
	static const char *const texts[] = { "a needle5 and a pin", NULL };
	struct play p;
	struct costs *c = begin(&p,
	    "list sharp of patterns { /needle\\s/, /needle\\d/, /a pin/, /sword/ }\n"
	    "cut: reject if body in sharp\n");

	(void)state;
	run_round(&p, c, texts);
	assert_counts(&p, c, "cut", "3 2 1, 0 0");
	end(&p, c);
}

/* Each match that is counted is searched for. */
static void
counted_matches_are_searches(void **state)
{
	static const char *const texts[] = { "x x x", NULL };
	struct play p;
	struct costs *c = begin(&p, "many: reject if count(body ~ /x/) > 9\n");

	(void)state;
	run_round(&p, c, texts);
	assert_counts(&p, c, "many", "4 4 0, 0 0");
	end(&p, c);
}

/* What is decoded for one rule alone is a part of its time, and no time belongs to two. */
static void
time_belongs_to_whom_it_serves(void **state)
{
	static char text[200000];
	const char *const texts[] = { text, NULL };
	struct play p;
	struct costs *c = begin(&p,
	    "cut: score 5 if message.truncated\n"
	    "slow: score 5 if body ~ /(?:a+b)+c/\n"
	    "quick: score 5 if body = nothing\n"
	    "links: score 5 if url.host = host.example\n"
	    "spam: reject if score >= 20\n");
	const struct cost_rule *rules = c->rules;
	uint64_t before, ns, sum = 0;

	(void)state;
	memset(text, 'a', sizeof(text) - 1);
	for (size_t i = 100; i < sizeof(text) - 1; i += 100)
		text[i] = ' ';
	before = clock_ns();
	for (int i = 0; i < 3; i++)
		run_round(&p, c, texts);
	ns = clock_ns() - before;
	assert_int_equal(c->items[CONTENT_BODY].rules, 2);
	assert_int_equal(c->items[CONTENT_URL_HOST].rules, 1);
	assert_true(c->items[CONTENT_BODY].time.best > 0);
	/* who asks what was cut off has all decoded, which others want */
	assert_true(rules[find(&p, "cut")].time.best < c->items[CONTENT_BODY].time.best);
	assert_true(rules[find(&p, "slow")].time.best > rules[find(&p, "quick")].time.best);
	assert_true(rules[find(&p, "links")].time.best >= c->items[CONTENT_URL_HOST].time.best);
	for (uint32_t i = 0; i < p.program->nrules; i++)
		sum += rules[i].time.best;
	sum += c->items[CONTENT_BODY].time.best + c->rest.best;
	assert_true(3 * sum <= ns);
	end(&p, c);
}

/* What looks at the clock have added is taken off, so that all is what a round takes without. */
static void
looks_are_taken_off(void **state)
{
	static const char *const texts[] = { "a needle", NULL };
	struct play p;
	struct costs *c = begin(&p,
	    "one: score 5 if body ~ /needle/\n"
	    "two: score 5 if body ~ /thread/\n"
	    "spam: reject if score >= 10\n");
	uint64_t all;

	(void)state;
	run_round(&p, c, texts);
	all = c->rest.best + c->items[CONTENT_BODY].time.best;
	for (uint32_t i = 0; i < p.program->nrules; i++)
		all += c->rules[i].time.best;
	cost_settle(c, all + 1);
	assert_true(c->look_ns == 0);
	cost_settle(c, all / 2);
	assert_true(c->look_ns > 0);
	for (uint32_t i = 0; i < p.program->nrules; i++)
		all -= c->rules[i].time.best;
	assert_true(all > c->rest.best + c->items[CONTENT_BODY].time.best);
	end(&p, c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(patterns_are_counted),
		cmocka_unit_test(who_is_not_reached_asks_nothing),
		cmocka_unit_test(the_first_to_ask_changes),
		cmocka_unit_test(lists_are_counted),
		cmocka_unit_test(counted_matches_are_searches),
		cmocka_unit_test(time_belongs_to_whom_it_serves),
		cmocka_unit_test(looks_are_taken_off),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
