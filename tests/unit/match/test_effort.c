/*
 * test_effort.c - how much a search may have to do, by the pattern's form
 */
#include "match/effort.h"
#include "match/pattern.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

static struct effort
effort(const char *re)
{
	struct arena a;
	struct effort e;

	arena_init(&a, 0);
	e = effort_of(syntax_tree(slice_str(re), PATTERN_UTF, NULL, &a), slice_str(re));
	arena_free(&a);
	return e;
}

/* No more than a fixed number of items, whatever the text. */
static void
knows_what_is_fixed(void **state)
{
	static const char *const res[] = { "needle", "free.{0,50}offer", "(?i)a|b|[cd]",
		"\\bv[i1]agra\\b", "(?:ab){3}c?", "(?=foo)(?<!x)f", "a{0}" };

	(void)state;
	for (size_t i = 0; i < sizeof res / sizeof *res; i++) {
		struct effort e = effort(res[i]);

		if (e.endless || e.each > 0 || e.fixed < 1 || e.fixed > 1000)
			fail_msg("/%s/: %g + %g n", res[i], e.fixed, e.each);
	}
}

/* A multiple of the text. */
static void
knows_what_is_linear(void **state)
{
	static const char *const res[] = { "foo.*bar", "(?s)the.*?end", "<a [^>]*href=", "(?:ab)*c",
		"(?:foo|bar)?\\s+x", "(?!.*x)y", "\\d{3,}-" };

	(void)state;
	for (size_t i = 0; i < sizeof res / sizeof *res; i++) {
		struct effort e = effort(res[i]);

		if (e.endless || e.each < 1 || e.each > 100)
			fail_msg("/%s/: %g + %g n", res[i], e.fixed, e.each);
	}
}

/* What no multiple bounds, and what is not understood. */
static void
knows_what_is_endless(void **state)
{
	static const char *const res[] = { "a.*b.*c", "(a+)+b", "(?:a|aa)*b", "(a+)\\1", "a(?R)?b",
		"(?:(?:a|a)(?:a|a)){20}b", "(?:a{1,9}){1,9}", "(*COMMIT)ab", "(?:a?){30}a",
		"(?=.*x.*y)z", "(?(?=a)b)", "(a|b)(?1)" };

	(void)state;
	for (size_t i = 0; i < sizeof res / sizeof *res; i++)
		if (!effort(res[i]).endless)
			fail_msg("/%s/", res[i]);
	assert_true(effort("(\\w+)\\1\\1").each > effort("(\\w+)\\1").each);
	assert_true(effort("(?:(?:a+){90}){90}").fixed >= 8100);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(knows_what_is_fixed),
		cmocka_unit_test(knows_what_is_linear),
		cmocka_unit_test(knows_what_is_endless),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
