/*
 * test_danger.c - patterns whose search may take very long
 */
#include "match/danger.h"

#include "match/pattern.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#define SECOND 1000000

/* What is said of a pattern, with so much time for trying. */
static struct danger
look(const char *re, enum danger_text text, uint64_t us, struct arena *a)
{
	struct cases *cases = cases_new();
	struct danger d;

	assert_non_null(cases);
	d = danger_find(slice_str(re), PATTERN_UTF, text, cases, &us, a);
	cases_free(cases);
	return d;
}

struct known {
	const char *re;
	enum danger_form line, body;
};

/* Compare what is said with what is known. */
static void
check_known(const struct known *k)
{
	struct arena a;

	arena_init(&a, 0);
	for (int i = 0; i < 2; i++) {
		struct danger d = look(k->re, i == 0 ? DANGER_LINE : DANGER_BODY, SECOND, &a);
		enum danger_form want = i == 0 ? k->line : k->body;

		if (d.form != want)
			fail_msg(
			    "/%s/ %s: %d, not %d", k->re, i == 0 ? "line" : "body", d.form, want);
		if (d.form != DANGER_NONE && (!d.shown || d.pump.n == 0 || d.times == 0))
			fail_msg("/%s/: no text shows it", k->re);
	}
	arena_free(&a);
}

/* What is dangerous, with a text that shows it: however short the text may be, or only if it may be
 * long. */
static void
knows_what_is_slow(void **state)
{
	static const struct known known[] = {
		{ "(a+)+$b", DANGER_NESTED, DANGER_NESTED },
		{ "(\\w+\\s?)+!", DANGER_NESTED, DANGER_NESTED },
		{ "(?:a|aa)+c", DANGER_NESTED, DANGER_NESTED },
		{ "(?:a|[ab])+c", DANGER_NESTED, DANGER_NESTED },
		{ "(?:ab|a|b)+c", DANGER_NESTED, DANGER_NESTED },
		{ "^(?:[\\w.]+\\.)*x\\d", DANGER_NESTED, DANGER_NESTED },
		{ "<a href=(?:\\w+-?)+\">", DANGER_NESTED, DANGER_NESTED },
		{ "(?:a{1,3}){0,50}b", DANGER_NESTED, DANGER_NESTED },
		{ "(?:.*,){11}P", DANGER_NESTED, DANGER_NESTED },
		{ "<[a-z]{5,}@(?:\\S+\\.)+\\S+>", DANGER_NESTED, DANGER_NESTED },
		{ "\\w*\\w*\\w*\\W\\d", DANGER_CHAIN, DANGER_CHAIN },
		{ ".{0,100}.{0,100}.{0,100}x\\d", DANGER_CHAIN, DANGER_CHAIN },
		{ "\\w*\\w*\\W\\d", DANGER_NONE, DANGER_CHAIN },
		{ "(\\w+)\\s+\\1x", DANGER_NONE, DANGER_CHAIN },
		{ "[ab]{0,9000}\\d", DANGER_NONE, DANGER_GAP },
	};

	(void)state;
	for (size_t i = 0; i < sizeof known / sizeof *known; i++)
		check_known(&known[i]);
}

/* Forms like them that are not. */
static void
knows_what_is_not(void **state)
{
	static const char *const res[] = { "(?:\\w+\\s+)!", "needle", "free.{0,50}offer",
		"foo.*bar", "(?s)foo.*?bar", "<a [^<>]*href=", "(a+)+",
		"^[a-z0-9]{6,24}[-_a-z0-9]{12,36}[a-z0-9]{6,24}\\s*\\z",
		"\\d{2,4}[.,]?\\d{3,4}.{1,10}(?:euro?|usd).{1,10}now.{1,20}please",
		"<[a-z]{1,10}\\s[^>]{1,80}/(?:src|href)\\s*=", "(?:foo|bar)\\s+baz",
		"[0-9]{1,3}-[0-9]{1,3}\\.example\\.net$", "a(?>\\w+\\s?)!" };

	(void)state;
	for (size_t i = 0; i < sizeof res / sizeof *res; i++)
		check_known(&(struct known){ res[i], DANGER_NONE, DANGER_NONE });
}

/* What is before the repetition comes first in the text. */
static void
knows_what_is_before(void **state)
{
	struct arena a;
	struct danger d;

	(void)state;
	arena_init(&a, 0);
	d = look("<a href=(?:\\w+-?)+\">", DANGER_LINE, SECOND, &a);
	assert_true(slice_eq(d.prefix, SLICE("<a href=")));
	arena_free(&a);
}

/* Without time for trying, what is nested is told all the same; what only a text would prove is
 * not. */
static void
is_bounded(void **state)
{
	struct arena a;
	struct danger d;

	(void)state;
	arena_init(&a, 0);
	d = look("(a+)+b", DANGER_LINE, 0, &a);
	assert_int_equal(d.form, DANGER_NESTED);
	assert_false(d.shown);
	d = look("\\w*\\w*\\w*\\W\\d", DANGER_LINE, 0, &a);
	assert_int_equal(d.form, DANGER_NONE);
	arena_free(&a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(knows_what_is_slow),
		cmocka_unit_test(knows_what_is_not),
		cmocka_unit_test(knows_what_is_before),
		cmocka_unit_test(is_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
