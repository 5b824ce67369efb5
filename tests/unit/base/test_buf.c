/*
 * test_buf.c - bytes that grow
 */
#include "base/buf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

/* What was added comes out, with a NUL behind it. */
static void
grows(void **state)
{
	struct buf b = { 0 };

	(void)state;
	assert_non_null(buf_slice(&b).p);
	assert_int_equal(buf_slice(&b).n, 0);
	buf_add(&b, SLICE(""));
	buf_add(&b, SLICE_ABSENT);
	assert_int_equal(b.n, 0);
	for (int i = 0; i < 1000; i++) {
		buf_str(&b, "ab");
		buf_char(&b, 'c');
		buf_printf(&b, "%03d", i);
		assert_int_equal(b.p[b.n], '\0');
	}
	assert_int_equal(b.n, 6000);
	assert_true(slice_eq(slice_of(b.p + 5994, 6), SLICE("abc999")));
	assert_false(b.cut);
	buf_clear(&b);
	assert_int_equal(buf_slice(&b).n, 0);
	assert_string_equal(b.p, "");
	buf_free(&b);
}

/* Up to its limit it fills; then it takes nothing more until it is cleared. */
static void
keeps_its_limit(void **state)
{
	struct buf b = { .limit = 5 };

	(void)state;
	buf_str(&b, "abc");
	assert_false(b.cut);
	buf_str(&b, "de");
	assert_false(b.cut);
	buf_str(&b, "");
	assert_false(b.cut);
	buf_char(&b, 'f');
	assert_true(b.cut);
	assert_string_equal(b.p, "abcde");
	buf_clear(&b);
	assert_false(b.cut);
	buf_str(&b, "abc");
	buf_printf(&b, "%s", "defg");
	assert_true(b.cut);
	assert_string_equal(b.p, "abcde");
	buf_free(&b);
	assert_int_equal(b.limit, 5);
	buf_str(&b, "123456789");
	assert_string_equal(b.p, "12345");
	buf_free(&b);
}

/* A limit that an allocation meets exactly leaves room for the NUL. */
static void
has_room_for_the_nul(void **state)
{
	(void)state;
	for (size_t limit = 60; limit < 70; limit++) {
		struct buf b = { .limit = limit };

		for (int i = 0; i < 100; i++)
			buf_char(&b, 'x');
		assert_int_equal(b.n, limit);
		assert_int_equal(b.p[limit], '\0');
		buf_free(&b);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(grows),
		cmocka_unit_test(keeps_its_limit),
		cmocka_unit_test(has_room_for_the_nul),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
