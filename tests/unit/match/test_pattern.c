/*
 * test_pattern.c - PCRE2 patterns
 */
#include "match/pattern.h"

#include "base/limits.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

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

/* Match once. */
static enum match
once(const char *re, unsigned flags, struct slice subject)
{
	struct pattern *p = must(re, flags);
	enum match m = pattern_match(p, subject, NULL);

	pattern_free(p);
	return m;
}

/* Each flag does what it does in Perl. */
static void
obeys_flags(void **state)
{
	(void)state;
	assert_int_equal(once("ab", 0, SLICE("xabx")), MATCH_YES);
	assert_int_equal(once("ab", 0, SLICE("xABx")), MATCH_NO);
	assert_int_equal(once("ab", PATTERN_CASELESS, SLICE("xABx")), MATCH_YES);
	assert_int_equal(once("a.b", 0, SLICE("a\nb")), MATCH_NO);
	assert_int_equal(once("a.b", PATTERN_DOTALL, SLICE("a\nb")), MATCH_YES);
	assert_int_equal(once("^b", 0, SLICE("a\nb")), MATCH_NO);
	assert_int_equal(once("^b", PATTERN_MULTILINE, SLICE("a\nb")), MATCH_YES);
	assert_int_equal(once("a b # c", PATTERN_EXTENDED, SLICE("ab")), MATCH_YES);
	assert_int_equal(once("a.b", 0, SLICE("a\rb")), MATCH_YES);
	assert_int_equal(once("^$", 0, SLICE("")), MATCH_YES);
	assert_int_equal(once("^$", 0, SLICE_ABSENT), MATCH_YES);
	assert_int_equal(once("b", 0, SLICE("a\0b")), MATCH_YES);
}

/* In UTF mode a character is one, and letters are those of all languages; bytes are bytes. */
static void
knows_two_kinds_of_text(void **state)
{
	(void)state;
	assert_int_equal(once("^.$", PATTERN_UTF, SLICE("\xc3\xa4")), MATCH_YES);
	assert_int_equal(once("^.$", 0, SLICE("\xc3\xa4")), MATCH_NO);
	assert_int_equal(
	    once("\xc3\xa4", PATTERN_UTF | PATTERN_CASELESS, SLICE("\xc3\x84")), MATCH_YES);
	assert_int_equal(once("\xc3\xa4", PATTERN_CASELESS, SLICE("\xc3\x84")), MATCH_NO);
	assert_int_equal(once("\\bber", PATTERN_UTF,
			     SLICE("\xc3\xbc"
				   "ber")),
	    MATCH_NO);
	assert_int_equal(once("\\xff", 0, SLICE("a\xff")), MATCH_YES);
	assert_int_equal(once("^\\w+$", PATTERN_UTF, SLICE("\xd0\xbf\xd1\x80")), MATCH_YES);
}

