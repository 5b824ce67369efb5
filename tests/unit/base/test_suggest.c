/*
 * test_suggest.c - "did you mean"
 */
#include "base/suggest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

/* The word that is suggested, "" if none is. */
static const char *
suggest(const char *word)
{
	static const char *const words[] = { "accept", "reject", "tempfail", "discard", "sender",
		"sender.domain", "client.name", "client.ptr", "if", "in", "helo" };
	struct suggest s;

	suggest_begin(&s, slice_str(word));
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		suggest_offer(&s, slice_str(words[i]));
	return s.best.p != NULL ? s.best.p : "";
}

/* One edit of each kind, case aside; nothing for what is far, or too short to tell. */
static void
suggests(void **state)
{
	(void)state;
	assert_string_equal(suggest("acept"), "accept");
	assert_string_equal(suggest("acccept"), "accept");
	assert_string_equal(suggest("acxept"), "accept");
	assert_string_equal(suggest("acecpt"), "accept");
	assert_string_equal(suggest("ACCEPT"), "accept");
	assert_string_equal(suggest("ehlo"), "helo");
	assert_string_equal(suggest("sender.doman"), "sender.domain");
	assert_string_equal(suggest("client_name"), "client.name");
	assert_string_equal(suggest("tempreject"), "");
	assert_string_equal(suggest("xx"), "");
	assert_string_equal(suggest("IN"), "in");
	assert_string_equal(suggest(""), "");
}

/* The nearest wins over the first, the first over its equals. */
static void
prefers_the_nearest(void **state)
{
	struct suggest s;

	(void)state;
	suggest_begin(&s, SLICE("abcdefghi"));
	suggest_offer(&s, SLICE("abcdefxyz"));
	assert_int_equal(s.distance, 3);
	suggest_offer(&s, SLICE("abcdefghx"));
	suggest_offer(&s, SLICE("abcdefghy"));
	assert_true(slice_eq(s.best, SLICE("abcdefghx")));
	assert_int_equal(s.distance, 1);
	suggest_begin(&s, SLICE("abcdefghijkl"));
	suggest_offer(&s, SLICE("abcdefghwxyz"));
	assert_null(s.best.p);
}

/* Words beyond any name's length are no trouble. */
static void
takes_long_words(void **state)
{
	char text[1000];
	struct suggest s;

	(void)state;
	memset(text, 'a', sizeof(text));
	suggest_begin(&s, slice_of(text, sizeof(text)));
	suggest_offer(&s, slice_of(text, sizeof(text)));
	assert_null(s.best.p);
	suggest_begin(&s, slice_of(text, 64));
	suggest_offer(&s, slice_of(text, 65));
	suggest_offer(&s, slice_of(text, 62));
	assert_int_equal(s.best.n, 62);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(suggests),
		cmocka_unit_test(prefers_the_nearest),
		cmocka_unit_test(takes_long_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
