/*
 * test_danger.c - patterns that may take very long, by their form
 */
#include "match/danger.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

/* What is said of a pattern. */
static struct danger
look(const char *re, size_t bytes, struct arena *a)
{
	struct budget all = budget_new(10000000);
	struct pattern_error err;
	struct pattern *p = pattern_compile(slice_str(re), PATTERN_UTF, &err);
	struct danger d;

	if (p == NULL)
		fail_msg("/%s/: %s", re, err.message);
	d = danger_find(p, slice_str(re), PATTERN_UTF, bytes, 200000, &all, a);
	pattern_free(p);
	return d;
}

/* Forms that are dangerous, and a text that shows it; forms like them that are not. */
static void
knows_forms(void **state)
{
	static const struct {
		const char *re;
		enum danger_form form;
	} cases[] = {
		{ "(a+)+$b", DANGER_NESTED },
		{ "(\\w+\\s?)+!", DANGER_NESTED },
		{ "(?:a|aa)+c", DANGER_NESTED },
		{ "(?:a|[ab])+c", DANGER_NESTED },
		{ "^(?:[\\w.]+\\.)*x\\d", DANGER_NESTED },
		{ "<a href=(?:\\w+-?)+\">", DANGER_NESTED },
		{ "(?:a{1,3}){0,50}b", DANGER_NESTED },
		{ ".*\\w*\\W\\d", DANGER_CHAIN },
		{ "x\\w*\\w*\\d\\W", DANGER_CHAIN },
		{ "[ab]{0,5000}\\d", DANGER_GAP },
		{ "(?:\\w+\\s+)+!", DANGER_NONE },
		{ "(?:ab)+c", DANGER_NONE },
		{ "(?:a+b)+c", DANGER_NONE },
		{ "(?:a++b?)++c", DANGER_NONE },
		{ "needle", DANGER_NONE },
		{ "free.{0,50}offer", DANGER_NONE },
		{ "https?://\\S+/", DANGER_NONE },
		{ "foo.*bar", DANGER_NONE },
		{ "<a [^<>]*href=", DANGER_NONE },
		{ "(a+)+", DANGER_NONE },
	};
	struct arena a;

	(void)state;
	arena_init(&a, 0);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct danger d = look(cases[i].re,
		    cases[i].form == DANGER_CHAIN || cases[i].form == DANGER_GAP ? 50000 : 2000,
		    &a);

		if (d.form != cases[i].form)
			fail_msg("/%s/: %d, not %d", cases[i].re, d.form, cases[i].form);
		if (d.form != DANGER_NONE && (!d.shown || d.pump.n == 0 || d.times == 0))
			fail_msg("/%s/: no text shows it", cases[i].re);
	}
	arena_free(&a);
}

/* What is before the repetition comes first in the text. */
static void
knows_what_is_before(void **state)
{
	struct arena a;
	struct danger d;

	(void)state;
	arena_init(&a, 0);
	d = look("<a href=(?:\\w+-?)+\">", 2000, &a);
	assert_true(slice_eq(d.prefix, SLICE("<a href=")));
	arena_free(&a);
}

/* Without time for trying, what is nested is told all the same. */
static void
is_bounded(void **state)
{
	struct budget none = budget_new(1000000);
	struct pattern_error err;
	struct pattern *p = pattern_compile(SLICE("(a+)+b"), 0, &err);
	struct arena a;
	struct danger d;

	(void)state;
	none.spent = true;
	arena_init(&a, 0);
	d = danger_find(p, SLICE("(a+)+b"), 0, 20000, 200000, &none, &a);
	assert_int_equal(d.form, DANGER_NESTED);
	assert_false(d.shown);
	pattern_free(p);
	arena_free(&a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(knows_forms),
		cmocka_unit_test(knows_what_is_before),
		cmocka_unit_test(is_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
