/*
 * test_domain.c - host names, and whose they are
 */
#include "mail/domain.h"

#include "base/limits.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

/* Hold a slice against a text, and say which. */
static void
expect(struct slice got, const char *wanted, const char *of)
{
	if (got.p == NULL || !slice_eq(got, slice_str(wanted)))
		fail_msg("%s: \"%.*s\", not \"%s\"", of, SLICE_ARG(got), wanted);
}

static void
ascii(void **state)
{
	static const char *const names[][2] = {
		{ "example.com", "example.com" },
		{ "Example.COM.", "example.com" },
		{ "", "" },
		{ ".", "" },
		{ "_dmarc.r3---sn.example.com", "_dmarc.r3---sn.example.com" },
		{ "XN--BCHER-KVA.example", "xn--bcher-kva.example" },
		{ "b\303\274cher.example", "xn--bcher-kva.example" },
		{ "B\303\234CHER.Example", "xn--bcher-kva.example" },
		{ "fa\303\237.example", "xn--fa-hia.example" },
		{ "\320\277\321\200\320\270\320\274\320\265\321\200.\321\200\321\204",
		    "xn--e1afmkfd.xn--p1ai" },
		/* full width letters and dot, ideographic full stop */
		{ "\357\275\205\357\275\230.com", "ex.com" },
		{ "example\357\274\216com", "example.com" },
		{ "example\343\200\202com\343\200\202", "example.com" },
		{ "ex\302\255ample\342\200\213.com", "example.com" }, /* soft hyphen, zero width */
		{ "\342\235\244.example", "xn--qei.example" }, /* no letter: not in IDNA 2008 */
		{ "192.0.2.1", "192.0.2.1" },
		{ "[2001:DB8::1]", "[2001:db8::1]" },
		/* what can't be converted */
		{ "A\377.com", "a\357\277\275.com" },
	};
	struct arena a;

	(void)state;
	arena_init(&a, 0);
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		expect(domain_ascii(slice_str(names[i][0]), &a), names[i][1], names[i][0]);
	assert_null(domain_ascii(SLICE_ABSENT, &a).p);
	assert_true(slice_eq(
	    domain_ascii(slice_of("\303\274\0A.com", 8), &a), slice_of("\303\274\0a.com", 8)));
	arena_free(&a);
}

static void
registrable(void **state)
{
	static const char *const names[][2] = {
		{ "www.example.co.uk", "example.co.uk" },
		{ "example.co.uk", "example.co.uk" },
		{ "WWW.Example.COM", "Example.COM" },
		{ "co.uk", "co.uk" },
		{ "localhost", "localhost" },
		{ "", "" },
		{ "a.b.xn--55qx5d.cn", "b.xn--55qx5d.cn" },
		{ "a.b.blogspot.com", "b.blogspot.com" },
		{ "blogspot.com", "blogspot.com" },
		{ "www.city.kawasaki.jp", "city.kawasaki.jp" },
		{ "www.a.notlisted", "a.notlisted" },
		{ "192.0.2.1", "192.0.2.1" },
		{ "2001:db8::1", "2001:db8::1" },
		{ "[2001:db8::1]", "[2001:db8::1]" },
		{ "....", "...." },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		expect(domain_registrable(slice_str(names[i][0])), names[i][1], names[i][0]);
	assert_null(domain_registrable(SLICE_ABSENT).p);
}

static void
long_names(void **state)
{
	size_t n = 1 << 20;
	char *name = malloc(n);
	struct arena a;

	(void)state;
	assert_non_null(name);
	arena_init(&a, 0);
	for (size_t i = 0; i < n; i++)
		name[i] = i % 2 != 0 ? '.' : 'a';
	assert_int_equal(domain_registrable(slice_of(name, n)).n, n);
	assert_int_equal(domain_registrable(slice_of(name, LIMIT_DNS_NAME)).n, 3);
	memcpy(name, "\303\274", 2);
	assert_int_equal(domain_ascii(slice_of(name, n), &a).n, n - 1); /* but the last dot */
	arena_free(&a);
	free(name);
}

static void
aligned(void **state)
{
	(void)state;
	assert_true(domain_aligned(SLICE("a.example.com"), SLICE("B.Example.com.")));
	assert_true(
	    domain_aligned(SLICE("b\303\274cher.example"), SLICE("x.xn--bcher-kva.example")));
	assert_false(domain_aligned(SLICE("example.com"), SLICE("example.net")));
	assert_false(domain_aligned(SLICE("a.co.uk"), SLICE("b.co.uk")));
	assert_false(domain_aligned(SLICE("a.co.uk"), SLICE("co.uk")));
	assert_true(domain_aligned(SLICE("localhost"), SLICE("LOCALHOST")));
	assert_false(domain_aligned(SLICE("192.0.2.1"), SLICE("198.51.2.1")));
	assert_true(domain_aligned(SLICE("192.0.2.1"), SLICE("192.0.2.1")));
	assert_false(domain_aligned(SLICE(""), SLICE("")));
	assert_false(domain_aligned(SLICE_ABSENT, SLICE_ABSENT));
	assert_false(domain_aligned(SLICE_ABSENT, SLICE("example.com")));
}

static void
tld(void **state)
{
	(void)state;
	assert_true(domain_has_tld(SLICE("example.COM")));
	assert_true(domain_has_tld(SLICE("a.xn--p1ai")));
	assert_true(domain_has_tld(SLICE("a.\321\200\321\204")));
	assert_false(domain_has_tld(SLICE("e.this")));
	assert_false(domain_has_tld(SLICE("printer.local")));
	assert_false(domain_has_tld(SLICE("com")));
	assert_false(domain_has_tld(SLICE("com.")));
	assert_false(domain_has_tld(SLICE_ABSENT));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ascii),
		cmocka_unit_test(registrable),
		cmocka_unit_test(long_names),
		cmocka_unit_test(aligned),
		cmocka_unit_test(tld),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