/* What is no pattern is told with a place inside it; so is what would make bytes unsafe. */
static void
refuses(void **state)
{
	static const struct {
		const char *re;
		unsigned flags;
		size_t offset;
	} bad[] = {
		{ "ab(c", 0, 4 },
		{ "a**", 0, 2 },
		{ "[z-a]", 0, 3 },
		{ "a\\C", PATTERN_UTF, 3 },
		{ "\\C", 0, 2 },
		{ "(*UTF)a", 0, 6 },
		{ "\\x{263a}", 0, 7 },
		{ "ab\xff", PATTERN_UTF, 2 },
		{ "(?<n>a)(?<n>b)", 0, 12 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct pattern_error err = { "", 99 };

		assert_null(pattern_compile(slice_str(bad[i].re), bad[i].flags, &err));
		assert_true(strlen(err.message) > 0);
		if (err.offset != bad[i].offset)
			fail_msg("/%s/: offset %zu: %s", bad[i].re, err.offset, err.message);
	}
}

/* The length of a pattern is bounded. */
static void
bounds_length(void **state)
{
	static char re[LIMIT_PATTERN + 1];
	struct pattern_error err;
	struct pattern *p;

	(void)state;
	memset(re, ' ', sizeof(re));
	p = pattern_compile(slice_of(re, LIMIT_PATTERN), PATTERN_EXTENDED, &err);
	assert_non_null(p);
	pattern_free(p);
	assert_null(pattern_compile(slice_of(re, LIMIT_PATTERN + 1), PATTERN_EXTENDED, &err));
	pattern_free(NULL);
}

/* A search that would take forever is an error, never "no", with the JIT and without. */
static void
ends_hard_searches(void **state)
{
	char subject[5000];

	(void)state;
	memset(subject, 'a', sizeof(subject));
	subject[sizeof(subject) - 1] = '!';
	assert_int_equal(once("(a|aa)+$", 0, slice_of(subject, sizeof(subject))), MATCH_ERROR);
	assert_int_equal(
	    once("(*NO_JIT)(a|aa)+$", 0, slice_of(subject, sizeof(subject))), MATCH_ERROR);
	assert_int_equal(once("^(a|b|ab)*c$|x", 0, SLICE("ababx")), MATCH_YES);
}

/* A match that takes more stack than PCRE2 has of the thread is made all the same, up to a limit.
 */
static void
gets_stack(void **state)
{
	static char subject[200000];

	(void)state;
	memset(subject, 'a', sizeof(subject));
	subject[8000] = 'c';
	assert_int_equal(once("^(?:a|(b))*c", 0, slice_of(subject, sizeof(subject))), MATCH_YES);
	subject[8000] = 'a';
	subject[sizeof(subject) - 1] = 'c';
	assert_int_equal(once("^(?:a|(b))*c", 0, slice_of(subject, sizeof(subject))), MATCH_ERROR);
	assert_int_equal(once("^a+c$", 0, slice_of(subject, sizeof(subject))), MATCH_YES);
}

/* A pattern can lower the limits, not raise them. */
static void
keeps_limits(void **state)
{
	char subject[40];

	(void)state;
	memset(subject, 'a', sizeof(subject));
	subject[sizeof(subject) - 1] = '!';
	assert_int_equal(once("(*LIMIT_MATCH=4000000000)(*NO_JIT)(a|aa)+$", 0,
			     slice_of(subject, sizeof(subject))),
	    MATCH_ERROR);
}

/* Where the JIT does not serve, depth and heap are bounded: what goes over a text of 30,000 bytes
 * does it, four times as much is an error, as is less of what keeps more. */
static void
bounds_depth_and_heap(void **state)
{
	static const char deep[] = "(*NO_JIT)(?:a|b)*c",
			  wide[] = "(*NO_JIT)(?:(a)(b)?(c)?(d)?(e)?(f)?(g)?(h)?(i)?(j)?(k)?(l)?"
				   "(m)?(n)?(o)?(p)?(q)?(r)?(s)?(t)?(u)?(v)?(w)?(x)?)*c";
	size_t n = 4 * 30000;
	char *text = malloc(n);

	(void)state;
	assert_non_null(text);
	memset(text, 'a', n);
	text[n / 4 - 1] = 'c';
	assert_int_equal(once(deep, 0, slice_of(text, n / 4)), MATCH_YES);
	assert_int_equal(once(wide, 0, slice_of(text, n / 4)), MATCH_ERROR);
	text[n / 4 - 1] = 'a';
	text[n - 1] = 'c';
	assert_int_equal(once(deep, 0, slice_of(text, n)), MATCH_ERROR);
	free(text);
}

/* Groups: what took part, what did not, what there is not; by number and by name. */
static void
captures(void **state)
{
	struct pattern *p = must("(?<a>x)|(y)(?<both>z*)", 0);
	struct slice caps[6];

	(void)state;
	assert_int_equal(pattern_groups(p), 3);
	assert_int_equal(pattern_group(p, SLICE("a")), 1);
	assert_int_equal(pattern_group(p, SLICE("both")), 3);
	assert_int_equal(pattern_group(p, SLICE("bot")), 0);
	assert_int_equal(pattern_group(p, SLICE("")), 0);
	assert_int_equal(pattern_group(p, SLICE("a_name_much_longer_than_pcre2_would_take")), 0);
	assert_int_equal(pattern_capture(p, SLICE("--yzz-"), caps, 6, NULL), MATCH_YES);
	assert_true(slice_eq(caps[0], SLICE("yzz")));
	assert_null(caps[1].p);
	assert_true(slice_eq(caps[2], SLICE("y")));
	assert_true(slice_eq(caps[3], SLICE("zz")));
	assert_null(caps[4].p);
	assert_null(caps[5].p);
	assert_int_equal(pattern_capture(p, SLICE("y"), caps, 4, NULL), MATCH_YES);
	assert_non_null(caps[3].p);
	assert_int_equal(caps[3].n, 0);
	assert_int_equal(pattern_capture(p, SLICE("-"), caps, 4, NULL), MATCH_NO);
	pattern_free(p);
}

/* More groups than a thread had room for so far. */
static void
captures_many(void **state)
{
	char re[4 * 200 + 1] = "", subject[201] = "";
	struct slice caps[201];

	(void)state;
	for (int i = 0; i < 200; i++) {
		strcat(re, i % 2 ? "(b)" : "(a)");
		strcat(subject, i % 2 ? "b" : "a");
	}

	struct pattern *p = must(re, 0);

	assert_int_equal(pattern_groups(p), 200);
	assert_int_equal(pattern_capture(p, slice_str(subject), caps, 201, NULL), MATCH_YES);
	assert_ptr_equal(caps[200].p, subject + 199);
	assert_int_equal(caps[200].n, 1);
	pattern_free(p);
}

/* Count, and what pattern_count answered. */
static size_t
count(const char *re, unsigned flags, const char *subject, size_t max)
{
	struct pattern *p = must(re, flags);
	size_t n;
	enum match m = pattern_count(p, slice_str(subject), max, &n, NULL);

	assert_int_equal(m, n > 0 ? MATCH_YES : MATCH_NO);
	pattern_free(p);
	return n;
}

/* Matches are counted as Perl's m//g does. */
static void
counts(void **state)
{
	(void)state;
	assert_int_equal(count("a", 0, "banana", 100), 3);
	assert_int_equal(count("ana", 0, "banana", 100), 1);
	assert_int_equal(count("x", 0, "banana", 100), 0);
	assert_int_equal(count("a", 0, "banana", 2), 2);
	assert_int_equal(count("", 0, "abc", 100), 4);
	assert_int_equal(count("a*?", 0, "aa", 100), 5);
	assert_int_equal(count("^", PATTERN_MULTILINE, "a\nb\nc", 100), 3);
	assert_int_equal(count("", PATTERN_UTF, "\xc3\xa4\xe2\x82\xac", 100), 3);
	assert_int_equal(count("(?<=a)b|a", 0, "abab", 100), 4);
	assert_int_equal(count("a\\K", 0, "aaa", 100), 3);
}

/* A count that meets a limit is an error, even after some matches. */
static void
counts_no_errors(void **state)
{
	char subject[100];
	struct pattern *p = must("b|(a|aa)+$", 0);
	size_t n;

	(void)state;
	memset(subject, 'a', sizeof(subject));
	subject[0] = subject[1] = 'b';
	subject[sizeof(subject) - 1] = '!';
	assert_int_equal(
	    pattern_count(p, slice_of(subject, sizeof(subject)), 100, &n, NULL), MATCH_ERROR);
	pattern_free(p);
}

/* What can be told of a pattern before it is used; in doubt, nothing. */
static void
tells_of_itself(void **state)
{
	static const struct {
		const char *re;
		unsigned flags;
		bool anchored, newline;
	} cases[] = {
		{ "^a", 0, true, false },
		{ "^a", PATTERN_MULTILINE, false, false },
		{ "(^a|^b)", 0, true, false },
		{ "(?:^a)", 0, true, false },
		{ " ^a", PATTERN_EXTENDED, true, false },
		{ "^a|b", 0, false, false },
		{ "a", 0, false, false },
		{ "\\Aa", 0, false, false },
		{ ".*a", PATTERN_DOTALL, false, false },
		{ "a\\n", 0, false, true },
		{ "\\nSubject", 0, false, true },
		{ "a\\n?", 0, false, false },
		{ "a|\\n", 0, false, false },
		{ "[\\n ]", 0, false, false },
		{ "a\\s", 0, false, false },
		{ "(?!\\n)a", 0, false, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct pattern *p = must(cases[i].re, cases[i].flags);

		if (pattern_is_anchored(p) != cases[i].anchored ||
		    pattern_needs_newline(p) != cases[i].newline)
			fail_msg("/%s/", cases[i].re);
		pattern_free(p);
	}
}

static void *
match_often(void *arg)
{
	struct slice caps[2];

	for (int i = 0; i < 2000; i++)
		if (pattern_capture(arg, SLICE("xx key=value "), caps, 2, NULL) != MATCH_YES ||
		    !slice_eq(caps[1], SLICE("value")))
			return arg;
	return NULL;
}

/* One pattern serves all threads at once; what a thread made is freed when it ends. */
static void
serves_threads(void **state)
{
	struct pattern *p = must("key=(\\w+)", PATTERN_UTF);
	pthread_t threads[8];
	void *failed;

	(void)state;
	for (int i = 0; i < 8; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, match_often, p), 0);
	for (int i = 0; i < 8; i++) {
		pthread_join(threads[i], &failed);
		assert_null(failed);
	}
	pattern_free(p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(obeys_flags),
		cmocka_unit_test(knows_two_kinds_of_text),
		cmocka_unit_test(refuses),
		cmocka_unit_test(bounds_length),
		cmocka_unit_test(ends_hard_searches),
		cmocka_unit_test(gets_stack),
		cmocka_unit_test(keeps_limits),
		cmocka_unit_test(bounds_depth_and_heap),
		cmocka_unit_test(captures),
		cmocka_unit_test(captures_many),
		cmocka_unit_test(counts),
		cmocka_unit_test(counts_no_errors),
		cmocka_unit_test(tells_of_itself),
		cmocka_unit_test(serves_threads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
