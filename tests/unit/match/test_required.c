/*
 * test_required.c - the texts that every match of a pattern must have
 */
#include "match/required.h"

#include "base/buf.h"
#include "base/limits.h"
#include "base/utf8.h"
#include "match/pattern.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

/* Write a factor: small letters that may be capital as they are, others after a !, marks as _, and
 * as ~ where there may be none. */
static void
write_factor(struct factor f, struct buf *out)
{
	for (size_t i = 0; i < f.n; i++) {
		uint16_t u = f.units[i];

		if (u == FACTOR_MARKS || u == FACTOR_SPACE)
			buf_char(out, u == FACTOR_MARKS ? '_' : '~');
		else
			buf_char(out, (char)u);
	}
}

/* What a pattern requires: clauses by &, their factors by |; "?" if nothing is known. With reaches,
 * behind each factor stands @ and how far from the match's begin it is; nothing if that is unknown.
 */
static const char *
describe(const char *re, unsigned flags, bool reaches)
{
	static char text[4096];
	struct cases *cases = cases_new();
	struct pattern_error err;
	struct pattern *p = pattern_compile(slice_str(re), flags, &err);
	struct buf out = { .p = NULL };
	struct required r = { .n = 0 };
	const struct node *tree;
	struct arena a;

	if (p == NULL)
		fail_msg("/%s/: %s at %zu", re, err.message, err.offset);
	pattern_free(p);
	arena_init(&a, 0);
	tree = syntax_tree(slice_str(re), flags, cases, &a);
	if (tree != NULL)
		assert_true(required_find(tree, flags & PATTERN_UTF, &a, &r));
	for (size_t i = 0; i < r.n; i++)
		for (size_t k = 0; k < r.v[i].n; k++) {
			if (i + k > 0)
				buf_char(&out, k > 0 ? '|' : '&');
			write_factor(r.v[i].v[k], &out);
			if (reaches && r.v[i].v[k].reach != REACH_FAR)
				buf_printf(&out, "@%zu", r.v[i].v[k].reach);
		}
	snprintf(text, sizeof(text), "%s", out.n > 0 ? out.p : "?");
	buf_free(&out);
	arena_free(&a);
	cases_free(cases);
	return text;
}

static const char *
required(const char *re, unsigned flags)
{
	return describe(re, flags, false);
}

struct expected {
	const char *re;
	unsigned flags;
	const char *what;
};

static void
compare(const struct expected *v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(required(v[i].re, v[i].flags), v[i].what) != 0)
			fail_msg("/%s/ requires %s, not %s", v[i].re, required(v[i].re, v[i].flags),
			    v[i].what);
}
#define COMPARE(v) compare(v, sizeof(v) / sizeof((v)[0]))

/* Characters, escapes, and what stands for none. */
static void
reads_characters(void **state)
{
	static const struct expected v[] = {
		{ "viagra", 0, "viagra" },
		{ "^\\bviagra\\b$", 0, "viagra" },
		{ "v\\x69a\\x{67}\\162\\o{141}", 0, "viag" },
		{ "v\\x69a\\x{67}\\o{162}\\o{141}", 0, "viagra" },
		{ "a\\.b\\/c", 0, "a.b/c" },
		{ "\\Qa.*b\\Ecd", 0, "a.*bcd" },
		{ "a b c d # no", PATTERN_EXTENDED, "abcd" },
		{ "a b[ ]c d\\ e", PATTERN_EXTENDED, "ab cd e" },
		{ "ab(?#no)cd", 0, "abcd" },
		{ "(?x: a b ) c d", 0, "ab c d" },
		{ "ViaGra", PATTERN_CASELESS, "viagra" },
		{ "(?i)Via(?-i)Gra", 0, "viaGra" },
		{ "(a(?i)B|C)def", 0, "abdef|cdef" },
		{ "\\cAbc\\tde", 0, "\001bc\tde" },
		{ "stra\xc3\x9f"
		  "e",
		    PATTERN_UTF,
		    "stra\xc3\x9f"
		    "e" },
		{ "\\x{e9}t\\x{e9}", PATTERN_UTF, "\xc3\xa9t\xc3\xa9" },
	};

	(void)state;
	COMPARE(v);
}

