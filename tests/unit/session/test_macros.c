/* test_macros.c - session/macros.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "session/facts.h"

#include "base/limits.h"

#include <stdio.h>
#include <stdlib.h>

#define assert_slice(s, text) assert_true(slice_eq(s, slice_str(text)))

static const struct session_env env;
static struct session s;

static int
setup(void **state)
{
	(void)state;
	session_init(&s, &env);
	session_connect(&s, NULL, 0, SLICE_ABSENT);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	session_free(&s);
	return 0;
}

static void
give(enum stage at, const char *name, const char *value)
{
	session_macro(&s, at, slice_str(name), slice_str(value));
}

static struct slice
get(const char *name)
{
	return session_macro_get(&s, slice_str(name));
}

static void
stages(void **state)
{
	bool known;

	(void)state;
	assert_int_equal(macro_stage(SLICE("j"), &known), STAGE_CONNECT);
	assert_true(known);
	assert_int_equal(macro_stage(SLICE("{j}"), &known), STAGE_CONNECT);
	assert_true(known);
	assert_int_equal(macro_stage(SLICE("{client_ptr}"), NULL), STAGE_CONNECT);
	/* a second HELO after STARTTLS brings it */
	assert_int_equal(macro_stage(SLICE("{tls_version}"), NULL), STAGE_MAIL);
	assert_int_equal(macro_stage(SLICE("{auth_authen}"), NULL), STAGE_MAIL);
	assert_int_equal(macro_stage(SLICE("{rcpt_addr}"), NULL), STAGE_RCPT);
	/* Postfix has no queue id before DATA if there is one recipient */
	assert_int_equal(macro_stage(SLICE("i"), NULL), STAGE_DATA);
	assert_int_equal(macro_stage(SLICE("{msg_id}"), NULL), STAGE_BODY);
	assert_int_equal(macro_stage(SLICE("{anything}"), &known), STAGE_BODY);
	assert_false(known);
	assert_int_equal(macro_stage(SLICE("{rcpt_anything}"), &known), STAGE_RCPT);
	assert_false(known);
	assert_int_equal(macro_stage(SLICE("daemon_name"), &known), STAGE_BODY);
	assert_false(known);
	assert_int_equal(macro_stage(SLICE(""), &known), STAGE_BODY);
	assert_false(known);
}

static void
lives(void **state)
{
	(void)state;
	assert_int_equal(macro_life(STAGE_CONNECT, SLICE("j")), LIFE_CONNECTION);
	assert_int_equal(macro_life(STAGE_HELO, SLICE("{cipher}")), LIFE_HELO);
	assert_int_equal(macro_life(STAGE_MAIL, SLICE("{cipher}")), LIFE_MESSAGE);
	assert_int_equal(macro_life(STAGE_RCPT, SLICE("i")), LIFE_MESSAGE);
	assert_int_equal(macro_life(STAGE_RCPT, SLICE("{rcpt_host}")), LIFE_RECIPIENT);
	assert_int_equal(macro_life(STAGE_BODY, SLICE("{x1}")), LIFE_MESSAGE);
}

static void
table(void **state)
{
	size_t n = 0;

	(void)state;
	for (; macro_at(n) != NULL; n++) {
		struct slice name = slice_str(macro_at(n));
		bool known = false;

		assert_true(name.n == 1 || (name.p[0] == '{' && name.p[name.n - 1] == '}'));
		assert_true(macro_stage(name, &known) <= STAGE_BODY);
		assert_true(known);
		for (size_t i = 0; i < n; i++)
			assert_string_not_equal(macro_at(i), macro_at(n));
	}
	assert_true(n > 20);
}

static void
nearest_wins(void **state)
{
	(void)state;
	assert_null(get("x").p);
	give(STAGE_CONNECT, "x", "connect");
	give(STAGE_CONNECT, "x", "connect again");
	assert_slice(get("x"), "connect again");
	assert_slice(get("{x}"), "connect again");
	session_helo(&s, SLICE("h"));
	give(STAGE_HELO, "{x}", "helo");
	assert_slice(get("x"), "helo");
	session_mail(&s, SLICE("<>"), NULL, 0);
	give(STAGE_MAIL, "x", "mail");
	assert_slice(get("x"), "mail");
	give(STAGE_BODY, "x", "body");
	assert_slice(get("x"), "body");
	session_end_message(&s);
	assert_slice(get("x"), "helo");
	session_helo(&s, SLICE("h"));
	assert_slice(get("x"), "connect again");
	session_connect(&s, NULL, 0, SLICE_ABSENT);
	assert_null(get("x").p);
}

