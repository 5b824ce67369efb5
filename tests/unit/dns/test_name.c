/* test_name.c - dns/name.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "dns/name.h"

#include "base/limits.h"

/* A name of n octets: labels of 49 letters. */
static struct slice
long_name(char *to, size_t n)
{
	for (size_t i = 0; i < n; i++)
		to[i] = i % 50 == 49 ? '.' : 'a';
	return slice_of(to, n);
}

static void
names(void **state)
{
	char text[300], label[100];

	(void)state;
	memset(label, 'x', sizeof(label));
	assert_int_equal(name_check(SLICE("example.net"), NULL), NAME_OK);
	assert_int_equal(name_check(SLICE("example.net."), NULL), NAME_OK);
	assert_int_equal(name_check(SLICE("net"), NULL), NAME_OK);
	assert_int_equal(name_check(SLICE(""), NULL), NAME_EMPTY_LABEL);
	assert_int_equal(name_check(SLICE("."), NULL), NAME_EMPTY_LABEL);
	assert_int_equal(name_check(SLICE(".net"), NULL), NAME_EMPTY_LABEL);
	assert_int_equal(name_check(SLICE("a..net"), NULL), NAME_EMPTY_LABEL);
	assert_int_equal(name_check(SLICE("a.net.."), NULL), NAME_EMPTY_LABEL);
	assert_int_equal(name_check(slice_of(label, LIMIT_DNS_LABEL), NULL), NAME_OK);
	assert_int_equal(name_check(slice_of(label, LIMIT_DNS_LABEL + 1), NULL), NAME_LONG_LABEL);
	assert_int_equal(name_check(long_name(text, LIMIT_DNS_NAME), NULL), NAME_OK);
	assert_int_equal(name_check(long_name(text, LIMIT_DNS_NAME + 1), NULL), NAME_TOO_LONG);
}

static void
wrong_label(void **state)
{
	char text[] = "a.0123456789012345678901234567890123456789012345678901234567890123.net";
	struct slice label;

	(void)state;
	assert_int_equal(name_check(slice_str(text), &label), NAME_LONG_LABEL);
	assert_ptr_equal(label.p, text + 2);
	assert_int_equal(label.n, 64);
}

static void
trim(void **state)
{
	(void)state;
	assert_true(slice_eq(name_trim(SLICE("a.net.")), SLICE("a.net")));
	assert_true(slice_eq(name_trim(SLICE("a.net")), SLICE("a.net")));
	assert_int_equal(name_trim(SLICE(".")).n, 0);
	assert_int_equal(name_trim(SLICE("")).n, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names),
		cmocka_unit_test(wrong_label),
		cmocka_unit_test(trim),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
