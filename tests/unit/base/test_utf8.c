/*
 * test_utf8.c - text that is surely valid
 */
#include "base/utf8.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Write a code point as the arithmetic of RFC 3629 has it, whether it is allowed or not. */
static size_t
encode(uint32_t c, size_t length, char *out)
{
	static const unsigned char lead[] = { 0, 0, 0xc0, 0xe0, 0xf0 };

	if (length == 1) {
		out[0] = (char)c;
		return 1;
	}
	for (size_t i = length; i-- > 1; c >>= 6)
		out[i] = (char)(0x80 | (c & 0x3f));
	out[0] = (char)(lead[length] | c);
	return length;
}

/* The one length in which a code point may be written, 0 if in none. */
static size_t
length_of(uint32_t c)
{
	if (c >= 0xd800 && c < 0xe000)
		return 0;
	return c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : c < 0x110000 ? 4 : 0;
}

/* Every code point in every length: valid only in the right one. */
static void
knows_each_code_point(void **state)
{
	static const uint32_t end[] = { 0, 0x80, 0x800, 0x10000, 0x200000 };
	char text[4];

	(void)state;
	for (size_t length = 1; length <= 4; length++) {
		for (uint32_t c = 0; c < end[length]; c++) {
			struct slice s = slice_of(text, encode(c, length, text));
			uint32_t code;
			size_t n = utf8_decode(s, &code);

			if (utf8_valid(s) != (length == length_of(c)))
				fail_msg("U+%04X in %zu bytes", c, length);
			if (length == length_of(c) && (code != c || n != length))
				fail_msg("U+%04X decoded as U+%04X, %zu bytes", c, code, n);
			if (length != length_of(c) && (code != UTF8_BAD || n == 0))
				fail_msg("U+%04X in %zu bytes decoded", c, length);
		}
	}
}

/* A mistake is found wherever it stands among ASCII, and a cut character too. */
static void
finds_mistakes_anywhere(void **state)
{
	char text[40];

	(void)state;
	for (size_t i = 0; i < sizeof(text); i++) {
		memset(text, 'a', sizeof(text));
		assert_true(utf8_valid(slice_of(text, sizeof(text))));
		text[i] = '\xc3';
		assert_false(utf8_valid(slice_of(text, sizeof(text))));
		assert_int_equal(utf8_valid(slice_of(text, i)), true);
		assert_int_equal(utf8_valid(slice_of(text, i + 1)), false);
		text[i] = '\xff';
		assert_false(utf8_valid(slice_of(text, sizeof(text))));
	}
	assert_true(utf8_valid(SLICE("")));
	assert_true(utf8_valid(SLICE_ABSENT));
}

/* Each maximal ill-formed part is one U+FFFD; the table of Unicode 3.9 has these. */
static void
cleans(void **state)
{
	static const struct {
		const char *dirty, *clean;
	} cases[] = {
		{ "ab", "ab" },
		{ "\xc0\xaf\xe0\x80\xbf\xf0\x81\x82\x41", "????????A" },
		{ "\xed\xa0\x80\xed\xbf\xbf\xed\xaf\x41", "????????A" },
		{ "\xf4\x91\x92\x93\xff\x41\x80\xbf\x42", "?????A??B" },
		{ "\xe1\x80\xe2\xf0\x91\x92\xf1\xbf\x41", "????A" },
		{ "gr\xfc\xdf \xc3\xbc", "gr?? \xc3\xbc" },
		{ "end\xe2\x82", "end?" },
	};
	struct arena a;

	(void)state;
	arena_init(&a, 0);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char want[100] = "";

		for (const char *p = cases[i].clean; *p != '\0'; p++)
			snprintf(want + strlen(want), 4, "%.*s", *p == '?' ? 3 : 1,
			    *p == '?' ? "\xef\xbf\xbd" : p);

		struct slice got = utf8_clean(&a, slice_str(cases[i].dirty));

		assert_true(slice_eq(got, slice_str(want)));
		assert_true(utf8_valid(got));
	}
	assert_null(utf8_clean(&a, SLICE_ABSENT).p);
	arena_free(&a);
	arena_init(&a, 8);
	assert_null(utf8_clean(&a, SLICE("\xff\xff\xff\xff\xff\xff")).p);
	arena_free(&a);
}

/* A prefix ends between characters. */
static void
cuts_between_characters(void **state)
{
	struct slice s = SLICE("a\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80z");
	static const size_t want[] = { 0, 1, 1, 3, 3, 3, 6, 6, 6, 6, 10, 11, 11 };

	(void)state;
	for (size_t max = 0; max < sizeof(want) / sizeof(want[0]); max++)
		assert_int_equal(utf8_prefix(s, max), want[max]);
	assert_int_equal(utf8_prefix(SLICE("\x80\x80\x80\x80\x80\x80"), 5), 5);
}

/* Columns: wide characters have two, combining marks none, bad bytes one. */
static void
counts_columns(void **state)
{
	(void)state;
	assert_int_equal(utf8_width('a'), 1);
	assert_int_equal(utf8_width(0xe4), 1);
	assert_int_equal(utf8_width(0x65e5), 2);
	assert_int_equal(utf8_width(0x301), 0);
	assert_int_equal(utf8_width(UTF8_BAD), 1);
}

/* What steers a terminal or turns text around is not harmless. */
static void
knows_harm(void **state)
{
	static const uint32_t bad[] = { 0, 7, '\n', '\r', '\t', 0x1b, 0x7f, 0x80, 0x9b, 0x2028,
		0x202e, 0x2066, UTF8_BAD };
	static const uint32_t good[] = { ' ', 'a', '~', 0xa0, 0xe4, 0x20ac, 0x1f600 };

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(utf8_harmless(bad[i]));
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		assert_true(utf8_harmless(good[i]));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(knows_each_code_point),
		cmocka_unit_test(finds_mistakes_anywhere),
		cmocka_unit_test(cleans),
		cmocka_unit_test(cuts_between_characters),
		cmocka_unit_test(counts_columns),
		cmocka_unit_test(knows_harm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
