/* test_server.c - dns/server.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "dns/server.h"

static void
servers(void **state)
{
	static const struct {
		const char *text, *wanted;
	} rows[] = {
		{ "192.0.2.1", "192.0.2.1" },
		{ "192.0.2.1:53", "192.0.2.1" },
		{ "192.0.2.1:5353", "192.0.2.1:5353" },
		{ "192.0.2.1:65535", "192.0.2.1:65535" },
		{ "2001:DB8::1", "2001:db8::1" },
		{ "2001:db8::5353", "2001:db8::5353" },
		{ "::1", "::1" },
		{ "[::1]", "::1" },
		{ "[::1]:53", "::1" },
		{ "[::1]:5353", "[::1]:5353" },
		{ "[::ffff:192.0.2.1]:5353", "192.0.2.1:5353" },
		{ "2001:db8:1111:2222:3333:4444:5555:6666",
		    "2001:db8:1111:2222:3333:4444:5555:6666" },
		{ "[2001:db8:1111:2222:3333:4444:5555:6666]:65535",
		    "[2001:db8:1111:2222:3333:4444:5555:6666]:65535" },
	};
	char out[SERVER_TEXT];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		assert_true(server_parse(slice_str(rows[i].text), out));
		assert_string_equal(out, rows[i].wanted);
	}
}

static void
mistakes(void **state)
{
	static const char *const rows[] = { "", ":", "localhost", "192.0.2", "192.0.2.256",
		"192.0.2.1:", "192.0.2.1:0", "192.0.2.1:65536", "192.0.2.1:-1", "192.0.2.1:dns",
		"192.0.2.1:53:53", "[192.0.2.1]:53", "[192.0.2.1]", "[::1", "[::1]53",
		"[::1]:", "[::1]:0", "[]", "[", "::1]:53", "[::1]]:53", "[[::1]]",
		"192.0.2.1,192.0.2.2", " 192.0.2.1", "192.0.2.1/32" };
	char out[SERVER_TEXT];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		assert_false(server_parse(slice_str(rows[i]), out));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(servers),
		cmocka_unit_test(mistakes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
