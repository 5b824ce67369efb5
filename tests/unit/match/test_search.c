/*
 * test_search.c - searches in pieces, and by watched code, find what one plain search does
 */
#include "same.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define ROUNDS 3000 /* random patterns */
#define TEXTS 4	    /* of each */

/* What is of the place where a search begins, and of the text as a whole. */
static void
pieces_change_nothing(void **state)
{
	static const char *const res[] = { "needle", "ne{1,}dle.*x", "(?<=\\n)needle", "^n\\w+",
		"\\bneedle\\b", "(?<!a)needle", "\\Gneedle", "\\Gl.*", "(?:[^\\n]*\\n){3}needle",
		"e(*SKIP)xyz|needle", "l(*COMMIT)x|needle", "a(*PRUNE)x|needle", "(*ACCEPT)x",
		"n\\Keedle", "\\R\\R", "\\X+z", "$", "(\\w+)\\s+\\1\\b", "(?s).*needle", ".*needle",
		"\xc3\xa4+needle", "[^\xc3\xa4]+\\z", "(?:\\S+\\s+){2,5}needle",
		"\\w+\\s+\\w+\\s+zz", "", "(?=needle)", "(?R)?x", "needle\\z", "\\A.*?needle",
		"\\pL+needle", "(?m)^.*$", "\\Z", "(?:a|b(*THEN)c|x)", "(?<=(\\w)\\s)needle",
		"(?=(\\w+))\\1\\s", "(.)(?=.*\\1)", "\\s*$", "(?s)\\A(?:.*needle){3}",
		"(?i)NEEDLE(?-i)\\z", "(*NOTEMPTY)x*", "(*ANYCRLF)^needle$", "\\bx|\\B\\s",
		"(?>l.*)needle", "(?:n|e|d|l)+?\\s" };
	char text[3000];
	size_t n = 0, answers = 0;

	(void)state;
	for (size_t i = 0; n < sizeof text - 100; i++)
		n +=
		    (size_t)sprintf(text + n, "line %zu has \xc3\xa4\xc3\xa4 and \xe2\x82\xac %s%s",
			i, i % 7 ? "words words" : "ne edle", i % 5 ? " " : "\n");
	n += (size_t)sprintf(text + n, "\nneedle x needle\n\nxyz needle");
	for (size_t i = 0; i < sizeof res / sizeof *res; i++)
		for (unsigned flags = 0; flags < 4; flags++)
			answers += same_everywhere(slice_str(res[i]),
			    (flags & 1 ? PATTERN_UTF : 0) |
				(flags & 2 ? PATTERN_MULTILINE | PATTERN_CASELESS : 0),
			    slice_of(text, n));
	assert_true(answers > sizeof res / sizeof *res * 12);
}

/* ---- random ones ---- */

static uint64_t dice = 1;

static unsigned
below(unsigned n)
{
	dice = dice * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)(dice >> 33) % n;
}

/* Write a random pattern, with as many groups as `groups` says behind it. */
static size_t
random_pattern(char *out, unsigned depth, unsigned *groups)
{
	static const char *const items[] = { "a", "b", "ab", "\xc3\xa4", "\\n", ".", "\\w", "\\s",
		"\\S", "\\d", "[ab]", "[^a]", "[a-c\xc3\xa4]", "^", "$", "\\A", "\\z", "\\Z", "\\G",
		"\\b", "\\B", "\\K", "\\R", "\\X", "\\N", "(*COMMIT)", "(*SKIP)", "(*PRUNE)",
		"(*THEN)", "(*ACCEPT)", "(*F)", "(?i)", "(?m)", "(?s)", "(?=a)", "(?!b)", "(?<=b)",
		"(?<!a)", "(?<=^|a)", "(?C)" };
	static const char *const opens[] = { "(", "(?:", "(?>", "(?=", "(?!", "(?|", "(?i:" };
	static const char *const repeats[] = { "*", "+", "?", "*?", "+?", "??", "*+", "++", "{2}",
		"{1,3}", "{2,}", "{0,2}?" };
	size_t n = 0;

	for (unsigned i = below(4) + 1; i > 0; i--) {
		size_t at = n;

		if (depth < 3 && below(4) == 0) {
			unsigned open = below(sizeof opens / sizeof *opens);

			*groups += open == 0;
			n += (size_t)sprintf(out + n, "%s", opens[open]);
			n += random_pattern(out + n, depth + 1, groups);
			n += (size_t)sprintf(out + n, ")");
		} else if (*groups > 0 && below(8) == 0)
			n += (size_t)sprintf(
			    out + n, below(3) ? "\\%u" : "(?%u)", below(*groups) + 1);
		else
			n += (size_t)sprintf(out + n, "%s",
			    items[below(3) ? below(13) : below(sizeof items / sizeof *items)]);
		if (below(3) == 0 && n > at)
			n += (size_t)sprintf(
			    out + n, "%s", repeats[below(sizeof repeats / sizeof *repeats)]);
		if (below(8) == 0)
			n += (size_t)sprintf(out + n, "|");
	}
	return n;
}

/* Write a random text of few characters. */
static struct slice
random_text(char *out, size_t max)
{
	static const char *const parts[] = { "a", "b", "c", "A", " ", "\n", "\xc3\xa4", "1", "aaaa",
		"abab" };
	size_t n = 0, end = below((unsigned)max - 5);

	while (n < end)
		n += (size_t)sprintf(out + n, "%s", parts[below(sizeof parts / sizeof *parts)]);
	return slice_of(out, n);
}

static void
random_ones_are_found(void **state)
{
	char re[4000], text[400];
	size_t answers = 0;

	(void)state;
	for (unsigned i = 0; i < ROUNDS; i++) {
		unsigned groups = 0, flags = below(2) ? PATTERN_UTF : 0;
		struct slice s = slice_of(re, random_pattern(re, 0, &groups));

		flags |= (below(4) == 0 ? PATTERN_MULTILINE : 0) |
		    (below(4) == 0 ? PATTERN_CASELESS : 0) | (below(4) == 0 ? PATTERN_DOTALL : 0);
		for (unsigned k = 0; k < TEXTS; k++)
			answers += same_everywhere(s, flags, random_text(text, sizeof text));
	}
	assert_true(answers > ROUNDS * TEXTS);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pieces_change_nothing),
		cmocka_unit_test(random_ones_are_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
