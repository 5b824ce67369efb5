/* test_spf_header.c - `set spf-header`: who gets a header, and what that costs */
#include "play.h"

#include "dns/resolver.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define ZONE "example.net TXT \"v=spf1 ip4:192.0.2.1 -all\"\n"
#define RESULTS "set authserv-id mx.example.org\nset spf-header authentication-results\n"
#define PASS                                                                                       \
	"add-header Authentication-Results:mx.example.org; spf=pass (example.net allows "          \
	"192.0.2.1 to send its mail (ip4:192.0.2.1)) smtp.mailfrom=a@example.net:0\n"

/* How many questions were put to the DNS. */
static unsigned long long
questions(struct play *p)
{
	struct resolver_counts n;

	resolver_count(p->program->resolver, &n);
	return n.questions;
}

static void
above_the_headers_of_rules(void **state)
{
	struct play p;

	(void)state;
	start_with_zone(&p, ZONE, RESULTS "add-header \"X-Rule\" \"1\"\n");
	greet(&p);
	assert_int_equal(questions(&p), 0);
	assert_string_equal(message(&p, "x", "text"), "accept");
	assert_string_equal(p.effects.p, "add-header X-Rule:1:0\n" PASS);
	assert_string_equal(p.log.p, "accept by default - at body\n");
	finish(&p);
}

static void
what_a_rule_accepts_at_mail_costs_nothing(void **state)
{
	struct play p;

	(void)state;
	start_with_zone(&p, ZONE, RESULTS "own: accept if sasl.user\nreject if spf = fail\n");
	assert_string_equal(client(&p, "192.0.2.1"), "continue");
	session_mail(p.session, SLICE("<a@example.net>"), NULL, 0);
	session_macro(p.session, STAGE_MAIL, SLICE("{auth_authen}"), SLICE("alice"));
	assert_string_equal(reach(&p, STAGE_MAIL), "accept");
	assert_int_equal(questions(&p), 0);
	/* the next message of the same connection is judged by itself */
	assert_string_equal(mail(&p, "<a@example.net>"), "continue");
	assert_string_equal(message(&p, "x", "text"), "accept");
	assert_string_equal(p.effects.p, PASS);
	finish(&p);
}

static void
nor_if_its_acceptance_was_held(void **state)
{
	struct play p;

	(void)state;
	start_with_zone(&p, ZONE,
	    RESULTS "add-header \"X-Rule\" \"1\" if raw.header(\"X-Test\") = x\n"
		    "accept if client.ip = 192.0.2.1\n");
	greet(&p);
	assert_string_equal(message(&p, "x", "text"), "accept");
	assert_string_equal(p.effects.p, "add-header X-Rule:1:0\n");
	assert_int_equal(questions(&p), 0);
	finish(&p);
}

static void
nobody_is_told_of_a_refused_message(void **state)
{
	struct play p;

	(void)state;
	start_with_zone(&p, ZONE, RESULTS "reject if raw.header(\"X-Test\") = x\n");
	greet(&p);
	assert_string_equal(rcpt(&p, "<b@example.org>"), "continue");
	assert_string_equal(data(&p), "continue");
	assert_string_equal(
	    header(&p, "X-Test", "x"), "reject 550 5.7.1 Message refused by local policy");
	assert_int_equal(questions(&p), 0);
	finish(&p);
}

static void
forged_results_are_taken_out_last_first(void **state)
{
	struct play p;

	(void)state;
	start_with_zone(&p, ZONE,
	    RESULTS "remove-header \"Authentication-Results\" ~ /strip/\n"
		    "remove-header \"X-Test\"\n");
	greet(&p);
	assert_string_equal(rcpt(&p, "<b@example.org>"), "continue");
	assert_string_equal(data(&p), "continue");
	for (unsigned i = 0; i < 2; i++) {
		session_header(p.session, SLICE("Authentication-Results"),
		    SLICE("mx.example.org; spf=pass strip"), false);
		session_header(p.session, SLICE("Authentication-Results"),
		    SLICE("other.example; spf=pass"), false);
	}
	assert_string_equal(header(&p, "X-Test", "y"), "continue");
	assert_string_equal(body(&p, "text"), "accept");
	assert_string_equal(p.effects.p,
	    "delete-header Authentication-Results::3\n"
	    "delete-header Authentication-Results::1\n"
	    "delete-header X-Test::1\n" PASS);
	finish(&p);
}

static void
what_could_not_be_looked_at_is_not_let_through(void **state)
{
	struct play p;

	(void)state;
	start_with_zone(&p, ZONE, RESULTS "accept if recipient\n");
	greet(&p);
	assert_string_equal(rcpt(&p, "<b@example.org>"), "continue");
	assert_string_equal(data(&p), "continue");
	for (unsigned i = 0; i <= LIMIT_HEADERS; i++)
		session_header(p.session, SLICE("X"), SLICE("1"), false);
	assert_string_equal(
	    header(&p, "Authentication-Results", "mx.example.org; spf=pass"), "continue");
	assert_string_equal(
	    body(&p, "text"), "tempfail 451 4.3.0 Temporary failure, try again later");
	assert_string_equal(p.log.p, "tempfail by limit - at body\n");
	finish(&p);
}

static void
in_monitor_mode_nothing_is_done(void **state)
{
	struct play p;

	(void)state;
	start_with_zone(&p, ZONE, RESULTS "set mode monitor\n");
	greet(&p);
	assert_string_equal(message(&p, "x", "text"), "accept");
	assert_string_equal(p.effects.p, "");
	finish(&p);
}

static void
once_for_classes_of_recipients(void **state)
{
	struct play p;

	(void)state;
	start_with_zone(&p, ZONE,
	    RESULTS "set mixed-recipients deliver\n"
		    "reject if recipient = b@example.org and raw.header(\"X-Test\") = x\n");
	greet(&p);
	assert_string_equal(rcpt(&p, "<c@example.org>"), "continue");
	assert_string_equal(message(&p, "x", "text"), "accept");
	assert_string_equal(p.effects.p, PASS);
	finish(&p);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(above_the_headers_of_rules),
		cmocka_unit_test(what_a_rule_accepts_at_mail_costs_nothing),
		cmocka_unit_test(nor_if_its_acceptance_was_held),
		cmocka_unit_test(nobody_is_told_of_a_refused_message),
		cmocka_unit_test(forged_results_are_taken_out_last_first),
		cmocka_unit_test(what_could_not_be_looked_at_is_not_let_through),
		cmocka_unit_test(in_monitor_mode_nothing_is_done),
		cmocka_unit_test(once_for_classes_of_recipients),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
