/*
 * test_match_budget.c - the time that patterns have for one message
 */
#include "play.h"

#include "base/clock.h"
#include "rule/judge_in.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#define BUDGET "set match-budget 1s\n"
#define BOMB "/(?:a+b|a)+c/"

/* A text for that pattern: its search would take minutes. */
static const char *
bomb(void)
{
	static char text[20001 + sizeof "\nxc"];

	memset(text, 'a', 20000);
	strcpy(text + 20000, "\nxc");
	return text;
}

/* What is left of a line of the log when its numbers are taken out. */
static const char *
without_numbers(struct play *p)
{
	char *to = p->log.p;

	for (const char *from = p->log.p; *from != '\0'; from++)
		if (*from < '0' || *from > '9')
			*to++ = *from;
	*to = '\0';
	return p->log.p;
}

/* Its rule errs, and so does what is asked behind it; the log tells which it was. */
static void
a_bomb_defers(void **state)
{
	struct play p;
	uint64_t us;

	(void)state;
	start(&p, BUDGET "bomb: reject if body ~ " BOMB "\nafter: reject if body ~ /x/\n");
	greet(&p);
	us = clock_thread_ns() / 1000;
	assert_string_equal(
	    message(&p, "x", bomb()), "tempfail 451 4.3.0 Temporary failure, try again later");
	us = clock_thread_ns() / 1000 - us;
	assert_in_range(us, 500000, 3000000);
	assert_string_equal(without_numbers(&p),
	    "tempfail by error bomb at body: match-budget: patterns took  ms,  of them in bomb "
	    "(test.rules:)\n");
	finish(&p);
}

/* Passed over, it costs the rules behind it their patterns, and not their other conditions. */
static void
a_bomb_is_skipped(void **state)
{
	struct play p;

	(void)state;
	start(&p,
	    BUDGET "set on-error skip\n"
		   "bomb: reject if body ~ " BOMB "\n"
		   "after: reject if header(\"X-Test\") ~ /x/\n"
		   "plain: reject \"plain\" if header(\"X-Test\") = xyz\n");
	greet(&p);
	assert_string_equal(message(&p, "xyz", bomb()), "reject 550 5.7.1 plain");
	finish(&p);
}

/* The next message has all the time again, also for what belongs to the connection. */
static void
each_message_has_its_own(void **state)
{
	struct play p;

	(void)state;
	start(&p,
	    BUDGET "set on-error skip\n"
		   "bomb: reject if body ~ " BOMB "\n"
		   "helo: reject \"helo\" if body ~ /c/ and helo ~ /host/\n");
	greet(&p);
	assert_string_equal(message(&p, "x", bomb()), "accept");
	judge_abort(p.judge);
	assert_string_equal(mail(&p, "<a@example.net>"), "continue");
	assert_string_equal(message(&p, "x", "c"), "reject 550 5.7.1 helo");
	finish(&p);
}

/* What a pattern has found can be told even if another one has spent the rest. */
static void
texts_have_time_left(void **state)
{
	struct play p;

	(void)state;
	start(&p,
	    BUDGET "set on-error skip\n"
		   "list known of patterns {\n\t/x(y)z/ \"entry\"\n}\n"
		   "found: reject if header(\"X-Test\") ~ /x(y)z/ and header(\"X-Test\") in known\n"
		   "    and header(\"X-Test\") = other\n"
		   "bomb: reject if body ~ " BOMB "\n"
		   "told: reject \"{1} {entry.text}\"\n"
		   "    if header(\"X-Test\") ~ /x(y)z/ and header(\"X-Test\") in known\n");
	greet(&p);
	assert_string_equal(message(&p, "xyz", bomb()), "reject 550 5.7.1 y entry");
	finish(&p);
}

/* Where there is none, a header without what was found is an error. */
static void
what_is_not_told_is_an_error(void **state)
{
	struct play p;

	(void)state;
	start(&p,
	    BUDGET "found: score 1 if body ~ /(.)c/\n"
		   "bomb: log \"bomb\" if body ~ " BOMB "\n"
		   "told: add-header \"X-Told\" \"{1}\" if body ~ /(.)c/\n");
	greet(&p);
	p.judge->matching.telling.spent = true;
	assert_string_equal(
	    message(&p, "xyz", bomb()), "tempfail 451 4.3.0 Temporary failure, try again later");
	assert_non_null(strstr(p.log.p, "tempfail by error told at body: match-budget: "));
	finish(&p);
}

