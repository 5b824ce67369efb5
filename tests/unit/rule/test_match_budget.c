/*
 * test_match_budget.c - the time that patterns have for one message
 */
#include "play.h"

#include "base/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

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
	us = clock_us();
	assert_string_equal(message(&p, "x", bomb()),
	    "tempfail 451 4.3.0 Temporary failure, try again later");
	us = clock_us() - us;
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
		   "after: reject if subject ~ /x/\n"
		   "plain: reject \"plain\" if subject = xyz\n");
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
		   "helo: reject \"helo\" if body ~ /c/ and helo ~ /mx/\n");
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
		   "found: score 1 if subject ~ /x(y)z/\n"
		   "bomb: reject if body ~ " BOMB "\n"
		   "told: reject \"{1}\" if subject ~ /x(y)z/\n");
	greet(&p);
	assert_string_equal(message(&p, "xyz", bomb()), "reject 550 5.7.1 y");
	finish(&p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_bomb_defers),
		cmocka_unit_test(a_bomb_is_skipped),
		cmocka_unit_test(each_message_has_its_own),
		cmocka_unit_test(texts_have_time_left),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
