/* test_names.c - session/names.c and session/stage.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "session/names.h"
#include "session/stage.h"

#include <stdlib.h>

#define assert_slice(s, text) assert_true(slice_eq(s, slice_str(text)))

static void
stages(void **state)
{
	(void)state;
	assert_string_equal(stage_name(STAGE_CONNECT), "connect");
	assert_string_equal(stage_name(STAGE_BODY), "body");
	assert_string_equal(stage_name(STAGE_NEVER), "never");
	for (int s = 0; s <= STAGES; s++)
		assert_non_null(stage_name((enum stage)s));
}

static void
bare(void **state)
{
	static const char *const cases[][2] = {
		{ "<a@b.example>", "a@b.example" },
		{ "a@b.example", "a@b.example" },
		{ " < a@b.example > ", "a@b.example" },
		{ "<a@b.example", "a@b.example" },
		{ "<>", "" },
		{ "< >", "" },
		{ "", "" },
		{ "<@x.example,@y.example:a@b.example>", "a@b.example" },
		{ "@x.example:a@b.example", "a@b.example" },
		{ "<@x.example>", "@x.example" },
		{ "<\"a:b\"@b.example>", "\"a:b\"@b.example" },
		{ "<a@b.example.>", "a@b.example" },
		{ "<postmaster>", "postmaster" },
		{ "<postmaster.>", "postmaster." },
		{ "<", "" },
		{ ">", ">" },
		{ "<@:>", "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		assert_slice(mailbox_bare(slice_str(cases[i][0])), cases[i][1]);
	assert_int_equal(mailbox_bare(SLICE_ABSENT).n, 0);
}

static void
parts(void **state)
{
	static const char *const cases[][3] = {
		{ "a@b.example", "a", "b.example" },
		{ "a@c.example@b.example", "a@c.example", "b.example" },
		{ "\"a@c\"@b.example", "\"a@c\"", "b.example" },
		{ "\"a\\\"@c\"@b.example", "\"a\\\"@c\"", "b.example" },
		{ "a@[192.0.2.1]", "a", "[192.0.2.1]" },
		{ "a@b\"@c\"", "a", "b\"@c\"" },
		/* quotes that don't end can't hide a domain */
		{ "\"a@b.example", "\"a", "b.example" },
		{ "a\\@b.example", "a\\", "b.example" },
		{ "postmaster", "postmaster", NULL },
		{ "\"a@b\"", "\"a@b\"", NULL },
		{ "\"a\\\"b@c\"", "\"a\\\"b@c\"", NULL },
		{ "a@", "a", NULL },
		{ "@b.example", "", "b.example" },
		{ "\"\\", "\"\\", NULL },
	};
	struct slice local, domain;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		mailbox_split(slice_str(cases[i][0]), &local, &domain);
		assert_slice(local, cases[i][1]);
		assert_true((domain.p == NULL) == (cases[i][2] == NULL));
		assert_slice(domain, cases[i][2]);
	}
}

static void
hosts(void **state)
{
	(void)state;
	assert_true(name_is_host(SLICE("mx.example.net")));
	assert_true(name_is_host(SLICE("unknown.example.net")));
	assert_false(name_is_host(SLICE("unknown")));
	assert_false(name_is_host(SLICE("Unknown")));
	assert_false(name_is_host(SLICE("[192.0.2.1]")));
	assert_false(name_is_host(SLICE("")));
	assert_false(name_is_host(SLICE_ABSENT));
}

static void
keep(void **state)
{
	struct arena a;
	bool cut = true;

	(void)state;
	arena_init(&a, 4096);
	assert_slice(name_keep(&a, SLICE("abc"), 3, &cut), "abc");
	assert_false(cut);
	assert_slice(name_keep(&a, SLICE("abcd"), 3, &cut), "abc");
	assert_true(cut);
	assert_slice(name_keep(&a, SLICE("a\xc3\xa9"), 2, &cut), "a");
	assert_true(cut);
	assert_slice(name_keep(&a, SLICE("a\xe9z"), 9, &cut), "a\xef\xbf\xbdz");
	assert_false(cut);
	assert_null(name_keep(&a, SLICE_ABSENT, 9, &cut).p);
	assert_false(cut);
	assert_non_null(name_keep(&a, SLICE(""), 9, &cut).p);

	char *large = calloc(1, 5000);

	assert_null(name_keep(&a, slice_of(large, 5000), 5000, &cut).p);
	assert_true(cut);
	free(large);
	arena_free(&a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(stages),
		cmocka_unit_test(bare),
		cmocka_unit_test(parts),
		cmocka_unit_test(hosts),
		cmocka_unit_test(keep),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