static void
empty_hides(void **state)
{
	(void)state;
	give(STAGE_CONNECT, "{cipher}", "AES");
	session_helo(&s, SLICE("h"));
	give(STAGE_HELO, "{cipher}", "");
	assert_non_null(get("{cipher}").p);
	assert_slice(get("{cipher}"), "");
	/* an MTA that has no value takes nothing back */
	give(STAGE_HELO, "{cipher}", "DES");
	give(STAGE_HELO, "{cipher}", NULL);
	assert_slice(get("{cipher}"), "DES");
}

static void
recipients(void **state)
{
	(void)state;
	session_mail(&s, SLICE("<>"), NULL, 0);
	give(STAGE_RCPT, "{rcpt_addr}", "nobody");
	assert_null(get("{rcpt_addr}").p);
	assert_true(session_rcpt(&s, SLICE("<a@example.org>")));
	give(STAGE_RCPT, "{rcpt_addr}", "a");
	give(STAGE_RCPT, "i", "");
	assert_null(session_queue_id(&s).p);
	assert_true(session_rcpt(&s, SLICE("<b@example.org>")));
	assert_null(get("{rcpt_addr}").p);
	give(STAGE_RCPT, "{rcpt_addr}", "b");
	give(STAGE_RCPT, "i", "4Q1");
	assert_slice(get("{rcpt_addr}"), "b");
	session_select(&s, 0);
	assert_slice(get("{rcpt_addr}"), "a");
	assert_slice(session_queue_id(&s), "4Q1");
	session_select(&s, SIZE_MAX);
	assert_null(get("{rcpt_addr}").p);
	assert_slice(session_queue_id(&s), "4Q1");
	session_end_message(&s);
	assert_null(session_queue_id(&s).p);
}

/* A recipient that could not be taken doesn't lend its macros to the one before it. */
static void
no_recipient(void **state)
{
	(void)state;
	session_mail(&s, SLICE("<>"), NULL, 0);
	assert_true(session_rcpt(&s, SLICE("<a@example.org>")));
	s.message.limit = s.message.used;
	assert_false(session_rcpt(&s, SLICE("<b@example.org>")));
	s.message.limit = 0;
	give(STAGE_RCPT, "{rcpt_addr}", "b");
	session_select(&s, 0);
	assert_null(get("{rcpt_addr}").p);
}

static void
limits(void **state)
{
	char *large = malloc(LIMIT_MACRO_VALUE + 1);
	bool cut;

	(void)state;
	memset(large, 'x', LIMIT_MACRO_VALUE + 1);
	session_macro(&s, STAGE_CONNECT, SLICE("x"), slice_of(large, LIMIT_MACRO_VALUE));
	assert_int_equal(session_macro_find(&s, SLICE("x"), &cut).n, LIMIT_MACRO_VALUE);
	assert_false(cut);
	session_macro(&s, STAGE_CONNECT, SLICE("x"), slice_of(large, LIMIT_MACRO_VALUE + 1));
	assert_int_equal(session_macro_find(&s, SLICE("x"), &cut).n, LIMIT_MACRO_VALUE);
	assert_true(cut);
	session_macro(&s, STAGE_CONNECT, SLICE("x"), slice_of(large, LIMIT_MACRO_VALUE));
	session_macro_find(&s, SLICE("x"), &cut);
	assert_false(cut);
	give(STAGE_CONNECT, "x", "\xff");
	assert_slice(session_macro_find(&s, SLICE("x"), &cut), "\xef\xbf\xbd");
	assert_false(cut);
	free(large);
}

/* Without memory a macro is unknown and cut, in its lifetime alone; the same value costs none. */
static void
no_memory(void **state)
{
	bool cut;

	(void)state;
	give(STAGE_CONNECT, "y", "old");
	session_helo(&s, SLICE("h"));
	s.greeting.limit = s.greeting.used;
	give(STAGE_HELO, "y", "new");
	assert_null(session_macro_find(&s, SLICE("y"), &cut).p);
	assert_true(cut);
	session_helo(&s, SLICE("h"));
	assert_slice(session_macro_find(&s, SLICE("y"), &cut), "old");
	assert_false(cut);

	s.connection.limit = s.connection.used;
	give(STAGE_CONNECT, "y", "old");
	assert_slice(session_macro_find(&s, SLICE("y"), &cut), "old");
	assert_false(cut);
	give(STAGE_CONNECT, "y", "newer");
	assert_null(session_macro_find(&s, SLICE("y"), &cut).p);
	assert_true(cut);
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(stages),
		TEST(lives),
		TEST(table),
		TEST(nearest_wins),
		TEST(empty_hides),
		TEST(recipients),
		TEST(no_recipient),
		TEST(limits),
		TEST(no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