/* A message that is a bomb everywhere: what is told of it, at whatever stage. */
static const char *
all_bombs(struct play *p)
{
	const char *said;

	assert_string_equal(rcpt(p, "<b@example.org>"), "continue");
	assert_string_equal(data(p), "continue");
	said = header(p, "X-Test", bomb());
	return strcmp(said, "continue") == 0 ? body(p, bomb()) : said;
}

/* Whatever asks: a list, several headers, a count, what a header to be taken off holds. */
static void
all_that_search_are_bounded(void **state)
{
	static const char *const rules[] = {
		"list bad of patterns {\n\t/zz/\n\t" BOMB "\n}\nbomb: reject if body in bad\n",
		"bomb: reject if header(\"X-Test\") ~ " BOMB "\n",
		"bomb: reject if count(body ~ " BOMB ") > 1\n",
		"bomb: reject if body !~ " BOMB "\n",
		"bomb: reject if 2 of (body ~ " BOMB ", body ~ /a/, body ~ /zz/)\n",
		"bomb: quarantine if body ~ " BOMB "\n",
		"bomb: remove-header \"X-Test\" ~ " BOMB "\n",
		"bomb: score 2 if body ~ " BOMB "\nhigh: reject if score > 1\n",
	};

	(void)state;
	for (size_t i = 0; i < sizeof rules / sizeof *rules; i++) {
		struct play p;
		char text[1000];
		uint64_t us;

		snprintf(text, sizeof text, BUDGET "%s", rules[i]);
		start(&p, text);
		greet(&p);
		us = clock_thread_ns() / 1000;
		assert_string_equal(
		    all_bombs(&p), "tempfail 451 4.3.0 Temporary failure, try again later");
		us = clock_thread_ns() / 1000 - us;
		assert_in_range(us, 500000, 3000000);
		if (strstr(p.log.p, " of them in bomb (test.rules:") == NULL)
			fail_msg("%s%s", rules[i], p.log.p);
		finish(&p);
	}
}

/* Rules that only tell the log: the message is accepted, and the log told. */
static void
an_error_in_what_speaks_is_logged(void **state)
{
	struct play p;

	(void)state;
	start(&p,
	    BUDGET "watch: monitor reject if body ~ " BOMB "\n"
		   "tell: log \"hello\" if body ~ /zzz/\n");
	greet(&p);
	assert_string_equal(message(&p, "x", bomb()), "accept");
	assert_string_equal(without_numbers(&p),
	    "error watch at body: match-budget: patterns took  ms,  of them in watch "
	    "(test.rules:)\n"
	    "error tell at body: match-budget: patterns took  ms,  of them in watch "
	    "(test.rules:)\n"
	    "accept by default - at body\n");
	finish(&p);
}

/* One that comes to an end by itself, at the limit of steps, is told with its rule. */
static void
a_limit_of_steps_is_told(void **state)
{
	static char text[203];
	struct play p;

	(void)state;
	memset(text, 'a', 200);
	memcpy(text + 200, "-!", 2);
	start(&p, "bomb: reject if body ~ /(\\w+\\s?)+!/\n");
	greet(&p);
	assert_string_equal(
	    message(&p, "x", text), "tempfail 451 4.3.0 Temporary failure, try again later");
	assert_string_equal(p.log.p,
	    "tempfail by error bomb at body: match limit: a pattern took too many steps, or too "
	    "much memory\n");
	finish(&p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_bomb_defers),
		cmocka_unit_test(a_limit_of_steps_is_told),
		cmocka_unit_test(a_bomb_is_skipped),
		cmocka_unit_test(each_message_has_its_own),
		cmocka_unit_test(texts_have_time_left),
		cmocka_unit_test(what_is_not_told_is_an_error),
		cmocka_unit_test(all_that_search_are_bounded),
		cmocka_unit_test(an_error_in_what_speaks_is_logged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