/* Sets of a few characters are multiplied, others are gaps. */
static void
reads_sets(void **state)
{
	static const struct expected v[] = {
		{ "[v][Ii]agra", 0, "viagra" },
		{ "v[i1]agr[a4]", 0, "v1agr4|v1agra|viagr4|viagra" },
		{ "foo[a-z]barn", 0, "barn&foo" },
		{ "foo[^x]barn", 0, "barn&foo" },
		{ "foo.barn", 0, "barn&foo" },
		{ "foo\\dbarn", 0, "barn&foo" },
		{ "[]x]abc", 0, "]abc|xabc" },
		{ "[\\]x]abc", 0, "]abc|xabc" },
		{ "[a\\Q]\\E]bcd", 0, "]bcd|abcd" },
		{ "[[:alpha:]]bcde", 0, "bcde" },
		{ "[\xc3\xa4x]bcd", PATTERN_UTF,
		    "\xc3\xa4"
		    "bcd|xbcd" },
	};

	(void)state;
	COMPARE(v);
}

/* Groups, branches and repetitions. */
static void
reads_structure(void **state)
{
	static const struct expected v[] = {
		{ "colou?rful", 0, "colourful|colorful" },
		{ "(?:foo|bar)baz", 0, "foobaz|barbaz" },
		{ "(?<n>foo)(?>bar)(?|baz)", 0, "foobarbaz" },
		{ "foo*bar", 0, "bar" },
		{ "foo+bar", 0, "obar&foo" },
		{ "fo{3}bar", 0, "fooobar" },
		{ "(?:ab){2,}c", 0, "ababc&abab" },
		{ "x{0}abc", 0, "abc" },
		{ "(?:abc)?def", 0, "def" },
		{ "abc.*def|ghi.*jkl", 0, "abc|ghi" },
		{ "(?:abc|d)", 0, "?" },
		{ "(?:abc|)xyz", 0, "xyz" },
		{ "(?=.*needle)abc", 0, "needle&abc" },
		{ "(?!needle)abcd", 0, "abcd" },
		{ "(?<=needle)abcd", 0, "needle&abcd" },
		{ "(?<!needle)abcd", 0, "abcd" },
		{ "(abc)\\1def", 0, "abc&def" },
		{ "(abc)(?1)def", 0, "abc&def" },
		{ "(?(?=abc)def|ghi)jkl", 0, "?" },
		{ "(a)?(?(1)def|ghi)jkl", 0, "jkl" },
		{ "(?(DEFINE)(?<n>abc))(?&n)def", 0, "def" },
		{ "abc\\Kdef", 0, "abcdef" },
		{ "abc\\Rdef", 0, "abc&def" },
		{ "(*ACCEPT)abc", 0, "?" },
		{ "abc(*COMMIT)def", 0, "?" },
		{ "abc(?C)def", 0, "?" },
	};

	(void)state;
	COMPARE(v);
}

/* What holds no letters or digits is kept as such, so that words of a phrase stay together. */
static void
keeps_phrases(void **state)
{
	static const struct expected v[] = {
		{ "dear\\s+friend", 0, "dear_friend" },
		{ "dear\\s*friend", 0, "dear~friend" },
		{ "dear\\W{1,3}friend", 0, "dear_friend" },
		{ "dear[,;:. -]+friend", 0, "dear_friend" },
		{ "dear,\\s+friend", 0, "dear_friend" },
		{ "\\s+dear friend\\s+", 0, "dear friend" },
		{ "dear\\S+friend", 0, "friend&dear" },
		{ "a\\sb\\sc", 0, "?" },
		{ "ab\\s+cd\\s+xyz", 0, "ab_cd_xyz" },
		{ "dear\\s+friend", PATTERN_UTF, "dear_friend" },
		{ "dear[^a-zA-Z0-9]+friend", 0, "dear_friend" },
		/* the long s is one of those characters */
		{ "dear[^a-zA-Z0-9]+friend", PATTERN_UTF, "friend&dear" },
	};

	(void)state;
	COMPARE(v);
}

/* Letters whose other case is beyond ASCII. */
static void
knows_cases(void **state)
{
	static const struct expected v[] = {
		{ "task", PATTERN_CASELESS | PATTERN_UTF, "task" },
		{ "b\xc3\xbcro", PATTERN_CASELESS | PATTERN_UTF, "b\xc3\xbcro|b\xc3\x9cro" },
		{ "b\xc3\xbcro", PATTERN_CASELESS, "b\xc3\xbcro" },
		/* these stand for k and s in the text that is looked at */
		{ "abc\xc5\xbf"
		  "def",
		    PATTERN_UTF, "abc&def" },
		{ "abc\xe2\x84\xaa"
		  "def",
		    PATTERN_UTF, "abc&def" },
		{ "abc\xc5\xbf"
		  "def",
		    PATTERN_CASELESS | PATTERN_UTF, "abcsdef" },
	};

	(void)state;
	COMPARE(v);
}

