/*
 * test_budget.c - searches within a budget of time
 */
#include "match/pattern.h"

#include "base/clock.h"
#include "base/limits.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define MS 1000ull
#define SLACK (500 * MS) /* for a machine that is busy, or a program that is watched */

/* Compile what must compile. */
static struct pattern *
must(const char *re, unsigned flags)
{
	struct pattern_error err;
	struct pattern *p = pattern_compile(slice_str(re), flags, &err);

	if (p == NULL)
		fail_msg("/%s/: %s at %zu", re, err.message, err.offset);
	return p;
}

/* A text of one character many times, and then what patterns look for. */
static char *
long_text(size_t n, size_t *length)
{
	static const char end[] = "\nxbcz{{{!>";
	char *text = malloc(n + sizeof end);

	assert_non_null(text);
	memset(text, 'a', n);
	memcpy(text + n, end, sizeof end);
	*length = n + sizeof end - 1;
	return text;
}

static const char *const bombs[] = { "(a+)+$b", "(a|aa)+c", "(.*)?\\{6,\\}", ".*.*.*.*x",
	".*\\w*\\W\\d", "(?:a+b|a)+c", "a.*b.*c", ".*?.*?.*?x\\d", "(a*)*b", "(?:\\w*\\s*)*z!",
	"a{1,5000}\\d", "[^>]*[^<]*[^=]*\\d", "a.{0,5000}\\d", "(\\w+)\\1x", "(?:.+)+x",
	"(?:a|b|ab)*\\d", "(?<!\\w)(\\w+\\w+)+\\d", "\\w*\\w*\\w*\\w*\\W\\d",
	"(?=(a+))\\1*\\1*\\1*x", "(?:(?:a|a)(?:a|a)(?:a|a)(?:a|a)){9}\\d", "(?R)?a*a*a*\\d",
	"\\G\\w*\\w*\\w*\\d", "(*COMMIT)\\w*\\w*\\w*\\W\\d", "^(\\w+\\s?)*$" };

/* None of them takes longer, whatever the text. */
static void
bombs_end_in_time(void **state)
{
	static const size_t sizes[] = { 100, 2000, 20000, 300000 };

	(void)state;
	for (size_t k = 0; k < sizeof sizes / sizeof *sizes; k++) {
		size_t n;
		char *text = long_text(sizes[k], &n);

		for (size_t i = 0; i < sizeof bombs / sizeof *bombs; i++) {
			struct pattern *p = must(bombs[i], i % 2 ? PATTERN_UTF : 0);
			struct budget b = budget_new(100 * MS);
			uint64_t us = clock_us();

			pattern_match(p, slice_of(text, n), &b);
			us = clock_us() - us;
			if (us > 100 * MS + SLACK)
				fail_msg("/%s/ of %zu took %llu us", bombs[i], n,
				    (unsigned long long)us);
			pattern_free(p);
		}
		free(text);
	}
}

/* One that does take longer spends it, and then each search errs. */
static void
a_spent_budget_is_an_error(void **state)
{
	struct pattern *slow = must("(?:a+b|a)+c", 0), *quick = must("x", 0);
	struct budget b = budget_new(50 * MS);
	size_t n, count;
	char *text = long_text(20000, &n);

	(void)state;
	assert_int_equal(pattern_match(quick, SLICE("x"), &b), MATCH_YES);
	assert_false(b.spent);
	assert_int_equal(pattern_match(slow, slice_of(text, n), &b), MATCH_ERROR);
	assert_true(b.spent);
	assert_int_equal(budget_left(&b), 0);
	assert_in_range(b.used_us, 50 * MS, 50 * MS + SLACK);
	assert_int_equal(pattern_match(quick, SLICE("x"), &b), MATCH_ERROR);
	assert_int_equal(pattern_count(quick, SLICE("x"), 1, &count, &b), MATCH_ERROR);
	pattern_free(slow);
	pattern_free(quick);
	free(text);
}

