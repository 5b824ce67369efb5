/*
 * test_slice.c - cutting, trimming and reading runs of bytes
 */
#include "base/slice.h"

#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

/* Blanks and tabs go at both ends, nothing else does. */
static void
trims(void **state)
{
	(void)state;
	assert_true(slice_eq(slice_trim(SLICE(" \t a b \t")), SLICE("a b")));
	assert_true(slice_eq(slice_trim(SLICE("\na\n")), SLICE("\na\n")));
	assert_int_equal(slice_trim(SLICE(" \t ")).n, 0);
	assert_int_equal(slice_trim(SLICE_ABSENT).n, 0);
}

/* A cut tells "nothing behind" from "an empty rest". */
static void
cuts(void **state)
{
	struct slice rest;

	(void)state;
	assert_true(slice_eq(slice_cut(SLICE("a/b/c"), '/', &rest), SLICE("a")));
	assert_true(slice_eq(rest, SLICE("b/c")));
	assert_true(slice_eq(slice_cut(SLICE("a/"), '/', &rest), SLICE("a")));
	assert_non_null(rest.p);
	assert_int_equal(rest.n, 0);
	assert_true(slice_eq(slice_cut(SLICE("a"), '/', &rest), SLICE("a")));
	assert_null(rest.p);
	assert_int_equal(slice_cut(SLICE_ABSENT, '/', NULL).n, 0);
}

/* Numbers are digits alone and never overflow. */
static void
reads_numbers(void **state)
{
	unsigned long long n = 7;

	(void)state;
	assert_true(slice_number(SLICE("0"), 10, &n));
	assert_int_equal(n, 0);
	assert_true(slice_number(SLICE("65535"), 65535, &n));
	assert_int_equal(n, 65535);
	assert_false(slice_number(SLICE("65536"), 65535, &n));
	assert_false(slice_number(SLICE("9"), 5, &n));
	assert_true(slice_number(SLICE("18446744073709551615"), ULLONG_MAX, &n));
	assert_true(n == ULLONG_MAX);
	assert_false(slice_number(SLICE("18446744073709551616"), ULLONG_MAX, &n));
	assert_false(slice_number(SLICE("99999999999999999999999"), ULLONG_MAX, &n));
	assert_false(slice_number(SLICE(""), 10, &n));
	assert_false(slice_number(SLICE("-1"), 10, &n));
	assert_false(slice_number(SLICE("+1"), 10, &n));
	assert_false(slice_number(SLICE("1 "), 10, &n));
}

/* Case is that of ASCII, and NUL is a byte as any other. */
static void
compares(void **state)
{
	(void)state;
	assert_true(slice_eq_nocase(SLICE("MX.Example"), SLICE("mx.eXAMPLE")));
	assert_false(slice_eq_nocase(SLICE("a"), SLICE("ab")));
	assert_false(slice_eq_nocase(SLICE("["), SLICE("{")));
	assert_false(slice_eq_nocase(SLICE("\xc4"), SLICE("\xe4")));
	assert_false(slice_eq(SLICE("a\0b"), SLICE("a\0c")));
	assert_true(slice_eq(SLICE_ABSENT, SLICE("")));
}

static void
tells_ascii(void **state)
{
	(void)state;
	assert_true(slice_is_ascii(SLICE_ABSENT));
	assert_true(slice_is_ascii(SLICE("a\x7f\1")));
	assert_false(slice_is_ascii(SLICE("b\xc3\xbc")));
	assert_false(slice_is_ascii(SLICE("\x80")));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tells_ascii),
		cmocka_unit_test(trims),
		cmocka_unit_test(cuts),
		cmocka_unit_test(reads_numbers),
		cmocka_unit_test(compares),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