/* What PCRE2 says of all ASCII characters is what is known of them. */
static void
knows_ascii(void **state)
{
	struct cases *cases = cases_new();
	char text[CASES_MAX * 4 + 64], re[64];

	(void)state;
	for (int utf = 0; utf < 2; utf++)
		for (uint32_t c = 1; c < 0x80; c++) {
			uint32_t all[CASES_MAX];
			size_t n = cases_of(cases, c, utf, all);
			struct pattern_error err;
			struct pattern *p;

			assert_true(n > 0);
			snprintf(re, sizeof(re), "\\A\\x{%x}\\z", (unsigned)c);
			p = pattern_compile(
			    slice_str(re), PATTERN_CASELESS | (utf ? PATTERN_UTF : 0), &err);
			for (uint32_t k = 0; k < (utf ? 0x30000u : 0x100u); k++) {
				bool is = false;
				size_t length = 1;

				if (k >= 0xd800 && k <= 0xdfff)
					continue;
				for (size_t i = 0; i < n; i++)
					is |= all[i] == k;
				text[0] = (char)k;
				if (utf)
					length = utf8_encode(k, text);
				if ((pattern_match(p, slice_of(text, length), NULL) == MATCH_YES) !=
				    is)
					fail_msg("U+%04X and U+%04X", (unsigned)c, (unsigned)k);
			}
			pattern_free(p);
		}
	cases_free(cases);
}

/* A long pattern is cut, and a deep one not looked into. */
static void
is_bounded(void **state)
{
	static char re[LIMIT_PATTERN / 2 + 1];
	const char *what;

	(void)state;
	memset(re, 'a', LIMIT_PATTERN / 2);
	what = required(re, 0);
	assert_int_equal(strlen(what), LIMIT_FACTOR);
	memset(re, 0, sizeof(re));
	for (size_t i = 0; i < 245; i++)
		re[i] = '(';
	strcpy(re + 245, "abcd");
	memset(re + 249, ')', 245);
	assert_string_equal(required(re, 0), "abcd");
}

/* How far from where a match begins, in bytes at most. */
static void
knows_reaches(void **state)
{
	static const struct expected v[] = {
		{ "viagra", 0, "viagra@0" },
		{ "^\\b(?<!x)(?=abc)viagra", 0, "viagra@0&abc" },
		{ ".{0,7}viagra", 0, "viagra@7" },
		{ ".{0,7}viagra", PATTERN_UTF, "viagra@28" },
		{ "[\xc3\xa4x]\\d?viagra", PATTERN_UTF, "viagra@6" },
		{ "[\xe2\x82\xacx]{2}.viagra", PATTERN_UTF, "viagra@10" },
		{ "k.viagra", PATTERN_UTF | PATTERN_CASELESS, "viagra@7" },
		{ "\\w+viagra", 0, "viagra" },
		{ "x*viagra", 0, "viagra" },
		{ "(?:\\d\\d|\\d{3}|)viagra", 0, "viagra@3" },
		{ "(?:\\d|abcd.\\w*?)viagra", 0, "viagra" },
		{ "(?:.viagra|..cialis|\\W+soma)", 0, "viagra@1|cialis@2|soma" },
		{ "(?:abc.){2}.viagra", 0, "viagra@9&abc@0" },
		{ "(?:.abc){2,4}.viagra", 0, "viagra@17&abc@1" },
		{ "(?:ab.{3}viagra){2,}", 0, "viagra@5" },
		{ "(a)\\1viagra", 0, "viagra" },
		{ "(?<=dear )viagra", 0, "viagra@0&dear " },
		{ "\\s+dear friend", 0, "dear friend" },
		{ "\\W.dear\\s+friend", 0, "dear_friend@2" },
		{ "-\\s+dear friend", 0, "dear friend" },
		{ "x\\Kviagra", 0, "xviagra@0" },
		{ ".{65000}.{65000}viagra", 0, "viagra@130000" },
		/* what is near is better than what is a little rarer */
		{ "(?:abcdef.*xyzqj|ghijkl)", 0, "abcdef@0|ghijkl@0" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(v) / sizeof(*v); i++)
		if (strcmp(describe(v[i].re, v[i].flags, true), v[i].what) != 0)
			fail_msg("/%s/ requires %s, not %s", v[i].re,
			    describe(v[i].re, v[i].flags, true), v[i].what);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_characters),
		cmocka_unit_test(reads_sets),
		cmocka_unit_test(reads_structure),
		cmocka_unit_test(keeps_phrases),
		cmocka_unit_test(knows_cases),
		cmocka_unit_test(knows_ascii),
		cmocka_unit_test(knows_reaches),
		cmocka_unit_test(is_bounded),
	};

	return cmocka_run_group_tests_name("required", tests, NULL, NULL);
}