/* Searches that are not worth a look at the clock add up. */
static void
many_small_ones_count(void **state)
{
	struct pattern *p = must("\\w+@\\w+x", PATTERN_UTF);
	struct budget b = budget_new(20 * MS);
	uint64_t us = clock_us(), end = us + 20 * MS + SLACK;
	size_t n;
	char *text = long_text(300, &n);

	(void)state;
	while (!b.spent && clock_us() < end)
		pattern_match(p, slice_of(text, n), &b);
	us = clock_us() - us;
	assert_true(b.spent);
	assert_true(us >= 20 * MS);
	pattern_free(p);
	free(text);
}

/* What passes between two of them is not charged beyond what they can have taken. */
static void
other_work_does_not_count(void **state)
{
	struct pattern *p = must("abc", 0);
	struct budget b = budget_new(50 * MS);

	(void)state;
	for (int i = 0; i < 20; i++) {
		uint64_t until = clock_us() + 5 * MS;

		assert_int_equal(pattern_match(p, SLICE("xabc"), &b), MATCH_YES);
		while (clock_us() < until)
			;
	}
	assert_false(b.spent);
	pattern_free(p);
}

/* What searches say, within a budget that is too small for one piece: the same, or an error. */
static void
pieces_change_nothing(void **state)
{
	static const char *const res[] = { "needle", "ne{1,}dle.*x", "(?<=\\n)needle", "^n\\w+",
		"\\bneedle\\b", "(?<!a)needle", "\\Gneedle", "\\Gl.*", "(?:[^\\n]*\\n){3}needle",
		"e(*SKIP)xyz|needle", "l(*COMMIT)x|needle", "n\\Keedle", "\\R\\R", "\\X+z", "$",
		"(\\w+)\\s+\\1\\b", "(?s).*needle", ".*needle", "\xc3\xa4+needle",
		"[^\xc3\xa4]+\\z", "(?:\\S+\\s+){2,5}needle", "\\w+\\s+\\w+\\s+zz", "",
		"(?=needle)", "(?R)?x", "needle\\z", "\\A.*?needle", "\\pL+needle" };
	static const uint64_t budgets[] = { 2000 * MS, 60 * MS, 20 * MS };
	char text[30000];
	size_t n = 0, answers = 0;

	(void)state;
	for (size_t i = 0; n < sizeof text - 100; i++)
		n +=
		    (size_t)sprintf(text + n, "line %zu has \xc3\xa4\xc3\xa4 and \xe2\x82\xac %s%s",
			i, i % 7 ? "words words" : "ne edle", i % 5 ? " " : "\n");
	n += (size_t)sprintf(text + n, "\nneedle x needle\n\nxyz needle");
	for (size_t i = 0; i < sizeof res / sizeof *res; i++)
		for (unsigned flags = 0; flags < 4; flags++) {
			unsigned f = (flags & 1 ? PATTERN_UTF : 0) |
			    (flags & 2 ? PATTERN_MULTILINE | PATTERN_CASELESS : 0);
			struct pattern *p = must(res[i], f);
			struct slice subject = slice_of(text, n), want[2], got[2];
			enum match m = pattern_capture(p, subject, want, 2, NULL);
			size_t count, wanted;
			enum match c = pattern_count(p, subject, 50, &wanted, NULL);

			for (size_t k = 0; k < sizeof budgets / sizeof *budgets; k++) {
				struct budget b = budget_new(budgets[k]);
				enum match is = pattern_capture(p, subject, got, 2, &b);

				if (is == MATCH_ERROR && b.spent)
					continue;
				answers++;
				if (is != m ||
				    (m == MATCH_YES &&
					(got[0].p != want[0].p || got[0].n != want[0].n ||
					    got[1].p != want[1].p)))
					fail_msg("/%s/ %u: %d, not %d", res[i], f, is, m);
				is = pattern_count(p, subject, 50, &count, &b);
				if (is == MATCH_ERROR && b.spent)
					continue;
				if (is != c || count != wanted)
					fail_msg("/%s/ %u: %zu times, not %zu", res[i], f, count,
					    wanted);
			}
			pattern_free(p);
		}
	assert_true(answers > sizeof res / sizeof *res * 4);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bombs_end_in_time),
		cmocka_unit_test(a_spent_budget_is_an_error),
		cmocka_unit_test(many_small_ones_count),
		cmocka_unit_test(other_work_does_not_count),
		cmocka_unit_test(pieces_change_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
