/*
 * test_budget.c - searches within a budget of time
 */
#include "match/pattern_in.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/limits.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#define MS 1000ull
#define SLACK (500 * MS) /* for a machine that is busy, or a program that is watched */
#define SLACK_MS 70	 /* likewise, of what is computed */

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

/* Whether the JIT takes patterns; without it PCRE2 interprets them. */
static bool has_jit = true;

int __real_pcre2_jit_compile_8(pcre2_code *code, uint32_t options);
int __wrap_pcre2_jit_compile_8(pcre2_code *code, uint32_t options);

int
__wrap_pcre2_jit_compile_8(pcre2_code *code, uint32_t options)
{
	return has_jit ? __real_pcre2_jit_compile_8(code, options) : PCRE2_ERROR_JIT_BADOPTION;
}

/* Milliseconds that this thread has computed: however busy the machine is. */
static uint64_t
computed_ms(void)
{
	struct timespec t;

	assert_int_equal(clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t), 0);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
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
	"\\G\\w*\\w*\\w*\\d", "(*COMMIT)\\w*\\w*\\w*\\W\\d", "^(\\w+\\s?)*$", "(?s)a.*?b\\d",
	"a*?a*?a*?\\d", "(a)(?1)*\\1*\\d", "\\X+\\d", "(?:a?){30}a{30}\\d", "(?!a*b*a*\\d)z",
	"(?(?=a*b)x|a*\\d)", "(?:a{3000}b|a{3000}c|a{3000}d)", "(?i)(?:a|A|\xc3\xa4)*\\d",
	"(?>a*\\d|a*b)*\\d", "(((((a*)*)*)*)*)*\\d", "a*(*SKIP)a*\\d|b" };

/* None of them takes longer, whatever the text; also where the JIT does not take a pattern. */
static void
bombs_end_in_time(void **state)
{
	static const size_t sizes[] = { 100, 20000, 1000000 };

	(void)state;
	for (size_t k = 0; k < 2 * sizeof sizes / sizeof *sizes; k++) {
		size_t n;
		char *text = long_text(sizes[k / 2], &n);

		has_jit = k % 2 == 0;
		for (size_t i = 0; i < sizeof bombs / sizeof *bombs; i++) {
			struct pattern *p = must(bombs[i], i % 2 ? PATTERN_UTF : 0);
			struct budget b = budget_new(30 * MS);
			uint64_t ms = computed_ms();

			pattern_match(p, slice_of(text, n), &b);
			ms = computed_ms() - ms;
			if (ms > 30 + SLACK_MS)
				fail_msg("/%s/ of %zu took %llu ms", bombs[i], n,
				    (unsigned long long)ms);
			pattern_free(p);
		}
		free(text);
	}
	has_jit = true;
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

/* Steps are mostly much cheaper than they can be: a text that begins a match again and again is not
 * watched for that. */
static void
many_beginnings_are_searched(void **state)
{
	static const char line[] = "the quick brown fox jumps over, click here now dear sir\n";
	struct pattern *p = must("click\\s+here.*unsubscribe", PATTERN_CASELESS | PATTERN_DOTALL);
	struct budget b = budget_new(2000 * MS);
	struct buf text = { 0 };
	uint64_t ms = computed_ms();

	(void)state;
	while (text.n < 100000)
		buf_str(&text, line);
	assert_int_equal(pattern_match(p, buf_slice(&text), &b), MATCH_NO);
	assert_true(computed_ms() - ms < 400);
	buf_free(&text);
	pattern_free(p);
}

/* Searches that are not worth a look at the clock add up. */
static void
many_small_ones_count(void **state)
{
	struct pattern *p = must("\\w+@\\w+x", PATTERN_UTF);
	struct budget b = budget_new(20 * MS);
	uint64_t us = clock_thread_ns() / 1000, end = us + 20 * MS + SLACK;
	size_t n;
	char *text = long_text(300, &n);

	(void)state;
	while (!b.spent && clock_thread_ns() / 1000 < end)
		pattern_match(p, slice_of(text, n), &b);
	us = clock_thread_ns() / 1000 - us;
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
		uint64_t until = clock_thread_ns() / 1000 + 5 * MS;

		assert_int_equal(pattern_match(p, SLICE("xabc"), &b), MATCH_YES);
		while (clock_thread_ns() / 1000 < until)
			;
	}
	assert_false(b.spent);
	pattern_free(p);
}

/* Nor is what is paused for, though it may have taken long by its form. */
static void
pauses_do_not_count(void **state)
{
	struct pattern *p = must("a.*b.*c", PATTERN_UTF);
	struct budget b = budget_new(100 * MS);

	(void)state;
	for (int i = 0; i < 8; i++) {
		uint64_t until = clock_thread_ns() / 1000 + 30 * MS;

		assert_int_equal(pattern_match(p, SLICE("xabc"), &b), MATCH_YES);
		budget_pause(&b);
		while (clock_thread_ns() / 1000 < until)
			;
	}
	assert_false(b.spent);
	assert_true(b.used_us < 50 * MS);
	pattern_free(p);
}

/* PCRE2 can't put a callout between any two items of a pattern that is large already: it does
 * without, or gives up. */
static void
large_ones_are_not_watched(void **state)
{
	char re[20000] = "(?:", *end = re + 3;
	struct budget b = budget_new(10);
	struct pattern *p;
	size_t n;
	char *text = long_text(20000, &n);

	(void)state;
	for (int i = 0; i < 2000; i++)
		end += sprintf(end, "a%04d|", i);
	strcpy(end, "\\w+\\w+)+x");
	p = must(re, 0);
	assert_int_equal(pattern_match(p, slice_of(text, n), &b), MATCH_ERROR);
	assert_true(atomic_load(&p->late->too_large));
	b = budget_new(100 * MS);
	assert_int_equal(pattern_match(p, SLICE("a1234x"), &b), MATCH_YES);
	pattern_free(p);
	free(text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bombs_end_in_time),
		cmocka_unit_test(a_spent_budget_is_an_error),
		cmocka_unit_test(many_beginnings_are_searched),
		cmocka_unit_test(many_small_ones_count),
		cmocka_unit_test(other_work_does_not_count),
		cmocka_unit_test(pauses_do_not_count),
		cmocka_unit_test(large_ones_are_not_watched),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
